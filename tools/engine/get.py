"""Installs the Pulumi engine into this checkout's environment.

In order: a suitable ``pulumi`` on PATH, with its own plugins; else the official
installer; else the same programs built from Go modules, which takes about eleven
minutes and 8 GB once per machine, and nothing afterwards. The build is stored outside the
checkout, under ``~/.cache/simevents/engine``, by the hash of its sources. It is put in place
by one rename, so an interrupted build leaves nothing; of two at once, one waits.

Run by ``make engine`` with the environment's own Python. Afterwards ``pulumi`` works
wherever that environment is active.
"""

import argparse
import hashlib
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import semver
from filelock import FileLock, Timeout

HERE = Path(__file__).parent
ENVIRONMENT_BIN = Path(sys.prefix) / "bin"

ENGINE_VERSION = "3.258.0"
OLDEST_VERSION = "3.216.0"  # without ReadResult.inputs a refresh leaves a phantom diff
ALICLOUD_VERSION = "3.105.0"

ENGINE_SOURCES = [HERE / "cli", HERE / "language-python"]
PLUGIN_SOURCES = [HERE / "alicloud"]

WRAPPER = """\
#!/bin/sh
# Made by tools/engine/get.py: the engine that was got for this checkout, with its plugins.
PATH="{bin}:$PATH"
PULUMI_HOME="${{PULUMI_HOME:-{home}}}"
export PATH PULUMI_HOME
{settings}exec "{bin}/pulumi" "$@"
"""

SDK = "github.com/pulumi/pulumi/sdk/v3"
VERSION_SYMBOL = f"{SDK}/go/common/version.Version"


