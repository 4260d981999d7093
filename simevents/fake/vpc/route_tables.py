"""The VPC action on route tables. Each VPC has one system route table; there are no others."""

from ..protocol import filters
from ..protocol.call import AnswerMembers, Call
from ..protocol.paging import page
from ..protocol.registry import action
from ..state.clock import iso_time
from ..state.cloud import Cloud
from ..state.store import Resource

# Filters that are compared with the member of the same name.
_SAME_NAME = (
    *("VpcId", "RouteTableId", "RouteTableName", "RouteTableType", "RouterId", "RouterType"),
    "ResourceGroupId",
)


@action(
    "Vpc",
    "2016-04-28",
    "DescribeRouteTableList",
    honours=" ".join(_SAME_NAME) + " RegionId Tag.Key Tag.Value PageNumber PageSize",
)
def describe_route_table_list(cloud: Cloud, call: Call) -> AnswerMembers:
    wanted, tags = filters.given(call, _SAME_NAME), call.tags()
    tables = [
        table
        for vpc in cloud.store.find("vpc", call.region)
        # Route tables cannot be tagged here, so none has the tags.
        if not tags and filters.same(table := _system_table(vpc), wanted)
    ]
    shown, members = page(cloud, call, tables)
    return members | {"RouterTableList": {"RouterTableListType": shown}}


def _system_table(vpc: Resource) -> AnswerMembers:
    return {
        "VpcId": vpc.id,
        "RouteTableId": vpc.attributes["RouteTableId"],
        "RouteTableType": "System",
        "RouteTableName": "",
        "Description": "",
        "RouterId": vpc.attributes["VRouterId"],
        "RouterType": "VRouter",
        "ResourceGroupId": vpc.attributes["ResourceGroupId"],
        "RoutePropagationEnable": True,
        "Status": "Available",
        "CreationTime": iso_time(vpc.created_at),
        "Tags": {"Tag": []},
    }
