# shellcheck shell=bash disable=SC2016,SC2154
# SPDX-License-Identifier: BSD-2-Clause
#
# Hosts in network namespaces, for the tests and for scripts/lab. Needs no
# root: an ordinary user gets a user namespace around it all. When the command
# of network_unshare ends, the kernel ends every process in there and takes
# the networks away.

# An ordinary user's PATH leaves out where ip and nft are.
PATH=$PATH:/usr/sbin:/sbin

network_flags() {
  echo --net --mount --pid --fork --kill-child --propagation private
  [ "$(id -u)" = 0 ] || echo --user --map-root-user
}

# network_possible: whether this machine lets us have one
network_possible() {
  # shellcheck disable=SC2046
  unshare $(network_flags) mount -t tmpfs none /run 2>/dev/null
}

# network_unshare COMMAND...: becomes COMMAND, in a world of its own
network_unshare() {
  # shellcheck disable=SC2046
  exec unshare $(network_flags) bash -euc '
    trap : INT TERM
    mount -t tmpfs none /run
    mount -t proc none /proc
    mkdir /run/netns
    NETWORK_UNSHARED=1 "$@"' network "$@"
}

# wait_until SECONDS COMMAND...: until it succeeds
wait_until() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@"; do
    [ $SECONDS -lt $deadline ] || {
      echo "gave up waiting for: $*" >&2
      return 1
    }
    sleep 0.01
  done
}

# run_on HOST COMMAND...
run_on() {
  ip netns exec "$@"
}

# host_make HOST: no network yet but its loopback
host_make() {
  ip netns add "$1"
  ip -n "$1" link set lo up
  # No duplicate address detection: it takes a second. No limit on ICMP
  # errors: a scan would see the limit and not the rule behind the error.
  run_on "$1" bash -euc '
    cd /proc/sys/net
    for i in all default; do echo 0 >ipv6/conf/$i/accept_dad; done
    echo 0 >ipv4/icmp_ratelimit
    echo 0 >ipv4/icmp_ratemask
    echo 0 >ipv6/icmp/ratelimit
    echo 254 >ipv6/icmp/ratemask'
}

