"""Measures what rolecall claims about its cost, side by side with what it claims it against, and writes the table.

    bench.py [--quick] [--only NAME,…] [--output infra/BENCHMARKS.md]

It builds nothing: `make bench` builds `rolecall`, `bootstrap` and `fleet` first. Both sides of a ratio are measured in
one run on one machine, against the simulated AWS as a process of its own. `--quick` makes every row small, to try it
out; it and `--only` write a page only where `--output` says so, since the real one holds all rows at their real size.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import re
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from start import pack, start

ROOT = Path(__file__).resolve().parents[2]
RELEASE = ROOT / "target/release"
VENV_PYTHON = ROOT / ".emulator/venv/bin/python"
BACKEND = "999999999999"
REGIONS = ("eu-west-1", "us-east-1", "eu-central-1", "us-west-2")
SLOTS = 384  # rolecall's default of calls in flight
FEWER_SLOTS = 96  # few enough that two cores are not the limit at 30 ms
LATENCY = 0.030
RECORDS_A_PAGE = 300
LAMBDA_MEMORY = 1769  # MB, for which Lambda gives one virtual CPU
PRICES = {"arm64": 0.0000133334, "x86_64": 0.0000166667}  # dollars a GB-second
NO_BUCKETS = {
    "ROLECALL_EC2_RATE": "5000", "ROLECALL_EC2_BURST": "5000", "ROLECALL_ROUTE53_RATE": "5000",
    "ROLECALL_ROUTE53_BURST": "5000", "ROLECALL_STS_RATE": "5000",
}  # fmt: skip
ESCAPES = re.compile(r"\x1b\[[0-9;]*m")
ACCOUNT_DONE = re.compile(r'^(\S+)\s+INFO .*\baccount done account_id="(\d{12})"', re.MULTILINE)


def account_id(number: int) -> str:
    return str(200_000_000_000 + number)


def executable(path: Path) -> Path:
    if not os.access(path, os.X_OK):
        raise RuntimeError(f"{path.relative_to(ROOT)} is not there: `make bench` builds it")
    return path


def fleet_executable() -> Path:
    found = [path for path in RELEASE.glob("deps/fleet-*") if path.suffix != ".d" and os.access(path, os.X_OK)]
    if not found:
        raise RuntimeError("the simulated AWS is not there: `make bench` builds it")
    return max(found, key=lambda path: path.stat().st_mtime)


def environment(endpoint: str, **more: str) -> dict[str, str]:
    """Nothing of the person's own AWS, proxies or settings of rolecall may reach what is measured."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    aws = {
        "AWS_ENDPOINT_URL": endpoint, "AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": BACKEND,
        "AWS_SECRET_ACCESS_KEY": "x", "AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull, "NO_COLOR": "1",
    }  # fmt: skip
    return {**kept, **aws, **more}


class Fleet:
    """The simulated AWS with its accounts, for as long as the `with` lasts."""

    def __init__(self, **fleet) -> None:
        command = [fleet_executable(), "serve", json.dumps(fleet)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> Fleet:
        try:
            self.endpoint = self.answer()["endpoint"]
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_) -> None:
        self.process.stdin.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    def answer(self) -> dict:
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("the simulated AWS has ended")
        return json.loads(line)

    def do(self, what: str, /, **more) -> dict:
        self.process.stdin.write(json.dumps({"do": what, **more}) + "\n")
        self.process.stdin.flush()
        return self.answer()

    def counts(self) -> dict:
        """What was asked since the last reset; `asked` is all but S3, where results go and nothing is asked."""
        counts = self.do("counts")
        return {**counts, "asked": counts["calls"] - counts["s3"]}


@dataclass
class Ended:
    """A process that has ended, and what it took."""

    began: float
    wall: float
    cpu: float
    peak: float  # MiB
    output: str
    log: str

    @property
    def response(self) -> dict:
        return json.loads(self.output)

    @property
    def seconds(self) -> float:
        """The run's own time, without the start of the process."""
        return self.response["duration_ms"] / 1000


@dataclass
class Figure:
    """What a row came to. `met` is None where there is no goal to meet."""

    said: str
    met: bool | None
    sides: str

    @property
    def cell(self) -> str:
        return self.said + (", missed" if self.met is False else "")


