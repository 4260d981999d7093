"""A handler of system events in one file, without any endpoint; the argument is the scheme.

It restarts each instance that has an event which is scheduled. It uses no SDK, so it starts fast.
"""

import json
import sys
import time
import urllib.parse
import urllib.request
import uuid

HOST = "ecs.cn-hangzhou.aliyuncs.com"


def call(action: str, **parameters: str) -> dict[str, object]:
    query = urllib.parse.urlencode(
        {
            "Action": action,
            "Format": "JSON",
            "Version": "2014-05-26",
            "RegionId": "cn-hangzhou",
            "AccessKeyId": "LTAIkeyOfTheProgramItself",
            "SignatureMethod": "HMAC-SHA1",
            "SignatureVersion": "1.0",
            "SignatureNonce": str(uuid.uuid4()),
            "Timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "Signature": "of-a-key-of-its-own",
            **parameters,
        }
    )
    with urllib.request.urlopen(f"{sys.argv[1]}://{HOST}/?{query}", timeout=20) as answer:
        found: dict[str, object] = json.load(answer)
        return found


def main() -> None:
    while True:
        found: dict[str, dict[str, list[dict[str, dict[str, list[str]]]]]] = call(
            "DescribeInstancesFullStatus"
        )  # type: ignore[assignment]
        for instance in found["InstanceFullStatusSet"]["InstanceFullStatusType"]:
            if instance["ScheduledSystemEventSet"]["ScheduledSystemEventType"]:
                call("RebootInstance", InstanceId=str(instance["InstanceId"]))
        time.sleep(0.05)


if __name__ == "__main__":
    main()
