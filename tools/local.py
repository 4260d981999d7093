"""The stack on the local fake cloud: what ``make up`` and ``make destroy`` do.

Starts the fake as a separate process on its fixed port and data file, and runs the
engine on a copy of the project, since the engine writes into stack files. Everything
that belongs to this local stack is under ``.simevents/`` in the checkout.
"""

import argparse
import json
import os
import shlex
import shutil
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import yaml
from alibabacloud_mns_open20220119 import models as mns_models
from alibabacloud_mns_open20220119.client import Client as MnsClient
from alibabacloud_tea_openapi import models as open_api_models

from simevents.fake import daemon
from simevents.fake.server import ServerError
from simevents.models import FAKE_ACCESS_KEY_ID, FAKE_ACCESS_KEY_SECRET

CHECKOUT = Path(__file__).parent.parent
LOCAL = CHECKOUT / ".simevents"
DATA = LOCAL / "cloud.db"
STATE = LOCAL / "state"
PROJECT = LOCAL / "project"
KNOWN_CLOUD = LOCAL / "cloud_id"
STACK = "local"


class LocalError(Exception):
    """The local stack cannot be run; the text says what to do."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("command", choices=["up", "destroy", "stop"])
    command = parser.parse_args().command
    try:
        {"up": up, "destroy": destroy, "stop": stop}[command]()
    except (LocalError, ServerError) as error:
        sys.exit(f"error: {error}")
    except subprocess.CalledProcessError as error:
        # The engine has said what was wrong.
        sys.exit(error.returncode)


def up() -> None:
    cloud = _cloud()
    _pulumi("stack", "select", "--create", STACK)
    _release_lock_of_the_dead()
    # Recorded before anything is made: from here on the stack may hold something of this cloud.
    KNOWN_CLOUD.write_text(cloud.cloud_id + "\n")
    # Without the refresh the outputs would tell how the events stood at the last run.
    _pulumi("up", "--yes", "--skip-preview", "--refresh", "--stack", STACK)
    outputs = _outputs()
    region = outputs["region"]
    print(f"\nThe fake cloud is {cloud.url}. Its events:")
    _show([_program("simevents"), "list", "--all", "--endpoint", cloud.url, "--region", region])
    if "notifications" in outputs:
        _tell_deliveries(cloud.url, region, outputs["notifications"])
    print(f"\nTo look at it in a browser: {_console(cloud.url)}")


def destroy() -> None:
    if not STATE.exists():
        print("There is no local stack.")
        return
    cloud = _cloud()
    _pulumi("stack", "select", "--create", STACK)
    _release_lock_of_the_dead()
    _pulumi("destroy", "--yes", "--skip-preview", "--stack", STACK)
    left = httpx.get(f"{cloud.url}/_fake/health", trust_env=False).json()
    print(
        f"\nLeft in the fake cloud at {cloud.url}: {left['open_events']} open events, "
        f"{left['instances']} instances. make stop ends it; make clean removes its data too."
    )


def stop() -> None:
    """Stop the fake; its data stays."""
    daemon.stop(DATA)


def _cloud() -> daemon.Daemon:
    """The running fake, on the address that the stack file names and with the stack's own data."""
    LOCAL.mkdir(exist_ok=True)
    config = yaml.safe_load((CHECKOUT / f"Pulumi.{STACK}.yaml").read_text())["config"]
    endpoint = config["simevents:endpoint"]
    try:
        cloud = daemon.start(DATA, urlsplit(endpoint).port or 0, ["--console"])
    except ServerError:
        if _is_free(endpoint):
            raise
        raise LocalError(_port_is_held(endpoint)) from None
    if cloud.url != endpoint:
        raise LocalError(
            f"The fake cloud of this checkout runs at {cloud.url}, but Pulumi.{STACK}.yaml names "
            f"{endpoint}. Write the one address, or run make stop first to move the fake."
        )
    known = KNOWN_CLOUD.read_text().strip() if KNOWN_CLOUD.exists() else ""
    if _stack_has_resources() and known != cloud.cloud_id:
        raise LocalError(
            f"The local stack was made in the cloud {known or '(unknown)'}, but the one at "
            f"{cloud.url} is {cloud.cloud_id}: its data were lost or reset. The stack's resources "
            "no longer exist. Remove the stack with make clean, then run make up."
        )
    return cloud


def _console(url: str) -> str:
    """The address of the console that the fake has started; without one, a command for one."""
    address = daemon.console(DATA)
    if address is not None and _answers(address):
        return address
    return shlex.join([_program("simevents"), "console", "--endpoint", url])


def _answers(address: str) -> bool:
    with suppress(httpx.HTTPError, httpx.InvalidURL):
        return httpx.get(address, trust_env=False).is_success
    return False


def _is_free(endpoint: str) -> bool:
    parts = urlsplit(endpoint)
    try:
        socket.create_connection((parts.hostname or "", parts.port or 0), timeout=5).close()
    except OSError:
        return True
    return False


