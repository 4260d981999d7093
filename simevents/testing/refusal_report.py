"""Hooks of pytest that report, at the end of a run, what the network guard has refused."""

import sys
from typing import Any

import pytest

ALLOW_HOSTS = "ecs_allow_hosts"
"""The setting of pytest that allows hosts."""

HOSTS_REFUSED = pytest.StashKey[list[str]]()
"""In the stash of the configuration: the hosts besides Alibaba's that tests tried to reach."""

ESCAPES = pytest.StashKey[list[str]]()
"""In the stash of the configuration: what was refused outside the test that it belongs to."""

GUARD = f"{__package__}.network.guard"
"""The network guard, which is imported only when a test uses a fake."""

_OF_WORKER = "simevents_of_worker"


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """What a process of pytest-xdist has refused, for the controller's report."""
    escapes, hosts = getattr(node, "workeroutput", {}).get(_OF_WORKER, ([], []))
    node.config.stash.setdefault(ESCAPES, []).extend(escapes)
    node.config.stash.setdefault(HOSTS_REFUSED, []).extend(hosts)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """A call that outlived its test fails the run: no test can be blamed for it any more."""
    guard = sys.modules.get(GUARD)
    escapes = session.config.stash.setdefault(ESCAPES, [])
    if guard is not None:
        escapes.extend(guard.escapes())
    if hasattr(session.config, "workeroutput"):
        hosts = session.config.stash.get(HOSTS_REFUSED, [])
        session.config.workeroutput[_OF_WORKER] = (escapes, hosts)
    elif escapes and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    hosts = config.stash.get(HOSTS_REFUSED, [])
    if hosts:
        terminalreporter.section("hosts refused in tests with the fake cloud")
        _write_counted(terminalreporter, hosts)
        terminalreporter.line(
            f"Nothing was sent. To allow a host, use the setting {ALLOW_HOSTS} or "
            "@pytest.mark.ecs_fake(allow_hosts=[…])."
        )
    escapes = config.stash.get(ESCAPES, [])
    if escapes:
        terminalreporter.section("calls that outlived their test", red=True)
        _write_counted(terminalreporter, escapes)
        terminalreporter.line(
            "The run fails for this. Stop the thread at the end of its test, for example with an "
            "event that its loop checks. Run tests that use the real cloud in a separate run."
        )


def _write_counted(terminalreporter: Any, lines: list[str]) -> None:
    for line in dict.fromkeys(lines):
        terminalreporter.line(f"{line} ({lines.count(line)} times)")
