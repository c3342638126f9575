# SPDX-License-Identifier: BSD-2-Clause
# What configure calls hardening, shown on the files that are installed.
# shellcheck disable=SC2154,SC2164

bats_require_minimum_version 1.5.0

setup_file() {
  make -C "$top_builddir" install-exec DESTDIR="$BATS_FILE_TMPDIR" \
    exec_prefix= transform=s,x,x, >"$BATS_FILE_TMPDIR/log" 2>&1 || {
    cat "$BATS_FILE_TMPDIR/log"
    return 1
  }
}

# each NEEDED OPTION...: what readelf prints of each program has a match
each() {
  local needed=$1 program
  shift
  for program in bin/synchat bin/synflow bin/synudp sbin/synscan; do
    program=$BATS_FILE_TMPDIR/$program
    LC_ALL=C readelf -W "$@" "$program" >"$BATS_TEST_TMPDIR/elf"
    grep -qE "$needed" "$BATS_TEST_TMPDIR/elf" || {
      echo "$program: readelf $* shows no $needed"
      cat "$BATS_TEST_TMPDIR/elf"
      return 1
    }
  done
}

@test "loaded at any address" {
  each '^ *Type: *DYN ' --file-header
  each 'FLAGS_1.*\bPIE\b' --dynamic
}

@test "what the loader has filled in is read-only from then on" {
  each '^ *GNU_RELRO ' --program-headers
  each 'FLAGS_1.*\bNOW\b' --dynamic
}

@test "no stack and no segment can be written and executed" {
  each '^ *GNU_STACK .* RW +0x' --program-headers
  run -1 grep ' RWE ' \
    <(LC_ALL=C readelf -W --program-headers "$BATS_FILE_TMPDIR"/*bin/*)
}

@test "an overrun of the stack ends the program" {
  each ' UND __stack_chk_fail\b' --dyn-syms
}

@test "the C library's copies and prints know the bounds" {
  each ' UND __(mem|str|v?sn?|v?f?)(cpy|move|set|cat|printf)_chk\b' --dyn-syms
}
