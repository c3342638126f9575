# SPDX-License-Identifier: BSD-2-Clause
"""A bad way between the hosts, captured at both ends: every segment is found
at the other end or was lost."""
import re
from collections import Counter

from experiment import Experiment, at_least, at_most, equal
from stage import SERVER
from words import N_

PORT, SOURCE, SIZE = 8000, 40000, 14480


def identity(segment):
    """What is the same at both ends, and hardly in two segments."""
    return (segment["from"], segment["flags"], segment["seq_raw"],
            segment["ack_raw"], segment["len"], segment["win"],
            tuple(segment.get("timestamps", ())))


def way(evidence, end):
    """Counters of what left `end` and of what arrived at the other one."""
    other = "server" if end == "client" else "client"
    return (Counter(map(identity, evidence.segments(end, **{"from": end}))),
            Counter(map(identity, evidence.segments(other, **{"from": end}))))


def lost(evidence):
    """(identities of segments that never arrived, how many came twice)"""
    missing, more = [], 0
    for end in "client", "server":
        sent, arrived = way(evidence, end)
        missing += (sent - arrived).elements()
        more += (arrived - sent).total()
    return missing, more


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
        bridge.interrupt()
        came, gone, went = re.search(
            r"(\d+) came, (\d+) lost, (\d+) went", bridge.said()).groups()
        stage.facts["bridge"] = {"came": int(came), "lost": int(gone),
                                 "went": int(went)}

    def check(self, evidence):
        missing, more = lost(evidence)
        bridge = evidence.facts["bridge"]
        yield equal(N_("bytes that the server's application got"), SIZE,
                    evidence.facts["received"])
        yield equal(N_("segments lost: missing at the other end, and by the "
                       "bridge's own count"), bridge["lost"], len(missing))
        yield equal(N_("segments doubled: seen twice at the other end, and by "
                       "the bridge's own count"),
                    bridge["went"] - bridge["came"] + bridge["lost"], more)


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
        flights = []
        starts = {identity(s): s["t_ns"]
                  for s in evidence.segments("client", **{"from": "client"})}
        shift = evidence.shift_ns("server")
        for segment in evidence.segments("server", **{"from": "client"}):
            flights.append((segment["t_ns"] + shift -
                            starts[identity(segment)]) / 1e6)
        yield at_least(N_("shortest flight to the server, in ms"), 20,
                       round(min(flights), 2))
        conversation, = evidence.conversations("client")
        yield at_least(N_("handshake at the client, in ms"), 40,
                       round(conversation["handshake_rtt_us"] / 1000, 2))


class Loss(Far):
    name = "far-loss"
    title = N_("One segment in eight is lost")
    question = N_("How does TCP notice a loss, and what does it send again?")
    prediction = N_(
        "A lost segment ends in a cross. Later ones make duplicate ACKs with "
        "SACK, and the missing bytes are sent again; a lost ACK is made good "
        "by the next. All bytes arrive, once.")
    options, seed = "--delay 5 --loss 12", 3

    def check(self, evidence):
        yield from super().check(evidence)
        missing, _more = lost(evidence)
        data = [identity for identity in missing if identity[4] > 0]
        yield at_least(N_("data segments that were lost"), 1, len(data))
        arrived = evidence.segments("server", **{"from": "client"})
        healed = sum(any(s["seq_raw"] <= seq < s["seq_raw"] + s["len"]
                         for s in arrived) for _from, _flags, seq, *_ in data)
        yield equal(N_("of them sent again and arrived"), len(data), healed)
        conversation, = evidence.conversations("client")
        yield at_least(N_("retransmissions"), len(data),
                       conversation["retransmissions"])


class Duplicates(Far):
    name = "far-duplicates"
    title = N_("Every third segment comes twice")
    question = N_("What does TCP do with a segment that it already has?")
    prediction = N_(
        "It drops it and acknowledges again at once, with a D-SACK that names "
        "the duplicate (RFC 2883). The application notices nothing.")
    options, seed = "--delay 5 --dup 33", 1

    def check(self, evidence):
        yield from super().check(evidence)
        sent, arrived = way(evidence, "client")
        doubled = sum(n for identity, n in (arrived - sent).items()
                      if identity[4] > 0)
        yield at_least(N_("data segments that came twice"), 1, doubled)
        yield equal(N_("{0} at the {1}"), doubled,
                    evidence.counted("server", "TcpExt.TCPDSACKOldSent"),
                    "TcpExt.TCPDSACKOldSent", "server")


class Reordering(Far):
    name = "far-reordering"
    title = N_("Every third segment is overtaken")
    question = N_("Is a segment that comes late a lost one?")
    prediction = N_(
        "The receiver cannot tell: it sends duplicate ACKs with SACK until "
        "the gap is closed. Nothing is lost, and the application gets its "
        "bytes in order.")
    options, seed = "--delay 5 --reorder 33", 1

    def check(self, evidence):
        yield from super().check(evidence)
        sent = evidence.segments("client", **{"from": "client"})
        order = {identity(s): n for n, s in enumerate(sent)}
        came = [order[identity(s)] for s in evidence.segments(
            "server", **{"from": "client"})]
        overtaken = sum(any(later > n for later in came[:at])
                        for at, n in enumerate(came))
        yield at_least(N_("segments that were overtaken"), 1, overtaken)
        sacks = [s for s in evidence.segments("server", **{"from": "server"})
                 if s.get("sack")]
        yield at_least(N_("ACKs that name a gap by SACK"), 1, len(sacks))
        yield at_most(N_("segments lost"), 0, evidence.facts["bridge"]["lost"])


ALL = [Delay, Loss, Duplicates, Reordering]
