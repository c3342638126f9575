# SPDX-License-Identifier: BSD-2-Clause
# A host a long way off.
# shellcheck disable=SC2154
load scan

# Ports 1-1000, of which 10 are open and 90 do not answer.
far_target() {
  listeners target {1..5} {996..1000}
  firewall target 'tcp dport 501-590 drop'
}

far_exact() { # ADDRESS
  [ "$(tally "$1")" = $'900 closed rst\n90 filtered no-reply\n10 open syn-ack' ]
  diff <(verdicts "$out" "$1" | awk '$2 == "filtered" { print $1 }') \
    <(printf '%d\n' {501..590})
}

@test "RTT of 200 ms" {
  network_far 100 0 0
  far_target
  scan -p 1-1000 10.9.0.2 fd00:9::2
  far_exact 10.9.0.2
  far_exact fd00:9::2
  [ "$(summary "$out" duplicates)" -lt 100 ]
}

@test "RTT of 60 ms, 2 % of the frames lost each way, 2 % twice" {
  network_far 30 2 2
  far_target
  scan -p 1-1000 10.9.0.2 fd00:9::2
  far_exact 10.9.0.2
  far_exact fd00:9::2
  [ "$(summary "$out" retransmissions)" -gt 0 ]
  [ "$(summary "$out" duplicates)" -gt 0 ]
}
