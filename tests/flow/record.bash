# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: BSD-2-Clause
#
# Captures of conversations between two hosts of namespaces:
#
#   client                              server
#   eth0 10.9.0.1 fd00:9::1 -- veth -- eth0 10.9.0.2 fd00:9::2

# shellcheck source=tests/net/network.bash
. "$top_srcdir/tests/net/network.bash"

flow_network() {
  host_make client
  host_make server
  link_make client eth0 10.9.0.1/24,fd00:9::1/64 \
    server eth0 10.9.0.2/24,fd00:9::2/64
  flow_neighbours
}

# Nobody needs to ask for the other: no ARP in a capture.
flow_neighbours() {
  local mac
  mac=$(run_on server cat /sys/class/net/eth0/address)
  ip -n client neigh replace 10.9.0.2 lladdr "$mac" dev eth0
  ip -n client neigh replace fd00:9::2 lladdr "$mac" dev eth0
  mac=$(run_on client cat /sys/class/net/eth0/address)
  ip -n server neigh replace 10.9.0.1 lladdr "$mac" dev eth0
  ip -n server neigh replace fd00:9::1 lladdr "$mac" dev eth0
}

# flow_network_bad OPTION...: with a bad way between them (tests/bench/impair)
flow_network_bad() {
  local host
  for host in client way server; do host_make $host; done
  link_make client eth0 10.9.0.1/24,fd00:9::1/64 way eth0 ''
  link_make server eth0 10.9.0.2/24,fd00:9::2/64 way eth1 ''
  ip netns exec way "$top_builddir/tests/bench/impair" "$@" eth0 eth1 \
    >/dev/null 3>&- &
  wait_until 5 captured way
  flow_neighbours
}

flow_network_end() {
  local host
  for host in client way server; do
    [ -e /run/netns/$host ] || continue
    ip netns pids $host | xargs -r kill -PIPE
    ip netns delete $host
  done
}

# No multicast listeners, routers and neighbours, which come when they like.
flow_no_housekeeping='not (ip6 and (ip6[6] = 0 or
  (ip6[6] = 58 and ip6[40] >= 130)))'

# How they are captured: options of synflow and an expression.
flow_capture=("$flow_no_housekeeping")

# record FILE COMMAND...: what the command causes on the client's side
record() {
  record_at client eth0 "$@"
}

# record_at HOST DEVICE FILE COMMAND...
record_at() {
  local host=$1 device=$2 file=$3 recorder status=0
  shift 3
  ip netns exec "$host" "$SYNFLOW" -i "$device" -w "$file" \
    "${flow_capture[@]}" >/dev/null 2>"$file.said" 3>&- &
  recorder=$!
  wait_until 5 grep -qs "capturing on" "$file.said"
  "$@" || status=$?
  kill -INT $recorder
  wait $recorder || status=$?
  rm -f "$file.said"
  return $status
}

# scenario NAME FILE
scenario() {
  record "$2" "$top_srcdir/tests/flow/scenarios.py" "$1"
}
