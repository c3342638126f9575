#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What a report's page says of one capture's TCP segments, as a reader sees it:

    tables.py PAGE EXPERIMENT.POINT

prints frame, seq, raw seq, ack, raw ack, length and window of each row; "-" for
what a row leaves out."""
import re
import sys
from html.parser import HTMLParser

TCP_CELLS = 9  # rows of UDP and ICMP have fewer


class Tables(HTMLParser):
    """tables: of each article its packet tables: rows: cells: words."""

    def __init__(self):
        super().__init__()
        self.tables, self.article, self.inside = {}, None, False

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "article":
            self.article = self.tables[attrs["id"]] = []
        elif tag == "table":
            self.inside = attrs.get("class") == "packets"
            if self.inside:
                self.article.append([])
        elif self.inside and tag == "tr":
            self.article[-1].append([])
        elif self.inside and tag == "td":
            self.article[-1][-1].append([])

    def handle_endtag(self, tag):
        if tag == "table":
            self.inside = False

    def handle_data(self, data):
        if self.inside and self.article[-1] and self.article[-1][-1]:
            self.article[-1][-1][-1].append(data)


def main():
    page, capture = sys.argv[1:]
    name, point = capture.rsplit(".", 1)
    found = Tables()
    with open(page, encoding="utf-8") as file:
        text = file.read()
    found.feed(text)
    points = re.findall(rf'href="{re.escape(name)}\.(\w+)\.pcapng"', text)
    for row in found.tables[name][points.index(point)]:
        if len(row) == TCP_CELLS:
            frame, _ms, _from, _flags, seq, ack, length, window, _why = row
            print(*frame, *seq, *(ack or "--"), *length, *window)


if __name__ == "__main__":
    main()
