"""The targets that a call gives: read and checked before anything is stored.

A target on another machine is accepted as the service does; whether it is called is decided
when an event is delivered. Sources: the vendor's page "Event target parameters", and the list of
types in the Terraform provider.
"""

from typing import Any
from urllib.parse import urlsplit

from ..delivery.eventbridge import json_text, transforms
from ..protocol.api_errors import ApiError
from . import addresses, errors
from .answers import shown

TYPES = frozenset(
    {
        *("acs.alikafka", "acs.api.destination", "acs.arms.loki", "acs.datahub", "acs.dingtalk"),
        *("acs.eventbridge", "acs.eventbridge.olap", "acs.eventbus.SLSCloudLens"),
        *("acs.fc.function", "acs.fnf", "acs.k8s", "acs.mail", "acs.mns.queue", "acs.mns.topic"),
        *("acs.openapi", "acs.rabbitmq", "acs.rds.mysql", "acs.rocketmq", "acs.sae", "acs.sls"),
        *("acs.sms", "http", "https", "mysql"),
    }
)
HTTP = ("http", "https")
QUEUE = "acs.mns.queue"
FUNCTION = "acs.fc.function"

STRATEGIES = {"BACKOFF_RETRY": "backoff", "EXPONENTIAL_DECAY_RETRY": "decay"}
"""By name: the strategy of `delivery.retries`."""
TOLERANCES = ("ALL", "NONE")

_LONGEST_TEXT = 65_536
_QUEUE_DEFAULT = {"ResourceKey": "IsBase64Encode", "Form": "CONSTANT", "Value": "false"}
"""The service adds it to each target that is a queue."""

_Members = dict[str, Any]


def read(text: str, parameter: str, bus: str, rule: str) -> list[_Members]:
    """The targets that *text*, a JSON array, describes, as they are stored. Raises ApiError."""
    found = [_target(each, parameter) for each in objects(text, parameter)]
    ids: set[str] = set()
    for target in found:
        if target["Id"] in ids:
            raise ApiError(errors.TARGET_TWICE, target=shown(target["Id"]), rule=rule, bus=bus)
        ids.add(target["Id"])
    return found


def objects(text: str, parameter: str) -> list[Any]:
    """The elements of a parameter that is a JSON array. Raises ApiError."""
    try:
        found = json_text.read(text)
    except json_text.BadJson as bad:
        raise ApiError(errors.JSON_INVALID, member=parameter, reason=str(bad)) from None
    if not isinstance(found, list):
        raise ApiError(errors.JSON_INVALID, member=parameter, reason="it isn't an array")
    return found


def parameter(target: _Members, key: str) -> _Members | None:
    """The parameter of *target* with this key, in any case."""
    found: list[_Members] = target["ParamList"]
    return next((each for each in found if each["ResourceKey"].lower() == key.lower()), None)


def _target(given: Any, where: str) -> _Members:
    if not isinstance(given, dict):
        raise ApiError(errors.JSON_INVALID, member=where, reason="its elements must be objects")
    id = _text(given, "Id", "")
    if not id:
        raise ApiError(errors.TARGET_MEMBER_MISSING, target=where, member="Id")
    type = _text(given, "Type", id)
    if not type:
        raise ApiError(errors.TARGET_MEMBER_MISSING, target=shown(id), member="Type")
    if type not in TYPES:
        raise ApiError(errors.TARGET_TYPE_UNKNOWN, type=shown(type))
    target: _Members = {"Id": id, "Type": type, "Endpoint": _text(given, "Endpoint", id)}
    for name, allowed in (
        ("PushRetryStrategy", tuple(STRATEGIES)),
        ("ErrorsTolerance", TOLERANCES),
    ):
        if chosen := _text(given, name, id):
            if chosen not in allowed:
                raise _invalid(id, name, ", ".join(allowed))
            target[name] = chosen
    if queue := _inner(given, "DeadLetterQueue", id):
        members = ("Arn", "Network", "SecurityGroupId", "VSwitchIds", "VpcId")
        target["DeadLetterQueue"] = _texts(queue, members, f"{id}:DeadLetterQueue")
    if given.get("ConcurrentConfig"):
        target["ConcurrentConfig"] = _concurrency(given, id)
    target["ParamList"] = _parameters(given, id)
    if type == QUEUE and parameter(target, "IsBase64Encode") is None:
        target["ParamList"].append(dict(_QUEUE_DEFAULT))
    _check_address(target)
    return target


