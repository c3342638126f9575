# SPDX-License-Identifier: BSD-2-Clause
"""2,934 bytes in one write: how TCP cuts them into segments and IP a datagram
into fragments. 2,934 = 14 + 2 * 1,460."""
import re

import frames
from experiment import Experiment, equal
from stage import CLIENT, CLIENT6, SERVER, SERVER6
from words import N_

SIZE, PORT, MTU = 2934, 8000, 1500
TIMESTAMPS = 12  # bytes of the option, padded


def pieces(size, largest):
    """[1448, 1448, 38]"""
    return [largest] * (size // largest) + (
        [size % largest] if size % largest else [])


class Tcp(Experiment):
    """header: of IP and TCP without options; options: of each segment."""
    header, options = 40, TIMESTAMPS
    address, source = SERVER, CLIENT
    offload = False
    needs = ("ethtool",)
    figure = "pieces"

    def __init__(self, name=None, size=SIZE, port=PORT):
        self.name, self.size, self.port = name or self.name, size, port

    def prepare(self, stage):
        if not self.offload:
            stage.client.run("ethtool -K eth0 tso off gso off")

    def run(self, stage):
        server, client = stage.server.socket(), stage.client.socket()
        server.ok(f"listen {self.address} {self.port}")
        client.ok(f"connect {self.address} {self.port}")
        server.ok("accept")
        stage.facts["maxseg"] = int(client.call("maxseg"))
        client.ok(f"send {self.size}")
        server.ok(f"await unread {self.size}")
        stage.client.acknowledged()

    def largest(self):
        return MTU - self.header - self.options

    def check(self, evidence):
        syns = evidence.segments(flags="S") + evidence.segments(flags="SA")
        yield equal(N_("MSS announced by client and server"),
                    [MTU - self.header] * 2, [syn["mss"] for syn in syns])
        yield equal(N_("TCP_MAXSEG says"), self.largest(),
                    evidence.facts["maxseg"])
        yield equal(N_("captured segments"), [self.size] if self.offload
                    else pieces(self.size, self.largest()),
                    [segment["len"] for segment in evidence.segments(
                        **{"from": "client"}) if segment["len"]])
        yield equal(N_("last acknowledgement of the server"), self.size + 1,
                    evidence.segments(**{"from": "server"})[-1]["ack"])


class Default(Tcp):
    name = "segments-tcp"
    title = N_("2,934 bytes over TCP")
    question = N_("The textbook says 1460 + 1460 + 14. What does Linux send?")
    prediction = N_(
        "1448 + 1448 + 38: the MSS of 1460 counts no options, and Linux puts "
        "timestamps into each segment, which take 12 bytes.")


class NoTimestamps(Tcp):
    name = "segments-no-timestamps"
    title = N_("2,934 bytes over TCP without timestamps")
    question = N_("When does the textbook's answer come true?")
    prediction = N_(
        "With net.ipv4.tcp_timestamps=0 no option is in the segments: "
        "1460 + 1460 + 14.")
    options = 0

    def prepare(self, stage):
        super().prepare(stage)
        for host in stage.client, stage.server:
            host.run("sysctl -w net.ipv4.tcp_timestamps=0")


class Ipv6(Tcp):
    name = "segments-ipv6"
    title = N_("2,934 bytes over TCP and IPv6")
    question = N_("What does the longer header of IPv6 change?")
    prediction = N_(
        "The IPv6 header has 40 bytes in place of 20: the MSS is 1440, and "
        "with timestamps the segments are 1428 + 1428 + 78.")
    header = 60
    address, source = SERVER6, CLIENT6
    needs = ("ethtool", "ipv6")


class Offload(Tcp):
    name = "segments-offload"
    title = N_("2,934 bytes over TCP, segmentation offloaded")
    question = N_("Why does a capture show segments larger than the MSS?")
    prediction = N_(
        "One captured segment of 2934 bytes: with TSO the device does the "
        "cutting, and the capture sits above it. The wire never carries "
        "such a segment.")
    offload = True


def port_of(endpoint):
    return int(endpoint.rpartition(":")[2])


