"""Waits for a live test run to end and cancels what it left: ``python -m …watchdog``.

Its standard input is a pipe from the run, which closes when the run ends or is killed. What
was open before the run began stays.
"""

import os
import signal
import sys

from ...api.client import SystemEvents
from ...api.retry import Patience
from .account import LiveAccount, cancel_new, live_settings


def main() -> None:
    account_id, region, *instance_ids = sys.argv[1:]
    account = LiveAccount(account_id, region, tuple(instance_ids))
    # The signals that end the run reach this process as well, which has work to do afterwards.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    where = live_settings(account)
    # A fake on this machine shows its writes at once.
    settling = Patience(settling_seconds=1.0) if where.is_loopback else Patience()
    with SystemEvents.connect(where, os.environ) as api:
        before = {event.event_id for event in api.find(instance_ids) if event.is_open}
        # Events must not be created earlier, or they would count as having been there before.
        print("watching", flush=True)
        sys.stdin.read()
        for _ in settling.renewed().settling():
            # An event may become visible only after the process that created it was killed.
            cancel_new(api.renewed(), account, before)


if __name__ == "__main__":
    main()
