"""The region that the name of a host says: queues are in a region, but no call has one in it."""

import re

# The data plane's host begins with the account, and may be one within the vendor's network.
_HOST = re.compile(
    r"(?:[^.]+\.mns|mns-open|mns)\.([a-z]+-[a-z0-9-]+?)(?:-internal)?(?:-vpc)?\.", re.IGNORECASE
)


def region_of(host: str) -> str:
    """The region in the name of *host*; empty when it has none, as an address."""
    found = _HOST.match(host)
    return found[1].lower() if found else ""


def is_queue_host(host: str) -> bool:
    """Whether *host* is one of the data plane's."""
    return ".mns." in host.lower()
