# SPDX-License-Identifier: BSD-2-Clause
# synudp between namespaces: what becomes of datagrams.
# shellcheck disable=SC2154,SC2030,SC2031,SC2034,SC2016
load udp

@test "nothing happens to them: IPv4, IPv6, link-local" {
  network_make
  wait_until 5 settled target
  serve
  local address host
  address=$(ip -n target -6 -o address show dev eth0 scope link |
    awk '{ sub("/.*", "", $4); print $4 }')
  for host in 10.9.0.2 fd00:9::2 "$address%eth0"; do
    probe 0 -c 50 --interval 1ms "$host" 7007
    got sent=50 received=50 lost=0 duplicated=0 reordered=0 late=0 \
      corrupted=0 rejected=0 server_received=50 server_replied=50 \
      rtt_samples=50 end=done complete=true
  done
  serve_end
  [ "$(value "$served" probes)" = 150 ]
  [ "$(value "$served" sessions)" = 3 ]
}

@test "the server's addresses are those that a peer can type" {
  network_make
  serve
  wait_until 5 grep -q '"serving"' "$served"
  diff <(sed -n 's/^{"type":"listen","ip":"\(.*\)","port":7007}$/\1/p' \
    "$served") <(printf '%s\n' 10.9.0.2 fd00:9::2 127.0.0.1 ::1)
  serve_end
}

@test "the reply comes from the address that was asked" {
  network_make
  ip -n target address add 10.9.0.22/24 dev eth0
  ip -n target address add fd00:9::22/64 dev eth0
  serve
  local host
  for host in 10.9.0.22 fd00:9::22; do
    probe 0 -c 3 --interval 1ms "$host" 7007
    got received=3
  done
}

@test "packets of each size, as the kernel counts fragments" {
  network_make
  serve
  local before size packets fragments
  while read -r size packets fragments; do
    before=$(counter scanner snmp Ip:FragCreates)
    probe 0 -c 1 -s "$size" 10.9.0.2 7007
    got received=1 packets="$packets"
    [ $(($(counter scanner snmp Ip:FragCreates) - before)) = "$fragments" ]
  done <<'END'
60 1 0
1472 1 0
1473 2 2
2934 2 2
65507 45 45
END
  while read -r size packets fragments; do
    before=$(counter scanner snmp6 Ip6FragCreates)
    probe 0 -c 1 -s "$size" fd00:9::2 7007
    got received=1 packets="$packets"
    [ $(($(counter scanner snmp6 Ip6FragCreates) - before)) = "$fragments" ]
  done <<'END'
1452 1 0
1453 2 2
2934 3 3
65527 46 46
END
}

@test "--sizes: one line for each, and what came back" {
  network_make
  serve
  probe 0 --sizes 1470-1474:2 10.9.0.2 7007
  got sizes=3 came_back=3
  [ "$(sed -n 's/.*"size":\([0-9]*\),"mtu":1500,"packets":\([12]\),"sent":1,"received":1,.*/\1 \2/p' "$out")" = \
    $'1470 1\n1472 1\n1474 2' ]
  run -0 run_on scanner "$SYNUDP" probe --sizes 1472-1473 10.9.0.2 7007
  [[ ${lines[2]} =~ ^" "+1472" "+1" "+1" "+1" "+[0-9.]+" ms"$ ]]
  [[ ${lines[3]} =~ ^" "+1473" "+2" "+1" "+1" "+[0-9.]+" ms"$ ]]
  # fragments that get lost
  rules target prerouting 'ip frag-off & 0x1fff != 0 drop'
  probe 0 --timeout 100ms --sizes 1472-1473 10.9.0.2 7007
  got sizes=2 came_back=1
  grep -q '"size":1473,.*"lost_out":1,' "$out" ||
    grep -q '"size":1473,.*"lost_unknown":1,' "$out"
}

