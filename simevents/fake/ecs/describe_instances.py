"""The ECS action DescribeInstances: its filters and its two ways of paging.

Source: the API page of DescribeInstances. The filters are compared with the entries of
the answer, so that filters and answers always use the same values.
"""

import fnmatch

from ..protocol import api_errors, paging
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
)
_OTHER_FILTERS = (
    *("InstanceIds", "InstanceName", "VpcId", "VSwitchId", "SecurityGroupId"),
    *("PrivateIpAddresses", "Tag.Key"),
)


@action(
    "Ecs",
    "2014-05-26",
    "DescribeInstances",
    honours=" ".join((*_SAME_NAME, *_OTHER_FILTERS))
    + " RegionId Tag.Value PageNumber PageSize MaxResults NextToken DryRun",
)
def describe_instances(cloud: Cloud, call: Call) -> AnswerMembers:
    region = call.region
    if call.boolean("DryRun"):
        raise ApiError(api_errors.DRY_RUN)
    filters = _Filters(call)
    if not filters.any_given:
        shown, members = _page_of_all(cloud, call, region)
    else:
        shown, members = _page(cloud, call, filters.found(cloud, region))
    return members | {"Instances": {"Instance": shown}}


class _Filters:
    """The filters of one call."""

    def __init__(self, call: Call) -> None:
        self._same = {name: value for name in _SAME_NAME if (value := call.text(name))}
        self._is_by_id = bool(call.text("InstanceIds"))
        self._ids = call.json_list("InstanceIds")
        self._name = call.text("InstanceName")
        self._vpc, self._vswitch = call.text("VpcId"), call.text("VSwitchId")
        self._group = call.text("SecurityGroupId")
        self._addresses = set(call.json_list("PrivateIpAddresses"))
        self._tags = call.tags()

    @property
    def any_given(self) -> bool:
        single = (self._is_by_id, self._name, self._vpc, self._vswitch, self._group)
        return any((*single, self._same, self._addresses, self._tags))

    def found(self, cloud: Cloud, region: str) -> list[tuple[Resource, AnswerMembers]]:
        """All matching instances with their entries."""
        instances = (
            cloud.store.get_all("instance", self._ids)
            if self._is_by_id
            else cloud.store.find("instance", region)
        )
        here = [instance for instance in instances if instance.region == region]
        entries = zip(here, described(cloud, here), strict=True)
        return [(instance, entry) for instance, entry in entries if self._matches(entry)]

    def _matches(self, entry: AnswerMembers) -> bool:
        network = entry["VpcAttributes"]
        tags = {tag["TagKey"]: tag["TagValue"] for tag in entry["Tags"]["Tag"]}
        addresses = set(network["PrivateIpAddress"]["IpAddress"])
        return (
            all(entry[name] == value for name, value in self._same.items())
            # Only in this filter does the API support the wildcard *.
            and (not self._name or fnmatch.fnmatchcase(entry["InstanceName"], self._name))
            and self._vpc in ("", network["VpcId"])
            and self._vswitch in ("", network["VSwitchId"])
            and self._group in ("", *entry["SecurityGroupIds"]["SecurityGroupId"])
            and (not self._addresses or bool(self._addresses & addresses))
            and all(key in tags and value in ("", tags[key]) for key, value in self._tags.items())
        )


def _page(
    cloud: Cloud, call: Call, found: list[tuple[Resource, AnswerMembers]]
) -> tuple[list[AnswerMembers], AnswerMembers]:
    if not paging.by_token(call):
        shown, members = paging.page(cloud, call, [entry for _, entry in found])
        return shown, members | {"NextToken": ""}
    size = paging.most_results(call)
    found.sort(key=lambda pair: (-pair[0].created_at, pair[0].id))
    seen = paging.position(call)
    left = [
        (each, entry)
        for each, entry in found
        if seen is None or (-each.created_at, each.id) > (-seen[0], seen[1])
    ]
    token = _token([each for each, _ in left], size)
    members = paging.page_members(len(found), 1, size) | {"NextToken": token}
    return [entry for _, entry in left[:size]], members


def _page_of_all(
    cloud: Cloud, call: Call, region: str
) -> tuple[list[AnswerMembers], AnswerMembers]:
    """Without filters the store does the paging, so a large cloud is as fast as a small one."""
    if paging.by_token(call):
        size = paging.most_results(call)
        found = cloud.store.find("instance", region, after=paging.position(call), limit=size + 1)
        members = paging.page_members(cloud.store.count("instance", region), 1, size) | {
            "NextToken": _token(found, size)
        }
        found = found[:size]
    else:
        number, size = paging.numbers(cloud, call)
        found = cloud.store.find("instance", region, limit=size + 1, offset=(number - 1) * size)
        is_all = number == 1 and len(found) <= size
        total = len(found) if is_all else cloud.store.count("instance", region)
        found = found[:size]
        members = paging.page_members(total, number, size) | {"NextToken": ""}
    return described(cloud, found), members


def _token(found: list[Resource], size: int) -> str:
    """The token for the next page, if there is one; otherwise empty."""
    if len(found) <= size:
        return ""
    last = found[size - 1]
    return paging.token(repr(last.created_at), last.id)
