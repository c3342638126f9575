# SPDX-License-Identifier: BSD-2-Clause
"""All 65,535 ports of the server, by connect and by SYN, against the truth:
what listens (ss) and what the firewall does (nft)."""
import json
import os
import re

import frames
from experiment import Experiment, Trouble, equal
from stage import SERVER, SERVER6
from words import N_

PORTS = 65535


def runs(ports):
    """{port: what} as [first, last, *what] of neighbours alike."""
    found = []
    for port in sorted(ports):
        what = list(ports[port])
        if found and found[-1][1] == port - 1 and found[-1][2:] == what:
            found[-1][1] = port
        else:
            found.append([port, port, *what])
    return found


def unrolled(found):
    return {port: tuple(what) for first, last, *what in found
            for port in range(first, last + 1)}


class Scan(Experiment):
    """options: of synscan. reasons: what they are called in this scan."""
    options, family, address = "", 4, SERVER
    reasons = {}
    needs = ("synscan", "nft")
    # Probes that bypass the queueing layer pass a capture at the client too.
    points = ("server",)
    snap = ("-s", "96")
    figure = "map"
    ladder = False

    def prepare(self, stage):
        """The truth, and a scan as fast as it goes: its time."""
        stage.shell("target_busy server")
        stage.server.run(f"ss -{self.family}Htln")
        stage.server.run("nft list ruleset")
        stage.facts["truth"] = runs(self.truth(stage))
        stage.facts["fast"], stage.facts["summary"] = self.scan(
            stage, "-o text")

    def run(self, stage):
        """One that a capture can follow on a busy machine: its packets."""
        stage.facts["verdicts"], _summary = self.scan(stage,
                                                      "--max-rate 30k")

    def scan(self, stage, more):
        """Returns (verdicts as runs, the summary)."""
        typed = " ".join(f"synscan {self.options} -p 1-65535 --show all "
                         f"-o ndjson:scan.ndjson {more} "
                         f"{self.address}".split())
        step = stage.client.run(f"cd {stage.scratch} && {typed}", seconds=60)
        step.typed = typed
        step.said = "\n".join(line for line in step.said.splitlines()
                              if " closed " not in line and
                              " filtered " not in line)
        verdicts, summary = {}, None
        with open(os.path.join(stage.scratch, "scan.ndjson"),
                  encoding="utf-8") as file:
            for record in map(json.loads, file):
                if record["type"] == "summary":
                    summary = record
                elif record["port"] in verdicts:
                    raise Trouble(N_("port {0} has two verdicts"),
                                  record["port"])
                else:
                    verdicts[record["port"]] = (record["state"],
                                                record["reason"])
        return runs(verdicts), summary

    def truth(self, stage):
        said = stage.shell(f"truth server {self.family}")
        return {int(port): (state, self.reasons.get(reason, reason))
                for port, state, reason, _what in
                (line.split(maxsplit=3) for line in said.splitlines())}

    def check(self, evidence):
        facts = evidence.facts
        verdicts, truth = unrolled(facts["verdicts"]), unrolled(facts["truth"])
        yield equal(N_("ports with a verdict"), PORTS, len(verdicts))
        yield equal(N_("verdicts that are the truth, with their reason"),
                    PORTS, sum(verdicts.get(port) == what
                               for port, what in truth.items()))
        yield equal(N_("verdicts of both runs are the same"), True,
                    facts["fast"] == facts["verdicts"])
        yield equal(N_("open ports"), ports_of(truth, "open"),
                    ports_of(verdicts, "open"))
        seen = on_the_wire(evidence, self.address)
        yield equal(N_("verdicts that the capture shows too"), PORTS,
                    sum(seen.get(port) == what[0]
                        for port, what in verdicts.items()))
        yield equal(N_("ports at which a handshake was completed"),
                    self.handshakes(verdicts), sorted(
                        {port_of(talk) for talk in handshakes(evidence)}))

    def handshakes(self, _verdicts):
        return []


def ports_of(verdicts, state):
    return [port for port, what in sorted(verdicts.items())
            if what[0] == state]


def port_of(talk):
    return int(talk["server"].rpartition(":")[2])


def handshakes(evidence):
    """Conversations with SYN, SYN,ACK and ACK: the application sees them."""
    return [talk for talk in evidence.conversations()
            if talk["completeness"] & 7 == 7]


def on_the_wire(evidence, address):
    """{port: state} by the packets alone; the strongest answer counts."""
    strength = {"filtered": 0, "closed": 1, "open": 2}
    seen = {}
    for talk in evidence.conversations():
        if talk["server"].rpartition(":")[0].strip("[]") != address:
            continue
        state = "filtered"
        if "h" in talk["history"]:
            state = "open"
        elif talk["close"] == "rst-refused":
            state = "closed"
        port = port_of(talk)
        if strength[state] >= strength[seen.get(port, "filtered")]:
            seen[port] = state
    return seen


def facts_of_wire(evidence):
    """Packets and bytes of the whole scan, and handshakes completed."""
    lengths = [length for length, _bytes in
               frames.read(evidence.captures["server"])]
    return {"packets": len(lengths), "bytes": sum(lengths),
            "handshakes": len(handshakes(evidence))}


