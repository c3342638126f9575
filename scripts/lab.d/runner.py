# SPDX-License-Identifier: BSD-2-Clause
"""Plays experiments one after the other and writes down what came of them."""
import os
import time

import results
from evidence import Evidence
from experiment import Missing, Trouble, judge, play
from stage import Stage


def reason(error):
    return {"text": error.text, "arguments": error.arguments}


class Runner:
    def __init__(self, tools, machine, directory):
        self.tools, self.machine = tools, machine
        self.directory = directory

    def run(self, experiment):
        """The record of the experiment. Never raises but KeyboardInterrupt."""
        begun = time.monotonic()
        record = {"type": "experiment", "name": experiment.name,
                  "status": results.NOT_RUN, "reason": None, "checks": [],
                  "captures": [], "facts": {}, "steps": [], "earlier": []}
        try:
            self.machine.check(experiment)
            for attempt in range(experiment.attempts):
                self.attempt(experiment, record, attempt)
                if record["status"] == results.PASSED:
                    break
                record["earlier"].append({
                    "reason": record["reason"], "checks": [
                        c for c in record["checks"] if not c["right"]]})
            else:
                record["earlier"].pop()
        except Missing as missing:
            record.update(status=results.NOT_RUN, reason=reason(missing))
        record["elapsed_s"] = round(time.monotonic() - begun, 2)
        return record

    def attempt(self, experiment, record, number):
        record.update(status=results.FAILED, reason=None, checks=[],
                      captures=[], facts={})
        try:
            self.play(experiment, record, number)
        except Trouble as trouble:
            record["reason"] = reason(trouble)

    def play(self, experiment, record, attempt):
        with Stage(self.tools, self.directory, experiment.name) as stage:
            stage.attempt = attempt
            stage.make(experiment.network)
            try:
                play(experiment, stage)
            finally:
                record["steps"] = [step.record() for step in stage.steps]
                record["facts"] = stage.facts
            captures = {point: capture.file
                        for point, capture in stage.captures.items()}
        self.note(experiment, record, captures)

    def note(self, experiment, record, captures):
        record["captures"] = [
            {"point": point, "file": os.path.basename(file),
             "sha256": results.sha256(file)}
            for point, file in captures.items()]
        evidence = Evidence(captures, record["facts"], self.tools)
        checks = judge(experiment, evidence)
        record["checks"] = [check.record() for check in checks]
        right = checks and all(check.right for check in checks)
        record["status"] = results.PASSED if right else results.FAILED


def machine_facts():
    """What a reader of the report wants to know of where it was made."""
    system = os.uname()
    return {"kernel": f"{system.sysname} {system.release}",
            "machine": system.machine, "user": os.environ.get("LAB_USER")}
