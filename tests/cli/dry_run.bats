# SPDX-License-Identifier: BSD-2-Clause
# What would be asked: everything, once, and no more.
# shellcheck disable=SC2154
bats_require_minimum_version 1.5.0

setup() {
  ip link set lo up
  ip link add name out0 type veth peer name out1
  ip link set out1 up
  ip address add 192.0.2.1/24 dev out0
  ip link set out0 up
  ip route add default via 192.0.2.254
}

teardown() {
  ip link delete out0
}

dry() {
  "$SYNSCAN" --dry-run "$@"
}

@test "each probe once" {
  dry -p 1-1000 10.0.0.0/28 >"$BATS_TEST_TMPDIR/probes"
  local a
  for a in {0..15}; do printf "10.0.0.$a %d\n" {1..1000}; done | sort |
    diff - <(sort "$BATS_TEST_TMPDIR/probes")
}

@test "all ports of one host, 1 and 65535 too" {
  dry 127.0.0.1 | sort -k2n | diff - <(printf '127.0.0.1 %d\n' {1..65535})
}

@test "nothing leaves" {
  dry -p 1-100 192.0.2.7 >/dev/null
  [ "$(awk '$1 == "out0:" { print $11 }' /proc/net/dev)" -lt 50 ]
  [ -z "$(ip neighbour show 192.0.2.7)" ]
}

@test "the seed makes the order" {
  local one two
  one=$(dry --seed 5 -p 1-500 10.0.0.1 10.0.0.9)
  [ "$one" = "$(dry --seed 5 -p 1-500 10.0.0.1 10.0.0.9)" ]
  two=$(dry --seed 6 -p 1-500 10.0.0.1 10.0.0.9)
  [ "$one" != "$two" ]
  [ "$(sort <<<"$one")" = "$(sort <<<"$two")" ]
  [ "$(dry -p 1-500 10.0.0.1)" != "$(dry -p 1-500 10.0.0.1)" ]
  [ "$one" != "$(sort -k1,1 -k2n <<<"$one")" ]
}

@test "ports and addresses that are taken out" {
  diff <(dry -p 20-25,80,80,http --exclude-ports 22-24 -x 10.0.0.2 10.0.0.1-3 |
    sort) <(printf '%s\n' 10.0.0.{1,3}\ {20,21,25,80} | sort)
  diff <(printf '10.0.0.1 10.0.0.2\n10.0.0.4 # four\n' |
    dry -p 1 -l - --exclude-file <(echo 10.0.0.2) | sort) \
    <(printf '10.0.0.%d 1\n' 1 4)
}

@test "overlapping targets are asked once" {
  [ "$(dry -p 7 10.0.0.1 10.0.0.0/31 10.0.0.1-10.0.0.1 10.0.0.0-1 | sort)" = \
    $'10.0.0.0 7\n10.0.0.1 7' ]
}

@test "IPv6" {
  ip -6 address add 2001:db8::1/64 dev out0 nodad
  diff <(dry -p 7,9 2001:db8::10/127 ::1 | sort) \
    <(printf '%s\n' {2001:db8::10,2001:db8::11,::1}\ {7,9} | sort)
}

@test "names, and -4 and -6" {
  printf '%s\n' '192.0.2.5 two.test' '2001:db8::5 two.test' \
    '192.0.2.6 two.test' >"$BATS_TEST_TMPDIR/hosts"
  mount --bind "$BATS_TEST_TMPDIR/hosts" /etc/hosts
  ip -6 address add 2001:db8::1/64 dev out0 nodad
  local all four six
  all=$(dry -p 7 two.test | sort)
  four=$(dry -4 -p 7 two.test | sort)
  six=$(dry -6 -p 7 two.test)
  umount /etc/hosts
  [ "$four" = $'192.0.2.5 7\n192.0.2.6 7' ]
  [ "$six" = '2001:db8::5 7' ]
  [ "$all" = "$four"$'\n'"$six" ]
}

@test "addresses that no host has are taken out of ranges and counted" {
  run -0 --separate-stderr dry -p 7 223.255.255.254-224.0.0.1
  [ "$(sort <<<"$output")" = $'223.255.255.254 7\n223.255.255.255 7' ]
  [[ $stderr == *2* ]]
  [ "${#stderr_lines[@]}" = 1 ]
}

@test "a subnet's broadcast address" {
  run -0 --separate-stderr dry -p 7 192.0.2.252/30
  [ "$(sort <<<"$output")" = $'192.0.2.252 7\n192.0.2.253 7\n192.0.2.254 7' ]
  [[ $stderr == *1* ]]
  run -2 --separate-stderr dry -p 7 192.0.2.255
  [[ $stderr == *192.0.2.255* ]]
  [ -z "$output" ]
}

@test "a closed pipe ends it" {
  run -0 --separate-stderr bash -c "$SYNSCAN --dry-run 10.0.0.0/8 | head -n 1 | wc -l"
  [ "$output" = 1 ]
}

@test "a full device is an error" {
  run -1 bash -c "$SYNSCAN --dry-run -p 1-10 127.0.0.1 >/dev/full"
}
