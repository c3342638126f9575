# SPDX-License-Identifier: BSD-2-Clause
# --explain: the ladders hold the packets that tshark reads from --pcap.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
load scan
load shark

setup() {
  out=$BATS_TEST_TMPDIR/out.ndjson
  file=$BATS_TEST_TMPDIR/run.pcapng
  said=$BATS_TEST_TMPDIR/said
}

# target_mixed: 22 open, 80 closed, 81 dropped, 82 a RST and 83 an ICMP error
# of the firewall
target_mixed() {
  listeners target 22
  firewall target 'tcp dport 81 drop' 'tcp dport 82 reject with tcp reset' \
    'tcp dport 83 reject with icmpx type admin-prohibited'
}

# explain ARGUMENT...: from the scanner into $said, its packets into $file
explain() {
  run_on scanner "$SYNSCAN" --explain --pcap "$file" "$@" >"$said"
  cat "$said"
}

# Both print a line for each packet: frame, microseconds since the first packet
# of its port, from, to, flags or ICMP, raw sequence number, raw
# acknowledgement, window, relative numbers, MSS.

# drawn FILE: those of the ladders
drawn() {
  perl -Mutf8 -CSD -ne '
    sub done {
      return if !@row;
      my ($us, $right, $label) = @row;
      @row = ();
      my ($from, $to) = $right ? ($client, $server) : ($server, $client);
      die "no frame: $text" if $text !~ s/^ #(\d+) +//;
      my $frame = $1;
      if ($label =~ /^ICMP/) {
        $text =~ /^from (\S+), type (\d+) code (\d+): quotes TCP (\S+) > (\S+) seq 0 \(raw (\d+)\), frame \d+ / or die $text;
        print "$frame $us $1 $client icmp-$2-$3 $4 $5 $6\n";
        return;
      }
      $label =~ /^([A-Z,]+) seq (\d+)(?: ack (\d+))? win (\d+)$/ or die $label;
      my ($flags, $seq, $ack, $window) = ($1, $2, $3 // "-", $4);
      $text =~ /raw: seq (\d+) ack (\d+), win (\d+)(?: x \d+ = (\d+))?/ or
        die $text;
      my $raw = "$1 $2 $3";
      die "windows: $text" if $window != ($4 // $3);
      die "whose RST? $text" if $flags eq "RST,ACK" && $right &&
        $text !~ /connect\(\) succeeded, and the scanner closes with a RST/;
      die "whose RST? $text" if $flags eq "RST" && $right &&
        $text !~ /sent by our own kernel, which knows no such connection/;
      my $offered = $flags !~ /SYN/ ? "-" : $right ? $mss : $answered;
      print "$frame $us $from $to $flags $raw $seq $ack $offered\n";
    }
    chomp;
    if (/^ *(\d+)\.(\d{6}) [A-Z_]+ +([◀<])?[─-]+ (.*?) [─-]+([▶>])? [A-Z_]+$/) {
      my @new = ($1 * 1e6 + $2, defined $5, $4);
      die "which way? $_" if defined $3 == defined $5;
      done; @row = @new; $text = "";
    } elsif (@row && /^ / ) {
      $text .= $text eq "" ? $_ : s/^ +/ /r;
    } elsif (/^((?:[0-9.]+|\[[0-9a-f:]+\]):\d+)$/) {
      done; $server = $1;
    } elsif (/^(?:canary )?from (\S+) \(MSS (\d+)/) {
      done; ($client, $mss, $answered) = ($1, $2, "-");
      $answered = $1 if /answered with MSS (\d+)/;
    } elsif (/^(?:answered )?(?:with )?MSS (\d+)/) {
      $answered = $1; # the line was broken before it
    } else {
      done;
    }
    END { done }' "$1" | sort -n
}

# captured FILE: those of the file
captured() {
  shark_fields "$1" frame.number frame.time_epoch frame.packet_flags_direction \
    ip.src ipv6.src ip.dst ipv6.dst tcp.srcport tcp.dstport tcp.flags \
    tcp.seq_raw tcp.ack_raw tcp.window_size_value tcp.seq tcp.ack \
    tcp.options.mss_val icmp.type icmp.code icmpv6.type icmpv6.code -- \
    -Y tcp -o tcp.analyze_sequence_numbers:TRUE | perl -F'\|' -ane '
    chomp(@F);
    my ($frame, $time, $way, $src4, $src6, $dst4, $dst6, $sport, $dport,
      $flags, $seq, $ack, $window, $rseq, $rack, $mss, @icmp) = @F;
    my @src = split /,/, "$src4$src6";
    my @dst = split /,/, "$dst4$dst6";
    sub end { my ($a, $p) = @_; $a =~ /:/ ? "[$a]:$p" : "$a:$p" }
    my ($from, $to) = (end($src[-1], $sport), end($dst[-1], $dport));
    my $type = $icmp[0] // ""; $type = $icmp[2] if $type eq "";
    my $code = $icmp[1] // ""; $code = $icmp[3] if $code eq "";
    my $quotes = defined $type && $type ne "";
    my ($s, $ns) = split /\./, $time;
    my $now = $s * 1e9 + $ns;
    my $port = $quotes || hex $way == 2 ? $to : $from;
    $first{$port} //= $now;
    my $us = int(($now - $first{$port}) / 1000);
    if ($quotes) {
      print "$frame $us $src[0] $from icmp-$type-$code $from $to " .
        ($seq || $rseq) . "\n";
      next;
    }
    my $bits = hex $flags;
    my $names = join ",", ($bits & 2 ? "SYN" : ()), ($bits & 1 ? "FIN" : ()),
      ($bits & 4 ? "RST" : ()), ($bits & 8 ? "PSH" : ()),
      ($bits & 16 ? "ACK" : ());
    $rack = "-" if !($bits & 16);
    $mss = "-" if $mss eq "";
    print "$frame $us $from $to $names $seq $ack $window $rseq $rack $mss\n"'
}

# same_packets: all of the file are drawn, and nothing else; at least so many
same_packets() { # COUNT
  captured "$file" >"$BATS_TEST_TMPDIR/captured"
  drawn "$said" >"$BATS_TEST_TMPDIR/drawn"
  diff "$BATS_TEST_TMPDIR/captured" "$BATS_TEST_TMPDIR/drawn"
  [ "$(wc -l <"$BATS_TEST_TMPDIR/drawn")" -ge "$1" ]
}

# wide: prints the lines that are wider than 80 columns; none is
wide() {
  ! perl -CSD -ne 'chomp; print "$_\n" if length > 80' "$1" | grep .
}

# says PORT TEXT: the part of that port does, whatever its lines
says() {
  awk -v port="$1" '
    /^[^ ]*:[0-9]+$/ { on = $0 ~ ":" port "$" }
    on { sub(/^ +/, ""); printf "%s ", $0 }' "$said" | grep -F -- "$2"
}

@test "open, closed, dropped, rejected: the packets that tshark reads" {
  network_make
  target_mixed
  explain -p 22,80-83 10.9.0.2
  same_packets 14
  wide "$said"
  says 22 'seq = their ack = 1: sent by our own kernel, which knows no such'
  says 22 ' open (syn-ack): RFC 9293 3.10.7.2: '
  says 80 'ack = our seq + 1: this RST answers our SYN'
  says 80 ' closed (rst): RFC 9293 3.10.7.1: '
  says 81 ' tries, at 0.000, '
  says 81 ' s after the last filtered (no-reply): RFC 9293 3.10.7: '
  says 82 ' closed (rst): RFC 9293 3.10.7.1: '
  says 83 'from 10.9.0.2, type 3 code 13: quotes TCP 10.9.0.1:'
  says 83 ' filtered (icmp-admin-prohibited): RFC 9293 3.9.2.2: '
  # Silence calls for a proof that the host still answers.
  grep -q '^canary from 10.9.0.1:[0-9]* (MSS 1460)' "$said"
  grep -q '^canary: asked although it had answered' "$said"
  # The results first, and an empty line between.
  [ "$(head -n 1 "$said" | tr -s ' ')" = ' PORT STATE REASON RTT SERVICE' ]
  [ -z "$(grep -B 1 -m 1 '^10\.9\.0\.2:' "$said" | head -n 1)" ]
  grep -q '▶' "$said"
  # As many RST of ours as SYN,ACK; as many tries as SYNs.
  [ "$(grep -c 'sent by our own' "$said")" = "$(grep -c ' SYN,ACK seq' "$said")" ]
}

@test "of a connect scan: to the end of each connection" {
  network_make
  target_mixed
  listeners scanner 80
  explain -c -p 22,80-83 10.9.0.2 fd00:9::2
  same_packets 28
  wide <(sed '1,/^$/d' "$said") # the results may be
  says 22 ' ESTABLISHED '
  says 22 'connect() succeeded, and the scanner closes with a RST at once'
  says 22 ' open (syn-ack): RFC 9293 3.10.7.2: '
  says 80 'ack = our seq + 1: this RST answers our SYN'
  says 80 ' closed (conn-refused): RFC 9293 3.10.7.3: '
  says 81 ' s after the last filtered (timeout): RFC 9293 3.10.7: '
  says 83 ' filtered (icmp-admin-prohibited): RFC 9293 3.9.2.2: '
  explain -c -p 79,80 127.0.0.1 10.9.0.1
  same_packets 12
  [ "$(grep -c '^open (syn-ack)' "$said")" = 2 ]
}

@test "IPv6, several targets, loopback, frames and raw IP" {
  network_make
  target_mixed
  listeners scanner 80
  explain -n -p 22,80-83 10.9.0.2 fd00:9::2
  same_packets 28
  says 83 'from fd00:9::2, type 1 code 1: quotes TCP [fd00:9::1]:'
  explain -n --via ip -p 22,80-83 10.9.0.2 fd00:9::2
  same_packets 28
  explain -p 79,80 127.0.0.1 ::1 10.9.0.1
  same_packets 15
  wide "$said"
  [ "$(grep -c '^open (syn-ack)' "$said")" = 3 ]
  [ "$(grep -c 'sent by our own' "$said")" = 3 ]
}

@test "a link-local address; one that nobody has; one without a way" {
  network_make
  listeners target 22
  local address
  address=$(ip -n target -6 -o address show dev eth0 scope link |
    sed 's/.* \(fe80[^/]*\).*/\1/')
  explain -p 22 "$address%eth0" 10.9.0.77 192.0.2.1
  grep -Fx "[$address%eth0]:22" "$said"
  [ "$(captured "$file" | wc -l)" = "$(grep -c '^  *0\.' "$said")" ]
  grep -F '(no-neighbour): no SYN could leave: nobody on the link' "$said"
  grep -F '(no-route): no SYN could leave: the routing table' "$said"
}

@test "losses and one source port: every try, every time" {
  network_make
  listeners target 22
  firewall target 'numgen random mod 100 < 40 drop'
  explain -p 11-30 10.9.0.2
  same_packets 41
  explain -g 40000 -p 11-30 10.9.0.2
  same_packets 41
  wide "$said"
}

@test "ASCII where the locale knows no more" {
  network_make
  target_mixed
  LC_ALL=C explain -p 22,80-83 10.9.0.2
  [ "$(LC_ALL=C tr -d ' -~\n' <"$said" | wc -c)" = 0 ]
  same_packets 14
  wide "$said"
}

on_terminal() { # COLUMNS COMMAND: from the scanner
  run_on scanner script -qec "stty cols $1; $2" /dev/null </dev/null 3>&- |
    tr -d '\r'
}

@test "as wide as the terminal" {
  network_make
  listeners target 22
  local width
  for width in 70 120; do
    on_terminal $width "'$SYNSCAN' --explain -p 22 10.9.0.2" >"$said"
    cat "$said"
    # A row without what stands behind its arrow fits in any case.
    [ "$(perl -CSD -ne 'chomp; print length($1), "\n" if /^(.* SYN,ACK seq.*)$/' \
      "$said")" = "$width" ]
  done
}

@test "beside other outputs" {
  network_make
  target_mixed
  explain -o "ndjson:$out" --show all -p 22,80 10.9.0.2
  account
  [ "$(head -n 1 "$said")" = 10.9.0.2:22 ]
  same_packets 5
  explain -o text:/dev/null -p 22,80 10.9.0.2
  [ "$(head -n 1 "$said")" = 10.9.0.2:22 ]
  # Nobody reads it.
  run -1 --separate-stderr bash -c '
    ip netns exec scanner "$1" --explain -o "ndjson:$2" --show all \
      -p 22,80 10.9.0.2 >/dev/full' bash "$SYNSCAN" "$out"
  [[ $stderr == *"standard output: No space left on device" ]]
  account
}

resets() { # HOST N: whether it has sent that many
  [ "$(run_on "$1" awk '/^Tcp: [0-9]/ { print $15 }' /proc/net/snmp)" -ge "$2" ]
}

@test "interrupted: what there is" {
  network_make
  ip netns exec scanner "$SYNSCAN" --explain --pcap "$file" -r 1 -p 80-89 \
    10.9.0.2 >"$said" 3>&- &
  local pid=$! status=0
  wait_until 10 resets target 2
  kill -INT "$pid"
  wait "$pid" || status=$?
  cat "$said"
  [ $status = 3 ]
  same_packets 2
  [ "$(grep -c '^10.9.0.2:8[0-9]$' "$said")" = 10 ]
  grep -q '^closed (rst)' "$said"
  grep -q '^no verdict: the scan ended before it was known$' "$said"
}

# refused WHAT ARGUMENT...: with exit 2 and a line that has WHAT in it
refused() {
  local what=$1
  shift
  run -2 --separate-stderr run_on scanner "$SYNSCAN" --explain "$@"
  echo "$stderr"
  [ -z "$output" ]
  [ "${#stderr_lines[@]}" = 1 ]
  [[ $stderr == *"$what"* ]]
}

@test "too many ports, and what does not go together: refused" {
  network_make
  refused 'of 64 ports at most, and not of 1 target with 65535 ports' 10.9.0.2
  refused 'of 64 ports at most, and not of 1 target with 65 ports' \
    -p 1-65 10.9.0.2
  refused '256 targets with 1 port;' -p 80 fd00:9::/120
  refused 'not of 3 targets with 22 ports' -p 1-22 10.9.0.2-10.9.0.4
  refused 'accepted: a file for the others' -o ndjson -p 80 10.9.0.2
  refused 'accepted: a file for the others' -o csv:- -p 80 10.9.0.2
  refused 'accepted: a file for the others' --pcap - -o text:/dev/null \
    -p 80 10.9.0.2
  run -0 run_on scanner "$SYNSCAN" --explain -p 1-64 10.9.0.2
  [ "$(grep -c '^closed (rst)' <<<"$output")" = 64 ]
}

# example FILE: the command of the page, or of README.md, that explains; then
# what it is said to print, without numbers and lengths of arrows
example() {
  perl -ne '
    s/^    //;
    $shown = 1, print "$1\n" if /^(?:\.Dl # )?(synscan .*--explain.*)/;
    $on = 1 if $shown && /^10\.9\.0\.2:22$/;
    last if $on && /^(?:\.Ed|## )/;
    print if $on && /./' "$1"
}

masked() {
  sed -E 's/[0-9]+/N/g; s/(─|-)+/-/g; s/ +/ /g' | grep .
}

@test "the examples of the manual and of README.md" {
  network_make
  target_mixed
  printf '#!/bin/sh\nexec "%s" "$@"\n' "$SYNSCAN" >"$BATS_TEST_TMPDIR/synscan"
  chmod +x "$BATS_TEST_TMPDIR/synscan"
  local page locale width
  for page in man/synscan.8 README.md; do
    locale=C.UTF-8 width=80
    [ $page = README.md ] || locale=C width=72 # there is an indent
    example "$top_srcdir/$page" >"$BATS_TEST_TMPDIR/page"
    [ "$(wc -l <"$BATS_TEST_TMPDIR/page")" -gt 15 ]
    LC_ALL=$locale PATH=$BATS_TEST_TMPDIR:$PATH on_terminal $width \
      "$(head -n 1 "$BATS_TEST_TMPDIR/page")" >"$said"
    diff <(sed 1d "$BATS_TEST_TMPDIR/page" | masked) \
      <(sed -n '/^10\.9\.0\.2:22$/,$p' "$said" | masked)
  done
}
