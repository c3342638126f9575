# SPDX-License-Identifier: BSD-2-Clause
# Captures that are damaged, that are none, and outputs that fail.
# shellcheck disable=SC2154
bats_require_minimum_version 1.5.0

setup() {
  golden=$top_srcdir/tests/golden
  good=$golden/chat.pcapng
  cd "$BATS_TEST_TMPDIR" || return
}

# refused STATUS WORDS ARGUMENT...: one line on stderr with the words, nothing
# on stdout
refused() {
  local want=$1 words=$2
  shift 2
  run -"$want" --separate-stderr "$SYNFLOW" "$@" </dev/null
  echo "stdout '${output:0:200}', stderr '${stderr:0:600}'"
  [ "${#stderr_lines[@]}" = 1 ]
  [ -z "$output" ]
  [[ $stderr == *"$words"* ]]
}

@test "bad usage: exit 2, the value quoted" {
  refused 2 'nothing to look at'
  refused 2 '"tree"' -r "$good" --view tree
  refused 2 '"x"' -r "$good" --stream x
  refused 2 '"csv"' -r "$good" -o csv
  refused 2 '"tcp prot 80"' -r "$good" tcp prot 80
  refused 2 '"--nonsense"' -r "$good" --nonsense
  refused 2 '"-1"' -r "$good" -c -1
}

@test "no capture: exit 1, the file named" {
  refused 1 '"nosuch.pcap": No such file' -r nosuch.pcap
  refused 1 '"/": ' -r /
  : >empty
  refused 1 '"empty": ' -r empty
  printf 'this is a text and no capture at all\n' >text
  refused 1 '"text": unknown file format' -r text
  head -c 40 "$good" >header
  refused 1 '"header": ' -r header
  refused 1 '"standard input": ' -r -
  cp "$good" secret
  chmod 0 secret
  [ -r secret ] || refused 1 '"secret": Permission denied' -r secret
}

@test "a name with control bytes reaches no terminal raw" {
  refused 1 '\x1b[31m' -r $'\e[31mnosuch'
}

@test "a link type that is not read is named" {
  # Classic, little endian, 802.11.
  printf '\xd4\xc3\xb2\xa1\2\0\4\0%8s\0\0\1\0\x69\0\0\0' '' >wifi
  refused 1 'link type IEEE802_11 (105: 802.11)' -r wifi
}

@test "damage within a file: what came before is shown, exit 3" {
  local whole
  whole=$("$SYNFLOW" -r "$good" | tail -n 1)
  head -c -100 "$good" >damaged
  run -3 --separate-stderr "$SYNFLOW" -r damaged
  echo "$stderr"
  [ "${#stderr_lines[@]}" = 1 ]
  [[ $stderr =~ \"damaged\",?\ ?:?\ frame\ [0-9]+:\ truncated ]]
  [[ $output == *' 10.9.0.2:8000 '* ]]
  [ "${lines[-1]}" != "$whole" ]
  run -3 --separate-stderr "$SYNFLOW" -r damaged -o ndjson
  [[ ${lines[-1]} == *'"complete":false}' ]]
}

@test "standard input, in any of the forms" {
  "$SYNFLOW" -r "$good" --view ladder -o ndjson >expected
  "$SYNFLOW" -r "$good" -w copy.pcap >/dev/null
  "$SYNFLOW" -r - --view ladder -o ndjson <"$good" | diff expected -
  # shellcheck disable=SC2002
  cat "$good" | "$SYNFLOW" -r - --view ladder -o ndjson | diff expected -
  "$SYNFLOW" -r copy.pcap --view ladder -o ndjson | diff expected -
}

@test "the expression chooses frames, and they keep their numbers" {
  "$SYNFLOW" -r "$good" -o ndjson --view ladder src host 10.9.0.2 >some
  [ "$(grep -c '"type":"segment"' some)" = 5 ]
  grep -q '"frame":2,"stream":0,' some
  run ! grep -q '"frame":1,' some
  "$SYNFLOW" -r "$good" port 81 | grep -q '^0 frames: 0 conversations'
}

@test "so many frames, and no more" {
  "$SYNFLOW" -r "$good" -c 3 | grep -q '^3 frames: 1 conversation, 3 TCP'
}

@test "--stream shows those and no others" {
  local many=$golden/refused.pcapng
  [ "$("$SYNFLOW" -r "$many" -o ndjson | grep -c '"conversation"')" = 2 ]
  "$SYNFLOW" -r "$many" -o ndjson --stream 1 >one
  [ "$(grep -c '"type":"conversation"' one)" = 1 ]
  grep -q '"stream":1,' one
  [ "$("$SYNFLOW" -r "$many" --view resets --stream 0 |
    grep -c '^Frame ')" = 1 ]
  "$SYNFLOW" -r "$many" --stream 7 | grep -qv rst
}

@test "several outputs at a time, each to a place of its own" {
  "$SYNFLOW" -r "$good" -o text -o ndjson:a.ndjson -o text:b.txt >out
  diff out b.txt
  grep -q '^{"type":"conversation"' a.ndjson
  refused 2 'another output goes there too' -r "$good" -o text:b -o ndjson:b
  refused 2 'go to one place' -r "$good" -w b -o ndjson:b
  refused 2 'both to standard output' -r "$good" -w -
  "$SYNFLOW" -r "$good" -w - -o text:c | "$SYNFLOW" -r - >d
  diff c d
  cp "$good" itself
  refused 2 'are one file' -r itself -w itself
  cmp itself "$good"
}

@test "an output that cannot be written: exit 1" {
  refused 1 '"/nosuch/out"' -r "$good" -o text:/nosuch/out
  refused 1 '"/nosuch/out"' -r "$good" -w /nosuch/out
  [ -w /dev/full ] || skip "no /dev/full"
  run -1 --separate-stderr "$SYNFLOW" -r "$good" -o text:/dev/full
  [[ $stderr == *'"/dev/full": No space left'* ]]
  run -1 --separate-stderr "$SYNFLOW" -r "$good" -w /dev/full
  [[ $stderr == *'/dev/full'* ]]
}

@test "a reader that goes away: exit 1, one line" {
  local status=0
  "$top_builddir/tests/bench/traffic" crowd 2000 1 >many.pcap
  { "$SYNFLOW" -r many.pcap --view segments -o ndjson 2>said ||
    echo $? >status; } | head -n 1 >/dev/null
  cat said
  [ "$(cat status)" = 1 ]
  [ "$(wc -l <said)" = 1 ]
  grep -q 'standard output: Broken pipe' said
}

@test "an interrupt of a reader that waits: exit 3, what is known" {
  local pid status=0 i
  mkfifo pipe
  "$SYNFLOW" -r pipe -o ndjson:out 2>said 3>&- &
  pid=$!
  exec 9>pipe
  cat "$good" >&9
  # It is in the read of what does not come.
  for ((i = 0; i < 1000; i++)); do
    grep -q pipe "/proc/$pid/wchan" && break
    sleep 0.01
  done
  kill -INT $pid
  wait $pid || status=$?
  exec 9>&-
  cat said
  [ $status = 3 ]
  grep -q 'interrupted after 11 frames' said
  grep -q '"frames":11,.*"complete":false' out
}

@test "text fits 80 columns, with the longest addresses too" {
  local line view
  for file in "$golden"/*.pcapng; do
    for view in conversations segments resets ladder; do
      while IFS= read -r line; do
        [ "${#line}" -le 80 ] || {
          echo "$file, $view: $line"
          return 1
        }
      done < <("$SYNFLOW" -r "$file" --view $view -v)
    done
  done
}
