# SPDX-License-Identifier: BSD-2-Clause
# --pcap: every probe and every reply, as tshark reads them.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
load scan
load shark

setup() {
  out=$BATS_TEST_TMPDIR/out.ndjson
  file=$BATS_TEST_TMPDIR/run.pcapng
  packets=$BATS_TEST_TMPDIR/packets
  # A sanitizer makes the receiver slow, and its build has no such library.
  pace=()
  [ -e "$top_builddir/tests/net/clockstep.so" ] || pace=(--max-rate 8k)
}

# record ARGUMENT...: a scan with its packets in $file, and then in $packets
record() {
  scan --pcap "$file" "$@"
  packets_of "$file"
}

# packets_of FILE: a line for each packet: interface, direction (1 is in, 2 is
# out), source and destination address, ports, TCP flags, comment; | between
packets_of() {
  shark_fields "$1" frame.interface_name frame.packet_flags_direction \
    ip.src ipv6.src ip.dst ipv6.dst tcp.srcport tcp.dstport tcp.flags \
    frame.comment -- -o ip.defragment:FALSE |
    sed 's/0x0*\([0-9a-f]\)/\1/g' >"$packets"
}

# count PATTERN: of packets whose line has it (extended regular expression)
count() {
  grep -cE "$1" "$packets" || :
}

# syns [PATTERN]: of SYNs that we sent (an ICMP error quotes one, but comes in)
syns() {
  grep -E '^[^|]*\|2\|.*\|2\|[^|]*$' "$packets" | grep -cE -- "${1-}" || :
}

# Comments that begin so.
reply='\|port [0-9]+ (open|closed|filtered): '
rejected='\|rejected: '
reset='\|from our own kernel'

# accounted [LATE]: the file holds what the summary counts, each packet once, in
# the order of time; and so many replies more, at most, that came when the last
# verdict was known already
accounted() {
  local -i late
  late=$(count "$reply")-$(summary "$out" replies)
  echo "$(wc -l <"$packets") packets: $(syns) SYN, $(count "$reply")" \
    "replies, $(count "$rejected") rejected, $(count "$reset") RST of ours"
  [ "$(syns)" = "$(summary "$out" probes_sent)" ]
  [ "$(count "\\|probe(, .*)?\$")" = "$(summary "$out" probes_sent)" ]
  [ $late -ge 0 ] && [ $late -le "${1-0}" ]
  [ "$(count "$rejected")" = "$(summary "$out" replies_rejected)" ]
  [ "$(wc -l <"$packets")" = "$(summary "$out" record_packets)" ]
  [ "$(summary "$out" record_drops)" = 0 ]
  shark_infos "$file" >"$BATS_TEST_TMPDIR/infos"
  grep 'Strict time order:   True' "$BATS_TEST_TMPDIR/infos"
  # Out is what we sent, in is the rest; everything says what it is.
  [ "$(count '^[^|]*\|[^12]\||\|$')" = 0 ]
  [ "$(count '^[^|]*\|1\|.*\|(probe|from our|asks)')" = 0 ]
  [ "$(count '^[^|]*\|2\|.*\|(port|rejected|tells)')" = 0 ]
}

# verdicts_recorded ADDRESS: what the replies' comments say, as verdicts() does
verdicts_recorded() {
  grep -E "^[^|]*\\|1\\|$1[,|].*$reply" "$packets" | sed 's/.*|port //; s/[:,]//g' |
    awk '{ print $1, $2, $3 }' | sort -un
}

@test "a whole host: every probe and every reply, once, in order" {
  network_make
  target_busy target
  record "${pace[@]}" 10.9.0.2
  exact 10.9.0.2 target
  accounted
  # Each port has its SYN.
  [ "$(grep '|probe, ' "$packets" | cut -d'|' -f8 | sort -u | wc -l)" = 65535 ]
  [ "$(summary "$out" replies_rejected)" = 0 ]
  # One RST of our kernel for each SYN,ACK.
  [ "$(count "$reset")" = "$(count ' open: syn-ack')" ]
  # The comments' verdicts are the scan's. (The router's, of an ICMP error.)
  diff <(verdicts "$out" 10.9.0.2 | grep -v no-reply) \
    <(verdicts_recorded 10.9.0.2)
  grep 'Capture application: synscan' "$BATS_TEST_TMPDIR/infos"
  grep 'Number of stat entries = 1' "$BATS_TEST_TMPDIR/infos"
}