@test "more than the protocol allows is said before anything is sent" {
  network_make
  serve
  local before
  before=$(counter scanner snmp Udp:OutDatagrams)
  run -2 --separate-stderr run_on scanner "$SYNUDP" probe -s 65508 10.9.0.2 7007
  [[ $stderr == *65508*65507* ]]
  [ -z "$output" ]
  run -2 run_on scanner "$SYNUDP" probe --sizes 60-65508 10.9.0.2 7007
  [[ $output == *65508*65507* ]]
  run -2 run_on scanner "$SYNUDP" probe -s 65528 fd00:9::2 7007
  [[ $output == *65528*65527* ]]
  [ "$(counter scanner snmp Udp:OutDatagrams)" = "$before" ]
}

@test "--df: what fits in one packet passes, a byte more does not" {
  network_make
  serve
  probe 0 --df -s 1472 -c 2 --interval 1ms 10.9.0.2 7007
  got received=2
  probe 1 --df -s 1473 10.9.0.2 7007
  got sent=0 end=too-big
  grep -q '^{"type":"icmp",.*"origin":"local","mtu":1500}' "$out"
  grep -q '1473.*1500.*1472' "$BATS_TEST_TMPDIR/probe.stderr"
  probe 0 --df -s 1452 -c 2 --interval 1ms fd00:9::2 7007
  probe 1 --df -s 1453 fd00:9::2 7007
  got sent=0 end=too-big
  probe 0 --df --sizes 1471-1474 10.9.0.2 7007
  got sizes=4 came_back=2
}

@test "--df: a route of MTU 1400 is told by the error queue" {
  network_make
  ip -n scanner route change 10.9.0.0/24 dev eth0 src 10.9.0.1 mtu 1400
  serve
  probe 1 --df -s 1373 10.9.0.2 7007
  grep -q '"origin":"local","mtu":1400}' "$out"
  probe 0 --df -s 1372 -c 1 10.9.0.2 7007
  probe 0 --df 10.9.0.2 7007
  got path_mtu=1400 size=1372
}

# A link of 1400 behind the router.
narrow() {
  network_router
  ip -n router link set eth1 mtu 1400
  ip -n target link set eth0 mtu 1400
  serve
}

@test "--df: the path MTU through a router that says so" {
  narrow
  probe 0 --df 10.9.0.2 7007
  got path_mtu=1400 size=1372 black_hole=false at_least=false
  probe 0 --df fd00:9::2 7007
  got path_mtu=1400 size=1352 black_hole=false
}

@test "--df: the router's message, to a datagram of one's own" {
  narrow
  probe 1 --df -s 1472 10.9.0.2 7007
  got sent=1 end=too-big
  grep -q '"icmp_type":3,"icmp_code":4,"from":"10.9.1.254","mtu":1400}' "$out"
  probe 1 --df -s 1452 fd00:9::2 7007
  grep -q '"icmp_type":2,"icmp_code":0,"from":"fd00:9:1::254","mtu":1400}' \
    "$out"
  # without it, the router and the sender may cut
  probe 0 -s 1472 -c 1 10.9.0.2 7007
  got received=1
}

@test "--df: the path MTU through a router that says nothing" {
  narrow
  rules router output 'icmp code frag-needed drop' \
    'icmpv6 type packet-too-big drop'
  probe 0 --df --timeout 50ms 10.9.0.2 7007
  got path_mtu=1400 size=1372 black_hole=true
  probe 0 --df --timeout 50ms fd00:9::2 7007
  got path_mtu=1400 size=1352 black_hole=true
}

@test "a closed port is refused, and by whom" {
  network_make
  probe 1 10.9.0.2 7008
  got sent=1 received=0 end=refused
  grep -q '"name":"port unreachable","origin":"icmp","icmp_type":3,"icmp_code":3,"from":"10.9.0.2"}' "$out"
  grep -q 'refused: port unreachable (ICMP 3/3) from 10.9.0.2' \
    "$BATS_TEST_TMPDIR/probe.stderr"
  probe 1 fd00:9::2 7008
  grep -q 'refused: port unreachable (ICMPv6 1/4) from fd00:9::2' \
    "$BATS_TEST_TMPDIR/probe.stderr"
  probe 1 --df 10.9.0.2 7008
  got end=refused
  probe 1 --sizes 60-70 10.9.0.2 7008
  got sizes=1
}

