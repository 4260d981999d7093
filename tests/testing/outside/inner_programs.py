"""The tests that run in `world`: programs of the vendor's clients, as processes of a test.

Their words are in the variable PROGRAMS, as JSON by language. None may arrive where a listener
stands for the real cloud; without the fixture each does.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

RECORD = Path(os.environ["RECORD_OF_ARRIVALS"])
PROGRAMS: dict[str, list[str]] = json.loads(os.environ["PROGRAMS"])
FAMILIES = {"python": ("older", "newer", "newer-async")}
CALLS = [
    (language, family, protocol)
    for language in PROGRAMS
    for family in FAMILIES.get(language, ("older", "newer"))
    for protocol in ("http", "https")
]
KEYS = {"id": "LTAI5tKeyOfTheDeveloper", "secret": "real-secret"}
CHAIN = {
    name: value
    for prefix in ("ALIBABA_CLOUD", "ALICLOUD", "ALIBABACLOUD", "ALIYUN")
    for name, value in (
        (f"{prefix}_ACCESS_KEY_ID", KEYS["id"]),
        (f"{prefix}_ACCESS_KEY_SECRET", KEYS["secret"]),
        (f"{prefix}_ACCESS_KEY", KEYS["id"]),
        (f"{prefix}_SECRET_KEY", KEYS["secret"]),
        (f"{prefix}_PROFILE", "work"),
        (f"{prefix}_ECS_METADATA", "WorkRole"),
        (f"{prefix}_ROLE_ARN", "acs:ram::1000000000000009:role/work"),
        (f"{prefix}_OIDC_PROVIDER_ARN", "acs:ram::1000000000000009:oidc-provider/work"),
        (f"{prefix}_OIDC_TOKEN_FILE", "/dev/null"),
        (f"{prefix}_CREDENTIALS_URI", "http://203.0.113.7/keys"),
    )
}
OWN_PROXY = {
    name: "http://203.0.113.9:3128"
    for lower in ("http_proxy", "https_proxy", "all_proxy")
    for name in (lower, lower.upper())
} | {"no_proxy": "aliyuncs.com,.aliyuncs.com,203.0.113.7", "NO_PROXY": "aliyuncs.com"}


def arrivals() -> list[str]:
    return RECORD.read_text().splitlines()[1:]


@pytest.fixture(autouse=True)
def listening() -> None:
    deadline = time.monotonic() + 10
    while not (RECORD.exists() and RECORD.read_text()):
        assert time.monotonic() < deadline


def ended(running: "subprocess.Popen[str]") -> str:
    output, errors = running.communicate(timeout=120)
    return f"{output}{errors}"


def start(cloud: Any, words: list[str], **options: Any) -> "subprocess.Popen[str]":
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    made: subprocess.Popen[str] = cloud.popen(words, **pipes, **options)
    return made


@pytest.fixture
def developer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings of a developer who works with the real cloud."""
    folder = tmp_path / "home" / ".aliyun"
    folder.mkdir(parents=True)
    profile = {"name": "work", "mode": "AK", "region_id": "cn-hangzhou"}
    profile |= {"access_key_id": KEYS["id"], "access_key_secret": KEYS["secret"]}
    (folder / "config.json").write_text(json.dumps({"current": "work", "profiles": [profile]}))
    lines = f"enable = true\ntype = access_key\naccess_key_id = {KEYS['id']}\n"
    lines += f"access_key_secret = {KEYS['secret']}\n"
    for path in (folder.parent / ".alibabacloud" / "credentials", folder / "credentials"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"[default]\n{lines}[work]\n{lines}")
    monkeypatch.setenv("HOME", str(folder.parent))
    for name, value in (CHAIN | OWN_PROXY).items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize(("language", "family", "protocol"), CALLS)
def test_guarded(developer: None, ecs_fake: Any, language: str, family: str, protocol: str) -> None:
    running = start(ecs_fake, [*PROGRAMS[language], family, protocol])

    assert ended(running).startswith("true\n")
    assert arrivals() == []


@pytest.mark.parametrize("family", ["older", "newer", "newer-async"])
def test_guarded_isolated_python(ecs_fake: Any, family: str) -> None:
    """Python with -I does not read PYTHONPATH; the proxies stay."""
    command, *rest = PROGRAMS["python"]
    assert command == sys.executable
    ended(start(ecs_fake, [command, "-I", *rest, family, "https"]))

    assert arrivals() == []
    ecs_fake.reset()


@pytest.mark.parametrize(("language", "family", "protocol"), CALLS)
def test_guarded_without_its_proxy(
    ecs_fake: Any, language: str, family: str, protocol: str
) -> None:
    """The fake is gone: the environment is that of a child which lives on."""
    environment = os.environ | ecs_fake.env
    for name, value in environment.items():
        environment[name] = value.replace(ecs_fake.url.rpartition(":")[2], "9")
    words = [*PROGRAMS[language], family, protocol]
    gone = subprocess.run(words, env=environment, capture_output=True, timeout=120, check=False)

    assert gone.returncode != 0
    assert arrivals() == []


@pytest.mark.parametrize(("language", "family", "protocol"), CALLS)
def test_unguarded(language: str, family: str, protocol: str) -> None:
    before = len(arrivals())
    words = [*PROGRAMS[language], family, protocol]
    subprocess.run(words, capture_output=True, timeout=120, check=False)

    assert len(arrivals()) > before
