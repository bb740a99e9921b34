"""Removes an account's rows from a copy of the output, from the files of all runs. Needs DuckDB (`pip install duckdb`).

    purge.py FOLDER 111122223333

Only files that have rows of the account are rewritten, so that the others keep their age. Manifests get the new sizes
and hashes. Report pages are deleted, since they have rows too, and states, which are made anew. Manifests and plans
keep the account's number and counts, and records of other accounts may name it. ONBOARDING.md says where the copy comes
from.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import duckdb


def purge_parquet(path: Path, account: str) -> int | None:
    """Returns how many rows are left, or `None` if the file had none of the account."""
    rows = f"read_parquet('{path}', hive_partitioning = false)"
    if not duckdb.sql(f"select count(*) from {rows} where account_id = '{account}'").fetchone()[0]:
        return None
    new = path.with_suffix(".new")
    duckdb.sql(f"copy (from {rows} where account_id <> '{account}') to '{new}' (format parquet, compression zstd)")
    new.replace(path)
    return duckdb.sql(f"select count(*) from {rows}").fetchone()[0]


def purge_lines(path: Path, account: str) -> int | None:
    lines = gzip.decompress(path.read_bytes()).splitlines(keepends=True)
    kept = [line for line in lines if json.loads(line).get("account_id") != account]
    if len(kept) == len(lines):
        return None
    path.write_bytes(gzip.compress(b"".join(kept), mtime=0))
    return len(kept)


def corrected(value: Any, rewritten: dict[str, dict[str, Any]]) -> Any:
    """Returns a document in which each rewritten file has its new size and hash."""
    if isinstance(value, list):
        return [corrected(one, rewritten) for one in value]
    if isinstance(value, dict):
        new = rewritten.get(str(value.get("key")), {})
        return {name: new.get(name, corrected(one, rewritten)) for name, one in value.items()}
    return value


def main() -> int:
    if len(sys.argv) != 3 or not re.fullmatch(r"\d{12}", sys.argv[2]) or not Path(sys.argv[1], "runs").is_dir():
        sys.exit(f"{__doc__}\nThe folder is a copy of the output, and the account has 12 digits.")
    out, account = Path(sys.argv[1]), sys.argv[2]
    shutil.rmtree(out / "state", ignore_errors=True)
    rewritten = {}
    for pattern, purged in (("*.parquet", purge_parquet), ("*.ndjson.gz", purge_lines)):
        for path in out.rglob(pattern):
            rows = purged(path, account)
            if rows is not None:
                content = path.read_bytes()
                digest = hashlib.sha256(content).hexdigest()
                rewritten[path.relative_to(out).as_posix()] = {
                    "rows": rows,
                    "bytes": len(content),
                    "sha256": digest,
                }
    documents_of_runs = ("runs/**/*.json", "committed/**/*.ndjson", "changes/**/*.ndjson")
    for path in (found for pattern in documents_of_runs for found in out.glob(pattern)):
        text = path.read_text()
        documents = [json.loads(one) for one in (text.splitlines() if path.suffix == ".ndjson" else [text])]
        made = corrected(documents, rewritten)
        # What changed in the account, member by member.
        if path.match("changes/*.json") and isinstance(made[0].get("accounts"), dict):
            made[0]["accounts"].pop(account, None)
        if made != documents:
            path.write_text("\n".join(json.dumps(one) for one in made) + "\n")
    for path in (*out.glob("runs/*/report*"), *out.glob("latest.html")):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    print(f"{len(rewritten)} files rewritten")
    return 0


if __name__ == "__main__":
    sys.exit(main())
