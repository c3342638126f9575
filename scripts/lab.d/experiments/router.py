# SPDX-License-Identifier: BSD-2-Clause
"""A router whose next link has an MTU of 1400, and who says so."""
from experiment import Experiment, at_least, equal
from stage import SERVER, SERVER6
from words import N_

SIZE, PORT, MTU = 2934, 8000, 1400


class Tcp(Experiment):
    """headers: of IP and TCP with timestamps; too_big: ICMP type, code."""
    network = "router"
    points = ("client", "server")
    address, headers, too_big = SERVER, 52, [3, 4]
    needs = ("ethtool",)

    def prepare(self, stage):
        stage.router.run("ip link set eth1 mtu 1400")
        stage.client.run("ethtool -K eth0 tso off gso off")

    def run(self, stage):
        server, client = stage.server.socket(), stage.client.socket()
        server.ok(f"listen {self.address} {PORT}")
        client.ok(f"connect {self.address} {PORT}")
        server.ok("accept")
        client.ok(f"send {SIZE}")
        server.ok(f"await unread {SIZE}")
        stage.facts["maxseg"] = int(client.call("maxseg"))
        stage.client.acknowledged()
        stage.client.run(f"ip route get {self.address}")

    def check(self, evidence):
        errors = evidence.icmp("client")
        yield at_least(N_("messages of the router"), 1, len(errors))
        yield equal(N_("ICMP type and code"), self.too_big,
                    [errors[0]["icmp_type"], errors[0]["icmp_code"]])
        yield equal(N_("MTU that it names"), MTU, errors[0]["mtu"])
        data = evidence.segments("client", **{"from": "client"})
        quoted = next(segment for segment in data if
                      segment["frame"] == errors[0]["quoted_frame"])
        yield equal(N_("bytes in the segment that was too big"),
                    1500 - self.headers, quoted["len"])
        arrived = evidence.segments("server", **{"from": "client"})
        yield equal(N_("bytes in the longest segment that arrives"),
                    MTU - self.headers, max(s["len"] for s in arrived))
        yield equal(N_("last acknowledgement of the server"), SIZE + 1,
                    evidence.segments("client", **{"from": "server"})
                    [-1]["ack"])
        yield equal(N_("TCP_MAXSEG says afterwards"), MTU - self.headers,
                    evidence.facts["maxseg"])


class Tcp4(Tcp):
    name = "mtu-tcp"
    title = N_("TCP through a router with MTU 1400")
    question = N_("Both ends announce 1460. How do they learn that 1400 bytes "
                  "is all that the way takes?")
    prediction = N_(
        "Linux sets don't-fragment. The router drops what is too big and "
        "answers with ICMP 3/4, fragmentation needed, MTU 1400. The sender "
        "cuts anew: 1400 - 52 = 1348 bytes a segment.")


class Tcp6(Tcp):
    name = "mtu-tcp-ipv6"
    title = N_("IPv6 through a router with MTU 1400")
    question = N_("Routers never fragment IPv6. What do they say?")
    prediction = N_(
        "ICMPv6 type 2, Packet Too Big, MTU 1400; then 1400 - 72 = 1328 bytes "
        "a segment.")
    needs = ("ethtool", "ipv6")
    address, headers, too_big = SERVER6, 72, [2, 0]


class Udp(Experiment):
    name = "mtu-udp"
    title = N_("Finding the path MTU with UDP")
    question = N_("How can an application find out what the way takes?")
    prediction = N_(
        "With don't-fragment: first the own kernel refuses with EMSGSIZE and "
        "names 1500, then the router says 1400, and 1400 - 28 = 1372 bytes "
        "come back.")
    network = "router"
    needs = ("synudp",)

    def prepare(self, stage):
        stage.router.run("ip link set eth1 mtu 1400")

    def run(self, stage):
        server = stage.server.start(f"synudp serve {SERVER} 7007")
        server.wait_for("7007")
        stage.client.run(f"synudp probe --df {SERVER} 7007")

    def check(self, evidence):
        errors = evidence.icmp()
        yield equal(N_("ICMP type and code"), [3, 4],
                    [errors[0]["icmp_type"], errors[0]["icmp_code"]])
        yield equal(N_("MTU that it names"), MTU, errors[0]["mtu"])
        back = [datagram["len"] for datagram in evidence.datagrams()
                if datagram["source"].endswith(":7007")]
        yield equal(N_("bytes of the longest datagram that came back"),
                    MTU - 28, max(back))


ALL = [Tcp4, Tcp6, Udp]
