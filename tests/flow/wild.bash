# shellcheck shell=bash disable=SC2016
# SPDX-License-Identifier: BSD-2-Clause
#
# Traffic of programs that others wrote, between the two hosts of
# record.bash; each is a function of its name, and none looks at what it got.

# shellcheck disable=SC2034
wild_all=(nmap ncat curl iperf3 iperf3_both)

# serving PORT: the server listens there
serving() {
  [ -n "$(run_on server ss -Htln "sport = $1")" ]
}

# serve PORT COMMAND...: as long as the namespace lives
serve() {
  local port=$1
  shift
  ip netns exec server "$@" >/dev/null 2>&1 3>&- &
  wait_until 10 serving "$port"
}

wild_servers() {
  mkdir -p /run/www
  head -c 300000 /dev/zero >/run/www/zeroes
  echo hello >/run/www/hello
  serve 80 python3 -m http.server --bind 10.9.0.2 --directory /run/www 80
  serve 5201 iperf3 -s
  serve 7777 ncat -lk -e /bin/cat 10.9.0.2 7777
}

wild_nmap() {
  run_on client nmap -n -Pn --max-retries 1 --host-timeout 20 -p 75-85,7777 \
    -sS 10.9.0.2
  run_on client nmap -n -Pn --max-retries 1 --host-timeout 20 -p 75-85,7777 \
    -sT 10.9.0.2
  run_on client nmap -n -Pn --max-retries 1 --host-timeout 20 -p 79,80 \
    -sA 10.9.0.2
  run_on client nmap -n -Pn --max-retries 1 --host-timeout 20 -p 79,80 \
    -sX 10.9.0.2
}

wild_ncat() {
  local i
  for i in 1 2 3; do
    seq $((i * 500)) | run_on client timeout 20 ncat 10.9.0.2 7777 |
      tail -n 1
  done
  run_on client timeout 5 ncat -w 2 10.9.0.2 81 </dev/null || :
}

wild_curl() {
  run_on client curl -s -m 20 -o /dev/null http://10.9.0.2/hello \
    http://10.9.0.2/zeroes || :
  run_on client curl -s -m 20 --limit-rate 200k -o /dev/null \
    http://10.9.0.2/zeroes || :
}

wild_iperf3() {
  run_on client iperf3 -c 10.9.0.2 -n 2M || :
}

wild_iperf3_both() {
  run_on client iperf3 -c 10.9.0.2 -n 300k -P 3 --bidir || :
}