@test "a connect scan: every segment of its connections" {
  network_make
  target_busy target
  record "${pace[@]}" -c 10.9.0.2
  # The kernel repeats by itself what waits a second, on a busy machine.
  [ "$(syns)" -ge "$(summary "$out" probes_sent)" ]
  [ "$(count '\|probe$')" = "$(syns)" ]
  [ "$(wc -l <"$packets")" = "$(summary "$out" record_packets)" ]
  [ "$(summary "$out" record_drops)" = 0 ]
  # The comments' verdicts are the scan's, and those are the truth.
  diff <(verdicts "$out" 10.9.0.2 | grep -v timeout) \
    <(verdicts_recorded 10.9.0.2)
  diff <(verdicts "$out" 10.9.0.2 | cut -d' ' -f1,2) \
    <(truth target 4 | cut -d' ' -f1,2)
  local open
  open=$(count ' open: syn-ack$')
  [ "$(count '\|the handshake is complete: ')" = "$open" ]
  [ "$(count '\|closed at once, by a RST$')" = "$open" ]
}

@test "IPv6, frames and raw IP" {
  network_make
  target_busy target
  record -p 1-4100 10.9.0.2 fd00:9::2
  accounted
  [ "$(syns '\|fd00:9::2\|')" -ge 4100 ]
  record --via ip -p 1-4100 10.9.0.2 fd00:9::2
  accounted
  [ "$(syns '\|fd00:9::2\|')" -ge 4100 ]
}

@test "loopback: each packet once, in and out told apart" {
  network_make
  listeners scanner 22 80
  record -p 1-5000 127.0.0.1 ::1 10.9.0.1
  accounted
  # A slow receiver has some asked again.
  [ "$(count ' open: syn-ack')" -ge 6 ]
  [ "$(count "$reset")" = "$(count ' open: syn-ack')" ]
}

@test "the questions for a neighbour's address are there, and the answers" {
  network_make
  record -p 1-5 10.9.0.2 fd00:9::2
  accounted
  shark "$file" -Y 'arp.opcode == 1 && arp.dst.proto_ipv4 == 10.9.0.2' |
    grep -q 'Who has 10.9.0.2? Tell 10.9.0.1'
  shark "$file" -Y 'arp.opcode == 2' | grep -q '10.9.0.2 is at'
  [ "$(count '\|2\|.*ff02::1:ff00:2.*\|asks for an address')" -ge 1 ]
  [ "$(count '\|1\|.*\|tells an address')" -ge 2 ]
}

@test "behind a queueing discipline: as they leave it" {
  network_make
  # 58 bytes a probe: 2,155 a second
  ip netns exec scanner tc qdisc add dev eth0 root \
    tbf rate 1mbit burst 2000 limit 100000
  record -p 1-2000 10.9.0.2
  accounted
  local -a times
  mapfile -t times < <(shark_fields "$file" frame.time_epoch -- \
    -Y 'tcp.flags == 2' | sed -n '1p;$p' | tr -d .)
  [ $((times[1] - times[0])) -gt 850000000 ]
}

@test "an interface without ARP" {
  network_make
  listeners target 80
  local host
  for host in scanner target; do
    ip -n $host link set eth0 down
    ip -n $host link set eth0 address 02:00:00:00:00:09 arp off
    ip -n $host link set eth0 up
  done
  record -p 1-100 10.9.0.2
  accounted
  [ "$(count ' open: syn-ack')" = 1 ]
}

@test "loss: tries and canaries are told apart, and counted" {
  network_make
  listeners target {8001..8020}
  firewall target 'numgen random mod 100 < 20 drop'
  record -p 7001-9000 10.9.0.2
  [ "$(tally 10.9.0.2)" = $'1980 closed rst\n20 open syn-ack' ]
  accounted 3 # answers to canaries
  [ "$(count '\|probe, try 1$')" = 2000 ]
  [ "$(count '\|probe, (try ([2-9]|1[0-6])|a canary: .*)$')" = \
    "$(summary "$out" retransmissions)" ]
  # The first tries leave from one port, the second ones from the next.
  local first second
  first=$(grep 'probe, try 1$' "$packets" | cut -d'|' -f7 | sort -u)
  second=$(grep 'probe, try 2$' "$packets" | cut -d'|' -f7 | sort -u)
  [ "$second" = $((first + 1)) ]
  # An answer says to which.
  [ "$(count ' closed: rst, answers try 2$')" -gt 0 ]
}

@test "one source port: tries are not told" {
  network_make
  record -g 40000 -p 1-50 10.9.0.2
  accounted
  [ "$(count '\|probe$')" = 50 ]
  [ "$(count ' closed: rst$')" = 50 ]
}