def ratio(value: float) -> str:
    return f"{value:.1f}" if value >= 3 else f"{value:.2f}"


def at_least(value: float, goal: float, words: str, sides: str) -> Figure:
    return Figure(f"{ratio(value)}{words}", value >= goal, sides)


def at_most(value: float, goal: float, words: str, sides: str) -> Figure:
    return Figure(f"{ratio(value)}{words}", value <= goal, sides)


@dataclass
class Bench:
    folder: Path
    quick: bool
    kept: dict = field(default_factory=dict)  # what one row leaves for another
    number: int = 0

    def place(self, name: str) -> Path:
        self.number += 1
        return self.folder / f"{self.number}-{name}"

    def full(self, size: int, quick: int) -> int:
        return quick if self.quick else size

    def measure(self, command: list, variables: dict, exits: int = 0, limit_mib: int | None = None) -> Ended:
        """Runs a process to its end. Output goes to files, so that no full pipe can hold it up."""

        # Anything to run between fork and exec also forbids vfork, with which the peak of this process would count as
        # the peak of that one.
        def limited() -> None:
            if limit_mib is not None:
                resource.setrlimit(resource.RLIMIT_DATA, (limit_mib << 20, limit_mib << 20))

        name = Path(command[0]).name
        output, log = self.place("output"), self.place("log")
        with output.open("w") as into, log.open("w") as errors:
            began, clock = time.time(), time.perf_counter()
            process = subprocess.Popen(command, env=variables, stdout=into, stderr=errors, preexec_fn=limited)
            patience = threading.Timer(900, process.kill)
            patience.start()
            try:
                _, status, used = os.wait4(process.pid, 0)
                process.returncode = os.waitstatus_to_exitcode(status)
            finally:
                patience.cancel()
                if process.returncode is None:
                    process.kill()
                    process.wait()
        wall = time.perf_counter() - clock
        said = ESCAPES.sub("", log.read_text(errors="replace"))
        peak = used.ru_maxrss / 1024
        if process.returncode != exits:
            ended = f"{name} ended with {process.returncode} instead of {exits} after {wall:.0f} s, at {peak:.0f} MiB"
            raise RuntimeError(f"{ended}: {first_error(said)}")
        return Ended(began, wall, used.ru_utime + used.ru_stime, peak, output.read_text(), said)

    def rolecall(
        self, fleet: Fleet, accounts: int, *arguments: str, output: str | None = None, exits: int = 0,
        limit_mib: int | None = None, faults: dict[str, int] | None = None, **variables: str,
    ) -> Ended:  # fmt: skip
        """One run over the first accounts of a fleet, into a folder where nothing else is said. `faults` are of EC2, by
        the number of the account."""
        numbers = [account_id(number) for number in range(accounts)]
        targets = [{"account_id": number, "external_id": f"ext-{number}"} for number in numbers]
        registry = self.place("targets.json")
        registry.write_text(json.dumps({"version": 1, "targets": targets}))
        command = [executable(RELEASE / "rolecall"), "run", "--registry", registry, "--accounts", "all", "--json"]
        command += ["--output", output or self.place("inventory"), *arguments]
        fleet.do("reset")
        for what, account in (faults or {}).items():
            fleet.do("fault", what=what, account=account, service="ec2")
        return self.measure(command, environment(fleet.endpoint, **variables), exits, limit_mib)

    def boto3(self, fleet: Fleet, accounts: int, regions: tuple[str, ...] | None = None) -> Ended:
        if not VENV_PYTHON.exists():
            raise RuntimeError("boto3 is not installed: `make emulator` does that")
        catalogue = subprocess.check_output([executable(RELEASE / "rolecall"), "resources", "--json"])
        # What needs a parent's id is left out: boto3's side makes fewer calls, not more.
        listed = [entry["operation"] for entry in json.loads(catalogue) if entry["parent"] is None]
        operations = [name for name in listed if name.startswith("ec2:Describe") and name != "ec2:DescribeRegions"]
        order = {"accounts": [account_id(number) for number in range(accounts)], "operations": operations}
        order |= {"output": str(self.place("rows.jsonl"))} | ({"regions": regions} if regions else {})
        command = [VENV_PYTHON, Path(__file__).with_name("boto3_pool.py"), json.dumps(order)]
        fleet.do("reset")
        return self.measure(command, environment(fleet.endpoint))

    def bare(self, fleet: Fleet, requests: Path, connections: int) -> dict:
        """Sends again what was kept, and parses nothing."""
        address = urllib.parse.urlsplit(fleet.endpoint).netloc
        fleet.do("reset")
        command = [fleet_executable(), "bare", requests, address, str(connections)]
        ended = self.measure(command, environment(fleet.endpoint))
        if errors := fleet.counts()["errors"]:
            raise RuntimeError(f"{errors} of the requests that were sent again were refused")
        return json.loads(ended.output)


