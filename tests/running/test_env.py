"""``simevents env``: a shell is led to a fake that was started with --proxy."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from simevents.fake import daemon
from tests.running.commands import HANDLER, PATIENCE, SIMEVENTS, with_temporary_folder

pytestmark = pytest.mark.slow

ASK = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); import handler; "
    "print(handler.call('DescribeInstances')['TotalCount'])"
)
PROGRAM = f'{sys.executable} -c "{ASK}" {Path(HANDLER[1]).parent}'


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return with_temporary_folder(tmp_path / "folder")


def fake(environ: dict[str, str], *words: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [*SIMEVENTS, "fake", "--port", "0", *words], stdout=subprocess.PIPE, text=True, env=environ
    )


@pytest.fixture
def url(environ: dict[str, str]) -> Iterator[str]:
    process = fake(environ, "--proxy", "--instance", "i-web")
    assert process.stdout is not None
    yield process.stdout.readline().strip()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=PATIENCE)


def env(*words: str, environ: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*SIMEVENTS, "env", *words], capture_output=True, text=True, env=environ, check=False
    )


def shell(lines: str, command: str, environ: dict[str, str]) -> str:
    ended = subprocess.run(
        ["sh", "-c", f"{lines}\n{command}"],
        capture_output=True,
        text=True,
        env=environ,
        check=False,
    )
    return ended.stdout + ended.stderr


def test_a_program_in_the_shell_reaches_the_fake(url: str, environ: dict[str, str]) -> None:
    lines = env("--endpoint", url, environ=environ).stdout

    assert {line.split()[0] for line in lines.splitlines()} == {"export"}
    assert shell(lines, f"{PROGRAM} https; {PROGRAM} http", environ) == "1\n1\n"


def test_identities_of_the_user_are_gone(url: str, environ: dict[str, str]) -> None:
    environ |= {"ALIBABA_CLOUD_PROFILE": "production", "ALICLOUD_SECRET_KEY": "own secret"}
    lines = env("--endpoint", url, environ=environ).stdout
    left = shell(lines, 'env | grep -e production -e "own secret"', environ)

    assert "unset ALIBABA_CLOUD_PROFILE" in lines.splitlines()
    assert (left, "own secret" in lines) == ("", False)


def test_values_are_quoted_for_a_shell(url: str, environ: dict[str, str]) -> None:
    odd = '/it\'s $(touch x) a "folder"\n`y`'
    environ["PYTHONPATH"] = odd
    lines = env("--endpoint", url, environ=environ).stdout
    shown = shell(lines, 'printf %s "$PYTHONPATH"', environ)

    assert shown.endswith(f":{odd}")


def test_lines_that_are_used_twice_are_the_same(url: str, environ: dict[str, str]) -> None:
    lines = env("--endpoint", url, environ=environ).stdout
    command = f"{' '.join(SIMEVENTS)} env --endpoint {url}"

    assert shell(lines, command, environ) == ""


def test_a_fake_without_proxy_is_told_so(environ: dict[str, str]) -> None:
    process = fake(environ)
    assert process.stdout is not None
    ended = env("--endpoint", process.stdout.readline().strip(), environ=environ)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=PATIENCE)

    assert (ended.returncode, ended.stdout) == (2, "")
    assert "start it with: simevents fake --proxy" in ended.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_files_end_with_the_fake(
    environ: dict[str, str], tmp_path: Path, number: signal.Signals
) -> None:
    process = fake(environ, "--proxy")
    assert process.stdout is not None
    process.stdout.readline()
    during = [path.stat().st_mode & 0o777 for path in (tmp_path / "folder").iterdir()]
    process.send_signal(number)
    process.communicate(timeout=PATIENCE)

    assert during == [0o700]
    assert list((tmp_path / "folder").iterdir()) == []
    assert process.returncode == (0 if number == signal.SIGINT else -number)


def test_a_detached_fake_by_its_data(environ: dict[str, str], tmp_path: Path) -> None:
    data = tmp_path / "cloud.db"
    words = ["--data", str(data), "--proxy", "--detach", "--allow", "stats.example.com"]
    try:
        process = fake(environ, *words, "--instance", "i-a", "--instance", "i-b")
        process.communicate(timeout=PATIENCE)
        lines = env("--data", str(data), environ=environ).stdout

        assert shell(lines, f"{PROGRAM} https", environ) == "2\n"
        assert "stats.example.com" in shell(lines, "echo $NO_PROXY", environ)
    finally:
        daemon.stop(data)
    ended = env("--data", str(data), environ=environ)
    assert (ended.returncode, "no fake cloud serves" in ended.stderr) == (2, True)


def test_an_instance_that_was_chosen_offers_its_keys(environ: dict[str, str]) -> None:
    process = fake(environ, "--proxy", "--as-instance", "i-web")
    assert process.stdout is not None
    url = process.stdout.readline().strip()
    lines = env("--endpoint", url, environ=environ).stdout
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=PATIENCE)

    expected = f"{url}/latest/meta-data/ram/security-credentials/EcsRamRole"
    assert f"export ALIBABA_CLOUD_CREDENTIALS_URI='{expected}'" in lines.splitlines()
