"""Small errands in the backend account of the emulator, for tests that have no client of their own.

    objects.py --endpoint URL get s3://bucket/key     prints the object, exits 4 where there is none
    objects.py --endpoint URL send QUEUE_URL BODY     sends a message
    objects.py --endpoint URL bucket NAME             makes a bucket
    objects.py --endpoint URL key s3://bucket/key     prints the KMS key that an object is encrypted with
    objects.py --endpoint URL uploads NAME            prints how many multipart uploads are unfinished in a bucket
"""

from __future__ import annotations

import argparse
import sys

from botocore.exceptions import ClientError

from clients import HOME_REGION, Cloud

NOT_THERE = 4


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--endpoint", required=True)
    parser.add_argument("errand", choices=["get", "send", "bucket", "key", "uploads"])
    parser.add_argument("arguments", nargs="+")
    given = parser.parse_args()
    cloud = Cloud(given.endpoint)
    match given.errand, given.arguments:
        case "get", [uri]:
            bucket, _, key = uri.removeprefix("s3://").partition("/")
            try:
                sys.stdout.buffer.write(cloud.root("s3").get_object(Bucket=bucket, Key=key)["Body"].read())
            except ClientError as error:
                if error.response["Error"]["Code"] == "NoSuchKey":
                    return NOT_THERE
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
            parser.error("the errand has other arguments")
    return 0


if __name__ == "__main__":
    sys.exit(main())
