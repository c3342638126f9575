# SPDX-License-Identifier: BSD-2-Clause
# synchat at a terminal, which is tmux: what stands on its screen.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2046,SC2102,SC2154
load chat

# terminal COLUMNS COMMAND...: in a window of its own
terminal() {
  local columns=$1
  shift
  tmux -u -S "$T/tmux" -f /dev/null new-session -d -x "$columns" -y 24 \
    "$@" 3>&-
}

keys() {
  tmux -S "$T/tmux" send-keys "$@"
}

screen() {
  tmux -u -S "$T/tmux" capture-pane -p | sed -e :a -e '/^\n*$/{$d;N;ba' -e '}'
}

screen_has() { # TEXT, of one line, however many rows it fills
  tmux -u -S "$T/tmux" capture-pane -J -p | grep -qF -e "$1"
}

tail_is() { # ROWS
  [ "$(screen | tail -n "$(wc -l <<<"$1")")" = "$1" ]
}

# below LINE TEXT: what stands below that line is TEXT, apart from blanks
below() {
  [ "$(screen | grep -A9 -e "$1" | sed 1d | tr -d ' \n')" = "$(tr -d ' ' <<<"$2")" ]
}

# waits until the screen ends with these rows
ends_with() {
  wait_until 10 tail_is "$1" || {
    echo "expected at the end:"
    echo "$1"
    echo "the screen:"
    screen
    return 1
  }
}

teardown() {
  screen 2>/dev/null || : # what a failed test needs to be understood
  tmux -S "$T/tmux" kill-server 2>/dev/null || :
  end_talkers
}

# listen_at_terminal COLUMNS [ARGUMENT...]: and one client, "one"
listen_at_terminal() {
  local columns=$1
  shift
  terminal "$columns" "'$SYNCHAT' $* listen 127.0.0.1 8000; echo exit code \$?; cat"
  wait_until 10 screen_has 'listening on 127.0.0.1 8000'
  talker one "$SYNCHAT" --source-port 40001 connect 127.0.0.1 8000
  wait_until 10 screen_has '(1 here)'
}

@test "a line that comes never garbles the line being typed" {
  listen_at_terminal 40
  ends_with '>'
  keys -l 'half a line'
  ends_with '> half a line'
  types one 'an incoming line\n'
  ends_with $'127.0.0.1:40001: an incoming line\n> half a line'
  # The cursor stays where it was.
  keys Home Right Right
  types one 'another\n'
  ends_with $'127.0.0.1:40001: another\n> half a line'
  keys -l XY
  ends_with '> haXYlf a line'
  keys Enter
  shows one 'listener: haXYlf a line'
  ends_with $'> haXYlf a line\n>'
}

@test "... at any length and with wide characters" {
  listen_at_terminal 20
  local typed line='#0' n=0
  types one '#0\n' # with its sender's name 19 columns
  for typed in 1234567890123456 12345678901234567 123456789012345678 \
    1234567890123456789 你你你你你你你你你 1你你你你你你你你你你 \
    12345678901234567890123456789012345678 \
    123456789012345678901234567890123456789 \
    1你你你你你你你你你你你你你你你你你你你你 \
    'wörter mit ümlauten über mehrere zeilen hinweg'; do
    keys -l "$typed"
    # All of it is there before something comes in between.
    wait_until 10 below "$line" "> $typed"
    line="#$((++n))"
    types one "$line\n"
    wait_until 10 below "$line" "> $typed"
    # What stood there before is gone: it is on the screen once.
    [ "$(screen | grep -cF "> ${typed:0:5}")" = 1 ]
    keys C-u
    wait_until 10 below "$line" ">"
  done
}

@test "a paste of many lines, while others talk" {
  listen_at_terminal 60
  talker two "$SYNCHAT" connect 127.0.0.1 8000
  wait_until 10 screen_has '(2 here)'
  seq -f 'pasted 你好 line %04.0f' 500 >"$T/pasted"
  tmux -S "$T/tmux" load-buffer "$T/pasted"
  tmux -S "$T/tmux" paste-buffer
  seq -f 'two says %04.0f' 100 >&"${typing[two]}"
  shows one 'listener: pasted 你好 line 0500'
  shows one 'two says 0100'
  sed -n 's/^listener: //p' "$T/one.out" | cmp - "$T/pasted"
  [ "$(grep -c 'two says' "$T/one.out")" = 100 ]
  ends_with '>'
}