@test "forged replies: rejected, and why" {
  network_make
  firewall target 'tcp dport 5000-5099 drop'
  ip netns exec target perl -MSocket=:all -e '
    socket(my $raw, AF_INET, SOCK_RAW, IPPROTO_TCP) or die "socket: $!";
    my ($from, $to) = map { inet_aton($_) } "10.9.0.2", "10.9.0.1";
    sub sum { my $n = 0; $n += $_ for unpack "n*", shift;
      $n = ($n & 65535) + ($n >> 16) while $n >> 16; ~$n & 65535 }
    for (;;) { for my $port (5000 .. 5009) { for my $flags (0x12, 0x04) {
      my $tcp = pack "nnNNCCnnn", $port, 40000, 1, 12345, 0x50, $flags, 99, 0, 0;
      substr($tcp, 16, 2) = pack "n",
        sum($from . $to . pack("nn", IPPROTO_TCP, 20) . $tcp);
      send $raw, $tcp, 0, pack_sockaddr_in(0, $to);
    } } select undef, undef, undef, 0.005 }' 3>&- &
  wait_until 10 received scanner 500
  record -g 40000 -p 5000-5100 10.9.0.2
  [ "$(tally 10.9.0.2)" = $'1 closed rst\n100 filtered no-reply' ]
  accounted
  [ "$(count '\|rejected: cookie does not match$')" -gt 0 ]
  [ "$(count '\|rejected: neither SYN,ACK nor RST,ACK$')" -gt 0 ]
}

@test "two interfaces: each packet on its own" {
  network_make
  host_make other
  link_make scanner eth1 10.8.0.1/24 other eth0 10.8.0.2/24
  record -p 1-100 10.9.0.2 10.8.0.2 127.0.0.1
  accounted
  [ "$(syns '^eth0\|')" = 100 ]
  [ "$(syns '^eth1\|')" = 100 ]
  [ "$(syns '^lo\|')" = 100 ]
  grep 'Number of interfaces in file: 3' "$BATS_TEST_TMPDIR/infos"
  [ "$(grep -c 'Number of stat entries = 1' "$BATS_TEST_TMPDIR/infos")" = 3 ]
}

@test "the classic form: for a name in .pcap" {
  network_make
  file=$BATS_TEST_TMPDIR/run.pcap
  scan --pcap "$file" -p 1-100 10.9.0.2 127.0.0.1
  [ "$(head -c 4 "$file" | od -An -tx1)" = ' 4d 3c b2 a1' ]
  [ "$(shark "$file" -Y 'tcp.flags == 2' | wc -l)" = 200 ]
  [ "$(shark "$file" | wc -l)" = "$(summary "$out" record_packets)" ]
  shark_infos "$file" | grep 'File timestamp precision:  nanoseconds (9)'
}

@test "a link without a link layer; and two link types in one file" {
  [ -w /dev/net/tun ] || skip "/dev/net/tun is for root"
  network_make
  network_tun
  listeners target 80
  record -p 1-100 10.9.7.2 fd00:7::2
  accounted
  # Of each host; more than once where the first came late.
  [ "$(grep ' open: syn-ack' "$packets" | cut -d'|' -f 3,4 | sort -u |
    wc -l)" = 2 ]
  grep 'Encapsulation = Raw IP (7 - rawip)' "$BATS_TEST_TMPDIR/infos"
  record -p 1-100 10.9.7.2 10.9.0.2
  accounted
  # The classic form cannot, says so, and leaves the file alone.
  file=$BATS_TEST_TMPDIR/run.pcap
  echo keep >"$file"
  run -2 --separate-stderr run_on scanner "$SYNSCAN" --pcap "$file" \
    10.9.7.2 10.9.0.2
  echo "$stderr"
  [[ $stderr == *"$file"*eth0*.pcapng ]] && [[ $stderr == *tun0* ]]
  [ "$(cat "$file")" = keep ]
}

@test "Ctrl-C: whole, with its statistics, and all that was sent" {
  network_make
  target_busy target
  scan_start --pcap "$file" -r 20000 10.9.0.2
  wait_until 10 received target 10000
  local status=0
  kill -INT "$pid"
  wait "$pid" || status=$?
  [ $status = 3 ]
  account
  packets_of "$file"
  [ "$(syns)" = "$(summary "$out" probes_sent)" ]
  # Some more may have come while it ended.
  [ "$(count "$reply")" -ge "$(summary "$out" replies)" ]
  shark_infos "$file" | grep 'Number of stat entries = 1'
}

@test "killed outright: whole packets" {
  network_make
  scan_start --pcap "$file" -r 20000 10.9.0.2
  wait_until 10 larger 1000000
  kill -KILL "$pid"
  wait "$pid" || :
  [ "$(shark "$file" | wc -l)" -gt 5000 ]
}

larger() { # BYTES: the file is
  [ -e "$file" ] && [ "$(stat -c %s "$file")" -gt "$1" ]
}

@test "the device goes: what was there until then" {
  network_make
  scan_start --pcap "$file" -r 20000 10.9.0.2
  wait_until 10 received target 5000
  ip -n scanner link delete eth0
  local status=0
  wait "$pid" || status=$?
  [ $status = 3 ]
  account
  packets_of "$file"
  [ "$(count "$reply")" -gt 1000 ]
  shark_infos "$file" | grep 'Number of stat entries = 1'
}

