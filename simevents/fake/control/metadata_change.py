"""Reads and changes what the metadata service answers from."""

from dataclasses import replace
from typing import Any

from msgspec import UNSET

from ..state import metadata_setting
from ..state.clock import iso_time
from ..state.cloud import Cloud
from ..state.metadata_setting import MetadataSetting
from .bodies import BadBody, MetadataChange


def shown(cloud: Cloud) -> dict[str, Any]:
    setting = metadata_setting.load(cloud.store)
    terminates = setting.spot_termination_time
    return {
        "instance_id": setting.instance_id,
        "role_name": setting.role_name,
        "spot_termination_time": None if terminates is None else iso_time(terminates),
        "token_required": setting.token_required,
    }


def apply(cloud: Cloud, body: MetadataChange) -> None:
    """Fields that are not given keep their value, unless another instance is chosen.

    Raises BadBody for an instance that does not exist.
    """
    setting = metadata_setting.load(cloud.store)
    if body.instance_id is not UNSET and body.instance_id != setting.instance_id:
        setting = MetadataSetting(body.instance_id)
    if body.instance_id and cloud.store.get("instance", body.instance_id) is None:
        raise BadBody(
            f'"instance_id" must be an instance of this cloud; there is no {body.instance_id}'
        )
    if body.role_name is not UNSET:
        setting = replace(setting, role_name=body.role_name)
    if body.spot_termination_time is not UNSET:
        moment = body.spot_termination_time
        setting = replace(
            setting, spot_termination_time=None if moment is None else moment.timestamp()
        )
    if body.token_required is not UNSET:
        setting = replace(setting, token_required=body.token_required)
    metadata_setting.save(cloud.store, setting)
