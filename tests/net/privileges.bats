# SPDX-License-Identifier: BSD-2-Clause
# What synscan may do, and what it gives up.
# shellcheck disable=SC2154
load scan
[ "${FAULTS-}" != all ] || export BATS_TEST_TIMEOUT=3600

setup() {
  out=$BATS_TEST_TMPDIR/out.ndjson
  trace=$BATS_TEST_TMPDIR/trace
}

# (Root may have come by sudo.)
unset SUDO_UID SUDO_GID

# An ordinary user has one uid in here.
all_ids() {
  grep -q ' 4294967295$' /proc/self/uid_map
}

need_root() {
  all_ids || skip "needs root"
}

@test "no privilege: exit 1, what is missing and the three ways on" {
  network_make
  run -1 --separate-stderr run_on scanner \
    setpriv --inh-caps=-all --bounding-set=-all "$SYNSCAN" -p 80 10.9.0.2
  echo "$stderr"
  [ -z "$output" ]
  grep -qi cap_net_raw <<<"$stderr"
  grep -qw sudo <<<"$stderr"
  grep -qw setcap <<<"$stderr"
  grep -qwe -c <<<"$stderr"
}

@test "an ordinary user: the same" {
  need_root
  network_make
  install -m 755 "$SYNSCAN" /run/synscan
  run -1 --separate-stderr run_on scanner \
    setpriv --reuid=65534 --regid=65534 --clear-groups \
    /run/synscan -p 80 10.9.0.2
  echo "$stderr"
  [ -z "$output" ]
  grep -qi cap_net_raw <<<"$stderr"
}

@test "an ordinary user with file capabilities scans" {
  need_root
  network_make
  listeners target 80
  install -m 755 "$SYNSCAN" /run/synscan
  setcap cap_net_raw+ep /run/synscan
  run_on scanner setpriv --reuid=65534 --regid=65534 --clear-groups \
    /run/synscan -q -n -p 79-81 10.9.0.2 | grep '^ *80  *open'
}

@test "set-uid is refused" {
  need_root
  network_make
  install -m 4755 "$SYNSCAN" /run/synscan
  run -1 --separate-stderr run_on scanner \
    setpriv --reuid=65534 --regid=65534 --clear-groups \
    /run/synscan -p 80 10.9.0.2
  [ -z "$output" ]
  [[ $stderr == *set-uid* || $stderr == *setuid* ]]
}

# A sanitizer has system calls of its own, and takes no shim and no tracer.
need_sandbox() {
  [ -e "$top_builddir/tests/net/faultalloc.so" ] || skip "a sanitizer build"
}

