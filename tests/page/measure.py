"""Measures how long a report page takes in headless Chromium: to open, to search, to draw each section.

measure.py estate.html
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from browser import Browser, find

SEARCHES = ("10.20.4.17", "name-199", "team-7", "vpc-0", "no such thing", "eu-central-1.compute", "a")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("page", type=Path)
    page = parser.parse_args().page
    found = find()
    if found is None:
        raise SystemExit("there is no Chromium with its driver here")
    with Browser(*found) as browser:
        browser.size(1280)
        opened = []
        for _ in range(3):
            began = time.monotonic()
            browser.call("POST", "/url", {"url": "about:blank"})
            browser.open(page)
            wall = time.monotonic() - began
            script = "const [one] = performance.getEntriesByType('navigation'); return one.loadEventEnd - one.startTime"
            opened.append((browser.run(script), wall * 1000))
        print(f"{page.stat().st_size / 1e6:.1f} MB, opened in {min(first for first, _ in opened):.0f} ms")
        loaded = browser.wait(
            "const from = performance.now(); searchIndex().then(() => arguments[0](performance.now() - from))"
        )
        print(f"the index of the search, once: {loaded:.0f} ms")
        for typed in SEARCHES:
            script = (
                "const [typed, done] = arguments; const from = performance.now();"
                "searchView(typed).then((view) => { document.getElementById('content').replaceChildren(view);"
                " document.body.offsetHeight; done(performance.now() - from); })"
            )
            print(f"search for {typed!r}: {min(browser.wait(script, typed) for _ in range(3)):.0f} ms")
        for section in browser.run("return estate.sections.map((one) => one.id)"):
            script = (
                "const [id, done] = arguments; const from = performance.now();"
                "const one = estate.sections.find((one) => one.id === id);"
                "sectionView(one, [], '').then((view) => { document.getElementById('content').replaceChildren(view);"
                " document.body.offsetHeight; done(performance.now() - from); })"
            )
            print(f"section {section}, the first time: {browser.wait(script, section):.0f} ms")


if __name__ == "__main__":
    main()
