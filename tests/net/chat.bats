# SPDX-License-Identifier: BSD-2-Clause
# synchat between two hosts: who gets what, how it ends, what is said when it
# cannot begin.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2046,SC2102,SC2154
load chat

@test "each line goes to all others with its sender's name" {
  pair_listen
  caller one --source-port 40001
  caller two --source-port 40002
  talker three $(on scanner) "$SYNCHAT" --source-port 40003 connect fd00:9::2 8000
  remarks listener '[fd00:9::1]:40003 has come (3 here)'
  types one 'hello, 你好\n'
  shows two '10.9.0.1:40001: hello, 你好'
  types three 'from IPv6\n'
  shows one '[fd00:9::1]:40003: from IPv6'
  types listener 'and from me\n'
  local name
  for name in one two three; do shows $name 'listener: and from me'; done
  types two 'end\n'
  ends two 0
  hangs_up one
  ends one 0
  types listener 'end\n'
  ends listener 0
  ends three 0
  # Nobody gets their own lines, and nobody loses one.
  diff "$T/one.out" - <<'END'
[fd00:9::1]:40003: from IPv6
listener: and from me
END
  diff "$T/two.out" - <<'END'
10.9.0.1:40001: hello, 你好
[fd00:9::1]:40003: from IPv6
listener: and from me
END
  diff "$T/three.out" - <<'END'
10.9.0.1:40001: hello, 你好
listener: and from me
END
  diff "$T/listener.out" - <<'END'
10.9.0.1:40001: hello, 你好
[fd00:9::1]:40003: from IPv6
END
  grep -F '10.9.0.1:40001 has left (1 here): the other end closed first' \
    "$T/listener.err"
  grep -F 'this end closed first' "$T/one.err" "$T/two.err"
  grep -F 'the other end closed first' "$T/three.err"
}

@test "every address that a peer can type is named" {
  pair_listen
  wait_until 10 grep -q 'listening on fe80::' "$T/listener.err"
  diff <(sed -n 's/^synchat: listening on \([^ ]* 8000\).*/\1/p' "$T/listener.err" |
    grep -v fe80 | sort) - <<'END'
10.9.0.2 8000
127.0.0.1 8000
::1 8000
fd00:9::2 8000
END
  local linklocal
  linklocal=$(sed -n 's/^synchat: listening on \(fe80.*\)%eth0 8000.*/\1/p' "$T/listener.err")
  talker one $(on scanner) "$SYNCHAT" connect "$linklocal%eth0" 8000
  remarks one 'connected to [fe80::'
}

@test "one address or one family only" {
  network_make
  talker listener $(on target) "$SYNCHAT" listen 10.9.0.2 8000
  remarks listener 'listening on 10.9.0.2 8000'
  [ "$(grep -c 'listening on' "$T/listener.err")" = 1 ]
  run -1 run_on scanner "$SYNCHAT" connect fd00:9::2 8000 </dev/null
  talker six $(on target) "$SYNCHAT" -6 listen 8001
  remarks six 'listening on fd00:9::2 8001'
  [ "$(grep -c '10.9.0.2' "$T/six.err")" = 0 ]
  run -1 run_on scanner "$SYNCHAT" connect 10.9.0.2 8001 </dev/null
  # Both at once on one port: they do not meet.
  talker four $(on target) "$SYNCHAT" -4 listen 8001
  remarks four 'listening on 10.9.0.2 8001'
  run -0 run_on scanner "$SYNCHAT" connect 10.9.0.2 8001 </dev/null
  run -0 run_on scanner "$SYNCHAT" connect fd00:9::2 8001 </dev/null
}

@test "port 0: the kernel's choice is named" {
  network_make
  talker listener $(on target) "$SYNCHAT" listen 0
  remarks listener 'listening on 10.9.0.2 '
  local port
  port=$(sed -n 's/.*listening on 10.9.0.2 //p' "$T/listener.err")
  [ "$port" -gt 1023 ]
  run -0 run_on scanner "$SYNCHAT" connect 10.9.0.2 "$port" </dev/null
}

@test "end of file at the listener ends only its typing" {
  network_make
  ip netns exec target "$SYNCHAT" listen 8000 </dev/null \
    >"$T/listener.out" 2>"$T/listener.err" 3>&- &
  pid[listener]=$!
  remarks listener 'listening on 10.9.0.2 8000'
  caller one
  types one 'still here?\n'
  shows listener 'still here?'
  caller two
  remarks listener '(2 here)'
  types one 'yes\n'
  shows two 'yes'
  kill -INT "${pid[listener]}"
  ends listener 3
  ends one 0
  ends two 0
}

