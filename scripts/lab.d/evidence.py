# SPDX-License-Identifier: BSD-2-Clause
"""What the captures of an experiment say, read back by synflow."""
import json
import subprocess


class Evidence:
    """captures: {point: path}; facts: what was noted besides. Checks look at
    nothing else, so that they can be made again from a report."""

    def __init__(self, captures, facts, tools):
        self.captures, self.facts, self.tools = captures, facts, tools
        self.points = list(captures)
        self.read = {}

    def records(self, view, point=None, lang="en"):
        """Of that point, or of the first one."""
        point = point or self.points[0]
        key = view, point, lang
        if key not in self.read:
            self.read[key] = self.synflow([self.captures[point]], view,
                                          lang)
        return self.read[key]

    def synflow(self, files, view, lang):
        command = ["synflow", "-q", "--view", view, "-o", "ndjson",
                   *(f"--read={file}" for file in files),
                   *self.tools.lang(lang)]
        said = subprocess.run(command, env=self.tools.environment, check=True,
                              stdout=subprocess.PIPE, text=True).stdout
        return [json.loads(line) for line in said.splitlines()]

    def some(self, kind, view, point, match):
        return [record for record in self.records(view, point)
                if record["type"] == kind and
                all(record.get(key) == value for key, value in match.items())]

    def segments(self, point=None, **match):
        return self.some("segment", "ladder", point, match)

    def resets(self, point=None, **match):
        """The segments with RST, each with its 'reset'."""
        return [record for record in self.some("segment", "resets", point,
                                               match) if "reset" in record]

    def writes(self, point=None, **match):
        return self.some("write", "segments", point, match)

    def datagrams(self, point=None, **match):
        return self.some("datagram", "segments", point, match)

    def icmp(self, point=None, **match):
        return self.some("icmp", "segments", point, match)

    def conversations(self, point=None, **match):
        return self.some("conversation", "conversations", point, match)

    def paired(self):
        """Both ends' captures as one: 'pair' records, and their summary."""
        if "paired" not in self.read:
            self.read["paired"] = self.synflow(
                [self.captures[point] for point in self.points], "ladder",
                "en")
        return self.read["paired"]

    def counted(self, host, name):
        """How much a counter of the host's kernel has grown."""
        before, after = self.facts["counters"][host].get(name, (0, 0))
        return after - before


def cut(write):
    """[1448, 1448, 38]: the segments of a write."""
    return [run["bytes"] for run in write["cut"]
            for _n in range(run["segments"])]
