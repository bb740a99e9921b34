"""Measures the largest requests and the largest answers: peak memory and CPU time of each.

The limits are those of `src/event/request`. A request past a limit is refused, so its row measures the refusal.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from measuring import RELEASE, Bench, Ended, Figure, Fleet, account_id, environment, executable, external_id

LAMBDA_MEMORY = 1769  # MB, the default of backend.yaml
REFUSED = 2
UNKNOWN = 420_000  # as many ids as an event of 6 MB holds
REGION_GLOBS, RESOURCE_GLOBS = 100, 200
RESPONSE_BYTES = 200 << 10
REGION = "eu-west-1"


@dataclass
class Case:
    what: str
    request: dict[str, Any]
    exits: int = 0


def starred(parts: list[str], count: int) -> list[str]:
    """Returns different globs that match the same text: the parts with stars between some of them."""
    stars = [
        [part + ("*" if number >> place & 1 else "") for place, part in enumerate(parts)] for number in range(count)
    ]
    return ["".join(each) for each in stars]


def requests(bench: Bench, accounts: int) -> list[Case]:
    """Returns the largest requests that are carried out, and larger ones that are refused."""
    unknown = [str(500_000_000_000 + number) for number in range(bench.full(UNKNOWN, UNKNOWN // 100))]
    known = [account_id(number) for number in range(accounts)]
    one = {"accounts": "all", "regions": [REGION], "resources": ["accounts"]}
    regions = starred(list(REGION), REGION_GLOBS)
    resources = starred([f"{{{letter},x}}" for letter in "accounts"], RESOURCE_GLOBS)
    many = bench.full(200_000, 5_000)
    return [
        Case(f"{len(unknown):,} unknown accounts with `skip_unknown`",
             {**one, "accounts": unknown + known[:1], "skip_unknown": True}),
        Case(f"{len(unknown):,} unknown accounts, refused", {**one, "accounts": unknown}, REFUSED),
        Case(f"{len(regions)} region globs for {accounts:,} accounts", {**one, "regions": regions}),
        Case(f"{len(resources)} resource globs", {**one, "accounts": known[:1], "resources": resources}),
        Case(f"{many:,} resource globs, refused",
             {**one, "resources": [f"ec2_*{number}{{vpcs,subnets}}" for number in range(many)]}, REFUSED),
        Case(f"{many:,} region globs, refused",
             {**one, "regions": [f"eu-west-{number}" for number in range(many)]}, REFUSED),
    ]  # fmt: skip


def run_event(bench: Bench, fleet: Fleet, accounts: int, case: Case) -> Ended:
    registry, event = bench.place("targets.json"), bench.place("event.json")
    numbers = map(account_id, range(accounts))
    targets = [{"account_id": number, "external_id": external_id(number)} for number in numbers]
    registry.write_text(json.dumps({"version": 1, "targets": targets}))
    event.write_text(json.dumps(case.request))
    command = [executable(RELEASE / "rolecall"), "run", "--json", "--registry", registry, "--event", event]
    command += ["--output", bench.place("inventory")]
    fleet.do("reset")
    variables = {"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(LAMBDA_MEMORY), "ROLECALL_STS_RATE": "5000"}
    return bench.measure(command, environment(fleet.endpoint, **variables), case.exits)


def described(what: str, ended: Ended) -> str:
    return f"{what}: {ended.peak:.0f} MiB, {ended.cpu:.1f} CPU seconds"


def largest(bench: Bench) -> Figure:
    accounts, peaks, sides = bench.full(500, 20), [], []
    with Fleet(accounts=accounts, items=1, zones=0) as fleet:
        for case in requests(bench, accounts):
            ended = run_event(bench, fleet, accounts, case)
            peaks.append(ended.peak)
            sides.append(described(case.what, ended))
            if len(ended.output.encode()) > RESPONSE_BYTES + RESPONSE_BYTES // 2:  # it is indented here
                raise RuntimeError(f"{case.what}: the response has {len(ended.output):,} bytes")
    items, padding = bench.full(1_000, 100), 64_000
    with Fleet(accounts=1, items=items, zones=0, padding=padding) as fleet:
        request = {"accounts": "all", "regions": [REGION, "us-east-1"], "resources": ["ec2_subnets", "ec2_vpcs"]}
        ended = run_event(bench, fleet, 1, Case("", request))
        peaks.append(ended.peak)
        sides.append(described(f"four answers of {items * padding / 1e6:.0f} MB", ended))
    goal = LAMBDA_MEMORY / 2
    return Figure(f"at most {max(peaks):.0f} MiB", max(peaks) <= goal, "; ".join(sides) + ".")
