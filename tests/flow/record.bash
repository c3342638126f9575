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
  flow_neighbour client server 10.9.0.2 fd00:9::2
  flow_neighbour server client 10.9.0.1 fd00:9::1
}

flow_neighbour() { # HOST NEIGHBOUR ADDRESS...
  local host=$1 mac address
  mac=$(run_on "$2" cat /sys/class/net/eth0/address)
  shift 2
  for address; do
    [[ $address != *:* || -z $flow_ipv4_only ]] || continue
    ip -n "$host" neigh replace "$address" lladdr "$mac" dev eth0
  done
}

# flow_network_bad OPTION...: with a bad way between them (tests/bench/impair);
# $flow_way is its pid, and what it says goes to $flow_way_said. With
# flow_ipv4_only=yes nothing crosses it but what the test sends.
flow_way_said=/dev/null flow_ipv4_only=
flow_network_bad() {
  local host client=10.9.0.1/24,fd00:9::1/64 server=10.9.0.2/24,fd00:9::2/64
  for host in client way server; do host_make $host; done
  if [ -n "$flow_ipv4_only" ]; then
    client=${client%,*} server=${server%,*}
    for host in client way server; do
      run_on $host bash -c \
        'echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6'
    done
  fi
  link_make client eth0 "$client" way eth0 ''
  link_make server eth0 "$server" way eth1 ''
  ip netns exec way "$top_builddir/tests/bench/impair" "$@" eth0 eth1 \
    >"$flow_way_said" 3>&- &
  flow_way=$!
  wait_until 5 bridged way
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

# record_both FILE FILE2 COMMAND...: the same at both ends, until the server
# has no connection any more and all is settled
record_both() {
  local second=$2 recorder status=0
  ip netns exec server "$SYNFLOW" -i eth0 -w "$second" \
    "${flow_capture[@]}" >/dev/null 2>"$second.said" 3>&- &
  recorder=$!
  wait_until 5 grep -qs "capturing on" "$second.said"
  record "$1" record_until_closed "${@:3}" || status=$?
  kill -INT $recorder
  wait $recorder || status=$?
  rm -f "$second.said"
  return $status
}

record_until_closed() {
  "$@"
  wait_until 20 server_is_closed
  kill "$flow_way"
  wait "$flow_way"
}

server_is_closed() {
  [ -z "$(ip netns exec server ss -Htan)" ]
}

# scenario NAME FILE
scenario() {
  record "$2" "$top_srcdir/tests/flow/scenarios.py" "$1"
}
