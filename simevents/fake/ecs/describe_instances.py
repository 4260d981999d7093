"""The ECS action DescribeInstances: its filters and its two ways of paging.

Source: the API page of DescribeInstances. The filters are compared with the entries of
the answer, so that filters and answers always use the same values.
"""

from collections.abc import Callable
from typing import Any

from ..protocol import api_errors, filters, paging
from ..protocol.api_errors import ApiError
from ..protocol.call import AnswerMembers, Call
from ..protocol.registry import action
from ..state.cloud import Cloud
from ..state.store import Resource
from .instance_entries import described

# Filters that are compared with the member of the same name.
_SAME_NAME = (
    *("Status", "InstanceType", "InstanceTypeFamily", "ZoneId", "ImageId", "KeyPairName"),
    *("ResourceGroupId", "InstanceNetworkType", "InstanceChargeType", "InternetChargeType"),
    *("DeviceAvailable", "IoOptimized"),
)
# Every instance has the API's defaults; answers show them only on request, which is not covered.
_METADATA = {"HttpEndpoint": "enabled", "HttpTokens": "optional", "HttpPutResponseHopLimit": 1}

_ADDRESSES: dict[str, Callable[[AnswerMembers], list[Any]]] = {
    "PrivateIpAddresses": lambda entry: entry["VpcAttributes"]["PrivateIpAddress"]["IpAddress"],
    "InnerIpAddresses": lambda entry: entry["InnerIpAddress"]["IpAddress"],
    "PublicIpAddresses": lambda entry: entry["PublicIpAddress"]["IpAddress"],
    "EipAddresses": lambda entry: [*filter(None, [entry["EipAddress"]["IpAddress"]])],
}
"""Filters with a JSON array of addresses, with the addresses of an instance."""

_FEATURES = ("HpcClusterId", "LockReason", "RdmaIpAddresses")
"""Filters for features that no instance of the fake has; none matches."""

_OTHER_FILTERS = (
    *("InstanceIds", "InstanceName", "VpcId", "VSwitchId", "SecurityGroupId"),
    *("Ipv6Address", "Tag.Key", "Filter.Key"),
)


@action(
    "Ecs",
    "2014-05-26",
    "DescribeInstances",
    honours=" ".join((*_SAME_NAME, *_METADATA, *_ADDRESSES, *_FEATURES, *_OTHER_FILTERS))
    + " RegionId Tag.Value Filter.Value PageNumber PageSize MaxResults NextToken DryRun",
    # They add members that the fake does not have.
    ignores="AdditionalAttributes NeedSaleCycle",
)
def describe_instances(cloud: Cloud, call: Call) -> AnswerMembers:
    region = call.region
    if call.boolean("DryRun"):
        raise ApiError(api_errors.DRY_RUN)
    wanted = _Filters(call)
    if not wanted.any_given:
        shown, members = _page_of_all(cloud, call, region)
    else:
        found = [
            ((instance.created_at, instance.id), entry)
            for instance, entry in wanted.found(cloud, region)
        ]
        shown, members = paging.page_or_token(cloud, call, found)
    return members | {"Instances": {"Instance": shown}}


class _Filters:
    """The filters of one call."""

    def __init__(self, call: Call) -> None:
        self._same = filters.given(call, _SAME_NAME)
        self._metadata = filters.given(call, _METADATA)
        self._is_by_id = bool(call.text("InstanceIds"))
        self._ids = call.json_list("InstanceIds")
        self._name = call.text("InstanceName")
        self._vpc, self._vswitch = call.text("VpcId"), call.text("VSwitchId")
        self._group = call.text("SecurityGroupId")
        self._addresses = {
            name: set(call.json_list(name)) for name in _ADDRESSES if call.text(name)
        }
        self._has_none = bool(filters.given(call, _FEATURES) or call.listed("Ipv6Address"))
        self._tags = call.tags()
        self._created = filters.created(call)

    @property
    def any_given(self) -> bool:
        others = (self._is_by_id, self._has_none, self._created != filters.Created())
        return any(others) or self._looks_at_entries

    @property
    def _looks_at_entries(self) -> bool:
        """Whether a filter is given that `_matches` compares."""
        single = (self._name, self._vpc, self._vswitch, self._group)
        return any((*single, self._same, self._metadata, self._addresses, self._tags))

    def found(self, cloud: Cloud, region: str) -> list[tuple[Resource, AnswerMembers]]:
        """All matching instances with their entries."""
        if self._has_none:
            return []
        instances = (
            cloud.store.get_all("instance", self._ids)
            if self._is_by_id
            else cloud.store.find("instance", region)
        )
        here = [
            instance
            for instance in instances
            if instance.region == region and self._created.contains(instance.created_at)
        ]
        entries = zip(here, described(cloud, here), strict=True)
        if not self._looks_at_entries:
            return list(entries)
        return [(instance, entry) for instance, entry in entries if self._matches(entry)]

    def _matches(self, entry: AnswerMembers) -> bool:
        network = entry["VpcAttributes"]
        tags = {tag["TagKey"]: tag["TagValue"] for tag in entry.get("Tags", {"Tag": ()})["Tag"]}
        return (
            filters.same(entry, self._same)
            and filters.same(_METADATA, self._metadata)
            and filters.named(entry["InstanceName"], self._name)
            and self._vpc in ("", network["VpcId"])
            and self._vswitch in ("", network["VSwitchId"])
            and self._group in ("", *entry["SecurityGroupIds"]["SecurityGroupId"])
            and all(wanted & {*_ADDRESSES[name](entry)} for name, wanted in self._addresses.items())
            and filters.tagged(tags, self._tags)
        )


def _page_of_all(
    cloud: Cloud, call: Call, region: str
) -> tuple[list[AnswerMembers], AnswerMembers]:
    """Without filters the store does the paging, so a large cloud is as fast as a small one."""
    if paging.by_token(call):
        size = paging.most_results(call)
        found = cloud.store.find("instance", region, after=paging.position(call), limit=size + 1)
        total = cloud.store.count("instance", region)
        members = {"NextToken": _token(found, size)} | paging.page_members(total, 1, size)
        found = found[:size]
    else:
        number, size = paging.numbers(cloud, call)
        found = cloud.store.find("instance", region, limit=size + 1, offset=(number - 1) * size)
        is_all = number == 1 and len(found) <= size
        total = len(found) if is_all else cloud.store.count("instance", region)
        found = found[:size]
        members = {"NextToken": ""} | paging.page_members(total, number, size)
    return described(cloud, found), members


def _token(found: list[Resource], size: int) -> str:
    """The token for the next page, if there is one; otherwise empty."""
    if len(found) <= size:
        return ""
    last = found[size - 1]
    return paging.token(repr(last.created_at), last.id)
