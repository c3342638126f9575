# SPDX-License-Identifier: BSD-2-Clause
# Captures of its own: what is in them, and how they begin and end.
# shellcheck disable=SC2154,SC2016
bats_require_minimum_version 1.5.0
load record

setup() {
  said=$BATS_TEST_TMPDIR/said out=$BATS_TEST_TMPDIR/out
  flow_network
}

teardown() {
  flow_network_end
}

# watch HOST ARGUMENT...: in the background, armed; its pid is $pid
watch() {
  local host=$1
  shift
  : >"$said" # of the one before
  ip netns exec "$host" "$SYNFLOW" "$@" >"$out" 2>"$said" 3>&- &
  pid=$!
  wait_until 5 grep -q 'capturing on' "$said"
}

# ended STATUS [SIGNAL]: of what watch() began
ended() {
  local status=0
  [ $# = 1 ] || kill "-$2" "$pid"
  wait "$pid" || status=$?
  cat "$said" "$out"
  [ $status = "$1" ]
}

talk() {
  "$top_srcdir/tests/flow/scenarios.py" "${1-chat}"
}

# udp N: datagrams to nobody
udp() {
  run_on client bash -c 'for ((i = 0; i < $1; i++)); do
    echo >/dev/udp/10.9.0.2/9 || :; done' udp "$1" 2>/dev/null
}

@test "both directions; the interrupt is how it ends" {
  watch client -i eth0 tcp
  grep -qx 'synflow: capturing on eth0' "$said"
  talk
  ended 0 INT
  grep -Eq '10\.9\.0\.1:[0-9]+ +10\.9\.0\.2:8000 +11 +14/14 fin-4$' "$out"
  [ "$(wc -l <"$said")" = 1 ]
}

@test "SIGTERM ends it too, and NDJSON is whole" {
  watch server -i eth0 -o ndjson tcp
  talk
  ended 0 TERM
  grep -q '"frames":11,"bytes":\[14,14\],"completeness":31,' "$out"
  grep -q '^{"type":"summary","frames":11,.*"complete":true}$' "$out"
}

@test "loopback has each frame once; any has all interfaces" {
  watch client -i lo udp
  run_on client bash -c 'echo >/dev/udp/127.0.0.1/9'
  ended 0 INT
  grep -q '^1 frames: ' "$out"
  watch client -i any udp
  run_on client bash -c 'echo >/dev/udp/127.0.0.1/9'
  udp 1
  ended 0 INT
  grep -q '^2 frames: ' "$out"
}

@test "what it records is what it shows, and others read it" {
  watch client -i eth0 -w "$out.pcapng" --view segments -o "ndjson:$out.live"
  talk segmentation
  ended 0 INT
  "$SYNFLOW" -r "$out.pcapng" --view segments -o "ndjson:$out.read"
  diff <(grep -v summary "$out.live") <(grep -v summary "$out.read")
  [ "$(grep -c '"type":"segment"' "$out.read")" -gt 20 ]
  command -v tshark || skip "tshark is missing"
  run -0 --separate-stderr tshark -r "$out.pcapng" -q -z io,stat,0
  [[ $stderr != *arning* ]]
}

@test "a name that ends in .pcap gets the classic form" {
  watch client -i eth0 -w "$out.pcap" tcp
  talk
  ended 0 INT
  [ "$(head -c 4 "$out.pcap" | od -An -tx4)" = ' a1b23c4d' ]
  "$SYNFLOW" -r "$out.pcap" | grep -q 'fin-4$'
}

@test "a snap length cuts what is kept, and no length" {
  watch client -i eth0 -s 70 -w "$out.pcapng" tcp
  talk
  ended 0 INT
  grep -q ' 14/14 fin-4$' "$out"
  [ "$("$SYNFLOW" -r "$out.pcapng" -c 1000 -o ndjson |
    grep -c '"bytes":\[14,14\]')" = 1 ]
  run ! grep -q 'hello, server' "$out.pcapng"
}

@test "so many frames, and then the end" {
  watch client -i eth0 -c 5 udp
  udp 20
  ended 0
  grep -q '^5 frames: ' "$out"
}

@test "so long, and then the end" {
  watch client -i eth0 --duration 300ms udp
  udp 2
  ended 0
  grep -q '^2 frames: ' "$out"
}

@test "interrupted before what was asked for: exit 3, what is known" {
  watch client -i eth0 -c 100 -o ndjson udp
  udp 2
  ended 3 INT
  grep -q 'interrupted after 2 frames' "$said"
  grep -q '"frames":2,.*"complete":false}' "$out"
  watch client -i eth0 --duration 1h udp
  ended 3 TERM
}

@test "an interrupt ends it within a second, whatever goes on" {
  local sender begun
  run_on client python3 -c 'import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
while True:
    s.sendto(b"on and on\n", ("10.9.0.2", 9))' 3>&- &
  sender=$!
  watch client -i eth0 udp
  begun=$SECONDS
  ended 0 INT
  [ $((SECONDS - begun)) -le 2 ]
  kill $sender
}

@test "what came too fast is counted: exit 3, the rest is shown" {
  watch client -i eth0 -o ndjson udp
  kill -STOP "$pid"
  run_on client python3 -c 'import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for i in range(20000):
    s.sendto(bytes(1400), ("10.9.0.2", 9))'
  kill -CONT "$pid"
  ended 3 INT
  grep -Eq '"capture_drops":[1-9][0-9]*,.*"complete":false' "$out"
  grep -q 'packets came too fast and were not captured' "$said"
}

@test "the device goes: exit 3, what is known; before any frame exit 1" {
  watch client -i eth0 --view segments udp
  udp 1
  wait_until 5 grep -q '  udp 10\.9\.0\.1' "$out"
  ip -n client link delete eth0
  ended 3
  grep -q '^1 frames: ' "$out"
  [ "$(wc -l <"$said")" = 2 ]
  flow_network_end
  flow_network
  watch client -i eth0 udp
  ip -n client link delete eth0
  ended 1
}

@test "a bad expression or interface: exit 2, one line" {
  run -2 --separate-stderr run_on client "$SYNFLOW" -i eth0 tcp prot 80
  [ "${#stderr_lines[@]}" = 1 ]
  [[ $stderr == *'"tcp prot 80"'* ]]
  run -2 --separate-stderr run_on client "$SYNFLOW" -i nosuch0
  [ "${#stderr_lines[@]}" = 1 ]
  [[ $stderr == *'"nosuch0"'* ]]
}

@test "without the privilege: exit 1, what is missing and the ways on" {
  run -1 --separate-stderr run_on client \
    setpriv --inh-caps=-all --bounding-set=-all "$SYNFLOW" -i eth0
  [ "${#stderr_lines[@]}" = 1 ]
  [ -z "$output" ]
  grep -q 'capturing needs the capability cap_net_raw' <<<"$stderr"
  grep -qw sudo <<<"$stderr"
  grep -qw setcap <<<"$stderr"
}

@test "it keeps no capability while it captures" {
  local name value
  watch client -i eth0
  while read -r name value _; do
    case $name in
    CapInh: | CapPrm: | CapEff: | CapBnd: | CapAmb:)
      [ "$value" = 0000000000000000 ]
      ;;
    NoNewPrivs:) [ "$value" = 1 ] ;;
    Uid: | Gid:)
      grep -q ' 4294967295$' /proc/self/uid_map || continue
      [ "$value" != 0 ]
      ;;
    esac
  done <"/proc/$pid/status"
  ended 0 INT
}

@test "somebody reads along: lines come while it captures" {
  watch client -i eth0 --view segments tcp
  talk
  wait_until 5 grep -q ' client  14 = 14' "$out"
  ended 0 INT
  watch client -i eth0 --view ladder tcp
  talk
  wait_until 5 grep -q ' LAST_ACK$' "$out"
  ended 0 INT
  grep -q '^Stream 0: 10\.9\.0\.1:' "$out"
}
