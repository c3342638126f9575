# SPDX-License-Identifier: BSD-2-Clause
# Rates that take the frames out by AF_XDP.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154,SC2034
load scan

setup() {
  out=$BATS_TEST_TMPDIR/out.ndjson
  perl -e 'exit !socket(my $xdp, 44, 3, 0)' || skip "the kernel has no AF_XDP"
}

# crowd: twenty more addresses of the target
crowd() {
  network_make
  ip -n target route add local 10.10.0.0/24 dev lo
  ip -n scanner route add 10.10.0.0/24 via 10.9.0.2
  crowd='10.10.0.1-10.10.0.20'
}

# sent: what left the scanner's eth0
sent() {
  run_on scanner cat /sys/class/net/eth0/statistics/tx_packets
}

@test "400,000 a second: exact, and every frame is accounted for" {
  network_make
  target_busy target
  ip -n scanner neigh replace 10.9.0.2 lladdr \
    "$(run_on target cat /sys/class/net/eth0/address)" dev eth0
  local before
  before=$(sent)
  scan -v -r 400k 10.9.0.2 2>"$BATS_TEST_TMPDIR/said"
  cat "$BATS_TEST_TMPDIR/said"
  grep -q 'Ethernet frames by AF_XDP$' "$BATS_TEST_TMPDIR/said"
  exact 10.9.0.2 target
  # Beside the probes: a RST of our kernel for each SYN,ACK, requests for
  # neighbours.
  local more=$(($(sent) - before - $(summary "$out" probes_sent)))
  echo "$more more"
  [ $more -ge 0 ] && [ $more -lt 300 ]
}

@test "slower, recorded or behind a queueing discipline: packet sockets" {
  network_make
  local said=$BATS_TEST_TMPDIR/said
  scan -v -r 1k -p 1-10 10.9.0.2 2>"$said"
  grep -q 'Ethernet frames$' "$said"
  scan -v -r 400k --pcap "$BATS_TEST_TMPDIR/run.pcapng" -p 1-10 10.9.0.2 2>"$said"
  grep -q 'Ethernet frames$' "$said"
  ip -n scanner link set eth0 txqueuelen 100
  run_on scanner tc qdisc add dev eth0 root pfifo
  scan -v -r 400k -p 1-10 10.9.0.2 2>"$said"
  cat "$said"
  grep -q 'Ethernet frames$' "$said"
}

@test "two at once: the queue is the first one's, and both are exact" {
  crowd
  scan_start -v -r 300k --show open -p 1-20000 $crowd
  local first=$out
  wait_until 10 received target 1000
  out=$BATS_TEST_TMPDIR/second.ndjson
  scan -v -r 400k -p 1-100 10.9.0.2 2>"$BATS_TEST_TMPDIR/said"
  [ "$(tally 10.9.0.2)" = "100 closed rst" ]
  grep -q 'AF_XDP$' "$BATS_TEST_TMPDIR/stderr"
  wait "$pid"
  [ "$(summary "$first" closed)" = 400000 ]
}

@test "the cable is out for half a second: no port is called filtered" {
  crowd
  scan_start -r 300k --show open -p 1-20000 $crowd
  wait_until 10 received target 30000
  ip -n target link set eth0 down
  sleep 0.5
  ip -n target link set eth0 up
  ip -n target -6 address replace fd00:9::2/64 dev eth0 nodad
  local status=0
  wait "$pid" || status=$?
  cat "$BATS_TEST_TMPDIR/stderr"
  [ "$(summary "$out" filtered)" = 0 ]
  if [ $status = 0 ]; then
    [ "$(summary "$out" closed)" = 400000 ]
  else
    [ $status = 3 ]
  fi
}

@test "the interface is deleted: exit 3, and the rest is unasked" {
  crowd
  scan_start -r 300k --show open -p 1-60000 $crowd
  wait_until 10 received target 30000
  ip -n scanner link delete eth0
  local status=0
  wait "$pid" || status=$?
  cat "$BATS_TEST_TMPDIR/stderr"
  [ $status = 3 ]
  [ "$(summary "$out" filtered)" = 0 ]
  [ "$(summary "$out" closed)" -gt 1000 ]
  [ "$(summary "$out" unasked)" -gt 1000 ]
}
