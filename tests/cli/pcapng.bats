# SPDX-License-Identifier: BSD-2-Clause
# What Wireshark's programs make of the captures that we write: the samples of
# tests/unit/test_pcapng, whose bytes are held there.
# shellcheck disable=SC2154
bats_require_minimum_version 1.5.0
load ../net/shark

setup() {
  samples=$top_builddir/tests/unit/test_pcapng
  [ -x "$samples" ] || skip "cmocka is missing"
  "$samples" "$BATS_TEST_TMPDIR"
}

@test "pcapng: read without a word on standard error" {
  [ "$(shark "$BATS_TEST_TMPDIR/sample.pcapng" | wc -l)" = 2 ]
}

@test "pcapng: times to the nanosecond, interfaces, directions, comments" {
  diff - <(shark_fields "$BATS_TEST_TMPDIR/sample.pcapng" frame.time_epoch \
    frame.interface_name frame.packet_flags_direction frame.cap_len frame.len \
    ip.src tcp.dstport frame.comment) <<'END'
1700000000.123456789|tun0|0x00000002|44|44|10.9.0.1|80|try 1
1700000000.123456790|e|0x00000001|1|70|||
END
}

@test "pcapng: what capinfos says of the file and its interfaces" {
  shark_infos "$BATS_TEST_TMPDIR/sample.pcapng" >"$BATS_TEST_TMPDIR/infos"
  local line
  for line in 'File type:           Wireshark/... - pcapng' \
    'Capture application: synscan 0.1.0' \
    'Number of packets:   2' 'Number of interfaces in file: 2' \
    'Name = tun0' 'Encapsulation = Raw IP (7 - rawip)' \
    'Capture length = 256' 'Time precision = nanoseconds (9)' \
    'Number of stat entries = 1' 'Name = e' \
    'Encapsulation = Ethernet (1 - ether)' 'Strict time order:   True'; do
    grep -qF "$line" "$BATS_TEST_TMPDIR/infos" || {
      echo "not said: $line"
      false
    }
  done
}

@test "the classic form: the same, as far as it goes" {
  diff - <(shark_fields "$BATS_TEST_TMPDIR/sample.pcap" frame.time_epoch \
    frame.cap_len frame.len ip.src tcp.dstport) <<'END'
1700000000.123456789|44|44|10.9.0.1|80
1700000000.123456790|1|70||
END
  shark_infos "$BATS_TEST_TMPDIR/sample.pcap" |
    grep -F 'File type:           Wireshark/tcpdump/... - nanosecond pcap'
}

@test "cut anywhere, the packets before the cut are read" {
  local file=$BATS_TEST_TMPDIR/sample.pcapng cut=$BATS_TEST_TMPDIR/cut
  local -i length packets
  # Behind the headers, behind each packet: whole. In a packet: tshark says.
  while read -r length packets; do
    head -c $length "$file" >"$cut"
    [ "$(shark "$cut" | wc -l)" = $packets ]
  done <<'END'
132 0
232 1
280 2
END
  head -c 231 "$file" >"$cut"
  run ! shark "$cut"
}
