# SPDX-License-Identifier: BSD-2-Clause
"""The conversations of an experiment, drawn by synflow."""
import os
import re
import subprocess

from report.html import Markup, tag

STYLE = re.compile(r"<style>.*?</style>", re.DOTALL)


class Ladders:
    """Their style sheet is the same in all: the page has it once."""

    def __init__(self, tools, lang):
        self.tools, self.lang, self.styled = tools, lang, False

    def drawing(self, evidence):
        """A figure, or nothing where there is no TCP to draw."""
        if not evidence.segments():
            return Markup("")
        # The drawing names its files: as they are named in the report.
        where = os.path.dirname(evidence.captures[evidence.points[0]])
        files = [word for point in evidence.points
                 for word in ("-r",
                              os.path.basename(evidence.captures[point]))]
        drawn = subprocess.run(
            ["synflow", "-q", "--view", "ladder", "-o", "svg", *files,
             *self.tools.lang(self.lang)],
            env=self.tools.environment, check=False, text=True,
            capture_output=True, cwd=where or ".")
        if drawn.returncode:
            return tag("p", drawn.stderr, class_="reason")
        drawing = STYLE.sub("", drawn.stdout) if self.styled else drawn.stdout
        self.styled = True
        return tag("figure", Markup(drawing), class_="ladder", tabindex="0")
