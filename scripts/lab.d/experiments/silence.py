# SPDX-License-Identifier: BSD-2-Clause
"""Refused, unreachable, silent: what connect() says, and why."""
from experiment import Experiment, at_least, at_most, equal
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


ALL = [Refused, RejectReset, RejectPort, Prohibited, Silent]
