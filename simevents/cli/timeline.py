"""``timeline``: what happened in a local fake cloud, and what was called."""

import json

import click

from . import control, options


@click.command()
@options.endpoint
@control.token
@options.as_json
def timeline(endpoint: str | None, token: str, *, as_json: bool) -> None:
    """Show what happened in a local fake cloud and which calls it received, in order.

    \b
    Example: simevents timeline --endpoint http://127.0.0.1:8086
    """
    from ..testing import records
    from ..testing.timeline import timeline as text

    with control.connected(endpoint, token) as cloud:
        events, calls, refusals = cloud.get("events"), cloud.get("calls"), cloud.get("refusals")
    if as_json:
        click.echo(json.dumps({"events": events, "calls": calls, "refusals": refusals}, indent=2))
    else:
        click.echo(
            text(
                map(records.event, events),
                map(records.call, calls),
                proxy_refusals=map(records.proxy_refusal, refusals),
            )
        )


COMMANDS = {"timeline": timeline}
