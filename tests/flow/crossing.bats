# SPDX-License-Identifier: BSD-2-Clause
# Two captures, one from each end: what synflow says of the way between them is
# held against what the way did.
# shellcheck disable=SC2154,SC2034
bats_require_minimum_version 1.5.0
load record

setup() {
  cd "$BATS_TEST_TMPDIR" || return
  flow_way_said=$BATS_TEST_TMPDIR/way flow_ipv4_only=yes
}

teardown() {
  flow_network_end
}

# across SCENARIO OPTION...: plays it over such a way, into client.pcapng,
# server.pcapng and pairs
across() {
  local scenario=$1
  shift
  flow_network_bad "$@"
  record_both client.pcapng server.pcapng \
    "$top_srcdir/tests/flow/scenarios.py" "$scenario"
  cat way
  "$SYNFLOW" -r client.pcapng -r server.pcapng -o ndjson:pairs
  tail -n 1 pairs
}

# summed KEY: of both ways, in the summary
summed() {
  local -a both
  IFS=, read -ra both < <(tail -n 1 "${2-pairs}" |
    grep -oP "\"$1\":\[\K[0-9,]+")
  echo $((both[0] + both[1]))
}

# did WORD: what the way says it did
did() {
  grep -oP "[0-9]+(?= $1)" way
}

@test "what was lost and doubled is what the way lost and doubled" {
  across small_writes --delay 10 --jitter 4 --loss 8 --dup 6 --reorder 8
  [ "$(did dropped)" = 0 ]
  [ "$(summed sent)" = "$(did came)" ]
  [ "$(summed lost)" = $(($(did lost) + $(did 'on the way'))) ]
  [ $(($(summed arrived) + $(summed duplicates))) = "$(did went)" ]
  [ "$(summed unsent)" = 0 ]
}

@test "a fine way: everything arrives, in time and in order" {
  across chat --delay 20
  [ "$(summed lost)$(summed duplicates)$(summed overtaken)" = 000 ]
  [ "$(summed arrived)" = 11 ]
  grep -q '^{"type":"clock","offset_ns":0,"how":"same",' pairs
  # all of them were 20 ms on the way, and the busy machine's time
  grep '"type":"pair"' pairs | grep -oP '"(sent|arrived)_ns":\K\d+' |
    paste - - | awk '{ ms = ($2 - $1) / 1e6; if (ms < 20 || ms > 2000) exit 1 }'
  run -0 "$SYNFLOW" -r client.pcapng -r server.pcapng
  [[ ${lines[0]} == 'Clock offset 0: '* ]]
  [[ $output == *'client to server: 6 sent; on the way from 2'* ]]
}

@test "clocks that differ, and the captures the other way round" {
  command -v editcap || skip "editcap is missing"
  across small_writes --delay 10 --loss 5
  editcap -t 3.25 server.pcapng later.pcapng
  "$SYNFLOW" -r client.pcapng -r later.pcapng -o ndjson:shifted
  grep -oP '"offset_ns":\K\d+' shifted |
    awk '{ if ($1 < 3.2e9 || $1 > 3.3e9) exit 1 }'
  grep -q '"how":"middle"' shifted
  fates='s/.*"fate":"\([a-z]*\)".*"ip_id":\([0-9]*\).*/\1 \2/p'
  diff <(sed -n "$fates" pairs | sort) <(sed -n "$fates" shifted | sort)
  "$SYNFLOW" -r server.pcapng -r client.pcapng -o ndjson:turned
  diff <(sed -n "$fates" pairs | sort) <(sed -n "$fates" turned | sort)
  [ "$(summed lost)" = "$(summed lost turned)" ]
}

@test "captures of other traffic: nothing pairs, and that is said" {
  golden=$top_srcdir/tests/golden
  run -0 --separate-stderr "$SYNFLOW" -r "$golden/chat.pcapng" \
    -r "$golden/fin3.pcapng"
  [ "$stderr" = 'synflow: no packet is in both captures' ]
  [[ $output == *'not in the other capture'* ]]
}

@test "a segment that is cut on the way is not lost" {
  flow_network_bad --delay 5
  run_on way ethtool -K eth1 tso off gso off
  record_both client.pcapng server.pcapng \
    "$top_srcdir/tests/flow/scenarios.py" segmentation_offload
  "$SYNFLOW" -r client.pcapng -r server.pcapng -o ndjson:pairs
  grep -q '"fate":"recut".*"len":2896,' pairs
  [ "$(grep -c '"fate":"recut"' pairs)" = 2 ]
  [ "$(summed lost)$(summed unsent)" = 00 ]
  run -0 "$SYNFLOW" -r client.pcapng -r server.pcapng
  [[ $output == *'cut in another way on arrival: 1448 bytes after '* ]]
}
