#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Conversations between two network namespaces, "client" and "server", for
captures. One process holds both ends, so that each step waits for the one
before it and nothing is left to timing.

    scenarios.py NAME      plays it
    scenarios.py --list    NAME and what it shows, a line each
"""
import ctypes
import errno
import os
import select
import socket
import struct
import subprocess
import sys
import time

CLIENT4, SERVER4 = "10.9.0.1", "10.9.0.2"
CLIENT6, SERVER6 = "fd00:9::1", "fd00:9::2"
PORT = 8000
ESTABLISHED, FIN_WAIT2, CLOSE_WAIT = 1, 5, 8
TCP_REPAIR, TCP_REPAIR_QUEUE, TCP_QUEUE_SEQ, SEND_QUEUE = 19, 20, 21, 2
SCENARIOS = {}

libc = ctypes.CDLL(None, use_errno=True)


def scenario(what):
    def add(function):
        SCENARIOS[function.__name__] = (function, what)
        return function
    return add


def enter(host):
    with open("/run/netns/" + host) as namespace:
        if libc.setns(namespace.fileno(), 0) < 0:
            raise OSError(ctypes.get_errno(), "setns " + host)


def run(host, *command):
    subprocess.run(["ip", "netns", "exec", host, *command], check=True,
                   stdout=subprocess.DEVNULL)


def nft(host, rules):
    subprocess.run(["ip", "netns", "exec", host, "nft", "-f", "-"],
                   input=rules, text=True, check=True)


def drop(host, hook, match):
    nft(host, f"table inet {hook}{host} {{ chain c {{"
        f" type filter hook {hook} priority 0\n {match}\n }}\n }}\n")


def undrop(host, hook):
    nft(host, f"delete table inet {hook}{host}\n")


def make(host, kind=socket.SOCK_STREAM, family=socket.AF_INET):
    enter(host)
    made = socket.socket(family, kind)
    made.settimeout(10)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return made


def family_of(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def listen(address=SERVER4, port=PORT, backlog=8, receive=None):
    listener = make("server", family=family_of(address))
    if receive:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
    listener.bind((address, port))
    listener.listen(backlog)
    return listener


def connect(address=SERVER4, port=PORT, source=0, nodelay=True):
    made = make("client", family=family_of(address))
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, nodelay)
    made.bind(("", source))
    made.connect((address, port))
    return made


def accept(listener):
    accepted = listener.accept()[0]
    accepted.settimeout(10)
    return accepted


def pair(address=SERVER4, port=PORT, source=0, receive=None):
    with listen(address, port, receive=receive) as listener:
        client = connect(address, port, source)
        return client, accept(listener)


def state(sock):
    return sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)[0]


def unacked(sock):
    return struct.unpack_from("=I", sock.getsockopt(
        socket.IPPROTO_TCP, socket.TCP_INFO, 104), 24)[0]


def until(condition, seconds=10):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("gave up waiting")
        time.sleep(0.001)


def take(sock, length):
    data = b""
    while len(data) < length:
        more = sock.recv(length - len(data))
        if not more:
            raise EOFError
        data += more
    return data


def say(sender, receiver, data):
    sender.sendall(data)
    assert take(receiver, len(data)) == data


def pause(seconds):
    """For the kernel's own timers: nothing can be asked for those."""
    time.sleep(seconds)


def linger(sock):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                    struct.pack("ii", 1, 0))


# --- how a conversation begins, goes on and ends ---------------------------


def talk(client, server):
    say(client, server, b"hello, server\n")
    say(server, client, b"hello, client\n")


def four_way(client, server):
    """The first FIN's ACK leaves on its own, before the second FIN."""
    client.shutdown(socket.SHUT_WR)
    until(lambda: state(client) == FIN_WAIT2)
    assert server.recv(1) == b""
    server.close()
    assert client.recv(1) == b""
    client.close()


@scenario("chat of 14 bytes both ways, closed in four segments")
def chat():
    client, server = pair()
    talk(client, server)
    four_way(client, server)


@scenario("the same over IPv6")
def chat6():
    client, server = pair(SERVER6)
    talk(client, server)
    four_way(client, server)