@test "a line of any length can be typed, and is cut" {
  listen_at_terminal 80
  perl -CS -e 'print "x", chr(0x4f60) x 3333, "\n"' >"$T/pasted" # 10,000 bytes
  tmux -S "$T/tmux" load-buffer "$T/pasted"
  tmux -S "$T/tmux" paste-buffer
  wait_until 30 screen_has 'a line may have 8192 bytes; 1809 more were dropped'
  # 8192 bytes end within a character
  wait_until 10 eval '[ "$(wc -c <"$T/one.out")" = $((10 + 8191 + 1)) ]'
  ends_with '>'
}

@test "history, and a line of it changed" {
  listen_at_terminal 60
  keys -l 'first 你好'
  keys Enter
  keys -l 'second'
  keys Enter
  shows one 'listener: second'
  keys Up Up
  ends_with '> first 你好'
  types one 'incoming\n'
  ends_with $'127.0.0.1:40001: incoming\n> first 你好'
  keys -l '!'
  keys Enter
  shows one 'listener: first 你好!'
}

@test "control bytes and what is not UTF-8 are shown escaped" {
  listen_at_terminal 60
  types one 'a\e[2Jb\tc\x9b\xff\\ \x7f 你好\r\n'
  ends_with $'127.0.0.1:40001: a\\x1b[2Jb\\x09c\\x9b\\xff\\ \\x7f 你好\n>'
}

@test "keys that send several bytes, and ESC alone, hold nobody up" {
  listen_at_terminal 60
  keys -l 'abc'
  keys Escape
  types one 'while half a key is pressed\n'
  ends_with $'127.0.0.1:40001: while half a key is pressed\n> abc'
  keys Left Left C-r C-v
  types one 'and another\n'
  ends_with $'127.0.0.1:40001: and another\n> abc'
  keys -l X
  ends_with '> aXbc'
  keys DC
  ends_with '> aXc'
}

