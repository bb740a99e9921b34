"""Calls S3 and SQS in the emulator's backend account, for tests that have no client of their own.

usage: objects.py --endpoint URL COMMAND

    get s3://bucket/key     prints the object; exit code 4 if it does not exist
    send QUEUE_URL BODY     sends a message
    bucket NAME             creates a bucket
    key s3://bucket/key     prints the KMS key that encrypts an object
    uploads NAME            prints the number of unfinished multipart uploads in a bucket
"""

from __future__ import annotations

import argparse
import sys

from botocore.exceptions import ClientError

from clients import HOME_REGION, Cloud

NOT_FOUND = 4


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--endpoint", required=True)
    parser.add_argument("command", choices=["get", "send", "bucket", "key", "uploads"])
    parser.add_argument("arguments", nargs="+")
    options = parser.parse_args()
    cloud = Cloud(options.endpoint)
    match options.command, options.arguments:
        case "get", [uri]:
            bucket, _, key = uri.removeprefix("s3://").partition("/")
            try:
                sys.stdout.buffer.write(cloud.root("s3").get_object(Bucket=bucket, Key=key)["Body"].read())
            except ClientError as error:
                if error.response["Error"]["Code"] == "NoSuchKey":
                    return NOT_FOUND
                raise
        case "send", [queue, body]:
            cloud.root("sqs").send_message(QueueUrl=queue, MessageBody=body)
        case "bucket", [name]:
            cloud.root("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": HOME_REGION})
        case "key", [uri]:
            bucket, _, key = uri.removeprefix("s3://").partition("/")
            print(cloud.root("s3").head_object(Bucket=bucket, Key=key).get("SSEKMSKeyId", ""))
        case "uploads", [name]:
            print(len(cloud.root("s3").list_multipart_uploads(Bucket=name).get("Uploads", [])))
        case _:
            parser.error(f"wrong arguments for {options.command}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
