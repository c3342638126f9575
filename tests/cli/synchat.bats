# SPDX-License-Identifier: BSD-2-Clause
# synchat's arguments, help, manual and completion; and the manual's examples.
# shellcheck disable=SC2004,SC2046,SC2154
load "$top_srcdir/tests/net/chat.bash"

page=$top_srcdir/man/synchat.1

# refused STATUS QUOTED ARGUMENT...: one line on stderr, and no more
refused() {
  local want=$1 quoted=$2
  shift 2
  run -"$want" --separate-stderr timeout 20 "$SYNCHAT" "$@" </dev/null
  echo "stdout '${output:0:200}', stderr '${stderr:0:600}'"
  [ "${#stderr_lines[@]}" = 1 ]
  [ -z "$output" ]
  [[ $stderr == *"$quoted"* ]]
  [ "${#stderr}" -lt 512 ]
}

@test "commands, hosts and ports" {
  refused 2 'no command'
  refused 2 '"serve"' serve 8000
  refused 2 'listen [ADDRESS] PORT' listen
  refused 2 'listen [ADDRESS] PORT' listen 127.0.0.1 8000 1
  refused 2 'connect HOST PORT' connect 8000
  refused 2 'connect HOST PORT' connect 127.0.0.1 8000 1
  local value
  for value in x '' -1 65536 070 http 99999999999999999999; do
    refused 2 "\"$value\"" -- connect 127.0.0.1 "$value"
    refused 2 "\"$value\"" -- listen "$value"
  done
  refused 2 '"0"' connect 127.0.0.1 0
  for value in 010.0.0.1 1.2.3 256.1.1.1 0x7f.1 fd00::1::2 10.0.0.0/8 '[::1]' \
    fe80::1%nosuch0 ''; do
    refused 2 "\"$value\"" connect "$value" 8000
    refused 2 "\"$value\"" listen "$value" 8000
  done
  refused 1 no-such-host.invalid connect no-such-host.invalid 8000
}

@test "values" {
  local value
  for value in 0 65536 x '' -1; do
    refused 2 "\"$value\"" -g "$value" connect 127.0.0.1 8000
  done
  for value in 0 65537 x '' 1k; do
    refused 2 "\"$value\"" --send-size "$value" listen 8000
  done
  for value in x '' 25h -1s 5x; do
    refused 2 "\"$value\"" -w "$value" connect 127.0.0.1 8000
  done
  for value in x '' gracefull reset,unread; do
    refused 2 "\"$value\"" --close "$value" listen 8000
  done
  for value in 1 1,1 1,1,1,1 0,1,1 1,1,x; do
    refused 2 "\"$value\"" --keepalive "$value" listen 8000
  done
  for value in -1 65536 x ''; do
    refused 2 "\"$value\"" --backlog "$value" listen 8000
  done
}

@test "options that do not go together" {
  local option
  for option in --retry --stay --source-port=5 --timeout=5s; do
    refused 2 "${option%=*} is for \`connect\` only" listen 8000 $option
  done
  refused 2 "--backlog is for \`listen\` only" connect 127.0.0.1 8000 --backlog 5
  refused 2 unaccepted connect 127.0.0.1 8000 --close unaccepted
  refused 2 --stay connect 127.0.0.1 8000 --stay --turns
  refused 2 bogus --bogus
  refused 2 -Z -Z
}

@test "a million characters, and control bytes" {
  local long
  long=$(head -c 131000 /dev/zero | tr '\0' 1)
  refused 2 111111 listen "$long"
  refused 2 111111 connect "$long" 8000
  refused 2 111111 "$long"
  refused 2 111111 -s "$long" listen 8000
  refused 2 '\x1b[2J' $'\e[2J'
  refused 1 '\x1b[2J' connect $'\e[2J' 8000
  [[ $stderr != *$'\e'* ]]
}

@test "the help fits a screen of 80 columns" {
  run -0 --separate-stderr "$SYNCHAT" --help
  [ -z "$stderr" ]
  [ "${#lines[@]}" -le 50 ]
  local line
  for line in "${lines[@]}"; do [ "${#line}" -le 80 ]; done
  run -0 "$SYNCHAT" -h
  run -0 "$SYNCHAT" --version
  [[ $output =~ ^synchat\ [0-9]+\.[0-9]+\.[0-9]+ ]]
  run -1 --separate-stderr bash -c "'$SYNCHAT' --help >/dev/full"
  [[ $stderr == *'No space left on device' ]]
}

