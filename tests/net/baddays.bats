# SPDX-License-Identifier: BSD-2-Clause
# Bad days: what the own host does to a scan (its firewall, its interface, its
# clock, its disk) and what becomes of the target meanwhile. No port is called
# filtered or closed for any of it.
# shellcheck disable=SC2016,SC2154,SC2034,SC2030,SC2031
load scan

# In every case no verdict is wrong, in the words of either method:
# only_true ADDRESS HOST [FIRST-LAST]: what there is, is true
only_true() {
  local family=4
  case $1 in *:*) family=6 ;; esac
  truth "$2" $family | cut -d' ' -f1-3 | sort >"$BATS_TEST_TMPDIR/truth"
  verdicts "$out" "$1" |
    sed 's/ conn-refused$/ rst/; s/ timeout$/ no-reply/' | sort |
    comm -13 "$BATS_TEST_TMPDIR/truth" - >"$BATS_TEST_TMPDIR/wrong"
  head -n 20 "$BATS_TEST_TMPDIR/wrong"
  [ ! -s "$BATS_TEST_TMPDIR/wrong" ]
}

# ended STATUS: of what scan_start() began, within 30 seconds; its numbers add
# up, and it says something unless all is well
ended() {
  local status=0
  wait "$pid" || status=$?
  cat "$BATS_TEST_TMPDIR/stderr"
  account
  [ $status = "$1" ]
  [ $status = 0 ] || [ -s "$BATS_TEST_TMPDIR/stderr" ]
}

# ---- the own firewall ----

# own_rules FAMILY 'HOOK WORDS' RULE...: on what leaves the scanner
own_rules() {
  local family=$1 hook=$2
  shift 2
  {
    echo "table $family own {"
    echo "chain out { type filter hook $hook priority 0;"
    printf '%s\n' "$@"
    echo '}'
    echo '}'
  } | run_on scanner nft -f -
}

# refused_scan STATUS ARGUMENT...: says that it was a firewall
refused_scan() {
  local status=$1
  shift
  run "-$status" --separate-stderr run_on scanner "$SYNSCAN" -n --show all \
    -o "ndjson:$out" -p 1-1000 "$@"
  echo "$stderr"
  [[ $stderr == *"a local firewall "* ]]
  account
}

# Each way out and the hook that is on it.
hooks=(
  '--via=link|netdev|egress device eth0|drop'
  '--via=ip|netdev|egress device eth0|drop'
  '--via=ip|inet|output|drop'
  '-c|inet|output|drop'
  '-c|netdev|egress device eth0|drop'
)

@test "the own firewall refuses some: unasked, exit 3, the rest is exact" {
  network_make
  listeners target 80 443
  firewall target 'tcp dport 200-219 drop'
  local line way family hook verdict address
  for line in "${hooks[@]}"; do
    IFS='|' read -r way family hook verdict <<<"$line"
    own_rules "$family" "$hook" "tcp dport 100-149 tcp flags syn $verdict"
    echo "# $line"
    refused_scan 3 "$way" 10.9.0.2 fd00:9::2
    for address in 10.9.0.2 fd00:9::2; do
      only_true $address target
      [ "$(verdicts "$out" $address | wc -l)" = 950 ]
    done
    [ "$(summary "$out" unasked)" = 100 ]
    [ "$(summary "$out" filtered)" = 40 ]
    [ "$(summary "$out" open)" = 4 ]
    run_on scanner nft delete table "$family" own
  done
}

@test "... all: exit 1 within a second" {
  network_make
  local line way family hook verdict start took
  for line in "${hooks[@]}"; do
    IFS='|' read -r way family hook verdict <<<"$line"
    own_rules "$family" "$hook" "tcp flags syn $verdict"
    start=$(clock_ms)
    refused_scan 1 "$way" 10.9.0.2 fd00:9::2
    took=$(($(clock_ms) - start))
    echo "# $line: $took ms"
    [ $took -lt 3000 ] # on a busy machine; else a second
    [ "$(summary "$out" unasked)" = 2000 ]
    run_on scanner nft delete table "$family" own
  done
}

@test "... and what asks for a neighbour's address: nobody is called absent" {
  network_make
  own_rules netdev 'egress device eth0' drop
  refused_scan 1 10.9.0.2
  [ "$(summary "$out" unasked)" = 1000 ]
  refused_scan 1 fd00:9::2
  [ "$(summary "$out" unasked)" = 1000 ]
}

# ---- the interface, the path, the target ----

