"""The command ``simevents``: arguments in, tables or JSON out, exit codes for scripts.

Exit codes: 0 done; 1 the cloud refused, or the user declined; 2 the command line or the
settings are invalid and nothing was sent; 3 the deadline of ``wait`` passed. When the reader of
stdout has gone, a command does its work and then ends by SIGPIPE. What the commands
do is in `api`, `reconcile`, `cleanup` and `fake`. Each command and its libraries are
imported only when it is called, since a short command spends most of its time on imports.
"""

import difflib
import importlib
import sys
from typing import Any

import click

from .. import __version__
from ..errors import InvalidInput, SimulatedEventsError
from . import streams

_COMMANDS = {
    "create": "events",
    "list": "list_events",
    "show": "events",
    "cancel": "events",
    "wait": "wait",
    "sweep": "sweep",
    "run": "run",
    "trigger": "forwarding.trigger",
    "listen": "forwarding.listen",
    "fake": "fake.command",
    "env": "env",
    "clock": "clock",
    "faults": "faults",
    "timeline": "timeline",
    "deliveries": "deliveries",
    "accept": "accept",
    "inject": "inject",
    "console": "console",
    "report": "report",
    "completion": "completion",
}
"""Commands, in the order of the help, by the module that has them."""


class _LazyGroup(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(_COMMANDS)

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002
        cmd_name: str,
    ) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(f".{_COMMANDS[cmd_name]}", __name__)
        command: click.Command = module.COMMANDS[cmd_name]
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            # click suggests commands that it has loaded, which are none here.
            guesses = difflib.get_close_matches(args[0], _COMMANDS, n=1)
            raise click.UsageError(
                "".join([error.message, *(f" Did you mean {guess!r}?" for guess in guesses)]), ctx
            ) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The first sentence of each command; click would cut it where the line ends."""
        commands = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(
                [
                    (name, command.get_short_help_str(sys.maxsize))
                    for name, command in commands
                    if command
                ]
            )

    def invoke(self, ctx: click.Context) -> Any:
        with streams.ending_with_output():
            return super().invoke(ctx)


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="simevents %(version)s")
def app() -> None:
    """Schedule simulated ECS system events by hand; run a local fake of the cloud.

    The commands call Alibaba Cloud unless --endpoint, or SIMEVENTS_ENDPOINT, names a
    local fake. To try it without an account, in two terminals:

    \b
      simevents fake --instance i-bp1a2b3c4d5e
      export SIMEVENTS_ENDPOINT=http://127.0.0.1:8086 ALIBABA_CLOUD_REGION_ID=cn-hangzhou
      simevents create --type SystemMaintenance.Reboot --not-before +2h --instance i-bp1a2b3c4d5e
      simevents clock advance 3h
      simevents list
    """


def main() -> None:
    """The entry point; errors become one line on stderr."""
    try:
        with streams.ending_with_output():
            app(prog_name="simevents")
    except SimulatedEventsError as error:
        streams.say(f"error: {error}")
        sys.exit(2 if isinstance(error, InvalidInput) else 1)
