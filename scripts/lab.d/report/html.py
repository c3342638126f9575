# SPDX-License-Identifier: BSD-2-Clause
"""HTML out of strings. Text becomes safe where it enters."""
from html import escape


class Markup(str):
    """Is HTML already."""


def safe(thing):
    return thing if isinstance(thing, Markup) else escape(str(thing))


def attributes(pairs):
    return "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
        for name, value in pairs.items() if value is not None)


def tag(name, /, *children, **pairs):
    inside = "".join(safe(child) for child in children)
    return Markup(f"<{name}{attributes(pairs)}>{inside}</{name}>")


def void(name, /, **pairs):
    return Markup(f"<{name}{attributes(pairs)}>")


def join(parts, between=""):
    return Markup(safe(between).join(safe(part) for part in parts))


def table(head, rows, **pairs):
    """rows: of cells, each a text or a finished <td>."""
    def cell(thing):
        is_cell = isinstance(thing, Markup) and thing.startswith("<td")
        return thing if is_cell else tag("td", thing)
    return tag(
        "div",
        tag("table",
            tag("thead", tag("tr", *(tag("th", text, scope="col")
                                     for text in head))) if head else "",
            tag("tbody", *(tag("tr", *map(cell, row)) for row in rows)),
            **pairs),
        class_="scroll")
