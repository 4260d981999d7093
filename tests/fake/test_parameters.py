"""Which parameters of a call are honoured, ignored or refused."""

from typing import Any

import pytest

from simevents.fake.protocol import dispatch  # noqa: F401 - registers the actions
from simevents.fake.protocol.registry import ACTIONS, OWNERS
from tests.conftest import Cloud
from tests.fake.requests import call


@pytest.mark.parametrize("form", ['["{}"]', "['{}']", "[ '{}' , 'i-nobody' ]"])
def test_instance_ids_may_have_the_quotes_of_json_or_of_python(cloud: Cloud, form: str) -> None:
    first, _ = cloud.instances(2)
    answer = call(cloud, "DescribeInstances", InstanceIds=form.format(first))

    assert [entry["InstanceId"] for entry in answer["Instances"]["Instance"]] == [first]


@pytest.mark.parametrize("ids", ["i-a", "[i-a]", "[1]", "['i-a]", "[\"i-a']", "{'i-a'}"])
def test_other_texts_are_no_list_of_instance_ids(cloud: Cloud, ids: str) -> None:
    assert call(cloud, "DescribeInstances", InstanceIds=ids)["Code"] == "InvalidParameter"


def test_an_unknown_parameter_is_answered_and_marked(cloud: Cloud) -> None:
    cloud.instances(1)
    answer = call(cloud, "DescribeInstances", Colour="blue")
    (marked,) = cloud.get("calls?unexpected=1")

    assert answer["TotalCount"] == 1
    assert (marked["action"], marked["status"], marked["code"], marked["problem"]) == (
        "DescribeInstances",
        200,
        "",
        "DescribeInstances has no parameter Colour.",
    )
    # The fixture would fail the test too; the reset prevents this, because the call is intended.
    cloud.post("reset")


def test_an_unknown_parameter_may_be_refused(cloud: Cloud) -> None:
    cloud.post("switches", unknown_parameter="refuse")
    answer = call(cloud, "DescribeInstances", Colour="blue")
    unexpected = cloud.get("calls?unexpected=1")
    cloud.post("reset")

    assert (answer["Code"], answer["Message"]) == (
        "UnsupportedParameter",
        "DescribeInstances has no parameter Colour.",
    )
    assert len(unexpected) == 1


def test_a_filter_that_is_not_covered_is_refused_and_marked(cloud: Cloud) -> None:
    filters: dict[str, dict[str, Any]] = {
        "DescribeInstances": {"Filter.1.Key": "ExpiredStartTime", "Filter.1.Value": "x"},
        "DescribeInstanceTypes": {"PhysicalProcessorModel": "any"},
        "ListTagResources": {"ResourceType": "instance", "TagFilter.1.TagKey": "team"},
    }
    codes = [call(cloud, action, **given)["Code"] for action, given in filters.items()]
    unexpected = [each["problem"] for each in cloud.get("calls?unexpected=1")]
    cloud.post("reset")

    assert codes == ["UnsupportedParameter"] * 3
    assert unexpected == [
        f"The fake cloud does not cover the parameter {parameter} of {action}."
        for parameter, action in (
            ("Filter.N with ExpiredStartTime", "DescribeInstances"),
            ("PhysicalProcessorModel", "DescribeInstanceTypes"),
            ("TagFilter.1.TagKey", "ListTagResources"),
        )
    ]


def test_an_empty_value_is_no_filter(cloud: Cloud) -> None:
    assert "Code" not in call(cloud, "DescribeInstanceTypes", PhysicalProcessorModel="")


def test_the_parameters_that_reads_ignore() -> None:
    """Each was looked at: it cannot change the answer. A new one must be looked at too."""
    ignored = {
        f"{action.product} {action.name}": sorted(
            action.documented - action.honoured - action.refused - OWNERS - {"RegionId"}
        )
        for action in ACTIONS.values()
        if action.name.startswith(("Describe", "List"))
    }

    assert {name: names for name, names in ignored.items() if names} == {
        "Cms DescribeEventRuleAttribute": ["SilenceTime"],
        "Ecs DescribeAvailableResource": [
            "InstanceChargeType",
            "Scope",
            "SpotDuration",
            "SpotStrategy",
        ],
        "Ecs DescribeDisks": ["AdditionalAttributes"],
        "Ecs DescribeImageSupportInstanceTypes": ["ActionType"],
        "Ecs DescribeImages": ["ActionType", "ShowExpired"],
        "Ecs DescribeInstanceTypes": ["AdditionalAttributes"],
        "Ecs DescribeInstances": ["AdditionalAttributes", "NeedSaleCycle"],
        "Ecs DescribeInvocationResults": ["IncludeHistory"],
        "Ecs DescribeRegions": ["AcceptLanguage", "InstanceChargeType", "ResourceType"],
        "Ecs DescribeSecurityGroupAttribute": ["NicType"],
        "Ecs DescribeSnapshots": [
            *("Category", "DiskId", "Encrypted", "Filter.Key", "Filter.Value", "InstanceId"),
            *("KMSKeyId", "ResourceGroupId", "SnapshotIds", "SnapshotLinkId", "SnapshotName"),
            *("SnapshotType", "SourceDiskType", "Status", "Tag.Key", "Tag.Value", "Usage"),
        ],
        "Ecs DescribeZones": ["AcceptLanguage", "InstanceChargeType", "SpotStrategy", "Verbose"],
        "Vpc DescribeVpcAttribute": ["IsDefault"],
    }
