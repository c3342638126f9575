# SPDX-License-Identifier: BSD-2-Clause
"""lab-report/index.html: one page, complete in itself."""
import os

import results
from evidence import Evidence
from experiments import groups
from report import figures, parts
from report.html import Markup, join, tag, void
from report.ladder import Ladders
from words import N_, _, said

HERE = os.path.dirname(os.path.abspath(__file__))
NAME, CHINESE = "index.html", 'lang="zh-CN"'

HONESTY = N_(
    "Each capture's SHA-256 stands in results.ndjson, and scripts/lab verify "
    "makes every check and this page anew from the captures. That proves that "
    "report and captures belong together. It does not prove who made them, or "
    "that they were made honestly.")

HOW_TO_PLAY = N_(
    "All of this can be typed by hand: scripts/lab shell opens a shell on the "
    "client, and “on server COMMAND” runs something on the server. Lines "
    "behind “>” are calls typed into oddsocket, which makes one call on a "
    "TCP socket a line; those behind “«” are typed into the program that "
    "was started there before.")

NETWORKS = [
    (N_("most experiments"),
     [("client", "eth0 10.9.0.1 fd00:9::1"),
      ("server", "eth0 10.9.0.2 fd00:9::2")]),
    (N_("the router"),
     [("client", "eth0 10.9.1.1 fd00:9:1::1"),
      ("router", "eth0 10.9.1.254 eth1 10.9.0.254, MTU 1400"),
      ("server", "eth0 10.9.0.2 fd00:9::2")]),
    (N_("the bad way"),
     [("client", "eth0 10.9.0.1"),
      ("way", N_("delays, loses, doubles and reorders")),
      ("server", "eth0 10.9.0.2")])]


def read(name):
    with open(os.path.join(HERE, name), encoding="utf-8") as file:
        return Markup(file.read())


