# SPDX-License-Identifier: BSD-2-Clause
# Scans of a host on the same link, and of one's own.
# shellcheck disable=SC2154,SC2030,SC2031,SC2034
load scan

@test "IPv4: all ports of a host with open, closed, dropped, rejected ones" {
  network_make
  target_busy target
  scan 10.9.0.2
  exact 10.9.0.2 target
  [ "$(summary "$out" capture_drops)" = 0 ]
}

@test "IPv6: the same" {
  network_make
  target_busy target
  scan fd00:9::2
  exact fd00:9::2 target
  [ "$(summary "$out" capture_drops)" = 0 ]
}

@test "both families in one run" {
  network_make
  target_busy target
  scan 10.9.0.2 fd00:9::2
  exact 10.9.0.2 target
  exact fd00:9::2 target
  [ "$(summary "$out" targets)" = 2 ]
}

@test "a quiet host: one probe a port, one answer" {
  network_make
  listeners target 8000
  scan 10.9.0.2
  exact 10.9.0.2 target
  [ "$(summary "$out" replies)" -ge 65535 ]
}

@test "loopback, IPv4" {
  network_make
  target_busy scanner
  scan 127.0.0.1
  exact 127.0.0.1 scanner
}

@test "loopback, IPv6" {
  network_make
  target_busy scanner
  scan ::1
  exact ::1 scanner
}

@test "one's own addresses" {
  network_make
  target_busy scanner
  scan 10.9.0.1 fd00:9::1
  exact 10.9.0.1 scanner
  exact fd00:9::1 scanner
}

@test "a link-local address with its interface" {
  network_make
  target_busy target
  local address
  address=$(ip -n target -6 -o address show dev eth0 scope link |
    awk '{ sub("/.*", "", $4); print $4 }')
  scan "$address%eth0"
  sed -i 's/%eth0"/"/' "$out"
  exact "$address" target
}

@test "one's own link-local address" {
  network_make
  wait_until 5 settled scanner
  local address
  address=$(ip -n scanner -6 -o address show dev eth0 scope link |
    awk '{ sub("/.*", "", $4); print $4 }')
  scan -p 1-100 "$address%eth0"
  sed -i 's/%eth0"/"/' "$out"
  [ "$(tally "$address")" = "100 closed rst" ]
}

@test "-S: an address that is not ours is warned of" {
  network_make
  run_on scanner "$SYNSCAN" -S 10.9.0.77 -R 0 -p 22 10.9.0.2 2>&1 |
    grep -q '10.9.0.77 is no address of this host'
}

@test "--via ip and --via link find the same" {
  network_make
  target_busy target
  local via
  for via in ip link; do
    scan --via $via 10.9.0.2 fd00:9::2
    exact 10.9.0.2 target
    exact fd00:9::2 target
  done
}

@test "-S, -g and -i are on the wire" {
  network_make
  ip -n scanner address add 10.9.0.3/24 dev eth0
  ip -n scanner address add fd00:9::3/64 dev eth0
  firewall target \
    'ip saddr 10.9.0.3 tcp sport 40001 tcp flags syn counter' \
    'ip6 saddr fd00:9::3 tcp sport 40002 tcp flags syn counter' \
    'tcp flags syn counter'
  scan -p 1-500 -S 10.9.0.3 -g 40001 -i eth0 10.9.0.2
  [ "$(tally 10.9.0.2)" = "500 closed rst" ]
  scan -p 1-500 -S fd00:9::3 -g 40002 -i eth0 fd00:9::2
  [ "$(tally fd00:9::2)" = "500 closed rst" ]
  run_on target nft list ruleset | awk '
    { for (i = 1; i <= NF; i++) if ($i == "packets") n[++rules] = $(i + 1) }
    END { print n[1], n[2], n[3]
      exit !(n[1] >= 500 && n[2] >= 500 && n[3] == n[1] + n[2]) }'
}

@test "the kernel's RST gets to the target: nothing stays half-open" {
  network_make
  listeners target {8001..8100}
  firewall target 'tcp dport 8001-8100 tcp flags rst counter'
  scan -p 8001-8100 10.9.0.2
  [ "$(tally 10.9.0.2)" = "100 open syn-ack" ]
  half_open_none() {
    [ -z "$(run_on target ss -Htn state syn-recv)" ]
  }
  wait_until 1 half_open_none
  run_on target nft list ruleset | grep -E 'packets 1[0-9][0-9] '
}