# unwritten: the scan went on to its end all the same
unwritten() {
  run -1 --separate-stderr run_on scanner "$SYNSCAN" --show all \
    -o "ndjson:$out" --pcap "$file" "${pace[@]}" 10.9.0.2
  echo "$stderr"
  [ "${#stderr_lines[@]}" = 1 ]
  [[ $stderr == *"\"$file\": No space left on device" ]]
  account
  exact 10.9.0.2 target
}

@test "a full disk: the scan goes on, then exit 1 that names the file" {
  network_make
  target_busy target
  file=/dev/full
  unwritten
  file=$BATS_TEST_TMPDIR/small/run.pcapng
  mkdir "$BATS_TEST_TMPDIR/small"
  mount -t tmpfs -o size=64k none "$BATS_TEST_TMPDIR/small"
  unwritten
  # What there was room for can be read.
  [ "$(shark "$file" | wc -l)" -gt 300 ]
  umount "$BATS_TEST_TMPDIR/small"
}

@test "to a pipe, with the results elsewhere" {
  network_make
  listeners target 80
  run_on scanner "$SYNSCAN" -o "ndjson:$out" --pcap - -p 1-100 10.9.0.2 |
    cat >"$file"
  packets_of "$file"
  accounted
  # Nobody reads on: as a full disk.
  run -1 --separate-stderr bash -c '
    ip netns exec scanner "$1" -o "ndjson:$2" --pcap - 10.9.0.2 |
      head -c 1000 >/dev/null
    exit ${PIPESTATUS[0]}' bash "$SYNSCAN" "$out"
  [[ $stderr == *"standard output: Broken pipe" ]]
}

# refused WHAT ARGUMENT...: with exit 2 and a line that has WHAT in it
refused() {
  local what=$1
  shift
  run -2 --separate-stderr run_on scanner "$SYNSCAN" "$@"
  echo "$stderr"
  [ -z "$output" ]
  [ "${#stderr_lines[@]}" = 1 ]
  [[ $stderr == *"$what"* ]]
}

@test "where packets and results would meet: refused" {
  network_make
  refused 'standard output' --pcap - 10.9.0.2
  refused 'standard output' --pcap - -o csv:- -o "text:$out" 10.9.0.2
  refused 'accepted: a file of its own' --pcap "$file" -o "text:$file" 10.9.0.2
  refused '""' --pcap '' 10.9.0.2
}

@test "a scan that cannot be leaves the file as it is" {
  network_make
  echo keep >"$file"
  run -1 run_on scanner "$SYNSCAN" --pcap "$file" 192.0.2.1
  [ "$(cat "$file")" = keep ]
  run -1 --separate-stderr run_on scanner "$SYNSCAN" \
    --pcap "$BATS_TEST_TMPDIR/none/x" 10.9.0.2
  [[ $stderr == *"none/x\": No such file or directory" ]]
  run -0 run_on scanner "$SYNSCAN" --pcap "$file" --dry-run -p 1-3 10.9.0.2
  [ "$(cat "$file")" = keep ]
}

# examples FILE: commands of the page, or of README.md, that have to do with
# captures
examples() {
  sed -e :a -e '/\\$/N; s/ *\\\n *\(.*\)/ \1/; ta' "$1" |
    sed -n -e 's/\\(dq/"/g' -e 's/^\.Dl [#$] //p' -e 's/^    //p' | grep -E '^(synscan|tshark) .*scan\.pcapng'
}

@test "the examples of the manual and of README.md" {
  network_make
  listeners target 22 80
  local page
  cd "$BATS_TEST_TMPDIR"
  printf '#!/bin/sh\nexec "%s" %s "$@"\n' "$SYNSCAN" "${pace[*]}" >synscan
  chmod +x synscan
  for page in man/synscan.8 README.md; do
    examples "$top_srcdir/$page" >commands
    cat commands
    [ "$(wc -l <commands)" = 2 ]
    PATH=$PWD:$PATH shark_quiet ip netns exec scanner bash -e commands >said
    tail -n 3 said
    [ "$(grep -c 'port 80 open: syn-ack, answers try 1\| 80 → .*\[SYN, ACK\]' said)" = 1 ]
    rm scan.pcapng
  done
}

@test "-v and the text summary say how many" {
  network_make
  run -0 --separate-stderr run_on scanner "$SYNSCAN" -v --pcap "$file" \
    -p 1-100 10.9.0.2
  local n
  n=$(shark "$file" | wc -l)
  [[ $output == *"$n packets recorded, 0 dropped"* ]]
  [[ $stderr == *"$n packets recorded in $file, 0 dropped"* ]]
}
