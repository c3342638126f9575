#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Sentences in English that a page in Chinese still shows, a line each; none
and 0 where there is none. What stands in an element of lang="en" is quoted:
the words of programs."""
import re
import sys
from html.parser import HTMLParser

VOID = {"meta", "br", "link"}
# Four words in a row; names and numbers are no words, nor are bytes.
SENTENCE = re.compile(r"(?<![\w.])(?:[A-Za-z]?[a-z']{2,}[,;:]? ){3,}[a-z']{2,}")
BYTES = re.compile(r"(?:[a-f]{2} )+[a-f]{2}")


class Page(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.found = [], set()

    def quoted(self):
        return any(quoted for _name, quoted in self.open)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if not self.quoted():
            for name in "title", "aria-label":
                self.look(attrs.get(name) or "")
        if tag not in VOID:
            quoted = attrs.get("lang") == "en" and tag != "html"
            self.open.append((tag, quoted or tag in ("style", "script")))

    def handle_endtag(self, tag):
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data):
        if not self.quoted():
            self.look(data)

    def look(self, text):
        self.found.update(found for found in SENTENCE.findall(text)
                          if not BYTES.fullmatch(found))


def main():
    page = Page()
    with open(sys.argv[1], encoding="utf-8") as file:
        page.feed(file.read())
    for sentence in sorted(page.found):
        print(sentence)
    return 1 if page.found else 0


if __name__ == "__main__":
    sys.exit(main())
