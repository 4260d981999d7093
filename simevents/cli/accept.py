"""``accept``: one call of the API, for real events that ask before they take place."""

import click

from . import options


@click.command()
@click.argument("event_ids", metavar="EVENT...", nargs=-1, required=True)
@options.region()
@options.endpoint
def accept(event_ids: tuple[str, ...], region: str, endpoint: str | None) -> None:
    """Accept the plan of real events whose status is Inquiring.

    \b
    Example: simevents accept --region cn-hangzhou e-bp1a2b3c4d5e6f7g8h9j
    """
    ids = options.checked_events(event_ids)
    with options.connect(region, endpoint) as api:
        for id in ids:
            api.accept(id)
            click.echo(f"Accepted {id}.")


COMMANDS = {"accept": accept}
