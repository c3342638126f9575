# SPDX-License-Identifier: BSD-2-Clause
"""Pictures that synflow does not draw: the map of the ports, the comparison
of two scans, a segment byte by byte."""
import frames
from evidence import cut
from experiments.anatomy import PORT, segments, with_data
from report.html import Markup, join, table, tag
from report.parts import compact
from stage import CLIENT, CLIENT6
from words import N_, _

SIDE = 256
STATES = {"open": N_("open"), "closed": N_("closed"),
          "filtered": N_("filtered"), "unasked": N_("not scanned")}


def rows_of(found):
    """Each run cut where a row of the map ends: (first, last, what)."""
    for first, last, *what in found:
        while first <= last:
            end = min(last, first // SIDE * SIDE + SIDE - 1)
            yield first, end, what
            first = end + 1


def cell(first, last, what):
    ports = str(first) if first == last else f"{first}–{last}"
    state, *reason = what
    text = " · ".join([ports, _(STATES[state]), *reason])
    return tag("rect", tag("title", text), class_=f"port {state}",
               x=first % SIDE, y=first // SIDE, width=last - first + 1,
               height=1)


def port_map(evidence):
    """256 x 256: port 0 at the top left, 65535 at the bottom right."""
    found = [[0, 0, "unasked"], *evidence.facts["verdicts"]]
    counts = dict.fromkeys(STATES, 0)
    for first, last, state, *_reason in found:
        counts[state] += last - first + 1
    rings = [tag("circle", cx=first % SIDE + 0.5, cy=first // SIDE + 0.5,
                 r=2.5, class_="ring")
             for first, last, state, *_reason in found if state == "open"]
    marks = [tag("text", str(port), x=-4, y=port // SIDE + 3, class_="axis")
             for port in range(0, 65536, 8192)]
    picture = tag("svg", *(cell(*run) for run in rows_of(found)), *rings,
                  *marks, viewBox=f"-26 -4 {SIDE + 30} {SIDE + 8}",
                  class_="map", role="img", aria_label=_("map of all ports"))
    legend = [tag("li", tag("span", class_=f"key {state}"),
                  f"{_(name)}: {counts[state]:,}")
              for state, name in STATES.items()]
    note = _("Each row has 256 ports, port 0 at the top left and 65535 at the "
             "bottom right. Point at a place to see its ports.")
    return tag("figure", picture, tag("figcaption", tag(
        "ul", *legend, class_="legend"), tag("p", note)), class_="ports")


def bars(title, values, show):
    """One measure, a bar for each scan."""
    most = max(value for _name, value in values) or 1
    rows = [tag("div", tag("span", name, class_="who"),
                tag("span", tag("span", style=f"width:{value / most:.1%}",
                                class_=f"bar {'ab'[n]}"), class_="room"),
                tag("span", show(value), class_="value"), class_="row")
            for n, (name, value) in enumerate(values)]
    return tag("div", tag("h5", title), *rows, class_="measure")


def comparison(scans):
    """scans: [(name, {packets, bytes, handshakes, seconds})]"""
    measures = [
        (N_("time, in seconds"), "seconds", "{:.2f}".format),
        (N_("packets on the wire"), "packets", "{:,}".format),
        (N_("bytes on the wire"), "bytes", "{:,}".format),
        (N_("completed handshakes, which the application sees"),
         "handshakes", "{:,}".format)]
    return tag("figure", *(
        bars(_(title), [(name, values[key]) for name, values in scans], show)
        for title, key, show in measures), class_="comparison")


def hexadecimal(segment):
    """The bytes, each field with its layer's colour and its name to hover."""
    parts = []
    for at, size, layer, name, _value in segment.fields():
        text = segment.frame[at:at + size].hex(" ")
        parts.append(tag("span", text, class_=f"layer {layer.lower()}",
                         title=f"{layer}: {_(name)}"))
    return tag("pre", join(parts, " "), class_="bytes")


def words_of(data):
    return " + ".join(data[at:at + 2].hex().ljust(4, "0")
                      for at in range(0, len(data), 2))


def arithmetic(segment):
    """The checksum of TCP, step by step."""
    total = frames.add(segment.pseudo_header() + segment.tcp[:16] + b"\0\0" +
                       segment.tcp[18:])
    return tag("ol", *(tag("li", text, " ", tag("code", numbers))
                       for text, numbers in (
        (_("pseudo-header: both addresses, a zero, the protocol, the length "
           "of TCP"), words_of(segment.pseudo_header())),
        (_("its sum, carries added"), f"{segment.pseudo_sum():04x}"),
        (_("with all of TCP, the checksum as zero"), f"{total:04x}"),
        (_("complement: the checksum"), f"{total ^ 0xffff:04x}"),
        (_("in the segment"), f"{segment.checksum:04x}"))))


def anatomy(evidence):
    segment = with_data(evidence, PORT)
    fields = [(at, size, tag("td", layer, class_=f"layer {layer.lower()}"),
               _(name), tag("td", tag("code", value)))
              for at, size, layer, name, value in segment.fields()]
    three = [segment, with_data(evidence, PORT + 1),
             next(s for s in segments(evidence) if s.dest == 9)]
    verdicts = [(text, *(tag("td", tag("code", f"{number:04x}"))
                         for number in (s.checksum, s.right_checksum(),
                                        s.pseudo_sum())), _(s.verdict()))
                for text, s in zip((_("computed by the kernel (tx off)"),
                                    _("left to the device (tx on)"),
                                    _("made wrong on purpose")), three)]
    return join([
        hexadecimal(segment),
        table([_("offset"), _("bytes"), _("layer"), _("field"), _("value")],
              fields),
        tag("h4", _("The checksum of TCP")), arithmetic(segment),
        table([_("segment"), _("its checksum"), _("right"),
               _("sum of the pseudo-header"), _("so it is")], verdicts)])


def comparison_of(records, evidences):
    """Of the two IPv4 scans, as far as both were run; else nothing."""
    from experiments.scan import facts_of_wire
    scans = []
    for name, title in (("scan-connect", "connect"), ("scan-syn", "SYN")):
        if name not in evidences or "summary" not in records[name]["facts"]:
            return Markup("")
        wire = facts_of_wire(evidences[name])
        wire["seconds"] = records[name]["facts"]["summary"]["elapsed_s"]
        scans.append((title, wire))
    return comparison(scans)


def stack(title, parts):
    """Bytes side by side, true to scale; numbers where they have room."""
    whole = sum(parts)
    blocks = [tag("span", str(part) if part * 24 > whole else "",
                  style=f"flex-grow:{part}",
                  title=_("{0} of {1} bytes").format(part, whole))
              for part in parts]
    return tag("div", tag("h5", title, " = ", compact(parts, " + ")),
               tag("div", *blocks, class_="stack"))


def pieces(evidence):
    """How writes and datagrams were cut, as captured."""
    drawn = [(_("one write of {0} bytes").format(write["bytes"]), cut(write))
             for write in evidence.writes()]
    for datagram in evidence.datagrams():
        if datagram.get("fragments") and "len" in datagram and \
                datagram["source"].startswith((CLIENT + ":", f"[{CLIENT6}]")):
            drawn.append((_("one datagram: {0} bytes + 8 of UDP header")
                          .format(datagram["len"]),
                          [part["len"] for part in datagram["fragments"]]))
    return tag("figure", *(stack(*one) for one in drawn),
               class_="pieces") if drawn else Markup("")


FIGURES = {"map": port_map, "anatomy": anatomy, "pieces": pieces}