@test "two scans at once" {
  network_make
  target_busy target
  local first=$BATS_TEST_TMPDIR/first.ndjson second=$out
  out=$first
  scan_start 10.9.0.2
  out=$second
  scan 10.9.0.2
  wait "$pid"
  exact 10.9.0.2 target
  out=$first
  account
  exact 10.9.0.2 target
}

@test "one port" {
  network_make
  listeners target 80
  scan -p 80 10.9.0.2
  [ "$(tally 10.9.0.2)" = "1 open syn-ack" ]
  scan -p 81 fd00:9::2
  [ "$(tally fd00:9::2)" = "1 closed rst" ]
  run_on scanner "$SYNSCAN" -q -n -p 79-81 10.9.0.2 | grep '^ *80  *open *syn-ack'
}

@test "a whole prefix: hosts, absent ones, no broadcast address" {
  network_make
  listeners target 80
  scan -p 80,81 10.9.0.0/29
  [ "$(tally 10.9.0.2)" = $'1 closed rst\n1 open syn-ack' ]
  [ "$(tally 10.9.0.1)" = "2 closed rst" ]
  [ "$(tally 10.9.0.5)" = "2 filtered no-neighbour" ]
  scan -p 80 10.9.0.248-10.9.0.255
  [ "$(summary "$out" targets)" = 7 ]
}

@test "every ICMP error by its name" {
  network_make
  firewall target \
    'meta nfproto ipv4 tcp dport 1 reject with icmp type net-unreachable' \
    'meta nfproto ipv4 tcp dport 2 reject with icmp type host-unreachable' \
    'meta nfproto ipv4 tcp dport 3 reject with icmp type prot-unreachable' \
    'meta nfproto ipv4 tcp dport 4 reject with icmp type port-unreachable' \
    'meta nfproto ipv4 tcp dport 5 reject with icmp type net-prohibited' \
    'meta nfproto ipv4 tcp dport 6 reject with icmp type host-prohibited' \
    'meta nfproto ipv4 tcp dport 7 reject with icmp type admin-prohibited' \
    'meta nfproto ipv6 tcp dport 1 reject with icmpv6 type no-route' \
    'meta nfproto ipv6 tcp dport 2 reject with icmpv6 type addr-unreachable' \
    'meta nfproto ipv6 tcp dport 4 reject with icmpv6 type port-unreachable' \
    'meta nfproto ipv6 tcp dport 7 reject with icmpv6 type admin-prohibited'
  scan -p 1-8 10.9.0.2 fd00:9::2
  diff <(verdicts "$out" 10.9.0.2) - <<'END'
1 filtered icmp-net-unreach
2 filtered icmp-host-unreach
3 filtered icmp-proto-unreach
4 filtered icmp-port-unreach
5 filtered icmp-net-prohibited
6 filtered icmp-host-prohibited
7 filtered icmp-admin-prohibited
8 closed rst
END
  diff <(verdicts "$out" fd00:9::2) - <<'END'
1 filtered icmp-net-unreach
2 filtered icmp-host-unreach
3 closed rst
4 filtered icmp-port-unreach
5 closed rst
6 closed rst
7 filtered icmp-admin-prohibited
8 closed rst
END
}

@test "55,536 ports dropped, the others closed" {
  network_make
  firewall target 'tcp dport 10000-65535 drop'
  scan 10.9.0.2
  exact 10.9.0.2 target
}

@test "-R: no more probes than that" {
  network_make
  firewall target 'tcp flags syn counter' 'tcp dport 1-400 drop'
  scan -R 0 -p 1-500 10.9.0.2
  [ "$(tally 10.9.0.2)" = $'100 closed rst\n400 filtered no-reply' ]
  [ "$(summary "$out" probes_sent)" = 500 ]
  run_on target nft list ruleset | grep -w 'packets 500'
  scan -R 1 -p 1-500 10.9.0.2
  [ "$(summary "$out" probes_sent)" -le 1000 ]
  [ "$(summary "$out" retransmissions)" -le 500 ]
}

@test "-r: no faster than that" {
  network_make
  scan -r 5000 -p 1-2000 10.9.0.2
  [ "$(tally 10.9.0.2)" = "2000 closed rst" ]
  awk -v s="$(summary "$out" elapsed_s)" 'BEGIN { exit !(s >= 0.38) }'
}

@test "what the summary counts is what was on the wire" {
  network_make
  listeners target 80
  firewall target 'tcp flags syn counter' 'tcp dport 100-199 drop'
  scan -p 1-3000 10.9.0.2
  run_on target nft list ruleset |
    grep -w "packets $(summary "$out" probes_sent)"
}
