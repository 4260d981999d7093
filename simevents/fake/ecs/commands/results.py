"""The ECS actions that read the results of commands, by invocation and by instance.

Source: the API pages of DescribeInvocations and DescribeInvocationResults. The status
of an invocation follows from the clock.
"""

import base64
import json
from typing import NamedTuple

from ...protocol import filters, paging
from ...protocol.call import AnswerMembers, Call
from ...protocol.registry import action
from ...state.clock import Epoch, iso_time
from ...state.cloud import Cloud
from ...state.store import Resource
from .runs import NOT_RUNNING

_ECS = ("Ecs", "2014-05-26")
_LARGEST_PAGE = 50
_FILTERS = "RegionId InvokeId CommandId InstanceId ResourceGroupId Tag.Key Tag.Value"
_PAGES = "ContentEncoding PageNumber PageSize MaxResults NextToken"


class _Result(NamedTuple):
    """The result of an invocation on one instance."""

    instance_id: str
    status: str
    """InvocationStatus; InvokeRecordStatus follows from it."""
    exit_code: int | None = None
    output: str = ""
    finished_at: Epoch | None = None
    error_code: str = ""
    error_info: str = ""

    @property
    def record_status(self) -> str:
        return {"Running": "Running", "Success": "Finished"}.get(self.status, "Failed")


def _results(invocation: Resource, now: Epoch) -> list[_Result]:
    return [
        _result(invocation, instance_id, was_running, now)
        for instance_id, was_running in invocation.attributes["Instances"].items()
    ]


def _result(invocation: Resource, instance_id: str, was_running: bool, now: Epoch) -> _Result:
    attributes, started = invocation.attributes, invocation.created_at
    if not was_running:
        return _Result(
            instance_id,
            "Aborted",
            finished_at=started,
            error_code=NOT_RUNNING,
            error_info="the instance is not running when create task",
        )
    seconds = min(attributes["Seconds"], attributes["Timeout"])
    if now < started + seconds:
        return _Result(instance_id, "Running")
    finished_at = started + seconds
    if attributes["Seconds"] > attributes["Timeout"]:
        return _Result(
            instance_id,
            "Timeout",
            finished_at=finished_at,
            error_code="TaskTimeout",
            error_info="the command execution has been timeout",
        )
    status = "Success" if attributes["ExitCode"] == 0 else "Failed"
    return _Result(instance_id, status, attributes["ExitCode"], attributes["Output"], finished_at)


@action(
    *_ECS,
    "DescribeInvocations",
    honours=f"{_FILTERS} {_PAGES}"
    " CommandName CommandType InvokeStatus RepeatMode Timed IncludeOutput",
)
def describe_invocations(cloud: Cloud, call: Call) -> AnswerMembers:
    found = [
        ((invocation.created_at, invocation.id), entry)
        for invocation in _matching(cloud, call)
        if _has_kind(call, entry := _invocation(cloud, call, invocation))
    ]
    shown, members = paging.page_or_token(cloud, call, found, _LARGEST_PAGE)
    return members | {"Invocations": {"Invocation": shown}}


def _has_kind(call: Call, entry: AnswerMembers) -> bool:
    return (
        filters.named(entry["CommandName"], call.text("CommandName"))
        and call.text("CommandType") in ("", entry["CommandType"])
        and call.text("InvokeStatus") in ("", entry["InvokeStatus"], entry["InvocationStatus"])
        and call.text("RepeatMode") in ("", entry["RepeatMode"])
        and not call.boolean("Timed")
    )