@test "a line that says end ends that peer's talk" {
  pair_listen
  talker plain $(on scanner) socat -t 10 - TCP:10.9.0.2:8000
  caller one
  remarks listener '(2 here)'
  types plain 'hello\nend\nnobody hears this\n'
  hangs_up plain
  ends plain 0
  shows one ': hello'
  types one 'bye\nend\n'
  ends one 0
  [ "$(wc -l <"$T/one.out")" = 1 ]
  [ "$(wc -l <"$T/listener.out")" = 2 ]
  # ... and to a client it ends the talk just so.
  talker other $(on target) ncat -l 9000
  wait_until 10 run_on target grep -q ':2328 ' /proc/net/tcp
  talker two $(on scanner) "$SYNCHAT" connect 10.9.0.2 9000
  types other 'hello\nend\n'
  shows two hello
  wait_until 10 grep -q 'closed first' "$T/two.err" || {
    hangs_up other
  }
  ends two 0
}

@test "Ctrl-C: exit 3 within a second, at both ends" {
  pair_listen
  caller one
  caller two
  remarks listener '(2 here)'
  local start
  start=$(date +%s%N)
  kill -INT "${pid[two]}"
  ends two 3
  kill -INT "${pid[listener]}"
  ends listener 3
  [ $(($(date +%s%N) - start)) -lt 2000000000 ]
  ends one 0
  grep -q 'over: 2 came' "$T/listener.err"
}

@test "Ctrl-C with a peer that never closes: still within a second" {
  pair_listen
  ip netns exec scanner perl -MSocket=:all -e '
    socket(my $s, AF_INET, SOCK_STREAM, 0) or die;
    connect($s, sockaddr_in(8000, inet_aton("10.9.0.2"))) or die;
    sleep' 3>&- &
  remarks listener '(1 here)'
  local start
  start=$(date +%s%N)
  kill -TERM "${pid[listener]}"
  ends listener 3
  [ $(($(date +%s%N) - start)) -lt 1000000000 ]
  grep -q 'did not in time' "$T/listener.err"
}

@test "a second Ctrl-C ends at once" {
  pair_listen
  ip netns exec scanner perl -MSocket=:all -e '
    socket(my $s, AF_INET, SOCK_STREAM, 0) or die;
    connect($s, sockaddr_in(8000, inet_aton("10.9.0.2"))) or die;
    sleep' 3>&- &
  remarks listener '(1 here)'
  types listener 'end\n' # waits two seconds for that one
  kill -INT "${pid[listener]}"
  kill -INT "${pid[listener]}" 2>/dev/null || :
  ends listener 3
}

@test "--retry asks again while it is refused" {
  network_make
  caller one --retry
  remarks one 'refuses; asking again every second'
  pair_listen
  types one 'at last\n'
  shows listener 'at last'
  types one 'end\n'
  ends one 0
}

@test "--retry: Ctrl-C ends it" {
  network_make
  caller one --retry
  remarks one 'refuses'
  kill -INT "${pid[one]}"
  ends one 3
}

# fails STATUS TEXT ARGUMENT...: connect from the scanner, with what it says
fails() {
  local status=$1 text=$2
  shift 2
  run -"$status" --separate-stderr run_on scanner "$SYNCHAT" "$@" </dev/null
  echo "$stderr"
  [[ $stderr == *"$text"* ]]
  [ -z "$output" ]
}

@test "refused, timed out, unreachable and reset differ" {
  network_make
  firewall target 'tcp dport 8001 drop' \
    'tcp dport 8002 reject with icmpx type admin-prohibited' \
    'tcp dport 8003 reject with tcp reset' \
    'tcp dport 8004 reject with icmpx type port-unreachable'
  local address
  for address in 10.9.0.2 fd00:9::2; do
    fails 1 '(ECONNREFUSED; Windows: 10061)' connect $address 8000
    fails 1 '(ECONNREFUSED; Windows: 10061)' connect $address 8003
    fails 1 '(ECONNREFUSED; Windows: 10061)' connect $address 8004
    fails 1 'check the firewall' -w 300ms connect $address 8001
    [[ $stderr == *'(ETIMEDOUT; Windows: 10060)'* ]]
  done
  fails 1 '(EHOSTUNREACH; Windows: 10065)' connect 10.9.0.2 8002
  fails 1 '(EACCES; Windows: 10013)' connect fd00:9::2 8002
  fails 1 '(ENETUNREACH; Windows: 10051 or 10065)' connect 192.0.2.1 8000
  # Nobody has that address.
  fails 1 '(EHOSTUNREACH; Windows: 10065)' -w 0 connect 10.9.0.77 8000
  # The kernel's own time-out says the same.
  run_on scanner bash -c 'echo 1 >/proc/sys/net/ipv4/tcp_syn_retries'
  fails 1 '(ETIMEDOUT; Windows: 10060)' -w 0 connect 10.9.0.2 8001
}

