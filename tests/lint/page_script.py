"""Lints the script of the report page with oxlint: its files as the page has them, one after the other.

    page_script.py .emulator/lint/bin/oxlint

No file of it is a module, so each knows what the ones before it declare.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
REPORT = ROOT / "src/answers/report"
# No script may make HTML of text, or reach a network. The policy of the page forbids it as well.
FORBIDDEN = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|fetch\(|XMLHttpRequest|WebSocket|import\("
)


def files() -> list[Path]:
    names = re.findall(r'include_str!\("(page/\w+\.js)"\)', (REPORT / "page.rs").read_text())
    found = [REPORT / name for name in names]
    missing = set((REPORT / "page").glob("*.js")) - set(found)
    if missing or not found:
        raise SystemExit(f"page.rs does not include {', '.join(sorted(file.name for file in missing))}")
    return found


def main() -> int:
    [oxlint] = sys.argv[1:]
    places, lines = [], []
    for file in files():
        own = file.read_text().splitlines()
        places += [(file, number) for number in range(1, len(own) + 1)]
        lines += own
    found = [(at, "makes HTML of text, or a request") for at, line in enumerate(lines) if FORBIDDEN.search(line)]
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "page.js"
        script.write_text("\n".join(lines) + "\n")
        command = [oxlint, "-c", ROOT / "tests/lint/oxlint.json", "--format", "unix", "--deny-warnings", script]
        ended = subprocess.run(command, capture_output=True, text=True)
    for line in ended.stdout.splitlines():
        told = re.match(r".*?page\.js:(\d+):\d+:\s*(.*)", line)
        if told:
            found.append((int(told[1]) - 1, told[2]))
    for at, what in sorted(found):
        file, number = places[at]
        print(f"{file.relative_to(ROOT)}:{number}: {what}")
    if not found and ended.returncode != 0:
        print(ended.stdout, ended.stderr)
    return 1 if found or ended.returncode != 0 else 0


if __name__ == "__main__":
    sys.exit(main())
