"""The scripts that everyone begins with: they hold on to nothing that has changed, and name no requirement twice."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHELL = ["scripts/check", "scripts/test", "scripts/demo", "scripts/soak", "scripts/release-check", ".ci/run"]


@pytest.fixture
def environment(tmp_path: Path) -> ModuleType:
    """The module that makes environments, for a project of two files."""
    (tmp_path / "scripts").mkdir()
    copy = tmp_path / "scripts" / "environment.py"
    copy.write_bytes((ROOT / "scripts" / "environment.py").read_bytes())
    (tmp_path / "pyproject.toml").write_text('[dependency-groups]\ntest = ["pytest>=8"]\n', encoding="utf-8")
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "a.py").write_text("ONE = 1\n", encoding="utf-8")
    found = importlib.util.spec_from_file_location("environment", copy)
    assert found
    assert found.loader
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", SHELL)
def test_a_script_stops_at_the_first_mistake(name: str) -> None:
    script = ROOT / name
    assert os.access(script, os.X_OK)
    assert "\nset -euo pipefail\n" in script.read_text(encoding="utf-8")
    assert subprocess.run(["bash", "-n", str(script)]).returncode == 0


def test_requirements_are_read_where_they_are_declared(environment: ModuleType) -> None:
    assert environment.group("test") == ["pytest>=8"]
    first, second, third = environment.PLANS["test"][0]()
    assert first[0].startswith("torch==")
    assert second[-1] == "pytest>=8"
    assert third == ["--no-deps", *environment.MODELS, *environment.HUBS, *environment.ONNX]


def test_the_demo_has_no_framework(environment: ModuleType) -> None:
    assert environment.PLANS["demo"][0]() == [[str(environment.ROOT)]]


def test_an_environment_is_as_old_as_what_it_was_made_from(environment: ModuleType) -> None:
    sources = ("pyproject.toml", "src")
    before = environment.stamp_of(sources)
    (environment.ROOT / "src" / "__pycache__").mkdir()
    (environment.ROOT / "src" / "__pycache__" / "a.pyc").write_bytes(b"1")
    assert environment.stamp_of(sources) == before
    (environment.ROOT / "src" / "a.py").write_text("ONE = 2\n", encoding="utf-8")
    assert environment.stamp_of(sources) != before


def test_one_that_fits_is_taken_as_it_is(environment: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = environment.ROOT / ".venv-demo"
    folder.mkdir()
    (folder / "innerview-stamp").write_text(environment.stamp_of(environment.PLANS["demo"][1]), encoding="utf-8")
    monkeypatch.delattr(environment, "subprocess")
    assert environment.make("demo") == folder


def test_one_that_was_left_half_made_is_made_again(environment: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a stamp nothing in the folder is trusted; the stamp comes after the last installation."""
    folder = environment.ROOT / ".venv-test"
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").touch()
    calls: list[list[str]] = []

    def run(command: list[str], **_: object) -> None:
        assert not (folder / "innerview-stamp").exists()
        folder.mkdir(exist_ok=True)
        calls.append(command)

    monkeypatch.setattr(environment.subprocess, "run", run)
    assert environment.make("test") == folder
    assert calls[0][1:3] == ["-m", "venv"]
    assert [command[-1] for command in calls[1:-1]] == [environment.PYTORCH, "pytest>=8", environment.ONNX[-1]]
    assert calls[-1][1:3] == ["-m", "compileall"]
    assert not (folder / "bin").exists()
    assert environment.programs(folder).parent == folder
    assert (folder / "innerview-stamp").is_file()


def test_an_unknown_environment_lists_them() -> None:
    command = [sys.executable, str(ROOT / "scripts" / "environment.py"), "prod"]
    answer = subprocess.run(command, capture_output=True, text=True)
    assert answer.returncode != 0
    assert "say one of: test, demo, docs" in answer.stderr
