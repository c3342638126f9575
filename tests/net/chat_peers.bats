# SPDX-License-Identifier: BSD-2-Clause
# synchat with others: ncat, socat, and peers that mean harm.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2046,SC2102,SC2154
load chat

# listening_on HOST PORT-IN-HEX
listening_on() {
  run_on "$1" grep -qE ":$2 0+:0000 0A" /proc/net/tcp
}

@test "ncat and socat connect: lines both ways, and end of input is theirs to say" {
  pair_listen
  talker ncat $(on scanner) ncat 10.9.0.2 8000
  talker socat $(on scanner) socat - TCP6:[fd00:9::2]:8000
  remarks listener '(2 here)'
  types ncat '你好 from ncat\n'
  shows socat '你好 from ncat'
  types socat 'from socat\n'
  shows ncat ': from socat'
  types listener 'from the listener\n'
  shows ncat 'listener: from the listener'
  shows socat 'listener: from the listener'
  hangs_up socat
  ends socat 0
  hangs_up ncat
  ends ncat 0
  types listener 'end\n'
  ends listener 0
  [ "$(sed 's/^[^ ]* //' "$T/listener.out")" = $'你好 from ncat\nfrom socat' ]
  [ "$(grep -c 'the other end closed first' "$T/listener.err")" = 2 ]
}

@test "ncat listens: lines both ways, whoever closes first" {
  network_make
  talker ncat $(on target) ncat -l 9000
  wait_until 10 listening_on target 2328
  talker one $(on scanner) "$SYNCHAT" connect 10.9.0.2 9000
  types one '你好\n'
  shows ncat 你好
  types ncat 'back\n'
  shows one back
  types one 'end\n'
  hangs_up ncat
  ends one 0
  ends ncat 0
  talker ncat $(on target) ncat -l 9000
  wait_until 10 listening_on target 2328
  talker one $(on scanner) "$SYNCHAT" connect 10.9.0.2 9000
  types one 'question\n'
  shows ncat question
  types ncat 'answer\n'
  hangs_up ncat
  ends one 0
  ends ncat 0
  [ "$(cat "$T/one.out")" = answer ]
  grep -F 'the other end closed first' "$T/one.err"
}

@test "socat listens: a reply to our FIN is not lost" {
  network_make
  # It answers when all has come: who does not read on loses that.
  talker socat $(on target) socat TCP-LISTEN:9000 SYSTEM:'cat; echo answered'
  wait_until 10 listening_on target 2328
  talker one $(on scanner) "$SYNCHAT" connect 10.9.0.2 9000
  types one 'one\ntwo\n'
  hangs_up one
  ends one 0
  [ "$(cat "$T/one.out")" = $'one\ntwo\nanswered' ]
  grep -F 'this end closed first' "$T/one.err"
}

@test "a file goes to one that half-closed at once, and back, byte for byte" {
  network_make
  head -c 3000000 /dev/urandom >"$T/file"
  ip netns exec target ncat -l 9000 </dev/null >"$T/got" 3>&- &
  pid[ncat]=$!
  wait_until 10 listening_on target 2328
  run_on scanner "$SYNCHAT" connect 10.9.0.2 9000 <"$T/file"
  ends ncat 0
  head -c 3000000 "$T/got" | cmp - "$T/file"
  ip netns exec target ncat -l --send-only 9001 <"$T/file" 3>&- &
  pid[ncat]=$!
  wait_until 10 listening_on target 2329
  run_on scanner "$SYNCHAT" connect 10.9.0.2 9001 </dev/null >"$T/back"
  ends ncat 0
  cmp "$T/back" "$T/file"
}

@test "in turns with ncat: what has no newline is a message all the same" {
  network_make
  talker ncat $(on target) ncat -l 9000
  wait_until 10 listening_on target 2328
  talker one $(on scanner) "$SYNCHAT" --turns connect 10.9.0.2 9000
  types one 'Hello, server!\n'
  shows ncat 'Hello, server!'
  types ncat 'Hello, client!'
  shows one 'Hello, client!'
  types one 'bye\n'
  shows ncat 'Hello, server!bye'
  types ncat end
  hangs_up ncat
  ends one 0
  [ "$(cat "$T/one.out")" = 'Hello, client!' ]
}

# speak HOST PERL: with $s connected to the listener
speak() {
  run_on "$1" perl -MSocket=:all -e '
    $SIG{PIPE} = "IGNORE";
    socket(my $s, AF_INET, SOCK_STREAM, 0) or die;
    connect($s, sockaddr_in(8000, inet_aton("10.9.0.2"))) or die;
    setsockopt($s, IPPROTO_TCP, TCP_NODELAY, 1);
    sub say_all { my $d = shift; my $at = 0;
      while ($at < length $d) { my $n = syswrite $s, $d, 65536, $at;
        defined $n or return; $at += $n } }
    sub hear_all { my $d = ""; while (sysread $s, $d, 65536, length $d) {} $d }
    sub done { shutdown $s, 1 }
    '"$2"
}

@test "UTF-8 in single bytes stays whole, in lines and in turns" {
  pair_listen
  caller one
  remarks listener '(1 here)'
  speak scanner 'say_all $_ for split //, "你好, wörld 🐧\n"; done; hear_all'
  shows listener ': 你好, wörld 🐧'
  shows one ': 你好, wörld 🐧'
  types listener 'end\n'
  ends listener 0
  ends one 0
  talker two $(on target) "$SYNCHAT" --turns listen 8000
  remarks two 'listening on 10.9.0.2 8000'
  # Each byte goes when the one before was read: the message ends now and
  # then within a character, and never shows one in halves.
  speak scanner '
    for (split //, "你好🐧") {
      say_all $_;
      select undef, undef, undef, 0.025; # longer than a message may pause
    }
    done; hear_all'
  ends two 0
  [ "$(tr -d '\n' <"$T/two.out")" = 你好🐧 ]
}