def _port_is_held(endpoint: str) -> str:
    """Who holds the address of the stack file, and what to do."""
    try:
        health = httpx.get(f"{endpoint}/_fake/health", trust_env=False, timeout=5).json()
        process, data = int(health["pid"]), health.get("data")
        what = "a fake cloud" if data is None else f"the fake cloud of {data}"
        if not what.isprintable():
            raise ValueError(data)
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        holder, end = "another program", "End that program"
    else:
        holder, end = f"{what} (process {process})", f"End process {process}"
        if data is not None and Path(data).parent.name == LOCAL.name:
            end = f"Run make stop in {Path(data).parent.parent}"
    # The recorded resources name their address, so an existing stack cannot move.
    move = (
        ""
        if _stack_has_resources()
        else f", or write another address as simevents:endpoint in Pulumi.{STACK}.yaml"
    )
    return (
        f"The address {endpoint}, which Pulumi.{STACK}.yaml names, "
        f"is held by {holder}. {end}{move}."
    )


def _stack_has_resources() -> bool:
    """Whether the engine's state holds more than the stack itself."""
    for path in STATE.glob(f".pulumi/stacks/*/{STACK}.json"):
        checkpoint = json.loads(path.read_text())["checkpoint"]["latest"] or {}
        types = [resource["type"] for resource in checkpoint.get("resources") or []]
        if any(type != "pulumi:pulumi:Stack" for type in types):
            return True
    return False


def _release_lock_of_the_dead() -> None:
    """A killed engine leaves the stack locked; when that process is gone the lock means nothing."""
    for path in STATE.glob(f".pulumi/locks/**/{STACK}/*.json"):
        holder = json.loads(path.read_text())
        if holder.get("hostname") != socket.gethostname():
            continue
        if not _is_running(holder["pid"]):
            print(f"An earlier run (process {holder['pid']}) was killed; releasing its lock.")
            _pulumi("cancel", "--yes", "--stack", STACK)
            # Its create may be recorded as pending; what it made is found by the intents.
            _pulumi(
                "refresh", "--yes", "--skip-preview", "--clear-pending-creates", "--stack", STACK
            )
            return


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _pulumi(*arguments: str) -> None:
    _lay_project()
    subprocess.run(["pulumi", *arguments], cwd=PROJECT, env=_environment(), check=True)


def _outputs() -> dict[str, Any]:
    result = subprocess.run(
        ["pulumi", "stack", "output", "--json", "--stack", STACK],
        cwd=PROJECT,
        env=_environment(),
        check=True,
        capture_output=True,
        text=True,
    )
    outputs = json.loads(result.stdout)
    assert isinstance(outputs, dict)
    return outputs


def _tell_deliveries(url: str, region: str, notifications: dict[str, Any]) -> None:
    """What the rules of the stack have sent, and how much of it nobody has read yet."""
    # A message leaves right after the change; it needs not have arrived when the engine ends.
    limit = {"seconds": 10}
    httpx.post(
        f"{url}/_fake/deliveries/wait", json=limit, trust_env=False, timeout=20
    ).raise_for_status()
    queues = [service["queue"] for service in notifications.values() if service["queue"]]
    for queue in queues:
        number = _messages(url, region, queue)
        words = "1 message waits" if number == 1 else f"{number} messages wait"
        print(f"\n{words} in the queue {queue}.", end="")
    print("\nWhat the rules of the stack have sent:")
    _show([_program("simevents"), "deliveries", "--endpoint", url])


def _messages(url: str, region: str, queue: str) -> int:
    """How many messages the queue has that no consumer has deleted."""
    settings = open_api_models.Config(
        access_key_id=FAKE_ACCESS_KEY_ID,
        access_key_secret=FAKE_ACCESS_KEY_SECRET,
        endpoint=url.removeprefix("http://"),
        protocol="http",
        region_id=region,
    )
    asked = mns_models.GetQueueAttributesRequest(queue_name=queue)
    found = MnsClient(settings).get_queue_attributes(asked).body.data
    return int(found.active_messages + found.inactive_messages + found.delay_messages)


def _lay_project() -> None:
    """Copy the project files; keep what the engine wrote into the copy's stack file."""
    PROJECT.mkdir(parents=True, exist_ok=True)
    STATE.mkdir(exist_ok=True)
    shutil.copy(CHECKOUT / "Pulumi.yaml", PROJECT)
    program = PROJECT / "infra"
    if not program.is_symlink():
        program.symlink_to(Path("..") / ".." / "infra")
    name = f"Pulumi.{STACK}.yaml"
    settings = yaml.safe_load((CHECKOUT / name).read_text())
    copy = PROJECT / name
    if copy.exists():
        salt = (yaml.safe_load(copy.read_text()) or {}).get("encryptionsalt")
        settings |= {"encryptionsalt": salt} if salt else {}
    copy.write_text(yaml.safe_dump(settings, sort_keys=False))


def _environment() -> dict[str, str]:
    # A proxy breaks both the engine's own gRPC and the calls to loopback.
    kept = {
        name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")
    }
    return kept | {
        "PULUMI_BACKEND_URL": f"file://{STATE}",
        # Nothing in this stack is secret; the engine asks for a passphrase all the same.
        "PULUMI_CONFIG_PASSPHRASE": "local",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }


def _program(name: str) -> str:
    """How to call a program of the environment from the checkout, without activating it."""
    path = Path(sys.executable).with_name(name)
    return str(path.relative_to(CHECKOUT) if path.is_relative_to(CHECKOUT) else path)


def _show(command: list[str]) -> None:
    print(f"$ {shlex.join(command)}", flush=True)
    subprocess.run(command, cwd=CHECKOUT, check=True)


if __name__ == "__main__":
    main()
