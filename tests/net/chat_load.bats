# SPDX-License-Identifier: BSD-2-Clause
# A thousand clients of all kinds: every line to everyone who reads, once.
# shellcheck disable=SC2154
load chat
load "$top_srcdir/tests/bench/chat_load.bash"

@test "1,000 clients, some silent, some that never read, drip or vanish" {
  network_make
  run chat_load "$top_builddir" "$T" --seconds 5
  echo "$output"
  [ "$status" = 0 ]
  [[ $output == *"1000 clients, 850 of them read; 100 lines, 84"*" 0 lost, 0 twice, 0 readers cut off"* ]]
  # Sanitizers have memory of their own.
  local peak
  peak=$(sed -n 's/.*peak memory \([0-9]*\).*/\1/p' <<<"$output")
  grep -q __asan_init "$top_builddir/synchat" ||
    grep -q __tsan_init "$top_builddir/synchat" || [ "$peak" -lt 64 ]
}
