"""What the metadata service answers from: the chosen instance, and what only a test knows of it."""

import json
from dataclasses import asdict, dataclass

from .clock import Epoch
from .store import Store

_KEY = "metadata_service"


@dataclass(frozen=True, slots=True)
class MetadataSetting:
    instance_id: str | None = None
    """The instance that the service speaks for; None if none is chosen."""
    role_name: str | None = None
    """Its RAM role; with None it has a role of whatever name is asked for."""
    spot_termination_time: Epoch | None = None
    """In the cloud's time; None if the instance is not about to be taken back."""
    token_required: bool = False
    """Requests without a token are refused."""


def load(store: Store) -> MetadataSetting:
    return MetadataSetting(**json.loads(store.meta(_KEY) or "{}"))


def save(store: Store, setting: MetadataSetting) -> None:
    store.set_meta(_KEY, json.dumps(asdict(setting)))