class EngineError(Exception):
    """The engine cannot be installed; the text says what was tried and what to do."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument(
        "--go",
        action="store_true",
        help="build from Go modules in any case",
    )
    arguments = parser.parse_args()
    try:
        print(get(build=arguments.go))
    except EngineError as error:
        sys.exit(f"error: {error}")


def get(*, build: bool) -> str:
    """Make an engine ready; what was found, in words."""
    wrapper = ENVIRONMENT_BIN / "pulumi"
    found, too_old = (None, "") if build else on_path(os.environ["PATH"])
    if too_old:
        print(too_old, file=sys.stderr)
    if found is not None:
        wrapper.unlink(missing_ok=True)
        return f"engine: {found}, with its own plugins"
    with _locked(_cache()):
        # What was built once is not looked for on the network again.
        installed = None if build or _is_built() else _official()
        bin, home, settings = installed or _built_engine()
        _write_program(wrapper, WRAPPER.format(bin=bin, home=home, settings=settings))
    return f"engine: {bin / 'pulumi'}"


def on_path(path: str) -> tuple[Path | None, str]:
    """A suitable pulumi among the folders of *path*, or why the one there is not suitable."""
    folders = [folder for folder in path.split(os.pathsep) if Path(folder) != ENVIRONMENT_BIN]
    program = shutil.which("pulumi", path=os.pathsep.join(folders))
    if program is None:
        return None, ""
    printed = subprocess.run(
        [program, "version"], capture_output=True, text=True, check=False
    ).stdout.strip()
    try:
        version = semver.Version.parse(printed.removeprefix("v"))
    except ValueError:
        return None, f"{program} is not used: it does not tell its version (it said {printed!r})."
    if version < OLDEST_VERSION:
        return None, (
            f"{program} is not used: Pulumi {version} is too old, this project needs "
            f"{OLDEST_VERSION} or newer (pulumi.com/docs/install). Getting {ENGINE_VERSION}."
        )
    return Path(program), ""


def _official() -> tuple[Path, Path, str] | None:
    """The official release with the official plugin; None when it cannot be downloaded."""
    from pulumi.automation import PulumiCommand

    root = _cache() / f"official-{ENGINE_VERSION}"
    try:
        PulumiCommand.install(root=str(root), version=semver.VersionInfo.parse(ENGINE_VERSION))
    except Exception as error:  # noqa: BLE001 - it raises what the network raised
        _say(f"The official installer cannot be used here ({type(error).__name__}).")
        return None
    home = root / "home"
    words = ["plugin", "install", "resource", "alicloud", ALICLOUD_VERSION]
    try:
        _run([root / "bin" / "pulumi", *words], home)
    except EngineError:
        _say("The official alicloud plugin cannot be downloaded here.")
        return None
    return root / "bin", home, ""


def _is_built() -> bool:
    return (
        _folder("engine", ENGINE_SOURCES).is_dir() and _folder("alicloud", PLUGIN_SOURCES).is_dir()
    )


def _built_engine() -> tuple[Path, Path, str]:
    if not _is_built() and shutil.which("go") is None:
        raise EngineError(
            f"Neither a Pulumi CLI ({OLDEST_VERSION} or newer) nor Go (1.25.11 or newer) is on "
            "PATH, and the official installer cannot be reached. Install one of them: "
            "pulumi.com/docs/install or go.dev/doc/install."
        )
    bin = _kept("engine", ENGINE_SOURCES, _build_engine)
    plugin = _kept("alicloud", PLUGIN_SOURCES, _build_alicloud)
    home = _kept(f"home-{plugin.name}", [HERE / "cli"], lambda to: _install_plugin(bin, plugin, to))
    return bin, home, "export PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION=true\n"


def _build_engine(target: Path) -> None:
    _say("Building the Pulumi engine from Go modules: about 4 minutes, once per machine.")
    _go_build(
        HERE / "cli",
        target,
        "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
        f"-X {VERSION_SYMBOL}={ENGINE_VERSION}",
    )
    _go_build(HERE / "language-python", target, f"{SDK}/python/cmd/pulumi-language-python")
    # Two scripts of the Python language host lie in the SDK's module, not in a program.
    listing = ["go", "list", "-mod=readonly", "-m", "-f", "{{.Dir}}", SDK]
    folder = subprocess.run(listing, cwd=HERE / "cli", capture_output=True, text=True, check=True)
    scripts = Path(folder.stdout.strip()) / "python"
    for script in ("cmd/pulumi-language-python-exec", "dist/pulumi-resource-pulumi-python"):
        _write_program(target / Path(script).name, (scripts / script).read_text())


def _build_alicloud(target: Path) -> None:
    _say("Building the alicloud plugin from Go modules: about 7 minutes, once per machine.")
    _go_build(HERE / "alicloud", target / "pulumi-resource-alicloud", ".")


def _install_plugin(bin: Path, plugin: Path, home: Path) -> None:
    program = plugin / "pulumi-resource-alicloud"
    words = ["plugin", "install", "resource", "alicloud", ALICLOUD_VERSION, "--file"]
    _run([bin / "pulumi", *words, program], home)


def _go_build(folder: Path, output: Path, package: str, ldflags: str = "") -> None:
    command = ["go", "build", "-mod=readonly", "-buildvcs=false", "-ldflags", f"-s -w {ldflags}"]
    # A folder as output keeps the program's own name.
    out = f"{output}/" if output.is_dir() else str(output)
    result = subprocess.run(
        [*command, "-o", out, package], cwd=folder, env=os.environ | {"GOWORK": "off"}, check=False
    )
    if result.returncode != 0:
        raise EngineError(f"go build of {package} failed; its own words are above.")


def _kept(name: str, sources: list[Path], build: Callable[[Path], None]) -> Path:
    """The folder that *build* filled for the present content of *sources*; builds it if need be."""
    folder = _folder(name, sources)
    if folder.is_dir():
        return folder
    started = time.monotonic()
    unfinished = Path(tempfile.mkdtemp(prefix="unfinished-", dir=_cache()))
    try:
        build(unfinished)
        unfinished.rename(folder)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    _say(f"Made {folder.name} in {time.monotonic() - started:.0f} s.")
    return folder


def _folder(name: str, sources: list[Path]) -> Path:
    return _cache() / f"{name}-{_content_key(sources)}"


def _content_key(sources: list[Path]) -> str:
    digest = hashlib.sha256(f"{ENGINE_VERSION} {ALICLOUD_VERSION}".encode())
    for source in sources:
        for path in sorted(source.iterdir()):
            digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _run(command: list[str | Path], home: Path) -> None:
    environment = os.environ | {"PULUMI_HOME": str(home), "PULUMI_SKIP_UPDATE_CHECK": "true"}
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise EngineError(f"{' '.join(map(str, command))} failed:\n{result.stdout}{result.stderr}")


def _write_program(path: Path, text: str) -> None:
    unfinished = path.with_name(path.name + ".new")
    unfinished.write_text(text)
    unfinished.chmod(unfinished.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    unfinished.replace(path)


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(base) / "simevents" / "engine"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    lock = FileLock(folder / "lock")
    try:
        lock.acquire(blocking=False)
    except Timeout:
        _say("Another build is under way; waiting for it.")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
