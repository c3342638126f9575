# SPDX-License-Identifier: BSD-2-Clause
# synchat on the wire: the lab's table of numbers, each way to end a
# connection and each RST that sockets can make, read back by tshark.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2046,SC2102,SC2154
load chat

@test "in turns: 14 bytes each way, then end, give the lab's table" {
  network_make
  capture target
  pair_listen --turns
  caller one --turns --source-port 40000
  types one 'Hello, server!\n'
  shows listener 'Hello, server!'
  types listener 'Hello, client!\n'
  shows one 'Hello, client!'
  types one 'end\n'
  ends one 0
  ends listener 0
  captured_all
  diff <(segments ip.src tcp.srcport tcp.flags.str tcp.seq tcp.ack tcp.len |
    sed 's/·//g') - <<'END'
10.9.0.1 40000 S 0 0 0
10.9.0.2 8000 AS 0 1 0
10.9.0.1 40000 A 1 1 0
10.9.0.1 40000 AP 1 1 14
10.9.0.2 8000 A 1 15 0
10.9.0.2 8000 AP 1 15 14
10.9.0.1 40000 A 15 15 0
10.9.0.1 40000 AF 15 15 0
10.9.0.2 8000 A 15 16 0
10.9.0.2 8000 AF 15 16 0
10.9.0.1 40000 A 16 16 0
END
  grep -F 'this end closed first; 14 bytes sent, 14 received' "$T/one.err"
  grep -F 'the other end closed first; 14 bytes sent, 14 received' "$T/listener.err"
  # synflow reads the same.
  "$top_builddir/synflow" -r "$T/capture" --view segments -o ndjson | sed -nE \
    's/.*"from":"([a-z]*)","flags":"([A-Z]*)","seq":([0-9]*),.*"ack":([0-9]*),.*"len":([0-9]*),.*/\1 \2 \3 \4 \5/p' |
    diff - <(cat <<'END'
client S 0 0 0
server SA 0 1 0
client A 1 1 0
client PA 1 1 14
server A 1 15 0
server PA 1 15 14
client A 15 15 0
client FA 15 15 0
server A 15 16 0
server FA 15 16 0
client A 16 16 0
END
)
  "$top_builddir/synflow" -r "$T/capture" -o ndjson |
    grep -F '"client":"10.9.0.1:40000","server":"10.9.0.2:8000","frames":11,"bytes":[14,14],"completeness":31,"history":"ShADadFf",' |
    grep -F '"close":"fin-4"'
}

@test "in turns: the same from programs, without a pause between the lines" {
  network_make
  capture target
  ip netns exec target "$SYNCHAT" --turns listen 8000 <<<'Hello, client!' \
    >"$T/listener.out" 2>"$T/listener.err" 3>&- &
  pid[listener]=$!
  remarks listener 'listening on 10.9.0.2 8000'
  printf 'Hello, server!\nend\n' | run_on scanner "$SYNCHAT" --turns connect 10.9.0.2 8000
  ends listener 0
  captured_all
  diff <(segments tcp.flags.str tcp.seq tcp.ack tcp.len | sed 's/·//g') - <<'END'
S 0 0 0
AS 0 1 0
A 1 1 0
AP 1 1 14
A 1 15 0
AP 1 15 14
A 15 15 0
AF 15 15 0
A 15 16 0
AF 15 16 0
A 16 16 0
END
}

@test "in turns: the listener may end it, and a third is refused" {
  pair_listen --turns
  caller one --turns
  remarks listener 'talking with'
  run -1 --separate-stderr run_on scanner "$SYNCHAT" connect 10.9.0.2 8000 </dev/null
  [[ $stderr == *ECONNREFUSED* ]]
  types one 'hello\n'
  shows listener hello
  types listener 'end\n'
  ends listener 0
  ends one 0
  grep -F 'the other end closed first' "$T/one.err"
}

@test "in turns: nothing typed is nothing sent, and what is typed early waits" {
  pair_listen --turns
  caller one --turns
  types one '\n\none\ntwo\n'
  shows listener one
  types listener 'uno\n'
  shows listener two
  types listener '\ndos\n'
  shows one dos
  types one 'end\n'
  ends one 0
  ends listener 0
  [ "$(cat "$T/listener.out")" = $'one\ntwo' ]
  [ "$(cat "$T/one.out")" = $'uno\ndos' ]
}

