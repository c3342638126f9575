# SPDX-License-Identifier: BSD-2-Clause
"""Why a RST: each cause made once, its shape on the wire, the kernel's
counters, and what the calls of the other side say. RFC 9293 3.10.7.1."""
import time

import frames
from experiment import Experiment, equal
from experiments import anatomy
from host import result, until
from stage import CLIENT, SERVER
from words import N_

PORT, SOURCE = 8000, 40000


def pair(stage, port=PORT):
    """A connection: the client's socket and the server's."""
    server, client = stage.server.socket(), stage.client.socket()
    server.ok(f"listen {SERVER} {port}")
    client.ok(f"connect {SERVER} {port} {SOURCE}")
    server.ok("accept")
    return client, server


class Reset(Experiment):
    """shape, sender, and which counters of the sender's kernel have grown.
    said: what the calls of the other side said, as facts."""
    shape = sender = ""
    counters = {}
    said = {}
    count = 1

    def check(self, evidence):
        resets = evidence.resets()
        yield equal(N_("RSTs on the wire"), self.count, len(resets))
        for reset in resets:
            yield equal(N_("frame {0}: sent by"), self.sender, reset["from"],
                        reset["frame"])
            yield equal(N_("frame {0}: shape"), self.shape,
                        reset["reset"]["shape"], reset["frame"])
            yield from self.numbers(evidence, reset)
            yield equal(N_("frame {0}: segments that answer it"), 0, sum(
                segment["frame"] > reset["frame"] and
                segment["from"] != reset["from"] for segment in
                evidence.segments(stream=reset["stream"])), reset["frame"])
        for name, grown in self.counters.items():
            yield equal(N_("{0} at the {1}"), grown,
                        evidence.counted(self.sender, name), name, self.sender)
        for call, said in self.said.items():
            yield equal(N_("the call {0} says"), said,
                        evidence.facts["calls"].get(call), call)

    def numbers(self, evidence, reset):
        """The arithmetic of its shape, on the raw numbers."""
        frame = reset["frame"]
        if self.shape == "A":
            mine = last(evidence, reset, reset["from"])
            yield equal(N_("frame {0}: seq is what its sender sends next"),
                        mine["seq_raw"] + size(mine) & 0xffffffff,
                        reset["seq_raw"], frame)
            yield equal(N_("frame {0}: flags"), "RA", reset["flags"], frame)
            return
        trigger = next(record for record in evidence.segments()
                       if record["frame"] == reset["reset"]["provoked_by"])
        if self.shape == "P0":
            yield equal(N_("frame {0}: raw seq"), 0, reset["seq_raw"], frame)
            yield equal(N_("frame {0}: ack is the SYN's number and one"),
                        trigger["seq_raw"] + size(trigger) & 0xffffffff,
                        reset["ack_raw"], frame)
            yield equal(N_("frame {0}: flags"), "RA", reset["flags"], frame)
        else:
            yield equal(N_("frame {0}: seq is the ack of what provoked it"),
                        trigger["ack_raw"], reset["seq_raw"], frame)
            yield equal(N_("frame {0}: flags"), "R", reset["flags"], frame)
        yield equal(N_("frame {0}: window"), 0, reset["win"], frame)


def size(segment):
    """What it takes of the sequence numbers: SYN and FIN count one each."""
    return segment["len"] + sum(flag in segment["flags"] for flag in "SF")


def last(evidence, before, end):
    """Of that end; a keep-alive is one below what comes next."""
    return [segment for segment in evidence.segments(
        stream=before["stream"], **{"from": end})
        if segment["frame"] < before["frame"] and
        "keep_alive" not in segment["notes"]][-1]


class Closed(Reset):
    name = "reset-closed-port"
    title = N_("SYN to a closed port")
    question = N_("What does a kernel answer when nobody listens?")
    prediction = N_(
        "RST,ACK with sequence number 0 and the SYN's number and one as its "
        "acknowledgement, window 0, no options: the SYN had no ACK to take a "
        "number from. connect() says ECONNREFUSED at once.")
    shape, sender = "P0", "server"
    counters = {"Tcp.OutRsts": 1}
    said = {"connect": "ECONNREFUSED"}

    def run(self, stage):
        client = stage.client.socket()
        stage.facts["calls"] = {
            "connect": client.call(f"connect {SERVER} 9 {SOURCE}")}


def headers(segment):
    """All that is in the frame but ports, acknowledgement and checksum."""
    return (segment.frame[:frames.ETHERNET_BYTES + segment.header] +
            segment.tcp[4:8] + segment.tcp[12:16] + segment.tcp[18:]).hex()