@test "a server that ends meanwhile: refused, with what there was" {
  network_make
  serve
  run_on scanner "$SYNUDP" probe -c 1000 --interval 5ms -o "ndjson:$out" \
    10.9.0.2 7007 2>"$BATS_TEST_TMPDIR/probe.stderr" 3>&- &
  local prober=$! status=0
  wait_until 5 grep -q '"reply"' "$out"
  serve_end
  wait $prober || status=$?
  [ "$status" = 1 ]
  got end=refused
  [ "$(value "$out" received)" -ge 1 ]
}

@test "a server that ends once it has answered all" {
  network_make
  ip netns exec target perl -MSocket=:all -e '
    socket(my $s, AF_INET, SOCK_DGRAM, 0) or die;
    bind($s, sockaddr_in(7007, INADDR_ANY)) or die;
    for (1 .. 5) { my $who = recv($s, my $got, 65536, 0);
      send($s, $got, 0, $who) }' 3>&- &
  wait_until 5 udp_bound target 7007
  probe 0 -c 5 --interval 1ms 10.9.0.2 7007
  got received=5 lost=0 end=done
}

@test "a router's other messages" {
  network_router
  rules router forward 'udp dport 7007 reject with icmpx type admin-prohibited'
  probe 1 -c 3 --interval 1ms 10.9.0.2 7007
  got sent=3 received=0 icmp_errors=3 end=done
  grep -q 'no reply: administratively prohibited (ICMP 3/13) from 10.9.1.254' \
    "$BATS_TEST_TMPDIR/probe.stderr"
  probe 1 -c 1 fd00:9::2 7007
  grep -q '(ICMPv6 1/1) from fd00:9:1::254' "$BATS_TEST_TMPDIR/probe.stderr"
}

@test "a firewall that begins to reject: its messages count, once each" {
  network_make
  serve
  rules target input \
    'udp dport 7007 quota over 1000 bytes reject with icmpx type admin-prohibited'
  probe 0 -c 20 --interval 2ms --timeout 100ms 10.9.0.2 7007
  got sent=20 received=10 icmp_errors=10 end=done
}

@test "silence, no route, and one's own firewall differ" {
  network_make
  rules target input 'udp dport 7007 drop'
  probe 1 -c 2 --interval 1ms --timeout 50ms 10.9.0.2 7007
  got sent=2 lost=2 lost_unknown=2
  grep -q 'firewall' "$BATS_TEST_TMPDIR/probe.stderr"
  run -1 run_on scanner "$SYNUDP" probe 192.0.2.1 7007
  [[ $output == *"no route to 192.0.2.1"* ]]
  rules scanner output 'udp dport 7007 drop'
  probe 1 -c 2 --interval 1ms --timeout 50ms 10.9.0.2 7007
  got sent=0 blocked=2
  grep -q 'own firewall.*EPERM' "$BATS_TEST_TMPDIR/probe.stderr"
}

@test "losses out and losses back, to the last one" {
  network_make
  serve
  # reports are of 60 bytes and no random rule is for them
  rules target input 'udp dport 7007 udp length 80 numgen random mod 100 < 20 counter drop'
  rules target output 'udp sport 7007 udp length 80 numgen random mod 100 < 20 counter drop'
  local host lost_out=0 lost_back=0 counts
  for host in 10.9.0.2 fd00:9::2; do
    probe 0 -c 500 -s 72 --interval 200us --timeout 100ms "$host" 7007
    got sent=500 lost_unknown=0 rejected=0 duplicated=0
    lost_out=$((lost_out + $(value "$out" lost_out)))
    lost_back=$((lost_back + $(value "$out" lost_back)))
    read -ra counts <<<"$(packets target)"
    [ "$lost_out $lost_back" = "${counts[0]} ${counts[1]}" ]
  done
  [ "$lost_out" -gt 100 ]
  [ "$lost_back" -gt 100 ]
  # the lost ones are named
  [ "$(grep -c '^{"type":"lost"' "$out")" = "$(value "$out" lost)" ]
}

