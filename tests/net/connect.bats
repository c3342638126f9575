# SPDX-License-Identifier: BSD-2-Clause
# Connect scans: no privilege, the same verdicts, each cause by its name.
# shellcheck disable=SC2016,SC2154,SC2034,SC2030,SC2031
load scan

# An ordinary user, where there are such; else one without any capability.
ordinary() {
  if grep -q ' 4294967295$' /proc/self/uid_map; then
    setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
  else
    setpriv --inh-caps=-all --bounding-set=-all "$@"
  fi
}
export -f ordinary

# connect ARGUMENT...: a connect scan, all results into $out, as that user
connect() {
  install -m 755 "$SYNSCAN" /run/synscan
  : >"$out"
  chmod 666 "$out"
  chmod o+x "$BATS_TEST_TMPDIR" "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR/test"
  run_on scanner bash -c 'ordinary "$@"' connect \
    /run/synscan -c --show all -o "ndjson:$out" "$@"
  account
}

# connect_exact ADDRESS HOST: as `exact`, in the words of a connect scan
connect_exact() {
  local family=4
  case $1 in *:*) family=6 ;; esac
  truth "$2" $family | cut -d' ' -f1-3 |
    sed 's/ rst$/ conn-refused/; s/ no-reply$/ timeout/' \
      >"$BATS_TEST_TMPDIR/truth"
  verdicts "$out" "$1" | diff "$BATS_TEST_TMPDIR/truth" - \
    >"$BATS_TEST_TMPDIR/diff" || {
    echo "$1, truth (<) and verdicts (>):"
    grep -c '^>' "$BATS_TEST_TMPDIR/diff" || :
    head -n 20 "$BATS_TEST_TMPDIR/diff"
    return 1
  }
}

# no_connection HOST: none is left there, in TIME_WAIT or else
no_connection() {
  run_on "$1" ss -Htan | awk '$1 != "LISTEN" { print; left = 1 } END { exit left }'
}

accepted_all() { # HOST: none waits to be accepted
  [ -z "$(run_on "$1" ss -4Htln | awk '$2 > 0')" ]
}

@test "an ordinary user, IPv4: all ports of a busy host, and nothing left" {
  network_make
  target_busy target
  connect 10.9.0.2
  connect_exact 10.9.0.2 target
  [ "$(summary "$out" capture_drops)" = 0 ]
  grep -q '"mode":"connect"' "$out"
  # Times of what answered, and never a TTL.
  [ "$(grep -c '"rtt_us":' "$out")" -ge 64900 ]
  run ! grep '"ttl"' "$out"
  no_connection scanner
  no_connection target
}

@test "IPv6: the same" {
  network_make
  target_busy target
  connect fd00:9::2
  connect_exact fd00:9::2 target
  no_connection scanner
  no_connection target
}

@test "as root: its privileges go as well" {
  network_make
  target_busy target
  run_on scanner "$SYNSCAN" -c --show all -o "ndjson:$out" 10.9.0.2 fd00:9::2
  account
  connect_exact 10.9.0.2 target
  connect_exact fd00:9::2 target
}

@test "no thread keeps a capability" {
  network_make
  scan_start -c -r 2000 -p 1-20000 10.9.0.2
  wait_until 10 received target 200
  local task threads=0 name value
  for task in "/proc/$pid/task"/*; do
    threads=$((threads + 1))
    while read -r name value _; do
      case $name in
      CapPrm: | CapEff: | CapBnd: | CapAmb:) [ "$value" = 0000000000000000 ] ;;
      NoNewPrivs:) [ "$value" = 1 ] ;;
      esac
    done <"$task/status"
  done
  [ $threads -ge 1 ]
  kill -INT "$pid"
  wait "$pid" || [ $? = 3 ]
}

@test "64 descriptors: every port all the same" {
  network_make
  target_busy target
  ulimit -n 64
  connect -v 10.9.0.2 2>"$BATS_TEST_TMPDIR/stderr"
  connect_exact 10.9.0.2 target
  cat "$BATS_TEST_TMPDIR/stderr"
  local most
  most=$(sed -n 's/.*at most \([0-9]*\) connections at once.*/\1/p' \
    "$BATS_TEST_TMPDIR/stderr")
  [ "$most" -ge 16 ]
  [ "$most" -lt 64 ]
}

