"""Who in this process asks for which event: one (instance, type, second) has one owner.

The cloud shows what exists. It cannot show what a parallel resource is about to
create; claims prevent that conflict between resources that one process serves.
"""

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple


class ClaimKey(NamedTuple):
    """All that identifies an event which has no name of its own."""

    account_id: str
    region: str
    instance_id: str
    event_type: str
    not_before: str


@dataclass
class Claims:
    """Claims by key. *owner* is the id of an intent throughout."""

    _lock: threading.Lock = field(default_factory=threading.Lock)
    _owners: dict[ClaimKey, str] = field(default_factory=dict)
    _unused: set[ClaimKey] = field(default_factory=set)
    _ended: set[str] = field(default_factory=set)

    def claim(self, owner: str, keys: Iterable[ClaimKey]) -> list[ClaimKey]:
        """Claim all of *keys* or none; return those that another owner has."""
        requested = list(keys)
        with self._lock:
            lost = [key for key in requested if self._owners.get(key, owner) != owner]
            if not lost:
                self._owners.update(dict.fromkeys(requested, owner))
            return lost

    def held_by_others(self, owner: str, keys: Iterable[ClaimKey]) -> set[str]:
        """The instances among *keys* that another owner asks for in this process."""
        with self._lock:
            return {key.instance_id for key in keys if self._owners.get(key, owner) != owner}

    def release(self, owner: str, keys: Iterable[ClaimKey] | None = None) -> None:
        """Give up *keys*, or everything that *owner* has."""
        with self._lock:
            given = [
                key
                for key in (self._owners if keys is None else keys)
                if self._owners.get(key) == owner
            ]
            for key in given:
                del self._owners[key]
                self._unused.discard(key)

    def mark_unused(self, owner: str, keys: Iterable[ClaimKey]) -> None:
        """The cloud shows no event for *keys*, which *owner* has claimed just now."""
        with self._lock:
            self._unused.update(key for key in keys if self._owners.get(key) == owner)

    def use(self, owner: str, keys: Iterable[ClaimKey]) -> set[str]:
        """Begin to create events for *keys*; return the instances on which there are none yet.

        On the others an event may exist: this process has not looked since it claimed them,
        or it has begun to create one before.
        """
        with self._lock:
            unused = {key for key in keys if key in self._unused and self._owners[key] == owner}
            self._unused -= unused
            return {key.instance_id for key in unused}

    def end(self, owner: str) -> None:
        """The intent *owner* is deleted; nothing may be created for it in this process."""
        self.release(owner)
        with self._lock:
            self._ended.add(owner)

    def has_ended(self, owner: str) -> bool:
        with self._lock:
            return owner in self._ended
