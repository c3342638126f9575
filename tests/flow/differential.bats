# SPDX-License-Identifier: BSD-2-Clause
# synflow and tshark say the same of the same captures.
# shellcheck disable=SC2154
bats_require_minimum_version 1.5.0
load record
load wild

setup() {
  local program
  for program in tshark python3; do
    command -v $program || skip "$program is missing"
  done
}

teardown() {
  flow_network_end
}

# agree: on captures of the programs of others, made now
agree() {
  local name
  wild_servers
  for name in "${wild_all[@]}"; do
    record "$BATS_TEST_TMPDIR/$name.pcapng" "wild_$name" >/dev/null
  done
  "$top_srcdir/tests/flow/differential.py" "$BATS_TEST_TMPDIR"/*.pcapng
}

@test "on every golden capture, each" {
  "$top_srcdir/tests/flow/differential.py" --each \
    "$top_srcdir"/tests/golden/*.pcapng
}

@test "on nmap, ncat, curl and iperf3" {
  flow_network
  agree
}

@test "on the same over a way that loses packets" {
  flow_network_bad --delay 2 --loss 3
  agree
}

@test "on the same over a way that loses, doubles and reorders" {
  flow_network_bad --delay 2 --jitter 1 --loss 1 --dup 2 --reorder 5
  agree
}