@scenario("both ends close at once: the second FIN has the ACK of the first")
def fin3():
    client, server = pair()
    talk(client, server)
    client.close()
    server.close()


@scenario("the FINs cross: each leaves before the other has come")
def simultaneous_close():
    client, server = pair()
    talk(client, server)
    drop("server", "input", "tcp flags fin drop")
    client.shutdown(socket.SHUT_WR)
    server.shutdown(socket.SHUT_WR)
    until(lambda: client.recv(1) == b"")
    undrop("server", "input")
    until(lambda: server.recv(1) == b"")
    pause(0.5)


@scenario("half-close: the server goes on talking, and closes later")
def half_close():
    client, server = pair()
    say(client, server, b"that is all\n")
    client.shutdown(socket.SHUT_WR)
    until(lambda: state(server) == CLOSE_WAIT)
    for line in (b"but\n", b"there is\n", b"more\n"):
        say(server, client, line)
    pause(0.1)


@scenario("refused: no listener, IPv4 and IPv6")
def refused():
    for address in SERVER4, SERVER6:
        try:
            connect(address, 81)
        except ConnectionRefusedError:
            continue
        raise AssertionError


@scenario("refused by nft: RST; ICMP port unreachable; admin prohibited")
def rejected():
    for port, how in ((82, "tcp reset"), (83, "icmpx type port-unreachable"),
                      (84, "icmpx type admin-prohibited")):
        drop("server", "input", f"tcp dport {port} reject with {how}")
        for address in SERVER4, SERVER6:
            try:
                connect(address, port)
            except OSError:
                continue
            raise AssertionError
        undrop("server", "input")


@scenario("dropped: the SYN is sent again")
def dropped():
    drop("server", "input", "tcp dport 85 drop")
    made = make("client")
    made.settimeout(3.5)
    try:
        made.connect((SERVER4, 85))
    except TimeoutError:
        pass
    made.close()
    undrop("server", "input")


@scenario("abort: close with unread data")
def abort_unread():
    client, server = pair()
    client.sendall(b"nobody reads\n\n")
    until(lambda: select.select([server], [], [], 0)[0])
    server.close()
    until(lambda: state(client) not in (ESTABLISHED, CLOSE_WAIT))


@scenario("abort: SO_LINGER of zero")
def abort_linger():
    client, server = pair()
    talk(client, server)
    linger(client)
    client.close()
    until(lambda: state(server) != ESTABLISHED)


@scenario("data to a socket that is gone")
def gone():
    client, server = pair()
    talk(client, server)
    server.close()
    until(lambda: state(client) == CLOSE_WAIT)
    client.sendall(b"are you there?\n")
    until(lambda: state(client) != CLOSE_WAIT)


@scenario("half-open: the RST was lost, then data comes")
def half_open():
    client, server = pair()
    talk(client, server)
    drop("server", "output", "tcp flags rst drop")
    linger(server)
    server.close()
    undrop("server", "output")
    client.sendall(b"are you there?\n")
    until(lambda: state(client) != ESTABLISHED)


@scenario("listener closed with a connection that nobody accepted")
def never_accepted():
    listener = listen()
    client = connect()
    listener.close()
    until(lambda: state(client) != ESTABLISHED)


@scenario("half-open SYN scan of an open port: RST from the scanner's kernel")
def syn_scan():
    listener = listen()
    raw("client", tcp(CLIENT4, SERVER4, 40000, PORT, 1000, 0, 0x02))
    pause(0.1)
    listener.close()


@scenario("a bare ACK to a closed and to a listening port")
def stray_acks():
    listener = listen()
    for port in 81, PORT:
        raw("client", tcp(CLIENT4, SERVER4, 40001, port, 5000, 7000, 0x10))
    pause(0.1)
    listener.close()


