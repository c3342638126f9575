# SPDX-License-Identifier: BSD-2-Clause
"""The parts of an experiment's section."""
import itertools

import results
from report.html import Markup, join, table, tag, void
from words import N_, _, said

STATUS = {results.PASSED: ("passed", "✓", N_("passed")),
          results.FAILED: ("failed", "✗", N_("failed")),
          results.NOT_RUN: ("not-run", "–", N_("not run"))}
HOSTS = {"client": N_("client"), "server": N_("server"),
         "router": N_("router"), "way": N_("bridge")}
LINES_MAX = 150
PACKETS_MAX = 120


def show(value):
    """An expected or a seen value."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        if value and all(isinstance(v, int) for v in value):
            return compact(value)
        return ", ".join(show(v) for v in value) or _("none")
    if isinstance(value, str):
        return _(value)
    return str(value)


def compact(numbers, between=" · "):
    """'1448 · 1448 · 38'; rows of the same as '44 × 1480'."""
    parts = []
    for number, same in itertools.groupby(numbers):
        times = len(list(same))
        parts += [str(number)] * times if times < 4 else \
            [f"{times} × {number}"]
    return between.join(parts)


def badge(status):
    name, mark, text = STATUS[status]
    return tag("span", tag("b", mark, aria_hidden="true"), " ", _(text),
               class_=f"status {name}")


def why(record):
    """Why it did not pass: the reason, or the first check that is wrong."""
    if record["reason"]:
        return said(**record["reason"])
    wrong = [check for check in record["checks"] if not check["right"]]
    return "; ".join(
        f"{said(check['text'], check['arguments'])}: "
        f"{show(check['expected'])} ≠ {show(check['seen'])}"
        for check in wrong[:1])


def checks(record):
    rows = []
    for check in record["checks"]:
        name, mark, text = STATUS["passed" if check["right"] else "failed"]
        rows.append([
            said(check["text"], check["arguments"]),
            tag("td", show(check["expected"]), class_="value",
                data_label=_("expected")),
            tag("td", show(check["seen"]), class_="value",
                data_label=_("seen")),
            tag("td", tag("b", mark, title=_(text)),
                class_=f"mark {name}")])
    return table([_("claim"), _("expected"), _("seen"), ""], rows,
                 class_="checks")


def terminal(record):
    """What was typed and what it said: the words of programs, as they are."""
    lines = []
    for step in record["steps"]:
        host = tag("span", step["host"], class_=f"host {step['host']}")
        typed = tag("kbd", step["typed"])
        output = step["said"].strip("\n")
        if step["prompt"] == ">":
            answer = tag("samp", f" = {output}") if output else ""
            lines.append(tag("div", host, "> ", typed, answer))
            continue
        lines.append(tag("div", host, step["prompt"] + " ", typed))
        shown = output.split("\n") if output else []
        if len(shown) > LINES_MAX:
            shown = [*shown[:LINES_MAX - 4], "…", *shown[-3:]]
        if shown:
            lines.append(tag("samp", "\n".join(shown), class_="block"))
    return tag("div", *lines, class_="terminal", lang="en", tabindex="0")


def counters(record):
    """Of the hosts' TCP and ICMP, those that moved."""
    interesting = ("Rst", "Reset", "Abort", "Overflow", "Challenge", "Retrans",
                   "Csum", "DSACK", "Frag", "Timeouts", "AttemptFails",
                   "DestUnreach", "PktTooBig", "KeepAlive")
    rows = []
    for host, grown in record["facts"].get("counters", {}).items():
        for name, (before, after) in sorted(grown.items()):
            if any(word in name for word in interesting):
                rows.append((_(HOSTS[host]), tag("td", tag("code", name)),
                             before, after, f"+{after - before}"))
    if not rows:
        return Markup("")
    return join([tag("h4", _("Counters of the kernels")), table(
        [_("host"), _("counter"), _("before"), _("after"), ""], rows,
        class_="numbers")])


def number(value, raw):
    return tag("td", str(value), tag("small", str(raw)), class_="number")


def segment_row(record):
    sender = _("client") + " →" if record["from"] == "client" else \
        "← " + _("server")
    ack = "A" in record["flags"]
    return [record["frame"], f"{record['t_ns'] / 1e6:.3f}", sender,
            tag("td", tag("code", record["flags"])),
            number(record["seq"], record["seq_raw"]),
            number(record["ack"], record["ack_raw"]) if ack else "",
            record["len"], record["win_scaled"],
            tag("td", record["why"], class_="why")]


def other_row(record):
    kind = "ICMP" if record["type"] == "icmp" else "UDP"
    return [record["frame"], f"{record['t_ns'] / 1e6:.3f}",
            f"{record['source']} →", tag("td", tag("code", kind)),
            tag("td", record["why"], class_="why", colspan="5")]


def packets(records):
    """The table of one capture."""
    rows = [segment_row(record) if record["type"] == "segment"
            else other_row(record) for record in records
            if record["type"] in ("segment", "datagram", "icmp")]
    left_out = rows[PACKETS_MAX:]
    shown = table(
        [_("frame"), _("ms"), _("from"), _("flags"), _("seq, raw"),
         _("ack, raw"), _("len"), _("window"), _("why")],
        rows[:PACKETS_MAX], class_="packets")
    if left_out:
        shown = join([shown, tag("p", _("{0} more are in the capture.").format(
            len(left_out)))])
    return len(rows), shown


def captures(record):
    if not record["captures"]:
        return Markup("")
    links = [join([tag("a", capture["file"], href=capture["file"]), " ",
                   tag("small", "SHA-256 " + capture["sha256"][:16] + "…",
                       title=capture["sha256"])])
             for capture in record["captures"]]
    return tag("p", _("Captures, for Wireshark or synflow:"), " ",
               join(links, void("br") if len(links) > 1 else ""),
               class_="captures")
