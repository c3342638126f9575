#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Holds synflow against tshark, frame by frame.

    differential.py [-v] [--each] CAPTURE...

Equal in every frame: stream, relative seq and ack, length, flags. Equal in
every conversation: completeness. Equal in 99 of 100 frames, of all captures
together or of each: the notes of the analysis. What differs on purpose is
covered by one of the RULES, and counted there. Prints a line for each capture
and one for all; exit code 1 where they do not agree.
"""
import collections
import json
import os
import subprocess
import sys

SYNFLOW = os.environ["SYNFLOW"]
FILTER = "tcp && !icmp && !icmpv6"
NUMBERS = ["frame.number", "tcp.stream", "tcp.seq", "tcp.ack", "tcp.len",
           "tcp.flags", "tcp.completeness"]
FLAGS = "FSRPAUEC"
# Ours by theirs.
NOTES = {
    "retransmission": "retransmission",
    "fast_retransmission": "fast_retransmission",
    "spurious_retransmission": "spurious_retransmission",
    "out_of_order": "out_of_order",
    "lost_segment": "gap",
    "ack_lost_segment": "acked_unseen",
    "duplicate_ack": "dup_ack",
    "keep_alive": "keep_alive",
    "keep_alive_ack": "keep_alive_ack",
    "zero_window": "zero_window",
    "zero_window_probe": "zero_window_probe",
    "zero_window_probe_ack": "zero_window_probe_ack",
    "window_full": "window_full",
    "window_update": "window_update",
    "reused_ports": "port_reused",
}

Frame = collections.namedtuple(
    "Frame", "stream seq ack len flags notes completeness raw")


def tshark(path):
    fields = NUMBERS + ["tcp.analysis." + name for name in NOTES]
    command = ["tshark", "-2", "-n", "-o", "ip.defragment:FALSE", "-r", path,
               "-Y", FILTER, "-T", "fields"]
    for field in fields:
        command += ["-e", field]
    said = subprocess.run(command, check=True, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    frames = {}
    for line in said.stdout.splitlines():
        values = line.split("\t")
        numbers = [int(value, 0) if value else None
                   for value in values[:len(NUMBERS)]]
        notes = {ours for ours, value in
                 zip(NOTES.values(), values[len(NUMBERS):]) if value}
        # A fast or a spurious one is flagged as a plain one too.
        if notes & {"fast_retransmission", "spurious_retransmission"}:
            notes.discard("retransmission")
        frames[numbers[0]] = Frame(*numbers[1:5], numbers[5] & 0xff, notes,
                                   numbers[6], None)
    return frames


def synflow(path):
    """Its frames, and the completeness of each stream."""
    frames, streams = {}, {}
    for record in run_synflow(path, "segments"):
        if record["type"] != "segment":
            continue
        frames[record["frame"]] = Frame(
            record["stream"], record["seq"], record["ack"], record["len"],
            sum(1 << FLAGS.index(letter) for letter in record["flags"]
                if letter != "."),
            set(record["notes"]) & set(NOTES.values()), None, record)
    for record in run_synflow(path, "conversations"):
        if record["type"] == "conversation":
            streams[record["stream"]] = record["completeness"]
    return frames, streams


def run_synflow(path, view):
    said = subprocess.run([SYNFLOW, "-q", "-r", path, "--view", view, "-o",
                           "ndjson"], check=True, stdout=subprocess.PIPE)
    return [json.loads(line) for line in said.stdout.splitlines()]


def first_fragment(ours, theirs):
    """tshark tells no length of a segment whose end is elsewhere; ours is what
    is there, and the note says that it is not all."""
    return "fragmented" in ours.raw["notes"]


# Differences that are meant: each may excuse what differs in a frame, and
# with it the completeness of its conversation.
RULES = {
    "first fragment": first_fragment,
}


class Comparison:
    def __init__(self, path, verbose):
        self.theirs = tshark(path)
        self.ours, self.streams = synflow(path)
        self.wrong = collections.Counter()
        self.rules = collections.Counter()
        self.excused = set()  # streams
        self.verbose = verbose
        for number in sorted(self.theirs.keys() | self.ours.keys()):
            self.frame(number, self.ours.get(number), self.theirs.get(number))
        self.completeness()

    def say(self, *words):
        if self.verbose:
            print(" ", *words)

    def differs(self, number, field, mine, other, rule=None):
        if rule:
            self.rules[rule] += 1
        else:
            self.wrong[field] += 1
        self.say(f"frame {number}: {field} {mine}, tshark {other}",
                 f"({rule})" if rule else "")

    def frame(self, number, mine, other):
        if not mine or not other:
            self.differs(number, "missing", mine, other)
            return
        rule = None
        for field in "stream", "seq", "ack", "len", "flags", "notes":
            ours, theirs = getattr(mine, field), getattr(other, field)
            if ours == theirs:
                continue
            rule = next((name for name, covers in RULES.items()
                         if covers(mine, other)), None)
            self.differs(number, field, ours, theirs, rule)
        if rule:
            self.excused.add(mine.stream)

    def completeness(self):
        theirs = {frame.stream: frame.completeness
                  for frame in self.theirs.values()}
        for stream, complete in theirs.items():
            if self.streams.get(stream) == complete:
                continue
            self.wrong["completeness"] += stream not in self.excused
            self.say(f"stream {stream}: completeness",
                     f"{self.streams.get(stream)}, tshark {complete}")


def agrees(frames, wrong):
    notes = wrong["notes"]
    return notes * 100 <= frames and sum(wrong.values()) == notes


def main():
    flags = {word for word in sys.argv[1:] if word in ("-v", "--each")}
    total, failed = collections.Counter(), 0
    wrong, rules = collections.Counter(), collections.Counter()
    for path in [word for word in sys.argv[1:] if word not in flags]:
        result = Comparison(path, "-v" in flags)
        frames, streams = len(result.theirs), len(result.streams)
        failed += "--each" in flags and not agrees(frames, result.wrong)
        total.update(captures=1, frames=frames, conversations=streams)
        wrong.update(result.wrong)
        rules.update(result.rules)
        print(f"{os.path.basename(path)}: "
              f"{summary(result.wrong, result.rules)}")
    print(", ".join(f"{n} {name}" for name, n in total.items()) + ": " +
          summary(wrong, rules))
    failed += not agrees(total["frames"], wrong)
    sys.exit(failed > 0)


def summary(wrong, rules):
    said = [f"{n} differ in {name}" for name, n in wrong.items() if n]
    said += [f"{n} by the rule: {name}" for name, n in rules.items()]
    return ", ".join(said) or "agrees"


main()