class Connect(Scan):
    name = "scan-connect"
    title = N_("All ports by connect")
    question = N_("Which ports are open, if every one is asked as a client "
                  "would ask?")
    prediction = N_(
        "11 ports listen behind no rule. Each of them completes a handshake, "
        "so the application gets to see the scan. Refused, dropped and "
        "prohibited ports are told apart, and port 65535 is among the asked.")
    options = "-c"
    needs = ("synscan", "connect", "nft")
    reasons = {"syn-ack": "syn-ack", "rst": "conn-refused",
               "no-reply": "timeout"}

    def handshakes(self, verdicts):
        return ports_of(verdicts, "open")


class Syn(Scan):
    name = "scan-syn"
    title = N_("All ports by SYN")
    question = N_("Which ports are open, if no handshake is ever completed?")
    prediction = N_(
        "The same 11 ports: SYN,ACK means open, RST closed, silence or an "
        "ICMP error filtered. A closed port takes two packets either way, an "
        "open one three in place of four, and no handshake is completed: the "
        "application never sees the scan.")


class Syn6(Syn):
    name = "scan-syn-ipv6"
    title = N_("All ports by SYN, over IPv6")
    question = N_("Is anything different over IPv6?")
    prediction = N_("No: the same ports with the same reasons.")
    family, address = 6, SERVER6
    needs = ("synscan", "nft", "ipv6")


class Compare(Experiment):
    name = "scan-compare"
    title = N_("The two scans compared")
    question = N_("What does each method cost, and who notices it?")
    prediction = N_(
        "The same verdict for every port, for reasons of different names. The "
        "connect scan has longer SYNs, with all options of a real connection, "
        "and completes a handshake at each open port; the SYN scan none. What "
        "synscan counts is what the capture at the server holds.")
    needs = ("synscan", "compare", "nft")
    points = ("server",)
    snap = ("-s", "96")
    ladder = False

    def prepare(self, stage):
        stage.shell("target_busy server")

    def run(self, stage):
        step = stage.client.run(
            f"cd {stage.scratch} && synscan --compare --max-rate 30k "
            f"-p 1-5000 -o text -o ndjson:compare.ndjson {SERVER}")
        step.typed = step.typed.partition(" && ")[2]
        with open(os.path.join(stage.scratch, "compare.ndjson"),
                  encoding="utf-8") as file:
            stage.facts["compare"] = next(
                record for record in map(json.loads, file)
                if record["type"] == "compare")

    def check(self, evidence):
        found = evidence.facts["compare"]
        yield equal(N_("ports with the same verdict"), 5000, found["same"])
        yield equal(N_("ports with different verdicts"), 0,
                    found["different"])
        wire = facts_of_wire(evidence)
        methods = found["syn"], found["connect"]
        for key, text in (("packets", N_("packets of both scans")),
                          ("bytes", N_("bytes of both scans"))):
            yield equal(text, wire[key],
                        sum(method[f"{key}_{way}"] for method in methods
                            for way in ("sent", "received")))
        yield equal(N_("handshakes of the SYN scan"), 0,
                    found["syn"]["handshakes"])
        yield equal(N_("handshakes of the connect scan"), wire["handshakes"],
                    found["connect"]["handshakes"])


class Explain(Experiment):
    name = "scan-explain"
    title = N_("The packets behind four verdicts")
    question = N_("Why is a port called open, closed or filtered?")
    prediction = N_(
        "Port 22 listens: SYN,ACK, then a RST from the scanner's own kernel. "
        "Port 9 is closed: RST,ACK with our number and one. Port 2000 is "
        "dropped: SYNs and silence. Port 3000 is rejected: an ICMP error that "
        "quotes the SYN. What synscan explains is what the capture holds.")
    needs = ("synscan", "explain", "nft")
    points = ("server",)

    def prepare(self, stage):
        stage.shell("target_busy server")

    def run(self, stage):
        step = stage.client.run(
            f"synscan --explain --show all -R 1 -p 9,22,2000,3000 {SERVER}")
        stage.facts["explained"] = sorted(
            [int(seq), int(ack)] for seq, ack in re.findall(
                r"raw: seq (\d+) ack (\d+)", step.said))
        stage.facts["verdicts"] = sorted(
            [int(port), state] for port, state in re.findall(
                r"^ *(\d+)  (open|closed|filtered) ", step.said, re.M))

    def check(self, evidence):
        yield equal(N_("verdicts"), [[9, "closed"], [22, "open"],
                                     [2000, "filtered"], [3000, "filtered"]],
                    evidence.facts["verdicts"])
        captured = [[segment["seq_raw"], segment["ack_raw"]]
                    for segment in evidence.segments()]
        yield equal(N_("segments explained and segments captured"),
                    len(captured), len(evidence.facts["explained"]))
        yield equal(N_("each has the numbers that the capture has"), True,
                    sorted(captured) == evidence.facts["explained"])
        icmp = evidence.icmp()
        yield equal(N_("ICMP type and code"), [3, 13],
                    [icmp[0]["icmp_type"], icmp[0]["icmp_code"]])


ALL = [Connect, Syn, Syn6, Compare, Explain]
