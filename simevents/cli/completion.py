"""``completion``: the shell script that completes this command."""

import click
from click.shell_completion import get_completion_class


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the script with which a shell completes commands, options and event types.

    \b
    Example: simevents completion bash > ~/.local/share/bash-completion/completions/simevents
    """
    root = click.get_current_context().find_root()
    made = get_completion_class(shell)
    assert made is not None
    click.echo(made(root.command, {}, "simevents", "_SIMEVENTS_COMPLETE").source())


COMMANDS = {"completion": completion}
