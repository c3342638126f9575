# SPDX-License-Identifier: BSD-2-Clause
# --compare: both scans say the same, and what each costs is what was counted.
# shellcheck disable=SC2016,SC2154,SC2030,SC2031
load scan

# compare ARGUMENT...: all of both into $out, the table into $table
compare() {
  table=$BATS_TEST_TMPDIR/table
  run_on scanner "$SYNSCAN" --compare --show all -o "ndjson:$out" \
    -o "text:$table" "$@"
  cat "$table"
  [ "$(wc -l <"$table")" -le 23 ]
  [ "$(wc -L <"$table")" -le 80 ]
}

# exact_both ADDRESS HOST PORTS: the verdicts on ports 1 to PORTS of each scan,
# in its own words, are the truth, and the table says that they are the same
exact_both() {
  local mode family=4 told=$BATS_TEST_TMPDIR/told
  case $1 in *:*) family=6 ;; esac
  for mode in syn connect; do
    grep '^{"type":"port".*"mode":"'$mode'"}$' "$out" >"$told"
    truth "$2" $family | cut -d' ' -f1-3 | head -n "$3" |
      if [ $mode = connect ]; then
        sed 's/ rst$/ conn-refused/; s/ no-reply$/ timeout/'
      else
        cat
      fi >"$BATS_TEST_TMPDIR/truth"
    echo "$1, $mode: truth (<) and verdicts (>)"
    verdicts "$told" "$1" | diff "$BATS_TEST_TMPDIR/truth" -
  done
}

# compared SIDE|'' FIELD: a number of the comparison, or of one side of it
compared() {
  grep '^{"type":"compare"' "$out" | perl -MJSON::PP -e '
    my $all = decode_json(<STDIN>);
    $all = $all->{$ARGV[0]} if $ARGV[0];
    print $all->{$ARGV[1]} // die("no $ARGV[1]\n"), "\n"' "$1" "$2"
}

# counts SIDE packets_sent|packets_received N [MORE]: so many, or a few more; and
# where it asked again, as on a busy machine, at most a SYN, an ACK and a RST for
# each
counts() {
  local n again
  n=$(compared "$1" "$2")
  again=$(sed -n 's/^{"type":"summary","mode":"'"$1"'".*"retransmissions":\([0-9]*\).*/\1/p' "$out")
  echo "$1: $n $2, $again retransmissions"
  [ "$n" -ge "$3" ]
  [ "$n" -le $(($3 + ${4-0} + 3 * again)) ]
}

both() { # FIELD: of both sides together
  echo $(($(compared syn "$1") + $(compared connect "$1")))
}

# counters HOST: counts TCP that comes in by its source port, TCP that goes out
# by its destination port, and all ICMP that goes out; as the kernel sees it,
# before any rule that drops
counters() {
  run_on "$1" nft -f - <<'NFT'
table inet count {
  set came { type inet_service; size 65535; flags dynamic; counter; }
  set went { type inet_service; size 65535; flags dynamic; counter; }
  counter errors { }
  counter acks { }
  chain in {
    type filter hook prerouting priority -400;
    meta l4proto tcp update @came { tcp sport counter }
    tcp flags & (syn|rst|ack) == ack counter name acks
  }
  chain out {
    type filter hook postrouting priority 400;
    meta l4proto tcp update @went { tcp dport counter }
    icmp type destination-unreachable counter name errors
  }
}
NFT
}

# counted HOST came|went FIRST LAST: "PACKETS BYTES" of these ports; the bytes
# with an Ethernet header for each packet
counted() {
  run_on "$1" nft list set inet count "$2" | grep -o '[0-9]* counter [a-z0-9 ]*' |
    awk -v first="$3" -v last="$4" '
      $1 >= first && $1 <= last { packets += $4; bytes += $6 + 14 * $4 }
      END { print packets + 0, bytes + 0 }'
}

named() { # HOST COUNTER: its packets
  run_on "$1" nft list counter inet count "$2" | sed -n 's/.*packets \([0-9]*\) .*/\1/p'
}

# cost SIDE sent|received: "PACKETS BYTES"
cost() {
  echo "$(compared "$1" "packets_$2") $(compared "$1" "bytes_$2")"
}

# A sanitizer makes a capture too slow for every packet, which is said then.
counts_all() {
  [ -e "$top_builddir/tests/net/clockstep.so" ] ||
    skip "a sanitizer build drops packets"
}