def _check_address(target: _Members) -> None:
    """Refuse a target of which nobody could say where it is."""
    id = target["Id"]
    if target["Type"] in HTTP:
        url = parameter(target, "url")
        if url is None and not target["Endpoint"]:
            raise ApiError(errors.TARGET_MEMBER_MISSING, target=shown(id), member="Endpoint")
        if url is None:
            _check_url(target["Endpoint"], id, "Endpoint")
        elif url["Form"] == "CONSTANT":
            _check_url(url["Value"], id, "url")
    elif target["Type"] == QUEUE:
        if parameter(target, "queue") is None and not addresses.queue(target["Endpoint"]).name:
            raise ApiError(errors.TARGET_MEMBER_MISSING, target=shown(id), member="queue")
    elif target["Type"] == FUNCTION:
        named = addresses.function(target["Endpoint"]).name
        if parameter(target, "functionName") is None and not named:
            raise ApiError(errors.TARGET_MEMBER_MISSING, target=shown(id), member="functionName")


def _check_url(url: str, id: str, member: str) -> None:
    try:
        parts = urlsplit(url)
        is_valid = parts.scheme in HTTP and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_valid = False
    if not is_valid or not url.isprintable() or " " in url:
        raise _invalid(id, member, "a URL such as http://127.0.0.1:8080/hook")


def _parameters(given: _Members, id: str) -> list[_Members]:
    listed = given.get("ParamList")
    if listed is None:
        return []
    if not isinstance(listed, list):
        raise _invalid(id, "ParamList", "an array of objects")
    found = []
    for each in listed:
        if not isinstance(each, dict):
            raise _invalid(id, "ParamList", "an array of objects")
        key = _text(each, "ResourceKey", id)
        if not key:
            raise ApiError(
                errors.TARGET_MEMBER_MISSING, target=shown(id), member="ParamList.ResourceKey"
            )
        members = _texts(each, ("Form", "Value", "Template"), f"{id}:{key}")
        try:
            transforms.parse(
                members.get("Form", ""), members.get("Value", ""), members.get("Template", "")
            )
        except transforms.TransformError as bad:
            raise _invalid(f"{id}:{key}", bad.member, str(bad)) from None
        found.append({"ResourceKey": key} | members)
    return found


def _concurrency(given: _Members, id: str) -> _Members:
    concurrency = _inner(given, "ConcurrentConfig", id).get("Concurrency")
    if isinstance(concurrency, bool) or not isinstance(concurrency, int) or concurrency < 1:
        raise _invalid(id, "ConcurrentConfig.Concurrency", "a whole number from 1")
    return {"Concurrency": concurrency}


def _inner(given: _Members, name: str, id: str) -> _Members:
    value = given.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _invalid(id, name, "an object")
    return value


def _texts(given: _Members, names: tuple[str, ...], where: str) -> _Members:
    """The members that are there; empty ones are kept, as the service returns them."""
    return {name: _text(given, name, where) for name in names if given.get(name) is not None}


def _text(given: _Members, name: str, where: str) -> str:
    """A member as a text; some clients write numbers and truth values without quotes."""
    value = given.get(name)
    if value is None:
        return ""
    if isinstance(value, dict | list):
        raise _invalid(where, name, "a text")
    text = value if isinstance(value, str) else json_text.write(value)
    if len(text) > _LONGEST_TEXT:
        raise _invalid(where, name, f"a text with at most {_LONGEST_TEXT} characters")
    return text


def _invalid(where: str, member: str, wanted: str) -> ApiError:
    return ApiError(
        errors.TARGET_MEMBER_INVALID, target=shown(where), member=shown(member), wanted=wanted
    )
