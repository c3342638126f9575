# SPDX-License-Identifier: BSD-2-Clause
# Loss, interruption, forgery, failing interfaces.
# shellcheck disable=SC2016,SC2154,SC2034
load scan

# rules HOST: from stdin
rules() {
  run_on "$1" nft -f -
}

@test "Ctrl-C: exit 3 within a second, with what is known" {
  network_make
  target_busy target
  scan_start -r 5000 10.9.0.2
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
}

@test "SIGTERM: the same" {
  network_make
  scan_start -r 5000 10.9.0.2
  wait_until 10 received target 500
  local status=0
  kill -TERM "$pid"
  wait "$pid" || status=$?
  [ $status = 3 ]
  account
  [ "$(summary "$out" unasked)" -gt 0 ]
}

@test "stopped and continued: replies that were missed are asked for again" {
  network_make
  target_busy target
  scan_start 10.9.0.2 fd00:9::2
  local i
  for i in 1 2 3; do
    wait_until 10 received target $((i * 15000))
    kill -STOP "$pid"
    sleep 0.3
    kill -CONT "$pid"
  done
  wait "$pid"
  account
  exact 10.9.0.2 target
  exact fd00:9::2 target
}

@test "killed outright: the lines that are there are whole" {
  network_make
  scan_start -r 20000 10.9.0.2
  wait_until 10 received target 20000
  kill -KILL "$pid"
  wait "$pid" || :
  local whole
  whole=$(grep -c '^{"type":"port",.*}$' "$out")
  [ "$whole" -gt 1000 ]
  [ "$(wc -l <"$out")" = "$whole" ]
}

@test "open ports whose first SYN,ACK is lost read open" {
  network_make
  listeners target {8001..8200}
  rules target <<'END'
table inet lossy {
  set seen {
    type inet_service
    flags dynamic
    size 65535
  }
  chain output {
    type filter hook output priority 0
    tcp flags & (syn|ack) == syn|ack tcp sport != @seen add @seen { tcp sport } drop
  }
}
END
  scan -p 8000-8201 10.9.0.2
  [ "$(tally 10.9.0.2)" = $'2 closed rst\n200 open syn-ack' ]
  run_on target nft flush set inet lossy seen
  scan -p 8000-8201 fd00:9::2
  [ "$(tally fd00:9::2)" = $'2 closed rst\n200 open syn-ack' ]
  run_on target nft flush set inet lossy seen
  scan -g 40000 -p 8000-8201 10.9.0.2
  [ "$(tally 10.9.0.2)" = $'2 closed rst\n200 open syn-ack' ]
}

@test "5 % loss each way: exact" {
  network_make
  listeners target {8001..8020}
  rules target <<'END'
table inet lossy {
  chain input {
    type filter hook input priority 0
    numgen random mod 100 < 5 drop
  }
  chain output {
    type filter hook output priority 0
    numgen random mod 100 < 5 drop
  }
}
END
  scan 10.9.0.2
  exact 10.9.0.2 target
}

@test "forged replies change nothing and are counted" {
  network_make
  firewall target 'tcp dport 5000-5099 drop'
  # A SYN,ACK and a RST from each port, over and over, with a wrong number.
  ip netns exec target perl -MSocket=:all -e '
    socket(my $raw, AF_INET, SOCK_RAW, IPPROTO_TCP) or die "socket: $!";
    my ($from, $to) = map { inet_aton($_) } "10.9.0.2", "10.9.0.1";
    sub sum { my $n = 0; $n += $_ for unpack "n*", shift;
      $n = ($n & 65535) + ($n >> 16) while $n >> 16; ~$n & 65535 }
    for (;;) { for my $port (5000 .. 5099) { for my $flags (0x12, 0x14) {
      my $tcp = pack "nnNNCCnnn", $port, 40000, 1, 12345, 0x50, $flags, 99, 0, 0;
      substr($tcp, 16, 2) = pack "n",
        sum($from . $to . pack("nn", IPPROTO_TCP, 20) . $tcp);
      send $raw, $tcp, 0, pack_sockaddr_in(0, $to);
    } } select undef, undef, undef, 0.002 }' 3>&- &
  wait_until 10 received scanner 500
  scan -g 40000 -p 5000-5100 10.9.0.2
  [ "$(tally 10.9.0.2)" = $'1 closed rst\n100 filtered no-reply' ]
  [ "$(summary "$out" replies_rejected)" -gt 0 ]
}

@test "the interface is deleted before anything answered: exit 1" {
  network_make
  firewall target 'tcp dport 1-65535 drop'
  scan_start -r 2000 10.9.0.2
  wait_until 10 received target 100
  ip -n scanner link delete eth0
  local status=0
  wait "$pid" || status=$?
  cat "$BATS_TEST_TMPDIR/stderr"
  [ $status = 1 ]
  account
}

@test "the scanner's own firewall refuses: counted, asked again" {
  network_make
  listeners target 80
  rules scanner <<'END'
table inet own {
  chain output {
    type filter hook output priority 0
    tcp flags syn numgen inc mod 4 0 drop
  }
}
END
  scan --via ip -p 1-200 10.9.0.2
  [ "$(tally 10.9.0.2)" = $'199 closed rst\n1 open syn-ack' ]
  [ "$(summary "$out" send_errors)" -gt 0 ]
}

@test "an answer limit of the target: what is said is true" {
  network_make
  listeners target 80
  firewall target 'tcp dport 100-199 limit rate 50/second burst 5 packets reject with tcp reset' \
    'tcp dport 100-199 drop'
  scan -p 80-220 10.9.0.2
  [ "$(tally 10.9.0.2 | grep open)" = "1 open syn-ack" ]
  [ -z "$(verdicts "$out" 10.9.0.2 |
    awk '($1 < 100 || $1 > 199) && $2 == "filtered"')" ]
}