def _invocation(cloud: Cloud, call: Call, invocation: Resource) -> AnswerMembers:
    attributes, results = invocation.attributes, _results(invocation, cloud.now())
    command = attributes["Command"]
    records = {result.record_status for result in results}
    statuses = {result.status for result in results}
    started = iso_time(invocation.created_at)
    return _common(invocation, cloud) | {
        "CommandContent": _encoded(call, command["Content"]),
        "CommandDescription": command["Description"],
        "CommandName": command["Name"],
        "CommandType": command["Type"],
        "CreationTime": started,
        "Frequency": "",
        "InvocationStatus": _overall(statuses, "Success", "PartialFailed"),
        "InvokeStatus": _overall(records, "Finished", "PartialFailed"),
        "Parameters": json.dumps(attributes["Parameters"]),
        "RepeatMode": "Once",
        "Timed": False,
        "Timeout": attributes["Timeout"],
        "WorkingDir": attributes["WorkingDir"],
        "InvokeInstances": {
            "InvokeInstance": [
                {
                    "InstanceId": result.instance_id,
                    "InstanceInvokeStatus": result.record_status,
                    "CreationTime": started,
                    "FinishTime": _time(result.finished_at),
                    "UpdateTime": _time(result.finished_at) or started,
                    "Timed": False,
                }
                | _outcome(call, invocation, result, with_output=call.boolean("IncludeOutput"))
                for result in results
            ]
        },
    }


def _overall(found: set[str], good: str, mixed: str) -> str:
    """The status of an invocation on all instances, from those on each of them."""
    if "Running" in found:
        return "Running"
    if found == {good}:
        return good
    return mixed if good in found else "Failed"


@action(
    *_ECS,
    "DescribeInvocationResults",
    honours=f"{_FILTERS} {_PAGES} InvokeRecordStatus",
    # Only invocations that are repeated have a history.
    ignores="IncludeHistory",
)
def describe_invocation_results(cloud: Cloud, call: Call) -> AnswerMembers:
    instance_id, status = call.text("InstanceId"), call.text("InvokeRecordStatus")
    found = [
        (
            (invocation.created_at, f"{invocation.id} {result.instance_id}"),
            _common(invocation, cloud)
            | {
                "InstanceId": result.instance_id,
                "InvokeRecordStatus": result.record_status,
                "FinishedTime": _time(result.finished_at),
            }
            | _outcome(call, invocation, result, with_output=True),
        )
        for invocation in _matching(cloud, call)
        for result in _results(invocation, cloud.now())
        if instance_id in ("", result.instance_id)
        and status in ("", result.record_status, result.status)
    ]
    shown, members = paging.page_or_token(cloud, call, found, _LARGEST_PAGE)
    return {"Invocation": members | {"InvocationResults": {"InvocationResult": shown}}}


def _matching(cloud: Cloud, call: Call) -> list[Resource]:
    invoke_id, command_id = call.text("InvokeId"), call.text("CommandId")
    instance_id, group = call.text("InstanceId"), call.text("ResourceGroupId")
    tags = call.tags()
    return [
        invocation
        for invocation in cloud.store.find("invocation", call.region)
        if invoke_id in ("", invocation.id)
        and command_id in ("", invocation.attributes["CommandId"])
        and (not instance_id or instance_id in invocation.attributes["Instances"])
        and group in ("", invocation.attributes["ResourceGroupId"])
        and (not tags or filters.tagged(cloud.store.tags("invocation", invocation.id), tags))
    ]


def _common(invocation: Resource, cloud: Cloud) -> AnswerMembers:
    tags = cloud.store.tags("invocation", invocation.id)
    return {
        "InvokeId": invocation.id,
        "CommandId": invocation.attributes["CommandId"],
        "Username": invocation.attributes["Username"],
        "Tags": {"Tag": [{"TagKey": key, "TagValue": value} for key, value in tags.items()]},
    }


def _outcome(
    call: Call, invocation: Resource, result: _Result, *, with_output: bool
) -> AnswerMembers:
    members: AnswerMembers = {
        "InvocationStatus": result.status,
        "StartTime": iso_time(invocation.created_at),
        "StopTime": "",
        "ErrorCode": result.error_code,
        "ErrorInfo": result.error_info,
        "Dropped": 0,
        "Repeats": 1,
    }
    if with_output:
        members["Output"] = _encoded(call, result.output)
    if result.exit_code is not None:
        members["ExitCode"] = result.exit_code
    return members


def _encoded(call: Call, text: str) -> str:
    if call.text("ContentEncoding", "Base64") == "PlainText":
        return text
    return base64.b64encode(text.encode()).decode()


def _time(moment: Epoch | None) -> str:
    return "" if moment is None else iso_time(moment)
