# SPDX-License-Identifier: BSD-2-Clause
"""All 65,535 ports of the server, by connect and by SYN, against the truth:
what listens (ss) and what the firewall does (nft)."""
import json
import os

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


ALL = [Connect, Syn, Syn6]