@test "each port of a busy host: the same verdict, each in its own words" {
  counts_all
  network_make
  target_busy target
  firewall target 'tcp dport 3100-3119 reject with icmpx type port-unreachable'
  counters target
  compare 10.9.0.2
  exact_both 10.9.0.2 target 65535
  [ "$(compared '' same)" = 65535 ]
  [ "$(compared '' different)" = 0 ]
  grep -Eq '^ *500  filtered  no-reply / timeout$' "$table"
  grep -Eq '^ *20  filtered  icmp-port-unreach$' "$table"
  grep -Eq '^ *100  filtered  icmp-admin-prohibited$' "$table"
  # The errors are counted too, and nothing was missed.
  [ "$(both packets_missed)" = 0 ]
  read -r came _ < <(counted target came 1 65535)
  read -r went _ < <(counted target went 1 65535)
  errors=$(named target errors)
  echo "target: $came in, $went TCP and $errors ICMP out"
  [ "$errors" -ge 240 ]
  [ "$(both packets_sent)" = "$came" ]
  [ "$(both packets_received)" = $((went + errors)) ]
  [ "$(compared connect handshakes)" = "$(named target acks)" ]
  [ "$(compared syn handshakes)" = 0 ]
}

@test "IPv6: the same" {
  network_make
  target_busy target
  compare -p 1-5000 fd00:9::2
  exact_both fd00:9::2 target 5000
  [ "$(compared '' same)" = 5000 ]
  [ "$(compared syn handshakes)" = 0 ]
  [ "$(compared connect handshakes)" -ge 6 ]
}

@test "what each scan costs is what the target counts, and accepts" {
  counts_all
  network_make
  accepting target 22 80 443
  counters target
  compare -v -p 1-2000 10.9.0.2 2>"$BATS_TEST_TMPDIR/stderr"
  # The ports that connects leave from; all others are of the SYN scan.
  ports=$(sed -n 's/.* port \([0-9]*\)-\([0-9]*\), .*connect()$/\1 \2/p' \
    "$BATS_TEST_TMPDIR/stderr")
  read -r first last <<<"$ports"
  local side way
  for way in came went; do
    read -r packets bytes < <(counted target $way 1 65535)
    # shellcheck disable=SC2086
    read -r part part_bytes < <(counted target $way $ports)
    [ $way = came ] && side=sent || side=received
    echo "$first-$last, $way: $packets $bytes, of connects $part $part_bytes"
    [ "$(cost connect "$side")" = "$part $part_bytes" ]
    [ "$(cost syn "$side")" = "$((packets - part)) $((bytes - part_bytes))" ]
  done
  # Fewer packets, and no connection.
  counts syn packets_sent 2003
  counts connect packets_received 2000 3 # FINs, and their ACKs; see below
  counts connect packets_sent 2006 3
  [ "$(compared syn handshakes)" = 0 ]
  [ "$(compared connect handshakes)" = 3 ]
  wait_until 5 accepted_all target
  [ "$(sort -n /run/accepted | tr '\n' ' ')" = '22 80 443 ' ]
}

@test "somebody else's connections are not counted" {
  counts_all
  network_make
  accepting target 22 80
  run_on scanner perl -MIO::Socket::INET -e '
    for (;;) { IO::Socket::INET->new("10.9.0.2:80") or die "$@" }' 3>&- &
  other=$!
  wait_until 5 test -s /run/accepted
  compare -p 1-500 10.9.0.2
  kill -0 $other
  kill $other
  [ "$(compared connect handshakes)" = 2 ]
  # Who accepts may close before our RST is there: a FIN, and its ACK.
  counts connect packets_received 500 2
  counts connect packets_sent 504 2
}

@test "loopback and several targets: counted once" {
  counts_all
  host_make scanner
  ip -n scanner address add fd00:9::1/128 dev lo
  listeners scanner 22 # which accept nothing, and so never say FIN
  compare -p 1-100 127.0.0.1 127.0.0.2 fd00:9::1
  [ "$(compared '' same)" = 300 ]
  # An open port takes a SYN and a RST, or a SYN, an ACK and a RST.
  counts syn packets_sent 303
  counts syn packets_received 300
  counts connect packets_sent 306
  counts connect packets_received 300
  [ "$(compared syn handshakes)" = 0 ]
  [ "$(compared connect handshakes)" = 3 ]
}

