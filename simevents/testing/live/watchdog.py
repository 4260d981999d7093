"""Waits for a live test run to end and cancels what it left: ``python -m …watchdog``.

Its standard input is a pipe of the run, which closes when that one ends or is killed. What
was open before the run began stays.
"""

import os
import signal
import sys

from ...api.client import SystemEvents
from ...api.retry import Patience
from ...api.sdk import Sdk, default_chain
from ...settings import ENDPOINT_VARIABLE, credentials, settings
from .targets import LiveAccount, cancel_new


def main() -> None:
    account_id, region, *instance_ids = sys.argv[1:]
    account = LiveAccount(account_id, region, tuple(instance_ids))
    # What ends the run reaches this one as well, which has work to do afterwards.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    where = settings(region, os.environ.get(ENDPOINT_VARIABLE), os.environ)
    sdk = Sdk(where, credentials(where, os.environ, default_chain))
    with SystemEvents(sdk, where, Patience()) as api:
        before = {event.event_id for event in api.find(instance_ids) if event.is_open}
        # Only now may anything be made, or it would count as having been there before.
        print("watching", flush=True)
        sys.stdin.read()
        patience = Patience()
        for _ in patience.settling():
            # An event may become visible only after whoever made it has been killed.
            cancel_new(api.renewed(), account, before)


if __name__ == "__main__":
    main()
