"""IP addresses of instances: private ones of a vSwitch, and public ones.

Sources: the API pages of RunInstances (its error codes) and AllocatePublicIpAddress. The
public addresses are from 198.18.0.0/15, which is reserved for tests, so no host has them.
"""

import ipaddress
from collections.abc import Iterator
from itertools import islice
from typing import Any

from ..protocol import api_errors
from ..protocol.api_errors import ApiError
from ..protocol.call import AnswerMembers, Call
from ..protocol.registry import action
from ..state.cloud import Cloud
from ..state.store import Resource
from .instance_status import status_of
from .power import named_instance

_PUBLIC = ipaddress.IPv4Network("198.18.0.0/15")

_RESERVED_AT_THE_END = 3
"""The service reserves the first address of a vSwitch and the last three."""


def places(cloud: Cloud, call: Call, amount: int) -> list[dict[str, Any]]:
    """Zone, network and private address for each of *amount* new instances. Raises ApiError.

    The given PrivateIpAddress is that of the first instance; the others get free ones.
    """
    vswitch_id = call.text("VSwitchId")
    if not vswitch_id:
        return [{"ZoneId": call.text("ZoneId")}] * amount
    vswitch = cloud.store.get("vswitch", vswitch_id)
    if vswitch is None:
        raise ApiError(api_errors.VSWITCH_NOT_FOUND)
    block = ipaddress.IPv4Network(vswitch.attributes["CidrBlock"])
    taken = {
        instance.attributes["PrivateIpAddress"]
        for instance in cloud.store.find("instance", vswitch.region)
        if instance.attributes.get("VSwitchId") == vswitch_id
    }
    addresses = []
    if asked := call.text("PrivateIpAddress"):
        _check_private(asked, block, taken)
        addresses.append(asked)
    free = (address for address in _usable(block) if address not in taken | {asked})
    addresses += islice(free, amount - len(addresses))
    if len(addresses) < amount:
        raise ApiError(api_errors.PRIVATE_ADDRESSES_EXHAUSTED)
    place = {
        "ZoneId": vswitch.attributes["ZoneId"],
        "VpcId": vswitch.attributes["VpcId"],
        "VSwitchId": vswitch_id,
    }
    return [place | {"PrivateIpAddress": address} for address in addresses]


def _usable(block: ipaddress.IPv4Network) -> Iterator[str]:
    return (str(block[index]) for index in range(1, block.num_addresses - _RESERVED_AT_THE_END))


def _check_private(address: str, block: ipaddress.IPv4Network, taken: set[str]) -> None:
    try:
        parsed = ipaddress.IPv4Address(address)
    except ValueError:
        raise ApiError(api_errors.PRIVATE_ADDRESS_MALFORMED) from None
    offset = int(parsed) - int(block.network_address)
    if not 1 <= offset < block.num_addresses - _RESERVED_AT_THE_END:
        raise ApiError(api_errors.PRIVATE_ADDRESS_OUTSIDE)
    if address in taken:
        raise ApiError(api_errors.PRIVATE_ADDRESS_TAKEN)


def new_public_address(cloud: Cloud) -> str:
    taken = {
        instance.attributes.get("PublicIpAddress") for instance in cloud.store.find("instance")
    }
    while (address := str(_PUBLIC[cloud.random.randrange(1, _PUBLIC.num_addresses)])) in taken:
        continue
    return address


@action("Ecs", "2014-05-26", "AllocatePublicIpAddress", honours="InstanceId IpAddress")
def allocate_public_ip_address(cloud: Cloud, call: Call) -> AnswerMembers:
    """An instance has one public address; a second call returns it again.

    The service requires an outbound bandwidth above 0, but its page names no error for it;
    the fake does not check it.
    """
    instance = named_instance(cloud, call)
    if status_of(instance, cloud.now()) not in ("Running", "Stopped"):
        raise ApiError(api_errors.INSTANCE_STATUS)
    address = instance.attributes.get("PublicIpAddress") or _wanted_public(cloud, call)
    cloud.store.modify(instance, PublicIpAddress=address)
    return {"IpAddress": address}


def _wanted_public(cloud: Cloud, call: Call) -> str:
    asked = call.text("IpAddress")
    if not asked:
        return new_public_address(cloud)
    try:
        address = str(ipaddress.IPv4Address(asked))
    except ValueError:
        raise call.refusal("IpAddress", "not an IPv4 address") from None
    others: list[Resource] = cloud.store.find("instance")
    if any(other.attributes.get("PublicIpAddress") == address for other in others):
        raise ApiError(api_errors.PUBLIC_ADDRESS_TAKEN)
    return address