@scenario("a RST within the window that is not exact: challenge ACK")
def challenge():
    client, server = pair(source=40002)
    talk(client, server)
    client.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
    client.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR_QUEUE, SEND_QUEUE)
    seq = client.getsockopt(socket.IPPROTO_TCP, TCP_QUEUE_SEQ) & 0xffffffff
    client.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, -1)
    raw("client", tcp(CLIENT4, SERVER4, 40002, PORT, seq + 100, 0, 0x04))
    pause(0.1)
    talk(client, server)
    four_way(client, server)


@scenario("both ends connect to each other: simultaneous open")
def simultaneous_open():
    client, server = make("client"), make("server")
    for sock, port in (client, 8001), (server, 8002):
        sock.bind(("", port))
        sock.setblocking(False)
    drop("server", "input", "tcp dport 8002 tcp flags syn drop")
    for sock, to in (client, (SERVER4, 8002)), (server, (CLIENT4, 8001)):
        try:
            sock.connect(to)
        except BlockingIOError:
            pass
        if sock is client:
            drop("client", "input", "tcp dport 8001 tcp flags & ack == 0 "
                 "limit rate over 1/hour burst 1 packets drop")
    undrop("server", "input")
    until(lambda: state(client) == ESTABLISHED == state(server))
    undrop("client", "input")
    for sock in client, server:
        sock.settimeout(10)
    talk(client, server)
    four_way(client, server)


# --- segmentation ------------------------------------------------------------


def offloads(on):
    for host in "client", "server":
        run(host, "ethtool", "-K", "eth0", "tso", on, "gso", on, "gro", on)


def timestamps(on):
    for host in "client", "server":
        run(host, "sysctl", "-qw", f"net.ipv4.tcp_timestamps={on}")


def send_2934(address):
    client, server = pair(address)
    say(client, server, bytes(2934))
    four_way(client, server)


@scenario("2,934 bytes: 1448 + 1448 + 38; IPv6: 1428 + 1428 + 78")
def segmentation():
    offloads("off")
    send_2934(SERVER4)
    send_2934(SERVER6)
    offloads("on")


@scenario("2,934 bytes without timestamps: 1460 + 1460 + 14")
def segmentation_plain():
    offloads("off")
    timestamps(0)
    send_2934(SERVER4)
    timestamps(1)
    offloads("on")


@scenario("2,934 bytes captured above the offload: one segment")
def segmentation_offload():
    send_2934(SERVER4)


@scenario("2,934 bytes as one UDP datagram: fragments, IPv4 and IPv6; others")
def fragments():
    for address in SERVER4, SERVER6:
        server = make("server", socket.SOCK_DGRAM, family_of(address))
        server.bind((address, 9000))
        client = make("client", socket.SOCK_DGRAM, family_of(address))
        for size in 14, 2934, 1472, 1473:
            client.sendto(bytes(size), (address, 9000))
            assert len(server.recv(65536)) == size


@scenario("a datagram to a closed port: ICMP port unreachable")
def udp_refused():
    for address in SERVER4, SERVER6:
        client = make("client", socket.SOCK_DGRAM, family_of(address))
        client.connect((address, 9001))
        client.send(b"is anybody there?\n")
        until(lambda: client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
              == errno.ECONNREFUSED)


