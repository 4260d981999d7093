"""``console``: a page for a running fake cloud, or for the events of an account."""

import os

import click

from ..settings import check_endpoint
from . import control, options

DEFAULT_PORT = 8087


@click.command()
@options.endpoint
@options.region(required=False)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=DEFAULT_PORT,
    show_default=True,
    help="Port of the page; 0 takes a free one.",
)
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen on. Off loopback the page asks for a token, which is in the "
    "address that is printed.",
)
@control.token
@click.option("--ends-with-stdin", is_flag=True, hidden=True)
def console(
    endpoint: str | None,
    region: str | None,
    port: int,
    host: str,
    token: str,
    *,
    ends_with_stdin: bool,
) -> None:
    """Serve a page that shows a cloud and acts on it; the first line printed is its address.

    With --endpoint it is one for a local fake cloud, with all that can be done there. With
    --region alone it is one for Alibaba Cloud, to read, schedule and cancel events; such a
    page always asks for a token.

    \b
    Example: simevents console --endpoint http://127.0.0.1:8086
    """
    try:
        from ..console.serving import serve

        serve(
            check_endpoint(endpoint) if endpoint else None,
            region,
            host,
            port,
            token,
            os.environ,
            lambda address: click.echo(f"console: {address}"),
            ends_with_stdin=ends_with_stdin,
        )
    except ModuleNotFoundError as missing:
        options.missing_extra(missing)


COMMANDS = {"console": console}