# given_up PID [FILTERS]: by each of its threads: capabilities, ids, groups, all
# further privileges, and most system calls (by so many filters). Nothing where
# it is gone by now.
given_up() {
  local ids=no sandbox=2 filters=${2-1}
  all_ids && ids=yes
  [ -e "$top_builddir/tests/net/faultalloc.so" ] || sandbox=0 filters=0
  cat "/proc/$1/task"/*/status 2>/dev/null |
    awk -v ids=$ids -v sandbox=$sandbox -v "filters=$filters" '
    $1 == "Name:" { threads++ }
    /^Cap(Inh|Prm|Eff|Bnd|Amb):/ { seen++; bad = $2 !~ /^0+$/ }
    $1 == "NoNewPrivs:" { seen++; bad = $2 != 1 }
    $1 == "Seccomp:" { seen++; bad = $2 != sandbox }
    $1 == "Seccomp_filters:" { seen++; bad = $2 < filters }
    ids == "yes" && /^(Uid|Gid):/ {
      seen++
      bad = $2 != 65534 || $3 != $2 || $4 != $2 || $5 != $2
    }
    ids == "yes" && $1 == "Groups:" { seen++; bad = NF > 1 }
    bad { print "thread " threads ": " $0; failed = 1; bad = 0 }
    END {
      if (seen != threads * (ids == "yes" ? 11 : 8)) {
        print seen " lines of " threads " threads"
        failed = 1
      }
      print threads " threads" >"/dev/stderr"
      exit failed
    }' 2>"$BATS_TEST_TMPDIR/threads"
}

threads() { # PATTERN: so many were seen by given_up
  grep -Eqx "$1 threads" "$BATS_TEST_TMPDIR/threads"
}

# gives_up ARGUMENT...: a scan whose threads have given up all, while
# it sends; it is ended after some looks at it
gives_up() {
  local many=0 looks=0 before
  before=$(run_on target cat /sys/class/net/eth0/statistics/rx_packets)
  scan_start -r 2000 "$@"
  wait_until 10 received target $((before + 200))
  while [ $looks -lt 10 ]; do
    given_up "$pid"
    ! threads '[2-9]' || many=$((many + 1))
    looks=$((looks + 1))
  done
  [ $many -gt 0 ]
  kill -INT "$pid" || : # it may have come to its end
  wait "$pid" || [ $? = 3 ]
}

@test "no thread of a SYN scan keeps a capability, root, or its system calls" {
  network_make
  gives_up -p 1-20000 10.9.0.2
  gives_up -p 1-20000 --via ip 10.9.0.2 fd00:9::2
}

@test "no thread of a connect scan, nor of both side by side" {
  network_make
  gives_up -c -p 1-20000 10.9.0.2
  gives_up --compare -p 1-20000 10.9.0.2
}

# flow_start ARGUMENT...: a live capture, armed; its pid is $pid
flow_start() {
  : >"$BATS_TEST_TMPDIR/stderr" # of the one before
  : >"$BATS_TEST_TMPDIR/stderr" # of the one before
  ip netns exec scanner "$SYNFLOW" -i eth0 "$@" \
    >"$BATS_TEST_TMPDIR/stdout" 2>"$BATS_TEST_TMPDIR/stderr" 3>&- &
  pid=$!
  wait_until 10 grep -q 'capturing on' "$BATS_TEST_TMPDIR/stderr"
}

@test "nor does a live synflow" {
  network_make
  local view
  for view in conversations ladder segments resets; do
    flow_start --view $view -w "$out.pcapng" -o "ndjson:$out"
    run_on scanner "$SYNSCAN" -q -p 1-50 10.9.0.2
    wait_until 10 [ -s "$out.pcapng" ]
    given_up "$pid"
    threads 1
    kill -INT "$pid"
    wait "$pid"
    grep -q '^{"type":"summary",.*"complete":true}$' "$out"
  done
  [ -e "$top_builddir/tests/net/faultalloc.so" ] || return 0
  flow_start --sandbox off
  run ! given_up "$pid"
  [[ $output == *Seccomp* ]]
  kill -INT "$pid"
  wait "$pid"
}

# ---- a step of it fails ----

ended() { # PID
  [ ! -e "/proc/$1/status" ] || grep -q '^State:.Z' "/proc/$1/status"
}

sends() { # whether the target has got a segment from us
  run_on target nft list chain inet seen input | grep -q 'packets [1-9]'
}

goes_on() { # whether it takes or sends packets, or has ended
  ended "$job" || sends || grep -q 'capturing on' "$BATS_TEST_TMPDIR/stderr"
}

# step_fails CALL ERRNO N PROGRAM...: it ends with a word, before any packet; or
# what failed was not needed, and all is given up
step_fails() {
  local status=0 job
  : >"$BATS_TEST_TMPDIR/stderr" # of the one before
  run_on target nft flush ruleset
  run_on target nft -f - <<<'table inet seen { chain input {
    type filter hook input priority 0; meta l4proto tcp counter; }; }'
  ip netns exec scanner "$faultcall" "$@" \
    >"$BATS_TEST_TMPDIR/stdout" 2>"$BATS_TEST_TMPDIR/stderr" 3>&- &
  job=$!
  wait_until 10 goes_on
  if ended $job; then
    wait $job || status=$?
    echo "$*: exit $status: $(cat "$BATS_TEST_TMPDIR/stderr")"
    [ $status = 1 ]
    grep -Eq '^syn(scan|flow): .' "$BATS_TEST_TMPDIR/stderr"
    run ! grep 'capturing on' "$BATS_TEST_TMPDIR/stderr"
    run ! sends
    stopped=$((stopped + 1))
  else
    echo "$*: goes on"
    pid=$(pgrep -x 'synscan|synflow')
    given_up "$pid" 2
    kill -KILL "$pid"
    wait $job || :
    went_on=$((went_on + 1))
  fi
}

# steps_fail all|some PROGRAM...: each call by which it gives up something
steps_fail() {
  local which=$1 call errno count n step stopped=0 went_on=0
  shift
  local -a short=("${@/#1-20000/1-2}") # a run to count by
  run_on scanner "$faultcall" count "$BATS_TEST_TMPDIR/counts" \
    "${short[@]/#1h/1ms}"
  while read -r call errno count; do
    case $call in
    setgroups | setresgid | setresuid | capset) step=1 ;;
    seccomp) step=3 ;;
    prctl) step=60 ;;
    *) continue ;;
    esac
    [ "${FAULTS-}" != all ] || step=1
    [ "${FAULTS-}$which" != some ] || step=$count
    for ((n = count; n > 0; n -= step)); do
      step_fails "$call" "$errno" $n "$@"
    done
  done <"$BATS_TEST_TMPDIR/counts"
  echo "# ${*##*/}: $stopped stopped, $went_on went on without" >&3
  [ $stopped -ge 5 ]
}

@test "a step of it fails: nothing is sent, or all is given up all the same" {
  need_sandbox
  network_make
  faultcall=$top_builddir/tests/net/faultcall
  steps_fail all "$SYNSCAN" -r 100 -p 1-20000 10.9.0.2
  steps_fail some "$SYNSCAN" -c -r 100 -p 1-20000 10.9.0.2
  steps_fail some "$SYNSCAN" --compare -r 100 -p 1-20000 10.9.0.2
  steps_fail some "$SYNFLOW" -i eth0 --duration 1h
}

