# SPDX-License-Identifier: BSD-2-Clause
# The manual, the help and the completion tell of the same options.
# shellcheck disable=SC2154
bats_require_minimum_version 1.5.0

setup() {
  : "${top_srcdir:=$BATS_TEST_DIRNAME/../..}"
  : "${top_builddir:=.}"
  programs=(synscan synflow)
}

# page PROGRAM: the file of its manual
page() {
  echo "$top_srcdir/man/$1".[18]
}

# "LETTER NAME" or "LETTER NAME value", a line each; LETTER is - for none.
help_options() { # PROGRAM
  "$top_builddir/$1" --help | sed -n \
    -e 's/^      --\([^ ]*\) \([^ ].*\)\{0,1\}  .*/- \1 \2/p' \
    -e 's/^      --\([^ ]*\)  .*/- \1/p' \
    -e 's/^  -\(.\), --\([^ ]*\) \([^ ].*\)\{0,1\}  .*/\1 \2 \3/p' \
    -e 's/^  -\(.\), --\([^ ]*\)  .*/\1 \2/p' |
    sed -e 's/ *$//' -e 's/^\(. [^ ]*\) .*/\1 value/' | sort -u
}

man_options() { # PROGRAM
  sed -n '/^\.Sh OPTIONS/,/^\.Sh V/s/^\.It Fl //p' "$(page "$1")" | sed \
    -e 's/^\(.\) , Fl -/\1 /' -e 's/^-/- /' \
    -e 's/^\(. [^ ]*\) .*/\1 value/' | sort -u
}

@test "every option stands in the manual, and every one there exists" {
  local program
  for program in "${programs[@]}"; do
    [ "$(help_options "$program" | wc -l)" -gt 10 ]
    diff <(help_options "$program") <(man_options "$program")
  done
}

@test "the manual's synopsis names every option" {
  local letter name rest synopsis program
  for program in "${programs[@]}"; do
    synopsis=$(sed -n '/^\.Sh SYNOPSIS/,/^\.Sh DESCRIPTION/p' \
      "$(page "$program")")
    while read -r letter name rest; do
      if [ "$letter" = - ]; then
        grep -Eq "(Fl|\|) -?-?$name" <<<"$synopsis"
      else
        grep -Eq "Fl ($letter |[0-9a-z]*$letter)" <<<"$synopsis"
      fi
    done < <(help_options "$program")
  done
}

@test "the manual is clean mdoc" {
  command -v mandoc || skip "mandoc is missing"
  local program
  for program in "${programs[@]}"; do
    run mandoc -T lint -W warning "$(page "$program")"
    echo "$output"
    [ "$status" = 0 ]
  done
}

@test "the help fits a screen of 80 columns" {
  local line program
  for program in "${programs[@]}"; do
    run -0 --separate-stderr "$top_builddir/$program" --help
    [ -z "$stderr" ]
    [ "${#lines[@]}" -le 50 ]
    for line in "${lines[@]}"; do
      [ "${#line}" -le 80 ]
    done
  done
}

@test "the version" {
  local program
  for program in "${programs[@]}"; do
    run -0 --separate-stderr "$top_builddir/$program" --version
    [[ $output =~ ^$program\ [0-9]+\.[0-9]+\.[0-9]+ ]]
  done
}

# complete_words PROGRAM WORD...: what bash would offer for the last one.
complete_words() {
  local program=$1
  shift
  "$top_builddir/$program" --completion bash >"$BATS_TEST_TMPDIR/completion"
  # shellcheck disable=SC2016
  bash -c '
    compopt() { :; } # outside of a completion there is none
    . "$1"; shift
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
    _$1
    printf "%s\n" "${COMPREPLY[@]}"' bash "$BATS_TEST_TMPDIR/completion" \
    "$program" "$@"
}

@test "the completion offers every option and what values can be" {
  local letter name rest program
  for program in "${programs[@]}"; do
    while read -r letter name rest; do
      complete_words "$program" "--$name" | grep -qx -e "--$name"
      [ "$letter" = - ] ||
        complete_words "$program" "-" | grep -qx -e "-$letter"
    done < <(help_options "$program")
  done
  [ "$(complete_words synscan --via l)" = link ]
  [ "$(complete_words synscan --show = cl)" = closed ]
  [ "$(complete_words synscan -i lo | grep -x lo)" = lo ]
  [ "$(complete_words synflow --view l)" = ladder ]
  cd "$BATS_TEST_TMPDIR"
  # shellcheck disable=SC2016
  touch 'a b$(touch oops)'
  # shellcheck disable=SC2016
  [ "$(complete_words synscan -l a)" = 'a b$(touch oops)' ]
  [ ! -e oops ]
}

# The commands of the section EXAMPLES that need no privilege and no network.
@test "the examples of synflow run" {
  local command
  cd "$BATS_TEST_TMPDIR"
  cp "$top_srcdir/tests/golden/lost.pcapng" lab.pcapng
  cp "$top_srcdir/tests/golden/pairs/bad.client.pcapng" client.pcapng
  cp "$top_srcdir/tests/golden/pairs/bad.server.pcapng" server.pcapng
  gzip -c lab.pcapng >lab.pcap.gz
  PATH=$top_builddir:$PATH
  sed -n '/^\.Sh EXAMPLES/,/^\.Sh COMP/s/^\.Dl \$ //p' "$(page synflow)" |
    sed 's/\\(dq/"/g' >examples
  [ "$(wc -l <examples)" -ge 6 ]
  while read -r command; do
    case $command in
    jq*) command -v jq || continue ;;
    esac
    echo "$command"
    bash -c "set -o pipefail; $command" >said
    [ -s said ] || [[ $command == *' -o '*:* ]]
  done <examples
  [ -s one.pcapng ]
  [ -s lab.ndjson ]
  [ -s lab.html ]
  [ -s lab.svg ]
  [ -s way.html ]
}