# scans_start ARGUMENT...: by each of the ways in ${ways[@]}, at the same time,
# each with its files
scans_start() {
  local way
  pids=()
  for way in "${ways[@]}"; do
    ip netns exec scanner "$SYNSCAN" -n --show all --max-rate 10k \
      -p 1-12000 -o "ndjson:$BATS_TEST_TMPDIR/$way.ndjson" "$way" "$@" \
      >/dev/null 2>"$BATS_TEST_TMPDIR/$way.stderr" 3>&- &
    pids+=($!)
  done
  wait_until 20 under_way
}

# under_way: each has found some, and none has all
under_way() {
  local way
  for way in "${ways[@]}"; do
    [ "$(wc -l <"$BATS_TEST_TMPDIR/$way.ndjson" 2>/dev/null)" -ge 2000 ] ||
      return 1
  done
}

# scans_ended ADDRESS...: all of them, exit 0, exact; or, of those in
# ${lost[@]}, exit 3 and nothing that is not true
scans_ended() {
  local i address status
  for i in "${!ways[@]}"; do
    status=0
    wait "${pids[i]}" || status=$?
    echo "# ${ways[i]}: exit $status"
    cat "$BATS_TEST_TMPDIR/${ways[i]}.stderr"
    out=$BATS_TEST_TMPDIR/${ways[i]}.ndjson
    account
    for address; do only_true "$address" target; done
    case " ${lost[*]-} " in
    *" ${ways[i]} "*)
      [ $status = 3 ]
      [ -s "$BATS_TEST_TMPDIR/${ways[i]}.stderr" ]
      [ "$(summary "$out" unasked)" -gt 0 ]
      ;;
    *)
      [ $status = 0 ]
      [ "$(summary "$out" unasked)" = 0 ]
      ;;
    esac
  done
}

said() { # WORDS: each of them did
  local way
  for way in "${ways[@]}"; do
    grep -q "$1" "$BATS_TEST_TMPDIR/$way.stderr" || return 1
  done
}

@test "the interface goes down, and up again: said, then exact" {
  network_make
  target_busy target
  ways=(--via=link --via=ip -c)
  scans_start 10.9.0.2 fd00:9::2
  ip -n scanner link set eth0 down
  wait_until 10 said 'trying on'
  ip -n scanner link set eth0 up
  ip -n scanner address add fd00:9::1/64 dev eth0 # it went with the link
  scans_ended 10.9.0.2 fd00:9::2
}

@test "the interface is deleted: exit 3, and nothing that is not so" {
  network_make
  target_busy target
  ways=(--via=link --via=ip -c)
  lost=("${ways[@]}")
  scans_start 10.9.0.2 fd00:9::2
  ip -n scanner link delete eth0
  scans_ended 10.9.0.2 fd00:9::2
  said 'eth0\|device'
}

# target_reboots: away for two seconds, then with another MAC address
target_reboots() {
  ip -n target link set eth0 down
  ip -n target address flush dev eth0
  sleep 2
  ip -n target link set eth0 address 02:00:00:00:00:77
  ip -n target link set eth0 up
  addresses_add target eth0 10.9.0.2/24,fd00:9::2/64
}

@test "the target reboots and has another MAC address then: exact" {
  network_make
  target_busy target
  ways=(--via=link --via=ip -c)
  scans_start 10.9.0.2 fd00:9::2
  target_reboots
  scans_ended 10.9.0.2 fd00:9::2
}

@test "... behind a router, which says that it is unreachable: exact" {
  network_router
  target_busy target
  # It says so soon, and not after three seconds.
  run_on router sysctl -qw net.ipv4.neigh.eth1.retrans_time_ms=100 \
    net.ipv6.neigh.eth1.retrans_time_ms=100
  ways=(--via=link -c)
  scans_start 10.9.0.2 fd00:9::2
  target_reboots
  ip -n target route add default via 10.9.0.254
  ip -n target route add default via fd00:9::254
  scans_ended 10.9.0.2 fd00:9::2
}

@test "the gateway moves to another MAC address; neighbour entries fail" {
  network_router
  target_busy target
  ways=(--via=link)
  scans_start 10.9.0.2 fd00:9::2
  ip -n router link set eth0 address 02:00:00:00:00:88
  scans_ended 10.9.0.2 fd00:9::2
  # Where it is the kernel that asks, it notices some time later.
  ways=(--via=ip -c)
  scans_start 10.9.0.2 fd00:9::2
  local state
  for state in stale failed delay failed; do
    ip -n scanner neigh change 10.9.1.254 dev eth0 nud $state 2>/dev/null || :
    ip -n scanner neigh change fd00:9:1::254 dev eth0 nud $state 2>/dev/null || :
    sleep 0.05
  done
  scans_ended 10.9.0.2 fd00:9::2
}