@test "a port that nobody listens on is refused, also when TCP would meet itself" {
  run -1 --separate-stderr "$SYNCHAT" -g 40000 connect 127.0.0.1 40000 </dev/null
  [[ $stderr == *ECONNREFUSED* ]]
}

@test "Ctrl-C while nobody answers: exit 3" {
  network_make
  firewall target 'tcp dport 8000 drop'
  caller one --narrate
  remarks one 'connect('
  kill -INT "${pid[one]}"
  ends one 3
}

@test "port in use, and an address of somebody else" {
  pair_listen
  run -1 --separate-stderr run_on target "$SYNCHAT" listen 8000 </dev/null
  [[ $stderr == *'cannot listen on port 8000: port in use'*'(EADDRINUSE; Windows: 10048)' ]]
  run -1 --separate-stderr run_on target "$SYNCHAT" listen 10.9.0.2 8000 </dev/null
  [[ $stderr == *'(EADDRINUSE; Windows: 10048)' ]]
  run -1 --separate-stderr run_on target "$SYNCHAT" listen 10.9.0.3 8000 </dev/null
  [[ $stderr == *'(EADDRNOTAVAIL; Windows: 10049)' ]]
}

@test "a listener comes back at once while its old connections linger" {
  pair_listen
  caller one
  remarks listener '(1 here)'
  types listener 'end\n'
  ends listener 0
  ends one 0
  [ -n "$(run_on target ss -Htan state time-wait)" ]
  pair_listen
}

@test "all addresses of a name are tried in turn" {
  network_make
  printf '%s lab.test\n' fd00:9::77 fd00:9::2 10.9.0.2 >"$T/hosts"
  mount --bind "$T/hosts" /etc/hosts
  talker listener $(on target) "$SYNCHAT" -4 listen 8000
  remarks listener 'listening on 10.9.0.2 8000'
  talker one $(on scanner) "$SYNCHAT" -w 300ms connect lab.test 8000
  remarks one 'connected to 10.9.0.2:8000'
  grep -F '[fd00:9::2]:8000: connection refused' "$T/one.err"
  grep -F '[fd00:9::77]:8000: ' "$T/one.err"
  fails 1 'cannot connect to [fd00:9::2]:8000' -6 -w 300ms connect lab.test 8000 ||
    fails 1 'cannot connect to [fd00:9::77]:8000' -6 -w 300ms connect lab.test 8000
  umount /etc/hosts
}

@test "what a peer said before it broke off is heard first" {
  network_make
  ip netns exec target perl -MSocket=:all -e '
    socket(my $l, AF_INET, SOCK_STREAM, 0) or die;
    setsockopt($l, SOL_SOCKET, SO_REUSEADDR, 1);
    bind($l, sockaddr_in(8000, INADDR_ANY)) or die; listen($l, 5);
    while (accept(my $c, $l)) {
      syswrite $c, "farewell";
      setsockopt($c, SOL_SOCKET, SO_LINGER, pack "ii", 1, 0);
      close $c }' 3>&- &
  wait_until 10 run_on target grep -q ':1F40 ' /proc/net/tcp
  local i
  for i in {1..20}; do
    run -1 --separate-stderr run_on scanner "$SYNCHAT" connect 10.9.0.2 8000 </dev/zero
    [ "$output" = farewell ]
    [[ $stderr == *ECONNRESET* ]] || [[ $stderr == *EPIPE* ]]
    run -1 --separate-stderr run_on scanner "$SYNCHAT" connect 10.9.0.2 8000 </dev/null
    [ "$output" = farewell ]
    [[ $stderr == *ECONNRESET* ]]
  done
  talker one $(on scanner) "$SYNCHAT" connect 10.9.0.2 8000
  ends one 1
  [ "$(cat "$T/one.out")" = farewell ]
  grep -F 'connection reset' "$T/one.err"
}