@test "what differs is named, with both reasons, and is no failure" {
  network_make
  listeners target 22
  # A SYN of a kernel has more options than a probe: so a firewall can tell.
  firewall target 'tcp dport { 22, 80 } ip length > 48 drop' \
    'tcp dport 81-90 ip length > 48 reject with icmpx type admin-prohibited'
  compare -p 1-50 10.9.0.2
  grep -q '^different: 1 port ' "$table"
  grep -Eq '^ *22  open syn-ack / filtered timeout$' "$table"
  grep '^{"type":"difference"' "$out" | perl -MJSON::PP -e '
    my $it = decode_json(<STDIN>);
    die if "$it->{ip} $it->{port} $it->{syn_state} $it->{syn_reason}" ne
      "10.9.0.2 22 open syn-ack";
    die if "$it->{connect_state} $it->{connect_reason}" ne "filtered timeout";'
  # Many: by their kinds, the most frequent first.
  compare -p 1-100 10.9.0.2
  grep -q '^different: 12 ports ' "$table"
  [ "$(grep -c '^{"type":"difference"' "$out")" = 12 ]
  grep -A1 '^different' "$table" | tail -n 1 |
    grep -Eq '^ *10  closed rst / filtered icmp-admin-prohibited$'
  [ "$(compared '' same)" = 88 ]
}

@test "without the privilege nothing is scanned" {
  network_make
  run -1 --separate-stderr run_on scanner setpriv --inh-caps=-all \
    --bounding-set=-all "$SYNSCAN" --compare -p 1-10 10.9.0.2
  [ -z "$output" ]
  [[ $stderr == *"raw packets need"* ]]
}

@test "Ctrl-C in the SYN scan: what there is, and no connect scan" {
  network_make
  listeners target 22
  scan_start --compare -r 500 -p 1-20000 10.9.0.2
  wait_until 10 received target 300
  kill -INT "$pid"
  status=0
  wait "$pid" || status=$?
  [ $status = 3 ]
  [ "$(compared connect packets_sent)" = 0 ]
  [ "$(compared syn packets_sent)" -ge 290 ]
  [ "$(compared '' unknown)" = 20000 ]
  grep -q '^{"type":"summary","mode":"connect",.*"unasked":20000,' "$out"
}

@test "Ctrl-C in the connect scan: all of the first, some of the second" {
  network_make
  listeners target 22
  scan_start --compare -v -r 1000 -p 1-2000 10.9.0.2
  wait_until 20 grep -q 'the connect scan begins' "$BATS_TEST_TMPDIR/stderr"
  wait_until 10 received target 2300
  kill -INT "$pid"
  status=0
  wait "$pid" || status=$?
  [ $status = 3 ]
  grep -q '^{"type":"summary","mode":"syn",.*"unasked":0,.*"complete":true' "$out"
  grep -q '^{"type":"summary","mode":"connect",.*"complete":false' "$out"
  [ "$(compared '' same)" -ge 100 ]
  [ $(($(compared '' same) + $(compared '' unknown))) = 2000 ]
}

@test "what does not go with it is said" {
  local with
  for with in -c '--pcap x' '-g 40000' '-o csv'; do
    # shellcheck disable=SC2086
    run -2 --separate-stderr "$SYNSCAN" --compare $with 127.0.0.1
    [[ $stderr == *--compare*accepted* ]]
  done
  [ ! -e x ]
}

@test "the examples of the manual and of README.md" {
  counts_all
  local page arguments examples
  network_make
  target_busy target
  for page in man/synscan.8 README.md; do
    examples=$(sed -n -e 's/^\.Dl # synscan --compare /--compare /p' \
      -e 's/^    synscan --compare /--compare /p' "$top_srcdir/$page")
    [ -n "$examples" ]
    while read -r arguments; do
      # shellcheck disable=SC2086
      run -0 --separate-stderr run_on scanner "$SYNSCAN" $arguments
      echo "$output"
      # The same lines, but for the numbers.
      [[ $output == *'{"type":"compare"'* ]] ||
        for label in open closed filtered time 'packets sent' \
          'packets received' 'bytes, both ways' \
          'handshakes, seen by programs' 'same verdict: ' 'different: 0'; do
          grep -q "^$label" <<<"$output"
          grep -Eq "^( {4})?$label" "$top_srcdir/$page"
        done
    done <<<"$examples"
  done
}
