#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""interrupts.py WHAT TIMES [SEED]: ends a run at that many random moments.

WHAT is syn, connect, compare or flow (a live synflow -w). To be run on the
host `scanner` of network_make, in a folder of its own. Each run gets SIGINT,
SIGTERM or SIGHUP, some of them twice. It has to end within 5 seconds, by the
right exit code, and each of its files is to be whole, or as it was before
when it had not begun. Prints how long the ends took."""

import csv
import json
import os
import random
import signal
import struct
import subprocess
import sys
import time

LIMIT_S = 5
BEFORE = b"as it was\n"
SCAN = ["-n", "--show", "all", "--max-rate", "20k", "-p", "1-5000",
        "-o", "ndjson:o.ndjson", "-o", "text:o.text"]
RUNS = {
    "syn": ("SYNSCAN", SCAN + ["-o", "csv:o.csv", "--pcap", "o.pcapng",
                               "10.9.0.2"]),
    "connect": ("SYNSCAN", SCAN + ["-c", "-o", "csv:o.csv", "10.9.0.2"]),
    "compare": ("SYNSCAN", SCAN + ["--compare", "10.9.0.2"]),
    "flow": ("SYNFLOW", ["-i", "eth0", "-w", "o.pcapng", "-o",
                         "ndjson:o.ndjson", "--view", "segments"]),
}
LONGEST_S = {"syn": 0.5, "connect": 0.5, "compare": 0.9, "flow": 0.4}


# When it ends at once, the kernel may leave a write that was under way, of one
# record over the border of a page, at that border: `cut`.


def check_ndjson(text, status, cut):
    if cut:
        text = text[:text.rfind(b"\n") + 1]
    records = [json.loads(line) for line in text.splitlines()]
    assert text == b"" or text.endswith(b"\n"), "a cut line"
    if cut:
        return
    kinds = [record["type"] for record in records]
    assert kinds and kinds[-1] in ("summary", "compare"), "no summary"
    for one in records:
        if one["type"] != "summary" or "targets" not in one:
            continue
        told = one["open"] + one["closed"] + one["filtered"]
        assert told + one["unasked"] == one["targets"] * one["ports"], one
        assert one["complete"] == (one["unasked"] == 0), one
        assert one["filtered"] == 0, [
            record for record in records if record.get("state") == "filtered"]
        assert status == 3 or one["complete"], "exit 0, incomplete"


def check_csv(text, status, cut):
    if cut:
        text = text[:text.rfind(b"\n") + 1]
    rows = list(csv.reader(text.decode().splitlines()))
    assert cut or rows, "no header"
    assert len({len(row) for row in rows}) <= 1, "a cut row"


def check_text(text, status, cut):
    assert cut or b" drops, " in text or b"packets sent" in text, "no end"


def check_pcapng(data, status, cut):
    at, kinds = 0, []
    while at < len(data):
        kind, length = struct.unpack_from("<II", data[at:].ljust(8), 0)
        if cut and at + length > len(data):
            break
        assert at + length <= len(data), "a cut block"
        assert struct.unpack_from("<I", data, at + length - 4)[0] == length
        kinds.append(kind)
        at += length
    if not cut:
        assert kinds[0] == 0x0A0D0D0A, "no section"
        assert kinds[-1] == 5, "no statistics"


CHECKS = {"ndjson": check_ndjson, "csv": check_csv, "text": check_text,
          "pcapng": check_pcapng}


def files(arguments):
    return [word.split(":")[-1] for word in arguments
            if word.split(":")[-1].startswith("o.")]


def check(what, arguments, status, twice):
    for name in files(arguments):
        with open(name, "rb") as file:
            data = file.read()
        if status < 0:
            assert data == BEFORE, f"{name} was begun"
            continue
        # The second signal ends it at once: what is there is whole.
        cut = twice and (status == 3 or what == "flow")
        if cut and data == BEFORE:
            continue
        CHECKS[name.split(".")[-1]](data, status, cut)


def one(what, delay_s, number, twice):
    program, arguments = RUNS[what]
    for name in files(arguments):
        with open(name, "wb") as file:
            file.write(BEFORE)
    with open("stderr", "wb") as errors:
        run = subprocess.Popen([os.environ[program]] + arguments,
                               stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=errors)
    time.sleep(delay_s)
    begun = time.monotonic()
    run.send_signal(number)
    if twice:
        time.sleep(random.uniform(0, 0.01))
        run.send_signal(number)
    try:
        status = run.wait(LIMIT_S)
    except subprocess.TimeoutExpired:
        run.kill()
        raise AssertionError("it goes on")
    took_s = time.monotonic() - begun
    right = {0, 3, -number}
    assert status in right, f"exit {status}"
    check(what, arguments, status, twice)
    return status, took_s


def main():
    what, times = sys.argv[1], int(sys.argv[2])
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else time.time_ns()
    random.seed(seed)
    print(f"{what}: seed {seed}")
    took, ends = [], {}
    for i in range(times):
        delay_s = random.uniform(0, LONGEST_S[what])
        number = random.choice(
            [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
        twice = random.random() < 0.2
        try:
            status, took_s = one(what, delay_s, number, twice)
        except Exception as error:
            print(f"{what}, moment {i}, after {delay_s:.4f} s, "
                  f"{number.name}{', twice' if twice else ''}: "
                  f"{type(error).__name__} {error}")
            with open("stderr", encoding="utf-8") as file:
                print(file.read())
            sys.exit(1)
        ends[status] = ends.get(status, 0) + 1
        if status == 3 or (what == "flow" and status == 0):
            took.append(took_s)
    took.sort()
    told = ", ".join(f"exit {k}: {v}" if k >= 0 else f"not begun: {v}"
                     for k, v in sorted(ends.items()))
    if took:
        print(f"{what}: {times} moments ({told}); to the end 50 % "
              f"{1000 * took[len(took) // 2]:.0f} ms, 95 % "
              f"{1000 * took[len(took) * 95 // 100]:.0f} ms, most "
              f"{1000 * took[-1]:.0f} ms")


main()
