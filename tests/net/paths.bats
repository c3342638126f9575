# SPDX-License-Identifier: BSD-2-Clause
# Ways to a target: found from the kernel's tables, without a flag.
# shellcheck disable=SC2154,SC2034
load scan

@test "through a router" {
  network_router
  target_busy target
  scan 10.9.0.2 fd00:9::2
  exact 10.9.0.2 target
  exact fd00:9::2 target
}

@test "through a router, --via ip" {
  network_router
  target_busy target
  scan --via ip 10.9.0.2 fd00:9::2
  exact 10.9.0.2 target
  exact fd00:9::2 target
}

@test "what a router says: no such host, no such network" {
  network_router
  ip -n router route add unreachable 10.99.0.0/16
  ip -n router route add prohibit 10.98.0.0/16
  # Few: the router's kernel sends five of these in a row and then one a second.
  scan -p 1-2 10.99.0.1 10.98.0.1 10.9.0.77
  [ "$(tally 10.99.0.1)" = "2 filtered icmp-host-unreach" ]
  [ "$(tally 10.98.0.1)" = "2 filtered icmp-admin-prohibited" ]
  [[ "$(tally 10.9.0.77)" == "2 filtered "* ]]
}

@test "macvlan on the cable" {
  network_make
  target_busy target
  ip -n scanner link add link eth0 name mac0 type macvlan mode bridge
  ip -n scanner address flush dev eth0
  ip -n scanner address add 10.9.0.5/24 dev mac0
  ip -n scanner address add fd00:9::5/64 dev mac0
  ip -n scanner link set mac0 up
  wait_until 5 settled scanner
  scan 10.9.0.2 fd00:9::2
  exact 10.9.0.2 target
  exact fd00:9::2 target
}

@test "the scanner's address on a bridge" {
  network_make
  target_busy target
  ip -n scanner link add br0 type bridge
  ip -n scanner address flush dev eth0
  ip -n scanner link set eth0 master br0
  ip -n scanner address add 10.9.0.1/24 dev br0
  ip -n scanner address add fd00:9::1/64 dev br0
  ip -n scanner link set br0 up
  wait_until 5 settled scanner
  scan 10.9.0.2 fd00:9::2
  exact 10.9.0.2 target
  exact fd00:9::2 target
}

@test "an interface without ARP: raw IP by itself" {
  network_make
  target_busy target
  local host
  for host in scanner target; do
    ip -n $host link set eth0 down
    ip -n $host link set eth0 address 02:00:00:00:00:09 arp off
    ip -n $host link set eth0 up
  done
  ip -n scanner address add fd00:9::1/64 dev eth0
  ip -n target address add fd00:9::2/64 dev eth0
  wait_until 5 settled scanner
  wait_until 5 settled target
  scan 10.9.0.2 fd00:9::2
  exact 10.9.0.2 target
  exact fd00:9::2 target
}

@test "a policy rule" {
  network_make
  listeners target 80
  ip -n scanner rule add to 203.0.113.0/24 lookup 77
  ip -n scanner route add default via 10.9.0.2 table 77
  ip -n target address add 203.0.113.1/32 dev lo
  scan -p 79-81 203.0.113.1
  [ "$(tally 203.0.113.1)" = $'2 closed rst\n1 open syn-ack' ]
}

@test "an absent host on the link: no-neighbour, within seconds" {
  network_make
  SECONDS=0
  scan -p 1-1000 10.9.0.77 fd00:9::77
  [ $SECONDS -le 3 ]
  [ "$(tally 10.9.0.77)" = "1000 filtered no-neighbour" ]
  [ "$(tally fd00:9::77)" = "1000 filtered no-neighbour" ]
}

@test "no route to any target: exit 1" {
  network_make
  run -1 --separate-stderr run_on scanner "$SYNSCAN" -p 80 192.0.2.1 2001:db8::1
  [ -z "$output" ]
  [[ $stderr == *route* ]]
}

@test "no route to some: no-route" {
  network_make
  ip -n scanner route add blackhole 198.51.100.0/24
  listeners target 80
  scan -p 80-82 10.9.0.2 192.0.2.1 198.51.100.5 2001:db8::1
  [ "$(tally 10.9.0.2)" = $'2 closed rst\n1 open syn-ack' ]
  local none
  for none in 192.0.2.1 198.51.100.5 2001:db8::1; do
    [ "$(tally $none)" = "3 filtered no-route" ]
  done
}

@test "--via link on loopback is refused" {
  network_make
  run -2 --separate-stderr run_on scanner "$SYNSCAN" --via link 127.0.0.1
  [ -z "$output" ]
  [[ $stderr == *link* ]]
}

@test "300 interfaces and 1,000 routes: the right ones, soon, without a flag" {
  network_make
  listeners target 80
  local i best=100000 start took
  for i in {1..149}; do
    echo "link add name v$i type veth peer name w$i"
    echo "link set v$i up"
    echo "link set w$i up"
    echo "address add 10.20.$i.1/24 dev v$i"
    echo "address add 10.21.$i.1/24 dev w$i"
  done | ip -n scanner -b -
  for i in {1..1000}; do
    echo "route add 10.$((100 + i / 256)).$((i % 256)).0/24 via 10.20.$((i % 149 + 1)).2"
  done | ip -n scanner -b -
  [ "$(ip -n scanner -o link show | wc -l)" -ge 300 ]
  # A second way to the target, for one of these.
  link_make scanner far0 10.8.0.1/24 target far1 10.8.0.2/24
  ip -n scanner route replace 10.101.5.0/24 via 10.8.0.2
  ip -n target address add 10.101.5.1/32 dev lo
  scan -v -p 79-80 10.9.0.2 10.101.5.1 2>"$BATS_TEST_TMPDIR/stderr"
  [ "$(tally 10.9.0.2)" = $'1 closed rst\n1 open syn-ack' ]
  [ "$(tally 10.101.5.1)" = $'1 closed rst\n1 open syn-ack' ]
  cat "$BATS_TEST_TMPDIR/stderr"
  grep -q 'path: eth0 from 10.9.0.1, target on the link' \
    "$BATS_TEST_TMPDIR/stderr"
  grep -q 'path: far0 from 10.8.0.1, gateway 10.8.0.2' \
    "$BATS_TEST_TMPDIR/stderr"
  # All that comes before the first probe; the best of some, the machine being
  # others' too.
  for i in 1 2 3 4 5; do
    start=$(clock_ms)
    run_on scanner "$SYNSCAN" --dry-run -p 80 10.9.0.2 10.101.5.1 10.100.0.0/22 \
      >/dev/null
    took=$(($(clock_ms) - start))
    [ $took -ge $best ] || best=$took
  done
  echo "# $best ms"
  [ $best -lt 1000 ]
}
