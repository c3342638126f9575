#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Opens drawings in a browser and tells what is wrong with them.

    look.py DIRECTORY [--dark] FILE...

DIRECTORY is for what the browser needs. Each file gets a script that measures
it: boxes of text that overlap or leave the drawing, type that is too small,
sideways scrolling. It must not complain, a page must have its policy, and
with --dark it must look different to who prefers that. Prints a line for each
file with the number of rows, arrows and crosses; the exit code is 1 where
something is wrong.
"""
import html
import json
import pathlib
import re
import subprocess
import sys

WIDTH, HEIGHT = 1280, 1000

SCRIPT = """<script nonce="look">
addEventListener("load", () => {
  const wrong = [], round = r => [r.left, r.top, r.right, r.bottom].map(
    Math.round).join(",");
  const drawings = [...document.querySelectorAll("svg")].filter(
    svg => svg.getBoundingClientRect().width > 0);
  let rows = 0, arrows = 0, crosses = 0;
  for (const svg of drawings) {
    const frame = svg.getBoundingClientRect();
    const boxes = [...svg.querySelectorAll("text,rect[class^=s]")].map(e => {
      const r = e.getBoundingClientRect();
      /* a line's box is taller than its letters */
      const trim = e.tagName == "text" ? r.height * 0.15 : 0;
      return {left: r.left, right: r.right, top: r.top + trim,
              bottom: r.bottom - trim, text: e.tagName == "text",
              what: e.textContent || e.getAttribute("class"),
              size: parseFloat(getComputedStyle(e).fontSize)};
    }).sort((a, b) => a.top - b.top);
    for (let i = 0; i < boxes.length; i++) {
      const a = boxes[i];
      if (a.text && a.size < 11)
        wrong.push("small type: " + a.what);
      if (a.left < frame.left || a.right > frame.right ||
          a.top < frame.top || a.bottom > frame.bottom)
        wrong.push("outside: " + a.what + " " + round(a));
      for (let n = i + 1; n < boxes.length && boxes[n].top < a.bottom; n++) {
        const b = boxes[n];
        if (a.left < b.right && b.left < a.right && (a.text || b.text))
          wrong.push("overlap: " + a.what + " | " + b.what + " " + round(a));
      }
    }
    rows += svg.querySelectorAll("g.row").length;
    arrows += svg.querySelectorAll("path.head").length;
    crosses += svg.querySelectorAll("path.cross").length;
  }
  if (!drawings.length)
    wrong.push("no drawing");
  for (const e of [document.documentElement,
                   ...document.querySelectorAll("figure,.wide")])
    if (e.scrollWidth > e.clientWidth)
      wrong.push(e.tagName + " scrolls sideways: " + e.scrollWidth);
  document.body.setAttribute("data-look", JSON.stringify({
    wrong: wrong.slice(0, 20), rows, arrows, crosses,
    background: getComputedStyle(drawings[0]).backgroundColor}));
});
</script>"""


def browse(directory, path, *options):
    done = subprocess.run(
        ["chromium", "--headless", "--no-sandbox", "--disable-gpu",
         "--disable-dev-shm-usage", "--enable-logging=stderr",
         f"--user-data-dir={directory}/profile", "--dump-dom",
         f"--window-size={WIDTH},{HEIGHT}", *options, path.as_uri()],
        capture_output=True, text=True, timeout=100)
    if done.returncode:
        raise RuntimeError(done.stderr)
    # the browser's own pages have troubles of their own
    said = [line for line in done.stderr.splitlines()
            if "CONSOLE" in line and "source: chrome" not in line]
    return done.stdout, said


def with_script(path, copy):
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".svg":
        text = f"<!DOCTYPE html><body style='margin:0'>{text}</body>"
    else:
        text, policies = re.subn("default-src 'none';",
                                 "default-src 'none'; script-src 'nonce-look';",
                                 text)
        assert policies == 1, "no policy"
    copy.write_text(text.replace("</body>", SCRIPT + "</body>"),
                    encoding="utf-8")


def measure(directory, copy, scheme):
    dom, said = browse(directory, copy,
                       f"--blink-settings=preferredColorScheme={scheme}")
    seen = json.loads(html.unescape(
        re.search(r'data-look="([^"]*)"', dom).group(1)))
    seen["wrong"] += said
    return seen


def look(directory, path, dark):
    copy = directory / "copy.html"
    with_script(path, copy)
    seen = measure(directory, copy, 1)
    if dark:
        other = measure(directory, copy, 0)
        if other["background"] == seen["background"]:
            other["wrong"].append("light and dark are alike")
        seen["wrong"] += other["wrong"]
    print(f"{path.name}: {seen['rows']} rows, {seen['arrows']} arrows, "
          f"{seen['crosses']} crosses")
    for line in seen["wrong"]:
        print(f"{path.name}: {line}")
    return not seen["wrong"]


def main():
    directory = pathlib.Path(sys.argv[1]).resolve()
    names = [name for name in sys.argv[2:] if name != "--dark"]
    fine = [look(directory, pathlib.Path(name).resolve(),
                 "--dark" in sys.argv) for name in names]
    sys.exit(not all(fine))


if __name__ == "__main__":
    main()
