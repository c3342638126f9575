# SPDX-License-Identifier: BSD-2-Clause
"""One segment byte by byte, and three checksums."""
import frames
from experiment import Experiment, equal
from host import until
from stage import CLIENT, SERVER
from words import N_

PORT = 8000


def segments(evidence):
    found = []
    for _length, frame in frames.read(evidence.captures["client"]):
        try:
            found.append(frames.Segment(frame))
        except ValueError:
            pass
    return found


def with_data(evidence, port):
    return next(segment for segment in segments(evidence)
                if segment.dest == port and segment.data)


class Anatomy(Experiment):
    name = "segment-bytes"
    title = N_("One segment byte by byte, and three checksums")
    question = N_("Which byte means what, and why does a capture on the "
                  "sender so often call its checksums wrong?")
    prediction = N_(
        "14 bytes of Ethernet, 20 of IP, 32 of TCP with timestamps, 14 of "
        "data. The checksum covers TCP and a pseudo-header of the addresses. "
        "Where it is left to the device, the field holds the sum of the "
        "pseudo-header alone; a wrong one is neither, and its segment is "
        "dropped without an answer.")
    needs = ("ethtool", "raw")
    figure = "anatomy"

    def talk(self, stage, port):
        server, client = stage.server.socket(), stage.client.socket()
        server.ok(f"listen {SERVER} {port}")
        client.ok(f"connect {SERVER} {port}")
        server.ok("accept")
        client.ok("send 14")
        server.ok("await unread 14")

    def run(self, stage):
        stage.client.run("ethtool -K eth0 tx off")
        self.talk(stage, PORT)
        stage.client.run("ethtool -K eth0 tx on")
        self.talk(stage, PORT + 1)
        before = stage.server.counters()["Tcp.InCsumErrors"]
        stage.client.socket().ok(
            f"raw S {CLIENT} 40000 {SERVER} 9 1000 0 wrong")
        until(lambda: stage.server.counters()["Tcp.InCsumErrors"] > before,
              N_("the server to see it"))

    def check(self, evidence):
        segment = with_data(evidence, PORT)
        yield equal(N_("bytes of Ethernet, IP, TCP, data"), [14, 20, 32, 14],
                    [frames.ETHERNET_BYTES, segment.header, segment.offset,
                     len(segment.data)])
        covered = [at + n for at, size, *_ in segment.fields()
                   for n in range(size)]
        yield equal(N_("fields cover every byte once"), True,
                    covered == [*range(len(segment.frame))])
        yield equal(N_("sum of the IP header with its checksum"), "0xffff",
                    f"0x{segment.ip_sum():04x}")
        yield equal(N_("checksum computed from pseudo-header and segment"),
                    f"0x{segment.right_checksum():04x}",
                    f"0x{segment.checksum:04x}")
        yield equal(N_("the checksum with tx off is"), frames.RIGHT,
                    segment.verdict())
        yield equal(N_("the checksum with tx on is"), frames.OFFLOADED,
                    with_data(evidence, PORT + 1).verdict())
        wrong = [s for s in segments(evidence) if s.dest == 9]
        yield equal(N_("the checksum made wrong on purpose is"),
                    [frames.WRONG], [s.verdict() for s in wrong])
        yield equal(N_("{0} at the {1}"), 1,
                    evidence.counted("server", "Tcp.InCsumErrors"),
                    "Tcp.InCsumErrors", "server")
        yield equal(N_("answers to it"), 0,
                    len([s for s in segments(evidence) if s.source == 9]))


ALL = [Anatomy]
