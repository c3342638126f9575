# shellcheck shell=bash disable=SC2154,SC2034
# SPDX-License-Identifier: BSD-2-Clause
# A listener under load, for scripts/bench-chat and for a test.

# chat_load BUILD OUT ARGUMENT...: synchat on the target, tests/bench/chat_load
# with these arguments on the scanner; prints its figures and the listener's.
# Files go to the directory OUT. Fails when a line was lost.
chat_load() {
  local build=$1 out=$2 listener status line
  shift 2
  ip netns exec target "$build/synchat" --send-size 10 listen 8000 </dev/null \
    >"$out/listener.out" 2>"$out/listener.err" 3>&- &
  listener=$!
  wait_until 10 listening target 8000
  # The driver takes ports from 20000 on by itself.
  run_on scanner bash -c 'echo 32768 60999 >/proc/sys/net/ipv4/ip_local_port_range'
  run_on scanner "$build/tests/bench/chat_load" "$@" 10.9.0.2 8000 |
    while read -r line; do
      case $line in
      half) chat_vanish ;;
      *clients*) echo "$line" ;;
      esac
    done
  status=${PIPESTATUS[0]}
  awk '$1 == "VmHWM:" { printf "listener: peak memory %.1f MiB", $2 / 1024 }' \
    "/proc/$listener/status"
  awk -v tick="$(getconf CLK_TCK)" '
    { printf ", %.2f s of CPU\n", ($14 + $15) / tick }' "/proc/$listener/stat"
  kill -INT "$listener"
  wait "$listener" || :
  return "$status"
}

# From here on nothing comes from those clients and nothing gets to them.
chat_vanish() {
  run_on target nft -f - <<'END'
table inet vanished {
  chain input {
    type filter hook input priority 0
    tcp sport 20000-20999 drop
  }
  chain output {
    type filter hook output priority 0
    tcp dport 20000-20999 drop
  }
}
END
}
