# SPDX-License-Identifier: BSD-2-Clause
# Paths and hosts that set the pace.
# shellcheck disable=SC2154
load scan

# rules HOST: from stdin
rules() {
  run_on "$1" nft -f -
}

@test "a policer of 2,000 packets a second" {
  network_make
  listeners target 80
  rules target <<'END'
table inet policer {
  chain input {
    type filter hook input priority 0
    tcp dport 501-600 drop
    tcp flags syn limit rate over 2000/second drop
  }
}
END
  scan -p 1-3000 10.9.0.2
  [ "$(tally 10.9.0.2)" = \
    $'2899 closed rst\n100 filtered no-reply\n1 open syn-ack' ]
}

@test "a host that sends 200 RSTs a second: said, exact, open ports first" {
  network_make
  listeners target 80 31337
  rules target <<'END'
table inet limiter {
  chain output {
    type filter hook output priority 0
    tcp flags & rst == rst limit rate over 200/second burst 200 packets drop
  }
}
END
  run_on scanner "$SYNSCAN" -p 1-1500,31337 --show all -o "ndjson:$out" \
    10.9.0.2 2>"$BATS_TEST_TMPDIR/stderr"
  account
  [ "$(tally 10.9.0.2)" = $'1499 closed rst\n2 open syn-ack' ]
  grep -q '10.9.0.2 answers about [0-9]* closed ports a second' \
    "$BATS_TEST_TMPDIR/stderr"
  # Both open ports long before the last closed one.
  [ "$(grep -n '"state":"open"' "$out" | tail -n 1 | cut -d: -f1)" -lt 1000 ]
}

@test "a full transmit queue: refused, asked again, exact" {
  network_make
  listeners target 80
  run_on scanner tc qdisc add dev eth0 root tbf rate 4mbit burst 2000 limit 4000
  scan -p 1-3000 10.9.0.2
  exact_3000
  [ "$(summary "$out" send_errors)" -gt 0 ]
  scan --via ip -p 1-3000 10.9.0.2
  exact_3000
}

exact_3000() {
  [ "$(tally 10.9.0.2)" = $'2999 closed rst\n1 open syn-ack' ]
}

@test "the target is cut off for half a second: no port is called filtered" {
  network_make
  listeners target 80
  scan_start --max-rate 20k 10.9.0.2
  wait_until 10 received target 5000
  rules target <<'END'
table inet outage {
  chain prerouting {
    type filter hook prerouting priority -300
    drop
  }
}
END
  sleep 0.5
  run_on target nft delete table inet outage
  wait "$pid"
  account
  exact 10.9.0.2 target
}

@test "the target goes for good: exit 3, and what it had not answered is unasked" {
  network_make
  scan_start --max-rate 20k 10.9.0.2
  wait_until 10 received target 5000
  rules target <<'END'
table inet outage {
  chain prerouting {
    type filter hook prerouting priority -300
    drop
  }
}
END
  local status=0
  wait "$pid" || status=$?
  [ $status = 3 ]
  account
  grep -q 'stopped answering' "$BATS_TEST_TMPDIR/stderr"
  [ "$(summary "$out" filtered)" = 0 ]
  [ "$(summary "$out" unasked)" -gt 1000 ]
}
