"""Writes simevents/allow_list.json: what a cassette and the journal may show of calls.

The names are the vendor's: the parameters that parameters.json has, and the members of the
answer models of the newer SDK generation. Those of the queues' data plane are in QUEUE_CALLS. This
file decides on which side a name is.
Run it after tools/api_parameters.py, with the same packages, and read the difference:

    python tools/allow_list.py

A name goes to `withheld` when a part of it is in SENSITIVE, unless it is in HARMLESS.
"""

import ast
import importlib
import inspect
import json
import re
import typing
from pathlib import Path
from types import ModuleType
from typing import Any

from simevents.fake.eventbridge import errors as bus_errors
from simevents.fake.mns import errors as mns_errors
from simevents.fake.protocol import api_errors

ROOT = Path(__file__).parent.parent
PARAMETERS = ROOT / "simevents" / "fake" / "protocol" / "parameters.json"
TARGET = ROOT / "simevents" / "allow_list.json"

MODELS = {
    "Ecs/2014-05-26": "alibabacloud_ecs20140526.models",
    "Vpc/2016-04-28": "alibabacloud_vpc20160428.models",
    "Sts/2015-04-01": "alibabacloud_sts20150401.models",
    "Cms/2019-01-01": "alibabacloud_cms20190101.models",
    "Mns-open/2022-01-19": "alibabacloud_mns_open20220119.models",
    "EventBridge/2020-04-01": "alibabacloud_eventbridge20200401.models",
}

SENSITIVE = re.compile(
    r"password|passwd|secret|token|data$|key|assertion|content|credential|certificate|auth"
    r"|ur[il]s?$|account|owner|principal|user|uid|description|email|phone|sign|session|identity"
    r"|external|finger|vnc|console|output|serial|remark|comment",
    re.IGNORECASE,
)
"""Secrets, identities, addresses that contain a secret, and free text."""

HARMLESS = frozenset(
    {
        "Filter.Key", "HttpTokens", "IdentityType", "ImageOwnerAlias", "KeyPair", "KeyPairName",
        "NextToken", "ParamList.ResourceKey", "Tag.Key", "TagKey", "UserCidr",
    }
)  # fmt: skip
"""Names on which SENSITIVE is wrong; with a dot, only below that parent."""

WITHHELD = frozenset(
    {
        "AssumedRoleId", "JsonParams", "MessageBody", "ParamList.Template", "ParamList.Value",
        "ReceiptHandle", "RoleId", "Targets.Endpoint",
    }
)  # fmt: skip
"""Names on which SENSITIVE is silent, and should not be; with a dot, only below that parent."""

ANSWER_OF_MNS_OPEN = ["Code", "Message", "RequestId", "Status", "Success"]

# Members that answers have and the generated models do not.
EXTRA_MEMBERS = {
    "Ecs/2014-05-26/DescribeInstanceHistoryEvents": [
        "InstanceSystemEventSet.InstanceSystemEventType.ResourceType"
    ],
    # The shape that the Terraform provider reads; see cms/rule_reads.py.
    "Cms/2019-01-01/DescribeEventRuleList": [
        f"EventRules.EventRule.EventPattern.{name}"
        for name in (
            "Product",
            "SQLFilter",
            "NameList.NameList",
            "LevelList.LevelList",
            "EventTypeList.EventTypeList",
        )
    ],
    "Cms/2019-01-01/DescribeEventRuleTargetList": ["Success"],
    # The models do not have these actions; see mns/queue_tags.py.
    "Mns-open/2022-01-19/TagResources": ANSWER_OF_MNS_OPEN,
    "Mns-open/2022-01-19/UntagResources": ANSWER_OF_MNS_OPEN,
}

_QUEUE = ["QueueName"]
_SET = [
    *("DelaySeconds", "LoggingEnabled", "MaximumMessageSize", "MessageRetentionPeriod"),
    *("PollingWaitSeconds", "VisibilityTimeout"),
]
_ATTRIBUTES = [
    *("ActiveMessages", "CreateTime", "DelayMessages", "InactiveMessages", "LastModifyTime"),
    *("QueueName", *_SET),
]
_DRAFT = ["DelaySeconds", "MessageBody", "Priority"]
_SENT = ["MessageBodyMD5", "MessageId", "ReceiptHandle"]
_PEEKED = [
    *("DequeueCount", "EnqueueTime", "FirstDequeueTime", "MessageBody", "MessageBodyMD5"),
    *("MessageId", "Priority"),
]
_RECEIVED = [*_PEEKED, "NextVisibleTime", "ReceiptHandle"]
_FAILED = ["ErrorCode", "ErrorMessage"]


def _in(parent: str, names: list[str]) -> list[str]:
    return [f"{parent}.{name}" for name in names]


