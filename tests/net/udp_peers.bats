# SPDX-License-Identifier: BSD-2-Clause
# synudp and others: plain tools, hostile ones, and the user's Ctrl-C.
# shellcheck disable=SC2154,SC2030,SC2031,SC2034,SC2016,SC2094
load udp

@test "ncat and socat talk to serve" {
  network_make
  serve
  local host
  for host in 10.9.0.2 fd00:9::2; do
    # ncat leaves at the end of its input, whether there is a reply or not
    : >"$BATS_TEST_TMPDIR/ncat"
    { printf hello && wait_until 5 grep -q hello "$BATS_TEST_TMPDIR/ncat"; } |
      run_on scanner timeout 10 ncat -u "$host" 7007 >"$BATS_TEST_TMPDIR/ncat"
    [ "$(cat "$BATS_TEST_TMPDIR/ncat")" = hello ]
  done
  [ "$(printf '你好' | run_on scanner timeout 10 socat -T 0.3 - \
    UDP4:10.9.0.2:7007)" = 你好 ]
  [ "$(head -c 3000 /dev/zero | tr '\0' x | run_on scanner timeout 10 \
    socat -b 9000 -T 0.3 - 'UDP6:[fd00:9::2]:7007' | wc -c)" = 3000 ]
  serve_end
  [ "$(value "$served" others)" = 4 ]
  [ "$(value "$served" probes)" = 0 ]
}

@test "what is no probe is spoiled all the same" {
  network_make
  serve --drop 100
  [ -z "$(printf 'hello' | run_on scanner timeout 10 socat -T 0.2 - \
    UDP4:10.9.0.2:7007)" ]
  serve_end
  [ "$(value "$served" dropped)" = 1 ]
}

@test "probe talks to an echo of socat" {
  network_make
  ip netns exec target socat UDP4-RECVFROM:7007,fork PIPE 3>&- &
  wait_until 5 udp_bound target 7007
  probe 0 -c 20 --interval 20ms --timeout 200ms 10.9.0.2 7007
  got received=20 lost=0 corrupted=0 rejected=0
  run ! grep -q server_received "$out"
  rules scanner input 'udp sport 7007 numgen inc mod 4 == 0 drop'
  probe 0 -c 20 --interval 20ms --timeout 200ms 10.9.0.2 7007
  got received=15 lost=5 lost_unknown=5
}

@test "probe talks to an echo of ncat" {
  network_make
  ip netns exec target ncat -u -l 7007 --exec /bin/cat 3>&- &
  wait_until 5 udp_bound target 7007
  probe 0 -c 20 -s 500 --interval 20ms --timeout 200ms 10.9.0.2 7007
  # should cat join two datagrams, the one is damaged and the other lost
  [ "$(value "$out" received)" -ge 10 ]
  got rejected=0 duplicated=0 lost_unknown=$((20 - $(value "$out" received) - \
    $(value "$out" only_damaged)))
}

# udp_send HOST SOURCE-PORT ADDRESS PORT: each line of stdin, in hex, as a
# datagram; the replies within 200 ms, in hex
udp_send() {
  run_on "$1" timeout 20 perl -MSocket=:all -e '
    my ($from, $to, $port) = @ARGV;
    socket(my $s, AF_INET, SOCK_DGRAM, 0) or die;
    bind($s, sockaddr_in($from, INADDR_ANY)) or die "bind: $!";
    connect($s, sockaddr_in($port, inet_aton($to))) or die;
    while (<STDIN>) { chomp; send($s, pack("H*", $_), 0) }
    my $in = "";
    vec($in, fileno($s), 1) = 1;
    while (select(my $ready = $in, undef, undef, 0.2) > 0) {
      defined recv($s, my $got, 65536, 0) or last;
      print unpack("H*", $got), "\n";
    }' "${@:2}"
}