def first_error(log: str) -> str:
    lines = [line.strip() for line in log.splitlines() if " INFO " not in line and " WARN " not in line]
    return " ".join(line for line in lines if line)[:300] or "it said nothing"


def cpu_a_call(bench: Bench) -> Figure:
    theirs, ours, items = bench.full(10, 2), bench.full(40, 6), bench.full(30, 3)
    with Fleet(accounts=max(theirs, ours), items=items, zones=2, records=200) as fleet:
        pool = bench.boto3(fleet, theirs)
        pool_calls = fleet.counts()["asked"]
        run = bench.rolecall(fleet, ours)
        calls = fleet.counts()["asked"]
    pool_each, each = pool.cpu / pool_calls, run.cpu / calls
    bench.kept["cpu"] = (each, calls / ours)
    sides = (
        f"rolecall: {run.cpu:.1f} CPU seconds for {calls:,} calls over {ours} accounts, {each * 1e6:.0f} µs a call, "
        f"Parquet written. boto3: {pool.cpu:.1f} CPU seconds for {pool_calls:,} calls over {theirs} accounts, "
        f"{pool_each * 1e6:.0f} µs a call, rows written as JSON. 17 regions, {items} items of each type, two zones of "
        f"200 records. rolecall asks more of an account: for a whole one {run.cpu / ours:.2f} CPU seconds stand "
        f"against {pool.cpu / theirs:.2f}."
    )
    return at_least(pool_each / each, 20, " times less", sides)


def memory_against_boto3(bench: Bench) -> Figure:
    accounts, items, regions = bench.full(200, 8), bench.full(30, 5), REGIONS[: bench.full(4, 2)]
    with Fleet(accounts=accounts, items=items) as fleet:
        pool = bench.boto3(fleet, accounts, regions)
        pool_calls = fleet.counts()["asked"]
        run = bench.rolecall(fleet, accounts, "--regions", ",".join(regions))
        calls = fleet.counts()["asked"]
    sides = (
        f"rolecall: {run.peak:.0f} MiB ({calls:,} calls in {run.wall:.0f} s). boto3: {pool.peak:.0f} MiB "
        f"({pool_calls:,} calls in {pool.wall:.0f} s). Both over the same {accounts} accounts and {len(regions)} "
        f"regions with {items} items of each type."
    )
    return at_least(pool.peak / run.peak, 8, " times less", sides)


def rate_against_bare(bench: Bench) -> Figure:
    kept_over, over, rounds = bench.full(20, 2), bench.full(40, 4), bench.full(3, 2)
    requests = bench.place("requests")
    with Fleet(accounts=over) as fleet:
        fleet.do("record")
        bench.rolecall(fleet, kept_over, **NO_BUCKETS)
        fleet.do("keep", file=str(requests))
        peak = min(fleet.counts()["peak_connections"], SLOTS)
        runs, bares = [], []
        for _ in range(rounds):
            run = bench.rolecall(fleet, over, **NO_BUCKETS)
            runs.append(fleet.counts()["asked"] / run.seconds)
            # The bare client connects all at once. Past the server's backlog the kernel tries again after a second,
            # which says nothing of the client: so it is measured with fewer connections too.
            for connections in {peak, min(peak, 64)}:
                sent = bench.bare(fleet, requests, connections)
                bares.append((sent["requests"] / sent["seconds"], connections))
    best, connections = max(bares)
    sides = (
        f"rolecall: {max(runs):,.0f} calls/s over {over} accounts, signing, reading and writing Parquet. The bare "
        f"client: {best:,.0f} calls/s, sending {sent['requests']:,} kept requests of such a run again over "
        f"{connections} connections (as many as rolecall had, {peak}, or fewer) and parsing nothing. The best of "
        f"{rounds} rounds each; the simulated AWS has one thread of the same machine."
    )
    return at_least(max(runs) / best, 0.5, " of its rate", sides)