@test "a handful of descriptors" {
  network_make
  listeners target 80
  firewall target 'tcp dport 100-149 drop'
  ulimit -n 24
  connect -v -p 1-3000 10.9.0.2
  [ "$(tally 10.9.0.2)" = \
    $'2949 closed conn-refused\n50 filtered timeout\n1 open syn-ack' ]
}

@test "every ICMP error by its name, told from a RST" {
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
    'meta nfproto ipv6 tcp dport 7 reject with icmpv6 type admin-prohibited' \
    'tcp dport 9 reject with tcp reset'
  SECONDS=0
  connect -p 1-9 10.9.0.2 fd00:9::2
  [ $SECONDS -le 2 ]
  diff <(verdicts "$out" 10.9.0.2) - <<'LINES'
1 filtered icmp-net-unreach
2 filtered icmp-host-unreach
3 filtered icmp-proto-unreach
4 filtered icmp-port-unreach
5 filtered icmp-net-prohibited
6 filtered icmp-host-prohibited
7 filtered icmp-admin-prohibited
8 closed conn-refused
9 closed conn-refused
LINES
  diff <(verdicts "$out" fd00:9::2) - <<'LINES'
1 filtered icmp-net-unreach
2 filtered icmp-host-unreach
3 closed conn-refused
4 filtered icmp-port-unreach
5 closed conn-refused
6 closed conn-refused
7 filtered icmp-admin-prohibited
8 closed conn-refused
9 closed conn-refused
LINES
}

