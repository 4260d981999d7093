"""``faults``: calls that a local fake cloud lets fail on purpose."""

import json
from typing import Any

import click

from . import control, options
from .tables import printable

_EFFECTS = ("error", "cut", "timeout", "garbage", "partial", "latency", "visibility_delay")


@click.group()
def faults() -> None:
    """List, add or clear the faults of a local fake cloud.

    \b
    Example: simevents faults add DescribeInstances --error Throttling --times 2
    """


@faults.command("list")
@options.endpoint
@control.token
@options.as_json
def list_faults(endpoint: str | None, token: str, *, as_json: bool) -> None:
    """Show the faults, and how many calls each has affected.

    \b
    Example: simevents faults list --endpoint http://127.0.0.1:8086
    """
    with control.connected(endpoint, token) as cloud:
        _show(cloud.get("faults"), as_json=as_json)


@faults.command()
@click.argument("action", default="*")
@click.option("--error", metavar="CODE", help="Answer with this error code, such as Throttling.")
@click.option(
    "--cut",
    type=click.Choice(["before", "after"]),
    help="Close the connection before or after the action is carried out.",
)
@click.option("--timeout", is_flag=True, help="Carry the action out and never answer.")
@click.option("--garbage", is_flag=True, help="Answer with an HTML page and status 502.")
@click.option("--partial", is_flag=True, help="Return only half of each list of the answer.")
@click.option("--latency", type=click.FloatRange(0), metavar="SECONDS", help="Answer late.")
@click.option(
    "--visibility-delay",
    type=click.FloatRange(0),
    metavar="SECONDS",
    help="Time in the cloud until events that the call creates can be read.",
)
@click.option("--probability", type=click.FloatRange(0, 1), help="Affect some of the calls only.")
@click.option("--skip", type=click.IntRange(0), metavar="N", help="Let N calls pass first.")
@click.option("--times", type=click.IntRange(0), metavar="N", help="Affect N calls; default: all.")
@click.option("--seed", type=click.IntRange(0), help="Seed of --probability.")
@options.endpoint
@control.token
@options.as_json
def add(
    action: str, endpoint: str | None, token: str, *, as_json: bool, **given: str | float | None
) -> None:
    """Let calls of ACTION fail, or all calls when none is named; then show the faults.

    \b
    Example: simevents faults add RebootInstance --cut after --times 1
    """
    fault = {name: value for name, value in given.items() if value not in (None, False)}
    if not fault.keys() & set(_EFFECTS):
        effects = ", ".join(f"--{name.replace('_', '-')}" for name in _EFFECTS)
        raise click.UsageError(f"Nothing would fail; use at least one of {effects}.")
    with control.connected(endpoint, token) as cloud:
        _show(cloud.post("faults", action=action, **fault), as_json=as_json)


@faults.command()
@options.endpoint
@control.token
def clear(endpoint: str | None, token: str) -> None:
    """Remove all faults.

    \b
    Example: simevents faults clear --endpoint http://127.0.0.1:8086
    """
    with control.connected(endpoint, token) as cloud:
        cloud.delete("faults")
    click.echo("No faults.")


def _show(faults: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(faults, indent=2))
        return
    for fault in faults:
        click.echo(printable(_sentence(fault)))
    if not faults:
        click.echo("No faults.")


def _sentence(fault: dict[str, Any]) -> str:
    """``RebootInstance: cut=after times=1, has affected 0 calls``."""
    unset = {"probability": 1.0}
    words = [
        name if value is True else f"{name}={value}"
        for name, value in fault.items()
        if name not in ("action", "struck") and value != unset.get(name) and value not in (None, 0)
    ]
    return f"{fault['action']}: {' '.join(words)}, has affected {fault['struck']} calls"


COMMANDS = {"faults": faults}
