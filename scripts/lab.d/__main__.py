# SPDX-License-Identifier: BSD-2-Clause
"""The body of scripts/lab, which see: its arguments come here as they are."""
import argparse
import os
import shutil
import signal
import sys
import tempfile
import time

# Until there is something to tidy up, an interrupt ends it without a word.
signal.signal(signal.SIGINT, signal.SIG_DFL)

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import report.page  # noqa: E402
import results  # noqa: E402
import verify  # noqa: E402
import words  # noqa: E402
from experiments import experiments, groups  # noqa: E402
from machine import Machine, Tools  # noqa: E402
from report.parts import STATUS  # noqa: E402
from runner import Runner, machine_facts  # noqa: E402
from words import _, said  # noqa: E402

DONE, FAILED, USAGE, INCOMPLETE = 0, 1, 2, 3


class Failure(Exception):
    """What ends the program with status 1, and why."""


class Parser(argparse.ArgumentParser):
    """Whose errors are one line. --help is the script's."""

    def __init__(self, **options):
        super().__init__(add_help=False, allow_abbrev=False, **options)

    def error(self, message):
        self.exit(USAGE, f"scripts/lab: {message}\n")


def arguments(argv):
    parser = Parser()
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run")
    run.add_argument("names", nargs="*", metavar="NAME")
    run.add_argument("--report", default="lab-report", metavar="DIR")
    run.add_argument("--student", metavar="ID")
    listing = commands.add_parser("list")
    listing.add_argument("--student", metavar="ID")
    check = commands.add_parser("verify")
    check.add_argument("report", metavar="REPORT")
    clean = commands.add_parser("clean")
    clean.add_argument("--report", default="lab-report", metavar="DIR")
    for command in run, listing, check:
        command.add_argument("--lang", choices=words.LANGUAGES, default="en")
    chosen = parser.parse_args(argv)
    if getattr(chosen, "student", None) is not None:
        text = chosen.student
        if not 0 < len(text) <= 64 or not text.isprintable():
            parser.error("--student takes 1 to 64 printable characters, "
                         f"not {text[:64]!r}")
    if chosen.command == "run":
        chosen.chosen = choose(parser, chosen)
    return chosen


def choose(parser, chosen):
    """The experiments of the names; a group's name is all of it."""
    known = experiments(chosen.student)
    by_group = {group.name: [e.name for e in group.experiments]
                for group in groups(chosen.student)}
    names = [name for given in chosen.names or known
             for name in by_group.get(given, [given])]
    for name in names:
        if name not in known:
            parser.error(f"there is no experiment {name!r}; `scripts/lab "
                         "list` names all")
    return [experiment for name, experiment in known.items()
            if name in names]


