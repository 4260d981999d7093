"""Writes simevents/fake/protocol/parameters.json: which parameters each covered action documents.

The source is what the vendor generates from the API's own description: the request
classes of both SDK generations, one setter or one field per documented parameter.
Run it when the fake learns a new action:

    pip install aliyun-python-sdk-{ecs,vpc,sts,cms,eventbridge,mns-open}
    pip install alibabacloud_{ecs20140526,vpc20160428,sts20150401,cms20190101}
    pip install alibabacloud_{eventbridge20200401,mns_open20220119}
    python tools/api_parameters.py Ecs/2014-05-26/DescribeClusters

It adds the named actions to the table, or renews them; without names it renews all. List
positions are left out of the names: ``Tag.1.Key`` is listed as ``Tag.Key``.
"""

import importlib
import importlib.util
import inspect
import json
import re
import sys
import typing
from pathlib import Path
from types import ModuleType
from typing import Any

PACKAGES = {
    "Ecs/2014-05-26": ("aliyunsdkecs.request.v20140526", "alibabacloud_ecs20140526.models"),
    "Vpc/2016-04-28": ("aliyunsdkvpc.request.v20160428", "alibabacloud_vpc20160428.models"),
    "Sts/2015-04-01": ("aliyunsdksts.request.v20150401", "alibabacloud_sts20150401.models"),
    "Cms/2019-01-01": ("aliyunsdkcms.request.v20190101", "alibabacloud_cms20190101.models"),
    "Mns-open/2022-01-19": (
        "aliyunsdkmns_open.request.v20220119",
        "alibabacloud_mns_open20220119.models",
    ),
    "EventBridge/2020-04-01": (
        "aliyunsdkeventbridge.request.v20200401",
        "alibabacloud_eventbridge20200401.models",
    ),
}

# Parameters that clients send and the generated classes do not have, with where they stand.
EXTRA = {
    # The Terraform provider sends it with every DeleteVpc; the API ignores it.
    "Vpc/2016-04-28/DeleteVpc": ["ClientToken"],
    # The Terraform provider sends the token; the client of the data plane has the tags.
    "EventBridge/2020-04-01/CreateEventBus": ["ClientToken", "Tags"],
    "EventBridge/2020-04-01/CreateRule": ["Tags"],
    "EventBridge/2020-04-01/UpdateRule": ["Tags"],
    "EventBridge/2020-04-01/DeleteEventBus": ["ClientToken"],
    # The packages have no classes for these two; this is what the Terraform provider sends.
    "Mns-open/2022-01-19/TagResources": ["ResourceId", "ResourceType", "Tag.Key", "Tag.Value"],
    "Mns-open/2022-01-19/UntagResources": ["ResourceId", "ResourceType", "TagKey"],
}

WITHOUT_PARAMETERS = ("GetCallerIdentity",)

TARGET = Path(__file__).parent.parent / "simevents" / "fake" / "protocol" / "parameters.json"

_ADDED = re.compile(r"add_(?:query_param|body_params)\((.+?),\s*\w[^,]*\)\s*$", re.MULTILINE)
_POSITION = re.compile(r"'\s*\+\s*str\(\w+ \+ 1\)(?:\s*\+\s*')?")
_FIELD = re.compile(r"if self\.(\w+) is not None:.*?result\['(.+?)'\]", re.DOTALL)


def of_the_older_sdk(package: str, action: str) -> set[str]:
    """What the setters of the older generation's request class add."""
    spec = importlib.util.find_spec(f"{package}.{action}Request")
    if spec is None or spec.origin is None:
        return set()
    source = Path(spec.origin).read_text()
    names = {
        re.sub("['\"]", "", _POSITION.sub("", expression)) for expression in _ADDED.findall(source)
    }
    return {re.sub(r"\.(\d+)?(?=\.|$)", "", name) for name in names}


def of_the_newer_sdk(models: ModuleType, action: str) -> set[str]:
    """The fields of the newer generation's request model, nested ones joined by dots.

    What a client sends as one JSON text has a second model, in which it is a text.
    """
    model = getattr(models, f"{action}ShrinkRequest", None)
    model = model or getattr(models, f"{action}Request", None)
    return set() if model is None else _fields(models, model)


def _fields(models: ModuleType, model: type) -> set[str]:
    written = dict(_FIELD.findall(inspect.getsource(model)))
    names = set()
    for field, hint in _hints(models, model).items():
        # A list has one argument; a dictionary, which has two, is sent as one JSON text.
        inner = typing.get_args(hint)[0] if typing.get_args(hint) else hint
        if inspect.isclass(inner) and inner.__module__.startswith(models.__name__):
            names |= {f"{written[field]}.{below}" for below in _fields(models, inner)}
        else:
            names.add(written[field])
    return names


def _hints(models: ModuleType, model: Any) -> dict[str, Any]:
    known = vars(typing) | {"main_models": models}
    return inspect.get_annotations(model.__init__, eval_str=True, globals=known)


def main(added: list[str]) -> None:
    table = json.loads(TARGET.read_text())
    for name in sorted(added or table):
        product, version, action = name.split("/")
        older, newer = PACKAGES[f"{product}/{version}"]
        found = of_the_older_sdk(older, action)
        found |= of_the_newer_sdk(importlib.import_module(newer), action)
        found |= set(EXTRA.get(name, ()))
        if not found and action not in WITHOUT_PARAMETERS:
            raise SystemExit(f"the vendor's packages have no request class for {name}")
        table[name] = sorted(found | {"RegionId"})
    TARGET.write_text(json.dumps(table, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
