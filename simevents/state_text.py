"""How the events of a resource are written in a stack's state: each collection as one text.

The engine compares, logs and stores each value of a list or a mapping by itself, several
times in a run. For 10,000 instances that took longer than all calls to the cloud.
"""

import json
from typing import Any


def to_text(value: Any) -> str:
    """*value*, a list or a mapping, as one line of JSON."""
    return json.dumps(value, separators=(",", ":"))


def from_text(value: Any) -> Any:
    """The list or mapping in *value*; older states have it as it is, without a text around it."""
    return json.loads(value) if isinstance(value, str) else value