class Firewall(Reset):
    name = "reset-firewall"
    title = N_("A firewall that rejects with a RST")
    question = N_("Can a RST of the firewall be told from one of the kernel?")
    prediction = N_(
        "Not on the wire: byte for byte the headers are those of a closed "
        "port, which is asked next. But TCP did not send it: OutRsts of the "
        "server stays as it is, and grows only by the second one.")
    needs = ("nft",)
    shape, sender = "P0", "server"
    counters = {"Tcp.OutRsts": 1}
    said = {"connect": "ECONNREFUSED", "connect (closed)": "ECONNREFUSED"}
    count = 2

    def prepare(self, stage):
        stage.server.firewall("tcp dport 9 reject with tcp reset")

    def run(self, stage):
        client, other = stage.client.socket(), stage.client.socket()
        refused = client.call(f"connect {SERVER} 9 {SOURCE}")
        stage.facts["out_rsts"] = [
            stage.before["server"]["Tcp.OutRsts"],
            stage.server.counters()["Tcp.OutRsts"]]
        stage.facts["calls"] = {
            "connect": refused, "connect (closed)":
            other.call(f"connect {SERVER} 10 {SOURCE + 1}")}

    def check(self, evidence):
        yield from super().check(evidence)
        before, after = evidence.facts["out_rsts"]
        yield equal(N_("OutRsts after the firewall's RST"), before, after)
        firewall, kernel = (headers(segment) for segment in
                            anatomy.segments(evidence)
                            if segment.flags & frames.RST)
        yield equal(N_("headers, but for ports, ack and checksum"), kernel,
                    firewall)


class Unread(Reset):
    name = "reset-unread-data"
    title = N_("Close with unread data")
    question = N_("What becomes of data that the application never read?")
    prediction = N_(
        "The peer must learn that it was lost: close() sends RST,ACK in place "
        "of FIN, with ack 15, so all 14 bytes had come. The client's recv() "
        "says ECONNRESET, and send() after it EPIPE.")
    shape, sender = "A", "server"
    counters = {"TcpExt.TCPAbortOnClose": 1, "Tcp.OutRsts": 1}
    said = {"recv": "ECONNRESET", "send": "EPIPE"}
    size, port = 14, PORT

    def run(self, stage):
        client, server = pair(stage, self.port)
        client.ok(f"send {self.size}")
        server.ok(f"await unread {self.size}")
        server.ok("close")
        stage.facts["calls"] = {"recv": client.call("recv 100"),
                                "send": client.call("send 1")}

    def check(self, evidence):
        yield from super().check(evidence)
        yield equal(N_("ack of the RST, relative"), self.size + 1,
                    evidence.resets()[0]["ack"])


class Linger(Reset):
    name = "reset-linger"
    title = N_("SO_LINGER of zero seconds, then close")
    question = N_("How can an application abort a connection on purpose?")
    prediction = N_(
        "SO_LINGER {1, 0} makes close() an abort: RST,ACK and no TIME_WAIT. "
        "Linux counts it as TCPAbortOnData, not as TCPAbortOnLinger.")
    shape, sender = "A", "server"
    counters = {"TcpExt.TCPAbortOnData": 1, "TcpExt.TCPAbortOnLinger": 0}
    said = {"recv": "ECONNRESET"}

    def run(self, stage):
        client, server = pair(stage)
        server.ok("linger0")
        server.ok("close")
        stage.facts["calls"] = {"recv": client.call("recv 100")}
        stage.facts["left"] = sockets(stage.server)

    def check(self, evidence):
        yield from super().check(evidence)
        yield equal(N_("connections left at the server, TIME_WAIT too"), 0,
                    evidence.facts["left"])


def sockets(host, state="all"):
    """How many TCP connections it has, TIME_WAIT too."""
    said = host.run(f"ss -tanH state {state} | grep -v LISTEN",
                    accept=(0, 1)).said
    return len(said.splitlines())


class Gone(Reset):
    name = "reset-socket-gone"
    title = N_("Data to a socket that is gone")
    question = N_("The server has closed; what if the client still sends?")
    prediction = N_(
        "The first send() succeeds, since a FIN only says that the server "
        "sends no more. Its data meets no socket: a bare RST whose number is "
        "taken from the ack of the data, 2. The second send() says EPIPE.")
    shape, sender = "P1", "server"
    counters = {"Tcp.OutRsts": 1, "TcpExt.TCPAbortOnClose": 0}
    said = {"send": "14", "send again": "EPIPE"}

    def run(self, stage):
        client, server = pair(stage)
        server.ok("close")
        client.ok("await CLOSE_WAIT")
        first = client.call("send 14")
        client.ok("await CLOSED")
        stage.facts["calls"] = {"send": first,
                                "send again": client.call("send 14")}

    def check(self, evidence):
        yield from super().check(evidence)
        yield equal(N_("seq of the RST, relative"), 2,
                    evidence.resets()[0]["seq"])


