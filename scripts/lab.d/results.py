# SPDX-License-Identifier: BSD-2-Clause
"""results.ndjson: what a run of the lab found, one object a line.

    lab         first: version, kernel, student, when
    experiment  one each: status, reason, steps, facts, captures, checks, and
                what was wrong in earlier attempts
    summary     last
"""
import hashlib
import json
import os

NAME = "results.ndjson"
PASSED, FAILED, NOT_RUN = "passed", "failed", "not run"


def sha256(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class Results:
    def __init__(self, lab, experiments=(), summary=None):
        self.lab, self.summary = lab, summary
        self.experiments = list(experiments)

    def count(self, status):
        return sum(e["status"] == status for e in self.experiments)

    def finish(self, elapsed_s, complete):
        self.summary = {
            "type": "summary", "experiments": len(self.experiments),
            "passed": self.count(PASSED), "failed": self.count(FAILED),
            "not_run": self.count(NOT_RUN), "checks": sum(
                len(e["checks"]) for e in self.experiments),
            "elapsed_s": round(elapsed_s, 1), "complete": complete}

    def write(self, directory):
        with open(os.path.join(directory, NAME), "w",
                  encoding="utf-8") as file:
            for record in [self.lab, *self.experiments, self.summary]:
                json.dump(record, file, ensure_ascii=False)
                file.write("\n")


def load(directory):
    """Raises OSError, or ValueError where it is no results file."""
    with open(os.path.join(directory, NAME), encoding="utf-8") as file:
        records = [json.loads(line) for line in file]
    kinds = [record["type"] for record in records]
    if kinds[:1] != ["lab"] or kinds[-1:] != ["summary"] or \
            set(kinds[1:-1]) - {"experiment"}:
        raise ValueError(f"{directory}/{NAME} is not what scripts/lab writes")
    return Results(records[0], records[1:-1], records[-1])
