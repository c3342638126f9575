# SPDX-License-Identifier: BSD-2-Clause
"""What an experiment plays on: hosts, the wires between them, and captures.

    pair      client eth0 ---------------------------- eth0 server
    router    client eth0 -- eth0 router eth1 (MTU) -- eth0 server
    far       client eth0 ---- eth0 way eth1 --------- eth0 server
"""
import os
import shutil
import signal
import subprocess
import tempfile

from host import Host, Trouble, until
from words import N_

CLIENT, SERVER = "10.9.0.1", "10.9.0.2"
CLIENT6, SERVER6 = "fd00:9::1", "fd00:9::2"

# No neighbour discovery, no multicast: only what the experiment sends.
FILTER = "tcp or udp or icmp or (icmp6 and ip6[40] < 128)"

PAIR = """
host_make client; host_make server
link_make client eth0 10.9.0.1/24,fd00:9::1/64 \\
  server eth0 10.9.0.2/24,fd00:9::2/64
"""

ROUTER = """
for host in client router server; do host_make $host; done
link_make client eth0 10.9.1.1/24,fd00:9:1::1/64 \\
  router eth0 10.9.1.254/24,fd00:9:1::254/64
link_make server eth0 10.9.0.2/24,fd00:9::2/64 \\
  router eth1 10.9.0.254/24,fd00:9::254/64
run_on router bash -euc 'cd /proc/sys/net
  echo 1 >ipv4/ip_forward; echo 1 >ipv6/conf/all/forwarding'
ip -n client route add default via 10.9.1.254
ip -n client route add default via fd00:9:1::254
ip -n server route add default via 10.9.0.254
ip -n server route add default via fd00:9::254
"""

# The two ends know each other, so that nothing but TCP is on its way.
FAR = """
for host in client way server; do host_make $host; done
link_make client eth0 10.9.0.1/24 way eth0 ''
link_make server eth0 10.9.0.2/24 way eth1 ''
for host in client server; do
  run_on $host sysctl -qw net.ipv6.conf.eth0.disable_ipv6=1
  run_on $host ethtool -K eth0 tso off gso off
done
mac() { run_on $1 cat /sys/class/net/eth0/address; }
ip -n client neigh replace 10.9.0.2 lladdr $(mac server) dev eth0
ip -n server neigh replace 10.9.0.1 lladdr $(mac client) dev eth0
"""

NETWORKS = {"pair": PAIR, "router": ROUTER, "far": FAR}


class Capture:
    """synflow on a host, armed when this returns."""

    def __init__(self, host, file, expression, options):
        self.file, self.log = file, file + ".said"
        with open(self.log, "wb") as log:
            self.popen = subprocess.Popen(
                ["ip", "netns", "exec", host.name, "synflow", "-i", "eth0",
                 "-w", file, *options, *expression.split()],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=log, start_new_session=True, env=host.environment)
        until(self.is_armed, N_("synflow to capture"))

    def said(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return log.read()

    def is_armed(self):
        if self.popen.poll() is not None:
            raise Trouble(self.said().strip())
        return "capturing on" in self.said()

    def stop(self):
        os.killpg(self.popen.pid, signal.SIGINT)
        if self.popen.wait(10):
            raise Trouble(self.said().strip())
        os.unlink(self.log)

    def kill(self):
        if self.popen.poll() is None:
            os.killpg(self.popen.pid, signal.SIGKILL)
            self.popen.wait()
        if os.path.exists(self.log):
            os.unlink(self.log)


class Stage:
    """With its hosts as attributes: stage.client, stage.server, ..."""

    def __init__(self, tools, directory, name):
        self.steps, self.facts, self.captures = [], {}, {}
        self.directory, self.name = directory, name
        self.environment = tools.environment
        self.kept, self.hosts, self.before = [], {}, {}
        self.top = tools.top
        self.scratch = tempfile.mkdtemp(dir="/run")

    def make(self, network):
        """Its hosts, and the wires between them."""
        try:
            self.shell(NETWORKS[network])
        finally: # what is there goes at the end, also where some is missing
            for line in self.quiet("ip", "netns", "list").splitlines():
                self.hosts[line.split()[0]] = Host(line.split()[0], self)

    def __getattr__(self, name):
        try:
            return self.__dict__["hosts"][name]
        except KeyError:
            raise AttributeError(name) from None

    def __enter__(self):
        return self

    def __exit__(self, *_exception):
        for thing in reversed(self.kept):
            thing.kill()
        for host in self.hosts:
            pids = self.quiet("ip", "netns", "pids", host).split()
            subprocess.run(["kill", "-KILL", *pids], check=False) \
                if pids else None
            self.quiet("ip", "netns", "delete", host)
        shutil.rmtree(self.scratch)

    def quiet(self, *argv):
        return subprocess.run(argv, stdout=subprocess.PIPE, text=True,
                              check=True, env=self.environment).stdout

    def shell(self, script):
        """With the functions of network.bash. Returns what it says."""
        output = self.output()
        with open(output, "w", encoding="utf-8") as said, \
                open(output + ".wrong", "w", encoding="utf-8") as wrong:
            done = subprocess.run(
                ["bash", "-euo", "pipefail", "-c",
                 f'. "$0/tests/net/network.bash"\n{script}', self.top],
                check=False, env=self.environment, stdout=said, stderr=wrong,
                stdin=subprocess.DEVNULL)
        if done.returncode:
            with open(output + ".wrong", encoding="utf-8") as wrong:
                raise Trouble(N_("the network could not be made: {0}"),
                              wrong.read().strip())
        with open(output, encoding="utf-8") as said:
            return said.read()

    def bridge(self, options):
        """The bad way of the network "far" begins to carry."""
        process = self.way.start(f"impair {options} eth0 eth1")
        process.wait_for("bridging")
        return process

    def keep(self, thing):
        self.kept.append(thing)
        return thing

    def output(self):
        return os.path.join(self.scratch, str(len(self.kept)))

    def capture(self, point, expression=FILTER, options=()):
        """Captures at the host of that name until the end."""
        file = os.path.join(self.directory, f"{self.name}.{point}.pcapng")
        capture = self.keep(
            Capture(self.hosts[point], file, expression, options))
        self.captures[point] = capture
        return capture

    def count(self):
        """The counters as they are now are those before."""
        for name, host in self.hosts.items():
            self.before[name] = host.counters()

    def finish(self):
        """Captures end; what the counters have counted becomes a fact."""
        for capture in self.captures.values():
            capture.stop()
        counted = {}
        for name, before in self.before.items():
            after = self.hosts[name].counters()
            counted[name] = {key: [before.get(key, 0), value]
                             for key, value in after.items()
                             if value != before.get(key, 0)}
        self.facts["counters"] = counted
