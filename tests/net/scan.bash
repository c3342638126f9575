# shellcheck shell=bash disable=SC2154,SC2034,SC2016
# SPDX-License-Identifier: BSD-2-Clause
# For tests/net/*.bats: scans held against the truth.
bats_require_minimum_version 1.5.0
load network

setup() {
  out=$BATS_TEST_TMPDIR/out.ndjson
}

teardown() {
  local host
  for host in $(ip netns list | cut -d' ' -f1); do
    ip netns pids "$host" | xargs -r kill -KILL
  done
  ip -all netns delete
}

# scan ARGUMENT...: from the scanner, all results into $out
scan() {
  run_on scanner "$SYNSCAN" --show all -o "ndjson:$out" "$@"
  account
}

# scan_start ARGUMENT...: the same in the background; its pid is $pid
scan_start() {
  ip netns exec scanner "$SYNSCAN" --show all -o "ndjson:$out" "$@" \
    >"$BATS_TEST_TMPDIR/stdout" 2>"$BATS_TEST_TMPDIR/stderr" 3>&- &
  pid=$!
}

# received HOST N: whether its eth0 has got that many packets
received() {
  [ "$(run_on "$1" cat /sys/class/net/eth0/statistics/rx_packets)" -ge "$2" ]
}

# account: the numbers of $out add up, and every line is whole
account() {
  local lines
  lines=$(grep -c '^{"type":"port",.*}$' "$out" || :)
  [ "$(wc -l <"$out")" = $((lines + 1)) ]
  tail -n 1 "$out" | perl -MJSON::PP -e '
    my $s = decode_json(<STDIN>);
    print join(" ", map { "$_=$s->{$_}" } sort keys %$s), "\n";
    my $told = $s->{open} + $s->{closed} + $s->{filtered};
    die "not what was asked\n"
      if $told + $s->{unasked} != $s->{targets} * $s->{ports};
    die "lines: $ARGV[0] of $told\n" if $told != $ARGV[0];
    die "complete?\n" if !$s->{complete} != ($s->{unasked} > 0);
    die "retransmissions\n" if $s->{retransmissions} > $s->{probes_sent};
  ' "$lines"
}

# exact ADDRESS HOST: every port of the address as it truly is on the host
exact() {
  local family=4
  case $1 in *:*) family=6 ;; esac
  truth "$2" $family | cut -d' ' -f1-3 >"$BATS_TEST_TMPDIR/truth"
  verdicts "$out" "$1" | diff "$BATS_TEST_TMPDIR/truth" - \
    >"$BATS_TEST_TMPDIR/diff" || {
    echo "$1, truth (<) and verdicts (>):"
    grep -c '^>' "$BATS_TEST_TMPDIR/diff" || :
    head -n 20 "$BATS_TEST_TMPDIR/diff"
    return 1
  }
}

# tally ADDRESS: "COUNT STATE REASON" of what was found
tally() {
  verdicts "$out" "$1" | cut -d' ' -f2,3 | sort | uniq -c | sed 's/^ *//'
}

# accepting HOST PORT...: listeners, IPv4, that accept all and count; the
# counts are in /run/accepted: a line "PORT" for each
accepting() {
  local host=$1 port
  shift
  : >/run/accepted
  run_on "$host" perl -MSocket=:all -MIO::Select -e '
    open(my $out, ">>", "/run/accepted") or die "open: $!";
    $out->autoflush(1);
    my $all = IO::Select->new;
    my %port;
    for (@ARGV) {
      socket(my $fd, AF_INET, SOCK_STREAM, 0) or die "socket: $!";
      bind($fd, sockaddr_in($_, INADDR_ANY)) or die "bind $_: $!";
      listen($fd, 128) or die "listen: $!";
      $all->add($fd);
      $port{fileno $fd} = $_;
    }
    while (my @ready = $all->can_read) {
      for (@ready) {
        accept(my $peer, $_) or next;
        print $out $port{fileno $_}, "\n";
      }
    }' "$@" 3>&- &
  for port; do wait_until 10 listening4 "$host" "$port"; done
}

listening4() { # HOST PORT
  [ -n "$(run_on "$1" ss -4Htln "sport = $2")" ]
}

accepted_all() { # HOST: none waits to be accepted
  [ -z "$(run_on "$1" ss -4Htln | awk '$2 > 0')" ]
}

# clock_ms: monotonic enough
clock_ms() {
  echo $(($(date +%s%N) / 1000000))
}
