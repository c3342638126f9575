# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: BSD-2-Clause
# For tests/lab/*.bats: scripts/lab with what is built, in namespaces of its
# own, its reports in the test's directory.
bats_require_minimum_version 1.5.0

lab() {
  env -u NETWORK_UNSHARED LAB_BUILD="$top_builddir" PATH="$fakes$PATH" \
    "$top_srcdir/scripts/lab" "$@" 3>&-
}

# fake PROGRAM SCRIPT: what it does from now on
fake() {
  mkdir -p "$BATS_TEST_TMPDIR/fakes"
  fakes=$BATS_TEST_TMPDIR/fakes:
  printf '#!/bin/sh\n%s\n' "$2" >"${fakes%:}/$1"
  chmod +x "${fakes%:}/$1"
}

need() {
  local program
  for program; do
    command -v "$program" >/dev/null || skip "$program is missing"
  done
}

# asked REPORT PYTHON: what the expression gives for the list `r` of records
asked() {
  python3 -c 'import json, sys
r = [json.loads(line) for line in open(sys.argv[1] + "/results.ndjson")]
print(eval(sys.argv[2]))' "$@"
}