# A report (kind 3) or a reply (kind 2, 4) whose checksums hold.
datagram() { # KIND
  perl -e '
    sub crc { my $c = 0xffffffff;
      for (unpack "C*", $_[0]) { $c ^= $_;
        $c = $c & 1 ? $c >> 1 ^ 0xedb88320 : $c >> 1 for 1 .. 8 }
      $c ^ 0xffffffff }
    my @head = ("synU", 1, $ARGV[0], 0, 0, 7, 0, 1, 60, 0, 5, 0, (0) x 5);
    my $form = "a4 CCn NN N N N NN N N5";
    $head[6] = crc(pack $form, @head);
    print unpack("H*", pack $form, @head), "\n"' "$1"
}

@test "no two servers can be set upon each other" {
  network_make
  serve
  # replies are never answered
  [ -z "$({ datagram 2; datagram 4; } | udp_send scanner 0 10.9.0.2 7007)" ]
  # nor what comes from where servers live, or from one like this
  [ -z "$(echo 68656c6c6f | udp_send scanner 7 10.9.0.2 7007)" ]
  [ -z "$(echo 68656c6c6f | udp_send scanner 7007 10.9.0.2 7007)" ]
  [ "$(echo 68656c6c6f | udp_send scanner 0 10.9.0.2 7007)" = 68656c6c6f ]
  # a report is, and with as many bytes
  [ "$(datagram 3 | udp_send scanner 0 10.9.0.2 7007 | wc -c)" = 121 ]
  serve_end
  [ "$(value "$served" ignored)" = 4 ]
  [ "$(value "$served" reports)" = 1 ]
}

@test "a server that is sent nonsense" {
  network_make
  serve --dup 10 --reorder 10 --corrupt 10
  datagram 1 >"$BATS_TEST_TMPDIR/good"
  # each prefix of a probe, each byte of it altered, then noise of all sizes
  perl -e '
    srand 1;
    chomp(my $good = <STDIN>);
    my @bytes = unpack "C*", pack "H*", $good;
    print substr($good, 0, 2 * $_), "\n" for 0 .. 59;
    for my $at (0 .. 59) {
      my @bad = @bytes;
      $bad[$at] ^= 1 + int rand 255;
      print unpack("H*", pack "C*", @bad), "\n";
    }
    for (1 .. 300) {
      my $n = int rand 300;
      print "73796e550101", unpack("H*", pack "C*", map int rand 256, 1 .. $n),
        "\n" }' <"$BATS_TEST_TMPDIR/good" |
    udp_send scanner 0 10.9.0.2 7007 >"$BATS_TEST_TMPDIR/replies"
  [ -s "$BATS_TEST_TMPDIR/replies" ]
  serve_end
  [ "$(value "$served" received)" -ge 400 ]
}

@test "sessions of any number take no more memory" {
  network_make
  serve
  probe 0 -c 1 10.9.0.2 7007
  local before after
  grep -q 'enable-sanitize=' "$top_builddir/config.log" &&
    skip "sanitizers keep freed memory"
  # 20,000 sessions: all 4,096 places of the table, many times over
  perl -e '
    sub crc { my $c = 0xffffffff;
      for (unpack "C*", $_[0]) { $c ^= $_;
        $c = $c & 1 ? $c >> 1 ^ 0xedb88320 : $c >> 1 for 1 .. 8 }
      $c ^ 0xffffffff }
    for my $session (1 .. 20000) {
      my @head = ("synU", 1, 1, 0, 0, $session, 0, 1, 60, 0, 5, 0, (0) x 5);
      my $form = "a4 CCn NN N N N NN N N5";
      $head[6] = crc(pack $form, @head);
      print unpack("H*", pack $form, @head), "\n" }' \
    >"$BATS_TEST_TMPDIR/sessions"
  head -n 10000 "$BATS_TEST_TMPDIR/sessions" |
    udp_send scanner 0 10.9.0.2 7007 >/dev/null
  before=$(awk '/VmRSS/ { print $2 }' "/proc/$server/status")
  tail -n 10000 "$BATS_TEST_TMPDIR/sessions" |
    udp_send scanner 0 10.9.0.2 7007 >/dev/null
  after=$(awk '/VmRSS/ { print $2 }' "/proc/$server/status")
  [ "$after" -le $((before + 256)) ]
  [ "$after" -lt 16384 ]
  serve_end
}