@test "the route changes: exact" {
  network_router
  target_busy target
  # The other gateway is the same host by another MAC address.
  ip -n router link add link eth0 name other type macvlan mode bridge
  addresses_add router other 10.9.1.253/24,fd00:9:1::253/64
  ip -n router link set other up
  wait_until 5 settled router
  ways=(--via=link --via=ip -c)
  scans_start 10.9.0.2 fd00:9::2
  ip -n scanner route replace default via 10.9.1.253
  ip -n scanner route replace default via fd00:9:1::253
  scans_ended 10.9.0.2 fd00:9::2
}

@test "the wall clock is set on and back by an hour: nothing changes" {
  [ -e "$top_builddir/tests/net/clockstep.so" ] ||
    skip "a sanitizer's build takes no preloaded library"
  network_make
  target_busy target
  local step way
  for step in 3600 -3600; do
    for way in -c "--pcap=$BATS_TEST_TMPDIR/run.pcapng"; do
      rm -f /run/clockstep
      run_on scanner env CLOCKSTEP=$step \
        LD_PRELOAD="$top_builddir/tests/net/clockstep.so" "$SYNSCAN" \
        --sandbox off --show all -o "ndjson:$out" --max-rate 20k -p 1-12000 \
        "$way" 10.9.0.2
      account
      only_true 10.9.0.2 target
      [ "$(summary "$out" unasked)" = 0 ]
      # The step did happen, and is in no round trip and no time. (A connect
      # scan never asks what the time is.)
      [ "$way" = -c ] || [ -e /run/clockstep ]
      [ "$way" != -c ] || [ ! -e /run/clockstep ]
      run ! grep -E '"rtt_us":(-|[0-9]{7,})' "$out"
      awk -v s="$(summary "$out" elapsed_s)" 'BEGIN { exit !(s > 0.3 && s < 60) }'
    done
  done
}

@test "the capture's ring overflows: reported, the lost asked again, exact" {
  network_make
  target_busy target
  # Answers stand in line there while others push past them.
  run_on target tc qdisc add dev eth0 root tbf rate 4mbit burst 10k limit 4m
  cat >"$BATS_TEST_TMPDIR/flood.py" <<'END'
import socket, struct
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind(("eth0", 0))
s.setsockopt(263, 20, 1)  # PACKET_QDISC_BYPASS
mac = [bytes.fromhex(open(f + ".mac").read().replace(":", ""))
       for f in ("scanner", "target")]
ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 40, 0, 0, 64, 6, 0,
                 socket.inet_aton("10.9.0.2"), socket.inet_aton("10.9.0.1"))
total = sum(struct.unpack("!10H", ip))
total = (total & 65535) + (total >> 16)
ip = ip[:10] + struct.pack("!H", ~total & 65535) + ip[12:]
tcp = struct.pack("!HHIIBBHHH", 7, 40000, 1, 2, 0x50, 0x14, 0, 0, 0)
for i in range(60000):
    s.send(mac[0] + mac[1] + b"\x08\x00" + ip + tcp)
END
  cd "$BATS_TEST_TMPDIR"
  run_on scanner cat /sys/class/net/eth0/address >scanner.mac
  run_on target cat /sys/class/net/eth0/address >target.mac
  scan_start -v -g 40000 -r 30000 -p 1-20000 10.9.0.2
  wait_until 10 received scanner 4000
  kill -STOP "$pid"
  run_on target python3 flood.py
  kill -CONT "$pid"
  ended 0
  only_true 10.9.0.2 target
  [ "$(summary "$out" capture_drops)" -gt 0 ]
  grep -q 'capture dropped [0-9]* packets' "$BATS_TEST_TMPDIR/stderr"
}

# ---- what is written ----

# unwritten STATUS WHY COMMAND...: one line that says WHY, and that status
unwritten() {
  local want=$1 why=$2 status=0
  shift 2
  "$@" 2>"$BATS_TEST_TMPDIR/said" || status=$?
  echo "# $*: exit $status"
  cat "$BATS_TEST_TMPDIR/said"
  [ $status = "$want" ]
  grep -q "$why" "$BATS_TEST_TMPDIR/said"
}

# piped COMMAND...: to somebody who reads one line; its own exit code
piped() {
  "$@" | head -n 1 >/dev/null
  return "${PIPESTATUS[0]}"
}

into() { # FILE COMMAND...: its standard output
  local file=$1
  shift
  "$@" >"$file"
}

