# SPDX-License-Identifier: BSD-2-Clause
"""A host in a network namespace, and what runs on it. All that a student
could type there is kept as a step of the experiment, with what came of it."""
import os
import select
import signal
import subprocess
import time

from words import N_

PATIENCE_S = 20


class Trouble(Exception):
    """The experiment could not be made as it is written."""

    def __init__(self, text, *arguments):
        super().__init__(text.format(*arguments) if arguments else text)
        self.text, self.arguments = text, list(arguments)


def until(condition, what, seconds=PATIENCE_S, every=0.002):
    """The first true result of condition()."""
    deadline = time.monotonic() + seconds
    while not (result := condition()):
        if time.monotonic() > deadline:
            raise Trouble(N_("gave up waiting for {0}"), what)
        time.sleep(every)
    return result


class Step:
    """A line that was typed on a host, and what it said."""

    def __init__(self, host, typed, prompt="$"):
        self.host, self.typed, self.prompt = host, typed, prompt
        self.said, self.status = "", None

    def record(self):
        return {"host": self.host, "prompt": self.prompt, "typed": self.typed,
                "said": self.said, "status": self.status}


class Process:
    """A command in the background; its output is in a file."""

    def __init__(self, host, step, output):
        self.step, self.output = step, output
        self.host = host
        with open(output, "wb") as file:
            self.popen = subprocess.Popen(
                host.argv(step.typed), stdin=subprocess.PIPE, stdout=file,
                stderr=subprocess.STDOUT, start_new_session=True,
                env=host.environment)

    def said(self):
        with open(self.output, encoding="utf-8", errors="replace") as file:
            self.step.said = file.read()
        return self.step.said

    def wait_for(self, text):
        """Until it has said the text."""
        def has_said():
            return text in self.said() or self.popen.poll() is not None
        until(has_said, text)
        if text not in self.said():
            raise Trouble("{0}: {1}", self.step.typed,
                          self.step.said.strip())

    def type(self, line):
        """Into the program."""
        self.host.step(line, prompt="«")
        self.popen.stdin.write(line.encode() + b"\n")
        self.popen.stdin.flush()

    def end(self, seconds=PATIENCE_S):
        """Waits for its end; the status."""
        try:
            self.step.status = self.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Trouble(N_("does not end: {0}"), self.step.typed) from None
        self.said()
        return self.step.status

    def interrupt(self):
        os.killpg(self.popen.pid, signal.SIGINT)
        return self.end()

    def kill(self):
        if self.popen.poll() is None:
            os.killpg(self.popen.pid, signal.SIGKILL)
            self.popen.wait()
        if self.popen.stdin:
            self.popen.stdin.close()


class Console:
    """oddsocket on a host: one call a line, one answer a line."""

    def __init__(self, host):
        self.host, self.buffer, self.waits = host, b"", []
        self.popen = subprocess.Popen(
            host.argv("oddsocket"), stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, start_new_session=True,
            env=host.environment)

    def begin(self, *calls):
        """Says the calls and does not wait for an answer."""
        self.waits += [self.host.step(call, prompt=">") for call in calls]
        self.popen.stdin.write(("\n".join(calls) + "\n").encode())
        self.popen.stdin.flush()

    def answer(self, seconds=PATIENCE_S):
        """Of the oldest call without one: what stands behind the '='."""
        deadline = time.monotonic() + seconds
        step = self.waits.pop(0)
        while b"\n" not in self.buffer:
            left = max(0, deadline - time.monotonic())
            if not select.select([self.popen.stdout], [], [], left)[0]:
                raise Trouble(N_("no answer: {0}"), step.typed)
            more = os.read(self.popen.stdout.fileno(), 65536)
            if not more:
                raise Trouble(N_("oddsocket ended at: {0}"), step.typed)
            self.buffer += more
        line, self.buffer = self.buffer.split(b"\n", 1)
        step.said = line.decode().partition(" = ")[2]
        return step.said

    def has_answer(self):
        """Whether answer() would not wait."""
        return bool(select.select([self.popen.stdout], [], [], 0)[0])

    def call(self, call):
        """Its result as a word: '14', '0', 'ECONNRESET'."""
        self.begin(call)
        return result(self.answer())

    def ok(self, call):
        """A call that has to succeed; all of its answer."""
        self.begin(call)
        said = self.answer()
        if said.startswith("-1"):
            raise Trouble("{0} = {1}", call, said)
        return said

    def kill(self):
        if self.popen.poll() is None:
            os.killpg(self.popen.pid, signal.SIGKILL)
            self.popen.wait()
        self.popen.stdin.close()
        self.popen.stdout.close()


def result(said):
    """'-1 EPIPE, 0.1 ms' is EPIPE, '14 "abc", 0.1 ms' is 14."""
    words = said.replace(",", " ").split()
    return words[1] if words[0] == "-1" else words[0]


class Host:
    def __init__(self, name, stage):
        self.name, self.stage = name, stage
        self.environment = stage.environment

    def argv(self, command):
        return ["ip", "netns", "exec", self.name, "bash", "-c", command]

    def step(self, typed, prompt="$"):
        step = Step(self.name, typed, prompt)
        self.stage.steps.append(step)
        return step

    def quietly(self, command, check=True):
        """What the lab looks up for itself: no step. Returns the output."""
        done = subprocess.run(
            self.argv(command), capture_output=True, text=True, timeout=60,
            errors="replace", check=False, env=self.environment)
        if check and done.returncode:
            raise Trouble("{0}: {1}", command, done.stderr.strip())
        return done.stdout

    def run(self, command, accept=(0,), seconds=PATIENCE_S):
        """Types it, waits for its end; returns the step."""
        step = self.step(command)
        process = self.stage.keep(Process(self, step, self.stage.output()))
        process.popen.stdin.close()
        process.popen.stdin = None
        process.end(seconds)
        if accept is not None and step.status not in accept:
            raise Trouble("{0}: {1}", command, step.said.strip())
        return step

    def start(self, command):
        """Types it and leaves it running."""
        return self.stage.keep(
            Process(self, self.step(command), self.stage.output()))

    def socket(self):
        return self.stage.keep(Console(self))

    def firewall(self, rule, hook="input"):
        self.run(f"nft 'table inet lab {{ chain {hook} {{ "
                 f"type filter hook {hook} priority 0; {rule}; }}; }}'")

    def firewall_off(self):
        self.run("nft delete table inet lab")

    def acknowledged(self):
        """Until nothing that it has sent waits for an acknowledgement."""
        until(lambda: all(line.split()[2] == "0" for line in self.quietly(
            "ss -tnH").splitlines()), N_("the last acknowledgement"))

    def counters(self):
        """{'Tcp.OutRsts': 1, ...} of its kernel."""
        values = {}
        lines = self.quietly(
            "cat /proc/net/snmp /proc/net/netstat").splitlines()
        for names, numbers in zip(lines[::2], lines[1::2]):
            kind, *names = names.split()
            for name, number in zip(names, numbers.split()[1:]):
                values[kind.rstrip(":") + "." + name] = int(number)
        return values