# liar: on the target, port 7007: answers each datagram with several that are
# wrong in one way each, and once as it came. Of every fifth that is all.
liar() {
  ip netns exec target perl -MSocket=:all -e '
    socket(my $s, AF_INET, SOCK_DGRAM, 0) or die;
    bind($s, sockaddr_in(7007, INADDR_ANY)) or die;
    sub crc { my $c = 0xffffffff;
      for (unpack "C*", $_[0]) { $c ^= $_;
        $c = $c & 1 ? $c >> 1 ^ 0xedb88320 : $c >> 1 for 1 .. 8 }
      $c ^ 0xffffffff }
    sub sealed { my ($b) = @_;
      substr($b, 16, 4) = "\0" x 4;
      substr($b, 16, 4) = pack "N", crc(substr $b, 0, 60);
      $b }
    my $n = 0;
    while (my $who = recv($s, my $got, 65536, 0)) {
      my @out = ("", "x", substr($got, 0, 59), "\0" x 60, "\xff" x 65000);
      my $b = $got;
      substr($b, 8, 8) = "stranger";  push @out, sealed $b;  # session
      $b = $got; substr($b, 20, 4) = "\xff" x 4;             # number
      push @out, sealed $b;
      $b = $got; substr($b, 20, 4) = "\0" x 4; push @out, sealed $b;
      $b = $got; substr($b, 5, 1) = "\2";                    # counts
      substr($b, 40, 20) = "\xff" x 20;
      push @out, substr(sealed($b), 0, 60) if ++$n % 5 == 0;
      push @out, $got;
      send($s, $_, 0, $who) for @out;
    }' 3>&- &
  wait_until 5 udp_bound target 7007
}

@test "a prober that is told nonsense" {
  network_make
  liar
  probe 0 -c 20 --interval 2ms --timeout 300ms 10.9.0.2 7007
  got sent=20 received=20 lost=0 lost_out=0 lost_back=0
  [ "$(value "$out" rejected)" -ge 140 ]
}

@test "a server that says nothing does not hold the prober up" {
  network_make
  ip netns exec target perl -MSocket=:all -e '
    socket(my $s, AF_INET, SOCK_DGRAM, 0) or die;
    bind($s, sockaddr_in(7007, INADDR_ANY)) or die;
    while (recv($s, my $got, 65536, 0)) { }' 3>&- &
  wait_until 5 udp_bound target 7007
  local before=$SECONDS
  probe 1 -c 2 --interval 1ms --timeout 100ms 10.9.0.2 7007
  [ $((SECONDS - before)) -le 5 ]
  got lost=2 lost_unknown=2
}

@test "the manual's examples" {
  network_make
  local command server='' done=0
  cd "$BATS_TEST_TMPDIR"
  PATH=$top_builddir:$PATH
  while read -r command; do
    echo "$ $command"
    case $command in
    'synudp serve'*)
      [ -z "$server" ] || { kill -INT "$server" && { wait "$server" || :; }; }
      # shellcheck disable=SC2086
      ip netns exec target $command >stdout 3>&- &
      server=$!
      wait_until 5 udp_bound target 7007
      ;;
    jq*)
      command -v jq >/dev/null || continue
      run_on scanner bash -c "$command" >stdout
      [ "$(wc -l <stdout)" = 10 ]
      ;;
    *)
      run_on scanner timeout 60 bash -c "$command" >stdout
      [ -s stdout ] || [ -s probe.json ]
      ;;
    esac
    done=$((done + 1))
  done < <(sed -n 's/^\.Dl \$ //p' "$top_srcdir/man/synudp.1" |
    sed 's/\\(dq/"/g')
  [ "$done" -ge 9 ]
}

