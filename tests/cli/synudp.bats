# SPDX-License-Identifier: BSD-2-Clause
# synudp's arguments, help, manual and completion, and --boundaries.
# shellcheck disable=SC2154
bats_require_minimum_version 1.5.0

setup() {
  : "${top_srcdir:=$BATS_TEST_DIRNAME/../..}"
  SYNUDP=${top_builddir:-$top_srcdir/build}/synudp
  page=$top_srcdir/man/synudp.1
  ip link set lo up
}

# refused STATUS QUOTED ARGUMENT...: one line on stderr, and no more
refused() {
  local want=$1 quoted=$2
  shift 2
  run -"$want" --separate-stderr timeout 20 "$SYNUDP" "$@" </dev/null
  echo "stdout '${output:0:200}', stderr '${stderr:0:600}'"
  [ "${#stderr_lines[@]}" = 1 ]
  [ -z "$output" ]
  [[ $stderr == *"$quoted"* ]]
  [ "${#stderr}" -lt 512 ]
}

@test "per cents" {
  local option value
  for option in --drop --dup --reorder --corrupt; do
    for value in -1 100.1 x 05 1e1 0.00001 99999999999999999999; do
      refused 2 "\"$value\"" serve $option "$value" 7007
    done
    refused 2 '""' serve $option '' 7007
  done
}

@test "durations, sizes, counts, seeds" {
  local value
  for value in 11s x 1day -1s; do
    refused 2 "\"$value\"" serve --delay "$value" 7007
  done
  for value in 0 x -5ms 25h; do
    refused 2 "\"$value\"" probe --timeout "$value" 127.0.0.1 7007
  done
  refused 2 '"25h"' probe --interval 25h 127.0.0.1 7007
  for value in 59 65528 x -1 064 1e3 99999999999999999999; do
    refused 2 "\"$value\"" probe -s "$value" 127.0.0.1 7007
    refused 2 "\"$value-100\"" probe --sizes "$value-100" 127.0.0.1 7007
    refused 2 "\"60-$value\"" probe --sizes "60-$value" 127.0.0.1 7007
  done
  for value in 100 100- -100 200-100 100-200: 100-200:0 100-200:x 1:2-3 \
    100-200-300; do
    refused 2 "\"$value\"" probe --sizes "$value" 127.0.0.1 7007
  done
  for value in 0 x -1 1000000001; do
    refused 2 "\"$value\"" probe -c "$value" 127.0.0.1 7007
  done
  for value in x '' 0123456789abcdef0 0x1f -1; do
    refused 2 "\"$value\"" serve --seed "$value" 7007
  done
}

@test "commands, hosts and ports" {
  refused 2 'no command'
  refused 2 '"echo"' echo 7007
  refused 2 'synudp serve' serve
  refused 2 'synudp serve' serve 127.0.0.1 7007 1
  refused 2 'synudp probe' probe 127.0.0.1
  refused 2 'synudp probe' probe 127.0.0.1 7007 1
  refused 2 'HOST PORT' probe 127.0.0.1:7007
  local value
  for value in x '' -1 65536 070 http; do
    refused 2 "\"$value\"" probe -- 127.0.0.1 "$value"
    refused 2 "\"$value\"" serve -- "$value"
  done
  refused 2 '"0"' probe 127.0.0.1 0
  for value in 010.0.0.1 1.2.3 256.1.1.1 fd00::1::2; do
    refused 2 "$value" probe "$value" 7007
    refused 2 "$value" serve "$value" 7007
  done
  for value in 224.0.0.1 255.255.255.255 0.0.0.0 ff02::1; do
    refused 2 "$value" probe "$value" 7007
  done
  refused 1 no-such-host.invalid probe no-such-host.invalid 7007
}

@test "options that do not go together" {
  refused 2 --drop probe --drop 5 127.0.0.1 7007
  refused 2 --count serve -c 5 7007
  refused 2 --df serve --df 7007
  refused 2 --sizes probe -s 100 --sizes 100-200 127.0.0.1 7007
  refused 2 --boundaries --boundaries serve
  refused 2 --boundaries --boundaries -c 5
  refused 2 bogus probe --bogus 127.0.0.1 7007
  refused 2 Z -Z
  refused 2 bogus probe -o bogus 127.0.0.1 7007
  refused 2 'ndjson:' probe -o ndjson: 127.0.0.1 7007
  refused 1 /nonexistent/x serve -o text:/nonexistent/x 0
}

@test "a million characters, and control bytes" {
  local long
  long=$(head -c 131000 /dev/zero | tr '\0' 1)
  refused 2 111111 probe -s "$long" 127.0.0.1 7007
  refused 2 111111 probe 127.0.0.1 "$long"
  refused 2 111111 probe "$long" 7007
  refused 2 111111 "$long"
  refused 2 '\x1b[2J' $'\e[2J'
  refused 1 '\x1b[2J' probe $'\e[2J' 7007
  [[ $stderr != *$'\e'* ]]
}

