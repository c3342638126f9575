# SPDX-License-Identifier: BSD-2-Clause
"""Handshake and teardown."""
from experiment import Experiment, at_least, equal
from experiments.resets import pair
from host import until
from stage import CLIENT, SERVER
from words import N_


PORT = 8000


def flags(segments):
    return [segment["flags"] for segment in segments]


class Handshake(Experiment):
    name = "handshake"
    title = N_("Three-way handshake")
    question = N_("Which numbers do the two ends agree on, and when is the "
                  "connection open?")
    prediction = N_(
        "SYN seq=x; SYN,ACK seq=y ack=x+1; ACK seq=x+1 ack=y+1: a SYN takes "
        "one number. The client is ESTABLISHED when it sends the last ACK, "
        "the server when that has come.")
    needs = ("synchat",)

    def run(self, stage):
        server = stage.server.start(
            f"synchat --turns --narrate listen {SERVER} {PORT}")
        server.wait_for("listen(")
        client = stage.client.start(
            f"synchat --turns --narrate connect {SERVER} {PORT}")
        client.wait_for("ESTABLISHED")
        server.wait_for("accept")
        client.type("end")
        client.end()
        server.end()

    def check(self, evidence):
        syn, synack, ack = evidence.segments()[:3]
        yield equal(N_("flags on the wire"), ["S", "SA", "A"],
                    flags([syn, synack, ack]))
        yield equal(N_("ack of the SYN,ACK: x + 1, raw"),
                    syn["seq_raw"] + 1 & 0xffffffff, synack["ack_raw"])
        yield equal(N_("ack of the ACK: y + 1, raw"),
                    synack["seq_raw"] + 1 & 0xffffffff, ack["ack_raw"])
        yield equal(N_("seq of the ACK: x + 1, raw"),
                    syn["seq_raw"] + 1 & 0xffffffff, ack["seq_raw"])
        yield equal(N_("states of the client"),
                    ["SYN_SENT", "SYN_SENT", "ESTABLISHED"],
                    [s["client_state"] for s in (syn, synack, ack)])
        yield equal(N_("states of the server"),
                    ["LISTEN", "SYN_RECEIVED", "ESTABLISHED"],
                    [s["server_state"] for s in (syn, synack, ack)])
        yield equal(N_("MSS announced by client and server"), [1460, 1460],
                    [syn["mss"], synack["mss"]])
        scale = syn["window_scale"]
        yield equal(N_("window of the ACK: {0} with a scale of {1}"),
                    ack["win"] << scale, ack["win_scaled"], ack["win"],
                    1 << scale)


def passed(states):
    """Each state once, as long as it lasts."""
    return [state for n, state in enumerate(states)
            if n == 0 or states[n - 1] != state]


class Teardown(Experiment):
    close, flags, states = None, [], {}

    def check(self, evidence):
        conversation, = evidence.conversations()
        yield equal(N_("how it closed"), self.close, conversation["close"])
        segments = evidence.segments()
        first = next(n for n, segment in enumerate(segments)
                     if "F" in segment["flags"])
        closing = segments[first:]
        yield equal(N_("flags on the wire"), self.flags, flags(closing))
        for end, states in self.states.items():
            yield equal(N_("states of the {0}"), states,
                        passed([s[end + "_state"] for s in closing]), end)
        yield from self.arithmetic(closing)

    def arithmetic(self, closing):
        for fin in closing:
            if "F" not in fin["flags"]:
                continue
            acks = [s["ack"] for s in closing if s["from"] != fin["from"] and
                    s["frame"] > fin["frame"]]
            yield equal(N_("frame {0}: a FIN takes one number, so its ack is"),
                        fin["seq"] + fin["len"] + 1, acks[-1], fin["frame"])


def talked(stage):
    """Only a socket that has got and sent data waits 40 ms with an ACK; the
    first one of a new socket leaves with the next tick of the clock."""
    client, server = pair(stage)
    for sender, receiver in (client, server), (server, client):
        sender.ok("send 14")
        receiver.ok("recv 14")
    return client, server