class Page:
    """directory: where the captures are."""

    def __init__(self, found, directory, tools, lang):
        self.found, self.tools, self.lang = found, tools, lang
        self.ladders = Ladders(tools, lang)
        self.records = {r["name"]: r for r in found.experiments}
        self.evidences = {
            name: Evidence({c["point"]: os.path.join(directory, c["file"])
                            for c in record["captures"]}, record["facts"],
                           tools)
            for name, record in self.records.items() if record["captures"]}
        self.groups = [
            (group, [e for e in group.experiments if e.name in self.records])
            for group in groups(found.lab["student"])]
        self.groups = [(group, some) for group, some in self.groups if some]

    def html(self):
        title = _("Sockets and TCP: the lab report")
        return "<!doctype html>\n" + tag(
            "html",
            tag("head", void("meta", charset="utf-8"),
                void("meta", name="viewport",
                     content="width=device-width, initial-scale=1"),
                void("meta", name="color-scheme", content="light dark"),
                tag("title", title), tag("style", read("page.css"))),
            tag("body", self.header(title), self.navigation(),
                tag("main", self.network(),
                    *(self.group(*group) for group in self.groups)),
                tag("footer", tag("p", _(HONESTY))),
                tag("script", read("page.js"))),
            lang="zh-CN" if self.lang == "zh" else "en")

    # --- the top -------------------------------------------------------------

    def header(self, title):
        summary, lab = self.found.summary, self.found.lab
        verdict = _("All experiments passed")
        if summary["failed"]:
            verdict = _("{0} of {1} experiments failed").format(
                summary["failed"], summary["experiments"])
        elif summary["not_run"]:
            verdict = _("{0} of {1} experiments passed, {2} not run").format(
                summary["passed"], summary["experiments"],
                summary["not_run"])
        if not summary["complete"]:
            verdict += " · " + _("interrupted")
        state = "failed" if summary["failed"] else \
            "not-run" if summary["not_run"] else "passed"
        facts = [(_("when"), lab["begun"]), (_("kernel"), lab["kernel"]),
                 (_("programs"), lab["version"]),
                 (_("took"), _("{0:.0f} s").format(summary["elapsed_s"]))]
        if lab["student"]:
            facts.insert(0, (_("student"), lab["student"]))
        return tag(
            "header", tag("h1", title),
            tag("p", tag("b", parts.STATUS[state.replace("-", " ")][1],
                         aria_hidden="true"), " ", verdict,
                class_=f"verdict {state}"),
            self.trouble(),
            tag("ul", *(tag("li", tag("b", str(number)), " ", text,
                            class_=name if number else "zero")
                        for number, text, name in (
                (summary["passed"], _("passed"), "passed"),
                (summary["failed"], _("failed"), "failed"),
                (summary["not_run"], _("not run"), "not-run"),
                (summary["checks"], _("checks"), "checks"))),
                class_="counts"),
            tag("dl", *(tag("div", tag("dt", name), tag("dd", value))
                        for name, value in facts), class_="facts"))

    def trouble(self):
        """What failed or was not run, by reason: first of all to see."""
        names = {}
        for record in self.found.experiments:
            if record["status"] != results.PASSED:
                reason = record["status"], parts.why(record)
                names.setdefault(reason, []).append(record["name"])
        rows = []
        for (status, why), some in names.items():
            name, mark, text = parts.STATUS[status]
            links = join([tag("a", one, href="#" + one) for one in some], ", ")
            rows.append(tag("li", tag("b", mark, " ", _(text),
                                      class_=f"mark {name}"), " ", links,
                            ": ", why))
        return tag("ul", *rows, class_="trouble") if rows else ""

    def navigation(self):
        def link(experiment):
            status = self.records[experiment.name]["status"]
            name, mark, text = parts.STATUS[status]
            return tag("li", tag(
                "a", tag("b", mark, title=_(text), class_=f"mark {name}"),
                " ", _(experiment.title), href=f"#{experiment.name}"))
        return tag("nav", *(
            tag("div", tag("h2", tag("a", _(group.title),
                                     href=f"#{group.name}")),
                tag("ul", *map(link, some)))
            for group, some in self.groups), aria_label=_("experiments"))

    def network(self):
        rows = [tag("div", tag("span", _(what), class_="what"), *(
            tag("span", tag("b", _(parts.HOSTS[host])), " ", _(addresses),
                class_=f"node {host}") for host, addresses in hosts),
            class_="wire") for what, hosts in NETWORKS]
        return tag("section", tag("h2", _("The network")), *rows,
                   tag("p", _(HOW_TO_PLAY)), id="network")

    # --- experiments ---------------------------------------------------------

    def group(self, group, some):
        more = Markup("")
        if group.name == "scan":
            chart = figures.comparison_of(self.records, self.evidences)
            if chart:
                more = join([tag("h3", _("The two scans side by side")),
                             chart])
        return tag("section", tag("h2", _(group.title)),
                   *map(self.experiment, some), more, id=group.name)

    def experiment(self, experiment):
        record = self.records[experiment.name]
        name = parts.STATUS[record["status"]][0]
        body = [tag("header", tag("h3", _(experiment.title)),
                    parts.badge(record["status"])),
                tag("p", tag("code", experiment.name), class_="name"),
                tag("dl", tag("dt", _("Question")),
                    tag("dd", _(experiment.question)),
                    tag("dt", _("Prediction")),
                    tag("dd", experiment.predicted()), class_="idea")]
        if record["reason"]:
            body.append(tag("p", said(**record["reason"]),
                            class_="reason"))
        body += [tag("p", _("Attempt {0} failed: {1}").format(
            number, parts.why(attempt)), class_="reason")
                 for number, attempt in enumerate(record["earlier"], 1)]
        if record["steps"]:
            body += [tag("h4", _("What was typed")), parts.terminal(record)]
        if record["checks"]:
            body += [*self.seen(experiment, self.evidences[experiment.name]),
                     tag("h4", _("What was checked")), parts.checks(record)]
        body += [parts.counters(record), parts.captures(record)]
        return tag("article", *body, id=experiment.name,
                   class_=f"experiment {name}", data_status=name)

    def seen(self, experiment, evidence):
        if experiment.figure or experiment.ladder:
            yield tag("h4", _("On the wire"))
        if experiment.figure:
            yield figures.FIGURES[experiment.figure](evidence)
        if not experiment.ladder:
            return
        yield self.ladders.drawing(evidence)
        for point in evidence.points:
            count, shown = parts.packets(
                evidence.records("ladder", point, self.lang))
            yield tag("details", tag("summary", _(
                "{0} packets, captured at the {1}").format(
                    count, _(parts.HOSTS[point]))), shown,
                open="" if experiment.table else None)


def write(found, directory, tools, lang):
    with open(os.path.join(directory, NAME), "w", encoding="utf-8") as file:
        file.write(Page(found, directory, tools, lang).html())


