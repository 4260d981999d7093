"""Access keys: permanent key pairs, and the temporary ones that AssumeRole issues.

Temporary keys expire in wall time, not in the cloud's time. Signatures use wall time
too: a client renews its keys by its own clock.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .store import Resource, Store

_KIND = "temporary_access_key"
TEMPORARY_PREFIX = "STS."


@dataclass(frozen=True, slots=True)
class AccessKey:
    """One key pair. A temporary one also has a token, an expiry time and a role."""

    id: str
    secret: str | None
    """None: the secret is unknown, so signatures made with this key cannot be checked."""
    security_token: str = ""
    expires_at: float | None = None
    """Wall time."""
    role: str = ""
    """The role's name; empty for the account itself."""
    session: str = ""

    def __repr__(self) -> str:
        return f"AccessKey({self.id!r})"


class AccessKeys:
    """The keys that a cloud accepts: *fixed* ones (id to secret), and temporary ones it has issued.

    With *accept_any* the cloud accepts every other key too, for programs that have their own keys.
    """

    def __init__(self, fixed: Mapping[str, str], store: Store, *, accept_any: bool = False) -> None:
        self._fixed = {id: AccessKey(id, secret) for id, secret in fixed.items()}
        self._store = store
        self.accept_any = accept_any

    def find(self, id: str) -> AccessKey | None:
        if id.startswith(TEMPORARY_PREFIX):
            kept = self._store.get(_KIND, id)
            found = None if kept is None else AccessKey(id, **kept.attributes)
        else:
            found = self._fixed.get(id)
        return AccessKey(id, None) if found is None and self.accept_any else found

    def give_out(self, key: AccessKey, at: float) -> None:
        attributes: dict[str, Any] = {
            "secret": key.secret,
            "security_token": key.security_token,
            "expires_at": key.expires_at,
            "role": key.role,
            "session": key.session,
        }
        self._store.put(Resource(_KIND, key.id, "", at, attributes))