@test "NUL, escapes and what is not UTF-8 pass through a pipe unchanged" {
  pair_listen
  caller one
  remarks listener '(1 here)'
  speak scanner 'say_all "a\0b\e[2J\x9b\xff\xc3\r\n\n"; done; hear_all'
  shows listener ': a'
  wait_until 10 eval '[ "$(wc -l <"$T/one.out")" = 2 ]'
  printf 'a\0b\033[2J\233\377\303\r\n\n' >"$T/expected"
  sed 's/^[^ ]* //' "$T/one.out" | cmp - "$T/expected"
  sed 's/^[^ ]* //' "$T/listener.out" | cmp - "$T/expected"
}

@test "a last line without its newline is a line" {
  pair_listen
  caller one
  remarks listener '(1 here)'
  speak scanner 'say_all "whole\nbroken off"; done; hear_all'
  shows one ': broken off'
  types one 'neither has this'
  hangs_up one
  ends one 0
  shows listener ': neither has this'
}

@test "a line of 10 MB: the beginning for all, a word to its sender, the rest for nobody" {
  pair_listen
  caller one
  remarks listener '(1 here)'
  speak scanner '
    say_all "x" x 10_000_000; say_all "\nshort\n"; done; print hear_all' \
    >"$T/told"
  shows one ': short'
  [ "$(cat "$T/told")" = 'listener: a line may have 8192 bytes; 9991808 more of yours were dropped' ]
  grep -F 'a line of more than 8192 bytes; 9991808 were dropped' "$T/listener.err"
  [ "$(awk '{ print length($2) }' "$T/one.out" | xargs)" = '8192 5' ]
  local peak
  peak=$(awk '$1 == "VmHWM:" { print $2 }' "/proc/${pid[listener]}/status")
  [ "$peak" -lt 65536 ]
}

@test "10 MB of single characters: shown by a client that reads a listener like that" {
  network_make
  ip netns exec target socat -u OPEN:/dev/zero,readbytes=10000000 TCP-LISTEN:9000 3>&- &
  pid[socat]=$!
  wait_until 10 listening_on target 2328
  run_on scanner "$SYNCHAT" connect 10.9.0.2 9000 </dev/null >"$T/zeros"
  [ "$(wc -c <"$T/zeros")" = 10000000 ]
}

@test "who does not read is cut off and named, and nobody waits for them" {
  pair_listen
  caller one
  remarks listener '(1 here)'
  speak scanner 'sleep' >/dev/null 3>&- &
  remarks listener '(2 here)'
  local silent i
  silent=$(sed -n 's/^synchat: \(.*\) has come (2 here)/\1/p' "$T/listener.err")
  # More than the kernel's buffers and the queue hold.
  seq -f "%-100.0f" 200000 >"$T/lines"
  run_on scanner "$SYNCHAT" connect 10.9.0.2 8000 <"$T/lines"
  remarks listener "$silent is cut off: it does not read, and 1024 KiB wait for it"
  wait_until 30 eval '[ "$(wc -l <"$T/one.out")" = 200000 ]'
  sed 's/^[^ ]* //' "$T/one.out" | cmp - "$T/lines"
  types one 'end\n'
  ends one 0
}

@test "a slow reader slows down who sends in bulk, and loses nothing" {
  pair_listen
  speak scanner '
    my ($d, $all) = ("", "");
    while (sysread $s, $d, 65536) {
      $all .= $d;
      select undef, undef, undef, 0.02; # some 3 MB a second
    }
    print $all' >"$T/slow" 3>&- &
  pid[slow]=$!
  remarks listener '(1 here)'
  seq -f "%-100.0f" 100000 >"$T/lines"
  run_on scanner "$SYNCHAT" connect 10.9.0.2 8000 <"$T/lines"
  types listener 'end\n'
  wait_until 60 has_ended "${pid[slow]}"
  unset 'pid[slow]'
  [ "$(grep -c 'is cut off' "$T/listener.err")" = 0 ]
  sed 's/^[^ ]* //' "$T/slow" | cmp - "$T/lines"
}

@test "callers beyond the number of open files wait, and nothing spins" {
  network_make
  talker listener $(on target) bash -c "ulimit -n 24 && exec '$SYNCHAT' listen 8000"
  remarks listener 'listening on 10.9.0.2 8000'
  ip netns exec scanner perl -MSocket=:all -e '
    for (1 .. 40) {
      socket(my $s, AF_INET, SOCK_STREAM, 0) or die;
      connect($s, sockaddr_in(8000, inet_aton("10.9.0.2"))) or die;
      push @s, $s }
    $SIG{USR1} = sub { splice @s, 0, 30 }; # these leave
    sleep while 1' 3>&- &
  pid[perl]=$!
  remarks listener 'callers have to wait: too many open files'
  local real
  real=$(pgrep -P "${pid[listener]}" -x synchat || echo "${pid[listener]}")
  local before after here
  before=$(awk '{ print $14 + $15 }' "/proc/$real/stat")
  sleep 1 # what is measured: how much of it goes by working
  after=$(awk '{ print $14 + $15 }' "/proc/$real/stat")
  [ $((after - before)) -lt 20 ] # of 100 ticks
  here=$(grep -c 'has come' "$T/listener.err")
  [ "$here" -lt 24 ]
  kill -USR1 "${pid[perl]}"
  wait_until 10 eval '[ "$(grep -c "has come" "$T/listener.err")" -gt "'"$here"'" ]'
  wait_until 10 eval '[ "$(grep -c "has come" "$T/listener.err")" = 40 ]'
}
