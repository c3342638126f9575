# shellcheck shell=bash disable=SC2154,SC2034
# SPDX-License-Identifier: BSD-2-Clause
# For the tests of synchat: talkers, each a process with a name that can be
# typed to, and captures of what they send.
bats_require_minimum_version 1.5.0
load "$top_srcdir/tests/net/network.bash"

setup() {
  T=$BATS_TEST_TMPDIR
  SYNCHAT=$top_builddir/synchat
  declare -gA pid=() typing=()
  ip link set lo up
  # Which of two SYNs finds room in a queue depends on the kernel's timers.
  case $BATS_TEST_DESCRIPTION in
  *tcp_abort_on_overflow*) export BATS_TEST_RETRIES=3 ;;
  esac
}

teardown() {
  # What a failed test needs to be understood.
  tail -n 20 "$T"/*.err 2>/dev/null || :
  local host
  for host in $(ip netns list | cut -d' ' -f1); do
    ip netns pids "$host" | xargs -r kill -KILL
  done
  end_talkers
  ip -all netns delete
}

end_talkers() {
  [ ${#pid[@]} = 0 ] && return
  kill -KILL "${pid[@]}" 2>/dev/null || :
  wait "${pid[@]}" 2>/dev/null || : # or bash says of each that it was killed
}

# talker NAME COMMAND...: starts it; what it writes goes to $T/NAME.out and
# $T/NAME.err
talker() {
  local name=$1 fd
  shift
  rm -f "$T/$name.in"
  mkfifo "$T/$name.in"
  # Not one of the others' inputs: these could never end.
  (
    for fd in "${typing[@]}"; do exec {fd}>&-; done
    exec "$@" <"$T/$name.in" >"$T/$name.out" 2>"$T/$name.err" 3>&-
  ) &
  pid[$name]=$!
  exec {fd}>"$T/$name.in"
  typing[$name]=$fd
}

# on HOST: what runs a talker there
on() {
  echo "ip netns exec $1"
}

# types NAME TEXT: without a newline of its own
types() {
  # shellcheck disable=SC2059
  printf "$2" >&"${typing[$1]}"
}

# hangs_up NAME: end of its input
hangs_up() {
  local fd=${typing[$1]}
  exec {fd}>&-
  unset "typing[$1]"
}

# shows NAME TEXT: its standard output, soon; remarks NAME TEXT: its stderr
shows() {
  wait_until 10 grep -qF -e "$2" "$T/$1.out"
}

remarks() {
  wait_until 10 grep -qF -e "$2" "$T/$1.err"
}

# ends NAME STATUS
ends() {
  local status=0
  wait_until 10 has_ended "${pid[$1]}"
  wait "${pid[$1]}" || status=$?
  unset "pid[$1]"
  [ -z "${typing[$1]-}" ] || hangs_up "$1"
  [ $status = "$2" ] || {
    echo "$1 ended with $status and not $2"
    return 1
  }
}

has_ended() { # PID: it is gone, or waits to be waited for
  local state
  state=$(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null) || return 0
  [[ $state == Z* ]]
}

# pair: two hosts, a listener on the target's port 8000 with these arguments
pair_listen() {
  [ -e /run/netns/target ] || network_make
  # shellcheck disable=SC2046
  talker listener $(on target) "$SYNCHAT" "$@" listen 8000
  remarks listener "listening on 10.9.0.2 8000"
}

# caller NAME ARGUMENT...: from the scanner to that listener
caller() {
  local name=$1
  shift
  # shellcheck disable=SC2046
  talker "$name" $(on scanner) "$SYNCHAT" "$@" connect 10.9.0.2 8000
}

# capture HOST: what its eth0 sends and receives, into $T/capture
capture() {
  capture_host=$1
  rm -f "$T/dumpcap"
  ip netns exec "$1" dumpcap -q -i eth0 -w "$T/capture" >"$T/dumpcap" 2>&1 3>&- &
  pid[capture]=$!
  wait_until 10 captured
}

# captured: it has begun. Its socket is there before, and loses what comes while
# its ring is made.
captured() {
  grep -qs '^File: ' "$T/dumpcap"
}

# captured_all: everything until now is in the file
captured_all() {
  run_on scanner bash -c 'echo the-capture-ends-here >/dev/udp/10.9.0.2/9' ||
    : # a second one may find the first refused
  wait_until 10 grep -qa the-capture-ends-here "$T/capture"
  kill -INT "${pid[capture]}"
  wait "${pid[capture]}" || :
  unset 'pid[capture]'
}

# segments FIELD...: of each TCP segment in the capture
segments() {
  local field
  local -a fields=()
  for field; do fields+=(-e "$field"); done
  tshark -r "$T/capture" -Y tcp -T fields -E separator=' ' "${fields[@]}" \
    2>"$T/tshark"
}

# resets: "FLAGS SEQ SEQ_RAW ACK WINDOW HEADER-LENGTH" of each RST
resets() {
  tshark -r "$T/capture" -Y tcp.flags.reset==1 -T fields -E separator=' ' \
    -e tcp.flags.str -e tcp.seq -e tcp.seq_raw -e tcp.ack \
    -e tcp.window_size_value -e tcp.hdr_len 2>"$T/tshark" |
    sed 's/·//g'
}

# counter HOST NAME: of the kernel's TCP
counter() {
  run_on "$1" cat /proc/net/snmp /proc/net/netstat | awk -v name="$2" '
    !($1 in head) { head[$1] = 1; n = split($0, names); next }
    { for (i = 2; i <= n; i++) if (names[i] == name) print $i
      delete head[$1] }'
}
