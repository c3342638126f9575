# SPDX-License-Identifier: BSD-2-Clause
# Drawings as a browser shows them, light and dark; see look.py.
# shellcheck disable=SC2154
bats_require_minimum_version 1.5.0

setup() {
  command -v chromium >/dev/null || skip "chromium is missing"
  command -v python3 >/dev/null || skip "python3 is missing"
  golden=$top_srcdir/tests/golden
  cd "$BATS_TEST_TMPDIR" || return
  export HOME=$PWD
}

# look FILE...
look() {
  mkdir -p browser
  run "$top_srcdir/tests/browser/look.py" browser "$@"
  echo "$output"
  [ "$status" = 0 ]
}

# drawn NAME [ARGUMENT...]: NAME.svg and NAME.html
drawn() {
  local name=$1
  shift
  "$SYNFLOW" -o "svg:$name.svg" -o "html:$name.html" "$@"
}

@test "a chat, in English and in Chinese" {
  drawn chat -r "$golden/chat.pcapng"
  drawn liao --lang zh -v -r "$golden/chat6.pcapng"
  look --dark chat.svg chat.html
  look liao.svg liao.html
  [ "${lines[0]}" = "liao.svg: 11 rows, 11 arrows, 0 crosses" ]
  [ "${lines[1]}" = "liao.html: 11 rows, 11 arrows, 0 crosses" ]
}

@test "ICMP errors, fragments, notes of every kind" {
  drawn rejected -r "$golden/rejected.pcapng"
  drawn pieces --lang zh -r "$golden/tcp_fragments.pcapng"
  drawn window -r "$golden/zero_window.pcapng"
  look rejected.html pieces.html window.html
}

@test "segments by the hundred; what is left out is said" {
  "$top_builddir/tests/bench/traffic" bulk 200 1 >bulk.pcap
  "$top_builddir/tests/bench/traffic" gaps 600 >gaps.pcap
  drawn bulk -r bulk.pcap
  drawn gaps --lang zh -r gaps.pcap
  look bulk.svg gaps.html
  [ "${lines[0]}" = "bulk.svg: 201 rows, 201 arrows, 0 crosses" ]
  [[ ${lines[1]} == "gaps.html: 500 rows, 500 arrows, "* ]]
}

# The same traffic as the other end would have it: 15 ms away, and every
# eleventh segment of the client is lost.
other_end() { # FILE FILE2
  python3 - "$@" <<'END'
import struct
import sys
FLIGHT, frames, sent = 15_000_000, [], 0
with open(sys.argv[1], "rb") as first:
    head = first.read(24)
    while record := first.read(16):
        s, ns, captured, length = struct.unpack("=4I", record)
        frame = first.read(captured)
        from_client = frame[34:36] > frame[36:38]  # the lower port serves
        sent += from_client
        at = s * 10**9 + ns + (FLIGHT if from_client else -FLIGHT)
        if not from_client or sent % 11:
            frames.append((at, captured, length, frame))
frames.sort(key=lambda frame: frame[0])
with open(sys.argv[2], "wb") as second:
    second.write(head)
    for at, captured, length, frame in frames:
        second.write(struct.pack("=4I", *divmod(at, 10**9), captured, length))
        second.write(frame)
END
}

@test "two captures: arrows that slope, cross and end in crosses" {
  drawn bad -r "$golden/pairs/bad.client.pcapng" \
    -r "$golden/pairs/bad.server.pcapng"
  drawn far --lang zh -r "$golden/pairs/far.client.pcapng" \
    -r "$golden/pairs/far.server.pcapng"
  drawn cut -r "$golden/pairs/cut.client.pcapng" \
    -r "$golden/pairs/cut.server.pcapng"
  "$top_builddir/tests/bench/traffic" bulk 220 1 >bulk.pcap
  other_end bulk.pcap other.pcap
  drawn bulk -r bulk.pcap -r other.pcap
  drawn liang --lang zh -r bulk.pcap -r other.pcap
  look bad.html far.html cut.svg bulk.svg liang.html
  "$SYNFLOW" -r bulk.pcap -r other.pcap -o ndjson:pairs
  lost=$(grep -c '"lost":true' pairs)
  [ "$lost" -gt 10 ]
  all=$(grep -c '"type":"pair"' pairs)
  [ "$all" -gt 200 ]
  [ "${lines[3]}" = \
    "bulk.svg: $all rows, $((all - lost)) arrows, $lost crosses" ]
}