class HalfOpen(Reset):
    name = "reset-half-open"
    title = N_("Half-open: one end has forgotten the connection")
    question = N_("What if an end vanishes and its RST is lost on the way?")
    prediction = N_(
        "The client believes in the connection until it sends. The server "
        "knows nothing of it: a bare RST, seq 1, from the ack of the data.")
    needs = ("nft",)
    shape, sender = "P1", "server"
    counters = {"Tcp.OutRsts": 2}
    said = {"recv": "ECONNRESET"}

    def run(self, stage):
        client, server = pair(stage)
        stage.server.firewall("tcp flags rst drop", hook="output")
        server.ok("linger0")
        server.ok("close")
        stage.server.firewall_off()
        client.ok("send 14")
        stage.facts["calls"] = {"recv": client.call("recv 100")}

    def check(self, evidence):
        yield from super().check(evidence)
        yield equal(N_("seq of the RST, relative"), 1,
                    evidence.resets()[0]["seq"])


class ShutdownUnread(Reset):
    name = "reset-shutdown-unread"
    title = N_("Close after a half-close, with unread data")
    question = N_("The server has sent its FIN; can it still abort?")
    prediction = N_(
        "Yes: in FIN_WAIT_2 with unread data close() sends RST,ACK with seq "
        "2, beyond its own FIN. The client's send() says EPIPE.")
    shape, sender = "A", "server"
    counters = {"TcpExt.TCPAbortOnClose": 1}
    said = {"send": "EPIPE"}

    def run(self, stage):
        client, server = pair(stage)
        server.ok("shutdown write")
        server.ok("await FIN_WAIT_2")
        client.ok("send 14")
        server.ok("await unread 14")
        server.ok("close")
        client.ok("await CLOSED")
        stage.facts["calls"] = {"send": client.call("send 1")}

    def check(self, evidence):
        yield from super().check(evidence)
        yield equal(N_("seq of the RST, relative"), 2,
                    evidence.resets()[0]["seq"])


class NeverAccepted(Reset):
    name = "reset-never-accepted"
    title = N_("The listener closes, a connection was never accepted")
    question = N_("Does connect() mean that somebody has accepted?")
    prediction = N_(
        "No: the kernel completes the handshake alone. When the listener "
        "closes, the waiting connection gets RST,ACK, and recv() after a good "
        "connect() says ECONNRESET.")
    shape, sender = "A", "server"
    counters = {"Tcp.EstabResets": 1}
    said = {"connect": "0", "recv": "ECONNRESET"}

    def run(self, stage):
        server, client = stage.server.socket(), stage.client.socket()
        server.ok(f"listen {SERVER} {PORT}")
        connected = client.call(f"connect {SERVER} {PORT} {SOURCE}")
        server.ok("close listener")
        stage.facts["calls"] = {"connect": connected,
                                "recv": client.call("recv 100")}


class Unspec(Reset):
    name = "reset-unspec"
    title = N_("connect() to AF_UNSPEC on a live socket")
    question = N_("What does disconnecting a TCP socket look like?")
    prediction = N_(
        "Like an abort: RST,ACK, and the peer's recv() says ECONNRESET.")
    shape, sender = "A", "server"
    counters = {"Tcp.OutRsts": 1}
    said = {"recv": "ECONNRESET"}

    def run(self, stage):
        client, server = pair(stage)
        server.ok("unspec")
        stage.facts["calls"] = {"recv": client.call("recv 100")}


class Kill(Reset):
    name = "reset-ss-kill"
    title = N_("The administrator kills a connection: ss -K")
    question = N_("Who learns what when a connection is killed?")
    prediction = N_(
        "The socket's owner gets ECONNABORTED from its next call; the peer "
        "sees RST,ACK and gets ECONNRESET.")
    needs = ("ss-kill",)
    shape, sender = "A", "server"
    counters = {"Tcp.OutRsts": 1}
    said = {"recv": "ECONNRESET", "recv (owner)": "ECONNABORTED"}

    def run(self, stage):
        client, server = pair(stage)
        server.begin("recv 100")
        stage.server.run(f"ss -K -tn sport = :{PORT} and dst {CLIENT}")
        owner = result(server.answer())
        stage.facts["calls"] = {"recv (owner)": owner,
                                "recv": client.call("recv 100")}