addresses_add() { # HOST DEVICE ADDRESS/LENGTH,...
  local address
  for address in ${3//,/ }; do ip -n "$1" address add "$address" dev "$2"; done
}

# link_make HOST DEVICE ADDRESS/LENGTH,... HOST DEVICE ADDRESS/LENGTH,...
link_make() {
  ip -n "$1" link add name "$2" type veth peer name "$5" netns "$4"
  # An end that comes up before its peer has no carrier, and IPv6 on it gets
  # ready a second later: so the first one comes up again.
  ip -n "$1" link set "$2" up
  ip -n "$4" link set "$5" up
  ip -n "$1" link set "$2" down
  ip -n "$1" link set "$2" up
  addresses_add "$1" "$2" "$3"
  addresses_add "$4" "$5" "$6"
}

# settled HOST: its IPv6 addresses can be used
settled() {
  [ -z "$(ip -n "$1" -6 -o address show tentative)" ]
}

# network_make: two hosts on one link
#
#   scanner                            target
#   eth0 10.9.0.1 fd00:9::1 -- veth -- eth0 10.9.0.2 fd00:9::2
network_make() {
  host_make scanner
  host_make target
  link_make scanner eth0 10.9.0.1/24,fd00:9::1/64 \
    target eth0 10.9.0.2/24,fd00:9::2/64
}

# network_router: a router between them; the target has the same addresses
#
#   scanner                       router                         target
#   eth0 10.9.1.1 fd00:9:1::1 --- eth0 10.9.1.254 fd00:9:1::254
#                                 eth1 10.9.0.254 fd00:9::254 -- eth0 10.9.0.2
#                                                                fd00:9::2
network_router() {
  host_make scanner
  host_make router
  host_make target
  link_make scanner eth0 10.9.1.1/24,fd00:9:1::1/64 \
    router eth0 10.9.1.254/24,fd00:9:1::254/64
  link_make target eth0 10.9.0.2/24,fd00:9::2/64 \
    router eth1 10.9.0.254/24,fd00:9::254/64
  run_on router bash -euc 'cd /proc/sys/net
    echo 1 >ipv4/ip_forward
    echo 1 >ipv6/conf/all/forwarding'
  ip -n scanner route add default via 10.9.1.254
  ip -n scanner route add default via fd00:9:1::254
  ip -n target route add default via 10.9.0.254
  ip -n target route add default via fd00:9::254
}

# network_far DELAY-MS LOSS-PERCENT TWICE-PERCENT: the two hosts of
# network_make, a long way apart (each way has the delay, the loss, ...)
network_far() {
  local host
  for host in scanner way target; do host_make $host; done
  link_make scanner eth0 10.9.0.1/24,fd00:9::1/64 way eth0 ''
  link_make target eth0 10.9.0.2/24,fd00:9::2/64 way eth1 ''
  ip netns exec way "$top_builddir/tests/bench/impair" \
    --delay "$1" --loss "$2" --dup "$3" eth0 eth1 >/dev/null 3>&- &
  wait_until 5 bridged way
}

bridged() { # HOST: packets are taken from both of its devices
  [ "$(run_on "$1" ss -0Hn | grep -c ':eth[01]')" = 2 ]
}

# listeners HOST PORT...: real ones, IPv4 and IPv6, in the background. perl
# because Debian cannot be without it.
listeners() {
  local host=$1 port
  shift
  run_on "$host" perl -MSocket=:all -e '
    for (@ARGV) {
      socket(my $four, AF_INET, SOCK_STREAM, 0) or die "socket: $!";
      bind($four, sockaddr_in($_, INADDR_ANY)) or die "bind $_: $!";
      listen($four, 128) or die "listen: $!";
      socket(my $six, AF_INET6, SOCK_STREAM, 0) or die "socket: $!";
      setsockopt($six, IPPROTO_IPV6, IPV6_V6ONLY, 1) or die "v6only: $!";
      bind($six, sockaddr_in6($_, IN6ADDR_ANY)) or die "bind $_: $!";
      listen($six, 128) or die "listen: $!";
      push @open, $four, $six;
    }
    sleep' "$@" 3>&- &
  for port; do wait_until 10 listening "$host" "$port"; done
}

listening() { # HOST PORT
  [ -n "$(run_on "$1" ss -6Htln "sport = $2")" ]
}

# firewall HOST RULE...: rules on what comes in
firewall() {
  local host=$1
  shift
  {
    echo 'table inet firewall { chain input { type filter hook input priority 0;'
    printf '%s\n' "$@"
    echo '}'
    echo '}'
  } | run_on "$host" nft -f -
}

# target_busy HOST: a dozen open ports (one of them behind the firewall), a
# range that is dropped, one rejected by ICMP, one rejected by RST
target_busy() {
  listeners "$1" 1 22 53 80 443 1999 2222 3389 8000 8080 32768 65535
  firewall "$1" 'tcp dport 2000-2499 drop' \
    'tcp dport 3000-3099 reject with icmpx type admin-prohibited' \
    'tcp dport 4000-4049 reject with tcp reset'
}

# truth HOST 4|6: "PORT STATE REASON WHAT" of all ports, from the listening
# sockets and from the firewall's rules
truth() {
  {
    run_on "$1" nft list ruleset
    run_on "$1" ss "-$2Htln"
  } | awk '
    function set(ports, verdict,    range, i) {
      if (split(ports, range, "-") == 1) range[2] = range[1]
      for (i = range[1]; i <= range[2]; i++)
        if (!(i in is)) is[i] = verdict
    }
    $1 " " $2 != "tcp dport" { if ($1 == "LISTEN") {
      sub(/.*:/, "", $4); set($4, "open syn-ack listening") }; next }
    / drop/ { set($3, "filtered no-reply dropped by nft") }
    / tcp reset/ { set($3, "closed rst rejected by nft, RST") }
    / admin-prohibited/ {
      set($3, "filtered icmp-admin-prohibited rejected by nft, ICMP") }
    / reject$/ { # that is the default
      set($3, "filtered icmp-port-unreach rejected by nft, ICMP") }
    END {
      for (i = 1; i <= 65535; i++)
        print i, (i in is) ? is[i] : "closed rst no listener"
    }'
}

# verdicts FILE ADDRESS: "PORT STATE REASON" of each NDJSON line of the
# address, by port; a port that comes twice is there twice
verdicts() {
  awk -v address="$2" '
    function field(name,    at) {
      at = index($0, "\"" name "\":")
      if (!at) return "?"
      at = substr($0, at + length(name) + 3)
      sub(/^"/, "", at)
      sub(/[",}].*/, "", at)
      return at
    }
    field("type") == "port" && field("ip") == address {
      print field("port"), field("state"), field("reason") }' "$1" | sort -n
}

# summary FILE NAME: a number of the summary
summary() {
  sed -n 's/^{"type":"summary".*"'"$2"'":\([a-z0-9.]*\).*/\1/p' "$1"
}

# network_tun: the two hosts on a link without a link layer (only for root)
#
#   scanner                          target
#   tun0 10.9.7.1 fd00:7::1 -- tun -- tun0 10.9.7.2 fd00:7::2
network_tun() {
  local host sockets
  sockets=$(mktemp -d)
  for host in scanner target; do
    [ -e "/run/netns/$host" ] || host_make $host
    # What comes out of the one tun0 goes into the other.
    ip netns exec $host perl -MSocket -e '
      my ($own, $other) = @ARGV;
      open(my $tun, "+<", "/dev/net/tun") or die "tun: $!";
      my $name = pack "a16 s x22", "tun0", 0x1001; # IFF_TUN | IFF_NO_PI
      ioctl($tun, 0x400454ca, $name) or die "TUNSETIFF: $!";
      socket(my $socket, AF_UNIX, SOCK_DGRAM, 0) or die "socket: $!";
      bind($socket, pack_sockaddr_un($own)) or die "bind: $!";
      for (;;) {
        my ($bits, $packet) = "";
        vec($bits, fileno($tun), 1) = vec($bits, fileno($socket), 1) = 1;
        select($bits, undef, undef, undef);
        send($socket, $packet, 0, pack_sockaddr_un($other))
          if vec($bits, fileno($tun), 1) && sysread $tun, $packet, 65536;
        syswrite $tun, $packet
          if vec($bits, fileno($socket), 1) && defined recv $socket, $packet, 65536, 0;
      }' "$sockets/$host" "$sockets/$([ $host = target ] && echo scanner || echo target)" 3>&- &
    disown
    wait_until 5 test -S "$sockets/$host"
    ip -n $host link set tun0 up
  done
  addresses_add scanner tun0 10.9.7.1/24,fd00:7::1/64
  addresses_add target tun0 10.9.7.2/24,fd00:7::2/64
}
