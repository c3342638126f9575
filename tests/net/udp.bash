# shellcheck shell=bash disable=SC2154,SC2034,SC2016
# SPDX-License-Identifier: BSD-2-Clause
# For tests/net/udp*.bats: a server on the target, a prober on the scanner.
bats_require_minimum_version 1.5.0
load network

setup() {
  : "${top_builddir:=$BATS_TEST_DIRNAME/../../build}"
  SYNUDP=$top_builddir/synudp
  out=$BATS_TEST_TMPDIR/out.ndjson
  served=$BATS_TEST_TMPDIR/served.ndjson
}

teardown() {
  local host
  for host in $(ip netns list | cut -d' ' -f1); do
    ip netns pids "$host" | xargs -r kill -KILL
  done
  ip -all netns delete
}

# udp_bound HOST PORT: somebody has the port there
udp_bound() {
  [ -n "$(run_on "$1" ss -Huan "sport = $2")" ]
}

# serve ARGUMENT...: on the target, port 7007; its records go to $served
serve() {
  ip netns exec target "$SYNUDP" serve -o "ndjson:$served" "$@" 7007 \
    2>"$BATS_TEST_TMPDIR/stderr" 3>&- &
  server=$!
  wait_until 5 udp_bound target 7007
}

# serve_end: Ctrl-C to it
serve_end() {
  local status=0
  kill -INT "$server"
  wait "$server" || status=$?
  [ "$status" = 3 ]
  [ ! -s "$BATS_TEST_TMPDIR/stderr" ]
}

# probe STATUS ARGUMENT...: from the scanner, records into $out
probe() {
  local want=$1 status=0
  shift
  run_on scanner timeout 60 "$SYNUDP" probe -o "ndjson:$out" "$@" \
    2>"$BATS_TEST_TMPDIR/probe.stderr" || status=$?
  cat "$BATS_TEST_TMPDIR/probe.stderr"
  tail -n 1 "$out"
  [ "$status" = "$want" ]
  whole "$out"
}

# whole FILE: every line is a JSON object, the last one the summary
whole() {
  perl -MJSON::PP -ne '
    $last = decode_json($_)->{type};
    END { exit($last ne "summary") }' "$1"
}

# value FILE NAME: of the summary
value() {
  tail -n 1 "$1" | sed -n 's/.*"'"$2"'":"\{0,1\}\([^,"}]*\).*/\1/p'
}

# got NAME=VALUE...: the prober's summary says so
got() {
  local pair
  for pair; do
    [ "$(value "$out" "${pair%%=*}")" = "${pair#*=}" ] || {
      echo "not $pair: $(value "$out" "${pair%%=*}")"
      return 1
    }
  done
}

# counter HOST FILE NAME: of /proc/net/snmp or /proc/net/snmp6
counter() {
  run_on "$1" awk -v want="$3" '
    $1 == want { print $2; exit } # snmp6
    $1 ~ /:$/ {
      if ($1 == head) {
        for (i = 2; i <= NF; i++)
          if (head names[i] == want) { print $i; exit }
      }
      head = $1
      for (i = 2; i <= NF; i++) names[i] = $i
    }' "/proc/net/$2"
}

# packets HOST: of each nft counter in turn, one line
packets() {
  run_on "$1" nft list ruleset | awk '
    { for (i = 1; i < NF; i++) if ($i == "packets") printf "%s ", $(i + 1) }'
}

# rules HOST HOOK RULE...: a chain of them at that hook
rules() {
  local host=$1 hook=$2
  shift 2
  {
    echo "table inet $hook { chain rules { type filter hook $hook priority 0;"
    printf '%s\n' "$@"
    echo '}'
    echo '}'
  } | run_on "$host" nft -f -
}

# answered: a single datagram comes back; the first one may have to wait for
# the way to be there, and for who has that address
answered() {
  run_on scanner "$SYNUDP" probe -q -c 1 --timeout 500ms 10.9.0.2 7007 \
    >"$BATS_TEST_TMPDIR/answered" 2>&1
}

# fates FILE: what became of each datagram, without the times
fates() {
  sed -n 's/^{"type":"\(reply\|lost\)",\(.*\)}$/\1 \2/p' "$1" |
    sed 's/"rtt_us":[0-9.]*,//'
}
