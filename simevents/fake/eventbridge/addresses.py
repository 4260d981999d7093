"""Where a target is: the ARNs of queues and functions."""

import re
from dataclasses import dataclass

_QUEUE = re.compile(r"acs:mns:(?P<region>[^:]*):[^:]*:/?queues/(?P<name>[^/:\s]+)(?:/messages)?")
_FUNCTION = re.compile(
    r"acs:fc:(?P<region>[^:]*):[^:]*:"
    r"(?:services/(?P<service>[^/:\s]+)/)?functions/(?P<name>[^/:\s]+)"
)


@dataclass(frozen=True, slots=True)
class Address:
    """A queue or a function; the texts are empty where an ARN does not say it."""

    region: str = ""
    name: str = ""
    service: str = ""
    """Of a function, without its version; functions of today have none."""


def queue(arn: str) -> Address:
    """The queue that *arn* names; an empty address if it names none."""
    found = _QUEUE.fullmatch(arn)
    return Address() if found is None else Address(found["region"], found["name"])


def function(arn: str) -> Address:
    """The function that *arn* names; an empty address if it names none."""
    found = _FUNCTION.fullmatch(arn)
    if found is None:
        return Address()
    service = (found["service"] or "").partition(".")[0]
    return Address(found["region"], found["name"], service)
