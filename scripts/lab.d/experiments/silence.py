# SPDX-License-Identifier: BSD-2-Clause
"""Refused, unreachable, silent: what connect() says, and why."""
from experiment import Experiment, at_least, at_most, equal
from host import until
from stage import SERVER
from words import N_

PORT, SOURCE = 9000, 40000


class Attempt(Experiment):
    """rule: of the server's firewall. answers: 'RA' or ICMP type and code."""
    rule = errno = answer = None
    # Over a bare veth the ICMP error comes back while connect() still holds
    # the socket, and the kernel drops it (LockDroppedIcmps).
    network = "far"

    def prepare(self, stage):
        stage.bridge("--delay 1")
        if self.rule:
            stage.server.firewall(f"tcp dport {PORT} {self.rule}")

    def run(self, stage):
        client = stage.client.socket()
        client.ok("syncnt 1")
        client.begin(f"connect {SERVER} {PORT} {SOURCE}")
        said = client.answer()
        stage.facts["errno"] = said.split()[1].rstrip(",")
        stage.facts["after_ms"] = float(said.split()[-2])

    def check(self, evidence):
        yield equal(N_("connect() says"), self.errno,
                    evidence.facts["errno"])
        segments = evidence.segments()
        icmp = [[error["icmp_type"], error["icmp_code"]]
                for error in evidence.icmp()]
        if self.answer == "RA":
            yield equal(N_("flags on the wire"), ["S", "RA"],
                        [segment["flags"] for segment in segments])
        elif self.answer:
            yield equal(N_("segments on the wire"), ["S"],
                        [segment["flags"] for segment in segments])
            yield equal(N_("ICMP type and code"), [self.answer], icmp)
        else:
            yield at_least(N_("SYNs on the wire"), 2, len(segments))
            yield equal(N_("anything else on the wire"), [], sorted(
                {segment["flags"] for segment in segments} - {"S"}) + icmp)
            yield equal(N_("different sequence numbers among them"), 1,
                        len({segment["seq_raw"] for segment in segments}))
            gap_s = (segments[1]["t_ns"] - segments[0]["t_ns"]) / 1e9
            yield at_least(N_("seconds between the SYNs"), 0.9,
                           round(gap_s, 2))
        if self.answer:
            yield at_most(N_("milliseconds until then"), 900,
                          evidence.facts["after_ms"])


class Refused(Attempt):
    name = "refused-no-listener"
    title = N_("Nobody listens")
    question = N_("What is a refused connection?")
    prediction = N_(
        "The host is there and says no: RST,ACK at once, ECONNREFUSED "
        "(Windows: 10061). The port is wrong, or the server is not running.")
    errno, answer = "ECONNREFUSED", "RA"


class RejectReset(Attempt):
    name = "refused-by-firewall"
    title = N_("A firewall that rejects with a RST")
    question = N_("Does the client see that a firewall said no?")
    prediction = N_("No: the same RST,ACK, the same ECONNREFUSED.")
    needs = ("nft",)
    rule = "reject with tcp reset"
    errno, answer = "ECONNREFUSED", "RA"


class RejectPort(Attempt):
    name = "refused-by-icmp"
    title = N_("A firewall that rejects with ICMP port unreachable")
    question = N_("What if the firewall answers by ICMP?")
    prediction = N_(
        "ICMP 3/3 quotes the SYN. connect() says ECONNREFUSED again; only a "
        "capture, or the error queue, shows the difference.")
    needs = ("nft",)
    rule = "reject with icmp type port-unreachable"
    errno, answer = "ECONNREFUSED", [3, 3]


class Prohibited(Attempt):
    name = "unreachable-prohibited"
    title = N_("A firewall that says: administratively prohibited")
    question = N_("Which answer is told apart from a refusal?")
    prediction = N_(
        "ICMP 3/13: connect() says EHOSTUNREACH at once (Windows: 10065).")
    needs = ("nft",)
    rule = "reject with icmp type admin-prohibited"
    errno, answer = "EHOSTUNREACH", [3, 13]


class Silent(Attempt):
    name = "silent-drop"
    title = N_("A firewall that drops")
    question = N_("Why does a wrong port fail at once and a firewall after "
                  "minutes?")
    prediction = N_(
        "Nothing answers. The same SYN is sent again after a second, and when "
        "the tries are used up connect() says ETIMEDOUT (Windows: 10060). "
        "With TCP_SYNCNT=1 that takes some seconds, by default minutes.")
    needs = ("nft",)
    rule = "drop"
    errno = "ETIMEDOUT"


