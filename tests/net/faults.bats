# SPDX-License-Identifier: BSD-2-Clause
# Each call that may fail fails once: no signal, no hang, and never success
# with a wrong or cut result. FAULTS=all tries every occurrence of each call;
# without, a few spread over them.
# shellcheck disable=SC2154,SC2086
load scan

spread() { # COUNT: which of so many
  if [ "${FAULTS-}" = all ] || [ "$1" -le 9 ]; then
    seq "$1"
  else
    seq 1 $((($1 + 8) / 9)) "$1"
    echo "$1"
  fi
}

# They accept: who does not has room for so many connections and no more.
target_make() {
  network_make
  accepting target 8003 8007
  run_on target nft -f - <<'END'
add table inet t
add chain inet t in { type filter hook input priority 0; }
add rule inet t in tcp dport 8010 tcp flags syn drop
END
}

# judge WHAT STATUS: what synscan may come to when something failed
judge() {
  local wrong=
  case $2 in
  0)
    [ "$(grep -c '"state":"open"' "$out")" = 2 ] || wrong+=" open"
    [ "$(grep -c '"state":"closed"' "$out")" = 17 ] || wrong+=" closed"
    [ "$(grep -c '"state":"filtered"' "$out")" = 1 ] || wrong+=" filtered"
    tail -n 1 "$out" | grep -q '"complete":true' || wrong+=" summary"
    ;;
  # (A message that could not be written is none.)
  1 | 3)
    grep -q '^synscan: ' "$err" || grep -q 'write(2, .*INJECTED' "$trace" ||
      wrong=" no message"
    ;;
  *) wrong=" status" ;;
  esac
  # Whatever there is can be read, and says nothing that is not so.
  if [ -s "$out" ] && grep -vE '^\{"type":"(port|summary)",.*\}$' "$out"; then
    wrong+=" cut"
  fi
  if grep '"port":800[37],' "$out" | grep -v '"open"' ||
    grep '"port":8010,' "$out" | grep -v '"filtered"'; then
    wrong+=" verdict"
  fi
  [ -z "$wrong" ] || {
    echo "$1: exit $2,$wrong"
    cat "$err" "$out"
    return 1
  }
}

# try WHAT COMMAND...: synscan $method by way of it
try() {
  local what=$1 status=0
  shift
  : >"$out" && : >"$err"
  timeout -s KILL 10 ip netns exec scanner "$@" "$SYNSCAN" $method -n --show all \
    -o "ndjson:$out" -p 8001-8020 10.9.0.2 >/dev/null 2>"$err" || status=$?
  judge "$what" $status
}

# calls_fail ERRNO CALL...
calls_fail() {
  local errno=$1 call n loader count failed=0
  shift
  for call; do
    try "$call, clean" strace -f -o "$trace" -e "trace=$call,capget"
    # What comes before the first look at the privileges is the loader's.
    loader=$(sed '/capget(/,$d' "$trace" | grep -cE "^[0-9]+ +$call\(" || :)
    count=$(($(grep -cE "^[0-9]+ +$call\(" "$trace" || :) - loader))
    echo "# $call $errno: one of $count" >&3
    for n in $(spread "$count"); do
      try "$call $errno, the ${n}th of $count" \
        strace -f -o "$trace" -e "trace=$call" \
        -e "inject=$call:error=$errno:when=$((loader + n))" ||
        failed=$((failed + 1))
    done
  done
  [ $failed = 0 ]
}

# allocations_fail: each one once
allocations_fail() {
  target_make
  local n count failed=0 shim=$top_builddir/tests/net/faultalloc.so
  try "clean" env LD_PRELOAD="$shim" FAULT_ALLOC=0 \
    FAULT_COUNT="$BATS_TEST_TMPDIR/count"
  count=$(cat "$BATS_TEST_TMPDIR/count")
  echo "# $count allocations" >&3
  # shellcheck disable=SC2015
  for n in $([ "${FAULTS-}" = all ] && seq "$count" ||
    seq 1 $((count / 40 + 1)) "$count"); do
    try "allocation $n" env LD_PRELOAD="$shim" FAULT_ALLOC="$n" ||
      failed=$((failed + 1))
  done
  [ $failed = 0 ]
}

setup() {
  [ -e "$top_builddir/tests/net/faultalloc.so" ] ||
    skip "a sanitizer build takes no shim and no tracer"
  method=
  out=$BATS_TEST_TMPDIR/out.ndjson
  err=$BATS_TEST_TMPDIR/err
  trace=$BATS_TEST_TMPDIR/trace
  : >"$trace"
}

@test "a socket cannot be made, bound or set" {
  target_make
  calls_fail ENFILE socket
  calls_fail EADDRINUSE bind
  calls_fail ENOMEM setsockopt getsockopt
}

@test "no memory is mapped, no thread starts" {
  target_make
  calls_fail ENOMEM mmap
  calls_fail EAGAIN clone3 clone
}

@test "sending, waiting and receiving fail once" {
  target_make
  calls_fail ENOBUFS sendmmsg sendto
  calls_fail EPERM sendmmsg
  calls_fail EINTR poll ppoll
  calls_fail ENOMEM poll ppoll
}

@test "an output cannot be written" {
  target_make
  calls_fail ENOSPC write
  calls_fail EIO write
}

@test "a step of the privilege drop fails: nothing is sent" {
  [ "$(id -u)" = 0 ] && ! grep -q ' 1$' /proc/self/uid_map || skip "needs root"
  target_make
  local call status before after
  before=$(run_on target cat /sys/class/net/eth0/statistics/rx_packets)
  for call in setresuid setresgid setgroups capset seccomp; do
    status=0
    timeout -s KILL 10 ip netns exec scanner strace -f -o /dev/null \
      -e "trace=$call" -e "inject=$call:error=EPERM:when=1+" \
      "$SYNSCAN" -n -p 8001-8020 10.9.0.2 >/dev/null 2>"$err" || status=$?
    echo "$call: exit $status, $(cat "$err")"
    [ $status = 1 ]
    grep -q '^synscan: ' "$err"
  done
  after=$(run_on target cat /sys/class/net/eth0/statistics/rx_packets)
  # Neighbour discovery is the kernel's.
  [ $((after - before)) -lt 10 ]
}

@test "a connect scan: no socket, no way to wait for it, no thread" {
  target_make
  method=-c
  calls_fail EMFILE socket epoll_create1 eventfd2
  calls_fail EADDRINUSE bind
  calls_fail ENOMEM setsockopt mmap
  calls_fail ENOSPC epoll_ctl
  calls_fail EAGAIN clone3 clone
}

@test "a connect scan: connecting, waiting and what came of it fail once" {
  target_make
  method=-c
  calls_fail EADDRNOTAVAIL connect
  calls_fail EPERM connect
  calls_fail ENOBUFS connect recvmsg sendto
  calls_fail EINTR connect ppoll epoll_wait recvmsg
  calls_fail ENOMEM ppoll
}

@test "each allocation fails once" {
  allocations_fail
}

@test "a connect scan: each allocation fails once" {
  method=-c
  allocations_fail
}
