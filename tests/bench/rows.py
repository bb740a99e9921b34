"""Defines the rows of the table of benchmarks: what is compared, and how.

Each row returns a figure, and a text that describes both sides of the comparison.
"""

from __future__ import annotations

import math
import re
import statistics
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from answers import (
    every_question,
    every_verdict,
    one_address,
    pages_of_customers,
    report_page,
    requests_after_nights,
    state_of_a_commit,
    two_nights,
)
from largest import largest
from measuring import RELEASE, Bench, Ended, Figure, Fleet, account_id, at_least, at_most, executable
from start import pack, start

REGIONS = ("eu-west-1", "us-east-1", "eu-central-1", "us-west-2")
SLOTS = 384  # rolecall's default of calls in flight
FEWER_SLOTS = 96  # few enough that two cores are not the limit at 30 ms
LATENCY = 0.030
RECORDS_A_PAGE = 300
LAMBDA_MEMORY = 1769  # MB, for which Lambda gives one virtual CPU
PRICES = {"arm64": 0.0000133334, "x86_64": 0.0000166667}  # dollars a GB-second
NO_BUCKETS = {
    "ROLECALL_EC2_RATE": "5000", "ROLECALL_EC2_BURST": "5000", "ROLECALL_ROUTE53_RATE": "5000",
    "ROLECALL_ROUTE53_BURST": "5000", "ROLECALL_RESOLVER_RATE": "5000", "ROLECALL_STS_RATE": "5000",
}  # fmt: skip
ACCOUNT_DONE = re.compile(r'^(\S+)\s+INFO .*\baccount done\b.*\baccount_id="(\d{12})"', re.MULTILINE)


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
        # The attempts without external IDs are refused, and the bare client is to be answered.
        bench.rolecall(fleet, kept_over, **NO_BUCKETS, ROLECALL_TRUST_INTERVAL="off")
        fleet.do("keep", file=str(requests))
        peak = min(fleet.counts()["peak_connections"], SLOTS)
        runs, bares = [], []
        for _ in range(rounds):
            run = bench.rolecall(fleet, over, **NO_BUCKETS)
            runs.append(fleet.counts()["asked"] / run.seconds)
            # The bare client opens all connections at once. Beyond the server's backlog the kernel retries after a
            # second, which distorts the client's rate. So it is measured with fewer connections too.
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
    # AssumeRole, the regions, the zones, then the pages of the largest zone, which follow one another.
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
    """Returns the seconds from the start of the process until the last account without a fault was done."""
    healthy = {account_id(number) for number in range(accounts) if number not in sick}
    done = {number: stamp for stamp, number in ACCOUNT_DONE.findall(run.log) if number in healthy}
    if len(done) != len(healthy):
        raise RuntimeError(f"the log tells of {len(done)} healthy accounts of {len(healthy)}")
    return max(datetime.fromisoformat(stamp).timestamp() for stamp in done.values()) - run.began


def sick_accounts(bench: Bench) -> Figure:
    accounts, rounds, hung, throttled = bench.full(200, 40), bench.full(3, 1), 5, 6
    arguments = ["--regions", ",".join(REGIONS[:2]), "--call-timeout", "5s", "--account-budget", "20s"]
    if bench.quick:
        arguments += ["--deadline", "25s"]  # retries of the throttled account last more than a minute
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


def hung_account(bench: Bench) -> Figure:
    """One account of twelve hangs: all of it or EC2 only, with the default settings."""
    accounts, hung = 12, 5
    walls = {}
    with Fleet(accounts=accounts, latency_ms=round(LATENCY * 1000)) as fleet:
        for service in ("every service", "ec2"):
            run = bench.rolecall(fleet, accounts, faults={"hang": hung}, service=service, exits=1)
            walls[service] = run.wall
            if (complete := run.response["accounts"]["complete"]) != accounts - 1:
                raise RuntimeError(f"{complete} accounts of {accounts - 1} are complete beside the hung one")
    sides = (
        f"{accounts} accounts and 17 regions with the default settings. The run ended after "
        f"{walls['every service']:.0f} s where nothing of one account answered, STS included, and after "
        f"{walls['ec2']:.0f} s where its EC2 did not."
    )
    return at_most(max(walls.values()), 100, " s", sides)


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