@test "the narration names each call and the state after it" {
  pair_listen --narrate
  caller one --narrate --source-port 40000
  types one 'hello\n'
  shows listener hello
  types one 'end\n'
  ends one 0
  types listener 'end\n'
  ends listener 0
  local call
  while read -r call; do
    grep -Eq "^  $call" "$T/one.err" || { echo "one: $call"; false; }
  done <<'END'
socket\(AF_INET, SOCK_STREAM\) = [0-9]+ +CLOSED$
bind\([0-9]+, 0.0.0.0:40000\) = 0 +CLOSED$
connect\([0-9]+, 10.9.0.2:8000\) = -1 EINPROGRESS +(SYN_SENT|ESTABLISHED)$
getsockopt\([0-9]+, SO_ERROR: 0\) = 0 +ESTABLISHED$
send\([0-9]+, "hello\\x0a", 6\) = 6 +ESTABLISHED$
shutdown\([0-9]+, SHUT_WR\) = 0 +(FIN_WAIT_1|FIN_WAIT_2|CLOSED)$
recv\([0-9]+, 4096, the peer's FIN\) = 0 +CLOSED$
close\([0-9]+\) = 0$
END
  while read -r call; do
    grep -Eq "^  $call" "$T/listener.err" || { echo "listener: $call"; false; }
  done <<'END'
listen\([0-9]+, 4096\) = 0 +LISTEN$
accept\([0-9]+, 10.9.0.1:40000\) = [0-9]+ +ESTABLISHED$
recv\([0-9]+, 4096, "hello\\x0a"\) = 6 +ESTABLISHED$
recv\([0-9]+, 4096, the peer's FIN\) = 0 +CLOSE_WAIT$
shutdown\([0-9]+, SHUT_WR\) = 0 +(LAST_ACK|CLOSED)$
END
}

@test "--stay: talking on to a peer that has closed its half" {
  network_make
  talker other $(on target) socat -u TCP-LISTEN:9000 -
  wait_until 10 run_on target grep -q ':2328 ' /proc/net/tcp
  # socat -u half-closes at once, and goes on reading
  talker one $(on scanner) "$SYNCHAT" --stay connect 10.9.0.2 9000
  remarks one 'connected'
  types one 'do you hear me?\n'
  shows other 'do you hear me?'
  types one 'still?\n'
  shows other 'still?'
  types one 'end\n'
  ends one 0
  ends other 0
}

@test "a program's lines all go out before the talk ends" {
  pair_listen
  caller one
  remarks listener '(1 here)'
  seq -f 'line %06.0f' 50000 >"$T/lines"
  run_on scanner "$SYNCHAT" connect 10.9.0.2 8000 <"$T/lines"
  shows one 'line 050000'
  types one 'end\n'
  ends one 0
  sed 's/^[^ ]* //' "$T/one.out" | cmp - "$T/lines"
  shows listener 'line 050000'
  sed 's/^[^ ]* //' "$T/listener.out" | cmp - "$T/lines"
}

@test "a listener's lines wait for the first who comes" {
  network_make
  seq -f 'line %06.0f' 30000 >"$T/lines"
  { cat "$T/lines" && echo end; } | run_on target "$SYNCHAT" listen 8000 \
    >"$T/listener.out" 2>"$T/listener.err" 3>&- &
  pid[listener]=$!
  remarks listener 'listening on 10.9.0.2 8000'
  caller one
  ends one 0
  ends listener 0
  sed 's/^listener: //' "$T/one.out" | cmp - "$T/lines"
}

@test "standard output that nobody reads holds nobody up" {
  network_make
  mkfifo "$T/stuck"
  exec {stuck}<>"$T/stuck"
  ip netns exec target "$SYNCHAT" listen 8000 </dev/null >"$T/stuck" \
    2>"$T/listener.err" 3>&- &
  pid[listener]=$!
  remarks listener 'listening on 10.9.0.2 8000'
  caller one
  remarks listener '(1 here)'
  seq -f 'line %06.0f' 100000 | run_on scanner "$SYNCHAT" connect 10.9.0.2 8000
  shows one 'line 100000'
  [ "$(wc -l <"$T/one.out")" = 100000 ]
  kill -INT "${pid[listener]}"
  ends listener 3
  exec {stuck}>&-
}

@test "what standard output did not take is said, and the exit code tells" {
  pair_listen
  mkfifo "$T/stuck"
  exec {stuck}<>"$T/stuck"
  talker one $(on scanner) bash -c "exec '$SYNCHAT' connect 10.9.0.2 8000 >'$T/stuck'"
  remarks listener '(1 here)'
  seq -f 'line %06.0f' 10000 >&"${typing[listener]}"
  types listener 'end\n'
  remarks one 'the other end closed first' ||
    remarks listener 'did not in time'
  kill -INT "${pid[one]}"
  ends one 3
  grep -F 'standard output did not take all of it' "$T/one.err"
  exec {stuck}>&-
}

@test "a source port that is in TIME_WAIT says so" {
  pair_listen
  # With timestamps the kernel lets a bound port be used again.
  run_on scanner bash -c 'echo 0 >/proc/sys/net/ipv4/tcp_timestamps'
  run -0 run_on scanner "$SYNCHAT" -g 40000 connect 10.9.0.2 8000 </dev/null
  fails 1 '(TIME_WAIT) (EADDRNOTAVAIL; Windows: 10049)' -g 40000 connect 10.9.0.2 8000
}

@test "a full disk: exit 1" {
  pair_listen
  talker full $(on scanner) bash -c "exec '$SYNCHAT' connect 10.9.0.2 8000 >/dev/full"
  remarks listener '(1 here)'
  types listener 'hello\n'
  ends full 1
  grep -F 'standard output: No space left on device' "$T/full.err"
}
