"""One resource over the instances in a file: ours, or one that does nothing with them."""

from pathlib import Path
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, Resource, ResourceProvider


class NothingProvider(ResourceProvider):
    """Takes the ids and does nothing: what the engine and Pulumi's Python cost by themselves."""

    def create(self, props: dict[str, Any]) -> CreateResult:
        return CreateResult("nothing", props)


class Nothing(Resource):
    def __init__(self, name: str, instance_ids: list[str]) -> None:
        super().__init__(NothingProvider(), name, {"instance_ids": instance_ids})


config = pulumi.Config()
instances = Path(config.require("instances")).read_text().split()
if config.require("resource") == "nothing":
    Nothing("drill", instances)
else:
    from simevents import SimulatedSystemEvent

    SimulatedSystemEvent(
        "drill",
        event_type="SystemMaintenance.Reboot",
        instance_ids=instances,
        not_before="+2h",
    )
