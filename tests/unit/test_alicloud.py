"""`simevents.alicloud` without an engine: what it refuses, and which plugin it asks for.

`tests/engine/test_own_program.py` shows what it does in a stack.
"""

import subprocess
import sys

import pulumi
import pytest

from simevents import alicloud

REAL = "https://ecs.aliyuncs.com"


@pytest.mark.parametrize(
    ("endpoint", "region", "expected"),
    [
        (None, "cn-hangzhou", "endpoint: no endpoint is given and simevents:endpoint is not set"),
        ("127.0.0.1:8086", "cn-hangzhou", "'127.0.0.1:8086' is not a valid endpoint; use a URL"),
        ("http://192.0.2.1:8086", "cn-hangzhou", "would send credentials unencrypted"),
        (REAL, "cn-hangzhou", f"{REAL} is not on this machine. The published key pair of the fake"),
        ("http://127.0.0.1:8086", None, "neither simevents:region nor alicloud:region is set"),
        ("http://127.0.0.1:8086", "x.example/#", "'x.example/#' is not a valid region; use one"),
    ],
)
def test_a_provider_that_would_not_reach_a_fake_is_refused(
    endpoint: str | None, region: str | None, expected: str
) -> None:
    with pytest.raises(pulumi.RunError) as refused:
        alicloud.fake_provider(endpoint=endpoint, region=region)

    assert expected in str(refused.value)


def test_without_pulumi_alicloud_the_error_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "pulumi_alicloud", None)
    with pytest.raises(pulumi.RunError, match="install it with: pip install"):
        alicloud.fake_provider(endpoint="http://127.0.0.1:8086", region="cn-hangzhou")


def test_the_modules_that_users_call_are_there_after_import_simevents() -> None:
    program = (
        "import simevents; "
        "print(simevents.testing.fake_cloud.__name__, simevents.alicloud.fake_provider.__name__)"
    )
    printed = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert printed.stdout == "fake_cloud fake_provider\n"