@test "losses while the reports are lost too" {
  network_make
  serve
  rules target output 'udp sport 7007 numgen random mod 100 < 40 drop'
  rules target input 'udp dport 7007 udp length 80 numgen random mod 100 < 10 counter drop'
  probe 0 -c 200 -s 72 --interval 200us --timeout 100ms 10.9.0.2 7007
  [ "$(value "$out" lost_unknown)" = 0 ]
  local counts
  read -ra counts <<<"$(packets target)"
  got lost_out="${counts[0]}"
}

# impaired ARGUMENT...: 400 datagrams through such a server, twice; the second
# time all must be the same
impaired() {
  serve --seed 1f "$@"
  probe 0 -c 400 -s "${size:-100}" --interval 200us --timeout 500ms \
    10.9.0.2 7007
  serve_end
  fates "$out" >"$BATS_TEST_TMPDIR/first"
  mv "$served" "$served.first"
  serve --seed 1f "$@"
  probe 0 -c 400 -s "${size:-100}" --interval 200us --timeout 500ms \
    10.9.0.2 7007
  serve_end
  fates "$out" | diff "$BATS_TEST_TMPDIR/first" -
  local name
  for name in dropped duplicated reordered corrupted sent; do
    [ "$(value "$served" $name)" = "$(value "$served.first" $name)" ]
  done
}

@test "serve --drop: every loss is the server's, and again" {
  network_make
  impaired --drop 12.5
  got received=$((400 - $(value "$served" dropped))) lost_out=0 \
    lost_back="$(value "$served" dropped)" duplicated=0 reordered=0
  [ "$(value "$served" dropped)" -gt 20 ]
}

@test "serve --dup: none is lost and none invented" {
  network_make
  impaired --dup 10%
  got received=400 lost=0 duplicated="$(value "$served" duplicated)" \
    reordered=0 server_replied=$((400 + $(value "$served" duplicated)))
  [ "$(value "$served" duplicated)" -gt 15 ]
}

@test "serve --reorder: each by one" {
  network_make
  impaired --reorder 10
  got received=400 lost=0 duplicated=0 reordered_by_max=1 \
    reordered="$(value "$served" reordered)" server_reordered=0
  [ "$(value "$served" reordered)" -gt 15 ]
}

@test "serve --corrupt: all found, none invented, wherever the byte is" {
  network_make
  local size
  for size in 60 100 1400; do
    impaired --corrupt 20
    got received=$((400 - $(value "$served" corrupted))) lost=0 rejected=0 \
      corrupted="$(value "$served" corrupted)" duplicated=0 \
      only_damaged="$(value "$served" corrupted)"
    [ "$(value "$served" corrupted)" -gt 40 ]
    mv "$out" "$out.$size"
  done
}

@test "serve: all at once" {
  network_make
  impaired --drop 5 --dup 5 --reorder 5 --corrupt 5 --delay 20ms
  got lost_out=0 lost_back="$(value "$served" dropped)" \
    duplicated="$(value "$served" duplicated)" \
    reordered="$(value "$served" reordered)" \
    corrupted="$(value "$served" corrupted)" rejected=0 late=0 \
    server_replied="$(($(value "$served" sent) - 1))"
  awk -v min="$(value "$out" rtt_min_us)" 'BEGIN { exit !(min >= 20000) }'
}

@test "serve --delay: late is not lost" {
  network_make
  serve --delay 300ms
  probe 0 -c 20 --interval 1ms --timeout 100ms 10.9.0.2 7007
  got received=20 late=20 lost=0 lost_unknown=0
  awk -v min="$(value "$out" rtt_min_us)" 'BEGIN { exit !(min >= 300000) }'
  probe 0 -c 20 --interval 1ms --timeout 2s 10.9.0.2 7007
  got received=20 late=0
}

