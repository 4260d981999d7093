"""One drill over the instances in a file, because the size of a configuration is limited."""

from pathlib import Path

import pulumi

from simevents import SimulatedSystemEvent

SimulatedSystemEvent(
    "drill",
    event_type="SystemMaintenance.Reboot",
    instance_ids=Path(pulumi.Config().require("instances")).read_text().split(),
    not_before="+1h",
)
