"""What the vendor's article of 2018 shows: two simulated restarts, of which one is cancelled.

It names no endpoint and has keys of its own, as the article's readers had. The article is "Best
Practice on Testing System Event Processing Program for ECS Instances"; this is its course in
words of our own.
"""

import json

from aliyunsdkcore.client import AcsClient
from aliyunsdkecs.request.v20140526.CancelSimulatedSystemEventsRequest import (
    CancelSimulatedSystemEventsRequest,
)
from aliyunsdkecs.request.v20140526.CreateSimulatedSystemEventsRequest import (
    CreateSimulatedSystemEventsRequest,
)

client = AcsClient("your-access-key-id", "your-access-key-secret", "cn-beijing")


def create(event_type, not_before, instance_ids):
    request = CreateSimulatedSystemEventsRequest()
    request.set_EventType(event_type)
    request.set_NotBefore(not_before)
    request.set_InstanceIds(instance_ids)
    answer = json.loads(client.do_action_with_exception(request))
    return answer["EventIdSet"]["EventId"]


def cancel(event_ids):
    request = CancelSimulatedSystemEventsRequest()
    request.set_EventIds(event_ids)
    client.do_action_with_exception(request)


instances = ["i-2zegswzznxbp168sc5c9", "i-2zeimxypwhnj04sbgf5t"]
events = create("SystemMaintenance.Reboot", "2018-09-01T00:00:00Z", instances)
print("created simulated events:", ", ".join(events))
cancel(events[:1])
print("cancelled simulated event:", events[0])
