"""Which engine is used: the decision, not the download."""

import importlib.util
import os
from pathlib import Path
from types import ModuleType

import pytest

TOOL = Path(__file__).parents[2] / "tools" / "engine" / "get.py"


@pytest.fixture(scope="module")
def get() -> ModuleType:
    spec = importlib.util.spec_from_file_location("engine_get", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def pulumi(folder: Path, says: str) -> Path:
    program = folder / "pulumi"
    program.write_text(f"#!/bin/sh\necho '{says}'\n")
    program.chmod(0o755)
    return program


def test_a_new_enough_pulumi_on_path_is_used(get: ModuleType, tmp_path: Path) -> None:
    program = pulumi(tmp_path, "v3.216.0")

    assert get.on_path(f"{get.ENVIRONMENT_BIN}{os.pathsep}{tmp_path}") == (program, "")


def test_an_old_pulumi_is_reported_with_the_remedy(get: ModuleType, tmp_path: Path) -> None:
    program = pulumi(tmp_path, "v3.100.0")

    found, why = get.on_path(str(tmp_path))

    assert found is None
    assert why == (
        f"{program} is not used: Pulumi 3.100.0 is too old, this project needs 3.216.0 or newer "
        f"(pulumi.com/docs/install). Getting {get.ENGINE_VERSION}."
    )


def test_a_pulumi_without_a_version_is_not_used(get: ModuleType, tmp_path: Path) -> None:
    pulumi(tmp_path, "hello")
    found, why = get.on_path(str(tmp_path))

    assert found is None
    assert "it does not tell its version (it said 'hello')" in why


def test_no_pulumi_on_path(get: ModuleType, tmp_path: Path) -> None:
    assert get.on_path(str(tmp_path)) == (None, "")


def test_a_build_is_cached_by_content_and_an_interrupted_build_leaves_nothing(
    get: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    source = tmp_path / "source"
    source.mkdir()
    (source / "go.mod").write_text("module one")
    builds: list[Path] = []

    def build(target: Path) -> None:
        builds.append(target)
        (target / "program").touch()
        if len(builds) == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        get._kept("engine", [source], build)
    assert list((tmp_path / "cache").rglob("program")) == []

    first = get._kept("engine", [source], build)
    assert get._kept("engine", [source], build) == first
    (source / "go.mod").write_text("module two")
    assert get._kept("engine", [source], build) != first
    assert len(builds) == 3
