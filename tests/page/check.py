"""Opens the report page in headless Chromium and uses it: `make test` runs this. Without Chromium it says so.

    check.py --rolecall target/debug/rolecall --pages .emulator/pages

`--pages` has the pages of the golden estates, which the unit tests write with ROLECALL_PAGES. `--pictures FOLDER` saves
screenshots, `--only NAME` runs one check.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path

from browser import Browser, find

AXE = "axe-core@4.11.0"
ROOT = Path(__file__).resolve().parents[2]
SECTIONS = ("overview", "map", "plan", "dns", "exposure", "waste", "tags", "changes", "unknown")
CUSTOMERS = {
    "111122223333": ("Acme Network", "acme"), "222233334444": ("Acme Shop", "acme"),
    "444455556666": ("Globex Production", "globex"), "555566667777": ("Globex Development", "globex"),
    "777788889999": ("Initech Core", "initech"), "888899990000": ("Initech Lab", "initech"),
}  # fmt: skip
ENTER, TAB, SPACE = "\ue007", "\ue004", " "
CHECKS: list[Callable] = []


def check(function: Callable) -> Callable:
    CHECKS.append(function)
    return function


def axe() -> str | None:
    """Returns the source of axe-core, which npm installs once. None without npm or a registry."""
    folder = ROOT / ".emulator" / "axe"
    source = folder / "node_modules" / "axe-core" / "axe.min.js"
    if not source.exists():
        folder.mkdir(parents=True, exist_ok=True)
        command = ["npm", "install", "--prefix", str(folder), "--no-audit", "--no-fund", "--ignore-scripts", AXE]
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=300)
        except (OSError, subprocess.SubprocessError):
            return None
    return source.read_text()


def registry(folder: Path) -> Path:
    """Writes a registry with the names and customers of the estate that is made up."""
    targets = [
        {"account_id": account, "external_id": None, "name": name, "customer": customer}
        for account, (name, customer) in CUSTOMERS.items()
    ]
    path = folder / "targets.json"
    path.write_text(json.dumps({"version": 1, "defaults": {"role_name": "rolecall"}, "targets": targets}))
    return path


class Estate:
    """The estate that is made up, its page, and its answers."""

    def __init__(self, rolecall: Path, folder: Path) -> None:
        self.rolecall, self.output, self.page = rolecall, folder / "demo", folder / "estate.html"
        self.registry = registry(folder)
        self.run("demo", "--to", self.output)
        self.told = self.run("report", "--to", self.page, *self.place())
        self.links = folder / "links.csv"
        self.run("report", "--links", self.links, *self.place())
        answers = json.loads(self.run("ask", "--all", "--format", "json", *self.place()))["answers"]
        self.answers = {answer["question"]: answer for answer in answers}

    def place(self) -> list:
        return ["--output", self.output, "--registry", self.registry]

    def run(self, *arguments, codes: tuple[int, ...] = (0,)) -> str:
        ended = subprocess.run([self.rolecall, *arguments], capture_output=True, text=True, env=environment())
        if ended.returncode not in codes:
            raise RuntimeError(f"rolecall {' '.join(map(str, arguments))}: {ended.stderr}")
        return ended.stdout


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("ROLECALL_", "AWS_"))}


def rows(browser: Browser, sheet: str) -> list[list[str]]:
    """Returns the rows of a table as they are shown."""
    script = (
        "return [...document.querySelectorAll('#sheet-' + arguments[0] + ' tbody tr')]"
        ".map(row => [...row.cells].map(cell => cell.innerText))"
    )
    return browser.run(script, sheet)


def violations(browser: Browser) -> list[str]:
    """Returns what axe finds. The rows of a table are alike, so that it looks at the first ones."""
    return browser.wait(
        "axe.run({exclude: [['tbody tr:nth-child(n+4)'], ['.range-item:nth-child(n+6)']]}, "
        "{resultTypes: ['violations']}).then(found => arguments[0](found.violations.map("
        "one => one.id + ': ' + one.nodes.slice(0, 3).map(node => node.html.slice(0, 160)).join(' | '))))"
    )


@check
def numbers_are_those_of_the_questions(browser: Browser, estate: Estate, _: Path) -> None:
    browser.open(estate.page)
    head = browser.run("return estate")
    totals = {sheet["name"]: sheet["total"] for sheet in head["sheets"]}
    for name, answer in estate.answers.items():
        assert totals[name] == len(answer["rows"]), (name, totals[name], len(answer["rows"]))
        sheet = next(sheet for sheet in head["sheets"] if sheet["name"] == name)
        assert sheet["unknown"] == len(answer["coverage"]["unknown"]), name
    for section in ("exposure", "waste", "tags"):
        browser.go(f"#{section}")
        for name in next(one for one in head["sections"] if one["id"] == section)["sheets"]:
            if name in estate.answers and totals[name] <= 100:
                assert len(rows(browser, name)) == totals[name], name
    assert head["compared"]["added"] + head["compared"]["removed"] + head["compared"]["changed"] > 0
    diff = json.loads(estate.run("diff", "--format", "json", "--output", estate.output))["rows"]
    assert totals["changes"] == len(diff)


@check
def every_section_opens_and_says_what_is_unknown(browser: Browser, estate: Estate, _: Path) -> None:
    browser.open(estate.page)
    for section in SECTIONS:
        browser.go(f"#{section}")
        assert browser.run("return document.querySelectorAll('main h2').length") == 1, section
        assert "unknown" in browser.text("main h2"), f"{section} has no mark: {browser.text('main h2')}"
    assert browser.run("return document.querySelector('#sections a[aria-current]').hash") == "#unknown"


@check
def failures_name_what_mends_them(browser: Browser, estate: Estate, _: Path) -> None:
    browser.open(estate.page)
    browser.run("for (const one of document.querySelectorAll('details')) one.open = true")
    text = browser.text()
    for words in ("ec2:DescribeKeyPairs", "rolecall run --accounts 444455556666", "service control policy"):
        assert words in text, words


@check
def search_finds_names_ids_addresses_and_tags(browser: Browser, estate: Estate, _: Path) -> None:
    browser.open(estate.page)
    vpc = next(row for row in estate.answers["address-plan"]["rows"] if row["kind"] == "vpc" and row["name"] == "shop")
    for typed, found in {
        "10.20.4.17": "shop-web-green", vpc["id"][:12]: vpc["id"], "SHOP-WEB": "shop-web-2", "owner=netops": "hub",
        "52.28.64.17": "shop-web", "shop.acme": "shop.acme.example", "globex production": "444455556666",
    }.items():  # fmt: skip
        browser.run("document.getElementById('finder').value = ''")
        browser.type("#finder", typed)
        assert found in browser.text(), (typed, browser.text()[:400])
        assert browser.run("return decodeURIComponent(location.hash)") == f"#search/{typed}"
    browser.run("document.getElementById('finder').value = ''")
    browser.type("#finder", "no such thing")
    assert "0 resources" in browser.text() and "unknown" in browser.text()


@check
def views_have_links(browser: Browser, estate: Estate, _: Path) -> None:
    vpc = next(row for row in estate.answers["address-plan"]["rows"] if row["kind"] == "vpc" and row["name"] == "shop")
    browser.open(estate.page, f"#map/vpc/{vpc['id']}")
    assert "shop-public-a" in browser.text() or "public-a" in browser.run(
        "return document.querySelector('svg.map').textContent"
    )
    browser.go("#map")
    label = f"svg a[href='#map/vpc/{vpc['id']}']"
    browser.run("document.querySelector(arguments[0]).dispatchEvent(new MouseEvent('click', {bubbles: true}))", label)
    browser.settled()
    assert browser.run("return location.hash") == f"#map/vpc/{vpc['id']}"
    browser.click(".crumbs li:nth-child(3) a")
    assert browser.run("return location.hash") == "#map/account/222233334444"
    browser.click(".crumbs li:nth-child(2) a")
    assert browser.run("return location.hash") == "#map/customer/acme"
    browser.open(estate.page, "#exposure/open-security-groups?filter=admin&sort=-verdict")
    shown = rows(browser, "open-security-groups")
    assert shown and all("admin" in " ".join(row) for row in shown)
    browser.open(estate.page, "#no/such/place?%%%")
    assert "Overview" in browser.text("main h2")


@check
def what_is_large_is_folded(browser: Browser, estate: Estate, _: Path) -> None:
    """Folds the estate that is made up, as if it were large."""
    browser.open(estate.page)
    vpcs = {row["id"] for row in estate.answers["address-plan"]["rows"] if row["kind"] == "vpc"}
    drawn = "return document.querySelector('svg.map').textContent"
    for rows, found in ((60, "eu-central-1"), (1, "Customers")):
        browser.run("WHOLE.vpcs = 1; WHOLE.rows = arguments[0]", rows)
        browser.go("#overview")
        browser.go("#map")
        assert f"6 accounts and {len(vpcs)} VPCs are folded" in browser.text(), browser.text()[:300]
        assert found in browser.run(drawn) and "shop-us" not in browser.run(drawn)
    browser.go("#map/customer/acme")
    assert "2 accounts and" in browser.text() and "folded into their regions" in browser.text()
    browser.go("#map/account/222233334444")
    assert "2 VPCs" in browser.run(drawn), browser.run(drawn)


@check
def tables_sort_and_filter(browser: Browser, estate: Estate, _: Path) -> None:
    browser.open(estate.page, "#plan")
    head = "#sheet-full-subnets th:nth-child(1) button"
    sheet = "address-plan"
    at = browser.run(
        "return [...document.querySelectorAll('#sheet-address-plan th')]"
        ".findIndex(head => head.innerText.trim() === 'total') + 1"
    )
    head = f"#sheet-{sheet} th:nth-child({at})"
    for order, pressed in (("ascending", 1), ("descending", 1)):
        for _ in range(pressed):
            browser.click(f"{head} button")
        assert browser.run("return document.querySelector(arguments[0]).ariaSort", head) == order
        shown = [row[at - 1] for row in rows(browser, sheet)]
        numbers = [int(text.replace(",", "")) for text in shown if text != "–"]
        assert numbers == sorted(numbers, reverse=order == "descending"), numbers
        assert "–" not in shown[: len(numbers)] or order == "descending"
    browser.type(f"#sheet-{sheet} .filter", "10.20.4.0")
    assert len(rows(browser, sheet)) == 1
    assert "filter=10.20.4.0" in browser.run("return location.hash")


@check
def csv_has_every_row_and_no_formula(browser: Browser, estate: Estate, pages: Path) -> None:
    browser.open(estate.page, "#exposure")
    made = browser.run(
        "const view = document.querySelector('#sheet-public-addresses .tools button');"
        "window.saved = []; const make = URL.createObjectURL;"
        "URL.createObjectURL = (blob) => { window.saved.push(blob); return make(blob); };"
        "view.click(); return saved.length"
    )
    assert made == 1
    text = browser.wait("saved[0].text().then(arguments[0])")
    lines = text.lstrip("\ufeff").splitlines()
    assert len(lines) == len(estate.answers["public-addresses"]["rows"]) + 1
    assert lines[0].startswith("account_id,region,")
    cases = {
        "=1+1": "'=1+1", "\t=1": "'\t=1", " -1": "' -1", "＝1": "'＝1", "\u200b@x": "'\u200b@x",
        '"=1': '"\'""=1"', "a=1": "a=1", "plain": "plain", 'a "b"': '"a ""b"""', "–5": "'–5",
    }  # fmt: skip
    for typed, field in cases.items():
        assert browser.run("return field(arguments[0], 'text')", typed) == field, typed
    assert browser.run("return field(-5, 'number')") == "-5"