class FullQueue(Experiment):
    name = "silent-full-queue"
    title = N_("The accept queue is full")
    question = N_("Does a client wait in line when a server is too slow?")
    prediction = N_(
        "No: listen(1) lets two connections wait. The SYN of a third is "
        "dropped without a word and sent again, and connect() says ETIMEDOUT: "
        "it looks like a firewall. ListenOverflows tells the difference.")

    def run(self, stage):
        server = stage.server.socket()
        server.ok(f"listen {SERVER} {PORT} 1")
        clients = [stage.client.socket() for _ in range(3)]
        for number, client in enumerate(clients[:2]):
            client.ok(f"connect {SERVER} {PORT} {SOURCE + number}")
        clients[2].ok("syncnt 1")
        stage.facts["errno"] = clients[2].call(
            f"connect {SERVER} {PORT} {SOURCE + 2}")

    def check(self, evidence):
        yield equal(N_("the third connect() says"), "ETIMEDOUT",
                    evidence.facts["errno"])
        talks = evidence.conversations()
        yield equal(N_("completeness of the three, as Wireshark counts it"),
                    [7, 7, 1], [talk["completeness"] for talk in talks])
        syns = evidence.segments(stream=2)
        yield equal(N_("{0} at the {1}"), len(syns), evidence.counted(
            "server", "TcpExt.ListenOverflows"), "TcpExt.ListenOverflows",
            "server")


class RefusedUdp(Experiment):
    name = "refused-udp"
    title = N_("A UDP port at which nobody listens")
    question = N_("UDP has no handshake. How can it be refused?")
    prediction = N_(
        "The first send() succeeds. The host answers with ICMP 3/3, port "
        "unreachable, which quotes the datagram; the kernel keeps it for the "
        "next call, or in the error queue.")
    needs = ("synudp",)

    def run(self, stage):
        probe = stage.client.run(f"synudp probe -c 1 {SERVER} {PORT}",
                                 accept=(1,))
        stage.facts["said"] = "refused" in probe.said

    def check(self, evidence):
        datagram, = evidence.datagrams()
        yield equal(N_("the datagram was sent to"), f"{SERVER}:{PORT}",
                    datagram["dest"])
        error, = evidence.icmp()
        yield equal(N_("ICMP type and code"), [3, 3],
                    [error["icmp_type"], error["icmp_code"]])
        yield equal(N_("it quotes the datagram to"), datagram["dest"],
                    error["quoted_dest"])
        yield equal(N_("synudp says that it was refused"), True,
                    evidence.facts["said"])


class SynTimes(Experiment):
    name = "silent-syn-times"
    title = N_("When a SYN is sent again")
    question = N_("Textbooks say: after 1, 2, 4, 8 seconds. Is that so?")
    prediction = N_(
        "Not any more: since Linux 6.5 the first tries are a second apart, one "
        "more than net.ipv4.tcp_syn_linear_timeouts says, which is 4, and only "
        "then does the time double: 1, 1, 1, 1, 1, 2 seconds. Older kernels do "
        "as the textbooks say.")
    needs = ("nft",)
    LINEAR = "/proc/sys/net/ipv4/tcp_syn_linear_timeouts"

    def prepare(self, stage):
        stage.server.firewall(f"tcp dport {PORT} drop")
        linear = stage.client.quietly(f"cat {self.LINEAR}", check=False)
        stage.facts["linear"] = int(linear or 0)

    def run(self, stage):
        again = len(self.gaps(stage.facts["linear"]))
        before = stage.before["client"]["TcpExt.TCPSynRetrans"]
        stage.client.socket().begin(f"connect {SERVER} {PORT} {SOURCE}")
        until(lambda: stage.client.counters()["TcpExt.TCPSynRetrans"] >=
              before + again, N_("the SYNs"), every=0.1)

    @staticmethod
    def gaps(linear):
        """As many as there are in the first seven seconds."""
        gaps = [1] * (min(linear, 6) + 1)
        while sum(gaps) < 7:
            gaps.append(2 * gaps[-1])
        return gaps

    def check(self, evidence):
        gaps = self.gaps(evidence.facts["linear"])
        syns = evidence.segments(flags="S")
        yield equal(N_("seconds between the SYNs"), gaps, [
            round((after["t_ns"] - before["t_ns"]) / 1e9)
            for before, after in zip(syns, syns[1:])][:len(gaps)])
        yield equal(N_("different sequence numbers among them"), 1,
                    len({syn["seq_raw"] for syn in syns}))


ALL = [Refused, RejectReset, RejectPort, Prohibited, Silent, SynTimes,
       FullQueue, RefusedUdp]