@test "end, and end of file, and Ctrl-C give the terminal back" {
  local end
  for end in 'e n d Enter 0' 'C-c 3'; do
    # shellcheck disable=SC2086
    set -- $end
    terminal 80 "stty -a >'$T/before'; '$SYNCHAT' listen 127.0.0.1 8000; echo exit code \$?; stty -a | diff - '$T/before' && echo same; cat"
    wait_until 10 screen_has 'listening on 127.0.0.1 8000'
    ends_with '>'
    keys -l 'x'
    keys C-u
    while [ $# -gt 1 ]; do keys "$1" && shift; done
    wait_until 10 screen_has "exit code $1"
    wait_until 10 screen_has same
    tmux -S "$T/tmux" kill-server
    wait_until 10 eval '! [ -S "$T/tmux" ] || ! tmux -S "$T/tmux" list-sessions 2>/dev/null'
  done
  # At a client Ctrl-D ends the talk.
  talker listener "$SYNCHAT" listen 127.0.0.1 8001
  remarks listener 'listening on'
  terminal 80 "'$SYNCHAT' connect 127.0.0.1 8001; echo exit code \$?; cat"
  wait_until 10 screen_has 'connected to'
  ends_with '>'
  keys C-d
  wait_until 10 screen_has 'exit code 0'
  wait_until 10 screen_has 'this end closed first'
  remarks listener 'the other end closed first'
}

@test "Ctrl-D at a listener ends the typing, not the chat" {
  listen_at_terminal 60
  keys C-d
  types one 'still here\n'
  ends_with '127.0.0.1:40001: still here'
  keys C-c
  wait_until 10 screen_has 'exit code 3'
  ends one 0
}

@test "the peer's end ends a client at a terminal" {
  talker listener "$SYNCHAT" listen 127.0.0.1 8000
  remarks listener 'listening on'
  terminal 80 "'$SYNCHAT' connect 127.0.0.1 8000; echo exit code \$?; cat"
  wait_until 10 screen_has 'connected to'
  types listener 'bye\nend\n'
  wait_until 10 screen_has 'exit code 0'
  screen | grep -F 'listener: bye'
  screen | grep -F 'the other end closed first'
}

@test "stopped and continued" {
  terminal 60 'PS1="$ " exec bash --norc --noprofile'
  ends_with '$'
  keys -l "'$SYNCHAT' listen 127.0.0.1 8000"
  keys Enter
  ends_with '>'
  keys -l 'half'
  ends_with '> half'
  keys C-z
  wait_until 10 screen_has Stopped
  ends_with '$'
  keys -l 'echo the shell hears'
  keys Enter
  ends_with $'the shell hears\n$'
  keys -l fg
  keys Enter
  ends_with '> half'
  keys -l ' a line'
  keys Enter
  wait_until 10 screen_has 'nobody is here to read that'
  keys -l end
  keys Enter
  ends_with '$'
}

@test "in the background it goes on, and leaves the keyboard to the shell" {
  terminal 60 'PS1="$ " exec bash --norc --noprofile'
  ends_with '$'
  keys -l "'$SYNCHAT' listen 127.0.0.1 8000 &"
  keys Enter
  wait_until 10 screen_has 'listening on'
  keys -l 'echo the shell hears'
  keys Enter
  wait_until 10 screen_has 'the shell hears'
  talker one "$SYNCHAT" connect 127.0.0.1 8000
  types one 'hello\n'
  wait_until 10 screen_has ': hello'
  keys -l 'kill -INT %1; wait'
  keys Enter
  ends one 0
}

@test "another size of the terminal" {
  listen_at_terminal 60
  keys -l 'a line that is longer than the narrow terminal'
  ends_with '> a line that is longer than the narrow terminal'
  tmux -S "$T/tmux" resize-window -x 30
  keys Left Right # now it has been heard of
  types one 'incoming\n'
  wait_until 10 below incoming '> a line that is longer than the narrow terminal'
  keys Enter
  shows one 'listener: a line that is longer than the narrow terminal'
}

@test "a terminal that is gone ends it" {
  terminal 60 "'$SYNCHAT' listen 127.0.0.1 8000 2>'$T/gone.err'"
  wait_until 10 grep -q listening "$T/gone.err"
  talker one "$SYNCHAT" connect 127.0.0.1 8000
  remarks one 'connected to'
  tmux -S "$T/tmux" kill-server
  ends one 0
  wait_until 10 grep -q 'over: 1 came' "$T/gone.err"
}

@test "a terminal that cannot be edited on" {
  terminal 60 "TERM=dumb '$SYNCHAT' listen 127.0.0.1 8000; echo exit code \$?; cat"
  wait_until 10 screen_has 'listening on 127.0.0.1 8000'
  talker one "$SYNCHAT" --source-port 40001 connect 127.0.0.1 8000
  wait_until 10 screen_has '(1 here)'
  keys -l 'hello'
  keys Enter
  shows one 'listener: hello'
  types one 'hello yourself\n'
  ends_with '127.0.0.1:40001: hello yourself'
  keys -l end
  keys Enter
  wait_until 10 screen_has 'exit code 0'
  run ! screen_has '>'
}

@test "in turns the prompt says whose turn it is" {
  talker listener "$SYNCHAT" --turns listen 127.0.0.1 8000
  remarks listener 'listening on'
  terminal 60 "'$SYNCHAT' --turns connect 127.0.0.1 8000; echo exit code \$?; cat"
  ends_with $'synchat: talking with 127.0.0.1:8000; you begin\n>'
  keys -l 'my turn'
  keys Enter
  shows listener 'my turn'
  ends_with '> my turn'
  keys -l 'too early'
  types listener 'now yours\n'
  ends_with $'now yours\n> too early'
  keys C-u
  keys -l end
  keys Enter
  wait_until 10 screen_has 'exit code 0'
  ends listener 0
}

@test "the narration stands beside the talk" {
  listen_at_terminal 80 --narrate
  keys -l 'half a'
  types one 'incoming\n'
  ends_with '> half a'
  screen | grep -E '^  recv\([0-9]+, 4096, "incoming\\x0a"\) = 9 +ESTABLISHED$'
  keys -l ' line'
  keys Enter
  shows one 'listener: half a line'
  wait_until 10 screen_has '"listener: half a line\x0a", 22) = 22'
}
