"""The items of an instance, as a tree of names.

Source: the vendor's list of instance metadata items. It gives no example of
``maintenance/active-system-events``; the fake writes a JSON list whose entries have the names
and values of the API. An item without a value is absent, as are those that depend on features
which the fake does not cover.
"""

import base64
import binascii
import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from ...models import OPEN_STATUSES, EventCycleStatus
from ..ecs.instance_entries import inner_address, serial_number
from ..state.clock import iso_time
from ..state.cloud import Cloud
from ..state.event_table import EventFilter
from ..state.metadata_setting import MetadataSetting
from ..state.store import Resource

Leaf = str | bytes | Callable[[], str]
"""The value of an item; a function for one that is made when it is read."""
Tree = Mapping[str, Any]
"""Leaves and further trees, by name."""

_ACTIVE = OPEN_STATUSES | {EventCycleStatus.INQUIRING}


def tree(
    cloud: Cloud, instance: Resource, setting: MetadataSetting, roles: Mapping[str, Leaf]
) -> Tree:
    """All items of *instance* below a version; *roles* are its keys by role name."""
    attributes = instance.attributes
    network = _network(cloud, instance)
    top = {
        "hostname": attributes["HostName"],
        "image-id": attributes["ImageId"],
        "instance-id": instance.id,
        "owner-account-id": cloud.store.account_id,
        "region-id": instance.region,
        "serial-number": serial_number(instance.id),
        "zone-id": attributes["ZoneId"],
        "eipv4": attributes.get("PublicIpAddress"),
        **network,
    }
    mac = _mac(instance.id)
    terminates = setting.spot_termination_time
    meta_data = top | {
        "mac": mac,
        "instance": {
            "instance-name": attributes["InstanceName"],
            "instance-type": attributes["InstanceType"],
            "spot": {
                "termination-time": None if terminates is None else iso_time(terminates),
            },
        },
        "network": {"interfaces": {"macs": {mac: _interface(network)}}},
        "ram": {"security-credentials": roles},
    }
    identity = {
        name: meta_data[name]
        for name in (
            *("zone-id", "serial-number", "instance-id", "region-id", "private-ipv4"),
            *("owner-account-id", "mac", "image-id"),
        )
    } | {"instance-type": attributes["InstanceType"]}
    return _with_values(
        {
            "meta-data": meta_data,
            "dynamic": {"instance-identity": {"document": orjson.dumps(identity)}},
            "maintenance": {"active-system-events": lambda: _active_events(cloud, instance)},
            "user-data": _user_data(attributes.get("UserData", "")),
        }
    )


def _network(cloud: Cloud, instance: Resource) -> dict[str, str | None]:
    attributes = instance.attributes
    vpc_id, vswitch_id = attributes.get("VpcId"), attributes.get("VSwitchId")
    vpc = cloud.store.get("vpc", vpc_id) if vpc_id else None
    vswitch = cloud.store.get("vswitch", vswitch_id) if vswitch_id else None
    return {
        "network-type": "vpc" if vpc_id else None,
        "private-ipv4": attributes.get("PrivateIpAddress") or inner_address(instance.id),
        "vpc-id": vpc_id,
        "vpc-cidr-block": vpc.attributes["CidrBlock"] if vpc else None,
        "vswitch-id": vswitch_id,
        "vswitch-cidr-block": vswitch.attributes["CidrBlock"] if vswitch else None,
    }


def _interface(network: Mapping[str, str | None]) -> dict[str, Leaf | None]:
    address = network["private-ipv4"]
    shared = ("vpc-id", "vpc-cidr-block", "vswitch-id", "vswitch-cidr-block")
    return {
        **{name: network[name] for name in shared},
        "primary-ip-address": address,
        "private-ipv4s": orjson.dumps([address]),
    }


def _mac(instance_id: str) -> str:
    """With the vendor's prefix; always the same for the same instance."""
    rest = hashlib.sha256(instance_id.encode()).digest()[:3]
    return ":".join(("00", "16", "3e", *(f"{byte:02x}" for byte in rest)))


def _active_events(cloud: Cloud, instance: Resource) -> str:
    active = EventFilter(
        region=instance.region,
        instance_ids=[instance.id],
        statuses=_ACTIVE,
        visible_at=cloud.now(),
    )
    entries = []
    for event in cloud.store.events.find(active, newest_first=False):
        entry = {
            "EventId": event.event_id,
            "EventType": event.event_type,
            "EventCycleStatus": event.status.value,
            "EventPublishTime": iso_time(event.published_at),
        }
        # An Inquiring event has no time yet, and many events have no reason.
        if event.status is not EventCycleStatus.INQUIRING:
            entry["NotBefore"] = iso_time(event.not_before)
        if event.reason:
            entry["Reason"] = event.reason
        entries.append(entry)
    return orjson.dumps(entries).decode()


def _user_data(encoded: str) -> bytes | None:
    try:
        return base64.b64decode(encoded, validate=True) or None
    except (binascii.Error, ValueError):
        return encoded.encode()


def _with_values(branch: Tree) -> Tree:
    """*branch* without items that have no value, and without branches that are empty then."""
    found = {}
    for name, node in branch.items():
        value = _with_values(node) if isinstance(node, Mapping) else node
        if value is not None and value != {}:
            found[name] = value
    return found