def memory_of_calls(bench: Bench) -> Figure:
    accounts, rounds = bench.full(50, 5), bench.full(3, 1)
    with Fleet(accounts=accounts, items=5) as fleet:
        runs = []
        for _ in range(rounds):
            runs.append(bench.rolecall(fleet, accounts, "--regions", ",".join(REGIONS)))
            calls = fleet.counts()["asked"]
    peaks = sorted(run.peak for run in runs)
    sides = (
        f"{calls:,} calls over {accounts} accounts and {len(REGIONS)} regions with 5 items of each type: "
        f"{peaks[0]:.0f} to {peaks[-1]:.0f} MiB in {rounds} runs, {runs[-1].cpu / calls * 1e6:.0f} µs of CPU a call. "
        "The largest counts."
    )
    return Figure(f"{peaks[-1]:.0f} MiB", peaks[-1] <= 60, sides)


def page_sizes(fleet: Fleet, operations: dict[str, str]) -> list[int]:
    """Returns the bytes of a full page of each operation. The simulated AWS does not verify the signature."""
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
    used = seconds * LAMBDA_MEMORY / 1024
    dollars = ", ".join(f"${used * price:.3f} on {name}" for name, price in PRICES.items())
    longer = "computing is longer and counts" if computing >= waiting else "waiting is longer and counts"
    sides = (
        f"Arithmetic, not a run: {calls:,.0f} calls ({calls_an_account:,.0f} an account, as in the first row) x "
        f"{each * 1e6:.0f} µs of CPU are {computing:,.0f} s of one virtual CPU of this machine's speed, which Lambda "
        f"gives for {LAMBDA_MEMORY:,} MB ({LAMBDA_MEMORY / 1024:.3f} GB); waiting for AWS at {SLOTS} calls in "
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
    "hung": Row(
        "twelve accounts, one of which never answers", "at most 100 s",
        "start of the process to its end", hung_account,
    ),
    "many": Row(
        "peak memory, 2,000 accounts against 100", "at most 1.25",
        "largest resident set of the process", memory_of_many,
    ),
    "calls": Row(
        "peak memory of 13,200 calls over 50 accounts", "at most 60 MiB",
        "largest resident set of the process", memory_of_calls,
    ),
    "limit": Row(
        "limited to 512 MiB, pages of 4 MB, 384 in flight", "done, not killed",
        "a limit of the kernel's, and the peak told", limited_memory,
    ),
    "where": Row(
        "`where` for one address, 1.5 million rows", "at most 0.3 s",
        "start of the process to its end", one_address,
    ),
    "ask": Row(
        "all questions over 1.5 million rows", "at most 30 s and 1 GiB",
        "start of the process to its end, and its largest resident set", every_question,
    ),
    "dns": Row(
        "verdicts on one million records", "at most 30 s and 1 GiB",
        "start of the process to its end, and its largest resident set", every_verdict,
    ),
    "state": Row(
        "the state after a commit of 1,000 accounts", "at most 2 s more",
        "a committed run that is delivered again, without its state and with it", state_of_a_commit,
    ),
    "diff": Row(
        "what changed between two nights of 1.5 million rows", "at most 30 s and 512 MiB",
        "start of the process to its end, and its largest resident set", two_nights,
    ),
    "report": Row(
        "the report page of 1.5 million rows", "at most 10 s, 25 MB, opened in 2 s, searched in 100 ms",
        "start of the process to its end; headless Chromium", report_page,
    ),
    "customers": Row(
        "the same with a page for each of 50 customers", "told",
        "start of the process to its end, and its largest resident set", pages_of_customers,
    ),
    "nights": Row(
        "requests of `where` to S3 after 30 nights, against one", "at most 1.5 times",
        "requests that the simulated S3 counted", requests_after_nights,
    ),
    "largest": Row(
        "the largest requests and answers", "at most half of Lambda's memory",
        "largest resident set and CPU time of each process", largest,
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
