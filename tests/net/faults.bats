# SPDX-License-Identifier: BSD-2-Clause
# Each call that may fail fails once, and each allocation: see faults.py.
# FAULTS=all tries every occurrence; without, some spread over them.
# shellcheck disable=SC2154
load scan
[ "${FAULTS-}" != all ] || export BATS_TEST_TIMEOUT=3600

setup() {
  [ -e "$top_builddir/tests/net/faultalloc.so" ] ||
    skip "a sanitizer build takes no shim and no tracer"
  "$top_builddir/tests/net/faultcall" count /dev/null true ||
    skip "no filter of system calls may be listened to here"
}

# faults CASE...
faults() {
  network_make
  # They accept: who does not has room for so many connections and no more.
  accepting target 8003 8007
  firewall target 'tcp dport 8010 tcp flags syn drop'
  run_on scanner "$top_srcdir/tests/net/faults.py" ${FAULTS:+"--$FAULTS"} \
    "$@" >"$BATS_TEST_TMPDIR/said" || {
    cat "$BATS_TEST_TMPDIR/said"
    return 1
  }
  cat "$BATS_TEST_TMPDIR/said" >&3
}

@test "a SYN scan, by Ethernet frames and by raw IP, recorded and explained" {
  faults syn ip pcap explain
}

@test "a connect scan, and both side by side" {
  faults connect compare
}

@test "synflow reads: each view, each drawing, two captures" {
  faults read-conversations-text read-ladder-text read-segments-text \
    read-resets-ndjson read-ladder-svg read-ladder-html cross
}

@test "synflow captures" {
  faults live live-ladder
}

@test "synchat listens, and connects" {
  faults chat-listen chat-connect
}

@test "synudp probes, and serves" {
  faults udp-probe udp-serve
}
