"""A whole run with faults, such as a refused connection, leaves no part of a secret."""

import re
import socket

from tests.engine.conftest import CloudProcess, Stack

SECRET = re.compile(
    r"testsecret|Signature=|SignatureNonce|[A-Za-z0-9+/]{27}=(?![\w=])|SecurityToken"
)


def test_no_secret_in_the_state_or_the_output(drill: Stack, cloud: CloudProcess) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        nobody = f"http://127.0.0.1:{closed.getsockname()[1]}"
    endpoint = drill.settings["simevents:endpoint"]
    drill.environment["SIMEVENTS_BUDGET_SECONDS"] = "3"
    drill.set(simevents__endpoint=nobody)
    printed = drill.fails("up", "--yes", "--skip-preview")
    assert "it cannot be reached" in printed
    assert "Nothing was sent" in printed

    drill.environment.clear()
    drill.set(simevents__endpoint=endpoint)
    cloud.post("faults", action="*", cut="after", times=3, skip=2)
    printed += drill.up()
    cloud.delete("faults")
    printed += drill.refresh() + drill.destroy()
    left = [path for path in (drill.folder / "state").rglob("*.json*") if path.is_file()]
    state = "".join(path.read_text() for path in left)

    assert SECRET.findall(printed) == []
    assert "not_before_at" in state
    assert SECRET.findall(state) == []
    assert SECRET.findall(str(cloud.get("calls"))) == []
