# SPDX-License-Identifier: BSD-2-Clause
"""The conversations of an experiment, drawn by synflow."""
import subprocess

from report.html import tag


def drawing(evidence, lang):
    files = [word for point in evidence.points
             for word in ("-r", evidence.captures[point])]
    said = subprocess.run(
        ["synflow", "-q", "--view", "ladder", *files[:2],
         *evidence.tools.lang(lang)],
        env=evidence.tools.environment, check=True, text=True,
        stdout=subprocess.PIPE).stdout
    return tag("pre", said, class_="ladder", tabindex="0")