def say(line):
    """A reader who has gone ends nothing: the report is still written."""
    try:
        print(line, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


# --- run ---------------------------------------------------------------------


def interrupt(*_signal):
    """The first one ends the experiments, the second one the report too; at a
    third nothing is tidied up any more."""
    for number in signal.SIGINT, signal.SIGTERM:
        signal.signal(number, interrupt_again)
    raise KeyboardInterrupt


def interrupt_again(*_signal):
    for number in signal.SIGINT, signal.SIGTERM:
        signal.signal(number, signal.SIG_DFL)
    raise KeyboardInterrupt


def run(chosen, tools):
    target = os.path.abspath(chosen.report)
    refuse_others(target)
    machine = Machine(tools, os.environ.get("LAB_NO_NETWORK"))
    found = results.Results({
        "type": "lab", "version": tools.version(),
        "student": chosen.student, "begun": time.strftime(
            "%Y-%m-%d %H:%M:%S %z"), **machine_facts()})
    begun, complete = time.monotonic(), True
    signal.signal(signal.SIGINT, interrupt)
    signal.signal(signal.SIGTERM, interrupt)
    directory = tempfile.mkdtemp(prefix=".lab-report.",
                                 dir=os.path.dirname(target))
    try:
        try:
            play(chosen.chosen, Runner(tools, machine, directory), found)
        except KeyboardInterrupt:
            complete = False
            print(_("interrupted: writing the report of what is known"),
                  file=sys.stderr)
        found.finish(time.monotonic() - begun, complete)
        found.write(directory)
        report.page.write(results.load(directory), directory, tools,
                          chosen.lang)
        os.chmod(directory, 0o777 & ~umask())
        for number in signal.SIGINT, signal.SIGTERM:
            signal.signal(number, signal.SIG_IGN)  # it is done
        replace(directory, target)
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    return ended(found, chosen.report)


def play(chosen, runner, found):
    for experiment in chosen:
        if sys.stderr.isatty():
            print(f"{_('running')} {experiment.name}", end="\r",
                  file=sys.stderr)
        record = runner.run(experiment)
        found.experiments.append(record)
        if sys.stderr.isatty():
            print("\33[K", end="", file=sys.stderr)
        _name, mark, text = STATUS[record["status"]]
        say(f"{mark} {_(text):<8} {experiment.name:<24} "
            f"{_(experiment.title)}")
        if record["reason"]:
            say("    " + said(**record["reason"]))
        for check in record["checks"]:
            if not check["right"]:
                say("    " + said(check["text"], check["arguments"]) +
                    f": {check['expected']} ≠ {check['seen']}")


def ended(found, shown):
    summary = found.summary
    say("")
    say(_("{0} experiments, {1} checks: {2} passed, {3} failed, {4} not "
          "run, in {5:.0f} s").format(
        summary["experiments"], summary["checks"], summary["passed"],
        summary["failed"], summary["not_run"], summary["elapsed_s"]))
    say(_("the report: {0}").format(os.path.join(shown, "index.html")))
    if summary["failed"]:
        return FAILED
    if summary["not_run"] or not summary["complete"]:
        return INCOMPLETE
    return DONE


def umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


def is_report(directory):
    return os.path.exists(os.path.join(directory, results.NAME))


def refuse_others(target):
    """Only a report is ever replaced."""
    if os.path.lexists(target) and not (
            os.path.isdir(target) and not os.path.islink(target) and
            (is_report(target) or not os.listdir(target))):
        raise Failure(f"{target} is there and is no report: --report DIR "
                      "names another place")
    if not os.access(os.path.dirname(target), os.W_OK):
        raise Failure(f"cannot write to {os.path.dirname(target)}: --report "
                      "DIR names another place")


def replace(directory, target):
    """The new report takes the place of the old one, whole. Another run may
    do the same at this moment: the last one stays."""
    for _attempt in range(100):
        try:
            os.rename(directory, target)
            return
        except OSError:
            pass
        old = tempfile.mkdtemp(prefix=".lab-report.old.",
                               dir=os.path.dirname(target))
        try:
            os.rename(target, old)
        except FileNotFoundError:
            pass
        shutil.rmtree(old, ignore_errors=True)
    raise Failure(f"cannot put the report to {target}")


# --- the other commands ------------------------------------------------------


def show_list(chosen, _tools):
    for group in groups(chosen.student):
        say(f"{group.name}: {_(group.title)}")
        for experiment in group.experiments:
            say(f"  {experiment.name:<24} {_(experiment.title)}")
    return DONE


def show_verify(chosen, tools):
    try:
        faults = list(verify.faults(chosen.report, tools))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Failure(f"{chosen.report}: {error}") from None
    for fault in faults:
        say(fault)
    if faults:
        say(_("{0} does not hold together").format(chosen.report))
        return FAILED
    say(_("{0}: every capture is as it was taken, and every check comes out "
          "again").format(chosen.report))
    say(_(report.page.HONESTY))
    return DONE


def clean(chosen, _tools):
    """The report, and what a run that was killed may have left."""
    target = os.path.abspath(chosen.report)
    if os.path.lexists(target):
        refuse_others(target)
        shutil.rmtree(target)
    parent = os.path.dirname(target)
    for name in os.listdir(parent):
        if name.startswith(".lab-report."):
            shutil.rmtree(os.path.join(parent, name))
    return DONE


def main():
    chosen = arguments(sys.argv[1:])
    if os.environ.get("LAB_ONLY_ARGUMENTS"):
        return DONE
    tools = Tools(os.path.dirname(os.path.dirname(HERE)),
                  os.environ.get("LAB_BUILD", ""))
    commands = {"run": run, "list": show_list, "verify": show_verify,
                "clean": clean}
    try:
        words.use(getattr(chosen, "lang", "en"), tools.localedir)
        return commands[chosen.command](chosen, tools)
    except FileNotFoundError as error:
        if "translation" not in str(error):
            raise
        print("scripts/lab: no Chinese texts in this build", file=sys.stderr)
    except Failure as failure:
        print(f"scripts/lab: {failure}", file=sys.stderr)
    except KeyboardInterrupt:
        return INCOMPLETE
    return FAILED


sys.exit(main())
