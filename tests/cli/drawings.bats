# SPDX-License-Identifier: BSD-2-Clause
# Drawings as files; tests/browser looks at them.
# shellcheck disable=SC2154
bats_require_minimum_version 1.5.0

setup() {
  golden=$top_srcdir/tests/golden
  chat=$golden/chat.pcapng
  pair=(-r "$golden/pairs/bad.client.pcapng" -r "$golden/pairs/bad.server.pcapng")
  cd "$BATS_TEST_TMPDIR" || return
}

# refused WORDS ARGUMENT...: exit 2, one line with the words
refused() {
  local words=$1
  shift
  run -2 --separate-stderr "$SYNFLOW" "$@"
  echo "$stderr"
  [[ $stderr == *"$words"* && ${#stderr_lines[@]} = 1 && -z $output ]]
}

@test "every SVG is well-formed and has a row for each row of the ladder" {
  command -v python3 >/dev/null || skip "python3 is missing"
  local name
  for name in "$golden"/*.pcapng; do
    "$SYNFLOW" -r "$name" -o svg -v >"$(basename "$name").svg"
    "$SYNFLOW" -r "$name" --view ladder | grep -c '^ *[0-9]*\.[0-9]\{6\} ' \
      >"$(basename "$name").svg.rows" || :
  done
  "$SYNFLOW" "${pair[@]}" -o svg:pair.svg
  python3 - ./*.svg <<'END'
import pathlib
import sys
import xml.etree.ElementTree as xml
for name in sys.argv[1:]:
    root = xml.parse(name).getroot()
    tags = [element.tag.split("}")[1] for element in root.iter()]
    assert root.tag == "{http://www.w3.org/2000/svg}svg", name
    assert {"script", "image", "a", "foreignObject"}.isdisjoint(tags), name
    rows = pathlib.Path(name + ".rows")
    if rows.exists():
        drawn = [g for g in root.iter() if g.get("class") == "row"]
        assert len(drawn) == int(rows.read_text()), (name, len(drawn))
END
}

@test "a page is whole, and asks for nothing" {
  command -v python3 >/dev/null || skip "python3 is missing"
  "$SYNFLOW" -r "$golden/rejected.pcapng" -o html:one.html
  "$SYNFLOW" "${pair[@]}" -o html:two.html
  python3 - one.html two.html <<'END'
import html.parser
import sys
VOID = {"meta", "br"}


class Page(html.parser.HTMLParser):
    open = []

    def handle_starttag(self, tag, attributes):
        assert tag not in {"script", "link", "img", "iframe"}, tag
        for name, value in attributes:
            assert not name.startswith("on"), name
            if name in {"href", "src"}:
                assert value.startswith("#"), value
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag, self.getpos()


for name in sys.argv[1:]:
    text = open(name, encoding="utf-8").read()
    page = Page()
    page.feed(text)
    assert not page.open, page.open
    assert "default-src 'none'" in text
    assert "url(" not in text and "@import" not in text
END
}

@test "a name from outside stays text" {
  name=$'<script>alert(1)<\x1b[31m&"\'.pcapng'
  cp "$chat" "${name/\//}"
  "$SYNFLOW" -r "${name/\//}" -o svg:a.svg -o html:a.html
  grep -qF '&lt;script&gt;alert(1)&lt;\x1b[31m&amp;&quot;&#39;.pcapng' a.svg
  grep -qF '&lt;script&gt;alert(1)&lt;\x1b[31m&amp;&quot;&#39;.pcapng' a.html
  run ! grep -q '<script' a.svg a.html
}

@test "a picture is of ladders" {
  refused '--view segments with a picture' -r "$chat" -o svg --view segments
  refused '--view resets with a picture' -r "$chat" --view resets -o html:x
  [ ! -e x ]
  "$SYNFLOW" -r "$chat" -o svg:a.svg -o text:a.txt
  grep -q SYN_SENT a.txt
}

@test "two captures: what does not go with them" {
  refused '--view conversations with two' "${pair[@]}" --view conversations
  refused '--write with two captures' "${pair[@]}" -w x.pcapng
  refused 'the same capture twice' -r "$chat" -r "$chat"
  refused 'one file, or two' "${pair[@]}" -r "$chat"
  refused '"tcp prot 80"' "${pair[@]}" tcp prot 80
  run -1 --separate-stderr "$SYNFLOW" -r "$chat" -r nosuch.pcap
  [[ $stderr == *'"nosuch.pcap": No such file'* ]]
}

@test "two captures: filters, streams and damage" {
  [ "$("$SYNFLOW" "${pair[@]}" -o ndjson 'tcp[13] & 2 != 0' |
    grep -c '"type":"pair"')" = 2 ]
  "$SYNFLOW" "${pair[@]}" -o ndjson --stream 0 >one
  "$SYNFLOW" "${pair[@]}" -o ndjson | diff one -
  [ "$("$SYNFLOW" "${pair[@]}" -o ndjson --stream 7 | wc -l)" = 2 ]
  head -c -301 "$golden/pairs/bad.server.pcapng" >cut.pcapng
  run -3 --separate-stderr "$SYNFLOW" -r "$golden/pairs/bad.client.pcapng" \
    -r cut.pcapng -o ndjson
  [[ $stderr == *'cut.pcapng"'*'frame'* ]]
  [[ ${lines[-1]} == *'"complete":false}' ]]
  [[ $output == *'"fate":"arrived"'* ]]
}

@test "a disk that is full" {
  for format in svg html; do
    run -1 --separate-stderr "$SYNFLOW" -r "$chat" -o $format:/dev/full
    [[ $stderr == *'No space left'* ]]
    run -1 --separate-stderr "$SYNFLOW" "${pair[@]}" -o $format:/dev/full
    [[ $stderr == *'No space left'* ]]
  done
}