# Parameters and members of the queues' data plane, which has no models. Source: its pages.
QUEUE_CALLS = {
    "CreateQueue": (_QUEUE + _SET, []),
    "SetQueueAttributes": (_QUEUE + _SET, []),
    "GetQueueAttributes": (_QUEUE, _ATTRIBUTES),
    "DeleteQueue": (_QUEUE, []),
    "ListQueue": (
        ["x-mns-marker", "x-mns-prefix", "x-mns-ret-number", "x-mns-with-meta"],
        ["NextMarker", *_in("Queue", ["QueueURL", *_ATTRIBUTES])],
    ),
    "SendMessage": (_QUEUE + _DRAFT, _SENT),
    "BatchSendMessage": (_QUEUE + _in("Message", _DRAFT), _in("Message", _SENT + _FAILED)),
    "ReceiveMessage": ([*_QUEUE, "waitseconds"], _RECEIVED),
    "BatchReceiveMessage": (
        [*_QUEUE, "numOfMessages", "waitseconds"],
        _in("Message", _RECEIVED),
    ),
    "PeekMessage": (_QUEUE, _PEEKED),
    "BatchPeekMessage": ([*_QUEUE, "numOfMessages"], _in("Message", _PEEKED)),
    "DeleteMessage": ([*_QUEUE, "ReceiptHandle"], []),
    "BatchDeleteMessage": (
        [*_QUEUE, "ReceiptHandle"],
        _in("Error", [*_FAILED, "ReceiptHandle"]),
    ),
    "ChangeMessageVisibility": (
        [*_QUEUE, "ReceiptHandle", "VisibilityTimeout"],
        ["NextVisibleTime", "ReceiptHandle"],
    ),
}

# Their addresses have the account in the host, which is replaced.
KEPT_OF_QUEUES = frozenset({"Queue.QueueURL"})

# Words of error messages that come from no text of the fake.
MORE_WORDS = """
a action an and any are as at be been before can cannot caller current denied do does each
error exceeded exist exists failed field find for forbidden found from has have id in instance
internal invalid is it later limit mandatory many may message missing more must no not of on only
or operation parameter permission please quota reason request resource retry service specified
state status still success supplied support supported that the this to token too type
unavailable unknown using valid value was when with you your
"""

_FIELD = re.compile(r"if self\.(\w+) is not None:.*?result\['(.+?)'\]", re.DOTALL)
_WORD = re.compile(r"[A-Za-z][A-Za-z:_-]*")


def members(models: ModuleType, action: str) -> list[str]:
    """The members of an action's answer, nested ones joined by dots; none without a model."""
    model = getattr(models, f"{action}ResponseBody", None)
    return [] if model is None else sorted(_members(models, model))


def _members(models: ModuleType, model: Any) -> set[str]:
    written = dict(_FIELD.findall(inspect.getsource(model.to_map)))
    known = vars(typing) | {"main_models": models}
    hints = inspect.get_annotations(model.__init__, eval_str=True, globals=known)
    names = set()
    for field, hint in hints.items():
        if field not in written:
            continue
        inner = hint
        while typing.get_args(inner):
            inner = typing.get_args(inner)[-1]
        if inspect.isclass(inner) and inner.__module__.startswith(models.__name__):
            names |= {f"{written[field]}.{below}" for below in _members(models, inner)}
        else:
            names.add(written[field])
    return names


def is_kept(name: str) -> bool:
    if any(f".{name}".endswith(f".{harmless}") for harmless in HARMLESS | KEPT_OF_QUEUES):
        return True
    if any(f".{name}".endswith(f".{withheld}") for withheld in WITHHELD):
        return False
    return SENSITIVE.search(name.rpartition(".")[2]) is None


def split(names: list[str]) -> dict[str, list[str]]:
    return {
        "kept": [name for name in names if is_kept(name)],
        "withheld": [name for name in names if not is_kept(name)],
    }


def words() -> list[str]:
    """Words of the fake's error messages, and of the reasons that its actions put into them."""
    texts = [
        error.text
        for module in (api_errors, bus_errors, mns_errors)
        for error in vars(module).values()
        if isinstance(error, api_errors.Code)
    ]
    for source in sorted((ROOT / "simevents" / "fake").rglob("*.py")):
        for node in ast.walk(ast.parse(source.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(
                ("refusal", "missing", "Code")
            ):
                inside = [inner for part in node.args for inner in ast.walk(part)]
                texts += [str(c.value) for c in inside if isinstance(c, ast.Constant)]
    found = set(MORE_WORDS.split())
    for text in texts:
        found |= {word.rstrip(":-").lower() for word in _WORD.findall(re.sub(r"\{\w+\}", "", text))}
    return sorted(found)


def actions() -> dict[str, Any]:
    """What the list has for each covered action."""
    found = {}
    for name, parameters in json.loads(PARAMETERS.read_text()).items():
        product, version, action = name.split("/")
        models = importlib.import_module(MODELS[f"{product}/{version}"])
        answered = sorted({*members(models, action), *EXTRA_MEMBERS.get(name, ())})
        found[name] = {"parameters": split(parameters), "members": split(answered)}
    for action, names in QUEUE_CALLS.items():
        parameters, answered = (sorted(part) for part in names)
        found[f"SMQ/2015-06-06/{action}"] = {
            "parameters": split(parameters),
            "members": split(answered),
        }
    return found


def main() -> None:
    table = {"actions": actions(), "message_words": words()}
    TARGET.write_text(json.dumps(table, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