@test "without turns a prompt close shows three segments" {
  network_make
  capture target
  pair_listen
  local i
  for i in 1 2 3 4 5; do
    run_on scanner "$SYNCHAT" connect 10.9.0.2 8000 <<<end
  done
  captured_all
  # The delayed ACK (40 ms) goes alone where the machine is busy.
  segments tcp.stream tcp.flags.str tcp.seq tcp.ack | sed 's/·//g' | awk '
    { said[$1] = said[$1] $2 " " $3 " " $4 "," }
    END {
      for (i in said) {
        three += said[i] ~ /AF 1 1,AF 1 2,A 2 2,$/
        four += said[i] ~ /AF 1 1,A 1 2,AF 1 2,A 2 2,$/
      }
      print three, four
      exit three + four != 5 || !three }'
}

@test "both ends close at once" {
  network_far 300 0 0
  talker listener $(on target) "$SYNCHAT" listen 8000
  remarks listener 'listening on 10.9.0.2 8000'
  capture target
  caller one --narrate
  remarks listener '(1 here)'
  types one 'end\n'
  types listener 'end\n'
  ends one 0
  ends listener 0
  captured_all
  grep -F 'CLOSING' "$T/one.err"
  grep -F 'both ends closed at once' "$T/one.err"
  # Each FIN left before the other had come: none of them is acknowledged by
  # the other.
  [ "$(segments tcp.flags.str tcp.ack | sed 's/·//g' | grep -c '^AF 1$')" = 2 ]
}

@test "2,934 bytes in one write: 1448 + 1448 + 38, and 1460 + 1460 + 14" {
  network_make
  local host
  for host in scanner target; do
    run_on $host ethtool -K eth0 tso off gso off gro off 2>/dev/null ||
      skip "ethtool is missing"
  done
  capture target
  pair_listen
  caller one --narrate --send-size 2934
  remarks one '..., 2934) = 2934 '
  remarks listener '(1 here)'
  talker six $(on scanner) "$SYNCHAT" --send-size 2934 connect fd00:9::2 8000
  remarks listener '(2 here)'
  run_on scanner bash -c 'echo 0 >/proc/sys/net/ipv4/tcp_timestamps'
  caller two --send-size 2934
  remarks listener '(3 here)'
  local name
  for name in one six two; do types $name 'end\n' && ends $name 0; done
  captured_all
  [ "$(grep -c '00000000,00000009,' "$T/listener.out")" = 3 ]
  local address
  for address in 0 1 2; do
    segments tcp.stream tcp.dstport tcp.len |
      awk -v stream=$address '$1 == stream && $2 == 8000 && $3 > 4 {
        printf "%s ", $3 } END { print "" }'
  done | diff - <(printf '%s \n' '1448 1448 38' '1428 1428 78' '1460 1460 14')
}

@test "the longest single write" {
  pair_listen
  caller one --narrate --send-size 65536
  remarks one '..., 65536) = 65536 '
  talker two $(on scanner) "$SYNCHAT" --turns --send-size 65536 --narrate connect fd00:9::2 8000
  remarks two '..., 65536) = 65536 '
}

# ---- every RST of the lab that plain sockets can make ----

# is_refusal: P0, no socket and no ACK: RST,ACK, raw seq 0, ack = SEG.SEQ +
# SEG.LEN, window 0, no options
is_refusal() {
  diff <(resets) - <<<"AR 1 0 1 0 20"
}

# is_no_socket SEQ: P1, no socket but an ACK: a bare RST with the trigger's
# ack, window 0, no options
is_no_socket() {
  resets | awk -v seq="$1" '
    { print; n++ }
    $1 != "R" || $2 != seq || $5 != 0 || $6 != 20 { bad = 1 }
    END { exit bad || !n }'
}

