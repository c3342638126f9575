# SPDX-License-Identifier: BSD-2-Clause
# What is in a report, and whether it holds together.
# shellcheck disable=SC2154,SC2164,SC2034,SC2094
load lab

setup_file() {
  fakes=
  cd "$BATS_FILE_TMPDIR"
  lab run --student 7 handshake teardown-four segments-tcp segment-bytes \
    scan-syn far-loss refused-by-icmp reset-closed-port reset-unread-data \
    >said
}

setup() {
  fakes=
  cp -r "$BATS_FILE_TMPDIR/lab-report" "$BATS_TEST_TMPDIR/report"
  cd "$BATS_TEST_TMPDIR"
}

# replace OLD NEW: in results.ndjson, where it must be
replace() {
  grep -qF "$1" report/results.ndjson
  python3 - "$@" <<'END'
import sys
path = "report/results.ndjson"
text = open(path).read().replace(sys.argv[1], sys.argv[2], 1)
open(path, "w").write(text)
END
}

@test "verify passes on a fresh report, and says what that proves" {
  lab verify report >said
  cat said
  grep -q 'does not prove who' said
}

@test "verify fails on a capture that was touched" {
  printf '\1' | dd of=report/handshake.client.pcapng bs=1 seek=200 \
    conv=notrunc status=none
  run -1 lab verify report
  [[ $output == *"handshake.client.pcapng is not the file"* ]]
}

@test "verify fails on a capture that was touched, its SHA-256 too" {
  # Another experiment's capture, with the hash that belongs to it.
  cp report/reset-closed-port.client.pcapng report/handshake.client.pcapng
  sum=$(sha256sum report/handshake.client.pcapng | cut -d' ' -f1)
  old=$(asked report "[e for e in r[1:-1] if e['name'] == 'handshake'] \
    [0]['captures'][0]['sha256']")
  replace "$old" "$sum"
  run -1 lab verify report
  [[ $output == *"handshake: the captures give other checks"* ]]
}

@test "verify fails on a missing capture, and on changed results" {
  rm report/segments-tcp.client.pcapng
  replace '"status": "passed"' '"status": "failed"'
  run -1 lab verify report
  [[ $output == *"segments-tcp.client.pcapng is missing"* ]]
  [[ $output == *"the summary counts"* ]]
}

@test "verify fails on a page that was edited" {
  sed -i '0,/<b>0<\/b>/s//<b>1<\/b>/' report/index.html
  run -1 lab verify report
  [[ ${lines[0]} == *"index.html is not the page"* ]]
}

@test "verify fails on a result that was edited" {
  replace '"seen": [1448, 1448, 38]' '"seen": [1460, 1460, 14]'
  run -1 lab verify report
  [[ ${lines[0]} == *"segments-tcp: the captures give other checks"* ]]
}

@test "verify of no report: one line" {
  mkdir none
  run -1 lab verify none
  [ "${#lines[@]}" = 1 ]
  echo nonsense >none/results.ndjson
  run -1 lab verify none
  [ "${#lines[@]}" = 1 ]
}

@test "in Chinese no sentence is left in English" {
  lab run --lang zh --report zh --student 7 handshake segments-tcp \
    fragments-udp segment-bytes far-loss reset-firewall silent-drop >said
  "$top_srcdir/tests/lab/english.py" zh/index.html
  run -1 "$top_srcdir/tests/lab/english.py" report/index.html
  grep -q '三次握手' zh/index.html
}

@test "the Chinese of scripts/lab is complete and has nothing else" {
  need xgettext msgcmp
  local po=$top_srcdir/scripts/lab.d/zh_CN.po
  (cd "$top_srcdir" && find scripts/lab.d -name '*.py' | LC_ALL=C sort |
    xgettext --files-from=- --language=Python --keyword=_ --keyword=N_ \
      --from-code=UTF-8 -o "$BATS_TEST_TMPDIR/lab.pot")
  msgcmp "$po" lab.pot
  msgcmp lab.pot "$po" 2>&1 | grep 'used but not defined' && return 1
  msgattrib --fuzzy "$po" | grep . && return 1
  true
}

@test "the map: 65,536 places, runs merged in each row; the page is small" {
  python3 - report/index.html <<'END'
import re, sys
page = open(sys.argv[1]).read()
assert len(page) < 2_000_000
cells = re.findall(r'<rect class="port (\w+)" x="(\d+)" y="(\d+)" '
                   r'width="(\d+)"', page)
cells = [(state, int(x), int(y), int(width)) for state, x, y, width in cells]
assert sum(width for *_at, width in cells) == 65536
for (state, x, y, width), (after, *_at) in zip(cells, cells[1:]):
    assert state != after or x + width == 256, (state, x, y, width)
print(len(cells), "cells")
assert cells[0] == ("unasked", 0, 0, 1)
END
}

@test "tshark opens every capture and agrees with the page's tables" {
  need tshark
  local capture count=0
  for capture in report/*.pcapng; do
    case $capture in *scan-syn*) continue ;; esac
    tshark -2 -o ip.defragment:FALSE -o tcp.relative_sequence_numbers:TRUE \
      -r "$capture" -Y 'tcp && !icmp' -T fields -E separator=' ' \
      -e frame.number -e tcp.seq -e tcp.seq_raw -e tcp.ack -e tcp.ack_raw \
      -e tcp.len -e tcp.flags.ack -e tcp.window_size >tshark 2>wrong
    grep -v 'Running as user' wrong && return 1
    "$top_srcdir/tests/lab/tables.py" report/index.html \
      "$(basename "$capture" .pcapng)" >page
    [ -s page ]
    # Where there is no ACK the page shows no number, and tshark a zero.
    awk '$7 == "0" || $7 == "False" { $4 = $5 = "-" } { $7 = $8; NF = 7 } 1' \
      tshark | diff page -
    count=$((count + 1))
  done
  [ $count -ge 8 ]
}

@test "the page in a browser: no complaint, nothing sideways" {
  need chromium chromedriver
  ip link set lo up
  python3 "$top_srcdir/tests/lab/browser.py" report
}
