"""What `sweep --stack` reads from an exported state, with a program that stands for the engine."""

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from simevents.cleanup.stack_state import Ownership, accounted
from simevents.errors import InvalidInput

SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}
EVENTS = "pulumi-python:dynamic/simevents:Events"
OUTPUTS: dict[str, Any] = {
    "region": "cn-hangzhou",
    "account_id": "1",
    "event_ids": '{"i-a":"e-a"}',
}


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `pulumi` that prints plain.json, or revealed.json when it is to show secrets."""
    program = tmp_path / "pulumi"
    program.write_text(
        '#!/bin/sh\ncase "$*" in *--show-secrets*) f=revealed;; *) f=plain;; esac\n'
        f'exec cat "{tmp_path}/$f.json"\n'
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    return tmp_path


def write(path: Path, outputs: dict[str, Any]) -> None:
    state = {"deployment": {"resources": [{"type": EVENTS, "outputs": outputs}]}}
    path.write_text(json.dumps(state))


@pytest.mark.parametrize("event_ids", [OUTPUTS["event_ids"], {"i-a": "e-a"}])
def test_the_ids_are_read_as_text_and_as_the_mapping_of_earlier_versions(
    engine: Path, event_ids: Any
) -> None:
    write(engine / "plain.json", OUTPUTS | {"event_ids": event_ids})

    assert accounted("dev") == [Ownership("cn-hangzhou", None, ("e-a",), account_id="1")]


def test_encrypted_outputs_are_read_decrypted(engine: Path) -> None:
    write(engine / "plain.json", OUTPUTS | {"event_ids": SECRET | {"ciphertext": "v1:xyz"}})
    revealed = SECRET | {"plaintext": json.dumps(OUTPUTS["event_ids"])}
    write(engine / "revealed.json", OUTPUTS | {"event_ids": revealed})

    assert accounted("dev") == [Ownership("cn-hangzhou", None, ("e-a",), account_id="1")]


def test_outputs_that_stay_encrypted_are_an_error_and_not_an_empty_answer(engine: Path) -> None:
    for name in ("plain", "revealed"):
        outputs = OUTPUTS | {"event_ids": SECRET | {"ciphertext": "v1:xyz"}}
        write(engine / f"{name}.json", outputs)

    with pytest.raises(InvalidInput, match="the state of dev is not one that this version"):
        accounted("dev")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"deployment": {"resources": [1]}}'])
def test_an_unreadable_export_is_an_error(engine: Path, text: str) -> None:
    (engine / "plain.json").write_text(text)

    with pytest.raises(InvalidInput, match="--stack: the state of dev is not one"):
        accounted("dev")


@pytest.mark.parametrize("missing", ["region", "account_id", "event_ids"])
def test_a_state_without_a_needed_output_is_an_error(engine: Path, missing: str) -> None:
    write(engine / "plain.json", {n: v for n, v in OUTPUTS.items() if n != missing})

    with pytest.raises(InvalidInput, match="--stack: the state of dev is not one"):
        accounted("dev")


def test_an_export_that_begins_with_a_byte_order_mark_is_read(engine: Path) -> None:
    write(engine / "plain.json", OUTPUTS)
    (engine / "plain.json").write_text("\ufeff" + (engine / "plain.json").read_text(), "utf-8")

    assert accounted("dev") == [Ownership("cn-hangzhou", None, ("e-a",), account_id="1")]
