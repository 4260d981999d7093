"""The interruption of preemptible instances, which the cloud announces minutes before the release.

It is no system event of ECS: no call of ECS shows it. CloudMonitor and EventBridge tell it, and the
metadata service shows the time of the release.
"""

from collections.abc import Iterable
from dataclasses import replace

from ..state import metadata_setting
from ..state.clock import Epoch
from ..state.cloud import Cloud
from ..state.occurrences import Interruption


def interrupt(cloud: Cloud, region: str, instance_ids: Iterable[str], released_at: Epoch) -> None:
    """Announce the release of instances at *released_at*. Call this within a transaction."""
    ids = list(instance_ids)
    setting = metadata_setting.load(cloud.store)
    # Without a choice, the metadata service speaks for the only instance.
    is_chosen = setting.instance_id in ids
    is_alone = setting.instance_id is None and cloud.store.count("instance") == 1
    if is_chosen or is_alone:
        metadata_setting.save(cloud.store, replace(setting, spot_termination_time=released_at))
    now = cloud.now()
    cloud.happened([Interruption(instance_id, region, now) for instance_id in ids])
