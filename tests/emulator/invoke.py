"""Invokes a function in the emulator with several payloads concurrently.

    invoke.py --endpoint URL --function NAME < payloads.json

It reads a JSON list of payloads and prints a list of {"payload", "error"} in that order, with the values that the
Invoke API returned. It knows nothing of what the function does.
"""

from __future__ import annotations

import argparse
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from clients import Cloud


def invoke(cloud: Cloud, function: str, payload: Any) -> dict[str, Any]:
    client = cloud.root("lambda")
    response = client.invoke(FunctionName=function, Payload=json.dumps(payload).encode())
    return {"payload": json.loads(response["Payload"].read()), "error": response.get("FunctionError")}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--endpoint", required=True)
    parser.add_argument("--function", required=True)
    arguments = parser.parse_args()
    payloads = json.load(sys.stdin)
    cloud = Cloud(arguments.endpoint)
    with ThreadPoolExecutor(max_workers=8) as pool:
        answers = list(pool.map(lambda payload: invoke(cloud, arguments.function, payload), payloads))
    print(json.dumps(answers))


if __name__ == "__main__":
    main()
