# SPDX-License-Identifier: BSD-2-Clause
"""Does a report hold together? Captures against their SHA-256, then every
check made anew from the captures, and the page from both."""
import os

import report.page
import results
import words
from evidence import Evidence
from experiment import judge
from experiments import experiments
from words import N_, _, said


def faults(directory, tools):
    """Sentences, none for a report that holds together. Raises OSError or
    ValueError where there is no report."""
    found = results.load(directory)
    known = experiments(found.lab["student"])
    for record in found.experiments:
        wrong = list(wrong_captures(directory, record))
        if not wrong:
            wrong = list(wrong_checks(directory, record,
                                      known.get(record["name"]), tools))
        for text, arguments in wrong:
            yield f"{record['name']}: {said(text, arguments)}"
    statuses = [record["status"] for record in found.experiments]
    for key, status in (("passed", results.PASSED),
                        ("failed", results.FAILED),
                        ("not_run", results.NOT_RUN)):
        if found.summary[key] != statuses.count(status):
            yield _("the summary counts other results than there are")
            return
    if not is_page(found, directory, tools):
        yield _("{0} is not the page that these results and captures make"
                ).format(report.page.NAME)


def is_page(found, directory, tools):
    """Whether the page says what the results say, in its language."""
    path = os.path.join(directory, report.page.NAME)
    with open(path, encoding="utf-8") as file:
        shown = file.read()
    lang = "zh" if report.page.CHINESE in shown[:100] else "en"
    with words.using(lang, tools.localedir):
        return shown == report.page.Page(found, directory, tools, lang).html()


def wrong_captures(directory, record):
    for capture in record["captures"]:
        path = os.path.join(directory, os.path.basename(capture["file"]))
        if not os.path.exists(path):
            yield N_("{0} is missing"), [capture["file"]]
        elif results.sha256(path) != capture["sha256"]:
            yield N_("{0} is not the file that was captured: its SHA-256 "
                     "differs"), [capture["file"]]


def wrong_checks(directory, record, experiment, tools):
    if not experiment:
        yield N_("there is no such experiment"), []
        return
    if record["status"] == results.NOT_RUN or not record["captures"]:
        if record["checks"] or record["status"] == results.PASSED:
            yield N_("it has results but no captures"), []
        return
    captures = {capture["point"]: os.path.join(
        directory, os.path.basename(capture["file"]))
        for capture in record["captures"]}
    checks = judge(experiment, Evidence(captures, record["facts"], tools))
    anew = [check.record() for check in checks]
    if anew != record["checks"]:
        yield N_("the captures give other checks than the report has"), []
    right = bool(checks) and all(check.right for check in checks)
    if right != (record["status"] == results.PASSED):
        yield N_("the checks do not give the result '{0}'"), [record["status"]]
