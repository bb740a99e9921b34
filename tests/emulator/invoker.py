"""Acts as a principal that has an invoker's permissions and no other.

    invoker.py --endpoint URL < {"facts": the line of stage.py, "payloads": [...], "keys": [...]}

The invoker's role may invoke the function and send requests to its queue, as the parameter Invokers of backend.yaml
allows. It invokes the function with each payload, one after the other, and tries what it may not do: the function for
steps, and reading results and the registry. It prints {"responses": [...], "attempts": {attempt: outcome}}.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from clients import BACKEND_ACCOUNT, HOME_REGION, Cloud
from forbidden import Attempts, policy, role

NAME = "only-an-invoker"


def invoker(cloud: Cloud, facts: dict[str, Any]) -> Any:
    """Returns the credentials of a session whose session policy has an invoker's permissions."""
    function = f"arn:aws:lambda:{HOME_REGION}:{BACKEND_ACCOUNT}:function:{facts['function_name']}"
    queue = f"arn:aws:sqs:{HOME_REGION}:{BACKEND_ACCOUNT}:{facts['queue_url'].rsplit('/', 1)[-1]}"
    allowed = {
        "Effect": "Allow",
        "Action": ["lambda:InvokeFunction", "sqs:SendMessage"],
        "Resource": [function, queue],
    }
    arn = f"arn:aws:iam::{BACKEND_ACCOUNT}:role/{NAME}"
    session = {"RoleArn": arn, "RoleSessionName": NAME, "Policy": policy(allowed)}
    return cloud.root("sts").assume_role(**session)["Credentials"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--endpoint", required=True)
    cloud = Cloud(parser.parse_args().endpoint)
    given = json.load(sys.stdin)
    facts, attempts, responses = given["facts"], Attempts(), []
    with role(cloud, BACKEND_ACCOUNT, NAME, ["lambda:InvokeFunction", "sqs:SendMessage"]):
        credentials = invoker(cloud, facts)
        function, s3 = cloud.session_of(credentials, "lambda"), cloud.session_of(credentials, "s3")
        for payload in given["payloads"]:
            response = function.invoke(FunctionName=facts["function_name"], Payload=json.dumps(payload).encode())
            responses.append(json.loads(response["Payload"].read()))
        steps = {"FunctionName": facts["steps_function_arn"], "Payload": b'{"step": "reduce", "run_id": "x"}'}
        attempts.make("invokes the function for steps", function.invoke, **steps)
        results, registry = {"Bucket": facts["results_bucket"]}, {"Bucket": facts["registry_bucket"]}
        attempts.make("lists results", s3.list_objects_v2, **results)
        attempts.make("reads the registry", s3.get_object, **registry, Key="targets.json")
        for key in given["keys"]:
            kind = key.split("/")[0]
            attempts.make(f"reads an object below {kind}", s3.get_object, **results, Key=key)
            attempts.make(f"writes an object below {kind}", s3.put_object, **results, Key=f"{key}x", Body=b"")
    print(json.dumps({"responses": responses, "attempts": attempts.outcomes}))


if __name__ == "__main__":
    main()