@test "--corrupt 0 on a path that does all else: none is invented" {
  network_make
  serve --drop 10 --dup 10 --reorder 10
  probe 0 -c 500 -s 1400 --interval 200us --timeout 100ms 10.9.0.2 7007
  got corrupted=0 rejected=0
}

# tally: the counts of $out once more, from the order of its lines alone
tally() {
  sed -n 's/^{"type":"reply","seq":\([0-9]*\),.*/\1/p' "$out" | awk '
    seen[$1]++ { again++; next }
    $1 > highest { highest = $1; next }
    { reordered++; if (highest - $1 > far) far = highest - $1 }
    END { printf "duplicated=%d reordered=%d reordered_by_max=%d\n",
      again, reordered, far }'
}

@test "a path that doubles and reorders both ways" {
  local host
  for host in scanner way target; do host_make $host; done
  link_make scanner eth0 10.9.0.1/24,fd00:9::1/64 way eth0 ''
  link_make target eth0 10.9.0.2/24,fd00:9::2/64 way eth1 ''
  ip netns exec way "$top_builddir/tests/bench/impair" --delay 2 --dup 5 \
    --reorder 5 eth0 eth1 >/dev/null 3>&- &
  wait_until 5 bridged way
  serve
  wait_until 10 answered
  probe 0 -c 1000 --interval 500us --timeout 500ms 10.9.0.2 7007
  got sent=1000 received=1000 lost=0 corrupted=0 rejected=0
  # shellcheck disable=SC2046
  got $(tally)
  # those that the server saw, and those of the way back beside them
  [ "$(value "$out" server_duplicates)" -gt 10 ]
  [ "$(value "$out" server_reordered)" -gt 10 ]
  [ "$(value "$out" duplicated)" -gt "$(value "$out" server_duplicates)" ]
  [ "$(value "$out" reordered_by_max)" -ge 2 ]
}

@test "a path on which the last counts overtake the last replies" {
  local host
  for host in scanner way target; do host_make $host; done
  link_make scanner eth0 10.9.0.1/24 way eth0 ''
  link_make target eth0 10.9.0.2/24 way eth1 ''
  ip netns exec way "$top_builddir/tests/bench/impair" --delay 1 --jitter 40 \
    --dup 50 eth0 eth1 >/dev/null 3>&- &
  wait_until 5 bridged way
  serve
  wait_until 10 answered
  probe 0 -c 200 --interval 100us --timeout 20ms 10.9.0.2 7007
  got received=200 lost=0
  # shellcheck disable=SC2046
  got $(tally)
}

@test "a path with a long delay: RTT, and late ones" {
  network_far 60 0 0
  serve
  wait_until 10 answered
  probe 0 -c 20 --interval 5ms --timeout 1s 10.9.0.2 7007
  got received=20 late=0
  awk -v low="$(value "$out" rtt_min_us)" -v mid="$(value "$out" rtt_median_us)" \
    'BEGIN { exit !(low >= 120000 && mid < 160000) }'
  probe 0 -c 20 --interval 5ms --timeout 50ms 10.9.0.2 7007
  got received=20 late=20 lost=0
}

# backlog: what the kernel had no room for before any socket was found; of
# all namespaces
backlog() {
  local line sum=0
  while read -ra line; do
    sum=$((sum + 16#${line[1]}))
  done </proc/net/softnet_stat
  echo $sum
}

@test "a flood: what the sockets had no room for is told, and all adds up" {
  network_make
  serve
  local before lost told
  before=$(backlog)
  probe 0 -c 30000 --interval 0 10.9.0.2 7007
  serve_end
  got sent=30000 lost_unknown=0 rejected=0 duplicated=0
  lost=$(value "$out" lost)
  told=$(($(value "$served" socket_drops) + $(value "$out" socket_drops)))
  echo "lost $lost, told $told"
  [ "$lost" -ge "$told" ]
  [ "$lost" -le $((told + $(backlog) - before)) ]
  [ "$(value "$out" lost_out)" -ge "$(value "$served" socket_drops)" ]
  [ "$(value "$out" lost_back)" -ge "$(value "$out" socket_drops)" ]
}
