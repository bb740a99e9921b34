"""Reads exports with the tools they are for: `make test` runs this. What is not installed is said, and skipped.

    check.py --rolecall target/debug/rolecall --exports .emulator/pages

`--exports` has the zones of the golden estates, which the unit tests write with ROLECALL_PAGES. `--only NAME` runs one
check.

- BIND: `named-checkzone` accepts every zone file, `named-checkconf` the views.
- octoDNS: plans no change, among the files, and against a Route 53 (moto) that has the estate's record sets.
- A hosts file: every address and name is one.
- NetBox (a stand-in that refuses what its schema refuses): a second synchronisation changes nothing, and nothing is
  deleted that an unknown cell may hide.
- SARIF of `rolecall dns`: valid by its published schema.
"""

from __future__ import annotations

import argparse
import csv
import ipaddress
import json
import logging
import os
import re
import shutil
import subprocess
import sys
import tempfile
import traceback
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import netbox

SARIF = "@microsoft/jest-sarif@1.0.0-beta.0"
ROOT = Path(__file__).resolve().parents[2]
CHECKS: list[Callable] = []
HOST = re.compile(r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")
POLICIES = {
    "weight": "Weight",
    "aws_region": "Region",
    "failover": "Failover",
    "set_identifier": "SetIdentifier",
    "health_check_id": "HealthCheckId",
    "ttl": "TTL",
    "geo_location": "GeoLocation",
}


def check(function: Callable) -> Callable:
    CHECKS.append(function)
    return function


class Exports:
    """The demo estate in every format, and the zones of the unit tests."""

    def __init__(self, rolecall: Path, folder: Path, golden: Path) -> None:
        self.rolecall, self.folder, self.golden = rolecall, folder, golden
        self.run("demo", "--to", folder / "demo")

    def run(self, *arguments: object, exits: int = 0) -> str:
        command = [str(self.rolecall), *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        if done.returncode != exits:
            raise AssertionError(f"{' '.join(command)} ended with {done.returncode}: {done.stderr}")
        return done.stdout

    def export(self, kind: str, *options: object) -> Path:
        target = self.folder / kind
        if not target.exists():
            told = self.run("export", kind, "--to", target, "--output", self.folder / "demo", *options)
            assert "unknown" in told, f"the coverage of {kind} is not said: {told}"
            basis = json.loads((target / "coverage.json").read_text())
            assert basis["coverage"]["unknown"], f"{kind} hides what could not be read"
            assert "throttled" in (target / "README.md").read_text()
        return target


def tool(name: str) -> str | None:
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/bin")
    if found is None:
        print(f"{name} is not installed (bind9-utils): the check that needs it is skipped")
    return found


def accepted(checkzone: str, folder: Path) -> int:
    """Has every zone of an export checked."""
    zones = json.loads((folder / "zones.json").read_text())["zones"]
    for zone in zones:
        done = subprocess.run([checkzone, zone["zone_name"], folder / zone["file"]], capture_output=True, text=True)
        assert done.returncode == 0, f"{zone['file']}: {done.stdout}{done.stderr}"
        assert "ignoring out-of-zone" not in done.stdout, f"{zone['file']}: {done.stdout}"
    return len(zones)


def views(checkconf: str, folder: Path) -> None:
    # BIND takes paths from its directory, and the fragment has none.
    done = subprocess.run([checkconf, "-z", "named.conf"], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, f"{folder}/named.conf: {done.stdout}{done.stderr}"


@check
def bind_accepts_every_zone(exports: Exports) -> None:
    checkzone, checkconf = tool("named-checkzone"), tool("named-checkconf")
    folders = [exports.export("bind"), *sorted(exports.golden.glob("bind-*"))]
    assert len(folders) > 2, f"the unit tests wrote no zones to {exports.golden}"
    checked = 0
    for folder in folders:
        if checkzone:
            checked += accepted(checkzone, folder)
        if checkconf:
            views(checkconf, folder)
    print(f"named-checkzone accepts {checked} zones")


def planned(config: Path) -> int:
    """Returns the number of changes that octoDNS plans in the folder of a configuration."""
    from octodns.manager import Manager

    class Told(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            texts.append(record.getMessage())

    texts: list[str] = []
    told, log = Told(), logging.getLogger("Plan")
    log.addHandler(told)
    log.setLevel(logging.INFO)
    log.propagate = False
    try:
        Manager(str(config)).sync(dry_run=True)
    finally:
        log.removeHandler(told)
    text = "\n".join(texts)
    summaries = re.findall(r"Summary: Creates=(\d+), Updates=(\d+), Deletes=(\d+)", text)
    assert summaries or "No changes were planned" in text, f"{config} has no plan: {text}"
    return sum(int(number) for summary in summaries for number in summary)


@check
def octodns_plans_no_change(exports: Exports) -> None:
    for folder in [exports.export("octodns"), *sorted(exports.golden.glob("octodns-*"))]:
        os.chdir(folder)
        for config in sorted(folder.glob("config*.yaml")):
            assert planned(config) == 0, f"{config} plans changes"


def record_sets(exports: Exports) -> dict[tuple[str, str], list[dict]]:
    """Returns the record sets of each account's zones, as Route 53 has them."""
    tables = exports.folder / "tables"
    if not tables.exists():
        output = exports.folder / "demo"
        exports.run("export", "csv", "--tables", "route53_*", "--to", tables, "--output", output)
    found = defaultdict(list)
    with (tables / "route53_records.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            record = {"Name": row["name"], "Type": row["type"]}
            for column, member in POLICIES.items():
                if row[column]:
                    record[member] = int(row[column]) if column in ("weight", "ttl") else row[column]
            if row["alias_target"]:
                record["AliasTarget"] = json.loads(row["alias_target"])
            else:
                record["ResourceRecords"] = json.loads(row["resource_records"])
            found[row["account_id"], row["hosted_zone_id"]].append(record)
    return found


def zones_of(exports: Exports) -> list[dict]:
    with (exports.folder / "tables/route53_hosted_zones.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def fill(route53, zone: dict, records: list[dict]) -> None:
    """Creates a zone with its record sets."""
    config, vpcs = json.loads(zone["config"]), json.loads(zone["vpcs"] or "[]")
    more = {"VPC": vpcs[0]} if config["PrivateZone"] else {}
    created = route53.create_hosted_zone(
        Name=zone["name"], CallerReference=zone["id"], HostedZoneConfig={"PrivateZone": config["PrivateZone"]}, **more
    )
    changes = [{"Action": "UPSERT", "ResourceRecordSet": record} for record in records if record["Type"] != "SOA"]
    for change in changes:
        route53.change_resource_record_sets(HostedZoneId=created["HostedZone"]["Id"], ChangeBatch={"Changes": [change]})


@check
def octodns_plans_no_change_against_route_53(exports: Exports) -> None:
    import boto3
    from moto import mock_aws

    os.environ.update(AWS_ACCESS_KEY_ID="x", AWS_SECRET_ACCESS_KEY="x", AWS_DEFAULT_REGION="us-east-1")
    folder = exports.export("octodns")
    os.chdir(folder)
    records = record_sets(exports)
    configs = sorted(folder.glob("route53/*.yaml"))
    assert configs, "there is no configuration with Route 53 as target"
    for config in configs:
        account = config.name.split("-")[0]
        with mock_aws():
            route53 = boto3.client("route53")
            for zone in zones_of(exports):
                if zone["account_id"] == account and (account, zone["id"]) in records:
                    fill(route53, zone, records[account, zone["id"]])
            assert planned(config) == 0, f"{config} plans changes"
            # The plan reads Route 53: what is added there would be deleted.
            zones = route53.list_hosted_zones()["HostedZones"]
            is_private = "private" in config.name
            zone = next(zone for zone in zones if zone["Config"]["PrivateZone"] == is_private)
            extra = {
                "Name": f"extra.{zone['Name']}",
                "Type": "A",
                "TTL": 1,
                "ResourceRecords": [{"Value": "192.0.2.1"}],
            }
            change = {"Action": "CREATE", "ResourceRecordSet": extra}
            route53.change_resource_record_sets(HostedZoneId=zone["Id"], ChangeBatch={"Changes": [change]})
            assert planned(config) == 1, f"{config} does not read Route 53"


@check
def a_hosts_file_has_hosts(exports: Exports) -> None:
    lines = (exports.export("hosts") / "hosts").read_text().splitlines()
    lines = [line for line in lines if not line.startswith("#")]
    seen, last = set(), None
    for line in lines:
        address, *names = line.split()
        parsed = ipaddress.ip_address(address)
        assert parsed not in seen and str(parsed) == address, line
        assert names == sorted(set(names)) and names, line
        assert all(HOST.fullmatch(name) for name in names), line
        key = (parsed.version, parsed)
        assert last is None or last < key, f"{line} is out of order"
        seen.add(parsed)
        last = key
    assert len(lines) > 10, "the estate has hosts"


@check
def tables_and_answers_are_files(exports: Exports) -> None:
    folder = exports.export("csv")
    with (folder / "ec2_instances.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows and all(row["account_id"].isdigit() and row["instance_type"] for row in rows)
    output = exports.folder / "demo"
    answers = exports.folder / "answers"
    exports.run("export", "csv", "--questions", "all", "--to", answers, "--output", output)
    assert (answers / "public-addresses.csv").exists()
    book = exports.export("xlsx")
    assert (book / "tables.xlsx").read_bytes().startswith(b"PK")
    # A second export into the folder is refused, and changes nothing.
    before = sorted(path.name for path in folder.iterdir())
    exports.run("export", "csv", "--to", folder, "--output", output, exits=2)
    assert sorted(path.name for path in folder.iterdir()) == before
    assert not list(exports.folder.glob(".*partial"))


CUSTOMERS = {"111122223333": "acme", "222233334444": "acme", "444455556666": "globex", "555566667777": "globex"}


@check
def a_second_synchronisation_of_netbox_changes_nothing(exports: Exports) -> None:
    registry = exports.folder / "targets.json"
    targets = [{"account_id": account, "external_id": None, "customer": name} for account, name in CUSTOMERS.items()]
    registry.write_text(json.dumps({"version": 1, "defaults": {"role_name": "rolecall"}, "targets": targets}))
    os.environ["NETBOX_TOKEN"] = netbox.TOKEN
    numbers = iter(range(100))

    def export(there: netbox.Netbox, *options: object, exits: int = 0) -> str:
        folder = exports.folder / f"netbox-{next(numbers)}"
        told = exports.run("export", "netbox", "--to", folder, "--output", exports.folder / "demo", "--registry",
                           registry, "--url", there.url, *options, exits=exits)  # fmt: skip
        written = told + "".join(path.read_text() for path in folder.rglob("*") if path.is_file())
        assert netbox.TOKEN not in written, "the token is in what the export writes"
        return told

    with netbox.Netbox() as there:
        # What others made is used, and stays as it is. Nothing is done without --apply.
        there.write("tenancy/tenants/", {"name": "ACME", "slug": "acme-corp", "description": "ours"})
        there.write("extras/tags/", {"name": "Rolecall", "slug": "rolecall"})
        told = export(there)
        assert there.writes == 0 and "With --apply" in told, told
        told = export(there, "--apply")
        made = {path: len(items) for path, items in there.objects.items()}
        assert all(made.values()), made
        assert there.objects["tenancy/tenants/"][1]["description"] == "ours" and "tenant acme" not in told
        assert any(item["dns_name"] for item in there.objects["ipam/ip-addresses/"].values())
        assert any(item["assigned_object_id"] for item in there.objects["ipam/ip-addresses/"].values())
        writes = there.writes
        told = export(there, "--apply")
        assert there.writes == writes and "Now 0 are created, 0 changed, 0 deleted." in told, told
        deletions_wait_for_answers(there, export)
        imports_have_the_columns_that_netbox_wants(exports.folder / "netbox-0")
        os.environ["NETBOX_TOKEN"] = "wrong-token-of-somebody"
        command = ["export", "netbox", "--to", exports.folder / "x", "--output", exports.folder / "demo"]
        failed = subprocess.run([exports.rolecall, *command, "--url", there.url], capture_output=True, text=True)
        assert failed.returncode == 2 and "403" in failed.stderr, failed.stderr
        assert "wrong-token" not in failed.stderr + failed.stdout and not (exports.folder / "x").exists()


def imports_have_the_columns_that_netbox_wants(folder: Path) -> None:
    files = sorted(folder.glob("*.csv"))
    assert {file.stem.partition("-")[2] for file in files} == set(netbox.IMPORTS)
    for file in files:
        with file.open(newline="") as opened:
            rows = csv.DictReader(opened)
            has = {name.partition(".")[0] for name in rows.fieldnames or []}
            needed = netbox.IMPORTS[file.stem.partition("-")[2]]
            assert needed <= has, f"{file.name} lacks {needed - has}"
            for row in rows:
                empty = [name for name, value in row.items() if name.partition(".")[0] in needed and not value]
                assert not empty, f"{file.name}: {empty}: {row}"


def deletions_wait_for_answers(there: netbox.Netbox, export: Callable) -> None:
    """What the estate does not have is deleted, if its cell was answered and rolecall made it."""
    own = {"name": "x", "tags": [{"name": "Rolecall", "slug": "rolecall"}]}
    said = {
        "gone": "vpc-0gone of 111122223333 in eu-central-1",
        "throttled": "vpc-0thr of 444455556666 in us-east-1",
        "stranger": "vpc-0str of 999988887777 in eu-central-1",
        "edited": "do not delete",
    }
    for rd, description in said.items():
        there.write("ipam/vrfs/", {**own, "rd": rd, "description": description})
    there.write("ipam/vrfs/", {"name": "x", "rd": "others", "description": said["gone"]})
    # A VRF with a prefix of others stays with it.
    used = said["gone"].replace("0gone", "0used")
    used = there.write("ipam/vrfs/", {**own, "rd": "used", "description": used})["id"]
    there.write("ipam/prefixes/", {"prefix": "198.18.0.0/24", "vrf": used, "status": "active", "description": "ours"})
    narrowed = export(there, "--accounts", "222233334444", "--apply")
    assert "0 deleted" in narrowed, narrowed
    told = export(there, "--apply")
    left = {vrf["rd"] for vrf in there.objects["ipam/vrfs/"].values()}
    assert left >= {"throttled", "stranger", "edited", "others", "used"} and "gone" not in left, left
    assert "0 are created, 0 changed, 1 deleted" in told, told
    # What somebody changed is as the estate has it again.
    vrf = next(vrf for vrf in there.objects["ipam/vrfs/"].values() if vrf["rd"].startswith("vpc-"))
    there.write("ipam/vrfs/", {"id": vrf["id"], "name": "changed"})
    told = export(there, "--apply")
    assert "0 are created, 1 changed, 0 deleted" in told and "changed" in told, told


def sarif_schema() -> dict | None:
    """Returns the published schema of SARIF 2.1.0, which npm installs once. None without npm or a registry."""
    folder = ROOT / ".emulator" / "sarif"
    schema = folder / "node_modules/@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json"
    if not schema.exists():
        folder.mkdir(parents=True, exist_ok=True)
        command = ["npm", "install", "--prefix", str(folder), "--no-audit", "--no-fund", "--ignore-scripts",
                   "--no-package-lock", "--legacy-peer-deps", "--omit=peer", SARIF]  # fmt: skip
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=300)
        except (OSError, subprocess.SubprocessError):
            return None
    return json.loads(schema.read_text())


@check
def findings_are_sarif(exports: Exports) -> None:
    from jsonschema.validators import validator_for

    log = json.loads(exports.run("dns", "--format", "sarif", "--output", exports.folder / "demo"))
    assert log["runs"][0]["results"] and log["version"] == "2.1.0"
    schema = sarif_schema()
    if schema is None:
        print("npm or its registry is not there: the check of SARIF's schema is skipped")
        return
    wrong = list(validator_for(schema)(schema).iter_errors(log))
    assert not wrong, [f"{list(error.absolute_path)}: {error.message}"[:300] for error in wrong[:5]]
    # The schema refuses what is wrong.
    log["runs"][0]["results"][0]["level"] = "fatal"
    assert list(validator_for(schema)(schema).iter_errors(log))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rolecall", type=Path, required=True)
    parser.add_argument("--exports", type=Path, required=True)
    parser.add_argument("--only", metavar="NAME")
    arguments = parser.parse_args()
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        exports = Exports(arguments.rolecall.resolve(), Path(folder), arguments.exports.resolve())
        for function in CHECKS:
            if arguments.only and arguments.only != function.__name__:
                continue
            try:
                function(exports)
                print(f"{function.__name__}: ok")
            except Exception:
                failed += 1
                print(f"{function.__name__}: failed")
                traceback.print_exc()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
