"""When a delivery that failed is attempted again.

Sources: the vendor's pages "Retry policies and dead-letter queues" (EventBridge) and "URL
callback" (CloudMonitor). The number of a URL callback's attempts is documented, their distance
is not.
"""

import random as random_numbers
from collections.abc import Callable

NONE = "none"
"""One attempt."""
WEBHOOK = "webhook"
"""CloudMonitor's URL callback: 3 retries, one second apart."""
BACKOFF = "backoff"
"""EventBridge's BACKOFF_RETRY: 3 retries, each after 10 to 20 seconds."""
DECAY = "decay"
"""EventBridge's EXPONENTIAL_DECAY_RETRY: 176 retries within a day, up to 512 seconds apart."""

_LONGEST_DECAY = 512


def wait_before_retry(
    strategy: str, failed_attempts: int, random: random_numbers.Random
) -> float | None:
    """Seconds of the cloud's time until the next attempt; None if there is none.

    *failed_attempts* counts those that have been made, from 1. Raises ValueError for a strategy
    that is none of the four.
    """
    if strategy not in _STRATEGIES:
        known = ", ".join(_STRATEGIES)
        raise ValueError(f"{strategy!r} is not a valid strategy; use one of {known}")
    retries, wait = _STRATEGIES[strategy]
    return wait(failed_attempts, random) if failed_attempts <= retries else None


def _second(failed_attempts: int, random: random_numbers.Random) -> float:  # noqa: ARG001
    return 1.0


def _ten_to_twenty(failed_attempts: int, random: random_numbers.Random) -> float:  # noqa: ARG001
    return random.uniform(10.0, 20.0)


def _doubled(failed_attempts: int, random: random_numbers.Random) -> float:  # noqa: ARG001
    # The exponent has a bound, because 2 to the power of 175 is not needed for a minimum.
    return float(min(2 ** min(failed_attempts - 1, 9), _LONGEST_DECAY))


_STRATEGIES: dict[str, tuple[int, Callable[[int, random_numbers.Random], float]]] = {
    NONE: (0, _second),
    WEBHOOK: (3, _second),
    BACKOFF: (3, _ten_to_twenty),
    DECAY: (176, _doubled),
}
"""By strategy: how many retries there are, and what each waits for."""