@check
def a_keyboard_is_enough(browser: Browser, estate: Estate, _: Path) -> None:
    browser.open(estate.page)
    browser.keys("/")
    assert browser.run("return document.activeElement.id") == "finder"
    browser.keys(*"shop-web-2")
    assert "shop-web-2" in browser.text()
    browser.open(estate.page, "#overview")
    browser.run("document.activeElement.blur()")
    seen = []
    for _ in range(16):
        browser.keys(TAB)
        seen.append(browser.run("return document.activeElement.textContent.trim() || document.activeElement.id"))
    assert "Skip to the content" in seen[:3] and any(text.startswith("Network map") for text in seen), seen
    browser.run("document.querySelector('#sections a[href=\"#map\"]').focus()")
    browser.keys(ENTER)
    assert browser.run("return location.hash") == "#map"
    browser.run("document.querySelector('svg.map a[href^=\"#map/vpc\"]').focus()")
    browser.keys(ENTER)
    assert browser.run("return location.hash").startswith("#map/vpc/")
    browser.go("#exposure")
    browser.run("document.querySelector('#sheet-public-addresses th button').focus()")
    browser.keys(SPACE)
    assert browser.run("return document.querySelector('#sheet-public-addresses th').ariaSort") == "ascending"


@check
def every_value_is_shown_as_text(browser: Browser, _: Estate, pages: Path) -> None:
    page = pages / "hostile.html"
    for section in SECTIONS:
        browser.open(page, f"#{section}")
        assert browser.run("return document.title").endswith("· estate · rolecall"), section
        assert browser.run("return document.querySelectorAll('script').length") <= 70
        assert browser.run("return document.querySelectorAll('main script, main iframe, main [onfocus]').length") == 0
    browser.open(page, "#waste")
    text = browser.text()
    for words in (
        "</script><script>",
        "<!--<script>",
        "=HYPERLINK(",
        "\\u{202e}gnp.exe",
        "a\\u{0}b",
        "{{script}}",
        "all 10,000 characters",
    ):
        assert words in text, words
    assert "\u202e" not in text and "\0" not in text
    browser.type("#finder", "</script>")
    assert "</script><script>" in browser.text()
    csv = browser.run("return csv([{name: 'a', kind: 'text'}], [['=HYPERLINK(\"x\")'], ['\\u202e=1']])")
    assert csv.splitlines()[1:] == ['"\'=HYPERLINK(""x"")"', "'\u202e=1"], csv


