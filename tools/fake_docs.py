"""Writes docs/covered-actions.md and docs/switches.md from the code of the fake.

    python tools/fake_docs.py

A test fails if a page differs from the code.
"""

from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path

from simevents.fake.protocol import dispatch  # noqa: F401 - registers the actions
from simevents.fake.protocol.call import Action
from simevents.fake.protocol.registry import ACTIONS, OWNERS
from simevents.fake.state.switches import Switches

DOCS = Path(__file__).parent.parent / "docs"


def coverage() -> str:
    """Each action that the fake covers, with the parameters it honours, ignores and refuses."""
    lines = [
        "# What the fake cloud covers",
        "",
        "`tools/fake_docs.py` writes this page from the code.",
        "",
        "| a call | its answer |",
        "|---|---|",
        "| of an action that is not listed here | HTTP 400 `UnsupportedOperation` |",
        "| with a parameter that the API does not document | it is ignored (see below) |",
        "| with a parameter that is listed as refused | HTTP 400 `UnsupportedParameter` |",
        "| with a parameter that is listed as ignored | the parameter changes nothing |",
        "",
        "The journal marks the calls of the first three rows as unexpected",
        "(`GET /_fake/calls?unexpected=1`). The fixture `ecs_fake` fails a test that made one.",
        "",
        "With the switch `unknown_parameter=refuse`, a parameter that the API does not document is",
        "answered with HTTP 400 `UnsupportedParameter`.",
        "",
        "The actions that read (`Describe…`, `List…`) ignore no parameter that could change the",
        "answer: they honour a filter or refuse it. All actions ignore `OwnerId`, `OwnerAccount`,",
        "`ResourceOwnerId` and `ResourceOwnerAccount`, and check `RegionId` if it is given.",
        "",
        "The members of an answer have the order of the real service's answers, in JSON and XML.",
        "",
        "The calls of SMQ by their path, which send and receive messages: [queues.md](queues.md).",
        "",
        "Not covered: all other actions of these products; network interfaces, data disks,",
        "snapshots and custom images; the effect of security group rules; RAM policies; billing;",
        "events of disks and dedicated hosts. A test can teach the fake an answer to other calls:",
        "[other-products.md](other-products.md).",
    ]
    for product in ("Ecs", "Vpc", "Sts", "Cms", "EventBridge", "Mns-open"):
        actions = sorted(
            (action for action in ACTIONS.values() if action.product == product),
            key=lambda action: action.name,
        )
        lines += ["", f"## {product} {actions[0].version}"]
        for action in actions:
            lines += ["", f"### {action.name}", "", *_parameters(action)]
    return "\n".join(lines) + "\n"


def _parameters(action: Action) -> list[str]:
    known = action.honoured | action.refused | OWNERS | {"RegionId"}
    ignored = action.documented - known
    lines = [f"Honours: {_listed(action.honoured) or 'nothing; it needs no parameters'}."]
    if ignored:
        lines += ["", f"Ignores: {_listed(ignored)}."]
    if action.refused:
        lines += ["", f"Refuses: {_listed(action.refused)}."]
    return lines


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))


def switches() -> str:
    """Each switch with its question, its default and its other values."""
    lines = [
        "# Where the API's documentation is silent",
        "",
        "`tools/fake_docs.py` writes this page from the code. A switch is a question that the",
        "vendor's documentation does not answer, or a result that a test chooses. The default is",
        "the safest for users. The other values are for testing that a handler also works if the",
        "real service behaves differently.",
        "",
        "Set a switch with `simevents fake --switch NAME=VALUE`, with `FakeServer(switches={…})`,",
        'or in a running cloud with `POST /_fake/switches {"NAME": VALUE}`.',
        "",
        "There is no switch for these; do not rely on them: the numeric codes of types and",
        "statuses that are neither documented nor known from captured answers are invented",
        "(`simevents/fake/ecs/event_entries.py`). Error texts that the documentation gives as",
        "`%s` are the texts that the vendor published in 2018.",
        "",
        "| switch | default | other values | question |",
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
