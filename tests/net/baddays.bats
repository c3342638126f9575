# SPDX-License-Identifier: BSD-2-Clause
# Bad days: what the own host does to a scan (its firewall, its interface, its
# clock, its disk) and what becomes of the target meanwhile. No port is called
# filtered or closed for any of it.
# shellcheck disable=SC2016,SC2154,SC2034,SC2030,SC2031
load scan

# In every case no verdict is wrong, in the words of either method:
# only_true ADDRESS HOST [FIRST-LAST]: what there is, is true
only_true() {
  local family=4
  case $1 in *:*) family=6 ;; esac
  truth "$2" $family | cut -d' ' -f1-3 | sort >"$BATS_TEST_TMPDIR/truth"
  verdicts "$out" "$1" |
    sed 's/ conn-refused$/ rst/; s/ timeout$/ no-reply/' | sort |
    comm -13 "$BATS_TEST_TMPDIR/truth" - >"$BATS_TEST_TMPDIR/wrong"
  head -n 20 "$BATS_TEST_TMPDIR/wrong"
  [ ! -s "$BATS_TEST_TMPDIR/wrong" ]
}

# ended STATUS: of what scan_start() began, within 30 seconds; its numbers add
# up, and it says something unless all is well
ended() {
  local status=0
  wait "$pid" || status=$?
  cat "$BATS_TEST_TMPDIR/stderr"
  account
  [ $status = "$1" ]
  [ $status = 0 ] || [ -s "$BATS_TEST_TMPDIR/stderr" ]
}

# ---- the own firewall ----

# own_rules FAMILY 'HOOK WORDS' RULE...: on what leaves the scanner
own_rules() {
  local family=$1 hook=$2
  shift 2
  {
    echo "table $family own {"
    echo "chain out { type filter hook $hook priority 0;"
    printf '%s\n' "$@"
    echo '}'
    echo '}'
  } | run_on scanner nft -f -
}

# refused_scan STATUS ARGUMENT...: says that it was a firewall
refused_scan() {
  local status=$1
  shift
  run "-$status" --separate-stderr run_on scanner "$SYNSCAN" -n --show all \
    -o "ndjson:$out" -p 1-1000 "$@"
  echo "$stderr"
  [[ $stderr == *"a local firewall "* ]]
  account
}

# Each way out and the hook that is on it.
hooks=(
  '--via=link|netdev|egress device eth0|drop'
  '--via=ip|netdev|egress device eth0|drop'
  '--via=ip|inet|output|drop'
  '-c|inet|output|drop'
  '-c|inet|output|reject'
  '-c|inet|postrouting|drop'
  '-c|netdev|egress device eth0|drop'
)

@test "the own firewall refuses some: unasked, exit 3, the rest is exact" {
  network_make
  listeners target 80 443
  firewall target 'tcp dport 200-219 drop'
  local line way family hook verdict address
  for line in "${hooks[@]}"; do
    IFS='|' read -r way family hook verdict <<<"$line"
    own_rules "$family" "$hook" "tcp dport 100-149 tcp flags syn $verdict"
    for address in 10.9.0.2 fd00:9::2; do
      echo "# $line $address"
      refused_scan 3 "$way" $address
      only_true $address target
      [ "$(summary "$out" unasked)" = 50 ]
      [ "$(summary "$out" open)" = 2 ]
      [ "$(summary "$out" filtered)" = 20 ]
      [ "$(summary "$out" closed)" = 928 ]
    done
    run_on scanner nft delete table "$family" own
  done
}

@test "... all: exit 1 within a second" {
  network_make
  local line way family hook verdict address start took
  for line in "${hooks[@]}"; do
    IFS='|' read -r way family hook verdict <<<"$line"
    own_rules "$family" "$hook" "tcp flags syn $verdict"
    for address in 10.9.0.2 fd00:9::2; do
      start=$(clock_ms)
      refused_scan 1 "$way" $address
      took=$(($(clock_ms) - start))
      echo "# $line $address: $took ms"
      [ $took -lt 2000 ] # and a busy machine
      [ "$(summary "$out" unasked)" = 1000 ]
    done
    run_on scanner nft delete table "$family" own
  done
}

@test "... and what asks for a neighbour's address: nobody is called absent" {
  network_make
  own_rules netdev 'egress device eth0' drop
  refused_scan 1 10.9.0.2
  [ "$(summary "$out" unasked)" = 1000 ]
  refused_scan 1 fd00:9::2
  [ "$(summary "$out" unasked)" = 1000 ]
}