@check
def a_hostile_estate_is_legible_everywhere(browser: Browser, _: Estate, pages: Path) -> None:
    """Dark and light, wide and narrow, and printed: nothing is wider than the window, executed or lost."""
    page = pages / "hostile.html"
    for dark in (False, True):
        browser.media(dark=dark)
        for width in (1280, 400):
            browser.size(width)
            for section in SECTIONS:
                browser.open(page, f"#{section}")
                wide = browser.run("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
                assert wide <= 0, (section, width, wide, widest(browser))
                assert browser.run("return document.title").endswith("· estate · rolecall"), section
                assert browser.run("return document.documentElement.dataset.theme") == ("dark" if dark else "light")
            browser.open(page, "#waste")
            assert "</script><script>" in browser.text() and "\u202e" not in browser.text()
    browser.size(1280)
    browser.media(dark=True)
    browser.open(page, "#all")
    pdf = browser.pdf()
    assert pdf.startswith(b"%PDF") and len(re.findall(rb"/Type\s*/Page\b", pdf)) >= len(SECTIONS)
    browser.media(dark=True, printed=True)
    for place in ("color", "background-color"):
        shade = browser.run("return getComputedStyle(document.body).getPropertyValue(arguments[0])", place)
        assert shade == ("rgb(0, 0, 0)" if place == "color" else "rgb(255, 255, 255)"), (place, shade)
    browser.media(dark=False)


def widest(browser: Browser) -> list[str]:
    """Returns what reaches beyond the window, the innermost first."""
    return browser.run(
        "const most = document.documentElement.clientWidth; return [...document.querySelectorAll('body *')]"
        ".filter(one => !one.closest('.scroll') && one.getBoundingClientRect().right > most + 1).reverse().slice(0, 5)"
        ".map(one => one.tagName + '.' + one.className)"
    )


@check
def customers_have_pages_and_an_index(browser: Browser, estate: Estate, _: Path) -> None:
    estate.run("resume", "nightly-20261125T030000Z", "--report=customers", *estate.place(), codes=(0, 1))
    index = estate.output / "latest.html"
    browser.open(index)
    text = browser.text()
    for words in ("acme", "globex", "initech", "Each customer has a page of its own", "888899990000"):
        assert words in text, words
    assert browser.run("return document.querySelectorAll('#sections a').length") == 1
    browser.type("#finder", "initech lab")
    assert "888899990000" in browser.text() and "This index finds accounts and customers" in browser.text()
    browser.open(index)
    address = browser.run(
        "return [...document.querySelectorAll('main td a')].find(one => one.textContent === 'globex').href"
    )
    browser.call("POST", "/url", {"url": address})
    browser.settled()
    text = browser.text("body")
    assert "The page of globex" in text and "Globex Production" in text
    for other in ("Acme", "Initech", "111122223333", "777788889999"):
        assert other not in text, other
    browser.go("#map")
    assert "Globex" in browser.run("return document.querySelector('svg.map').textContent")
    browser.run("document.querySelector('#foot a[href*=report]').click()")
    browser.settled()
    assert "Each customer has a page of its own" in browser.text()
    assert not [entry for entry in browser.log("browser") if entry["level"] == "SEVERE"]


@check
def what_was_not_answered_is_not_empty(browser: Browser, _: Estate, pages: Path) -> None:
    browser.open(pages / "degraded.html", "#map/account/222233334444")
    assert "unknown" in browser.text()
    browser.open(pages / "degraded.html", "#map/vpc/vpc-01")
    drawn = browser.run("return document.querySelector('svg.map').textContent")
    assert "route not known" in drawn and "private" not in drawn, drawn
    browser.open(pages / "degraded.html", "#exposure")
    assert (
        "Nothing found in the cells that were answered" in browser.text() and "Nothing found.\n" not in browser.text()
    )
    for name in ("empty", "large"):
        browser.open(pages / f"{name}.html")
        for section in SECTIONS:
            browser.go(f"#{section}")
            assert browser.run("return document.querySelectorAll('main h2').length") == 1, (name, section)
    assert not [entry for entry in browser.log("browser") if entry["level"] == "SEVERE"]


@check
def it_prints(browser: Browser, estate: Estate, _: Path) -> None:
    browser.open(estate.page, "#all")
    pdf = browser.pdf()
    pages = len(re.findall(rb"/Type\s*/Page\b", pdf))
    assert pdf.startswith(b"%PDF") and pages >= len(SECTIONS), pages


@check
def nothing_is_asked_of_a_network(browser: Browser, estate: Estate, pages: Path) -> None:
    browser.log("performance")
    browser.log("browser")
    for page in (estate.page, pages / "hostile.html"):
        for section in (*SECTIONS, "all", "search/shop"):
            browser.open(page, f"#{section}")
    assert browser.requests() == []
    refused = browser.wait(
        "fetch('http://127.0.0.1:9/').then(() => arguments[0]('sent'), () => arguments[0]('refused'))"
    )
    assert refused == "refused"
    browser.run("const image = new Image(); image.src = 'http://127.0.0.1:9/x.png'; document.body.append(image)")
    assert browser.requests() == [] or all("127.0.0.1:9" not in url for url in browser.requests())
    complaints = [entry["message"] for entry in browser.log("browser") if entry["level"] == "SEVERE"]
    assert complaints and all("127.0.0.1:9" in one for one in complaints), complaints


@check
def it_is_accessible(browser: Browser, estate: Estate, pages: Path) -> None:
    source = axe()
    if source is None:
        print("  axe-core is not there and npm cannot fetch it: skipped")
        return
    vpc = next(row for row in estate.answers["address-plan"]["rows"] if row["kind"] == "vpc" and row["name"] == "shop")
    places = [f"#{section}" for section in SECTIONS]
    places += ["#search/shop", f"#map/vpc/{vpc['id']}", "#map/account/111122223333", "#map/customer/acme"]
    shown = (
        (estate.page, places),
        (pages / "hostile.html", ["#waste", "#dns"]),
        (pages / "degraded.html", ["#overview", "#map/vpc/vpc-01"]),
        (pages / "empty.html", ["#overview"]),
    )
    for dark, printed in ((False, False), (True, False), (False, True)):
        browser.media(dark=dark, printed=printed)
        for page, hashes in shown[: 1 if printed else None]:
            for hash in hashes:
                browser.open(page, hash)
                browser.run("for (const one of [...document.querySelectorAll('details')].slice(0, 5)) one.open = true")
                browser.run(source)
                found = violations(browser)
                assert not found, (hash, "printed" if printed else "dark" if dark else "light", found)
    browser.media(dark=False)


def pictures(browser: Browser, estate: Estate, folder: Path, pages: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    estate.run("resume", "nightly-20261125T030000Z", "--report=customers", *estate.place(), codes=(0, 1))
    vpc = next(row for row in estate.answers["address-plan"]["rows"] if row["kind"] == "vpc" and row["name"] == "shop")
    places = {section: f"#{section}" for section in SECTIONS}
    places |= {"vpc": f"#map/vpc/{vpc['id']}", "account": "#map/account/111122223333", "search": "#search/shop-web"}
    for theme in ("light", "dark"):
        browser.media(dark=theme == "dark")
        for width in (1280, 400):
            browser.size(width)
            for name, hash in places.items():
                browser.open(estate.page, hash)
                browser.picture(folder / f"{name}-{width}-{theme}.png", whole=True)
            browser.open(estate.output / "latest.html")
            browser.picture(folder / f"index-{width}-{theme}.png", whole=True)
            for section in SECTIONS:
                browser.open(pages / "hostile.html", f"#{section}")
                browser.picture(folder / f"hostile-{section}-{width}-{theme}.png", whole=True)
    for name, page in (("demo", estate.page), ("hostile", pages / "hostile.html")):
        browser.open(page, "#all")
        (folder / f"{name}.pdf").write_bytes(browser.pdf())


def readme(browser: Browser, estate: Estate, folder: Path) -> None:
    """Takes the screenshots of the README."""
    folder.mkdir(parents=True, exist_ok=True)
    vpc = next(row for row in estate.answers["address-plan"]["rows"] if row["kind"] == "vpc" and row["name"] == "shop")
    shots = {"map": (False, "#map", 860), "vpc": (True, f"#map/vpc/{vpc['id']}", 760)}
    for name, (dark, hash, height) in shots.items():
        browser.media(dark=dark)
        browser.size(1280, height)
        browser.open(estate.page, hash)
        browser.picture(folder / f"report-{name}.png")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rolecall", type=Path, required=True)
    parser.add_argument("--pages", type=Path, required=True)
    parser.add_argument("--pictures", type=Path)
    parser.add_argument("--readme", type=Path)
    parser.add_argument("--only")
    arguments = parser.parse_args()
    found = find()
    if found is None:
        print("report page: there is no Chromium with its driver here: the tests in a browser were SKIPPED")
        return 0
    failed = []
    with tempfile.TemporaryDirectory(prefix="report-") as folder, Browser(*found) as browser:
        estate = Estate(arguments.rolecall.resolve(), Path(folder))
        if arguments.pictures:
            pictures(browser, estate, arguments.pictures, arguments.pages)
            return 0
        if arguments.readme:
            readme(browser, estate, arguments.readme)
            return 0
        for one in CHECKS:
            if arguments.only and arguments.only not in one.__name__:
                continue
            try:
                browser.size(1280)
                one(browser, estate, arguments.pages)
                print(f"  ok: {one.__name__}", flush=True)
            except Exception:
                failed.append(one.__name__)
                print(f"  FAILED: {one.__name__}\n{traceback.format_exc()}", flush=True)
    print(f"report page: {len(CHECKS) - len(failed)} of {len(CHECKS)} checks in a browser passed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