class Udp(Experiment):
    """One datagram in fragments. header: of IP; extension: of each fragment,
    RFC 8200 4.5."""
    header, extension = 20, 0
    address = SERVER
    needs = ("synudp",)
    figure = "pieces"

    def __init__(self, name=None, size=SIZE, port=7007):
        self.name, self.size, self.port = name or self.name, size, port

    def run(self, stage):
        server = stage.server.start(f"synudp serve {self.address} {self.port}")
        server.wait_for(str(self.port))
        stage.client.run(
            f"synudp probe -c 1 -s {self.size} {self.address} {self.port}")

    def fragments(self):
        """Of the IP payload; all but the last are multiples of 8."""
        room = (MTU - self.header - self.extension) // 8 * 8
        if self.size + 8 <= MTU - self.header:
            return [self.size + 8]
        return pieces(self.size + 8, room)

    def check(self, evidence):
        sent = [datagram for datagram in evidence.datagrams()
                if datagram["dest"].endswith(f":{self.port}")
                and datagram.get("len") == self.size]
        yield equal(N_("datagrams of {0} bytes to port {1}"), 1, len(sent),
                    self.size, self.port)
        fragments = sent[0]["fragments"]
        yield equal(N_("bytes of IP payload in each fragment"),
                    self.fragments(), [part["len"] for part in fragments])
        offsets, at = [], 0
        for length in self.fragments():
            offsets.append(at)
            at += length
        yield equal(N_("offsets"), offsets,
                    [part["offset"] for part in fragments])
        yield equal(N_("8 bytes of UDP header are in the first one: in all"),
                    self.size + 8, sent[0]["ip_payload"])
        yield from self.headers(evidence, sent[0])

    def headers(self, evidence, datagram):
        """The bytes of the headers themselves."""
        captured = [frame for _length, frame in
                    frames.read(evidence.captures["client"])]
        parts = [frames.Fragment(captured[part["frame"] - 1])
                 for part in datagram["fragments"]]
        count = len(parts)
        yield equal(N_("different IDs among the fragments"), 1,
                    len({part.id for part in parts}))
        yield equal(N_("flag MF of each fragment"), [1] * (count - 1) + [0],
                    [part.more for part in parts])
        yield equal(N_("offset field of each fragment, in units of 8"),
                    [part["offset"] // 8 for part in datagram["fragments"]],
                    [part.units for part in parts])
        yield equal(N_("fragments that begin with the UDP header"), 1, sum(
            part.ports == (port_of(datagram["source"]), self.port)
            for part in parts))


class UdpDefault(Udp):
    name = "fragments-udp"
    title = N_("2,934 bytes as one UDP datagram")
    question = N_("UDP has no segments. Who cuts a datagram that is too big?")
    prediction = N_(
        "IP does: two fragments with 1480 and 1462 bytes of IP payload, the "
        "same ID, offsets 0 and 1480 (185 units of 8). Only the first one has "
        "the UDP header: 2934 + 8 = 1480 + 1462.")


class UdpIpv6(Udp):
    name = "fragments-udp-ipv6"
    title = N_("2,934 bytes as one UDP datagram over IPv6")
    question = N_("And over IPv6?")
    prediction = N_(
        "Only the sender may cut there, and each fragment needs a header of 8 "
        "bytes for it: 2934 + 8 = 1448 + 1448 + 46.")
    header, extension = 40, 8
    address = SERVER6
    needs = ("synudp", "ipv6")


class UdpEdge(Experiment):
    name = "fragments-edge"
    title = N_("The edges: 1472, 1473, 65507, 65508 bytes")
    question = N_("Which datagram is the first in two fragments, and which is "
                  "too big for UDP?")
    prediction = N_(
        "1472 + 8 + 20 = 1500 just fits; 1473 makes two fragments. 65507 "
        "bytes are the most that an IPv4 packet holds, in 45 fragments; 65508 "
        "are refused before anything is sent.")
    needs = ("synudp",)
    figure = "pieces"

    def run(self, stage):
        server = stage.server.start(f"synudp serve {SERVER} 7007")
        server.wait_for("7007")
        for size in 1472, 1473, 65507:
            stage.client.run(f"synudp probe -c 1 -s {size} {SERVER} 7007")
        refused = stage.client.run(
            f"synudp probe -c 1 -s 65508 {SERVER} 7007", accept=(2,))
        stage.facts["refused"] = refused.status

    def check(self, evidence):
        for size, parts in (1472, 1), (1473, 2), (65507, 45), (65508, 0):
            sent = [datagram for datagram in evidence.datagrams()
                    if datagram["dest"].endswith(":7007")
                    and datagram.get("len") == size]
            yield equal(N_("packets for {0} bytes"), parts, sum(
                datagram.get("fragment_count", 1) for datagram in sent), size)
        yield equal(N_("exit code for 65508 bytes"), 2,
                    evidence.facts["refused"])


class DontFragment(Experiment):
    """mtu: of the route. A datagram may have 28 bytes less."""
    name = "fragments-df"
    title = N_("Don't-fragment at the edge")
    question = N_("What if nobody is allowed to cut?")
    prediction = N_(
        "1472 bytes pass. 1473 never leave: send() says EMSGSIZE, and the "
        "error queue names the MTU of 1500.")
    needs = ("synudp",)
    mtu = MTU

    def run(self, stage):
        server = stage.server.start(f"synudp serve {SERVER} 7007")
        server.wait_for("7007")
        size = self.mtu - 28
        fits = stage.client.run(
            f"synudp probe --df -c 1 -s {size} {SERVER} 7007")
        big = stage.client.run(
            f"synudp probe --df -c 1 -s {size + 1} {SERVER} 7007",
            accept=(1,))
        stage.facts["codes"] = [fits.status, big.status]
        stage.facts["named"] = [int(mtu) for mtu in re.findall(
            r"MTU[^0-9]*(\d+)", big.said)]

    def check(self, evidence):
        size = self.mtu - 28
        yield equal(N_("exit codes for {0} and {1} bytes"), [0, 1],
                    evidence.facts["codes"], size, size + 1)
        lengths = sorted({datagram["len"]
                          for datagram in evidence.datagrams()
                          if datagram["dest"].endswith(":7007")})
        yield equal(N_("the longest datagram on the wire"), size, lengths[-1])
        yield equal(N_("MTU that the error names"), self.mtu,
                    evidence.facts["named"][-1])


class RouteMtu(DontFragment):
    name = "fragments-route-mtu"
    title = N_("Don't-fragment, and a route with an MTU of 1400")
    question = N_("What if the host knows already that the way is narrower "
                  "than its own link?")
    prediction = N_(
        "Nothing has to be tried out: 1400 - 28 = 1372 bytes pass, 1373 get "
        "EMSGSIZE at once, and the error queue says 1400. No router is asked.")
    mtu = 1400

    def prepare(self, stage):
        stage.client.run(f"ip route add {SERVER}/32 dev eth0 mtu 1400")

    def check(self, evidence):
        yield from super().check(evidence)
        yield equal(N_("ICMP errors on the wire"), 0, len(evidence.icmp()))


ALL = [Default, NoTimestamps, Ipv6, Offload, UdpDefault, UdpIpv6, UdpEdge,
       DontFragment, RouteMtu]