# is_abort SEQ ACK [RECEIVER-MAY-ADD]: A, a live socket gave up: RST,ACK with
# SND.NXT and RCV.NXT, a window, timestamps. The first RST counts; others may
# answer what crossed it.
is_abort() {
  resets | awk -v seq="$1" -v ack="$2" '
    { print }
    NR == 1 && ($1 != "AR" || $2 != seq || $4 != ack || $5 == 0 ||
      $6 != 32) { bad = 1 }
    END { exit bad || !NR }'
}

# counted HOST NAME BEFORE: it is one more now
counted() {
  echo "$2: $3 before, $(counter "$1" "$2") now"
  [ "$(counter "$1" "$2")" = $(($3 + 1)) ]
}

@test "a closed port: RST,ACK with sequence number 0" {
  network_make
  capture target
  local before
  before=$(counter target OutRsts)
  run -1 run_on scanner "$SYNCHAT" connect 10.9.0.2 8000 </dev/null
  captured_all
  is_refusal
  counted target OutRsts "$before"
}

@test "a firewall's RST looks the same and is not the kernel's" {
  network_make
  firewall target 'tcp dport 8000 reject with tcp reset'
  capture scanner # nft's own goes past the target's capture
  local before
  before=$(counter target OutRsts)
  run -1 run_on scanner "$SYNCHAT" connect 10.9.0.2 8000 </dev/null
  captured_all
  is_refusal
  [ "$(counter target OutRsts)" = "$before" ]
}

@test "close unread: the RST says ack 15" {
  network_make
  capture target
  pair_listen --turns --close unread
  caller one --turns
  local before
  before=$(counter target TCPAbortOnClose)
  types one 'Hello, server!\n'
  remarks listener '14 bytes have come and stay unread'
  types listener 'end\n'
  ends listener 0
  ends one 1
  captured_all
  is_abort 1 15
  counted target TCPAbortOnClose "$before"
  grep -F 'ECONNRESET; Windows: 10054' "$T/one.err"
  [ ! -s "$T/listener.out" ]
}

@test "close unread with nothing unread is a FIN, and said to be" {
  pair_listen --close unread
  caller one
  remarks listener '(1 here)'
  types listener 'end\n'
  remarks listener 'nothing lies unread'
  ends listener 0
  ends one 0
}

@test "close reset: SO_LINGER {1, 0}" {
  network_make
  capture target
  pair_listen --close reset
  caller one
  remarks listener '(1 here)'
  local data linger
  data=$(counter target TCPAbortOnData)
  linger=$(counter target TCPAbortOnLinger)
  types listener 'farewell\nend\n'
  ends listener 0
  ends one 1
  captured_all
  is_abort 20 1
  counted target TCPAbortOnData "$data"
  [ "$(counter target TCPAbortOnLinger)" = "$linger" ]
  [ "$(cat "$T/one.out")" = 'listener: farewell' ]
  grep -F 'ECONNRESET; Windows: 10054' "$T/one.err"
}

@test "close reset by a client" {
  network_make
  capture target
  pair_listen
  caller one --close reset
  types one 'farewell\nend\n'
  ends one 0
  shows listener farewell
  remarks listener 'connection reset'
  captured_all
  is_abort 10 1
}

@test "close reset: what was said before arrives, though its packet was lost" {
  network_make
  run_on target nft -f - <<'END'
table inet lossy {
  set seen {
    type inet_service
    flags dynamic
    size 65535
  }
  chain input {
    type filter hook input priority 0
    tcp dport 8000 ip length > 60 tcp sport != @seen add @seen { tcp sport } drop
  }
}
END
  pair_listen
  caller one --close reset
  remarks listener '(1 here)'
  types one 'farewell\nend\n'
  ends one 0
  shows listener farewell
  remarks listener 'connection reset'
}

@test "close half-unread: the RST comes after our own FIN, with sequence number 2" {
  network_make
  capture target
  pair_listen --close half-unread
  caller one --stay
  remarks listener '(1 here)'
  local before
  before=$(counter target TCPAbortOnClose)
  types listener 'end\n'
  remarks one 'the other end has closed'
  types one 'hello\n'
  ends listener 0
  captured_all
  is_abort 2 7
  counted target TCPAbortOnClose "$before"
  types one 'more\n'
  ends one 1
  grep -F 'EPIPE' "$T/one.err"
}

