"""Calls that a program under test makes, with the vendor's SDK."""

from aliyunsdkcore.client import AcsClient
from aliyunsdkcore.request import CommonRequest


def _call(action: str, **parameters: str) -> None:
    request = CommonRequest("ecs.aliyuncs.com", "2014-05-26", action)
    for name, value in parameters.items():
        request.add_query_param(name, value)
    AcsClient("key", "secret", "cn-hangzhou").do_action_with_exception(request)


def cancel(event_id: str) -> None:
    _call("CancelSimulatedSystemEvents", **{"EventId.1": event_id})


def reboot(instance_id: str) -> None:
    _call("RebootInstance", InstanceId=instance_id)
