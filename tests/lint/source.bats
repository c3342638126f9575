# SPDX-License-Identifier: BSD-2-Clause
# The rules of the source that a machine can hold.
# shellcheck disable=SC2154,SC2164

# Analysers work for a while, on a busy machine for much longer.
export BATS_TEST_TIMEOUT=900

setup() {
  cd "$top_srcdir"
}

# may LAYER: the layers it may include
may() {
  case $1 in
  base) echo base ;;
  spec) echo base spec ;;
  wire) echo base spec wire ;;
  net) echo base spec wire net ;;
  scan) echo base spec wire net scan ;;
  report) echo base spec report ;;
  flow) echo base spec wire report flow ;;
  talk) echo base spec talk ;;
  app) (cd src && echo *) ;;
  esac
}

# bad LIST MESSAGE: fails unless the list is empty
bad() {
  [ -z "$1" ] || {
    echo "$2:"
    echo "$1"
    return 1
  }
}

ours() {
  find configure.ac Makefile.am src man tests scripts .ci/run -type f \
    \( -name '*.[ch]' -o -name '*.a[cm]' -o -name '*.bats' -o -name '*.bash' \
    -o -perm -u+x \) 2>/dev/null
}

@test "includes point down the layers only" {
  local layer wrong=
  for layer in src/*/; do
    layer=$(basename "$layer")
    [ -n "$(may "$layer")" ] || wrong+="src/$layer is in no layer"$'\n'
    wrong+=$(grep -rHn '^[[:space:]]*#[[:space:]]*include[[:space:]]*"' \
      "src/$layer" --include='*.[ch]' |
      grep -Ev "\"(config\.h|($(may "$layer" | tr ' ' '|'))/[a-z0-9_]+\.h)\"") || :
  done
  bad "$wrong" "includes that the layers forbid"
}

@test "each .c includes its own header first" {
  local c own first wrong=
  for c in src/*/*.c; do
    own=${c#src/}
    own=${own%.c}.h
    [ -e "src/$own" ] || continue
    first=$(grep -m1 '^#include' "$c" | cut -d' ' -f2)
    [ "$first" = "\"$own\"" ] || wrong+="$c begins with $first"$'\n'
  done
  bad "$wrong" "own header is not the first"
}

@test "no file is named util, common, types or helpers" {
  bad "$(find src tests -name 'util*.[ch]' -o -name 'common*.[ch]' \
    -o -name 'types*.[ch]' -o -name 'helper*.[ch]')" "name a noun instead"
}

@test "no extern variables and no line beyond 80 columns in C" {
  bad "$(grep -rnE '^extern [^(]*;' src || :)" "extern variables"
  bad "$(find src tests -name '*.[ch]' | while read -r file; do
    expand "$file" | grep -nE '^.{81}' | sed "s|^|$file:|"
  done)" "long lines"
}

@test "every source says its licence" {
  bad "$(ours | xargs grep -L 'SPDX-License-Identifier: BSD-2-Clause')" \
    "no SPDX line"
}

@test "every header is guarded by its own name" {
  local h guard wrong=
  for h in src/*/*.h; do
    guard=${h#src/}
    guard=${guard^^}
    guard=${guard//[\/.]/_}
    grep -qx "#define $guard" "$h" || wrong+="$h: no $guard"$'\n'
  done
  bad "$wrong" "guards"
}

@test "every source is in a makefile fragment, so in the tarball" {
  local file wrong=
  while read -r file; do
    grep -rqE "(^|[[:space:]])(${file%.c}|$file)([[:space:]]|\$)" Makefile.am src tests man \
      scripts --include='*.am' || wrong+="$file"$'\n'
  # A corpus is distributed as a folder.
  done < <(find src man tests scripts -type f ! -name '*.am' \
    ! -path 'tests/fuzz/corpus/*')
  bad "$wrong" "not distributed"
}

@test "shellcheck finds nothing" {
  ours | while read -r file; do
    case $file in
    *.bats | *.bash) echo "$file" ;;
    *) ! head -n1 "$file" | grep -q '^#!.*sh$' || echo "$file" ;;
    esac
  done | xargs -P "$(nproc)" -n 4 shellcheck -x -P SCRIPTDIR -P .
}

@test "cppcheck finds nothing" {
  cppcheck --quiet --error-exitcode=1 --std=c11 \
    --enable=warning,performance,portability,style \
    --library=posix,gnu --library=tests/lint/cppcheck.cfg \
    --suppressions-list=tests/lint/cppcheck.txt -D_GNU_SOURCE -I src src
}

@test "nothing in the library exits or prints by itself" {
  bad "$(grep -rnE '(^|[^a-z_.>])(exit|abort|printf|puts|perror|err|errx)\(' \
    src/base src/spec src/wire src/net src/scan src/flow src/talk |
    grep -v ':[[:space:]]*\*' ||
    :)" "errors go up"
}
