"""Fills a customer account with hosted zones, records and health checks, for `stage.py`.

The zones have one of each kind of record that tends to break parsers: wildcards, escaped names, quoted text, aliases,
weighted and latency records. One zone has more records than a page. No name resolves.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

Record = dict[str, Any]

PAGE = 300  # the page limit of ListResourceRecordSets
BULK_RECORDS = PAGE + 20
CHANGES_A_BATCH = 200  # well below AWS's 1,000


def simple(name: str, kind: str, *values: str, ttl: int = 300, **more: Any) -> Record:
    return {"Name": name, "Type": kind, "TTL": ttl, "ResourceRecords": [{"Value": value} for value in values], **more}


def alias(name: str, target: str, zone: str, **more: Any) -> Record:
    target_of = {"HostedZoneId": zone, "DNSName": target, "EvaluateTargetHealth": True}
    return {"Name": name, "Type": "A", "AliasTarget": target_of, **more}


def every_kind(domain: str, zone: str, health_check: str) -> list[Record]:
    """Returns one of each kind of record of a public zone."""
    return [
        simple(f"www.{domain}", "A", "192.0.2.1", "192.0.2.2"),
        simple(f"www.{domain}", "AAAA", "2001:db8::1"),
        simple(f"*.{domain}", "CNAME", f"www.{domain}"),
        simple(f"_dmarc.{domain}", "TXT", '"v=DMARC1; p=reject"'),
        simple(domain, "TXT", '"v=spf1 include:_spf.example.com ~all"', '"two" "strings"', '"a \\"quoted\\" word"'),
        simple(domain, "MX", "10 mail.example.com.", "20 mail2.example.com."),
        simple(domain, "CAA", '0 issue "letsencrypt.org"'),
        simple(f"_sip._tcp.{domain}", "SRV", "10 60 5060 sip.example.com."),
        simple(f"team.{domain}", "NS", "ns-1.example.net.", "ns-2.example.net."),
        alias(domain, f"www.{domain}", zone),
        simple(f"api.{domain}", "A", "192.0.2.10", SetIdentifier="blue", Weight=90, HealthCheckId=health_check),
        simple(f"api.{domain}", "A", "192.0.2.11", SetIdentifier="green / 10 %", Weight=10),
        simple(f"cdn.{domain}", "A", "192.0.2.20", SetIdentifier="europe", Region="eu-central-1"),
        simple(f"cdn.{domain}", "A", "192.0.2.21", SetIdentifier="sydney", Region="ap-southeast-2"),
        simple(f"geo.{domain}", "A", "192.0.2.30", SetIdentifier="de", GeoLocation={"CountryCode": "DE"}),
        simple(f"geo.{domain}", "A", "192.0.2.31", SetIdentifier="rest", GeoLocation={"CountryCode": "*"}),
        simple(f"ha.{domain}", "A", "192.0.2.40", SetIdentifier="1st", Failover="PRIMARY", HealthCheckId=health_check),
        simple(f"ha.{domain}", "A", "192.0.2.41", SetIdentifier="2nd", Failover="SECONDARY"),
        simple(f"many.{domain}", "A", "192.0.2.50", SetIdentifier="m1", MultiValueAnswer=True, ttl=0),
    ]


def build_zones(route53: Any, name: str, vpcs: dict[str, str], bulk: bool) -> list[str]:
    """Creates a public zone, a private one for `vpcs` ({region: id}), and on request a large one. Returns their ids."""
    domain = f"{name}.example."
    check = build_health_checks(route53, name, domain)
    zones = [create_zone(route53, domain, f'the public zone of "{name}" & others')]
    write_records(route53, zones[0], every_kind(domain, zones[0], check))
    if vpcs:
        zones.append(build_private_zone(route53, name, vpcs))
    if bulk:
        zones.append(create_zone(route53, f"bulk.{domain}", ""))
        write_records(route53, zones[-1], bulk_records(f"bulk.{domain}"))
    tag(route53, "hostedzone", zones[0], {"owner": "Zürich", "quote": 'a "b" <c>', "empty": ""})
    return zones


def bulk_records(domain: str) -> list[Record]:
    return [
        simple(f"host-{number:03}.{domain}", "A", f"198.51.100.{number % 250 + 1}") for number in range(BULK_RECORDS)
    ]


def build_private_zone(route53: Any, name: str, vpcs: dict[str, str]) -> str:
    (first_region, first_vpc), *others = vpcs.items()
    domain = f"internal.{name}."
    zone = create_zone(route53, domain, "private", VPC={"VPCRegion": first_region, "VPCId": first_vpc})
    for region, vpc in others:
        route53.associate_vpc_with_hosted_zone(HostedZoneId=zone, VPC={"VPCRegion": region, "VPCId": vpc})
    write_records(
        route53,
        zone,
        [
            simple(f"db.{domain}", "A", "10.20.2.10"),
            simple(f"db.{domain}", "TXT", '"primary; since=2026"'),
            # An asterisk as AWS escapes it in answers. ministack returns names unchanged.
            simple(f"\\052.apps.{domain}", "A", "10.20.1.10", ttl=60),
            simple("10.2.20.10.in-addr.arpa." + domain, "PTR", f"db.{domain}"),
        ],
    )
    return zone


def build_health_checks(route53: Any, name: str, domain: str) -> str:
    checked = route53.create_health_check(
        CallerReference=f"{name}-https",
        HealthCheckConfig={
            "Type": "HTTPS",
            "FullyQualifiedDomainName": f"www.{domain}",
            "Port": 443,
            "ResourcePath": "/health?deep=1&x=%20",
            "RequestInterval": 30,
            "FailureThreshold": 3,
        },
    )["HealthCheck"]["Id"]
    bare = route53.create_health_check(
        CallerReference=f"{name}-tcp",
        HealthCheckConfig={"Type": "TCP", "IPAddress": "192.0.2.1", "Port": 22, "FailureThreshold": 2},
    )["HealthCheck"]["Id"]
    tag(route53, "healthcheck", checked, {"Name": f"{name} – startpage", "empty": ""})
    assert bare != checked
    return str(checked)


def create_zone(route53: Any, domain: str, comment: str, **more: Any) -> str:
    private = "VPC" in more
    answer = route53.create_hosted_zone(
        Name=domain,
        CallerReference=f"{domain}-{'private' if private else 'public'}",
        HostedZoneConfig={"Comment": comment, "PrivateZone": private},
        **more,
    )
    return str(answer["HostedZone"]["Id"]).removeprefix("/hostedzone/")


def write_records(route53: Any, zone: str, records: list[Record]) -> None:
    for batch in batches(records):
        changes = [{"Action": "CREATE", "ResourceRecordSet": record} for record in batch]
        route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})


def batches(records: list[Record]) -> Iterator[list[Record]]:
    remaining = iter(records)
    while batch := list(islice(remaining, CHANGES_A_BATCH)):
        yield batch


def tag(route53: Any, kind: str, resource: str, tags: dict[str, str]) -> None:
    route53.change_tags_for_resource(
        ResourceType=kind,
        ResourceId=resource,
        AddTags=[{"Key": key, "Value": value} for key, value in tags.items()],
    )
