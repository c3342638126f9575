# SPDX-License-Identifier: BSD-2-Clause
# Bad values: one line that quotes the value, and nothing sent.
# shellcheck disable=SC2154
bats_require_minimum_version 1.5.0

setup() {
  ip link set lo up
}

# refused STATUS QUOTED ARGUMENT...
refused() {
  local want=$1 quoted=$2
  shift 2
  run -"$want" --separate-stderr "$SYNSCAN" "$@" </dev/null
  echo "stdout '${output:0:200}', stderr '${stderr:0:600}'"
  [ "${#stderr_lines[@]}" = 1 ]
  [ -z "$output" ]
  [[ $stderr == *"$quoted"* ]]
  [ "${#stderr}" -lt 512 ]
}

@test "ports" {
  local spec
  for spec in 0 65536 80-70 0-5 1-65536 x1 -5-3 1,,x 1--2 99999999999999999999 \
    ' ' 80x nosuchservice; do
    refused 2 "$spec" -p "$spec" 127.0.0.1
    refused 2 "$spec" --exclude-ports "$spec" 127.0.0.1
  done
  refused 2 '""' -p '' 127.0.0.1
  refused 2 1-65535 -p 1-65535 --exclude-ports 1-65535 127.0.0.1
}

@test "targets that are no addresses" {
  local spec
  for spec in 10.0.0.0/33 010.0.0.1 256.1.1.1 10.0.0.0/ 10.0.0.0/-1 1.2.3.4/x \
    10.0.0.9-10.0.0.1 10.0.5-3.1 10.0.0.300 fd00::/129 fd00::1::2 1.2.3 \
    10.0.0.1-fd00::1 fd00::2-fd00::1 1.2.3.4.5; do
    refused 2 "$spec" -p 80 "$spec"
    refused 2 "$spec" -p 80 -x "$spec" 127.0.0.1
  done
  refused 2 '""' -p 80 ''
}

@test "a name that does not resolve" {
  refused 1 no-such-host.invalid -p 80 no-such-host.invalid
}

@test "targets that are no hosts, named singly" {
  local spec
  for spec in 255.255.255.255 224.0.0.1 239.1.2.3 240.0.0.1 0.0.0.0 0.1.2.3 \
    ff02::1 :: 127.0.0.1,255.255.255.255; do
    refused 2 "${spec#*,}" -p 80 --dry-run "${spec%,*}" "${spec#*,}"
  done
}

@test "an interface that does not exist" {
  refused 2 nosuch0 -p 80 -i nosuch0 127.0.0.1
  refused 2 an-interface-name-that-is-too-long \
    -p 80 -i an-interface-name-that-is-too-long 127.0.0.1
  refused 2 nosuch0 -p 80 fe80::1%nosuch0
}

@test "numbers" {
  local option value
  for option in -r --rate --max-rate; do
    for value in -1 0 x 1.5.5 20q '' 1e99 99999999999999999999; do
      refused 2 "\"$value\"" "$option" "$value" 127.0.0.1
    done
  done
  for value in -1 x 1.5 '' 99999999999; do
    refused 2 "\"$value\"" -R "$value" 127.0.0.1
    refused 2 "\"$value\"" -g "$value" 127.0.0.1
  done
  for value in -1s 5x s '' 99999999999999999999s; do
    refused 2 "\"$value\"" -w "$value" 127.0.0.1
  done
  for value in 65536 0; do refused 2 "\"$value\"" -g "$value" 127.0.0.1; done
  for value in xyz '' 0123456789abcdef0123456789abcdef0; do
    refused 2 "\"$value\"" --seed "$value" 127.0.0.1
  done
}

@test "words" {
  refused 2 bogus --show bogus 127.0.0.1
  refused 2 '""' --show '' 127.0.0.1
  refused 2 bogus --via bogus 127.0.0.1
  refused 2 bogus -o bogus 127.0.0.1
  refused 2 bogus -S bogus 127.0.0.1
  refused 2 10.0.0.0/8 -S 10.0.0.0/8 127.0.0.1
  refused 2 --bogus --bogus 127.0.0.1
  refused 2 Z -Z 127.0.0.1
  refused 2 target
}

@test "files" {
  refused 1 /nonexistent/out -p 80 -o ndjson:/nonexistent/out 127.0.0.1
  refused 1 /nonexistent/in -p 80 -l /nonexistent/in
  refused 1 /nonexistent/in -p 80 --exclude-file /nonexistent/in 127.0.0.1
  refused 1 "$BATS_TEST_TMPDIR" -p 80 -o "ndjson:$BATS_TEST_TMPDIR" 127.0.0.1
  printf '127.0.0.1\n# fine\n10.0.0.0/33\n' >"$BATS_TEST_TMPDIR/list"
  refused 2 list:3 -p 80 -l "$BATS_TEST_TMPDIR/list"
  refused 2 10.0.0.0/33 -p 80 -l "$BATS_TEST_TMPDIR/list"
}

@test "a million characters" {
  # One argument can have 131,071; a file any number.
  local long file=$BATS_TEST_TMPDIR/list
  long=$(head -c 131000 /dev/zero | tr '\0' 1)
  refused 2 111111 -p "$long" 127.0.0.1
  refused 2 111111 -r "$long" 127.0.0.1
  refused 2 111111 -p 80 "$long.1.1.1"
  refused 2 111111 -p 80 --show "$long" 127.0.0.1
  refused 2 111111 -p 80 -o "$long" 127.0.0.1
  head -c 1000000 /dev/zero | tr '\0' 1 >"$file"
  refused 2 111111 -p 80 -l "$file"
  head -c 1000000 /dev/zero >"$file"
  refused 2 "$file" -p 80 -l "$file"
}

@test "control bytes do not reach the terminal" {
  refused 2 '\x1b[2J' -p $'\e[2J' 127.0.0.1
  run -2 "$SYNSCAN" -p 80 $'1.2.3.4/\e]0;x\a'
  [[ $output != *$'\e'* ]]
  [[ $output != *$'\a'* ]]
}