# ---- by strace: what is executed, opened, refused ----

# Each variable that one of our libraries could ask for names a file.
hostile_environment() {
  local name
  # shellcheck disable=SC2046
  for name in LC_ALL LANGUAGE TZ HOSTALIASES PCAP_FILE EVENT_NOEPOLL \
    $(cat "$SYNSCAN" "$SYNFLOW" $(ldd "$SYNSCAN" "$SYNFLOW" |
      awk '$3 ~ /^\// { print $3 }' | sort -u) |
      grep -aoE '\b[A-Z][A-Z0-9_]{2,40}\b' | sort -u |
      grep -vE '^(LD_.*|PATH|TERM)$'); do
    echo "$name=/trap/$name"
  done
}

# judge_trace: of strace -f: nothing was executed but the program, nothing of
# the environment was opened, and its filter, once it was there, refused nothing
# that it tried
judge_trace() {
  perl -e '
    my ($begun, $on, $bad) = (0, 0, 0);
    while (<>) {
      # (What leads to it comes before it.)
      if (/execve\("([^"]*)"/) {
        $begun++ if $begun || $1 =~ m{/syn(?:scan|flow)$};
        $bad++, print "executed: $_" if $begun > 1;
        next;
      }
      next unless $begun;
      $bad++, print "opened: $_" if m{"[^"]*/trap/} && !/\bwrite\(/;
      $on++ if /SECCOMP_SET_MODE_FILTER.* = 0$/;
      # (glibc asks that of itself, to return memory in one way or another.)
      $bad++, print "refused: $_" if $on && / = -1 EPERM / &&
        !m{"/proc/sys/vm/overcommit_memory"};
    }
    print "no filter\n" unless $on == 1;
    exit($bad > 0 || $on != 1);' "$trace"
}

# traced COMMAND...: on the scanner
traced() {
  timeout 60 strace -f -qq -s 200 -o "$trace" ip netns exec scanner \
    env -i TERM=xterm PATH="$PATH" "${hostile[@]}" "$@"
  judge_trace
}

@test "nothing is executed, no variable names a file, no call is refused" {
  need_sandbox
  network_make
  mapfile -t hostile < <(hostile_environment)
  echo "${#hostile[@]} variables"
  [ "${#hostile[@]}" -gt 500 ]
  listeners target 80 8080
  firewall target 'tcp dport 81 drop' \
    'tcp dport 82 reject with icmpx type admin-prohibited'
  local port=-p80-83 all=(10.9.0.2 fd00:9::2 10.99.0.1)
  ip -n scanner route add unreachable 10.99.0.0/16
  traced "$SYNSCAN" -v --progress --show all $port -o "text:$out.txt" \
    -o "csv:$out.csv" -o ndjson "${all[@]}" 10.9.0.3
  traced "$SYNSCAN" -n --via ip --show all --pcap "$out.pcapng" \
    -o "ndjson:$out" $port "${all[@]}"
  traced "$SYNSCAN" --pcap - -o "ndjson:$out" $port 10.9.0.2 \
    >"$out.pcap"
  traced "$SYNSCAN" --explain -o text:"$out" $port 10.9.0.2 fd00:9::2
  traced "$SYNSCAN" -p 1-20 localhost 10.9.0.2
  traced "$SYNSCAN" -c -vv --progress --show all $port "${all[@]}" localhost
  traced "$SYNSCAN" --compare --show all $port 10.9.0.2 fd00:9::2
  "$SYNFLOW" -q -r "$out.pcap" -o ndjson >/dev/null
}


running() { # its pid is $pid
  pid=$(pgrep -x "$1")
}

@test "the same on a terminal that changes its size, and when interrupted" {
  need_sandbox
  network_make
  script -qec "ip netns exec scanner strace -f -o '$trace' \
    '$SYNSCAN' -v -r 20 -p 1-1000 10.9.0.2" /dev/null \
    </dev/null >"$out" 2>&1 3>&- &
  local job=$! status=0
  wait_until 10 running synscan
  wait_until 10 grep -q '% ' "$out"
  stty -F "/proc/$pid/fd/2" cols 60
  kill -WINCH "$pid"
  wait_until 10 received target 40
  kill -INT "$pid"
  wait $job || status=$?
  [ $status = 3 ]
  grep -a 'interrupted' "$out"
  judge_trace
}

@test "of a live synflow neither: its views, its files, its end" {
  need_sandbox
  network_make
  local view
  mapfile -t hostile < <(hostile_environment)
  for view in conversations ladder segments resets; do
    scan_start -r 500 -p- 10.9.0.2 # there is always something to capture
    traced "$SYNFLOW" -i eth0 -c 50 -w "$out.pcapng" --view $view -o text \
      -o "ndjson:$out.flow"
    kill -INT "$pid"
    wait "$pid" || [ $? = 3 ]
  done
}