class Keepalive(Reset):
    name = "reset-keepalive"
    title = N_("Keep-alive gives up")
    question = N_("How does an idle connection notice that the peer is gone?")
    prediction = N_(
        "Probes one number below the next, one a second; after two without an "
        "answer RST,ACK, TCPAbortOnTimeout, and recv() says ETIMEDOUT.")
    needs = ("nft",)
    shape, sender = "A", "client"
    counters = {"TcpExt.TCPAbortOnTimeout": 1}
    said = {"recv": "ETIMEDOUT"}

    def run(self, stage):
        client, _server = pair(stage)
        # The rule first: no probe may come before it.
        stage.server.firewall(f"tcp dport {PORT} drop")
        client.ok("keepalive 1 1 2")
        stage.facts["calls"] = {"recv": client.call("recv 100")}

    def check(self, evidence):
        yield from super().check(evidence)
        yield equal(N_("keep-alive probes"), 2, len(
            [segment for segment in evidence.segments()
             if "keep_alive" in segment["notes"]]))


class Overflow(Reset):
    name = "reset-overflow"
    title = N_("The accept queue is full, tcp_abort_on_overflow=1")
    question = N_("What if connections come faster than they are accepted?")
    prediction = N_(
        "With listen(2) three wait in the queue. Four clients connect while "
        "SYN,ACKs are held back from the last two: of their ACKs one finds "
        "room, the other gets a bare RST, seq 1. Its handshake was complete; "
        "recv(), or connect() if the RST is faster, says ECONNRESET.")
    needs = ("nft",)
    shape, sender = "P1", "server"
    counters = {"TcpExt.ListenOverflows": 1, "TcpExt.EmbryonicRsts": 1}

    def run(self, stage):
        stage.server.run("sysctl -w net.ipv4.tcp_abort_on_overflow=1")
        server = stage.server.socket()
        server.ok(f"listen {SERVER} {PORT} 2")
        clients = [stage.client.socket() for _ in range(4)]
        for number, client in enumerate(clients[:2]):
            client.ok(f"connect {SERVER} {PORT} {SOURCE + number}")
        stage.server.firewall("tcp flags & (syn|ack) == syn|ack drop",
                              hook="output")
        for number, client in enumerate(clients[2:], 2):
            client.begin(f"connect {SERVER} {PORT} {SOURCE + number}")
            time.sleep(0.1)  # their SYN,ACKs come again a second later
        until(lambda: len(stage.server.quietly(
            "ss -tanH state syn-recv").splitlines()) == 2,
            N_("two half-open connections"))
        # From here on the server's timer alone moves them.
        stage.server.firewall("tcp flags & (syn|ack) == syn drop")
        stage.server.run("nft flush chain inet lab output")
        connects = [result(client.answer()) for client in clients[2:]]
        clients[3].ok("await CLOSED")
        stage.facts["calls"] = {
            "connects": connects, "after": clients[3].call("recv 100")}

    def check(self, evidence):
        yield from super().check(evidence)
        calls = evidence.facts["calls"]
        yield equal(N_("the call {0} of the third client says"), "0",
                    calls["connects"][0], "connect")
        # The RST may be there before connect() has returned.
        told = calls["connects"][1]
        yield equal(N_("what the fourth client learns"), "ECONNRESET",
                    calls["after"] if told == "0" else told)
        yield equal(N_("seq of the RST, relative"), 1,
                    evidence.resets()[0]["seq"])


def arrived(host, packets):
    """Until its TCP has got so many segments since the captures began."""
    before = host.stage.before[host.name]["Tcp.InSegs"]
    until(lambda: host.counters()["Tcp.InSegs"] >= before + packets,
          N_("the segments to arrive"))


class ShutdownRead(Experiment):
    name = "reset-none-shut-rd"
    title = N_("shutdown(SHUT_RD) sends no RST")
    question = N_("The server says that it reads no more. Who hears of it?")
    prediction = N_(
        "Nobody: nothing is sent, and data of the client is acknowledged as "
        "ever.")

    def run(self, stage):
        client, server = pair(stage)
        server.ok("shutdown read")
        client.ok("send 14")
        arrived(stage.client, 2)

    def check(self, evidence):
        yield equal(N_("RSTs on the wire"), 0, len(evidence.resets()))
        answer = evidence.segments()[-1]
        yield equal(N_("last segment: from, flags, ack"), ["server", "A", 15],
                    [answer["from"], answer["flags"], answer["ack"]])


ALL = [Closed, Firewall, Unread, Linger, Gone, HalfOpen, ShutdownUnread,
       NeverAccepted, Unspec, Kill, Keepalive, Overflow, ShutdownRead]
