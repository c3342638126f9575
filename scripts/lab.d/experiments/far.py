# SPDX-License-Identifier: BSD-2-Clause
"""A bad way between the hosts, captured at both ends: synflow finds every
segment at the other end or calls it lost, and the bridge has its own count."""
import re
import time

from experiment import Experiment, at_least, equal
from stage import SERVER
from words import N_

PORT, SOURCE, SIZE = 8000, 40000, 14480


class Far(Experiment):
    """options: of the bridge; the seed grows with each attempt."""
    network = "far"
    points = ("client", "server")
    needs = ("impair", "ethtool")
    options, seed, attempts = "", 1, 5

    def run(self, stage):
        bridge = stage.bridge(
            f"{self.options} --seed {self.seed + stage.attempt}")
        server, client = stage.server.socket(), stage.client.socket()
        server.ok(f"listen {SERVER} {PORT}")
        client.ok(f"connect {SERVER} {PORT} {SOURCE}")
        server.ok("accept")
        client.ok(f"send {SIZE}")
        server.ok(f"await unread {SIZE}")
        stage.facts["received"] = int(server.call(f"recv {2 * SIZE}"))
        stage.client.acknowledged()
        time.sleep(0.3)  # what the bridge still holds back
        bridge.interrupt()
        came, gone, went = re.search(
            r"(\d+) came, (\d+) lost, (\d+) went", bridge.said()).groups()
        stage.facts["bridge"] = {"came": int(came), "lost": int(gone),
                                 "doubled": int(went) - int(came) + int(gone)}

    def check(self, evidence):
        bridge, paired = evidence.facts["bridge"], evidence.paired()[-1]
        yield equal(N_("bytes that the server's application got"), SIZE,
                    evidence.facts["received"])
        yield equal(N_("packets sent, by both captures and by the bridge"),
                    bridge["came"], sum(paired["sent"]))
        yield equal(N_("packets lost, by both captures and by the bridge"),
                    bridge["lost"], sum(paired["lost"]))
        yield equal(N_("packets doubled, by both captures and by the bridge"),
                    bridge["doubled"], sum(paired["duplicates"]))


def data(evidence, **match):
    """The data segments on their way, each with its fate."""
    return [pair for pair in evidence.paired() if pair["type"] == "pair" and
            pair["len"] and all(pair[key] == value
                                for key, value in match.items())]


class Delay(Far):
    name = "far-delay"
    title = N_("Twenty milliseconds each way")
    question = N_("What is the round-trip time, and where is it seen?")
    prediction = N_(
        "Every arrow takes 20 ms or a little more; the handshake takes 40 ms "
        "at the client, from SYN to ACK.")
    options = "--delay 20"

    def check(self, evidence):
        yield from super().check(evidence)
        flights = [(pair["arrived_ns"] - pair["sent_ns"]) / 1e6
                   for pair in evidence.paired() if "arrived_ns" in pair]
        yield at_least(N_("shortest way, in ms"), 20, round(min(flights), 2))
        conversation, = evidence.conversations("client")
        yield at_least(N_("handshake at the client, in ms"), 40,
                       round(conversation["handshake_rtt_us"] / 1000, 2))


class Loss(Far):
    name = "far-loss"
    title = N_("One packet in five is lost")
    question = N_("How does TCP notice a loss, and what does it send again?")
    prediction = N_(
        "A lost segment ends in a cross. Later ones make duplicate ACKs with "
        "SACK, and the missing bytes are sent again; a lost ACK is made good "
        "by the next. All bytes arrive, once. What is sent again within a "
        "round trip Wireshark calls out of order, and synflow after it.")
    options, seed = "--delay 5 --loss 20", 3

    def check(self, evidence):
        yield from super().check(evidence)
        lost = data(evidence, lost=True)
        yield at_least(N_("data segments that were lost"), 1, len(lost))
        arrived = evidence.segments("server", **{"from": "client"})
        healed = sum(any(s["seq_raw"] <= pair["seq_raw"] <
                         s["seq_raw"] + s["len"] for s in arrived)
                     for pair in lost)
        yield equal(N_("of them sent again and arrived"), len(lost), healed)
        conversation, = evidence.conversations("client")
        yield at_least(N_("retransmissions, those called out of order too"),
                       len(lost), conversation["retransmissions"] +
                       conversation["out_of_order"])


class Duplicates(Far):
    name = "far-duplicates"
    title = N_("Every third packet comes twice")
    question = N_("What does TCP do with a segment that it already has?")
    prediction = N_(
        "It drops it and acknowledges again at once, with a D-SACK that names "
        "the duplicate (RFC 2883). The application notices nothing.")
    options, seed = "--delay 5 --dup 33", 1

    def check(self, evidence):
        yield from super().check(evidence)
        doubled = len(data(evidence, fate="duplicate"))
        yield at_least(N_("data segments that came twice"), 1, doubled)
        yield equal(N_("{0} at the {1}"), doubled,
                    evidence.counted("server", "TcpExt.TCPDSACKOldSent"),
                    "TcpExt.TCPDSACKOldSent", "server")


class Reordering(Far):
    name = "far-reordering"
    title = N_("Every third packet is overtaken")
    question = N_("Is a segment that comes late a lost one?")
    prediction = N_(
        "The receiver cannot tell: it sends duplicate ACKs with SACK until "
        "the gap is closed. Nothing is lost, and the application gets its "
        "bytes in order.")
    options, seed = "--delay 5 --reorder 33", 1

    def check(self, evidence):
        yield from super().check(evidence)
        yield at_least(N_("data segments that were overtaken"), 1,
                       len(data(evidence, overtaken=True)))
        sacks = [s for s in evidence.segments("server", **{"from": "server"})
                 if s.get("sack")]
        yield at_least(N_("ACKs that name a gap by SACK"), 1, len(sacks))


ALL = [Delay, Loss, Duplicates, Reordering]
