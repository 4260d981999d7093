"""Restarts an instance at a quiet moment, before a planned restart does: polls, older SDK."""

import json
import time

from aliyunsdkcore.client import AcsClient
from aliyunsdkecs.request.v20140526.DescribeInstanceHistoryEventsRequest import (
    DescribeInstanceHistoryEventsRequest,
)
from aliyunsdkecs.request.v20140526.RebootInstanceRequest import RebootInstanceRequest


def handle(client: AcsClient) -> None:
    asked = DescribeInstanceHistoryEventsRequest()
    asked.set_InstanceEventCycleStatuss(["Scheduled"])
    asked.set_InstanceEventTypes(["SystemMaintenance.Reboot"])
    answer = json.loads(client.do_action_with_exception(asked))
    for event in answer["InstanceSystemEventSet"]["InstanceSystemEventType"]:
        restart = RebootInstanceRequest()
        restart.set_InstanceId(event["InstanceId"])
        client.do_action_with_exception(restart)


def main() -> None:
    client = AcsClient("your-key-id", "your-key-secret", "cn-hangzhou")
    while True:
        handle(client)
        time.sleep(60)


if __name__ == "__main__":
    main()
