# SPDX-License-Identifier: BSD-2-Clause
"""The same experiments with numbers of one's own: ports, texts and sizes come
of the student's ID, and the predictions are computed from them."""
import hashlib

from experiments import chat, resets, segmentation
from experiments.segmentation import pieces
from words import N_, _


class Draw:
    """Numbers that follow from the ID and from what they are for."""

    def __init__(self, student):
        self.student = student

    def number(self, purpose, first, last):
        digest = hashlib.sha256(f"{purpose}:{self.student}".encode()).digest()
        return first + int.from_bytes(digest[:8], "big") % (last - first + 1)

    def text(self, purpose, first, last):
        """Words of so many bytes."""
        size = self.number(purpose, first, last)
        digest = hashlib.sha256(f"{purpose}!{self.student}".encode())
        return f"{purpose} {digest.hexdigest()}"[:size]


class Segments(segmentation.Default):
    title = N_("The student's bytes over TCP")

    def predicted(self):
        return _("{0} bytes to port {1}, both from the student's ID. A "
                 "segment takes 1448 of them: {2}.").format(
            self.size, self.port,
            " + ".join(map(str, pieces(self.size, self.largest()))))


class Fragments(segmentation.UdpDefault):
    title = N_("The student's bytes as one UDP datagram")

    def predicted(self):
        return _("{0} bytes to port {1}, both from the student's ID. With the "
                 "UDP header that is {2} = {3}.").format(
            self.size, self.port, self.size + 8,
            " + ".join(map(str, self.fragments())))


class Chat(chat.Chat):
    title = N_("The student's chat, and its sequence numbers")

    def predicted(self):
        out, back = len(self.hello), len(self.answer)
        return _("Texts and port {0} come of the student's ID. {1} bytes from "
                 "the client: ack {2}. {3} bytes from the server: ack {4}. "
                 "The FINs take one number more: ack {5} and ack {6}.").format(
            self.port, out, out + 1, back, back + 1, out + 2, back + 2)


class Unread(resets.Unread):
    name = "student-reset"
    title = N_("The student's unread data")

    def __init__(self, size, port):
        self.size, self.port = size, port

    def predicted(self):
        return _("{0} bytes to port {1}, both from the student's ID, and "
                 "nobody reads them: RST,ACK with ack {2}.").format(
            self.size, self.port, self.size + 1)


def experiments(student):
    draw = Draw(student)
    return [
        Chat("student-chat", draw.number("chat port", 10000, 29999),
             (draw.text("hello", 10, 60), draw.text("answer", 10, 60))),
        Segments("student-segments", draw.number("TCP size", 1500, 9999),
                 draw.number("TCP port", 10000, 29999)),
        Fragments("student-fragments", draw.number("UDP size", 1473, 9999),
                  draw.number("UDP port", 10000, 29999)),
        Unread(draw.number("unread", 2, 1400),
               draw.number("unread port", 10000, 29999))]