@test "loopback alone: a server, a probe, no privilege" {
  "$SYNUDP" serve 7007 >"$BATS_TEST_TMPDIR/served" 3>&- &
  local server=$! tries=0
  until grep -q '^seed' "$BATS_TEST_TMPDIR/served"; do
    [ $((tries += 1)) -lt 500 ]
    sleep 0.01
  done
  run -0 "$SYNUDP" probe -c 3 --interval 1ms 127.0.0.1 7007
  [[ $output == *"3 sent, 3 received, 0 lost (0.0 %)"* ]]
  [[ $output == *"RTT min "*"jitter "*" ms"* ]]
  run -0 "$SYNUDP" probe -q -c 3 --interval 1ms ::1 7007
  [[ $output != *seq* ]]
  local line
  for line in "${lines[@]}"; do [ "${#line}" -le 80 ]; done
  kill -INT $server
  wait $server || [ $? = 3 ]
  grep -q '8 datagrams came' "$BATS_TEST_TMPDIR/served"
}

@test "--boundaries: two datagrams, and one read of a stream" {
  run -0 --separate-stderr "$SYNUDP" --boundaries
  [ -z "$stderr" ]
  [ "$(grep -c '  recv' <<<"$output")" = 8 ]
  local line
  for line in "${lines[@]}"; do [ "${#line}" -le 80 ]; done
  # every time
  for line in {1..20}; do
    [ "$("$SYNUDP" --boundaries)" = "$output" ]
  done
  [ "$("$SYNUDP" --boundaries -o ndjson |
    sed -n 's/.*"proto":"\(.*\)","call":"recv",.*"bytes":\(.*\),"text":\(.*\),"cut":\(.*\)}/\1 \2 \3 \4/p')" = 'udp 5 "first" 0
udp 6 "second" 0
udp 4 "firs" 1
udp 6 "second" 0
tcp 11 "firstsecond" 0
tcp 4 "firs" 0
tcp 7 "tsecond" 0' ]
}

# "LETTER NAME" or "LETTER NAME value", a line each; LETTER is - for none.
help_options() {
  "$SYNUDP" --help | sed -n \
    -e 's/^      --\([^ ]*\) \([^ ].*\)\{0,1\}  .*/- \1 \2/p' \
    -e 's/^      --\([^ ]*\)  .*/- \1/p' \
    -e 's/^  -\(.\), --\([^ ]*\) \([^ ].*\)\{0,1\}  .*/\1 \2 \3/p' \
    -e 's/^  -\(.\), --\([^ ]*\)  .*/\1 \2/p' |
    sed -e 's/ *$//' -e 's/^\(. [^ ]*\) .*/\1 value/' | sort -u
}

@test "every option stands in the manual, and every one there exists" {
  [ "$(help_options | wc -l)" -gt 15 ]
  diff <(help_options) <(sed -n \
    '/^\.Sh OPTIONS/,/^\.Sh WHAT/s/^\.It Fl //p' "$page" | sed \
    -e 's/^\(.\) , Fl -/\1 /' -e 's/^-/- /' \
    -e 's/^\(. [^ ]*\) .*/\1 value/' | sort -u)
}

@test "the manual's synopsis names every option" {
  local letter name rest synopsis
  synopsis=$(sed -n '/^\.Sh SYNOPSIS/,/^\.Sh DESCRIPTION/p' "$page")
  while read -r letter name rest; do
    if [ "$letter" = - ]; then
      grep -Eq "(Fl|\|) -?-?$name" <<<"$synopsis"
    else
      grep -Eq "Fl ($letter |[0-9a-z]*$letter)" <<<"$synopsis" ||
        [ "$name" = help ]
    fi
  done < <(help_options)
}

@test "the manual is clean mdoc" {
  command -v mandoc || skip "mandoc is missing"
  run mandoc -T lint -W warning "$page"
  echo "$output"
  [ "$status" = 0 ]
}

@test "the help fits a screen of 80 columns; the version" {
  run -0 --separate-stderr "$SYNUDP" --help
  [ -z "$stderr" ]
  [ "${#lines[@]}" -le 50 ]
  local line
  for line in "${lines[@]}"; do [ "${#line}" -le 80 ]; done
  run -0 "$SYNUDP" --version
  [[ $output =~ ^synudp\ [0-9]+\.[0-9]+\.[0-9]+ ]]
}

@test "the completion offers every option" {
  "$SYNUDP" --completion bash >"$BATS_TEST_TMPDIR/completion"
  local letter name rest
  while read -r letter name rest; do
    # shellcheck disable=SC2016
    bash -c '. "$1"; COMP_WORDS=(synudp "$2") COMP_CWORD=1; _synudp
      printf "%s\n" "${COMPREPLY[@]}"' bash "$BATS_TEST_TMPDIR/completion" \
      "--$name" | grep -qx -e "--$name"
  done < <(help_options)
}
