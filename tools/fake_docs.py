"""Writes docs/covered-actions.md and docs/switches.md from the code of the fake.

    python tools/fake_docs.py

A test compares, so that neither page can fall behind.
"""

from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path

from simevents.fake.protocol import dispatch  # noqa: F401 - registers the actions
from simevents.fake.protocol.call import Action
from simevents.fake.protocol.registry import ACTIONS
from simevents.fake.state.switches import Switches

DOCS = Path(__file__).parent.parent / "docs"

_OWNERS = {"OwnerId", "OwnerAccount", "ResourceOwnerId", "ResourceOwnerAccount"}


def coverage() -> str:
    """Every action that the fake covers, what it acts on and what it lets pass."""
    lines = [
        "# What the fake cloud covers",
        "",
        "Made from the code by `tools/fake_docs.py`. An action that is not listed, or a parameter",
        "that the API does not document, is answered with HTTP 400 and marked in the journal",
        "(`GET /_fake/calls?unexpected=1`). Documented parameters that are listed as ignored pass",
        "and change nothing; so do `OwnerId`, `OwnerAccount`, `ResourceOwnerId` and",
        "`ResourceOwnerAccount` everywhere. `RegionId` is checked wherever it is sent.",
        "",
        "Not covered: every other action of ECS, VPC and STS; security group rules, network",
        "interfaces, data disks and images of one's own; RAM policies; billing; events of disks",
        "and dedicated hosts; the delivery of events by CloudMonitor and EventBridge.",
    ]
    for product in ("Ecs", "Vpc", "Sts"):
        actions = sorted(
            (action for action in ACTIONS.values() if action.product == product),
            key=lambda action: action.name,
        )
        lines += ["", f"## {product} {actions[0].version}"]
        for action in actions:
            lines += ["", f"### {action.name}", "", *_parameters(action)]
    return "\n".join(lines) + "\n"


def _parameters(action: Action) -> list[str]:
    ignored = action.documented - action.honoured - _OWNERS - {"RegionId"}
    lines = [f"Acts on: {_listed(action.honoured) or 'nothing; it takes no parameters'}."]
    if ignored:
        lines += ["", f"Ignores: {_listed(ignored)}."]
    return lines


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))


def switches() -> str:
    """Every switch: the open question, what is done by default, what else can be."""
    lines = [
        "# Where the API's documentation is silent",
        "",
        "Made from the code by `tools/fake_docs.py`. Each switch is a question that the vendor's",
        "documentation leaves open. The default is what protects you best; the other values are",
        "for testing that a handler survives what the real service might do instead.",
        "",
        "Set one with `simevents fake --switch NAME=VALUE`, with `FakeServer(switches={…})`, or in",
        'a running cloud with `POST /_fake/switches {"NAME": VALUE}`.',
        "",
        "Not switched, because nobody may rely on it: the number codes of types and statuses that",
        "are not documented are invented (`simevents/fake/ecs/event_entries.py`), and error texts",
        "that the documentation gives as `%s` are those that the vendor printed in 2018.",
        "",
        "| switch | default | or | the open question |",
        "|---|---|---|---|",
    ]
    for switch in fields(Switches):
        default, *others = switch.metadata["values"]
        if isinstance(default, bool):
            alternatives = "`false`" if default else "`true`"
        elif others:
            alternatives = ", ".join(f"`{other}`" for other in others)
        else:
            alternatives = "any text" if isinstance(default, str) else "any number"
        shown = str(default).lower() if isinstance(default, bool) else f"{default}"
        lines.append(
            f"| `{switch.name}` | `{shown}` | {alternatives} | {switch.metadata['question']} |"
        )
    return "\n".join(lines) + "\n"


PAGES = {"covered-actions.md": coverage, "switches.md": switches}


def main() -> None:
    for name, page in PAGES.items():
        (DOCS / name).write_text(page())


if __name__ == "__main__":
    main()
