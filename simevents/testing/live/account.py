"""The live account that a person has named for tests, and cleaning up what tests leave in it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from ...api.client import SystemEvents
from ...errors import CloudError, LeftOpen, listed
from ...reconcile.remedies import sweep_command
from ...settings import ENDPOINT_VARIABLE, Settings, stack_settings


@dataclass(frozen=True)
class LiveAccount:
    """The account that a person has named for live tests, and the instances kept for them."""

    account_id: str
    region: str
    instance_ids: tuple[str, ...]


def live_settings(account: LiveAccount) -> Settings:
    """Where the account is: Alibaba Cloud, or what ``SIMEVENTS_ENDPOINT`` names."""
    return stack_settings(account.region, os.environ.get(ENDPOINT_VARIABLE), os.environ)


def cancel_new(api: SystemEvents, account: LiveAccount, before: set[str]) -> None:
    """Cancel what is open on the account's instances and was not *before*."""
    created = [
        event.event_id
        for event in api.find(account.instance_ids)
        if event.is_open and event.event_id not in before
    ]
    if not created:
        return
    real = api.cancel(created).real
    left = [e.event_id for e in api.describe(created) if e.is_open and e.event_id not in real]
    if left:
        raise LeftOpen(
            f"The test left {len(left)} events open: {listed(left)}. Cancel them: "
            f"{sweep_command(api.settings, left)}"
        )


@contextmanager
def watched(account: LiveAccount) -> Iterator[None]:
    """A separate process cancels what is left when this one dies, however it dies."""
    arguments = [account.account_id, account.region, *account.instance_ids]
    watchdog = subprocess.Popen(
        [sys.executable, "-m", "simevents.testing.live.watchdog", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        # What ends this process's group or terminal must not end the watchdog.
        start_new_session=True,
    )
    assert watchdog.stdin is not None
    assert watchdog.stdout is not None
    try:
        if watchdog.stdout.readline() != "watching\n":
            raise CloudError(
                "The process that cleans up after a killed run could not start; its output is "
                "above. No live test was run."
            )
        yield
    finally:
        watchdog.stdin.close()
        failed = watchdog.wait()
        watchdog.stdout.close()
    if failed:
        raise LeftOpen(
            f"Whether events are left open on {listed(account.instance_ids)} could not be seen; "
            f"what went wrong is above. Look: simevents list --region {account.region}"
        )
