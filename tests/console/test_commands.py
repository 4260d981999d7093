"""Commands to copy: a shell reads back exactly the words, and pasting them does nothing more."""

import subprocess

import pytest

from simevents.console.commands import command, inject

HOSTILE = [
    "a; touch x",
    "$(touch x) `touch x` ${IFS}",
    "'; touch x; '",
    '"\\ and \\\\',
    "-x",
    "--endpoint=http://evil.example",
    "two\nlines\r\n",
    "\x03\x1b[201~\ntouch x\n",
    "\u202eback\u2066wards \x9b31m",
    "it's \\'\x07",
    "é 日本 🙂",
]


def words_of(line: str) -> list[str]:
    """As bash reads them."""
    done = subprocess.run(
        ["bash", "-c", f"printf '%s\\0' {line}"], capture_output=True, check=True, timeout=10
    )
    return done.stdout.decode().split("\0")[:-1]


@pytest.mark.parametrize("text", HOSTILE, ids=repr)
def test_a_shell_reads_what_was_meant(text: str) -> None:
    line = command("clock", "set", text, options=[("--endpoint", "http://[::1]:1")])
    start = ["simevents", "clock", "set"]
    place = ["--endpoint", "http://[::1]:1"]
    rest = [*place, "--", text] if text.startswith("-") else [text, *place]
    assert words_of(line) == [*start, *rest]


@pytest.mark.parametrize("text", HOSTILE, ids=repr)
def test_nothing_in_it_is_acted_on_when_it_is_pasted(text: str) -> None:
    body = {"instance_ids": [text], "event_type": text, "not_before": text, "reason": text}
    line = inject("http://127.0.0.1:1", body)
    shown = line.replace("é 日本 🙂", "")
    assert shown.isprintable()
    assert words_of(line)[-1] == text
