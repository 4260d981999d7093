"""In a test with the fake nothing gets out, whatever way the program takes.

`outside/world.py` makes a network where listeners stand for the real cloud, for another host, for
a proxy and for the metadata service. `outside/ways.py` has the ways that are tried there.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent / "outside"
IN_OWN_NETWORK = ("unshare", "--map-root-user", "--net", "--mount")


@pytest.fixture
def world(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """The inner tests in a folder of their own, without the conftest of this project."""
    shutil.copy(HERE / "inner.py", pytester.path / "test_inner.py")
    shutil.copy(HERE / "ways.py", pytester.path)
    shutil.copy(HERE / "world.py", pytester.path)
    monkeypatch.setenv("RECORD_OF_ARRIVALS", str(pytester.path / "arrivals"))
    monkeypatch.setenv("EVERY_NTH_WAY", os.environ.get("EVERY_NTH_WAY", "1"))
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    return pytester


def run(world: pytest.Pytester, tests: str) -> pytest.RunResult:
    """Run the inner *tests* where nothing but listeners of this machine can be reached."""
    can_isolate = subprocess.run([*IN_OWN_NETWORK, "true"], check=False)
    assert can_isolate.returncode == 0, "this machine has no user and network namespaces"
    record = world.path / "arrivals"
    return world.run(
        *(*IN_OWN_NETWORK, sys.executable, "world.py", record),
        *(sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-W", "ignore"),
        *("--tb=short", "-k", tests),
    )


def test_nothing_gets_out_of_a_test_with_the_fake(world: pytest.Pytester) -> None:
    outcomes = run(world, "guarded and not unguarded").parseoutcomes()

    assert outcomes.keys() == {"passed", "deselected"}


def test_each_way_is_open_without_the_fake(world: pytest.Pytester) -> None:
    outcomes = run(world, "unguarded").parseoutcomes()

    assert outcomes.keys() == {"passed", "deselected"}


def test_allowed_hosts_are_reached_and_the_rest_comes_back_after_the_test(
    world: pytest.Pytester,
) -> None:
    outcomes = run(world, "not guarded").parseoutcomes()

    assert outcomes == {"passed": 3, "deselected": outcomes["deselected"]}


def test_hosts_that_were_refused_are_listed(world: pytest.Pytester) -> None:
    result = run(world, "way_to_allow")

    result.stdout.fnmatch_lines(
        [
            "*hosts refused in tests with the fake cloud*",
            "stats.example.com by test_inner.py::test_other_hosts_*(1 times)",
            "Nothing was sent. To allow a host, use the setting ecs_allow_hosts or *",
        ]
    )
    assert result.ret == pytest.ExitCode.OK
