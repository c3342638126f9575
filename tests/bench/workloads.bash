# shellcheck shell=bash disable=SC2034,SC2154
# SPDX-License-Identifier: BSD-2-Clause
#
# The workloads of scripts/bench, each a function of its name in lower case.

# --- networks ----------------------------------------------------------------

# near PORT...: the target next door, with open ports
near() {
  network_make
  [ $# = 0 ] || listeners target "$@"
  run_on scanner bash -c 'echo >/dev/udp/10.9.0.2/9' # now it is a neighbour
  truth_of target
}

# far PORT...: RTT 200 ms, 1 % lost each way
far() {
  local host
  for host in scanner way target; do host_make $host; done
  link_make scanner eth0 10.9.0.1/24 way eth0 ''
  link_make target eth0 10.9.0.2/24 way eth1 ''
  ip netns exec way "$build/tests/bench/impair" --delay 100 --loss 1 \
    eth0 eth1 >/run/way 2>&1 &
  wait_until 5 grep -q ^bridging /run/way
  listeners target "$@"
  truth_of target
}

# The MAC address of nobody: the target counts the packet and drops it. 16
# such addresses on the link, and a /12 behind one of them.
silent() {
  local i
  near
  for i in {16..31}; do
    ip -n scanner neigh add "10.9.0.$i" lladdr 02:00:00:00:00:01 dev eth0
  done
  ip -n scanner route add 10.32.0.0/12 via 10.9.0.16
}

lossy() { # PERCENT: each way; and 500 ports dropped
  run_on target nft -f - <<END
    table inet firewall {
      chain input {
        type filter hook input priority 0
        meta l4proto tcp numgen random mod 100 < $1 drop
        tcp dport 2000-2499 drop
      }
      chain output {
        type filter hook output priority 0
        meta l4proto tcp numgen random mod 100 < $1 drop
      }
    }
END
  truth_of target
}

truth_of() { # HOST [FIRST LAST]
  truth "$1" 4 | awk -v a="${2-1}" -v b="${3-65535}" \
    '$1 >= a && $1 <= b { print $1, $2, $3 }' >/run/truth
}

network_end() {
  local host
  for host in $(ip netns list | cut -d' ' -f1); do
    ip netns pids "$host" | xargs -r kill -PIPE
  done
  wait 2>/dev/null
  ip -all netns delete
}

# --- the others --------------------------------------------------------------

mac() { # HOST
  run_on "$1" cat /sys/class/net/eth0/address
}

use_nmap() { # PORTS TARGET
  peer=nmap
  theirs=(nmap -sS -n -Pn "-p$1" "$2")
}

use_bare() { # DEST-MAC PORTS...
  bare=("$build/tests/bench/bare_loop" eth0 10.9.0.1 10.9.0.2 "$@")
}

# --- workloads ---------------------------------------------------------------

w1() {
  workload W1 '65,535 ports' 0.6x
  near 80
  scan -p 1-65535 10.9.0.2
  right=counted full=exact
  use_nmap 1-65535 10.9.0.2
  use_bare "$(mac target)" 1 65535
  row
}

# Its peer is the same scan without --pcap, in turns.
p1() {
  workload P1 'W1 with --pcap' 1.33x
  near 80
  scan -p 1-65535 10.9.0.2
  theirs=("${ours[@]}") peer=without
  ours+=(--pcap /run/pcapng)
  right=recorded
  row
}

w2_lossy() { # ID PERCENT GOAL
  workload "$1" "same, $2 % loss each way" "$3"
  near 22 80 443 8080
  lossy "$2"
  scan -p 1-65535 --show all 10.9.0.2
  [ "$pairs" -lt 5 ] || [ "$runs" -gt 10 ] || runs=10
}

w2_row() {
  row
  note "$(sed -n '/"state":"filtered"/s/.*"tries":\([0-9]*\).*/\1/p' /run/out |
    awk '{ n += $1 } END { printf "%.1f", NR ? n / NR : 0 }') tries for a" \
    "dropped port, loss $(summary /run/out loss) in the last run"
}

w2() {
  w2_lossy W2 5 '5 s'
  peer=nmap
  [ ! "$slow" ] || use_nmap 1-65535 10.9.0.2
  w2_row
}

w2b() {
  w2_lossy W2b 20 '20 s'
  w2_row
}

w3() {
  workload W3 '55,536 dropped' '2 s'
  near 22 80 443 8080
  firewall target 'tcp dport 10000-65535 drop'
  truth_of target
  scan -p 1-65535 --show all 10.9.0.2
  use_nmap 1-65535 10.9.0.2
  row
}

w4() {
  workload W4 'silent host: kpps' 1.5x
  silent
  scan -p 1-65535 -R 0 --rate 10m 10.9.0.16-10.9.0.31
  by=rate right=unchecked peer=masscan
  theirs=(masscan 10.9.0.16-10.9.0.31 -p1-65535 --rate 10000000 --wait 0
    --interface eth0 --source-ip 10.9.0.1 --router-mac 02-00-00-00-00-01)
  use_bare 02:00:00:00:00:01 1048560
  row
}

w5() {
  workload W5 '/16, one port' 0.5x
  near
  ip -n target route add local 10.10.0.0/16 dev lo
  ip -n scanner route add 10.10.0.0/16 via 10.9.0.2
  scan -p 80 --max-rate 2m 10.10.0.0/16
  right=counted_16 full=exact_16 peer=zmap
  theirs=(zmap -p 80 -B 10G -c 1 -i eth0 -S 10.9.0.1 -G "$(mac target)"
    -b /dev/null -q -v 0 --disable-syslog -O csv -f saddr
    '--output-filter=repeat = 0' -o /run/zmap 10.10.0.0/16)
  row
  note "zmap found $(grep -c '^10\.' /run/zmap) of 65536 in its last run"
}

w6() {
  workload W6 '1,001 ports, 200 ms, 1 %' '2.5 s'
  far 22 80 443
  truth_of target 1 1001
  scan -p 1-1001 --show all 10.9.0.2
  use_nmap 1-1001 10.9.0.2
  row
}

w6b() {
  workload W6b '65,535 ports, 200 ms, 1 %' '8 s'
  far 22 80 443
  scan -p 1-65535 --show all 10.9.0.2
  peer=nmap
  [ ! "$slow" ] || use_nmap 1-65535 10.9.0.2
  row
}

w7() {
  workload W7 'one port' 0.6x
  near 80
  truth_of target 80 80
  scan -p 80 10.9.0.2
  use_nmap 80 10.9.0.2
  use_bare "$(mac target)" 80 80
  row
}

w8() {
  workload W8 'loopback, 65,535 ports' 0.7x
  network_make
  listeners scanner 22 80 443
  truth_of scanner
  address=127.0.0.1
  scan -p 1-65535 127.0.0.1
  right=counted full=exact
  use_nmap 1-65535 127.0.0.1
  row
}

w9() {
  workload W9 'silent /12: MiB' '64 MiB'
  silent
  scan -p 80 -R 0 --max-rate 2m 10.32.0.0/12
  by=memory right=unchecked runs=1
  row
  note "$(summary /run/out filtered) filtered in $(summary /run/out elapsed_s) s"
}

w10() {
  workload W10 '10,000 ports, 2,000 pps' 2x
  near 22 80 443
  firewall target 'limit rate over 2000/second drop'
  truth_of target 1 10000
  scan -p 1-10000 --show all 10.9.0.2
  peer=ideal fixed=5
  row
}
