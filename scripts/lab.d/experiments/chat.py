# SPDX-License-Identifier: BSD-2-Clause
"""The talk of the lab: 14 bytes each way, and every number in it."""
from experiment import Experiment, at_least, equal
from host import until
from stage import SERVER
from words import N_

PORT = 8000
HELLO, ANSWER = "Hello, server!", "Hello, client!"


class Chat(Experiment):
    name = "chat"
    title = N_("A chat, and its sequence numbers")
    question = N_("Which bytes does each number count?")
    prediction = N_(
        "The first byte of each side has the number 1. 14 bytes from the "
        "client: ack 15. 14 bytes from the server: ack 15. The client's FIN "
        "has the number 15 and takes it: ack 16, and so does the server's.")
    needs = ("synchat",)
    table = True

    def __init__(self, name=None, port=PORT, texts=(HELLO, ANSWER)):
        self.name, self.port = name or self.name, port
        self.hello, self.answer = texts

    def run(self, stage):
        server = stage.server.start(
            f"synchat listen --turns {SERVER} {self.port}")
        server.wait_for(str(self.port))
        client = stage.client.start(
            f"synchat connect --turns {SERVER} {self.port}")
        self.talk(client, server)

    def talk(self, client, server):
        client.type(self.hello)
        server.wait_for(self.hello)
        server.type(self.answer)
        client.wait_for(self.answer)
        client.type("end")
        client.end()
        server.end()

    def check(self, evidence):
        out, back = len(self.hello.encode()), len(self.answer.encode())
        talk = self.conversation(evidence)
        yield equal(N_("bytes each way"), [out, back], talk["bytes"])
        frames = evidence.segments(stream=talk["stream"])
        client = [s for s in frames if s["from"] == "client"]
        server = [s for s in frames if s["from"] == "server"]
        yield from self.sent(client, server, "client", out)
        yield from self.sent(server, client, "server", back)
        yield equal(N_("who closed first"), "client",
                    next(s["from"] for s in frames if "F" in s["flags"]))
        yield equal(N_("completeness, as Wireshark counts it"), 31,
                    talk["completeness"])

    def conversation(self, evidence):
        talk, = evidence.conversations()
        return talk

    def sent(self, mine, theirs, end, size):
        """One direction: data, FIN, and what acknowledges them."""
        data = [s for s in mine if s["len"]]
        fin, = (s for s in mine if "F" in s["flags"])
        yield equal(N_("data of the {0}: first number, bytes"), [1, size],
                    [data[0]["seq"], sum(s["len"] for s in data)], end)
        yield equal(N_("acknowledgement of the data of the {0}"), size + 1,
                    next(s["ack"] for s in theirs
                         if s["ack"] > 1 and s["frame"] > data[-1]["frame"]),
                    end)
        yield equal(N_("number of the FIN of the {0}"), size + 1, fin["seq"] +
                    fin["len"], end)
        yield equal(N_("last acknowledgement to the {0}"), size + 2,
                    theirs[-1]["ack"], end)


class Retry(Chat):
    name = "chat-retry"
    title = N_("The client comes before the server")
    question = N_("What if nobody listens yet?")
    prediction = N_(
        "Each try is refused by a RST at once; the client tries again every "
        "second, from another port, until the server is there.")

    def run(self, stage):
        client = stage.client.start(
            f"synchat connect --turns --retry {SERVER} {self.port}")
        before = stage.before["client"]["Tcp.AttemptFails"]
        until(lambda: stage.client.counters()["Tcp.AttemptFails"] >=
              before + 2, N_("two refusals"))
        server = stage.server.start(
            f"synchat listen --turns {SERVER} {self.port}")
        self.talk(client, server)

    def conversation(self, evidence):
        return evidence.conversations()[-1]

    def check(self, evidence):
        refused = evidence.conversations(close="rst-refused")
        yield at_least(N_("refused attempts"), 2, len(refused))
        seconds = [(b["t_ns"] - a["t_ns"]) / 1e9
                   for a, b in zip(refused, refused[1:])]
        yield equal(N_("seconds between them, rounded"), [1] * len(seconds),
                    [round(s) for s in seconds])
        tries = evidence.conversations()
        yield equal(N_("ports from which it was tried"), len(tries),
                    len({talk["client"] for talk in tries}))
        yield from super().check(evidence)


ALL = [Chat, Retry]