@scenario("TCP segments in IP fragments")
def tcp_fragments():
    segment = tcp(CLIENT4, SERVER4, 40003, PORT, 1, 1, 0x18, bytes(64))
    header, payload = segment[:20], segment[20:]
    for offset, more in (0, 0x2000), (24, 0x2000), (48, 0):
        part = payload[offset:offset + 24] if more else payload[offset:]
        raw("client", header[:2] + struct.pack("!H", 20 + len(part)) +
            struct.pack("!HH", 77, more | offset // 8) + header[8:] + part)
    pause(0.1)


# --- trouble on the way --------------------------------------------------------


@scenario("two of ten segments are lost, and come again")
def lost():
    offloads("off")
    client, server = pair()
    say(client, server, bytes(14))
    drop("server", "input", "tcp dport 8000 ip length > 1000 "
         "numgen inc mod 5 == 2 counter drop")
    client.sendall(bytes(14480))
    pause(0.05)
    undrop("server", "input")
    take(server, 14480)
    four_way(client, server)
    offloads("on")


@scenario("the last segment is lost: the time-out sends it again")
def lost_tail():
    client, server = pair()
    talk(client, server)
    drop("server", "input", "tcp dport 8000 drop")
    client.sendall(b"this is lost\n\n")
    pause(0.3)
    undrop("server", "input")
    take(server, 14)
    four_way(client, server)


@scenario("an ACK is lost: the data comes twice, the second is spurious")
def lost_ack():
    client, server = pair()
    talk(client, server)
    drop("client", "input", "tcp sport 8000 drop")
    client.sendall(b"came, but ....\n")
    take(server, 15)
    pause(0.4)
    undrop("client", "input")
    until(lambda: unacked(client) == 0)
    four_way(client, server)


@scenario("nobody reads: zero window, probes, window update")
def zero_window():
    client, server = pair(receive=4096)
    client.setblocking(False)
    sent = 0
    try:
        while True:
            sent += client.send(bytes(1000))
    except BlockingIOError:
        pass
    pause(1.0)
    client.setblocking(True)
    client.settimeout(10)
    client.shutdown(socket.SHUT_WR)
    take(server, sent)
    assert server.recv(1) == b""
    server.close()
    assert client.recv(1) == b""


@scenario("idle: keep-alives, and their answers")
def keepalive():
    client, server = pair()
    talk(client, server)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 1)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 1)
    pause(2.5)
    four_way(client, server)


@scenario("keep-alives that nobody answers: the socket gives up")
def keepalive_fails():
    client, server = pair()
    talk(client, server)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 1)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 1)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 2)
    drop("server", "input", "tcp dport 8000 drop")
    until(lambda: state(client) != ESTABLISHED)
    undrop("server", "input")
    pause(0.1)


@scenario("the same ports again, with another initial number")
def port_reuse():
    for _ in range(2):
        client, server = pair(source=40004)
        talk(client, server)
        linger(client)
        client.close()
        until(lambda: state(server) != ESTABLISHED)
        server.close()


@scenario("sequence numbers that pass 2^32")
def wrap():
    listener = listen()
    client = make("client")
    client.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
    client.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR_QUEUE, SEND_QUEUE)
    client.setsockopt(socket.IPPROTO_TCP, TCP_QUEUE_SEQ,
                      struct.pack("=I", 0xfffffff0))
    client.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 0)
    client.connect((SERVER4, PORT))
    server = accept(listener)
    talk(client, server)
    say(client, server, bytes(3000))
    talk(client, server)
    four_way(client, server)


@scenario("many small writes with Nagle off, answered in between")
def small_writes():
    client, server = pair()
    for i in range(10):
        for word in b"one ", b"two ", b"three\n":
            client.sendall(word)
        assert take(server, 14) == b"one two three\n"
        if i % 3 == 0:
            say(server, client, b"ok\n")
    four_way(client, server)


# --- segments by hand ------------------------------------------------------------


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def tcp(source, dest, source_port, dest_port, seq, ack, flags, data=b""):
    """An IPv4 packet, checksums right."""
    ends = socket.inet_aton(source) + socket.inet_aton(dest)
    segment = struct.pack("!HHIIBBHHH", source_port, dest_port,
                          seq & 0xffffffff, ack, 5 << 4, flags, 1024, 0,
                          0) + data
    pseudo = ends + struct.pack("!BBH", 0, socket.IPPROTO_TCP, len(segment))
    segment = (segment[:16] + struct.pack("!H", checksum(pseudo + segment)) +
               segment[18:])
    return struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(segment), 1, 0, 64,
                       socket.IPPROTO_TCP, 0) + ends + segment


def raw(host, packet):
    enter(host)
    with socket.socket(socket.AF_INET, socket.SOCK_RAW,
                       socket.IPPROTO_RAW) as sock:
        sock.sendto(packet, (socket.inet_ntoa(packet[16:20]), 0))


def main():
    if sys.argv[1:] == ["--list"]:
        for name, (_, what) in SCENARIOS.items():
            print(f"{name}\t{what}")
        return
    SCENARIOS[sys.argv[1]][0]()


main()