@test "through a router, a long way: what comes later is told apart too" {
  network_far 20 0 0
  listeners target 80
  firewall target 'tcp dport 100-149 reject with icmpx type port-unreachable' \
    'tcp dport 150-199 reject with icmpx type admin-prohibited' \
    'tcp dport 200-249 drop'
  connect -p 1-1000 10.9.0.2 fd00:9::2
  local address
  for address in 10.9.0.2 fd00:9::2; do
    [ "$(tally $address)" = $'849 closed conn-refused
50 filtered icmp-admin-prohibited
50 filtered icmp-port-unreach
50 filtered timeout
1 open syn-ack' ]
  done
}

@test "a program behind a port gets one connection for it" {
  network_make
  accepting target {8001..8050}
  connect -p 7000-9000 10.9.0.2
  [ "$(tally 10.9.0.2)" = $'1951 closed conn-refused\n50 open syn-ack' ]
  wait_until 5 accepted_all target
  diff <(sort /run/accepted) <(printf '%s\n' {8001..8050} | sort)
  [ "$(summary "$out" probes_sent)" = 2001 ]
}

@test "a SYN scan: no connection at all" {
  network_make
  accepting target {8001..8050}
  scan -p 7000-9000 10.9.0.2
  [ "$(tally 10.9.0.2)" = $'1951 closed rst\n50 open syn-ack' ]
  [ ! -s /run/accepted ]
}

@test "an open port that proves the path is not worn out" {
  network_make
  accepting target 22
  firewall target 'tcp dport 1-21 drop' 'tcp dport 23-65535 drop'
  connect 10.9.0.2
  connect_exact 10.9.0.2 target
  wait_until 5 accepted_all target
  wc -l /run/accepted
  awk -v n="$(wc -l </run/accepted)" -v s="$(summary "$out" elapsed_s)" \
    'BEGIN { exit !(n <= 3 + 22 * s) }'
}

@test "5 % loss each way, 300 ports dropped: exact" {
  network_make
  listeners target {8001..8020}
  run_on target nft -f - <<'RULES'
table inet lossy {
  chain input {
    type filter hook input priority 0
    numgen random mod 100 < 5 drop
    tcp dport 2000-2299 drop
  }
  chain output {
    type filter hook output priority 0
    numgen random mod 100 < 5 drop
  }
}
RULES
  connect 10.9.0.2
  connect_exact 10.9.0.2 target
  [ "$(summary "$out" retransmissions)" -gt 3000 ]
}

@test "a round trip of 1.3 seconds" {
  network_far 650 0 0
  listeners target 80
  connect -p 79-100 10.9.0.2
  [ "$(tally 10.9.0.2)" = $'21 closed conn-refused\n1 open syn-ack' ]
  connect -p 80 10.9.0.2
  [ "$(tally 10.9.0.2)" = "1 open syn-ack" ]
}

@test "loopback: no connect meets itself" {
  network_make
  listeners scanner 22 40005
  # What picks its source port by itself surely meets itself in so few.
  run_on scanner sysctl -q net.ipv4.ip_local_port_range='40000 40015'
  connect 127.0.0.1
  connect_exact 127.0.0.1 scanner
  local i
  for i in 1 2 3 4 5; do
    connect -p 39990-40030 127.0.0.1 10.9.0.1 ::1
    [ "$(tally 127.0.0.1)" = $'40 closed conn-refused\n1 open syn-ack' ]
    [ "$(tally 10.9.0.1)" = $'40 closed conn-refused\n1 open syn-ack' ]
    [ "$(tally ::1)" = $'40 closed conn-refused\n1 open syn-ack' ]
  done
  # From the very port that is asked, by our own wish.
  connect -g 40010 -p 40000-40015 127.0.0.1
  [ "$(tally 127.0.0.1)" = $'15 closed conn-refused\n1 open syn-ack' ]
}

@test "loopback, IPv6" {
  network_make
  target_busy scanner
  connect ::1
  connect_exact ::1 scanner
}

@test "one's own link-local address, and another's" {
  network_make
  listeners target 80
  wait_until 5 settled scanner
  wait_until 5 settled target
  local host own other
  own=$(ip -n scanner -6 -o address show dev eth0 scope link |
    awk '{ sub("/.*", "", $4); print $4 }')
  other=$(ip -n target -6 -o address show dev eth0 scope link |
    awk '{ sub("/.*", "", $4); print $4 }')
  connect -p 1-100 "$own%eth0" "$other%eth0"
  sed -i 's/%eth0"/"/' "$out"
  [ "$(tally "$own")" = "100 closed conn-refused" ]
  [ "$(tally "$other")" = $'99 closed conn-refused\n1 open syn-ack' ]
}

@test "the place is taken for a while: our trouble, asked again" {
  network_make
  listeners target 80
  # Somebody else is connected from that port to that port.
  ip netns exec scanner perl -MSocket=:all -e '
    socket(my $fd, AF_INET, SOCK_STREAM, 0) or die "socket: $!";
    setsockopt($fd, SOL_SOCKET, SO_REUSEADDR, 1) or die;
    bind($fd, sockaddr_in(40000, inet_aton("10.9.0.1"))) or die "bind: $!";
    connect($fd, sockaddr_in(80, inet_aton("10.9.0.2"))) or die "connect: $!";
    setsockopt($fd, SOL_SOCKET, SO_LINGER, pack("ii", 1, 0)) or die;
    sleep 30' 3>&- &
  local other=$!
  connected() {
    [ -n "$(run_on scanner ss -Htn state established)" ]
  }
  wait_until 5 connected
  scan_start -c -g 40000 -p 79-80 10.9.0.2
  refused_some() {
    grep -q '"port":79' "$out"
  }
  wait_until 5 refused_some
  sleep 0.2
  kill -KILL $other
  wait "$pid"
  account
  [ "$(tally 10.9.0.2)" = $'1 closed conn-refused\n1 open syn-ack' ]
  [ "$(summary "$out" send_errors)" -gt 0 ]
}

@test "-S, -g and -i are on the wire" {
  network_make
  ip -n scanner address add 10.9.0.3/24 dev eth0
  ip -n scanner address add fd00:9::3/64 dev eth0
  firewall target \
    'ip saddr 10.9.0.3 tcp sport 40001 tcp flags syn counter' \
    'ip6 saddr fd00:9::3 tcp sport 40002 tcp flags syn counter' \
    'tcp flags syn counter'
  connect -p 1-500 -S 10.9.0.3 -g 40001 -i eth0 10.9.0.2
  [ "$(tally 10.9.0.2)" = "500 closed conn-refused" ]
  connect -p 1-500 -S fd00:9::3 -g 40002 -i eth0 fd00:9::2
  [ "$(tally fd00:9::2)" = "500 closed conn-refused" ]
  run_on target nft list ruleset | awk '
    { for (i = 1; i <= NF; i++) if ($i == "packets") n[++rules] = $(i + 1) }
    END { print n[1], n[2], n[3]
      exit !(n[1] >= 500 && n[2] >= 500 && n[3] == n[1] + n[2]) }'
}

@test "-g with loss and dropped ports: one try of a port at a time" {
  network_make
  listeners target 80
  run_on target nft -f - <<'RULES'
table inet lossy {
  chain input {
    type filter hook input priority 0
    tcp dport 100-119 drop
    tcp flags syn numgen random mod 100 < 5 drop
  }
}
RULES
  connect -g 40000 -p 1-2000 10.9.0.2
  [ "$(tally 10.9.0.2)" = \
    $'1979 closed conn-refused\n20 filtered timeout\n1 open syn-ack' ]
}

@test "a source that cannot be: exit 1, and which" {
  network_make
  run_on scanner sysctl -q net.ipv4.ip_unprivileged_port_start=1024
  run -1 --separate-stderr run_on scanner bash -c 'ordinary "$@"' source \
    "$SYNSCAN" -q -c -g 22 -p 80 10.9.0.2
  [ "$stderr" = "synscan: connect from port 22: Permission denied" ]
  run -1 --separate-stderr run_on scanner "$SYNSCAN" -q -c -S 10.9.0.77 -p 80 10.9.0.2
  [ "$stderr" = "synscan: connect from 10.9.0.77: Cannot assign requested address" ]
}

@test "-R: no more connects than that, and what is counted is on the wire" {
  network_make
  listeners target 80
  firewall target 'tcp flags syn counter' 'tcp dport 1-50 drop'
  connect -R 0 -p 1-500 10.9.0.2
  [ "$(tally 10.9.0.2)" = \
    $'449 closed conn-refused\n50 filtered timeout\n1 open syn-ack' ]
  [ "$(summary "$out" probes_sent)" = 500 ]
  run_on target nft list ruleset | grep -w 'packets 500'
  connect -p 1-500 10.9.0.2
  run_on target nft list ruleset |
    grep -w "packets $((500 + $(summary "$out" probes_sent)))"
}

@test "-r: no faster than that, and cheap" {
  network_make
  connect -r 1000 -p 1-2000 10.9.0.2
  [ "$(tally 10.9.0.2)" = "2000 closed conn-refused" ]
  awk -v s="$(summary "$out" elapsed_s)" 'BEGIN { exit !(s >= 1.9) }'
}

@test "a silent host costs no processor time" {
  network_make
  firewall target 'tcp dport 1-65535 drop'
  local TIMEFORMAT='%U %S'
  { time connect -p 1-100 10.9.0.2; } 2>"$BATS_TEST_TMPDIR/time"
  cat "$BATS_TEST_TMPDIR/time"
  [ "$(tally 10.9.0.2)" = "100 filtered timeout" ]
  awk '{ exit !($1 + $2 < 1) }' <(tail -n 1 "$BATS_TEST_TMPDIR/time")
}

@test "two scans at once" {
  network_make
  target_busy target
  local first=$BATS_TEST_TMPDIR/first.ndjson second=$out
  out=$first
  scan_start -c 10.9.0.2
  out=$second
  connect 10.9.0.2
  wait "$pid"
  connect_exact 10.9.0.2 target
  out=$first
  account
  connect_exact 10.9.0.2 target
}

@test "Ctrl-C: exit 3 within a second, with what is known" {
  network_make
  target_busy target
  scan_start -c -r 5000 10.9.0.2
  wait_until 10 received target 2000
  local start status=0
  start=$(clock_ms)
  kill -INT "$pid"
  wait "$pid" || status=$?
  [ $(($(clock_ms) - start)) -lt 3000 ] # on a busy machine
  [ $status = 3 ]
  account
  [ "$(summary "$out" unasked)" -gt 0 ]
  [ "$(summary "$out" closed)" -gt 1000 ]
  [ "$(summary "$out" complete)" = false ]
  no_connection scanner
}

@test "stopped and continued: exact" {
  network_make
  target_busy target
  scan_start -c 10.9.0.2
  local i
  for i in 1 2 3; do
    wait_until 10 received target $((i * 15000))
    kill -STOP "$pid"
    sleep 0.3
    kill -CONT "$pid"
  done
  wait "$pid"
  account
  connect_exact 10.9.0.2 target
}

@test "absent hosts: no-neighbour, within seconds" {
  network_make
  SECONDS=0
  connect -p 1-1000 10.9.0.77 fd00:9::77
  [ $SECONDS -le 6 ]
  [ "$(tally 10.9.0.77)" = "1000 filtered no-neighbour" ]
  [ "$(tally fd00:9::77)" = "1000 filtered no-neighbour" ]
  connect -R 0 -p 80 10.9.0.70-10.9.0.79
  [ "$(grep -c no-neighbour "$out")" = 10 ]
}

@test "a network: who is there, who is not, and no broadcast address" {
  network_make
  listeners target 80
  connect -p 80,81 10.9.0.0/29
  [ "$(tally 10.9.0.2)" = $'1 closed conn-refused\n1 open syn-ack' ]
  [ "$(tally 10.9.0.1)" = "2 closed conn-refused" ]
  [ "$(tally 10.9.0.5)" = "2 filtered no-neighbour" ]
}

@test "more neighbours than the kernel has room for" {
  network_make
  listeners target 80
  ip -n scanner address add 10.20.0.1/16 dev eth0
  ip -n target address add 10.20.7.200/16 dev eth0
  connect -p 80 10.20.0.2-10.20.7.255
  [ "$(tally 10.20.7.200)" = "1 open syn-ack" ]
  [ "$(grep -c no-neighbour "$out")" = 2045 ]
}

@test "behind a gateway: what it says, and when it is gone" {
  network_router
  target_busy target
  connect 10.9.0.2 fd00:9::2
  connect_exact 10.9.0.2 target
  connect_exact fd00:9::2 target
  ip -n router route add unreachable 10.99.0.0/16
  ip -n router route add prohibit 10.98.0.0/16
  connect -p 1-2 10.99.0.1 10.98.0.1
  [ "$(tally 10.99.0.1)" = "2 filtered icmp-host-unreach" ]
  [ "$(tally 10.98.0.1)" = "2 filtered icmp-admin-prohibited" ]
  ip -n router link set eth0 down
  ip -n scanner neigh flush all
  connect -p 1-100 10.9.0.2
  [ "$(tally 10.9.0.2)" = "100 filtered no-neighbour" ]
}

@test "an interface without ARP has no neighbours" {
  network_make
  listeners target 80
  firewall target 'tcp dport 100-149 drop'
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
  connect -p 1-1000 10.9.0.2 fd00:9::2
  local address
  for address in 10.9.0.2 fd00:9::2; do
    [ "$(tally $address)" = \
      $'949 closed conn-refused\n50 filtered timeout\n1 open syn-ack' ]
  done
}

@test "no route to any target: exit 1; to some: no-route" {
  network_make
  listeners target 80
  run -1 --separate-stderr run_on scanner "$SYNSCAN" -c -p 80 192.0.2.1
  [ -z "$output" ]
  [[ $stderr == *route* ]]
  ip -n scanner route add prohibit 198.51.100.0/24
  connect -p 80-82 10.9.0.2 192.0.2.1 198.51.100.5
  [ "$(tally 10.9.0.2)" = $'2 closed conn-refused\n1 open syn-ack' ]
  [ "$(tally 192.0.2.1)" = "3 filtered no-route" ]
  [ "$(tally 198.51.100.5)" = "3 filtered no-route" ]
}

# own_firewall RULE...: on what leaves the scanner
own_firewall() {
  {
    echo 'table inet own { chain output { type filter hook output priority 0;'
    printf '%s\n' "$@"
    echo '}'
    echo '}'
  } | run_on scanner nft -f -
}

@test "the scanner's own firewall rejects all: named, exit 1 within a second" {
  network_make
  listeners target 80
  own_firewall 'ip daddr 10.9.0.2 tcp flags syn reject'
  local start
  start=$(clock_ms)
  run -1 --separate-stderr run_on scanner "$SYNSCAN" -c -n -p 1-1000 \
    -o "ndjson:$out" --show all 10.9.0.2
  [ $(($(clock_ms) - start)) -lt 1200 ]
  echo "$stderr"
  [[ $stderr == *firewall* ]]
  account
  [ "$(summary "$out" filtered)" = 0 ]
  [ "$(summary "$out" unasked)" = 1000 ]
}

@test "... some: unasked, exit 3, and none of them called filtered" {
  network_make
  listeners target 80
  own_firewall 'tcp dport 100-149 reject with icmpx type admin-prohibited'
  run -3 --separate-stderr run_on scanner "$SYNSCAN" -c -n -p 1-1000 \
    -o "ndjson:$out" --show all 10.9.0.2
  [[ $stderr == *firewall* ]]
  account
  [ "$(tally 10.9.0.2)" = $'949 closed conn-refused\n1 open syn-ack' ]
  [ "$(summary "$out" unasked)" = 50 ]
}

# refused SETTINGS ARGUMENT...: a connect scan in which the kernel refuses, as
# tests/net/refuse.c says
refused() {
  local settings=$1 shim=$top_builddir/tests/net/refuse.so
  shift
  # shellcheck disable=SC2086
  run_on scanner env $settings LD_PRELOAD="$shim" "$SYNSCAN" -c -v --show all \
    -o "ndjson:$out" "$@"
}

need_shim() {
  [ -e "$top_builddir/tests/net/refuse.so" ] ||
    skip "a sanitizer's build takes no preloaded library"
}

@test "connect() refused for want of room: asked again, exact" {
  need_shim
  network_make
  listeners target 80
  local number
  # EAGAIN, ENOMEM, EADDRNOTAVAIL, ENOBUFS
  for number in 11 12 99 105; do
    refused "REFUSE_ERRNO=$number REFUSE_PORTS=1-2000 REFUSE_TIMES=80" \
      -p 1-2000 10.9.0.2
    account
    [ "$(tally 10.9.0.2)" = $'1999 closed conn-refused\n1 open syn-ack' ]
    [ "$(summary "$out" send_errors)" -gt 0 ]
    [ "$(summary "$out" probes_sent)" = 2000 ]
  done
}

@test "EPERM for all: the firewall named, exit 1 within a second" {
  need_shim
  network_make
  local start
  start=$(clock_ms)
  run -1 --separate-stderr refused 'REFUSE_ERRNO=1 REFUSE_PORTS=1-65535' 10.9.0.2
  [ $(($(clock_ms) - start)) -lt 1200 ]
  [[ $stderr == *"a local firewall refuses the connections (Operation not permitted)"* ]]
  account
  [ "$(summary "$out" unasked)" = 65535 ]
}

@test "EPERM for some: unasked, exit 3" {
  need_shim
  network_make
  run -3 --separate-stderr refused 'REFUSE_ERRNO=1 REFUSE_PORTS=100-149' \
    -p 1-1000 10.9.0.2
  [[ $stderr == *firewall* ]]
  account
  [ "$(tally 10.9.0.2)" = "950 closed conn-refused" ]
  [ "$(summary "$out" unasked)" = 50 ]
}

@test "fewer descriptors than the limit says: exact" {
  need_shim
  network_make
  listeners target 80
  firewall target 'tcp dport 100-399 drop'
  refused 'REFUSE_SOCKETS=90' -p 1-3000 10.9.0.2 2>"$BATS_TEST_TMPDIR/stderr"
  grep 'out of descriptors' "$BATS_TEST_TMPDIR/stderr"
  account
  [ "$(tally 10.9.0.2)" = \
    $'2699 closed conn-refused\n300 filtered timeout\n1 open syn-ack' ]
}

@test "the target goes for good: exit 3, and what it had not answered is unasked" {
  network_make
  scan_start -c --max-rate 20k 10.9.0.2
  wait_until 10 received target 5000
  firewall target 'tcp dport 1-65535 drop'
  local status=0
  wait "$pid" || status=$?
  [ $status = 3 ]
  account
  grep -q 'stopped answering' "$BATS_TEST_TMPDIR/stderr"
  [ "$(summary "$out" filtered)" = 0 ]
  [ "$(summary "$out" unasked)" -gt 1000 ]
}

# examples FILE: what it shows as `synscan -c ...`
examples() {
  sed -n -e 's/^\.Dl \$ synscan -c /-c /p' -e 's/^    synscan -c /-c /p' "$1"
}

@test "the examples of the manual and of the README" {
  network_make
  listeners target 22 80
  local file line n=0
  for file in man/synscan.8 README.md; do
    while read -r line; do
      n=$((n + 1))
      # shellcheck disable=SC2086
      run -0 run_on scanner bash -c 'ordinary "$@"' example "$SYNSCAN" $line
      echo "synscan $line: $output"
      [[ $output == *"80  open      syn-ack"* ]]
    done < <(examples "$top_srcdir/$file")
  done
  [ $n = 4 ]
}

@test "the order is that of the SYN scan with the same seed" {
  network_make
  diff <(run_on scanner "$SYNSCAN" --dry-run --seed 7 -p 1-500 10.9.0.2) \
    <(run_on scanner "$SYNSCAN" -c --dry-run --seed 7 -p 1-500 10.9.0.2)
}
