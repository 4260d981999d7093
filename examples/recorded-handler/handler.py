"""Restarts an instance at a quiet moment, before a planned restart does: older SDK."""

import json

from aliyunsdkcore.client import AcsClient
from aliyunsdkecs.request.v20140526.DescribeInstanceHistoryEventsRequest import (
    DescribeInstanceHistoryEventsRequest,
)
from aliyunsdkecs.request.v20140526.RebootInstanceRequest import RebootInstanceRequest


def events(client: AcsClient, *statuses: str) -> list[dict]:
    asked = DescribeInstanceHistoryEventsRequest()
    asked.set_InstanceEventCycleStatuss(list(statuses))
    asked.set_InstanceEventTypes(["SystemMaintenance.Reboot"])
    answer = json.loads(client.do_action_with_exception(asked))
    return answer["InstanceSystemEventSet"]["InstanceSystemEventType"]


def handle(client: AcsClient) -> None:
    for event in events(client, "Scheduled"):
        restart = RebootInstanceRequest()
        restart.set_InstanceId(event["InstanceId"])
        client.do_action_with_exception(restart)
