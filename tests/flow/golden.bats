# SPDX-License-Identifier: BSD-2-Clause
# Captures of our own runs, and what synflow says of them.
# shellcheck disable=SC2154
bats_require_minimum_version 1.5.0
load ../golden/views

setup() {
  cd "$top_srcdir/tests/golden" || return
}

@test "the table names every capture, and every name is one" {
  diff <(cut -f 1 TABLE | sort) <(printf '%s\n' *.pcapng | sed 's/\.[^.]*$//' |
    sort)
  run ! grep -vP '^[a-z0-9_]+\t[\w, ]' TABLE
}

@test "every view of every capture is as expected" {
  local name wrong=0
  while read -r name _; do
    golden_views "$name.pcapng" >"$BATS_TEST_TMPDIR/said"
    diff -u "$name.txt" "$BATS_TEST_TMPDIR/said" || wrong=$((wrong + 1))
  done <TABLE
  [ $wrong = 0 ]
}

@test "every line of NDJSON is an object" {
  command -v python3 || skip "python3 is missing"
  cat ./*.txt pairs/*.txt | grep '^{' >"$BATS_TEST_TMPDIR/all"
  python3 -c 'import json, sys
for line in sys.stdin:
    assert json.loads(line)["type"]' <"$BATS_TEST_TMPDIR/all"
}

@test "two captures of each pair are as expected" {
  local name wrong=0
  cd pairs
  while read -r name _; do
    golden_pair "$name.client.pcapng" "$name.server.pcapng" \
      >"$BATS_TEST_TMPDIR/said"
    diff -u "$name.txt" "$BATS_TEST_TMPDIR/said" || wrong=$((wrong + 1))
  done <TABLE
  [ $wrong = 0 ]
}

@test "a picture, to the pixel" {
  cd pairs
  golden_pair_svg lost_syn | diff lost_syn.svg -
}
