# SPDX-License-Identifier: BSD-2-Clause
# scripts/lab as its user knows it.
# shellcheck disable=SC2154,SC2164,SC2034
load lab

setup() {
  cd "$BATS_TEST_TMPDIR"
  fakes=
}

@test "list names every row of the table of RSTs" {
  local row
  lab list >listed
  for row in closed-port firewall unread-data linger socket-gone half-open \
    shutdown-unread never-accepted unspec ss-kill keepalive overflow \
    stray-ack syn-scan time-wait challenge none-shut-rd none-to-reset; do
    grep -q "^  reset-$row " listed
  done
}

@test "run NAME: a report with its capture, and nothing else is left" {
  lab run reset-closed-port handshake >said
  cat said
  grep -q '^✓ passed   handshake' said
  [ "$(ls -A)" = "$(printf 'lab-report\nsaid')" ]
  [ "$(cd lab-report && echo *)" = "handshake.client.pcapng index.html \
reset-closed-port.client.pcapng results.ndjson" ]
  [ "$(asked lab-report '[e["status"] for e in r[1:-1]]')" = \
    "['passed', 'passed']" ]
  grep -q 'id="reset-closed-port"' lab-report/index.html
}

@test "a group's name is all of it" {
  lab run chat anatomy >said || [ $? = 3 ] # no synchat
  grep -q segment-bytes said
  grep -q chat-retry said
}

@test "clean takes the report, and nothing that is none" {
  lab run reset-closed-port >said
  mkdir .lab-report.dead
  lab clean
  [ "$(ls -A)" = said ]
  mkdir mine
  touch mine/thesis
  run -1 lab clean --report mine
  run -1 lab run --report mine reset-closed-port
  [ -e mine/thesis ]
}

@test "two at once, to the same place" {
  lab run reset-unread-data >one &
  lab run reset-unread-data >two
  wait $!
  lab verify lab-report
  [ "$(ls -A)" = "$(printf 'lab-report\none\ntwo')" ]
}

@test "an interrupt ends it with what is known" {
  local pid
  env -u NETWORK_UNSHARED LAB_BUILD="$top_builddir" setsid \
    "$top_srcdir/scripts/lab" run reset-closed-port reset-keepalive \
    reset-linger >said 2>&1 3>&- &
  pid=$!
  for _ in {1..1000}; do
    if grep -q reset-closed-port said; then break; fi
    sleep 0.02
  done
  kill -INT -$pid
  wait $pid || status=$?
  cat said
  [ "$status" = 3 ]
  [ "$(asked lab-report 'r[-1]["complete"], r[-1]["experiments"]')" = \
    "(False, 1)" ]
  lab verify lab-report
  [ "$(ls -A)" = "$(printf 'lab-report\nsaid')" ]
}

@test "interrupted twice: at once, and nothing is left" {
  local pid
  env -u NETWORK_UNSHARED LAB_BUILD="$top_builddir" setsid \
    "$top_srcdir/scripts/lab" run reset-closed-port reset-keepalive \
    reset-linger >said 2>&1 3>&- &
  pid=$!
  for _ in {1..1000}; do
    if grep -q reset-closed-port said; then break; fi
    sleep 0.02
  done
  kill -INT -$pid
  for _ in {1..1000}; do
    if grep -q '^interrupted' said; then break; fi
    sleep 0.005
  done
  kill -INT -$pid || true # the report was faster
  wait $pid || status=$?
  cat said
  [ "$status" = 3 ]
  run ! grep -q Traceback said
  rm -rf lab-report
  [ "$(ls -A)" = said ]
}

@test "bad arguments: one line, exit 2, nothing made" {
  local arguments
  for arguments in "run nope" "--lang fr" "--student=" "frob" "--bogus" \
    "verify" "shell router" "list all"; do
    # shellcheck disable=SC2086
    run -2 lab $arguments
    [ "${#lines[@]}" = 1 ]
  done
  [ -z "$(ls -A)" ]
}

@test "the same student, the same numbers; another one, others" {
  lab run --report a --student 20260042 student-segments >said
  lab run --report b --student 20260042 student-segments >said
  lab run --report c --student 20260043 student-segments >said
  numbers='[c["expected"] for c in r[1]["checks"]]'
  [ "$(asked a "$numbers")" = "$(asked b "$numbers")" ]
  [ "$(asked a "$numbers")" != "$(asked c "$numbers")" ]
  grep -q 20260042 a/index.html
  lab verify a
}

@test "no nft: its experiments are named, the rest runs" {
  fake nft 'exit 1'
  run lab run reset-firewall reset-linger
  echo "$output"
  [ "$status" = 3 ]
  [[ $output == *"not run  reset-firewall"*"nf_tables"* ]]
  [[ $output == *"passed   reset-linger"* ]]
  grep -q 'class="trouble".*href="#reset-firewall".*nf_tables' \
    lab-report/index.html
}

@test "no namespaces: all are named, with what to do" {
  fake unshare 'exit 1'
  run -3 lab run handshake
  [[ $output == *"not run  handshake"*"sudo scripts/lab"* ]]
  grep -q 'id="handshake"' lab-report/index.html
  lab verify lab-report
}

@test "neither root nor sudo: the one apt-get line, exit 1" {
  local path
  fake dpkg-query 'exit 1'
  fake id 'echo 1000'
  path=${fakes%:}
  # Only what the script needs up to there: no sudo.
  for program in bash dirname env; do
    ln -s "$(command -v $program)" "$path"
  done
  PATH=$path run -1 "$top_srcdir/scripts/lab"
  [ "${#lines[@]}" = 1 ]
  [[ $output == *"as root: apt-get install "*iproute2* ]]
}

@test "a shell on the client, and the other host by name" {
  lab shell >said <<'END'
ip -o address show dev eth0
on server ip -o address show dev eth0
command -v oddsocket
END
  cat said
  grep -q 'inet 10.9.0.1/24' said
  grep -q 'inet 10.9.0.2/24' said
  grep -q '/oddsocket$' said
}

@test "-- runs synscan there, with its exit code" {
  lab -- -p 22,4000 --show all 10.9.0.2 >said
  grep -q '22  open' said
  run -2 lab -- --bogus
}

@test "an attempt that failed is told, and the next one counts" {
  local real
  real=$(command -v ip)
  # The first network comes to be one host and no more.
  fake ip "case \"\$*\" in
'netns add server') [ -e $PWD/once ] || { >$PWD/once; exit 1; } ;; esac
exec $real \"\$@\""
  lab run reset-closed-port >said
  [ "$(asked lab-report '[len(e["earlier"]) for e in r[1:-1]]')" = '[1]' ]
  grep -q 'Attempt 1 failed: the network could not be made' \
    lab-report/index.html
  lab verify lab-report
}