@test "close disconnect: connect(AF_UNSPEC)" {
  network_make
  capture target
  pair_listen --close disconnect
  caller one
  remarks listener '(1 here)'
  local before
  before=$(counter target OutRsts)
  types listener 'end\n'
  ends listener 0
  ends one 1
  captured_all
  is_abort 1 1
  counted target OutRsts "$before"
}

@test "close unaccepted: the listener closes before it accepts" {
  network_make
  capture target
  pair_listen --close unaccepted
  local before
  before=$(counter target EstabResets)
  caller one
  remarks one 'connected to'
  types listener 'end\n'
  ends listener 0
  ends one 1
  captured_all
  is_abort 1 1
  counted target EstabResets "$before"
  grep -F ECONNRESET "$T/one.err"
}

@test "data to a socket that is gone: the first write is fine, the second is EPIPE" {
  network_make
  capture target
  pair_listen
  caller one --stay
  remarks listener '(1 here)'
  kill -INT "${pid[listener]}" # does not wait long for the other's FIN
  ends listener 3
  remarks one 'the other end has closed'
  local before
  before=$(counter target OutRsts)
  types one 'first\n'
  wait_until 10 eval '[ "$(counter target OutRsts)" -gt '"$before"' ]'
  kill -0 "${pid[one]}"
  types one 'second\n'
  ends one 1
  captured_all
  is_no_socket 2
  grep -F EPIPE "$T/one.err"
}

@test "half-open: one end lost its memory" {
  network_make
  run_on target nft -f - <<'END'
table inet quiet {
  chain output {
    type filter hook output priority 0
    tcp flags & rst == rst counter drop
  }
}
END
  pair_listen --close reset
  caller one
  remarks listener '(1 here)'
  types listener 'end\n'
  ends listener 0
  run_on target nft delete table inet quiet
  capture target
  local before
  before=$(counter target OutRsts)
  types one 'hello\n'
  ends one 1
  captured_all
  is_no_socket 1
  counted target OutRsts "$before"
  grep -F ECONNRESET "$T/one.err"
}

@test "keepalive gives up on a peer that is silent" {
  network_make
  capture target
  pair_listen --keepalive 1,1,2
  caller one
  remarks listener '(1 here)'
  local before
  before=$(counter target TCPAbortOnTimeout)
  run_on scanner nft -f - <<'END'
table inet deaf {
  chain input {
    type filter hook input priority 0
    tcp sport 8000 drop
  }
}
END
  remarks listener 'ETIMEDOUT; Windows: 10060'
  captured_all
  is_abort 1 1
  counted target TCPAbortOnTimeout "$before"
}

@test "ss -K: the administrator ends it" {
  network_make
  capture target
  pair_listen
  caller one
  remarks listener '(1 here)'
  run_on target ss -K state established sport = 8000 >"$T/killed"
  grep -q 8000 "$T/killed" || skip "this kernel cannot (INET_DIAG_DESTROY)"
  remarks listener 'ECONNABORTED; Windows: 10053'
  ends one 1
  captured_all
  is_abort 1 1
  grep -F ECONNRESET "$T/one.err"
}

@test "accept queue full and tcp_abort_on_overflow: a RST to who got through" {
  network_make
  run_on target bash -c 'echo 1 >/proc/sys/net/ipv4/tcp_abort_on_overflow'
  pair_listen --close unaccepted --backlog 2
  caller one
  caller two
  remarks one 'connected to'
  remarks two 'connected to'
  run_on target nft -f - <<'END'
table inet quiet {
  chain output {
    type filter hook output priority 0
    tcp flags & (syn | ack) == syn | ack counter drop
  }
}
END
  capture target
  local before
  before=$(counter target ListenOverflows)
  caller three
  caller four
  wait_until 10 eval '[ "$(run_on target ss -Htan state syn-recv | wc -l)" = 2 ]'
  run_on target nft delete table inet quiet
  # Who is third finds room, who is fourth does not.
  wait_until 10 eval 'grep -qs ECONNRESET "$T/three.err" "$T/four.err"'
  captured_all
  is_no_socket 1
  counted target ListenOverflows "$before"
}
