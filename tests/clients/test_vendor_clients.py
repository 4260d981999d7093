"""The vendor's clients, unchanged, as processes: led to the fake over HTTP and HTTPS.

Each has an access key of its own and the vendor's host names; some get their keys from the
metadata service.
"""

import subprocess
import sys
from collections.abc import Callable

import pytest

from simevents.testing import FakeCloud
from tests.clients.toolchains import HERE, go_program, java_program, node_program

pytestmark = pytest.mark.slow

PROGRAMS: dict[str, Callable[[], list[str]]] = {
    "python": lambda: [sys.executable, str(HERE / "python" / "client.py")],
    "go": lambda: go_program(HERE / "go"),
    "node": lambda: node_program(HERE / "node", "client.js"),
    "java": lambda: java_program(HERE / "java", "Client"),
}
FAMILIES = [
    *(("python", family) for family in ("older", "newer", "newer-async")),
    *((language, family) for language in ("go", "node", "java") for family in ("older", "newer")),
]


def regions(cloud: FakeCloud, language: str, *words: str) -> None:
    """Let the program ask for the regions; fails when it does not get any."""
    running = cloud.popen(
        [*PROGRAMS[language](), *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    output, errors = running.communicate(timeout=120)

    assert (output, running.returncode) == ("true\n", 0), errors


@pytest.mark.parametrize("protocol", ["http", "https"])
@pytest.mark.parametrize(("language", "family"), FAMILIES)
def test_a_client_with_keys_of_its_own_reaches_the_fake(
    language: str, family: str, protocol: str, ecs_fake: FakeCloud
) -> None:
    regions(ecs_fake, language, family, protocol)

    assert [call.action for call in ecs_fake.calls] == ["DescribeRegions"]
    assert ecs_fake.proxy_refusals == []


@pytest.mark.parametrize(("language", "family"), FAMILIES)
def test_a_client_gets_the_keys_of_its_instances_role(
    language: str, family: str, ecs_fake: FakeCloud
) -> None:
    (instance,) = ecs_fake.run_instances()
    ecs_fake.metadata(instance, role="EcsRamRole")
    regions(ecs_fake, language, family, "https", "metadata")

    actions = [call.action for call in ecs_fake.calls]
    assert actions[-2:] == ["metadata ram/security-credentials/EcsRamRole", "DescribeRegions"]
    assert ecs_fake.proxy_refusals == []
