#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""A lab report as a browser shows it.

    browser.py REPORT [PICTURES]    checks it; screenshots into a directory

Headless Chromium, by plain HTTP to chromedriver. Prints what is wrong, a line
each, and ends with 1; nothing and 0 where all is right.
"""
import base64
import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.request

WIDTHS = (1280, 400)  # the window itself does not go below 500
PATIENCE_S = 60


class Browser:
    def __init__(self, directory):
        self.driver = subprocess.Popen(
            ["chromedriver", "--port=0"], stdout=subprocess.PIPE, text=True,
            cwd=directory)
        self.url = f"http://127.0.0.1:{self.port()}"
        self.url += "/session/" + self.post("/session", {"capabilities": {
            "alwaysMatch": {
                "browserName": "chrome",
                "goog:loggingPrefs": {"browser": "ALL"},
                "goog:chromeOptions": {"args": [
                    "--headless=new", "--no-sandbox", "--hide-scrollbars",
                    "--disable-gpu", "--disable-dev-shm-usage",
                    f"--user-data-dir={directory}/profile"]}}}})["sessionId"]

    def port(self):
        for line in self.driver.stdout:
            if found := re.search(r"successfully on port (\d+)", line):
                return found[1]
        raise SystemExit("chromedriver does not start")

    def post(self, path, body):
        request = urllib.request.Request(
            self.url + path, json.dumps(body).encode(),
            {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
            return json.load(answer)["value"]

    def devtools(self, command, **parameters):
        return self.post("/goog/cdp/execute",
                         {"cmd": command, "params": parameters})

    def size(self, width, height=900):
        self.devtools("Emulation.setDeviceMetricsOverride", width=width,
                      height=height, deviceScaleFactor=1,
                      mobile=False)

    def dark(self, is_dark):
        self.devtools("Emulation.setEmulatedMedia", features=[{
            "name": "prefers-color-scheme",
            "value": "dark" if is_dark else "light"}])

    def open(self, path):
        self.post("/url", {"url": "file://" + os.path.abspath(path)})

    def ask(self, script):
        """What the function's body returns."""
        return self.post("/execute/sync", {"script": script, "args": []})

    def complaints(self):
        return [entry["message"] for entry in
                self.post("/se/log", {"type": "browser"})
                if entry["level"] in ("SEVERE", "WARNING")]

    def only(self, element):
        """Hides what stands beside it: layout of the whole page is slow."""
        self.ask(
            f"const kept = document.querySelector('{element}');"
            "for (const part of document.querySelectorAll("
            "    'article, section, nav, body > header, footer'))"
            "  part.hidden = !part.contains(kept) && !kept.contains(part)")

    def picture(self, file, element):
        """Of the element, however long; a CSS selector."""
        self.only(element)
        x, y, width, height = self.ask(
            f"const at = document.querySelector('{element}')"
            ".getBoundingClientRect(); return [at.x + scrollX, "
            "at.y + scrollY, at.width, Math.min(at.height, 4000)]")
        clip = {"x": x, "y": y, "width": width, "height": height, "scale": 1}
        with open(file, "wb") as output:
            output.write(base64.b64decode(self.devtools(
                "Page.captureScreenshot", clip=clip,
                captureBeyondViewport=True)["data"]))

    def end(self):
        urllib.request.urlopen(urllib.request.Request(
            self.url, method="DELETE"), timeout=PATIENCE_S).close()
        self.driver.terminate()
        self.driver.wait(10)


def faults(browser, report):
    with open(os.path.join(report, "results.ndjson"), encoding="utf-8") as file:
        records = [json.loads(line) for line in file]
    browser.open(os.path.join(report, "index.html"))
    for complaint in browser.complaints():
        yield f"the console says: {complaint}"
    shown = browser.ask(
        "return [...document.querySelectorAll('article')].map(article => "
        "[article.id, article.dataset.status, article.innerText.length])")
    expected = {r["name"]: r["status"].replace(" ", "-") for r in records
                if r["type"] == "experiment"}
    if {name: status for name, status, _length in shown} != expected:
        yield f"other experiments than in results.ndjson: {shown}"
    for name, _status, length in shown:
        if length < 100:
            yield f"{name} shows next to nothing"
    yield from arrows(browser)
    yield from narrow(browser)


def arrows(browser):
    """One for each packet of the tables: from two captures at least as many
    as the larger one has, from one exactly."""
    drawn = browser.ask(
        "return [...document.querySelectorAll('article')].map(article => ["
        "article.id, article.querySelectorAll('.ladder').length,"
        "article.querySelectorAll('.ladder .head, .ladder .cross').length,"
        "[...article.querySelectorAll('.packets')].map(table => "
        "  [...table.querySelectorAll('tbody tr')].filter(row => "
        "    row.cells[3].textContent != 'UDP').length),"
        "article.querySelectorAll('.packets .number').length])")
    for name, figures, count, tables, numbers in drawn:
        if figures and (count != tables[0] if len(tables) == 1
                        else count < max(tables)):
            yield f"{name}: {count} arrows for {tables} packets"
        if not figures and numbers:
            yield f"{name}: no drawing of {tables} packets"


def narrow(browser):
    for width in WIDTHS:
        browser.size(width)
        wide = browser.ask("return document.documentElement.scrollWidth")
        if wide > width:
            yield f"{wide} pixels wide at {width}: " + browser.ask(
                f"return [...document.querySelectorAll('main *, header *')]"
                f".filter(e => e.getBoundingClientRect().right > {width})"
                ".slice(0, 3).map(e => e.outerHTML.slice(0, 80)).join(' ')")


def pictures(browser, directory):
    """The top, and each drawing, in both lights and widths."""
    for width in WIDTHS:
        browser.size(width)
        for is_dark in False, True:
            browser.dark(is_dark)
            light = "dark" if is_dark else "light"
            browser.picture(f"{directory}/top-{width}-{light}.png",
                            "body > header")
            if browser.ask("return document.querySelector('.comparison')"):
                browser.picture(f"{directory}/chart-{width}-{light}.png",
                                ".comparison")
            for name in browser.ask(
                    "return [...document.querySelectorAll('section, article')]"
                    ".map(part => part.id)"):
                browser.picture(f"{directory}/{name}-{width}-{light}.png",
                                "#" + name)


def main():
    report, *where = sys.argv[1:]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as directory:
        browser = Browser(directory)
        try:
            wrong = list(faults(browser, report))
            for fault in wrong:
                print(fault)
            for directory in where:
                os.makedirs(directory, exist_ok=True)
                pictures(browser, directory)
        finally:
            browser.end()
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