# interrupted PID: ends by Ctrl-C within a second, exit status 3
interrupted() {
  local status=0 start
  start=$(date +%s%N)
  kill -INT "$1"
  wait "$1" || status=$?
  [ "$status" = 3 ]
  [ $((($(date +%s%N) - start) / 1000000)) -lt 3000 ] # on a busy machine
}

@test "Ctrl-C ends a probe with what is known" {
  network_make
  serve
  ip netns exec scanner "$SYNUDP" probe -c 100000 --interval 1ms \
    -o "ndjson:$out" 10.9.0.2 7007 3>&- &
  local prober=$!
  wait_until 5 grep -q '"seq":50,' "$out"
  interrupted $prober
  whole "$out"
  got end=interrupted complete=false lost=0 lost_unknown=0
  [ "$(value "$out" received)" -ge 50 ]
}

@test "Ctrl-C while nothing answers, between sizes, and in search of the MTU" {
  network_make
  rules target input 'udp dport 7007 drop'
  local arguments prober
  for arguments in '-c 3' '--sizes 60-1000' '--df'; do
    sent_before=$(counter scanner snmp Udp:OutDatagrams)
    # shellcheck disable=SC2086
    ip netns exec scanner "$SYNUDP" probe $arguments --timeout 20s \
      -o "ndjson:$out" 10.9.0.2 7007 3>&- &
    prober=$!
    wait_until 5 prober_sent
    interrupted $prober
    whole "$out"
    got complete=false
    run_on target nft reset counters >/dev/null
    run_on target nft flush ruleset
    rules target input 'udp dport 7007 counter drop'
  done
}

prober_sent() {
  [ "$(counter scanner snmp Udp:OutDatagrams)" -gt "${sent_before:-0}" ]
}

@test "a second Ctrl-C ends it at once" {
  network_make
  serve --delay 10s
  ip netns exec scanner "$SYNUDP" probe -c 5 --interval 1ms --timeout 20s \
    10.9.0.2 7007 >/dev/null 3>&- &
  local prober=$! status=0
  wait_until 5 prober_sent
  kill -INT $prober
  kill -INT $prober 2>"$BATS_TEST_TMPDIR/kill" || :
  wait $prober || status=$?
  [ "$status" = 3 ]
}

@test "the port is taken" {
  network_make
  serve
  run -1 run_on target "$SYNUDP" serve 7007
  [[ $output == *7007*"in use"* ]]
  run -1 run_on target "$SYNUDP" serve 192.0.2.9 7008
  [[ $output == *192.0.2.9* ]]
}

@test "serve on any free port, and on one address alone" {
  network_make
  ip netns exec target "$SYNUDP" serve 10.9.0.2 0 \
    >"$BATS_TEST_TMPDIR/stdout" 3>&- &
  server=$!
  wait_until 5 grep -q '^seed [0-9a-f]\{16\}$' "$BATS_TEST_TMPDIR/stdout"
  local address port
  read -r address port <"$BATS_TEST_TMPDIR/stdout"
  [ "$address" = 10.9.0.2 ]
  [ "$(grep -c "$port" "$BATS_TEST_TMPDIR/stdout")" = 1 ]
  probe 0 -c 1 10.9.0.2 "$port"
  interrupted $server
  grep -q '^1 datagram came, ' "$BATS_TEST_TMPDIR/stdout" ||
    grep -q '^2 datagrams came, ' "$BATS_TEST_TMPDIR/stdout"
}

@test "an output that cannot be written" {
  network_make
  serve
  run -1 run_on scanner bash -c "$SYNUDP probe -c 1000 10.9.0.2 7007 >/dev/full"
  [[ $output == *"No space left"* ]]
  run -1 run_on scanner "$SYNUDP" probe -o ndjson:/nonexistent/x 10.9.0.2 7007
  [[ $output == */nonexistent/x* ]]
  # a reader that goes ends it, long before its time
  local before=$SECONDS
  run_on scanner bash -c "$SYNUDP probe -c 1000 10.9.0.2 7007 | head -n 1" \
    2>"$BATS_TEST_TMPDIR/stderr2"
  [ $((SECONDS - before)) -le 5 ]
}
