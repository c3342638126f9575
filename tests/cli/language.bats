# SPDX-License-Identifier: BSD-2-Clause
# What is said in which language.
# shellcheck disable=SC2154
bats_require_minimum_version 1.5.0

setup() {
  golden=$top_srcdir/tests/golden
  chat=$golden/chat.pcapng
  [ -e "$top_builddir/locale/zh_CN/LC_MESSAGES/synscan.mo" ] ||
    skip "built without msgfmt"
  cd "$BATS_TEST_TMPDIR" || return
}

# spoken VARIABLE=VALUE...: en or zh
spoken() {
  local said
  said=$(env -u LC_ALL -u LC_MESSAGES -u LC_CTYPE -u LANG -u LANGUAGE "$@" \
    "$SYNFLOW" -r "$chat" | tail -n 1)
  case $said in
  '11 frames: 1 conversation, 11 TCP') echo en ;;
  '11 帧：1 个会话，11 TCP') echo zh ;;
  *) echo "$said" ;;
  esac
}

@test "--lang chooses, whatever the environment says" {
  [ "$(LC_ALL=C "$SYNFLOW" --lang zh -r "$chat" | tail -n 1)" = \
    '11 帧：1 个会话，11 TCP' ]
  [ "$(LC_ALL=zh_CN.UTF-8 "$SYNFLOW" --lang en -r "$chat" | tail -n 1)" = \
    '11 frames: 1 conversation, 11 TCP' ]
  run -2 --separate-stderr "$SYNFLOW" --lang fr -r "$chat"
  [[ $stderr == *'"fr"; accepted: en, zh' ]]
}

@test "without it the environment, and no locale need be installed" {
  [ "$(spoken A=)" = en ]
  [ "$(spoken LC_ALL=C.UTF-8)" = en ]
  [ "$(spoken LC_ALL=C.UTF-8 LANGUAGE=zh_CN)" = zh ]
  [ "$(spoken LANG=C.UTF-8 LANGUAGE=de:zh:en)" = zh ]
  [ "$(spoken LANG=C.UTF-8 LANGUAGE=en_GB:zh)" = en ]
  [ "$(spoken LC_ALL=C LANGUAGE=zh_CN)" = en ]
  [ "$(spoken LANG=zh_CN.UTF-8)" = zh ]
  [ "$(spoken LANG=en_US.UTF-8 LC_MESSAGES=zh_CN.utf8)" = zh ]
  [ "$(spoken LANG=zh_CN.UTF-8 LC_ALL=en_US.UTF-8)" = en ]
  [ "$(spoken LANG=zh_TW.UTF-8)" = en ]
  [ "$(spoken LANG=zh_CN.GBK)" = en ] # its characters would be unreadable
  [ "$(spoken LANG=C.UTF-8 LANGUAGE=../../../zh_CN)" = en ]
}

@test "no variable of the environment names a file that is opened" {
  command -v strace >/dev/null || skip "strace is missing"
  mkdir -p evil/zh_CN/LC_MESSAGES
  # The leak sanitizer cannot work where another one traces.
  ASAN_OPTIONS=detect_leaks=0 strace -f -e trace=openat,open -o calls env LC_ALL=zh_CN.UTF-8 \
    LANGUAGE="$PWD/evil:zh_CN" LOCPATH="$PWD/evil" TEXTDOMAINDIR="$PWD/evil" \
    NLSPATH="$PWD/evil/%N" "$SYNFLOW" -r "$chat" >said
  tail -n 1 said
  run ! grep evil calls
}

@test "every sentence of the sources is translated, and none is doubtful" {
  command -v xgettext >/dev/null || skip "xgettext is missing"
  cd "$top_srcdir"
  xgettext --language=C --keyword=_ --keyword=N_ --from-code=UTF-8 \
    -o "$BATS_TEST_TMPDIR/all.pot" src/flow/*.c
  msgcmp src/flow/zh_CN.po "$BATS_TEST_TMPDIR/all.pot"
  run -0 --separate-stderr msgfmt --check --statistics -o /dev/null \
    src/flow/zh_CN.po
  echo "$stderr"
  [[ $stderr =~ ^[0-9]+\ translated\ messages\.$ ]]
}

@test "no English is left in any view of any capture, nor in drawings" {
  local view name
  for name in "$golden"/*.pcapng; do
    for view in conversations ladder segments resets; do
      "$SYNFLOW" --lang zh -v -r "$name" --view $view
    done
    # not the names of files
    "$SYNFLOW" --lang zh -v -r - -o html <"$name" |
      sed '/<style>/,/<\/style>/d; s/<[^>]*>/ /g; s/&[a-z]*;/ /g'
  done >said 2>&1
  for name in "$golden"/pairs/*.client.pcapng; do
    "$SYNFLOW" --lang zh -r "$name" -r "${name/client/server}"
    "$SYNFLOW" --lang zh -r - -r "${name/client/server}" -o html <"$name" |
      sed '/<style>/,/<\/style>/d; s/<[^>]*>/ /g; s/&[a-z]*;/ /g
        /server\.pcapng/d'
  done >>said 2>&1
  grep -q '三次握手' said
  grep -q '四次挥手' said
  grep -q '半开扫描' said
  grep -q '累计确认' said
  grep -q '重传' said
  # Three words in a row, or one that is not of a header or a counter.
  run ! grep -nE '(^|[^A-Za-z_/-])[a-z]{2,} [a-z]{2,} [a-z]{2,}' said
  run ! grep -E -w 'client|server|frames?|bytes?|stream|segment|of|the|and' said
}
