"""Writes simevents/fake/parameters.json: which parameters each covered action documents.

The source is the vendor's generated request classes, one setter per documented
parameter. Run it when the fake learns a new action:

    pip install aliyun-python-sdk-ecs aliyun-python-sdk-vpc aliyun-python-sdk-sts
    python tools/api_parameters.py

List positions are left out of the names: ``Tag.1.Key`` is listed as ``Tag.Key``.
"""

import importlib.util
import json
import re
from pathlib import Path

REQUESTS = {
    "Ecs/2014-05-26": "aliyunsdkecs.request.v20140526",
    "Vpc/2016-04-28": "aliyunsdkvpc.request.v20160428",
    "Sts/2015-04-01": "aliyunsdksts.request.v20150401",
}

# Parameters that clients send and the generated classes do not have, with where they stand.
EXTRA = {
    # The newest SDK only (ecs-20140526 7.11.5); parsed so that a test can prove it is never true.
    "Ecs/2014-05-26/CreateSimulatedSystemEvents": ["TriggerRealOps"],
    # The Terraform provider sends it with every DeleteVpc; the API ignores it.
    "Vpc/2016-04-28/DeleteVpc": ["ClientToken"],
}

TARGET = Path(__file__).parent.parent / "simevents" / "fake" / "parameters.json"

_ADDED = re.compile(r"add_(?:query_param|body_params)\((.+?),\s*\w[^,]*\)\s*$", re.MULTILINE)
_POSITION = re.compile(r"'\s*\+\s*str\(\w+ \+ 1\)(?:\s*\+\s*')?")


def documented(package: str, action: str) -> list[str]:
    """The parameters that the vendor's request class for *action* can send."""
    spec = importlib.util.find_spec(f"{package}.{action}Request")
    if spec is None or spec.origin is None:
        raise SystemExit(f"{package} has no request class for {action}")
    source = Path(spec.origin).read_text()
    names = {
        _POSITION.sub("", expression).replace("'", "") for expression in _ADDED.findall(source)
    }
    return sorted({re.sub(r"\.(\d+)?(?=\.|$)", "", name) for name in names})


def main() -> None:
    table = json.loads(TARGET.read_text())
    for name in table:
        product, version, action = name.split("/")
        package = REQUESTS[f"{product}/{version}"]
        found = set(documented(package, action)) | set(EXTRA.get(name, ())) | {"RegionId"}
        table[name] = sorted(found)
    TARGET.write_text(json.dumps(table, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
