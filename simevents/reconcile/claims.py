"""Who in this process asks for which event: one (instance, type, second) has one owner.

The cloud shows what exists; it cannot show what a parallel resource is about to
make. Claims close that gap between resources that one process serves.
"""

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field

Key = tuple[str, str, str, str, str]
"""Account, region, instance id, event type, NotBefore."""


@dataclass
class Claims:
    """Claims by key. *owner* is the id of an intent throughout."""

    _lock: threading.Lock = field(default_factory=threading.Lock)
    _owners: dict[Key, str] = field(default_factory=dict)
    _ended: set[str] = field(default_factory=set)

    def claim(self, owner: str, keys: Iterable[Key]) -> list[Key]:
        """Claim all of *keys* or none; returns those that another owner has."""
        wanted = list(keys)
        with self._lock:
            lost = [key for key in wanted if self._owners.get(key, owner) != owner]
            if not lost:
                self._owners.update(dict.fromkeys(wanted, owner))
            return lost

    def held_by_others(self, owner: str, keys: Iterable[Key]) -> set[str]:
        """The instances among *keys* that another owner asks for in this process."""
        with self._lock:
            return {key[2] for key in keys if self._owners.get(key, owner) != owner}

    def release(self, owner: str, keys: Iterable[Key] | None = None) -> None:
        """Give back *keys*, or everything that *owner* has."""
        with self._lock:
            given = [
                key
                for key in (self._owners if keys is None else keys)
                if self._owners.get(key) == owner
            ]
            for key in given:
                del self._owners[key]

    def end(self, owner: str) -> None:
        """The intent *owner* is deleted; nothing may be made for it in this process."""
        self.release(owner)
        with self._lock:
            self._ended.add(owner)

    def has_ended(self, owner: str) -> bool:
        with self._lock:
            return owner in self._ended