def wall_against_ideal(bench: Bench) -> Figure:
    accounts, records = bench.full(100, 10), 6_000
    large = {"account": accounts - 1, "items": 3, "zones": 1, "records": records}
    with Fleet(accounts=accounts, latency_ms=round(LATENCY * 1000), besides=[large]) as fleet:
        run = bench.rolecall(fleet, accounts, ROLECALL_IN_FLIGHT=str(FEWER_SLOTS), **NO_BUCKETS)
        calls = fleet.counts()["asked"]
    # AssumeRole, the regions, the zones, then the pages of the largest zone, each of which names the next.
    chain = (3 + math.ceil(records / RECORDS_A_PAGE)) * LATENCY
    slots = calls * LATENCY / FEWER_SLOTS
    ideal = max(chain, slots)
    sides = (
        f"rolecall: {run.wall:.2f} s from the start of its process to its end ({run.cpu:.1f} CPU seconds). Ideal: "
        f"{ideal:.2f} s, the longer of {calls:,} calls x 30 ms / {FEWER_SLOTS} in flight ({slots:.2f} s) and the "
        f"longest chain of calls that wait for one another ({chain:.2f} s: the last account has a zone of {records:,} "
        f"records). `ROLECALL_IN_FLIGHT={FEWER_SLOTS}`, since with the default of {SLOTS} two cores would be the "
        "limit, not the waiting."
    )
    return at_most(run.wall / ideal, 1.15, " times the ideal", sides)


def route53_bound(bench: Bench) -> Figure:
    zones, rate, burst = bench.full(150, 40), 5, 10
    with Fleet(accounts=1, zones=zones, records=3, latency_ms=250, route53_bucket=[50, 10]) as fleet:
        run = bench.rolecall(fleet, 1, "--resources", "route53_records,route53_hosted_zones")
        counts = fleet.counts()
    calls, throttled = counts["route53"], counts["throttled"]
    allowed = burst + rate * run.seconds
    sides = (
        f"{calls} calls to Route 53 in {run.seconds:.1f} s of one account with {zones} zones at 250 ms, where its own "
        f"limit ({rate} a second after {burst} at once) allows {allowed:.1f} in that time; entering the account, and "
        f"the last answer, are in the time. AWS's own limit (10 a second after 50 at once) refused {throttled}."
    )
    share = calls / allowed
    return Figure(f"{share:.3f} of the rate, {throttled} throttled", share >= 0.97 and throttled == 0, sides)


def last_healthy(run: Ended, accounts: int, sick: tuple[int, ...]) -> float:
    """Seconds from the process's start until the last account was done that nothing was wrong with."""
    healthy = {account_id(number) for number in range(accounts) if number not in sick}
    done = {number: stamp for stamp, number in ACCOUNT_DONE.findall(run.log) if number in healthy}
    if len(done) != len(healthy):
        raise RuntimeError(f"the log tells of {len(done)} healthy accounts of {len(healthy)}")
    return max(datetime.fromisoformat(stamp).timestamp() for stamp in done.values()) - run.began


