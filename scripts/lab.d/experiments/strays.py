# SPDX-License-Identifier: BSD-2-Clause
"""RSTs and the lack of them, from segments that no socket has sent: raw ones,
as of a scanner, of a forger, or of an old connection."""
from experiment import Experiment, equal
from experiments.resets import PORT, SOURCE, Reset, arrived, pair, sockets
from host import until
from stage import CLIENT, SERVER
from words import N_


class StrayAck(Reset):
    name = "reset-stray-ack"
    title = N_("An ACK to a closed and to a listening port")
    question = N_("Can an ACK scan tell an open port from a closed one?")
    prediction = N_(
        "No: both answer with the same bare RST, whose number is the ack of "
        "the stray segment. It tells only what a firewall lets through.")
    needs = ("raw",)
    shape, sender = "P1", "server"
    counters = {"Tcp.OutRsts": 2}
    count = 2

    def run(self, stage):
        server, client = stage.server.socket(), stage.client.socket()
        server.ok(f"listen {SERVER} {PORT}")
        for port in 9, PORT:
            client.ok(f"raw A {CLIENT} {SOURCE} {SERVER} {port} 5000 7000")
        arrived(stage.client, 2)

    def check(self, evidence):
        yield from super().check(evidence)
        resets = evidence.resets()
        yield equal(N_("raw seq of both"), [7000, 7000],
                    [reset["seq_raw"] for reset in resets])


class SynScan(Reset):
    name = "reset-syn-scan"
    title = N_("A half-open SYN scan: who sends the RST?")
    question = N_("The scanner never completes the handshake. Who ends it?")
    prediction = N_(
        "The scanner's own kernel: the SYN,ACK meets no socket there, so it "
        "sends a bare RST, seq 1. The server's half-open connection ends: "
        "EmbryonicRsts, and the application never hears of it.")
    needs = ("raw",)
    shape, sender = "P1", "client"
    counters = {"Tcp.OutRsts": 1}

    def run(self, stage):
        server, client = stage.server.socket(), stage.client.socket()
        server.ok(f"listen {SERVER} {PORT}")
        client.ok(f"raw S {CLIENT} {SOURCE} {SERVER} {PORT} 1000 0")
        arrived(stage.server, 2)
        stage.facts["left"] = sockets(stage.server)

    def check(self, evidence):
        yield from super().check(evidence)
        yield equal(N_("{0} at the {1}"), 1,
                    evidence.counted("server", "TcpExt.EmbryonicRsts"),
                    "TcpExt.EmbryonicRsts", "server")
        yield equal(N_("connections left at the server, TIME_WAIT too"), 0,
                    evidence.facts["left"])
        yield equal(N_("seq of the RST, relative"), 1,
                    evidence.resets()[0]["seq"])


class TimeWait(Reset):
    name = "reset-time-wait"
    title = N_("TIME_WAIT assassination")
    question = N_("Can an old segment end a TIME_WAIT early?")
    prediction = N_(
        "The server closed first and is in TIME_WAIT. An old SYN gets an ACK "
        "from there; the client has no such connection any more and answers "
        "with a bare RST, and the TIME_WAIT entry vanishes (RFC 1337).")
    needs = ("raw",)
    shape, sender = "P1", "client"
    counters = {"Tcp.OutRsts": 1}

    def run(self, stage):
        client, server = pair(stage)
        client_seq = int(client.ok("numbers").split()[1])
        server.ok("close")
        client.ok("await CLOSE_WAIT")
        client.ok("close")
        until(lambda: "TIME-WAIT" in stage.server.quietly("ss -tanH"),
              N_("TIME_WAIT"))
        before = sockets(stage.server, "time-wait")
        old = client_seq - 1000 & 0xffffffff
        client.ok(f"raw S {CLIENT} {SOURCE} {SERVER} {PORT} {old} 0")
        until(lambda: "TIME-WAIT" not in stage.server.quietly("ss -tanH"),
              N_("the end of TIME_WAIT"))
        stage.facts["time_wait"] = [before,
                                    sockets(stage.server, "time-wait")]

    def check(self, evidence):
        yield from super().check(evidence)
        yield equal(N_("TIME_WAIT entries before and after"), [1, 0],
                    evidence.facts["time_wait"])


class Challenge(Experiment):
    name = "reset-challenge"
    title = N_("A RST that is not exact: the challenge ACK")
    question = N_("Can somebody who guesses a number in the window reset us?")
    prediction = N_(
        "No longer (RFC 5961): a RST counts only with the very next number. "
        "One elsewhere in the window is answered by a challenge ACK, and the "
        "connection lives: 14 more bytes arrive.")
    needs = ("raw",)

    def run(self, stage):
        client, server = pair(stage)
        seq = int(client.ok("numbers").split()[1])
        client.ok(f"raw R {CLIENT} {SOURCE} {SERVER} {PORT} "
                  f"{seq + 100 & 0xffffffff} 0")
        until(lambda: server.host.counters()["TcpExt.TCPChallengeACK"] >
              stage.before["server"]["TcpExt.TCPChallengeACK"],
              N_("a challenge ACK"))
        client.ok("send 14")
        stage.facts["calls"] = {"recv": server.call("recv 100")}

    def check(self, evidence):
        yield equal(N_("{0} at the {1}"), 1,
                    evidence.counted("server", "TcpExt.TCPChallengeACK"),
                    "TcpExt.TCPChallengeACK", "server")
        yield equal(N_("bytes that arrive after it"), "14",
                    evidence.facts["calls"]["recv"])
        forged = next(segment for segment in evidence.segments()
                      if "R" in segment["flags"])
        answer = next(segment for segment in evidence.segments()
                      if segment["frame"] > forged["frame"])
        yield equal(N_("answer to the RST"), ["server", "A", 0],
                    [answer["from"], answer["flags"], answer["len"]])
        yield equal(N_("its ack is the number that would have been right"),
                    forged["seq_raw"] - 100 & 0xffffffff, answer["ack_raw"])


class ToReset(Experiment):
    name = "reset-none-to-reset"
    title = N_("A RST to a closed port: silence")
    question = N_("Why do two hosts not answer each other's RSTs for ever?")
    prediction = N_(
        "Because a RST is never answered (RFC 9293 3.10.7.1). An ACK to the "
        "same closed port, right behind it, is.")
    needs = ("raw",)

    def run(self, stage):
        client = stage.client.socket()
        for flags in "R", "RA", "A":
            client.ok(f"raw {flags} {CLIENT} {SOURCE} {SERVER} 9 5000 7000")
        arrived(stage.client, 1)

    def check(self, evidence):
        yield equal(N_("flags on the wire"), ["R", "RA", "A", "R"],
                    [segment["flags"] for segment in evidence.segments()])
        yield equal(N_("{0} at the {1}"), 1,
                    evidence.counted("server", "Tcp.OutRsts"), "Tcp.OutRsts",
                    "server")


ALL = [StrayAck, SynScan, TimeWait, Challenge, ToReset]
