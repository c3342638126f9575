#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""One call, or one allocation, of a program fails: no signal, no hang, and
never success with a wrong or cut result.

    faults.py [--all] CASE...

In the namespace "scanner" of network_make, whose "target" accepts on 8003 and
8007, drops 8010 and refuses the rest. What a run without a fault says is the
measure: a run that ends well says the same; one that does not says why, and
nothing that is not so. --all: each occurrence of each call, as it was counted
in the run without a fault; without, some spread over them.
"""
import concurrent.futures
import difflib
import itertools
import json
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

BUILD, SOURCE = os.environ["top_builddir"], os.environ["top_srcdir"]
FAULTCALL, SHIM = (BUILD + "/tests/net/faultcall",
                   BUILD + "/tests/net/faultalloc.so")
HANGS = 125  # of faultcall
LONG_S = 10
OCCURRENCES_MOST = 400  # libnet sets the size of a buffer 6,500 times
SOME = 30               # of a case, without --all
WORKERS = 6
CASES = {}
ports = itertools.count(20000)


def case(*arguments):
    def add(kind):
        for argument in arguments or [()]:
            made = kind(*argument)
            CASES[made.name] = made
        return kind
    return add


def records(text):
    return [json.loads(line) for line in text.splitlines()]


class Run:
    """One run of a program: where it writes, and what came of it."""

    def __init__(self, fault):
        self.fault = fault  # a prefix of its command
        self.room = tempfile.TemporaryDirectory()
        self.errors, self.output, self.status = "", "", None
        self.process = None

    def path(self, name):
        return os.path.join(self.room.name, name)

    def read(self, name):
        try:
            with open(self.path(name), errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def start(self, *command, stdin=subprocess.DEVNULL):
        with open(self.path("stdout"), "w") as out, \
                open(self.path("stderr"), "w") as err:
            self.process = subprocess.Popen(
                [*self.fault, *command], stdin=stdin, stdout=out, stderr=err,
                cwd=self.room.name)

    def until(self, done, seconds=LONG_S):
        """done() or its end. -> done()"""
        end = time.monotonic() + seconds
        while not done():
            if self.process.poll() is not None or time.monotonic() > end:
                return done()
            time.sleep(0.003)
        return True

    def says(self, text, name="stderr"):
        return self.until(lambda: text in self.read(name))

    def signal(self, number):
        """To the program itself, if there is something around it."""
        pid = self.process.pid
        if self.fault and "faultcall" in self.fault[0]:
            try:
                with open(f"/proc/{pid}/task/{pid}/children") as file:
                    pid = int(file.read().split()[0])
            except (OSError, IndexError):
                return
        if self.process.poll() is None:
            os.kill(pid, number)

    def end(self):
        try:
            self.status = self.process.wait(LONG_S + 2)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            self.status = HANGS
        self.output, self.errors = self.read("stdout"), self.read("stderr")


class Case:
    """A program that is let run by play(); what it said by said()."""
    well = 0  # the exit status that says so

    def said(self, run):
        """Of a run that ended well: all that does not change."""
        raise NotImplementedError

    def owns_up(self, run):
        """Whether it says itself what it has lost, which fails nothing."""
        return False

    def untrue(self, run, clean):
        """Of one that did not: what is said and is not so, or None."""
        return None


# ---- synscan ----

@case(("syn",), ("ip", "--via", "ip"), ("connect", "-c"),
      ("compare", "--compare"), ("pcap", "--pcap", "recorded.pcapng"),
      ("explain", "--explain", "-p", "8003-8005"))
class Scan(Case):
    def __init__(self, name, *options):
        self.name, self.options = name, options

    def play(self, run):
        # (Side by side there is none.)
        csv = [] if self.name == "compare" else ["-o", "csv:found.csv"]
        run.start(BUILD + "/synscan", "-n", "-p", "8001-8012", *self.options,
                  "--show", "all", "-o", "ndjson:found", *csv,
                  "-o", "text:found.txt", "10.9.0.2")
        run.end()

    @staticmethod
    def ports(run):
        return {(r["ip"], r["port"], r["state"], r["reason"], r.get("mode"))
                for r in records(run.read("found")) if r["type"] == "port"}

    def said(self, run):
        sums = [{k: r.get(k) for k in ("mode", "open", "closed", "filtered",
                                       "unasked", "same", "complete")}
                for r in records(run.read("found")) if r["type"] != "port"]
        text = re.findall(r"^ *\d+ +(?:open|closed|filtered) +[a-z-]+",
                          run.read("found.txt"), re.M)
        said = [self.ports(run), sums,
                sorted(re.sub(r" +", " ", line) for line in text),
                {",".join(line.split(",")[:4])
                 for line in run.read("found.csv").splitlines()}]
        if "--pcap" in self.options:
            last = records(run.read("found"))[-1]
            said.append(recorded(run, "recorded.pcapng") ==
                        last["record_packets"])
        if "--explain" in self.options:
            said.append(sorted(re.findall(r"^(?:open|closed|filtered) .*",
                                          run.output, re.M)))
        return said

    def untrue(self, run, clean):
        wrong = self.ports(run) - self.ports(clean)
        return f"untrue: {wrong}" if wrong else None


def recorded(run, name):
    """How many frames a capture holds; raises where it cannot be read."""
    read = subprocess.run([BUILD + "/synflow", "-q", "-r", run.path(name),
                           "-o", "ndjson"], capture_output=True, text=True)
    if read.returncode != 0:
        raise ValueError(read.stderr)
    return records(read.stdout)[-1]["frames"]


# ---- synflow ----

VIEWS = [("conversations", "text"), ("ladder", "text"), ("segments", "text"),
         ("resets", "ndjson"), ("ladder", "svg"), ("ladder", "html")]


@case(*(("read-" + view + "-" + form, "--view", view, "-o", form)
        for view, form in VIEWS),
      ("cross", "-r", SOURCE + "/tests/golden/pairs/bad.server.pcapng", "-o",
       "html:file"))
class Read(Case):
    def __init__(self, name, *options):
        self.name, self.options = name, options
        self.capture = SOURCE + ("/tests/golden/pairs/bad.client.pcapng"
                                 if name == "cross"
                                 else "/tests/golden/abort_unread.pcapng")

    def play(self, run):
        record = [] if self.name == "cross" else ["-w", "recorded.pcapng"]
        run.start(BUILD + "/synflow", "-r", self.capture, *self.options,
                  *record)
        run.end()

    def said(self, run):
        return [run.output, run.read("file"), run.read("recorded.pcapng")]


def frames(path):
    """Of a capture, as Ethernet has them."""
    with tempfile.TemporaryDirectory() as room:
        classic = room + "/x.pcap"
        subprocess.run([BUILD + "/synflow", "-q", "-r", path, "-w", classic,
                        "-o", "text:/dev/null"], check=True)
        with open(classic, "rb") as file:
            data = file.read()
    at, found = 24, []
    while at < len(data):
        length, = struct.unpack("<I", data[at + 8:at + 12])
        found.append(data[at + 16:at + 16 + length])
        at += 16 + length
    return found


@case(("live",), ("live-ladder", "--view", "ladder"))
class Live(Case):
    def __init__(self, name, *options):
        self.name, self.options = name, options

    def play(self, run):
        device = "d" + str(threading.get_native_id())
        if not os.path.exists("/sys/class/net/" + device):
            subprocess.run(f"ip link add {device} type veth peer p{device} && "
                           f"ip link set {device} up && ip link set p{device}"
                           f" up", shell=True, check=True)
        sent = frames(SOURCE + "/tests/golden/abort_unread.pcapng")
        run.start(BUILD + "/synflow", "-i", device, *self.options,
                  "-c", str(len(sent)), "-o", "ndjson", "-o", "text:text",
                  "-w", "recorded.pcap", "tcp")
        # (That line may be what fails.)
        run.until(lambda: "capturing on" in run.read("stderr"), 2)
        if run.process.poll() is None:
            with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as out:
                out.bind((device, 0))
                for frame in sent:
                    out.send(frame)
        run.end()

    def said(self, run):
        text = [re.sub(r'(_ns|_us|capture_drops)":-?\d+', r'\1":0', line)
                for line in run.output.splitlines()]
        rows = re.sub(r"\d+\.\d+", "", run.read("text"))
        return [text, rows, recorded(run, "recorded.pcap")]

    def untrue(self, run, clean):
        records(run.output)
        return None


# ---- synchat ----

@case()
class Connect(Case):
    name = "chat-connect"

    def play(self, run):
        run.heard = b""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.settimeout(LONG_S)
            run.start(BUILD + "/synchat", "connect", "127.0.0.1",
                      str(listener.getsockname()[1]), stdin=subprocess.PIPE)
            serving = threading.Thread(target=self.serve, args=(run, listener))
            serving.start()
            run.says("welcome", "stdout")
            try:
                run.process.communicate(b"hello\nend\n", timeout=LONG_S)
            except (OSError, subprocess.TimeoutExpired):
                pass
            run.end()
            listener.close()
            serving.join()

    @staticmethod
    def serve(run, listener):
        try:
            while not poll_readable(listener):
                if run.process.poll() is not None:
                    return
            peer, _ = listener.accept()
            with peer:
                peer.settimeout(LONG_S)
                peer.sendall(b"welcome\n")
                while part := peer.recv(4096):
                    run.heard += part
        except OSError:
            pass

    def said(self, run):
        return [run.output, run.heard]


@case()
class Listen(Case):
    name = "chat-listen"

    def play(self, run):
        port, run.heard = next(ports), b""
        run.start(BUILD + "/synchat", "listen", "127.0.0.1", str(port),
                  stdin=subprocess.PIPE)
        try:
            if run.until(lambda: listens(port)):
                with socket.create_connection(("127.0.0.1", port),
                                              LONG_S) as peer:
                    self.talk(run, peer)
        except OSError:
            pass
        try:
            run.process.communicate(b"end\n", timeout=LONG_S)
        except (OSError, subprocess.TimeoutExpired):
            pass
        run.end()

    @staticmethod
    def hear(run, peer):
        """What has come by now; whether more can."""
        try:
            part = peer.recv(4096)
        except TimeoutError:
            return run.process.poll() is None
        run.heard += part
        return part != b""

    def talk(self, run, peer):
        peer.settimeout(0.02)
        peer.sendall(b"hello\n")
        end = time.monotonic() + LONG_S
        while "hello" not in run.read("stdout"):
            if not self.hear(run, peer) or time.monotonic() > end:
                return
        run.process.stdin.write(b"welcome\n")
        run.process.stdin.flush()
        while b"welcome\n" not in run.heard and time.monotonic() < end:
            if not self.hear(run, peer):
                return

    def owns_up(self, run):
        return re.search(r"(has left .*:.*|turned away: .*)\((ENOBUFS|ENOMEM)\)",
                         run.errors)

    def said(self, run):
        return [re.sub(r":\d+", "", run.output), run.heard]


# ---- synudp ----

def poll_readable(channel):
    import select
    return bool(select.select([channel], [], [], 0.05)[0])


def same(text):
    """Records without what differs from run to run."""
    # (Percentiles are of the samples that there was memory for, and say so;
    # packets are counted where the MTU is known.)
    return re.sub(r'"(\w+_(?:us|s)|source_port|seed|port|rtt_samples|mtu|'
                  r'packets)":"?-?[\w.]+"?,?', "", text)


PROBE = ["-c", "4", "--interval", "1ms", "--timeout", "300ms"]


@case()
class Probe(Case):
    name = "udp-probe"
    server = None

    def play(self, run):
        if not self.server:
            self.server = subprocess.Popen(
                [BUILD + "/synudp", "serve", "-q", "127.0.0.1", "7007"],
                stdout=subprocess.DEVNULL)
            while not udp_bound(7007):
                time.sleep(0.01)
        run.start(BUILD + "/synudp", "probe", *PROBE, "-o", "ndjson", "-o",
                  "text:text", "127.0.0.1", "7007")
        run.end()

    def finish(self):
        self.server.kill()
        self.server.wait()

    def said(self, run):
        return [same(run.output)]

    def untrue(self, run, clean):
        records(run.output)
        return None


@case()
class Serve(Case):
    name = "udp-serve"
    well = 3  # it is ended by Ctrl-C

    def play(self, run):
        port = next(ports)
        run.start(BUILD + "/synudp", "serve", "-o", "ndjson:served",
                  "127.0.0.1", str(port))
        run.probed = None
        if run.says('"serving"', "served"):
            run.probed = subprocess.run(
                [BUILD + "/synudp", "probe", *PROBE, "-o", "ndjson",
                 "127.0.0.1", str(port)], capture_output=True, text=True)
        run.signal(signal.SIGINT)
        run.end()

    def owns_up(self, run):
        last = records(run.read("served"))[-1]
        lost = last["send_errors"] + last["queue_full"]
        return lost > 0 and last["received"] == last["sent"] + lost

    def said(self, run):
        return [same(run.read("served")), same(run.probed.stdout)]

    def untrue(self, run, clean):
        records(run.read("served"))
        return None


def udp_bound(port):
    with open("/proc/net/udp") as file:
        return f":{port:04X} " in file.read()


def listens(port):
    with open("/proc/net/tcp") as file:
        return f":{port:04X} 00000000:0000 0A" in file.read()


# ---- the faults ----

def difference(right, said):
    lines = [[piece for part in whole
              for piece in re.split(r"[\n,]", str(part))]
             for whole in (right, said)]
    return "\n".join(itertools.islice(
        (line for line in difflib.unified_diff(*lines, n=0, lineterm="")
         if line[:2] not in ("--", "++", "@@")), 20))


def judge(case, run, clean, silent):
    """What is wrong with it, or None."""
    if run.status == HANGS:
        return "hangs"
    if run.status < 0 or run.status >= 126:
        return "ended by a signal"
    try:
        if run.status == case.well and (run.status == 0 or not run.errors):
            said, right = case.said(run), case.said(clean)
            return (None if said == right or case.owns_up(run)
                    else difference(right, said))
        if run.status not in (1, 3):
            return "a status that is no failure's"
        if not re.search(r"^syn\w+: ", run.errors, re.M) and not silent:
            return "no message"
        return case.untrue(run, clean)
    except (ValueError, IndexError, KeyError, AttributeError) as error:
        return f"cannot be read: {error!r}"


def spread(ways, every):
    """The faults to try of (CALL, ERRNO, COUNT)."""
    for call, error, count in ways:
        step = max(1, count // OCCURRENCES_MOST) if every else count
        for n in range(1, count + 1, step):
            # Another one of each, where there are several.
            yield call, error, n if every else 1 + hash_of(call + error) % count


def hash_of(text):
    return sum(ord(letter) * 31 ** i for i, letter in enumerate(text))


def calls(case, every):
    counts = tempfile.NamedTemporaryFile()
    run = Run([FAULTCALL, "count", counts.name])
    case.play(run)
    with open(counts.name) as file:
        ways = [line.split() for line in file]
    tries = list(spread([(c, e, int(n)) for c, e, n in ways], every))
    if not every:
        tries = tries[hash_of(case.name) % 2::max(1, len(tries) // SOME)]
    for call, error, n in tries:
        yield f"{call} {error} {n}", [FAULTCALL, call, error, str(n)], \
            call in ("write", "writev")


def allocations(case, every):
    counts = tempfile.NamedTemporaryFile(mode="w")
    os.chmod(counts.name, 0o666)
    shim = ["env", "LD_PRELOAD=" + SHIM]
    case.play(Run([*shim, "FAULT_ALLOC=0", "FAULT_COUNT=" + counts.name]))
    with open(counts.name) as file:
        count = int(file.read())
    for n in range(1, count + 1,
                   1 if every else max(1, count // (SOME // 2))):
        yield f"allocation {n} of {count}", [*shim, f"FAULT_ALLOC={n}"], False


def attempt(case, what, fault, silent, clean):
    run = Run(fault)
    case.play(run)
    wrong = judge(case, run, clean, silent)
    if not wrong:
        return 0
    print(f"{case.name}, {what}: exit {run.status}: {wrong}\n"
          f"{run.errors}", file=sys.stderr, flush=True)
    return 1


def sweep(case, every, pool):
    begun = time.monotonic()
    clean = Run([])
    case.play(clean)
    if clean.status != case.well:
        sys.exit(f"{case.name}: without a fault: exit {clean.status}: "
                 f"{clean.errors}")
    tries = [*calls(case, every), *allocations(case, every)]
    failed = sum(pool.map(lambda t: attempt(case, *t, clean), tries))
    if hasattr(case, "finish"):
        case.finish()
    print(f"# {case.name}: {len(tries)} faults, {failed} badly met, "
          f"{time.monotonic() - begun:.1f} s", flush=True)
    return failed


def main():
    names = [name for name in sys.argv[1:] if name != "--all"]
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        failed = [sweep(CASES[name], "--all" in sys.argv, pool)
                  for name in names or CASES]
    sys.exit(any(failed))


if __name__ == "__main__":
    main()