def sick_accounts(bench: Bench) -> Figure:
    accounts, rounds, hung, throttled = bench.full(200, 40), bench.full(3, 1), 5, 6
    arguments = ["--regions", ",".join(REGIONS[:2]), "--call-timeout", "5s", "--account-budget", "20s"]
    if bench.quick:
        arguments += ["--deadline", "25s"]  # the throttled account is tried again and again for more than a minute
    variables = {"ROLECALL_LOG": "info", "ROLECALL_IN_FLIGHT": str(FEWER_SLOTS)}
    faults = {"hang": hung, "throttle": throttled}
    well, ill, ends = [], [], []
    with Fleet(accounts=accounts, latency_ms=round(LATENCY * 1000)) as fleet:
        for _ in range(rounds):
            run = bench.rolecall(fleet, accounts, *arguments, **variables)
            well.append(last_healthy(run, accounts, (hung, throttled)))
            run = bench.rolecall(fleet, accounts, *arguments, faults=faults, exits=1, **variables)
            ill.append(last_healthy(run, accounts, (hung, throttled)))
            ends.append(run.wall)
            if (complete := run.response["accounts"]["complete"]) != accounts - 2:
                raise RuntimeError(f"{complete} accounts of {accounts - 2} are complete beside the two")
    sides = (
        f"The other {accounts - 2} accounts were done {min(ill):.2f} s after the start where EC2 hung in one account "
        f"and refused every call of another for rate, and after {min(well):.2f} s where nothing was wrong: from the "
        f"log's lines, the shortest of {rounds} each. The whole run with the two ended after {min(ends):.0f} s. Two "
        f"regions, 30 ms, `ROLECALL_IN_FLIGHT={FEWER_SLOTS} --call-timeout 5s --account-budget 20s`."
    )
    return at_most(min(ill) / min(well), 1.05, " times as long", sides)


def memory_of_many(bench: Bench) -> Figure:
    few, many = bench.full(100, 20), bench.full(2_000, 200)
    with Fleet(accounts=many, items=10) as fleet:
        runs = [bench.rolecall(fleet, accounts, "--regions", ",".join(REGIONS[:2])) for accounts in (few, many)]
        calls = fleet.counts()["asked"]
    small, large = (run.peak for run in runs)
    sides = (
        f"{large:.0f} MiB over {many:,} accounts ({calls:,} calls in {runs[1].wall:.0f} s), {small:.0f} MiB over "
        f"{few}; two regions with 10 items of each type."
    )
    return at_most(large / small, 1.25, " times as much", sides)


def page_sizes(fleet: Fleet, operations: dict[str, str]) -> list[int]:
    """Bytes of a full page of each operation, asked with a signature that the simulated AWS does not check."""
    sizes = []
    for operation in operations.values():
        asked = {"Action": operation, "Version": "2016-11-15", "MaxResults": "1000"}
        scope = f"{account_id(0)}/{datetime.now(UTC):%Y%m%d}/eu-west-1/ec2/aws4_request"
        headers = {
            "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=x",
            "X-Amz-Date": f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}",
        }
        request = urllib.request.Request(fleet.endpoint, urllib.parse.urlencode(asked).encode(), headers)
        without_proxies = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with without_proxies.open(request, timeout=30) as answer:
            sizes.append(sum(len(part) for part in iter(lambda: answer.read(1 << 16), b"")))
    return sizes


