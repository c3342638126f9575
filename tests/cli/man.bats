# SPDX-License-Identifier: BSD-2-Clause
# The manual, the help and the completion tell of the same options.
# shellcheck disable=SC2154
bats_require_minimum_version 1.5.0

setup() {
  : "${top_srcdir:=$BATS_TEST_DIRNAME/../..}"
  SYNSCAN=${SYNSCAN:-${top_builddir:-.}/synscan}
  page=$top_srcdir/man/synscan.8
}

# "LETTER NAME" or "LETTER NAME value", a line each; LETTER is - for none.
help_options() {
  "$SYNSCAN" --help | sed -n \
    -e 's/^      --\([^ ]*\) \([^ ].*\)\{0,1\}  .*/- \1 \2/p' \
    -e 's/^      --\([^ ]*\)  .*/- \1/p' \
    -e 's/^  -\(.\), --\([^ ]*\) \([^ ].*\)\{0,1\}  .*/\1 \2 \3/p' \
    -e 's/^  -\(.\), --\([^ ]*\)  .*/\1 \2/p' |
    sed -e 's/ *$//' -e 's/^\(. [^ ]*\) .*/\1 value/' | sort -u
}

man_options() {
  sed -n '/^\.Sh OPTIONS/,/^\.Sh VERDICTS/s/^\.It Fl //p' "$page" | sed \
    -e 's/^\(.\) , Fl -/\1 /' -e 's/^-/- /' \
    -e 's/^\(. [^ ]*\) .*/\1 value/' | sort -u
}

@test "every option stands in the manual, and every one there exists" {
  [ "$(help_options | wc -l)" -gt 20 ]
  diff <(help_options) <(man_options)
}

@test "the manual's synopsis names every option" {
  local letter name rest synopsis
  synopsis=$(sed -n '/^\.Sh SYNOPSIS/,/^\.Sh DESCRIPTION/p' "$page")
  while read -r letter name rest; do
    if [ "$letter" = - ]; then
      grep -Eq "(Fl|\|) -?-?$name" <<<"$synopsis"
    else
      grep -Eq "Fl ($letter |[0-9a-z]*$letter)" <<<"$synopsis"
    fi
  done < <(help_options)
}

@test "the manual is clean mdoc" {
  command -v mandoc || skip "mandoc is missing"
  run mandoc -T lint -W warning "$page"
  echo "$output"
  [ "$status" = 0 ]
}

@test "the help fits a screen of 80 columns" {
  run -0 --separate-stderr "$SYNSCAN" --help
  [ -z "$stderr" ]
  [ "${#lines[@]}" -le 50 ]
  local line
  for line in "${lines[@]}"; do
    [ "${#line}" -le 80 ]
  done
}

@test "the version" {
  run -0 --separate-stderr "$SYNSCAN" --version
  [[ $output =~ ^synscan\ [0-9]+\.[0-9]+\.[0-9]+ ]]
}

# complete WORD...: what bash would offer for the last one.
complete_words() {
  "$SYNSCAN" --completion bash >"$BATS_TEST_TMPDIR/completion"
  # shellcheck disable=SC2016
  bash -c '
    compopt() { :; } # outside of a completion there is none
    . "$1"; shift
    COMP_WORDS=(synscan "$@") COMP_CWORD=$#
    _synscan
    printf "%s\n" "${COMPREPLY[@]}"' bash "$BATS_TEST_TMPDIR/completion" "$@"
}

@test "the completion offers every option and what values can be" {
  local letter name rest
  while read -r letter name rest; do
    complete_words "--$name" | grep -qx -e "--$name"
    [ "$letter" = - ] || complete_words "-" | grep -qx -e "-$letter"
  done < <(help_options)
  [ "$(complete_words --via l)" = link ]
  [ "$(complete_words --show = cl)" = closed ]
  [ "$(complete_words -i lo | grep -x lo)" = lo ]
  cd "$BATS_TEST_TMPDIR"
  # shellcheck disable=SC2016
  touch 'a b$(touch oops)'
  # shellcheck disable=SC2016
  [ "$(complete_words -l a)" = 'a b$(touch oops)' ]
  [ ! -e oops ]
}
