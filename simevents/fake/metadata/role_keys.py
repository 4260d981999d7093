"""The temporary keys of an instance's RAM role.

The service returns the same keys until they are about to expire. They expire in wall time, as
all temporary keys do (see `access_keys`).
"""

from datetime import UTC, datetime

import orjson

from ...models import format_time
from ..state.access_keys import AccessKey
from ..state.cloud import Cloud
from ..sts import temporary_keys

VALID_SECONDS = 6 * 3600
RENEWED_SECONDS = 30 * 60
"""New keys are there this long before the old ones expire; from the vendor's list of items."""

_MOST_KEPT = 1_000


class RoleKeys:
    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._latest: dict[tuple[str, str], AccessKey] = {}

    def document(self, instance_id: str, role: str) -> str:
        """The keys of *role* for a program on the instance, as JSON."""
        key = self._current(instance_id, role)
        expires_at = key.expires_at or 0
        members = {
            "AccessKeyId": key.id,
            "AccessKeySecret": key.secret,
            "Expiration": _written(expires_at),
            "SecurityToken": key.security_token,
            "LastUpdated": _written(expires_at - VALID_SECONDS),
            "Code": "Success",
        }
        return orjson.dumps(members, option=orjson.OPT_INDENT_2).decode()

    def _current(self, instance_id: str, role: str) -> AccessKey:
        key = self._latest.get((instance_id, role))
        if key is not None and self._is_good(key):
            return key
        # The session name under which the vendor's logs show such a caller.
        key = temporary_keys.issue(self._cloud, role, f"vm-ram-{instance_id}"[:64], VALID_SECONDS)
        self._latest[instance_id, role] = key
        if len(self._latest) > _MOST_KEPT:
            del self._latest[next(iter(self._latest))]
        return key

    def _is_good(self, key: AccessKey) -> bool:
        """Whether it has enough time left, and the cloud was not reset meanwhile."""
        is_fresh = (key.expires_at or 0) - self._cloud.wall() > RENEWED_SECONDS
        return is_fresh and self._cloud.access_keys.find(key.id) == key


def _written(moment: float) -> str:
    return format_time(datetime.fromtimestamp(moment, UTC))