@test "a full disk, nobody who reads on: each program says so, exit 1" {
  network_make
  target_busy target
  local synudp=$top_builddir/synudp format run
  local full='No space left on device' closed='Broken pipe'
  local syn=(run_on scanner "$SYNSCAN" -q -n --show all)
  for format in text ndjson csv; do
    for run in "10.9.0.2" "-c 10.9.0.2"; do
      # shellcheck disable=SC2086
      unwritten 1 "/dev/full.*$full" "${syn[@]}" -o $format:/dev/full $run
      # shellcheck disable=SC2086
      unwritten 1 "standard output.*$full" \
        into /dev/full "${syn[@]}" -o $format $run
      # shellcheck disable=SC2086
      unwritten 1 "standard output.*$closed" piped "${syn[@]}" -o $format $run
    done
  done
  unwritten 1 "$full" "${syn[@]}" --compare -p 1-2000 -o ndjson:/dev/full 10.9.0.2
  unwritten 1 "$full" into /dev/full "${syn[@]}" --dry-run 10.9.0.2
  unwritten 1 "$closed" piped "${syn[@]}" --dry-run 10.9.0.2
  unwritten 1 "$full" "${syn[@]}" -p 1-500 --pcap /dev/full \
    -o text:/dev/null 10.9.0.2
  "${syn[@]}" -p 1-3000 --pcap "$BATS_TEST_TMPDIR/run.pcapng" 10.9.0.2 >/dev/null
  for format in text ndjson svg html; do
    run=conversations
    case $format in svg | html) run=ladder ;; esac
    run="$SYNFLOW -r $BATS_TEST_TMPDIR/run.pcapng --view $run -o $format"
    # shellcheck disable=SC2086
    unwritten 1 "$full" $run:/dev/full
    # shellcheck disable=SC2086
    unwritten 1 "$full" into /dev/full $run
    # A drawing is small enough for a pipe that nobody reads.
    case $format in svg | html) continue ;; esac
    # shellcheck disable=SC2086
    unwritten 1 "$closed" piped $run
  done
  unwritten 1 "$full" "$SYNFLOW" -r "$BATS_TEST_TMPDIR/run.pcapng" -w /dev/full
  for format in text ndjson; do
    run="run_on scanner $synudp probe -c 100 --interval 1ms -o $format"
    # shellcheck disable=SC2086
    unwritten 1 "$full" $run:/dev/full 10.9.0.2 7
    # shellcheck disable=SC2086
    unwritten 1 "$full" into /dev/full $run 10.9.0.2 7
  done
}

@test "a small disk: no file reads as if it were whole" {
  network_make
  target_busy target
  local small=$BATS_TEST_TMPDIR/small name
  local -A view=([o.text]=conversations [o.ndjson]=segments
    [o.svg]=ladder [o.html]=ladder)
  local full='No space left on device'
  mkdir "$small" # (a mount of this test's namespace: it goes with it)
  run_on scanner "$SYNSCAN" -q -n -p 1-3000 \
    --pcap "$BATS_TEST_TMPDIR/run.pcapng" 10.9.0.2 >/dev/null
  for name in o.text o.ndjson o.csv; do
    mount -t tmpfs -o size=48k none "$small"
    unwritten 1 "$full" run_on scanner "$SYNSCAN" -q -n --show all \
      -o "${name#o.}:$small/$name" -p 1-20000 10.9.0.2
    [ -s "$small/$name" ]
    run ! grep -q 'summary\|probes,' "$small/$name"
    umount "$small"
  done
  for name in o.text o.ndjson o.svg o.html; do
    mount -t tmpfs -o size=48k none "$small"
    unwritten 1 "$full" "$SYNFLOW" -r "$BATS_TEST_TMPDIR/run.pcapng" \
      --view "${view[$name]}" -o "${name#o.}:$small/$name"
    run ! grep -q '"summary"\|</html>' "$small/$name"
    [[ $(tail -c 8 "$small/$name") != *"</svg>"* ]]
    umount "$small"
  done
  mount -t tmpfs -o size=48k none "$small"
  unwritten 1 "$full" "$SYNFLOW" -r "$BATS_TEST_TMPDIR/run.pcapng" \
    -w "$small/o.pcapng"
  umount "$small"
}

# ---- signals ----

@test "ended at any moment: soon, by the right exit code, each file whole" {
  network_make
  accepting target 80 # so often that a queue would fill
  # Something for the live capture.
  ip netns exec scanner perl -MSocket=:all -e '
    socket(my $fd, AF_INET, SOCK_DGRAM, 0) or die "socket: $!";
    for (;;) {
      send $fd, "x", 0, pack_sockaddr_in(9, inet_aton("10.9.0.2"));
      select undef, undef, undef, 0.001;
    }' 3>&- &
  cd "$BATS_TEST_TMPDIR"
  local what
  for what in syn connect compare flow; do
    run_on scanner "$top_srcdir/tests/net/interrupts.py" $what \
      "${MOMENTS-8}" "${TEST_SEED-$RANDOM}"
  done
}
