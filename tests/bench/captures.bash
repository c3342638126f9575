# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# SPDX-License-Identifier: BSD-2-Clause
#
# The workloads of scripts/bench that read a capture, which tests/bench/traffic
# makes.

# flow_workload ID WHAT GOAL FRAMES CONVERSATIONS: begins a row
flow_workload() {
  workload "$1" "$2" "$3"
  host_make scanner
  frames=$4 conversations=$5
  right=counted_frames
}

# The summary tells that all was read.
counted_frames() {
  [ "$(summary /run/out frames)" = "$frames" ] &&
    [ "$(summary /run/out conversations)" = "$conversations" ] &&
    [ "$(summary /run/out complete)" = true ] && return
  note "wrong: $(tail -n 1 /run/out)"
  return 1
}

# piped ARGUMENT...: synflow reads what traffic writes, and nothing is stored
piped() {
  ours=(bash -c 'a=$1 b=$2; shift 2; "$a" "$@" | "$b" -q -r - -o ndjson |
    tail -n 1 >/run/out' piped "$build/tests/bench/traffic" "$synflow" "$@")
}

f1() {
  capture=$(mktemp)
  trap 'rm -f "$capture"' EXIT
  flow_workload F1 '4.4 million packets' 0.5x 4400001 9
  "$build/tests/bench/traffic" bulk 4400000 9 >"$capture"
  ours=("$synflow" -q -r "$capture" -o ndjson:/run/out)
  theirs=(tcptrace "$capture")
  peer=tcptrace
  row
  note "$(($(stat -c %s "$capture") / 1000000)) MB, in the page cache"
  memory "${ours[@]}" && note "peak memory $(printf %.1f "$value") MiB"
  timed capinfos "$capture" && note "capinfos: $(printf %.2f "$value") s"
  timed tcpdump -nr "$capture" && note "tcpdump -nr: $(printf %.2f "$value") s"
  rm -f "$capture"
}

f2() {
  flow_workload F2 '10,000 at a time: MiB' '64 MiB' 160000 10000
  piped crowd 10000 5
  by=memory runs=1
  row
}

f3() {
  flow_workload F3 '10 million SYNs: MiB' '64 MiB' 10000000 10000000
  piped flood 10000000
  by=memory runs=1
  row
}

f4() {
  flow_workload F4 '2 million gaps: MiB' '64 MiB' 2000003 1
  piped gaps 2000000
  by=memory runs=1
  row
}
