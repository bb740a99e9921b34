"""Invokes a deployed function in the emulator, once for each payload at the same time.

    invoke.py --endpoint URL --function NAME < payloads.json

reads a JSON list of payloads (each a JSON value) and prints a list of {"payload", "error"} in that order, as the Invoke
API answered. It knows nothing of what the function does.
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
    answer = client.invoke(FunctionName=function, Payload=json.dumps(payload).encode())
    return {"payload": json.loads(answer["Payload"].read()), "error": answer.get("FunctionError")}


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
