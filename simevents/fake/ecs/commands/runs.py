"""The ECS actions that run commands on instances: CreateCommand, RunCommand, InvokeCommand.

Nothing is executed. An invocation succeeds without output; the switches `command_exit_code`,
`command_output` and `command_seconds` change this. Sources: the API pages of the three
actions. A command has no effect on events, even if it restarts the system of an instance.
"""

import base64
import binascii
import json
from typing import Any

from ...protocol import api_errors
from ...protocol.api_errors import ApiError
from ...protocol.call import AnswerMembers, Call
from ...protocol.registry import action
from ...state.cloud import Cloud
from ...state.store import Resource
from ..instance_status import status_of

_ECS = ("Ecs", "2014-05-26")

_TYPES = ("RunShellScript", "RunBatScript", "RunPowerShellScript")
_DEFAULT_TIMEOUT, _SHORTEST_TIMEOUT, _LONGEST_TIMEOUT = 60, 10, 86_400

NOT_RUNNING = "InstanceNotRunning"
"""The error code of an invocation on an instance that was not running."""

_OF_A_COMMAND = "Name Description Type CommandContent ContentEncoding WorkingDir EnableParameter"
_OF_AN_INVOCATION = "InstanceId Parameters Timeout Username RepeatMode Timed Frequency"


@action(
    *_ECS,
    "CreateCommand",
    honours=_OF_A_COMMAND + " RegionId Timeout ResourceGroupId Tag.Key Tag.Value ClientToken",
)
def create_command(cloud: Cloud, call: Call) -> AnswerMembers:
    return {"CommandId": _create(cloud, call).id}


@action(
    *_ECS,
    "RunCommand",
    honours=f"{_OF_A_COMMAND} {_OF_AN_INVOCATION}"
    " RegionId KeepCommand ResourceGroupId Tag.Key Tag.Value ClientToken",
)
def run_command(cloud: Cloud, call: Call) -> AnswerMembers:
    """The command can be invoked again only with KeepCommand."""
    command = _create(cloud, call, keeps=call.boolean("KeepCommand"))
    return {"CommandId": command.id, "InvokeId": _invoke(cloud, call, command)}


@action(
    *_ECS,
    "InvokeCommand",
    honours=_OF_AN_INVOCATION
    + " CommandId WorkingDir RegionId ResourceGroupId Tag.Key Tag.Value ClientToken",
)
def invoke_command(cloud: Cloud, call: Call) -> AnswerMembers:
    command = cloud.store.get("command", call.required("CommandId"))
    if command is None or command.region != call.region:
        raise ApiError(api_errors.COMMAND_NOT_FOUND)
    return {"InvokeId": _invoke(cloud, call, command)}


def _create(cloud: Cloud, call: Call, *, keeps: bool = True) -> Resource:
    kind, content = call.required("Type"), call.required("CommandContent")
    if kind not in _TYPES:
        raise ApiError(api_errors.COMMAND_TYPE_UNKNOWN)
    # Any other encoding counts as plain text.
    is_plain = call.text("ContentEncoding", "PlainText").lower() != "base64"
    attributes = {
        "Name": call.text("Name"),
        "Description": call.text("Description"),
        "Type": kind,
        "Content": content if is_plain else _decoded(call, content),
        "WorkingDir": call.text("WorkingDir"),
        "Timeout": _timeout(call, _DEFAULT_TIMEOUT),
        "HasParameters": call.boolean("EnableParameter"),
    }
    command = Resource("command", cloud.new_id("c"), call.region, cloud.now(), attributes)
    if keeps:
        cloud.store.put(command)
    return command


def _decoded(call: Call, content: str) -> str:
    try:
        return base64.b64decode(content, validate=True).decode(errors="replace")
    except binascii.Error:
        raise call.refusal("CommandContent", "not Base64") from None


def _invoke(cloud: Cloud, call: Call, command: Resource) -> str:
    """Record an invocation of *command*, with its result, and return its id."""
    if call.boolean("Timed") or call.text("Frequency") or call.text("RepeatMode", "Once") != "Once":
        raise ApiError(api_errors.NOT_COVERED, action=call.action.name, parameter="RepeatMode")
    ids = call.listed("InstanceId", most=100)
    if not ids:
        raise call.missing("InstanceId.N")
    found = [each for each in cloud.store.get_all("instance", ids) if each.region == call.region]
    if len(found) < len(set(ids)):
        raise ApiError(api_errors.COMMAND_INSTANCE_NOT_FOUND)
    switches = cloud.switches
    timeout = _timeout(call, command.attributes["Timeout"])
    attributes = {
        "CommandId": command.id,
        "Command": dict(command.attributes),
        "Parameters": _parameters(call, command),
        "Timeout": timeout,
        "WorkingDir": call.text("WorkingDir", command.attributes["WorkingDir"]),
        "Username": call.text("Username"),
        "ResourceGroupId": call.text("ResourceGroupId"),
        "Instances": {each.id: status_of(each, cloud.now()) == "Running" for each in found},
        "ExitCode": switches.command_exit_code,
        "Output": switches.command_output,
        "Seconds": switches.command_seconds,
    }
    invocation = Resource("invocation", cloud.new_id("t"), call.region, cloud.now(), attributes)
    cloud.store.put(invocation)
    cloud.store.tag("invocation", invocation.id, call.tags())
    return invocation.id


def _timeout(call: Call, default: int) -> int:
    seconds = call.integer("Timeout", default)
    if not _SHORTEST_TIMEOUT <= seconds <= _LONGEST_TIMEOUT:
        raise call.refusal("Timeout", f"not from {_SHORTEST_TIMEOUT} to {_LONGEST_TIMEOUT} seconds")
    return seconds


def _parameters(call: Call, command: Resource) -> dict[str, Any]:
    text = call.text("Parameters")
    if not text:
        return {}
    if not command.attributes["HasParameters"]:
        raise ApiError(api_errors.COMMAND_PARAMETERS_DISABLED)
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        raise call.refusal("Parameters", "not a JSON object")
    return given
