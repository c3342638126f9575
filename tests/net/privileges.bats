# SPDX-License-Identifier: BSD-2-Clause
# What synscan may do, and what it gives up.
# shellcheck disable=SC2154
load scan

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

@test "no thread keeps a capability, nor root" {
  network_make
  scan_start -r 2000 -p 1-20000 10.9.0.2
  wait_until 10 received target 200
  local task thread=0 name value
  for task in "/proc/$pid/task"/*; do
    thread=$((thread + 1))
    while read -r name value _; do
      case $name in
      CapInh: | CapPrm: | CapEff: | CapBnd: | CapAmb:)
        [ "$value" = 0000000000000000 ]
        ;;
      NoNewPrivs:) [ "$value" = 1 ] ;;
      Uid: | Gid:)
        all_ids || continue
        [ "$value" != 0 ]
        ;;
      esac
    done <"$task/status"
  done
  [ $thread -ge 2 ]
  kill -INT "$pid"
  wait "$pid" || [ $? = 3 ]
}
