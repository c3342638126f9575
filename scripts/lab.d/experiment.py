# SPDX-License-Identifier: BSD-2-Clause
"""An experiment: question, prediction, run, checks. Sentences are marked with
N_() and stay English in results.ndjson; the page says them in its language."""
from host import Trouble
from words import N_, _


class Missing(Exception):
    """This machine cannot make the experiment: why, and what to do."""

    def __init__(self, text, *arguments):
        super().__init__(text.format(*arguments) if arguments else text)
        self.text, self.arguments = text, list(arguments)


class Check:
    """One claim: what was expected and what was seen."""

    def __init__(self, text, arguments, expected, seen, right):
        self.text, self.arguments = text, list(arguments)
        self.expected, self.seen, self.right = expected, seen, right

    def record(self):
        return {"text": self.text, "arguments": self.arguments,
                "expected": self.expected, "seen": self.seen,
                "right": self.right}


def equal(text, expected, seen, *arguments):
    return Check(text, arguments, expected, seen, expected == seen)


def at_least(text, expected, seen, *arguments):
    return Check(text, arguments, f"≥ {expected}", seen, seen >= expected)


def at_most(text, expected, seen, *arguments):
    return Check(text, arguments, f"≤ {expected}", seen, seen <= expected)


class Experiment:
    """A class or an instance each. run() plays it on a stage and notes facts;
    check() yields checks out of the evidence alone."""
    name = title = question = prediction = ""
    network = "pair"
    needs = ()        # of machine.py, beside namespaces and synflow
    points = ("client",)
    ladder = True     # whether its conversations are drawn
    table = False     # whether the table of its packets is open at once
    snap = ()         # options of synflow
    attempts = 2      # a flooded machine drops packets; the page tells
    figure = None     # of report/, beside the drawing

    def run(self, stage):
        raise NotImplementedError

    def check(self, evidence):
        raise NotImplementedError

    def predicted(self):
        """The prediction in the reader's language."""
        return _(self.prediction)

    def prepare(self, stage):
        """Before anything is captured."""


def play(experiment, stage):
    """Runs it with its captures armed."""
    experiment.prepare(stage)
    for point in experiment.points:
        stage.capture(point, options=experiment.snap)
    stage.count()
    experiment.run(stage)
    stage.finish()


def judge(experiment, evidence):
    """Its checks; one that cannot be made is a wrong one."""
    checks = []
    try:
        for check in experiment.check(evidence):
            checks.append(check)
    except (LookupError, ValueError, TypeError) as error:
        checks.append(Check(N_("the captures hold what the checks look for"),
                            [], True, repr(error), False))
    return checks


__all__ = ["Check", "Experiment", "Missing", "Trouble", "at_least", "at_most",
           "equal", "judge", "play"]
