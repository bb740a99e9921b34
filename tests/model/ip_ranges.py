"""Writes AWS's address ranges in the form that rolecall includes: a line for each service and region.

    python3 tests/model/ip_ranges.py ip-ranges.json > src/answers/dns/ip_ranges.txt

The document is https://ip-ranges.amazonaws.com/ip-ranges.json.
"""

from __future__ import annotations

import collections
import ipaddress
import json
import sys
from pathlib import Path


def main(path: str) -> None:
    document = json.loads(Path(path).read_text())
    ranges = collections.defaultdict(list)
    for prefix in document["prefixes"]:
        ranges[prefix["service"], prefix["region"]].append(ipaddress.ip_network(prefix["ip_prefix"]))
    for prefix in document["ipv6_prefixes"]:
        ranges[prefix["service"], prefix["region"]].append(ipaddress.ip_network(prefix["ipv6_prefix"]))
    source = "https://ip-ranges.amazonaws.com/ip-ranges.json"
    print(f"# The address ranges of AWS: {source}, a line for each service and region.")
    print(f"# createDate: {document['createDate']}")
    for (service, region), networks in sorted(ranges.items()):
        families = [[one for one in networks if one.version == version] for version in (4, 6)]
        words = [str(one) for family in families for one in ipaddress.collapse_addresses(family)]
        print(service, region, *words)


if __name__ == "__main__":
    main(sys.argv[1])
