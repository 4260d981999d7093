"""Issues temporary keys for a role, as AssumeRole and the metadata service do."""

from ..state.access_keys import TEMPORARY_PREFIX, AccessKey
from ..state.cloud import Cloud


def issue(cloud: Cloud, role: str, session: str, seconds: int) -> AccessKey:
    """A new key for *role* that the cloud accepts for *seconds* of wall time."""
    key = AccessKey(
        id=TEMPORARY_PREFIX + cloud.new_letters(22),
        secret=cloud.new_letters(44),
        security_token=cloud.new_letters(200),
        expires_at=float(int(cloud.wall() + seconds)),
        role=role,
        session=session,
    )
    cloud.access_keys.give_out(key, cloud.now())
    return key