class Four(Teardown):
    name = "teardown-four"
    title = N_("Teardown in four segments")
    question = N_("Who goes through which states when a connection ends?")
    prediction = N_(
        "FIN, ACK, FIN, ACK. The client: FIN_WAIT_1, FIN_WAIT_2, TIME_WAIT; "
        "the server: CLOSE_WAIT, LAST_ACK, CLOSED. The ACK of the first FIN "
        "leaves on its own, by the timer of delayed ACKs, some 40 ms later, "
        "since the server is in no hurry to close.")
    close = "fin-4"
    flags = ["FA", "A", "FA", "A"]
    states = {
        "client": ["FIN_WAIT_1", "FIN_WAIT_2", "TIME_WAIT"],
        "server": ["ESTABLISHED", "CLOSE_WAIT", "LAST_ACK", "CLOSED"]}

    def run(self, stage):
        client, server = talked(stage)
        client.ok("shutdown write")
        client.ok("await FIN_WAIT_2")
        server.ok("recv 1")
        server.ok("close")
        client.ok("recv 1")
        stage.client.run("ss -tanH state time-wait")

    def check(self, evidence):
        yield from super().check(evidence)
        fin = next(s for s in evidence.segments() if "F" in s["flags"])
        ack = next(s for s in evidence.segments(**{"from": "server"})
                   if s["frame"] > fin["frame"])
        yield at_least(N_("milliseconds from the first FIN to its ACK"), 35,
                       round((ack["t_ns"] - fin["t_ns"]) / 1e6, 1))


class Three(Teardown):
    name = "teardown-three"
    title = N_("Teardown in three segments")
    question = N_("Why do captures often show three segments only?")
    prediction = N_(
        "FIN, FIN, ACK: the server closes at once, so its FIN leaves before "
        "the delayed ACK would, and carries it. CLOSE_WAIT was there, but too "
        "short to show.")
    close = "fin-3"
    flags = ["FA", "FA", "A"]
    states = {"server": ["ESTABLISHED", "LAST_ACK", "CLOSED"]}
    attempts = 3  # a busy machine may let the timer be faster

    def run(self, stage):
        client, server = talked(stage)
        server.begin("recv 1", "close")
        client.ok("shutdown write")
        server.answer()
        server.answer()
        client.ok("recv 1")


class Crossed(Teardown):
    name = "teardown-simultaneous"
    title = N_("Both ends close at the same time")
    question = N_("What if each FIN leaves before the other one arrives?")
    prediction = N_(
        "FIN and FIN cross; each end acknowledges the other's. Both go "
        "through FIN_WAIT_1 and CLOSING to TIME_WAIT.")
    needs = ("nft",)
    close = "fin-simultaneous"

    def run(self, stage):
        client, server = pair(stage)
        # The client's FIN is held back until the server has sent its own; it
        # comes again by the client's timer.
        stage.server.firewall("tcp flags fin drop")
        client.ok("shutdown write")
        server.ok("shutdown write")
        client.ok("await CLOSING")
        stage.server.firewall_off()
        until(lambda: stage.server.quietly(
            f"ss -tanH dst {CLIENT} | grep -c TIME-WAIT", check=False) ==
            "1\n", N_("TIME_WAIT"))

    def check(self, evidence):
        conversation, = evidence.conversations()
        yield equal(N_("how it closed"), self.close, conversation["close"])
        closing = [segment for segment in evidence.segments()
                   if "F" in segment["flags"]]
        yield equal(N_("the first two FINs come from"), ["client", "server"],
                    [segment["from"] for segment in closing[:2]])
        end = evidence.segments()[-1]
        yield equal(N_("states at the end"), ["TIME_WAIT", "TIME_WAIT"],
                    [end["client_state"], end["server_state"]])


ALL = [Handshake, Four, Three, Crossed]
