"""Defines the rows about answers: what it costs to find something, to ask everything, and to keep the state.

All rows but the last share one inventory, which rolecall collects from the simulated AWS: 1,000 accounts, 17 regions,
about 1.5 million rows.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb

from measuring import RELEASE, ROOT, Bench, Ended, Figure, Fleet, account_id, at_most, environment, executable

NO_AWS = "http://127.0.0.1:1"  # answers over a folder call nobody
NIGHTS = 30


def ask(bench: Bench, *arguments: object, endpoint: str = NO_AWS) -> Ended:
    return bench.measure([executable(RELEASE / "rolecall"), *arguments], environment(endpoint))


def inventory(bench: Bench) -> tuple[Path, str]:
    """Collects the inventory once. Returns its folder, and a private address that an interface of it has."""
    if "inventory" not in bench.kept:
        accounts = bench.full(1_000, 20)
        with Fleet(accounts=accounts, items=9, zones=1, records=100) as fleet:
            folder = bench.place("inventory")
            run = bench.rolecall(fleet, accounts, "--run-id", "first", output=str(folder))
        rows = sum(run.response["records"].values())
        bench.kept["inventory"] = (folder, private_address(folder), accounts, rows)
    folder, found, *_ = bench.kept["inventory"]
    return folder, found


def private_address(folder: Path) -> str:
    """Returns an address that one interface has. No VPC contains it: all of these have the same few ranges."""
    con = duckdb.connect()
    files = str(folder / "parquet/ec2_network_interfaces/*/*.parquet")
    found = con.execute(
        "select private_ip_address from read_parquet($files) where private_ip_address >= '10.1' "
        "and split_part(private_ip_address, '.', 2)::int > 100 group by 1 having count(*) = 1 order by 1 limit 1",
        {"files": files},
    )
    return found.fetchone()[0]


def public_address(bench: Bench, output: str, endpoint: str) -> str:
    told = ask(bench, "ask", "public-addresses", "--accounts", account_id(0), "--format", "json", "--output", output,
               endpoint=endpoint)  # fmt: skip
    return json.loads(told.output)["rows"][0]["address"]


def size(bench: Bench) -> str:
    _, _, accounts, rows = bench.kept["inventory"]
    return f"{rows:,} rows of {accounts:,} accounts in 17 regions"


def one_address(bench: Bench) -> Figure:
    folder, found = inventory(bench)
    ask(bench, "where", found, "--output", folder)  # once for the page cache
    ended = [ask(bench, "where", found, "--output", folder, "--format", "json") for _ in range(bench.full(5, 2))]
    best = min(ended, key=lambda run: run.wall)
    hits = len(json.loads(best.output)["rows"])
    sides = (
        f"`rolecall where {found}` over {size(bench)}, in a folder: {hits} rows found, {best.cpu:.2f} CPU seconds, "
        f"peak {best.peak:.0f} MiB; the least of {len(ended)} runs, the start of the process included."
    )
    return at_most(best.wall, 0.3, " s", sides)


def every_question(bench: Bench) -> Figure:
    folder, _ = inventory(bench)
    ended = ask(bench, "ask", "--all", "--format", "json", "--output", folder)
    answers = json.loads(ended.output)["answers"]
    rows = sum(len(answer["rows"]) for answer in answers)
    sides = (
        f"`rolecall ask --all` over {size(bench)}, in a folder: {len(answers)} questions, {rows:,} rows of answers, "
        f"{ended.cpu:.0f} CPU seconds, peak {ended.peak:.0f} MiB (at most 1,024)."
    )
    met = ended.wall <= 30 and ended.peak <= 1024
    return Figure(f"{ended.wall:.0f} s, {ended.peak:.0f} MiB", met, sides)


def every_verdict(bench: Bench) -> Figure:
    accounts, records = bench.full(100, 5), bench.full(10_000, 2_000)
    # All that the verdicts read: else most are `unknown`, with a list of what is missing.
    ec2 = ("vpcs", "network_interfaces", "addresses", "instances", "nat_gateways", "vpn_connections", "byoip_cidrs")
    holders = ("elb_*", "elbv2_*", "cloudfront_*", "apigateway*", "s3_*", "elasticbeanstalk_*", "globalaccelerator_*")
    tables = ",".join(("accounts", "route53*", *(f"ec2_{name}" for name in ec2), *holders))
    folder = bench.place("verdicts")
    with Fleet(accounts=accounts, items=9, zones=1, records=records) as fleet:
        run = bench.rolecall(fleet, accounts, "--run-id", "records", "--resources", tables, output=str(folder))
    ended = ask(bench, "dns", "--format", "ndjson", "--output", folder)
    rows = ended.output.count("\n") - 1
    judged = run.response["records"]["route53_records"]
    sides = (
        f"`rolecall dns` over {judged:,} records of {accounts} accounts in 17 regions, in a folder: {rows:,} verdicts, "
        f"{ended.cpu:.0f} CPU seconds, peak {ended.peak:.0f} MiB (at most 1,024)."
    )
    met = ended.wall <= 30 and ended.peak <= 1024
    return Figure(f"{ended.wall:.0f} s, {ended.peak:.0f} MiB", met, sides)


def state_of_a_commit(bench: Bench) -> Figure:
    folder, _ = inventory(bench)
    accounts = bench.kept["inventory"][2]
    with Fleet(accounts=accounts, items=9, zones=1, records=100) as fleet:

        def again() -> Ended:
            return bench.rolecall(fleet, accounts, "--run-id", "first", output=str(folder))

        without = min((again() for _ in range(3)), key=lambda run: run.wall)
        shutil.rmtree(folder / "state")
        once = again()
    sides = (
        f"The run of {size(bench)} is committed, and delivered again: {without.wall:.2f} s with its state there, "
        f"{once.wall:.2f} s without, so that the state is written again from the ledger; peak {without.peak:.0f} and "
        f"{once.peak:.0f} MiB."
    )
    return at_most(once.wall - without.wall, 2, " s", sides)


def two_nights(bench: Bench) -> Figure:
    folder, _ = inventory(bench)
    accounts = bench.kept["inventory"][2]
    with Fleet(accounts=accounts, items=9, zones=1, records=100, night=1) as fleet:
        bench.rolecall(fleet, accounts, "--run-id", "second", output=str(folder))
    ended = ask(bench, "diff", "first", "second", "--format", "json", "--output", folder)
    rows = json.loads(ended.output)["rows"]
    kinds = {kind: sum(row["change"] == kind for row in rows) for kind in ("added", "removed", "changed")}
    sides = (
        f"`rolecall diff` of two runs of {size(bench)} each, in a folder: {kinds['changed']:,} resources changed, "
        f"{kinds['added']:,} added, {kinds['removed']:,} removed; {ended.cpu:.0f} CPU seconds, "
        f"peak {ended.peak:.0f} MiB (at most 512)."
    )
    met = ended.wall <= 30 and ended.peak <= 512
    return Figure(f"{ended.wall:.0f} s, {ended.peak:.0f} MiB", met, sides)


def registry(folder: Path, accounts: int, customers: int) -> Path:
    """Writes a registry in which these accounts belong to as many customers."""
    targets = [
        {
            "account_id": account_id(at),
            "external_id": None,
            "name": f"account {at}",
            "customer": f"customer {at % customers}",
        }
        for at in range(accounts)
    ]
    path = folder.parent / "customers.json"
    path.write_text(json.dumps({"version": 1, "defaults": {"role_name": "rolecall"}, "targets": targets}))
    return path


def in_a_browser(page: Path) -> tuple[str, float, float]:
    """Returns what the page takes in Chromium in words, the milliseconds to open, and those of the slowest search."""
    script = ROOT / "tests/page/measure.py"
    told = subprocess.run([sys.executable, script, page], capture_output=True, text=True)
    opened = re.search(r"opened in (\d+) ms", told.stdout)
    searches = [int(found) for found in re.findall(r"search for .*: (\d+) ms", told.stdout)]
    if told.returncode != 0 or not opened or not searches:
        return "not opened, since there is no Chromium with its driver", 0, 0
    words = f"opened in {opened[1]} ms and searched in {min(searches)} to {max(searches)} ms by Chromium"
    return words, int(opened[1]), max(searches)


def report_page(bench: Bench) -> Figure:
    folder, _ = inventory(bench)
    page = bench.place("estate.html")
    owners = registry(folder, bench.kept["inventory"][2], 50)
    ended = ask(bench, "report", "--to", page, "--registry", owners, "--output", folder)
    megabytes = page.stat().st_size / 1e6
    words, opened, searched = in_a_browser(page)
    sides = (
        f"`rolecall report` over {size(bench)}, in a folder: {megabytes:.1f} MB (at most 25), {ended.cpu:.0f} CPU "
        f"seconds, peak {ended.peak:.0f} MiB; {words} (at most 2,000 and 100 ms)."
    )
    met = ended.wall <= 10 and megabytes <= 25 and opened <= 2000 and searched <= 100
    return Figure(f"{ended.wall:.1f} s, {megabytes:.1f} MB", met, sides)


def pages_of_customers(bench: Bench) -> Figure:
    folder, _ = inventory(bench)
    owners = registry(folder, bench.kept["inventory"][2], 50)
    ended = ask(bench, "resume", "first", "--report=customers", "--json", "--registry", owners, "--output", folder)
    report = json.loads(ended.output)["report"]
    sizes = [page.stat().st_size / 1e6 for page in (folder / "runs/first/report").glob("*.html")]
    sides = (
        f"`rolecall resume first --report=customers` over {size(bench)}, in a folder: {report['pages_written']} pages "
        f"of {min(sizes):.1f} to {max(sizes):.1f} MB, {ended.cpu:.0f} CPU seconds, peak {ended.peak:.0f} MiB."
    )
    return Figure(f"{ended.wall:.0f} s, {ended.peak:.0f} MiB", None, sides)


def requests_after_nights(bench: Bench) -> Figure:
    accounts = 20
    with Fleet(accounts=accounts, items=9, zones=1, records=100) as fleet:
        output, counts, found = "s3://results/nights", {}, ""
        for night in range(1, bench.full(NIGHTS, 3) + 1):
            bench.rolecall(fleet, accounts, "--run-id", f"night-{night}", output=output)
            found = found or public_address(bench, output, fleet.endpoint)
            fleet.do("reset")
            ask(bench, "where", found, "--output", output, endpoint=fleet.endpoint)
            counts[night] = fleet.counts()["s3"]
    last = max(counts)
    sides = (
        f"Requests to S3 of `rolecall where {found}` over {accounts} accounts: {counts[1]} after one night, "
        f"{counts[last]} after {last}. The goal of ten reads for one address holds if the first number is at most ten."
    )
    return at_most(counts[last] / counts[1], 1.5, " times", sides)
