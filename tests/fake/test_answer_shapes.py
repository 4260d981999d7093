"""Every answer fits the models of the newest SDK: no unknown member, no wrong type.

The models are generated from the API's description; a typed client in another language
would fail on a difference.
"""

import importlib
import inspect
import re
import typing
from types import ModuleType
from typing import Any

import httpx
import pytest

from simevents.fake.protocol import dispatch  # noqa: F401 - registers the actions
from simevents.fake.protocol.call import Action
from simevents.fake.protocol.registry import ACTIONS
from tests.conftest import REGION, Cloud
from tests.fake.requests import signed

MODELS = {
    "Ecs": "alibabacloud_ecs20140526.models",
    "Vpc": "alibabacloud_vpc20160428.models",
    "Sts": "alibabacloud_sts20150401.models",
    "Cms": "alibabacloud_cms20190101.models",
    "Mns-open": "alibabacloud_mns_open20220119.models",
    "EventBridge": "alibabacloud_eventbridge20200401.models",
}

BESIDE_THE_MODELS = {
    # The Terraform provider reads the pattern as one object; see cms/rule_reads.py.
    "DescribeEventRuleList": [
        f".EventRules.EventRule[].EventPattern.{name} is unknown"
        for name in ("NameList", "EventTypeList", "LevelList", "Product", "SQLFilter")
    ],
    "DescribeEventRuleTargetList": [".Success is unknown"],
}
"""Members that some models do not have, since other clients read them."""
_FIELD = re.compile(r"if self\.(\w+) is not None:.*?result\['(.+?)'\]", re.DOTALL)

READS = [
    action
    for action in ACTIONS.values()
    if action.name.startswith(("Describe", "List", "GetCaller", "GetQueue", "AssumeRole"))
]


def shape(models: ModuleType, model: Any) -> dict[str, Any]:
    """Each member with its type, its shape, or a list of one of these."""
    names = dict(_FIELD.findall(inspect.getsource(model)))
    known = vars(typing) | {"main_models": models}
    hints = inspect.get_annotations(model.__init__, eval_str=True, globals=known)
    found: dict[str, Any] = {}
    for field, hint in hints.items():
        inside = typing.get_args(hint)
        is_list = len(inside) == 1
        # A dictionary has two arguments; any members are allowed in it.
        inner = inside[0] if is_list else typing.get_origin(hint) or hint
        is_model = inspect.isclass(inner) and inner.__module__.startswith(models.__name__)
        one = shape(models, inner) if is_model else inner
        found[names[field]] = [one] if is_list else one
    return found


def mismatches(value: Any, wanted: Any, path: str) -> list[str]:
    if isinstance(wanted, dict):
        if not isinstance(value, dict):
            return [f"{path} is no object"]
        return [
            problem
            for name, member in value.items()
            for problem in (
                mismatches(member, wanted[name], f"{path}.{name}")
                if name in wanted
                else [f"{path}.{name} is unknown"]
            )
        ]
    if isinstance(wanted, list):
        if not isinstance(value, list):
            return [f"{path} is no list"]
        return [problem for item in value for problem in mismatches(item, wanted[0], f"{path}[]")]
    fits = (int, float) if wanted is float else wanted
    is_right = isinstance(value, fits) and (wanted is bool or not isinstance(value, bool))
    return [] if is_right else [f"{path} is {value!r}, not {wanted.__name__}"]


def ask(cloud: Cloud, action: Action, **parameters: str) -> Any:
    sent = signed("POST", Action=action.name, Version=action.version, **parameters)
    answer = httpx.post(cloud.url, data=sent)
    assert answer.status_code == 200, answer.text
    return answer.json()


def create(cloud: Cloud, name: str, member: str, **parameters: str) -> Any:
    (action,) = [each for each in ACTIONS.values() if each.name == name]
    return ask(cloud, action, RegionId=REGION, **parameters)[member]


@pytest.fixture
def parameters(cloud: Cloud) -> dict[str, str]:
    """A network with a tagged instance and its events, and the names that reads need."""
    vpc = create(cloud, "CreateVpc", "VpcId", CidrBlock="10.0.0.0/8")
    network = {"VpcId": vpc, "ZoneId": f"{REGION}-b", "CidrBlock": "10.1.0.0/16"}
    vswitch = create(cloud, "CreateVSwitch", "VSwitchId", **network)
    group = create(cloud, "CreateSecurityGroup", "SecurityGroupId", VpcId=vpc)
    wanted = {"InstanceType": "ecs.c7.xlarge", "ImageId": "any", "VSwitchId": vswitch}
    tags = {"Tag.1.Key": "team", "Tag.1.Value": "a"}
    ids = create(cloud, "RunInstances", "InstanceIdSets", SecurityGroupId=group, **wanted, **tags)
    (instance,) = ids["InstanceIdSet"]
    for status in ("Scheduled", "Executed", "Inquiring"):
        cloud.post(
            "events",
            instance_ids=[instance],
            event_type="SystemMaintenance.Reboot",
            not_before="2099-01-01T00:00:00Z",
            status=status,
            reason_code="Any",
            extended_attribute={"CanAccept": "true"},
        )
    rule = {"EventPattern.1.Product": "ECS", "RuleName": "r1", "EventPattern.1.NameList.1": "*"}
    create(cloud, "PutEventRule", "Data", **rule)
    targets = {"MnsParameters.1.Id": "1", "MnsParameters.1.Queue": "q1"}
    targets |= {"ContactParameters.1.Id": "2", "ContactParameters.1.ContactGroupName": "ops"}
    create(cloud, "PutEventRuleTargets", "Code", RuleName="r1", **targets)
    policy = '{"Enabled": true, "DeadLetterTargetQueue": "dead", "MaxReceiveCount": 3}'
    create(cloud, "CreateQueue", "Data", QueueName="queue-1", DlqPolicy=policy, **tags)
    return {
        "RuleName": "r1",
        "QueueName": "queue-1",
        "VpcId": vpc,
        "VSwitchId": vswitch,
        "SecurityGroupId": group,
        "InstanceId": instance,
        "RoleArn": "acs:ram::1000000000000001:role/tester",
        "RoleSessionName": "session",
        "DestinationResource": "SystemDisk",
        "ResourceId.1": instance,
        "EventBusName": "default",
    }


@pytest.mark.parametrize("action", READS, ids=lambda action: f"{action.product}-{action.name}")
def test_an_answer_fits_the_models(
    cloud: Cloud, parameters: dict[str, str], action: Action
) -> None:
    models = importlib.import_module(MODELS[action.product])
    resource_type = "instance" if action.product == "Ecs" else "VPC"
    asked = parameters | {"ResourceType": resource_type}
    if resource_type == "VPC":
        asked |= {"ResourceId.1": parameters["VpcId"]}
    sent = {
        name: value
        for name, value in asked.items()
        if name.removesuffix(".1") in action.honoured
        and (name != "VpcId" or action.product == "Vpc")
    }
    if "InstanceEventCycleStatus" in action.honoured:
        sent |= {
            "InstanceEventCycleStatus.1": "Scheduled",
            "InstanceEventCycleStatus.2": "Executed",
        }
    body = ask(cloud, action, RegionId=REGION, **sent)

    found = mismatches(body, shape(models, getattr(models, f"{action.name}ResponseBody")), "")
    assert sorted(found) == sorted(BESIDE_THE_MODELS.get(action.name, []))