# "LETTER NAME" or "LETTER NAME value", a line each; LETTER is - for none.
help_options() {
  "$SYNCHAT" --help | sed -nE \
    -e 's/^  (-(.), |    )--([^ ]*)( [^ ]+)?  ? +.*/\2 \3\4/p' |
    sed -e 's/^ /- /' -e 's/^\(. [^ ]*\) .*/\1 value/' | sort -u
}

man_options() {
  sed -n '/^\.Sh OPTIONS/,/^\.Sh TURNS/s/^\.It Fl //p' "$page" | sed \
    -e 's/^\(.\) , Fl -/\1 /' -e 's/^-/- /' \
    -e 's/^\(. [^ ]*\) .*/\1 value/' | sort -u
}

@test "every option stands in the manual, and every one there exists" {
  [ "$(help_options | wc -l)" -gt 14 ]
  diff <(help_options) <(man_options)
}

@test "the manual's synopsis names every option" {
  local letter name rest synopsis
  synopsis=$(sed -n '/^\.Sh SYNOPSIS/,/^\.Sh DESCRIPTION/p' "$page")
  while read -r letter name rest; do
    if [ "$letter" = - ]; then
      grep -Eq "(Fl|\|) -?-?$name" <<<"$synopsis"
    else
      grep -Eq "Fl ($letter |[0-9a-z]*$letter)" <<<"$synopsis"
    fi
  done < <(help_options)
}

@test "the manual is clean mdoc" {
  command -v mandoc || skip "mandoc is missing"
  run mandoc -T lint -W warning "$page"
  echo "$output"
  [ "$status" = 0 ]
}

# complete_words WORD...: what bash would offer for the last one
complete_words() {
  "$SYNCHAT" --completion bash >"$T/completion"
  # shellcheck disable=SC2016
  bash -c '
    compopt() { :; } # outside of a completion there is none
    . "$1"; shift
    COMP_WORDS=(synchat "$@") COMP_CWORD=$#
    _synchat
    printf "%s\n" "${COMPREPLY[@]}"' bash "$T/completion" "$@"
}

@test "the completion offers every option, the commands and what values can be" {
  local letter name rest
  while read -r letter name rest; do
    complete_words "--$name" | grep -qx -e "--$name"
    [ "$letter" = - ] || complete_words "-" | grep -qx -e "-$letter"
  done < <(help_options)
  [ "$(complete_words --close half)" = half-unread ]
  [ "$(complete_words lis)" = listen ]
  [ "$(complete_words connec)" = connect ]
}

@test "standard streams that are closed" {
  talker deaf bash -c "exec '$SYNCHAT' listen 0 <&-"
  remarks deaf 'listening on 127.0.0.1 '
  kill -INT "${pid[deaf]}"
  ends deaf 3
  talker listener "$SYNCHAT" listen 127.0.0.1 8000
  remarks listener 'listening on'
  # Nothing that it opens becomes standard output: the first line to be
  # written there is an error.
  talker mute bash -c "exec '$SYNCHAT' connect 127.0.0.1 8000 >&-"
  remarks listener '(1 here)'
  types listener 'hello\n'
  ends mute 1
  grep -F 'standard output: Bad file descriptor' "$T/mute.err"
}

got_services() {
  sed 's/^listener: //' "$T/caller.out" | cmp -s - /etc/services
}

@test "the manual's examples" {
  sed -n 's/^\.Dl \(target\|scanner\)\$ synchat /\1 /p' "$page" >"$T/examples"
  [ "$(wc -l <"$T/examples")" -ge 14 ]
  network_make
  local host arguments command listens n=0
  while read -r host arguments; do
    : $((n++))
    command=("bash" "-c" "exec '$SYNCHAT' $arguments")
    listens=caller
    [[ $arguments != *listen* ]] || listens=listener
    if [[ $arguments == *'<'* ]]; then
      ip netns exec "$host" "${command[@]}" >"$T/$listens.out" \
        2>"$T/$listens.err" 3>&- &
      pid[$listens]=$!
    else
      talker $listens $(on "$host") "${command[@]}"
    fi
    [ $listens = caller ] ||
      wait_until 10 listening "$host" 8000
    [ $((n % 2)) = 0 ] || continue
    # Both are there: they talk, and neither finds anything wrong with how it
    # was called.
    if [[ $arguments == *-q* ]]; then
      wait_until 10 got_services
    else
      types caller 'hello\nend\n'
      wait_until 10 grep -q -e hello -e 'come and stay unread' "$T/listener.out" "$T/listener.err"
    fi
    kill -INT "${pid[listener]}"
    ends listener 3
    [ -z "${typing[caller]-}" ] || hangs_up caller
    wait_until 10 has_ended "${pid[caller]}"
    [[ $(cat "$T"/*.err) != *accepted:* ]]
    unset 'pid[caller]'
  done <"$T/examples"
}
