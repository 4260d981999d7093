"""Command lines that are not valid, and what is said of them."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.conftest import REGION
from tests.listening.commands import REBOOT, simevents

pytestmark = pytest.mark.slow


HERE = "http://127.0.0.1:9/"
FAR = "http://hooks.example.com/"
TRIGGER = ("trigger", REBOOT, "--forward-to")
LISTEN = ("listen", "--region", REGION, "--endpoint", "http://127.0.0.1:9", "--forward-to")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("trigger", "Reboot", "--forward-to", HERE), "TYPE: 'Reboot' is not a valid type; use"),
        (("trigger", f"{REBOOT}:Gone", "--forward-to", HERE), "TYPE: 'Gone' is not a status of"),
        (
            (*TRIGGER, HERE, "--forward-to", HERE),
            "--forward-to: it is given more than once; start a command for each URL",
        ),
        ((*TRIGGER, "hook"), "--forward-to: 'hook' is not a valid URL; use one such as http"),
        ((*TRIGGER, FAR), "--forward-to: hooks.example.com is not this machine; to send events"),
        ((*TRIGGER, HERE, "--allow-delivery", FAR), f"--allow-delivery: '{FAR}' is not a valid"),
        ((*TRIGGER, HERE, "--pace", "soon"), "--pace: 'soon' is not a valid duration; use one"),
        ((*TRIGGER, HERE, "--pace", "2h"), "--pace: '2h' is out of range; use 0s to 3600s"),
        ((*TRIGGER, HERE, "--pace", "-1s"), "--pace: '-1s' is out of range; use 0s to 3600s"),
        ((*TRIGGER, HERE, "--instance", "web"), "--instance: 'web' is not a valid instance id"),
        ((*TRIGGER, HERE, "--region", "a b"), "region: 'a b' is not a valid region; use one such"),
        (
            (*TRIGGER, HERE, "--via", "eventbridge", "--format", "enriched"),
            "--format: it is for --via cloudmonitor; leave it out with eventbridge",
        ),
        ((*LISTEN, FAR), "--forward-to: hooks.example.com is not this machine; to send events"),
        (
            (*LISTEN[:3], "--endpoint", "http://127.0.0.1:x", "--forward-to", HERE),
            "endpoint: 'http://127.0.0.1:x' is not a valid endpoint; use a URL without a path",
        ),
        ((*LISTEN, HERE), "--forward-to: port 9 is the fake's own; give the address of the"),
        (
            (*LISTEN, "http://127.0.0.1:10/", "--since", "yesterday"),
            "--since: 'yesterday' is not a UTC time as yyyy-MM-ddTHH:mm:ssZ; use now, or 2027-",
        ),
        (
            (*LISTEN, "http://127.0.0.1:10/", "--interval", "0s"),
            "--interval: '0s' is out of range; use 0.1s to 86400s",
        ),
        (
            (*LISTEN, "http://127.0.0.1:10/", "--cursor", "/no/such/folder/file"),
            "--cursor: /no/such/folder is not a folder; create it, or use another file",
        ),
        (
            ("listen", "--region", REGION, "--forward-to", HERE),
            "credentials: no credentials were found; set ALIBABA",
        ),
        (("fake", "--deliver", "hook"), "--deliver: 'hook' is not a valid URL; use one such as"),
        (("fake", "--deliver", FAR), "--deliver: hooks.example.com is not this machine; to send"),
        (
            ("fake", "--port", "8199", "--deliver", "http://localhost:8199/"),
            "--deliver: port 8199 is the fake's own; give the address of the handler",
        ),
        (("fake", "--allow-delivery", "a:80"), "--allow-delivery: 'a:80' is not a valid host; use"),
        (("fake", "--function", f"drain={HERE}"), "--function: 'drain=http://127.0.0.1:9/' is not"),
        (("fake", "--function", "a/drain"), "--function: 'a/drain' is not a valid SERVICE/FUNC"),
        (("fake", "--function", f"a/b={FAR}"), "--function: hooks.example.com is not this machine"),
        (
            ("fake", "--function", f"a/b={HERE}", "--function", f"a/b={HERE}x"),
            "--function: a/b is given twice; leave one of them out",
        ),
        (("fake", "--detach", "--data", "x", "--deliver", FAR), "--deliver: hooks.example.com is"),
        (("deliveries",), "--endpoint: no fake cloud is named; give its URL, or set SIMEVENTS"),
        (("deliveries", "--instance", "web"), "--instance: 'web' is not a valid instance id; use"),
    ],
)
def test_what_is_not_valid_is_one_line_and_nothing_starts(
    words: Sequence[str], expected: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    ended = simevents(*words)

    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith(f"error: {expected}")
    assert len(ended.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "words",
    [
        ("trigger", REBOOT),
        ("trigger", "--forward-to", HERE),
        ("trigger", REBOOT, "--forward-to", HERE, "--via", "mail"),
        ("listen", "--forward-to", HERE),
        ("deliveries", "show", "x"),
        ("deliveries", "send", "0"),
        ("deliveries", "--state", "lost"),
        ("fake", "--deliver-via", "mail"),
    ],
)
def test_a_wrong_command_line_is_an_error_of_usage(words: Sequence[str]) -> None:
    ended = simevents(*words)

    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("Usage: simevents ")


@pytest.mark.parametrize("command", ["trigger", "listen", "deliveries"])
def test_the_help_has_an_example(command: str) -> None:
    assert f"Example: simevents {command} " in simevents(command, "--help").stdout
