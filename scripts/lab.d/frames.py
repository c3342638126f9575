# SPDX-License-Identifier: BSD-2-Clause
"""Frames as bytes: what the suite's captures hold, read without synflow, and
one TCP segment taken apart field by field."""
import struct

from words import N_

SECTION, PACKET = 0x0A0D0D0A, 6
ETHERNET_BYTES, FIN, SYN, RST, PSH, ACK = 14, 1, 2, 4, 8, 16

RIGHT, OFFLOADED, WRONG = N_("right"), N_("left to the device"), N_("wrong")


def read(path):
    """(length on the wire, bytes captured) of each frame. pcapng of this
    machine's byte order."""
    with open(path, "rb") as file:
        while head := file.read(8):
            kind, length = struct.unpack("=II", head)
            body = file.read(length - 8)
            if kind == PACKET:
                captured, original = struct.unpack_from("=II", body, 12)
                yield original, body[20:20 + captured]


def add(data):
    """The folded one's complement sum, RFC 1071."""
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total > 0xffff:
        total = (total & 0xffff) + (total >> 16)
    return total


class Fragment:
    """Of a datagram over IPv4, or over IPv6 with a fragment header, RFC 791
    3.1 and RFC 8200 4.5. ports: the first four bytes of it, as of UDP."""

    def __init__(self, frame):
        ip = frame[ETHERNET_BYTES:]
        if ip[0] >> 4 == 4:
            at = (ip[0] & 15) * 4
            self.id, bits = struct.unpack_from("!HH", ip, 4)
            self.more, self.units = bits >> 13 & 1, bits & 0x1fff
        else:
            at = 48
            bits, self.id = struct.unpack_from("!HI", ip, 42)
            self.more, self.units = bits & 1, bits >> 3
        self.ports = struct.unpack_from("!HH", ip, at)


class Segment:
    """A TCP segment over IPv4 and Ethernet; ValueError if it is none."""

    def __init__(self, frame):
        self.frame = frame
        self.ip = frame[ETHERNET_BYTES:]
        if frame[12:14] != b"\x08\0" or self.ip[9] != 6:
            raise ValueError("not TCP over IPv4")
        self.header = (self.ip[0] & 15) * 4
        self.length = struct.unpack_from("!H", self.ip, 2)[0]
        self.tcp = self.ip[self.header:self.length]
        self.source, self.dest = struct.unpack_from("!HH", self.tcp)
        self.flags = self.tcp[13]
        self.offset = (self.tcp[12] >> 4) * 4
        self.data = self.tcp[self.offset:]
        self.checksum = struct.unpack_from("!H", self.tcp, 16)[0]

    def pseudo_header(self):
        """RFC 9293 3.1."""
        return self.ip[12:20] + struct.pack("!BBH", 0, 6, len(self.tcp))

    def pseudo_sum(self):
        return add(self.pseudo_header())

    def right_checksum(self):
        zeroed = self.tcp[:16] + b"\0\0" + self.tcp[18:]
        return add(self.pseudo_header() + zeroed) ^ 0xffff

    def ip_sum(self):
        """0xffff where the checksum of the IP header is right."""
        return add(self.ip[:self.header])

    def verdict(self):
        """An offloaded checksum is the sum of the pseudo-header alone, not
        complemented: the device adds the rest."""
        if self.checksum == self.right_checksum():
            return RIGHT
        if self.checksum == self.pseudo_sum():
            return OFFLOADED
        return WRONG

    def fields(self):
        """(offset, bytes, layer, name, value) of each field, in order."""
        yield from self.ethernet()
        yield from self.internet()
        yield from self.transport()

    def ethernet(self):
        for at, name in (0, N_("destination")), (6, N_("source")):
            yield at, 6, "Ethernet", name, self.frame[at:at + 6].hex(":")
        yield 12, 2, "Ethernet", N_("type"), "0x0800 = IPv4"

    def internet(self):
        ip, at = self.ip, ETHERNET_BYTES
        number = struct.unpack_from("!H", ip, 4)[0]
        bits = struct.unpack_from("!H", ip, 6)[0]
        values = [
            (1, N_("version and header length"),
             f"{ip[0] >> 4}, {ip[0] & 15} · 4 = {self.header}"),
            (1, N_("type of service"), f"0x{ip[1]:02x}"),
            (2, N_("total length"), f"{self.length}"),
            (2, N_("identification"), f"0x{number:04x}"),
            (2, N_("flags and fragment offset"),
             f"DF={bits >> 14 & 1} MF={bits >> 13 & 1} {bits & 0x1fff}"),
            (1, N_("time to live"), f"{ip[8]}"),
            (1, N_("protocol"), "6 = TCP"),
            (2, N_("header checksum"), f"0x{ip[10:12].hex()}"),
            (4, N_("source"), ".".join(map(str, ip[12:16]))),
            (4, N_("destination"), ".".join(map(str, ip[16:20])))]
        for size, name, value in values:
            yield at, size, "IP", name, value
            at += size

    def transport(self):
        tcp, at = self.tcp, ETHERNET_BYTES + self.header
        seq, ack = struct.unpack_from("!II", tcp, 4)
        window, = struct.unpack_from("!H", tcp, 14)
        letters = "".join(letter for bit, letter in (
            (SYN, "S"), (FIN, "F"), (RST, "R"), (PSH, "P"), (ACK, "A"))
            if self.flags & bit)
        values = [
            (2, N_("source port"), f"{self.source}"),
            (2, N_("destination port"), f"{self.dest}"),
            (4, N_("sequence number"), f"{seq}"),
            (4, N_("acknowledgement number"), f"{ack}"),
            (1, N_("data offset"), f"{self.offset // 4} · 4 = {self.offset}"),
            (1, N_("flags"), f"0x{self.flags:02x} = {letters}"),
            (2, N_("window"), f"{window}"),
            (2, N_("checksum"), f"0x{self.checksum:04x}"),
            (2, N_("urgent pointer"), "0")]
        for size, name, value in values:
            yield at, size, "TCP", name, value
            at += size
        yield from self.options(at)
        if self.data:
            yield (ETHERNET_BYTES + self.header + self.offset, len(self.data),
                   "data", N_("data"), repr(self.data.decode("ascii",
                                                             "replace")))

    def options(self, at):
        end, start = ETHERNET_BYTES + self.header + self.offset, at
        names = {2: "MSS", 3: N_("window scale"), 4: N_("SACK permitted"),
                 5: "SACK", 8: N_("timestamps")}
        while at < end:
            kind = self.frame[at]
            size = 1 if kind < 2 else max(2, self.frame[at + 1])
            body = self.frame[at + 2:at + size]
            if kind == 8:
                value = "%d, %d" % struct.unpack("!II", body)
            else:
                value = str(int.from_bytes(body, "big")) if body else ""
            name = names.get(kind, N_("no operation") if kind == 1
                             else N_("end of options"))
            yield at, size, "option", name, value
            at += size
        assert at == end or start == end
