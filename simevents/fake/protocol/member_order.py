"""The order of the members of an answer.

The vendor's gateway keeps an object in a Java HashMap and writes its members in the
order of the hash buckets. All captured answers that the vendor published in
aliyun/alibabacloud-ecs-tool-troubleshooter have this order, in each of their objects;
for other answers it is an assumption. Some clients depend on it: one parser never ends
unless EipAddress is before PublicIpAddress.
"""

from functools import lru_cache
from typing import Any

_NESTED = (dict, list)


class InOrder(dict[str, Any]):
    """An object whose members are in order already; `in_order` does not look into it."""


def in_order(value: Any) -> Any:
    """*value* with the members of each object in the order of the vendor's answers."""
    if type(value) is dict:
        # Most members are neither object nor list; without a call for each this is twice as fast.
        return {
            name: in_order(member) if type(member := value[name]) in _NESTED else member
            for name in _order(tuple(value))
        }
    if type(value) is list:
        return [in_order(item) for item in value]
    return value


def names_in_order(members: dict[str, Any]) -> InOrder:
    """*members* in order; objects among them are taken as they are, so they must be `InOrder`."""
    return InOrder({name: members[name] for name in _order(tuple(members))})


@lru_cache(maxsize=1_000)
def _order(names: tuple[str, ...]) -> list[str]:
    # A HashMap starts with 16 buckets; more than three members per four buckets double them.
    buckets = 16
    while len(names) > buckets * 3 // 4:
        buckets *= 2
    # The sort is stable, like a bucket: names in the same bucket stay as they were inserted.
    return sorted(names, key=lambda name: _spread_hash(name) & (buckets - 1))


def _spread_hash(name: str) -> int:
    """The hash that HashMap derives from the hash code of a Java string."""
    code = 0
    for character in name:
        code = (31 * code + ord(character)) & 0xFFFFFFFF
    return code ^ (code >> 16)
