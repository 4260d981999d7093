"""What the Terraform provider does with queues and the vendor's SDKs do not."""

from typing import Any

import pytest

from tests.conftest import Cloud
from tests.fake.requests import call

VERSION = "2022-01-19"
ELSEWHERE = "cn-beijing"


def ask(cloud: Cloud, action: str, region: str = ELSEWHERE, **parameters: str) -> dict[str, Any]:
    return call(cloud, action, VERSION, RegionId=region, **parameters)


def test_a_queue_that_was_made_without_a_region_is_found_in_each(cloud: Cloud) -> None:
    ask(cloud, "CreateQueue", "", QueueName="dead")
    again = ask(cloud, "CreateQueue", QueueName="dead")
    found = [
        ask(cloud, "GetQueueAttributes", region, QueueName="dead") for region in ("", ELSEWHERE)
    ]
    listed = [
        ask(cloud, "ListQueue", region)["Data"]["Total"]
        for region in ("", ELSEWHERE, "cn-shanghai")
    ]
    ask(cloud, "DeleteQueue", QueueName="dead")
    gone = ask(cloud, "GetQueueAttributes", "", QueueName="dead")

    assert again["Success"] is True
    assert [each["Data"]["QueueName"] for each in found] == ["dead", "dead"]
    assert listed == [1, 1, 1]
    assert gone["Code"] == "QueueNotExist"


def test_the_tags_of_a_queue_are_changed(cloud: Cloud) -> None:
    tags = {"Tag.1.Key": "team", "Tag.1.Value": "a", "Tag.2.Key": "cost", "Tag.2.Value": "7"}
    queue = {"ResourceType": "queue", "ResourceId.1": "q1"}
    ask(cloud, "CreateQueue", "", QueueName="q1", **{"Tag.1.Key": "team", "Tag.1.Value": "b"})
    tagged = ask(cloud, "TagResources", **queue, **tags)
    both = ask(cloud, "GetQueueAttributes", QueueName="q1")["Data"]["Tags"]
    ask(cloud, "UntagResources", **queue, **{"TagKey.1": "team"})
    left = ask(cloud, "GetQueueAttributes", QueueName="q1")["Data"]["Tags"]

    assert (tagged["Code"], tagged["Success"]) == (200, True)
    assert both == [{"TagKey": "cost", "TagValue": "7"}, {"TagKey": "team", "TagValue": "a"}]
    assert left == [{"TagKey": "cost", "TagValue": "7"}]


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"ResourceType": "queue", "ResourceId.1": "missing"}, "QueueNotExist"),
        ({"ResourceType": "topic", "ResourceId.1": "t"}, "InvalidParameter"),
        ({"ResourceType": "queue"}, "MissingParameter"),
    ],
)
def test_bad_tagging_is_refused(cloud: Cloud, parameters: dict[str, str], code: str) -> None:
    assert ask(cloud, "UntagResources", **parameters, **{"TagKey.1": "team"})["Code"] == code