def limited_memory(bench: Bench) -> Figure:
    limit, accounts = 512, bench.full(8, 2)
    operations = {
        "ec2_instances": "DescribeInstances", "ec2_volumes": "DescribeVolumes",
        "ec2_network_interfaces": "DescribeNetworkInterfaces", "ec2_subnets": "DescribeSubnets",
    }  # fmt: skip
    with Fleet(accounts=accounts, items=1_000, padding=4_000, latency_ms=20) as fleet:
        sizes = page_sizes(fleet, operations)
        if min(sizes) < 4_000_000:
            raise RuntimeError(f"a page has {min(sizes):,} bytes, less than the 4 MB that are to be measured")
        variables = {"ROLECALL_IN_FLIGHT": str(SLOTS), "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(limit)}
        runs = []
        for output in (None, "s3://results/memory"):
            arguments = ("--resources", ",".join(operations))
            runs.append(bench.rolecall(fleet, accounts, *arguments, output=output, limit_mib=limit, **variables))
        counts = fleet.counts()
    folder, bucket = runs
    sides = (
        f"Into a folder: exit code 0, peak {folder.peak:.0f} MiB, {folder.wall:.0f} s. Into a bucket: exit code 0, "
        f"peak {bucket.peak:.0f} MiB, {bucket.wall:.0f} s. {counts['ec2']} calls to EC2 of {accounts} accounts x 17 "
        f"regions x {len(operations)} types, each page 1,000 items and {min(sizes) / 1e6:.1f} to "
        f"{max(sizes) / 1e6:.1f} MB; up to {SLOTS} in flight ({counts['peak_in_flight']} were, since rolecall lets in "
        f"what its memory holds). The kernel gave the process {limit} MiB of private writable memory, reserved or "
        "touched (`RLIMIT_DATA`), and fails what asks for more; rolecall was told "
        f"`AWS_LAMBDA_FUNCTION_MEMORY_SIZE={limit}`, as Lambda does."
    )
    peak = max(folder.peak, bucket.peak)
    return Figure(f"done, at {peak:.0f} MiB", peak <= limit, sides)


def start_and_size(bench: Bench) -> Figure:
    bootstrap, runs = executable(RELEASE / "bootstrap"), bench.full(20, 5)
    start(bootstrap)  # once for the page cache
    times = [start(bootstrap) * 1000 for _ in range(runs)]
    size, zipped = bootstrap.stat().st_size / 1e6, len(pack(bootstrap)) / 1e6
    median = statistics.median(times)
    sides = (
        f"From the start of the process to its request for a first event: the median of {runs} starts, "
        f"{min(times):.1f} to {max(times):.1f} ms; what Lambda adds around it is not in it. The executable has "
        f"{size:.1f} MB, its zip {zipped:.1f} MB."
    )
    return Figure(f"{median:.1f} ms, {zipped:.1f} MB", None, sides)


def gb_seconds(bench: Bench) -> Figure:
    if "cpu" not in bench.kept:
        raise RuntimeError("there is no CPU a call to reckon from")
    each, calls_an_account = bench.kept["cpu"]
    calls = 1_000 * calls_an_account
    computing, waiting = calls * each, calls * LATENCY / SLOTS
    seconds = max(computing, waiting)
    used = seconds * LAMBDA_MEMORY / 1000
    dollars = ", ".join(f"${used * price:.3f} on {name}" for name, price in PRICES.items())
    longer = "computing is longer and counts" if computing >= waiting else "waiting is longer and counts"
    sides = (
        f"Arithmetic, not a run: {calls:,.0f} calls ({calls_an_account:,.0f} an account, as in the first row) x "
        f"{each * 1e6:.0f} µs of CPU are {computing:,.0f} s of one virtual CPU of this machine's speed, which Lambda "
        f"gives for {LAMBDA_MEMORY:,} MB (counted as {LAMBDA_MEMORY / 1000} GB); waiting for AWS at {SLOTS} calls in "
        f"flight and 30 ms takes {waiting:,.0f} s meanwhile, and {longer}. At Lambda's prices {dollars}."
    )
    return Figure(f"{used:,.0f} GB-seconds", None, sides)


@dataclass
class Row:
    what: str
    goal: str
    how: str
    measure: Callable[[Bench], Figure]


ROWS = {
    "cpu": Row(
        "CPU a call, whole mix, against boto3", "20 times less",
        "CPU seconds of the process / calls that AWS counted", cpu_a_call,
    ),
    "memory": Row(
        "peak memory, 200 accounts, against boto3", "8 times less",
        "largest resident set of the process", memory_against_boto3,
    ),
    "rate": Row(
        "calls/s at no latency, against a bare HTTP client", "at least half",
        "the same requests to the same server", rate_against_bare,
    ),
    "wall": Row(
        "wall time at 30 ms latency, no limits of rate, against the ideal", "at most 1.15",
        "start of the process to its end / what waiting alone takes", wall_against_ideal,
    ),
    "route53": Row(
        "an account that Route 53's rate binds", "0.97 of the rate, none throttled",
        "calls to Route 53 / what the rate allows in the run's time", route53_bound,
    ),
    "sick": Row(
        "one hung and one throttled account among 200", "at most 1.05",
        "when the last healthy account is done, with them / without", sick_accounts,
    ),
    "many": Row(
        "peak memory, 2,000 accounts against 100", "at most 1.25",
        "largest resident set of the process", memory_of_many,
    ),
    "limit": Row(
        "limited to 512 MiB, pages of 4 MB, 384 in flight", "done, not killed",
        "a limit of the kernel's, and the peak told", limited_memory,
    ),
    "start": Row(
        "the function's start to its first request, and its zipped size", "told",
        "a server that plays Lambda's runtime interface", start_and_size,
    ),
    "cost": Row(
        "1,000 accounts x 17 regions on Lambda", "told",
        "reckoned from the CPU a call of the first row", gb_seconds,
    ),
}  # fmt: skip


def machine() -> str:
    def first(path: str, name: str) -> str | None:
        lines = Path(path).read_text().splitlines() if Path(path).exists() else []
        return next((line.split(":", 1)[1].strip() for line in lines if line.startswith(name)), None)

    model = first("/proc/cpuinfo", "model name") or platform.machine()
    memory = int((first("/proc/meminfo", "MemTotal") or "0 kB").split()[0]) / (1 << 20)
    return f"{len(os.sched_getaffinity(0))} cores of {model}, {memory:.0f} GiB of memory"


def commit() -> str:
    described = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True)
    return described.stdout.strip() or "unknown"


