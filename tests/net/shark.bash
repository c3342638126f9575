# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# tshark and capinfos for the tests: a word on standard error fails.

# shark_quiet COMMAND...: fails when it fails or says anything; but not for
# what tshark has to say of root
shark_quiet() {
  local failed=0
  "$@" 2>"$BATS_TEST_TMPDIR/shark" || failed=$?
  ! grep -v '^Running as user "root"' "$BATS_TEST_TMPDIR/shark" >&2 &&
    [ $failed = 0 ]
}

# shark FILE [ARGUMENT...]
shark() {
  local file=$1
  shift
  shark_quiet tshark -n -r "$file" "$@"
}

# shark_fields FILE FIELD... [-- ARGUMENT...]: a line for each packet, with |
# between the fields
shark_fields() {
  local file=$1
  local -a fields=()
  shift
  while [ $# -gt 0 ] && [ "$1" != -- ]; do
    fields+=(-e "$1")
    shift
  done
  shark "$file" -T fields -E 'separator=|' "${fields[@]}" "${@:2}"
}

# shark_infos FILE
shark_infos() {
  shark_quiet capinfos "$1"
}
