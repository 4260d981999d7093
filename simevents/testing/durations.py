"""Spans of real time, as a test writes them."""

from datetime import timedelta

from ..errors import InvalidInput
from ..models import parse_duration

Within = str | float | timedelta
"""Real time to wait: seconds, or a text such as ``"30s"``."""


def seconds(within: Within) -> float:
    """Raises InvalidInput."""
    if isinstance(within, timedelta):
        return within.total_seconds()
    try:
        found = parse_duration(within) if isinstance(within, str) else float(within)
    except (TypeError, ValueError):
        found = -1.0
    if found < 0:
        raise InvalidInput(
            "within", f"{within!r} is not a valid duration; use one such as 30s or 2m"
        )
    return found