def page(bench: Bench, opening: list[str], figures: dict[str, Figure]) -> str:
    """The page. A place on this machine can only come in by an error's text, and is taken out of it."""
    lines = ["# Benchmarks", "", *textwrap.wrap(" ".join(opening), 118, break_on_hyphens=False), ""]
    lines += ["| what | goal | measured | how |", "| --- | --- | --- | --- |"]
    for name, figure in figures.items():
        lines.append(f"| {ROWS[name].what} | {ROWS[name].goal} | {figure.cell} | {ROWS[name].how} |".replace("\n", " "))
    for name, figure in figures.items():
        title = f"**{ROWS[name].what[0].upper()}{ROWS[name].what[1:]}.**"
        lines += ["", *textwrap.wrap(f"{title} {figure.sides}", 118, break_on_hyphens=False)]
    text = "\n".join(lines) + "\n"
    for place in (bench.folder, ROOT, Path.home()):
        text = text.replace(f"{place}/", "")
    return text


def chosen(only: str | None) -> list[str]:
    wanted = set(only.split(",")) if only else set(ROWS)
    if unknown := wanted - set(ROWS):
        raise SystemExit(f"there is no row {', '.join(sorted(unknown))}; there are {', '.join(ROWS)}")
    if "cost" in wanted:
        wanted.add("cpu")  # which it is reckoned from
    return [name for name in ROWS if name in wanted]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="every row small, to try it out")
    parser.add_argument("--only", metavar="NAME,…", help=f"of {', '.join(ROWS)}")
    parser.add_argument("--output", type=Path, help="the page (default: infra/BENCHMARKS.md)")
    arguments = parser.parse_args()
    names = chosen(arguments.only)
    # Ended from outside, it still ends what it started and takes its folder away.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    whole = not arguments.quick and not arguments.only
    output = arguments.output or (ROOT / "infra/BENCHMARKS.md" if whole else None)
    opening = [
        "What rolecall costs, beside what it is to be measured against. `make bench` writes this page: both sides of a",
        "ratio are measured in one run on one machine, against an AWS that is simulated in a process of its own.",
        f"{datetime.now(UTC):%Y-%m-%d}, commit {commit()}, {machine()}; load before: {os.getloadavg()[0]:.1f}.",
    ]
    if arguments.quick:
        opening.append("Tried out with `--quick`: every row is smaller than it says, and its figures mean little.")
    print("\n".join(opening), end="\n\n")
    figures: dict[str, Figure] = {}
    failed = False
    with tempfile.TemporaryDirectory(prefix="rolecall-bench-") as folder:
        bench = Bench(Path(folder), arguments.quick)
        for name in names:
            began = time.perf_counter()
            try:
                figure = ROWS[name].measure(bench)
            except Exception as error:
                failed = True
                what = f"{type(error).__name__}: {error}" if not isinstance(error, RuntimeError) else str(error)
                figure = Figure("failed", None, f"It failed: {what}.")
            figures[name] = figure
            detail = f" ({figure.sides})" if figure.said == "failed" else ""
            took = f"{time.perf_counter() - began:.0f} s"
            print(f"| {ROWS[name].what} | {ROWS[name].goal} | {figure.cell}{detail} | {took} |", flush=True)
        text = page(bench, opening, figures)
    if output is None:
        print(f"\n{text}")
    else:
        output.write_text(text)
        print(f"\nwritten to {output}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
