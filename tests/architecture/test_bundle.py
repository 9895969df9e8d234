"""The viewer's bundle is built when its sources have changed and only then; its gates catch what they are there for."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


def load(path: Path) -> ModuleType:
    found = importlib.util.spec_from_file_location("hatch_build", path)
    assert found
    assert found.loader
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


HOOK = load(ROOT / "hatch_build.py")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """The front end, its sources elsewhere and the hook, with the packages that are installed already."""
    HOOK.install(ROOT)
    kept = shutil.ignore_patterns("node_modules", "dist")
    shutil.copytree(ROOT / "frontend", tmp_path / "frontend", ignore=kept)
    (tmp_path / "frontend" / "node_modules").symlink_to(ROOT / "frontend" / "node_modules")
    for name in ("hatch_build.py", *HOOK.SOURCES[1:]):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    bundle = tmp_path / HOOK.BUNDLE
    bundle.mkdir()
    for name in HOOK.FILES + HOOK.ENGINE + HOOK.CHUNK:
        (bundle / name).write_text("built", encoding="ascii")
    (bundle / "stamp").write_text(HOOK.stamp_of(tmp_path), encoding="ascii")
    return tmp_path


def check(tree: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "hatch_build.py", "check"], cwd=tree, capture_output=True, text=True)


def test_a_bundle_is_as_old_as_its_sources(tree: Path) -> None:
    assert HOOK.is_built(tree)
    (tree / "frontend" / "tests").mkdir(exist_ok=True)
    (tree / "frontend" / "tests" / "more.test.ts").write_text("", encoding="ascii")
    assert HOOK.is_built(tree)
    schema = tree / HOOK.SOURCES[1]
    schema.write_text(schema.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert not HOOK.is_built(tree)


@pytest.mark.parametrize("name", [*HOOK.FILES, *HOOK.CHUNK, "stamp"])
def test_a_bundle_that_is_not_whole_is_none(tree: Path, name: str) -> None:
    (tree / HOOK.BUNDLE / name).unlink()
    assert not HOOK.is_built(tree)


def test_node_is_asked_for_only_where_there_is_something_to_build(tree: Path) -> None:
    hook = HOOK.Bundle(str(tree), {}, None, None, str(tree), "wheel")
    assert hook.dependencies() == []
    hook.initialize("standard", {})
    (tree / HOOK.BUNDLE / "stamp").unlink()
    assert hook.dependencies() == [HOOK.NODE]


def test_a_tree_with_neither_bundle_nor_sources_says_so(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="frontend"):
        HOOK.Bundle(str(tmp_path), {}, None, None, str(tmp_path), "wheel").initialize("standard", {})


MISTAKES = {
    "a wrong type": ("frontend/src/canary.ts", 'export const width: number = "wide";\n', "TS2322"),
    "a failing test": (
        "frontend/tests/canary.test.ts",
        'import { expect, test } from "vitest";\ntest("canary", () => expect(1).toBe(2));\n',
        "canary.test.ts",
    ),
    "types of another schema": ("frontend/src/generated/payloads.ts", "export {};\n", "payloads.ts"),
}


@pytest.mark.parametrize(("place", "text", "said"), MISTAKES.values(), ids=MISTAKES)
def test_the_gate_catches_its_mistake(tree: Path, place: str, text: str, said: str) -> None:
    (tree / place).write_text(text, encoding="utf-8")
    (tree / HOOK.BUNDLE / "stamp").write_text(HOOK.stamp_of(tree), encoding="ascii")
    answer = check(tree)
    assert answer.returncode != 0
    assert said in answer.stdout + answer.stderr


def test_a_bundle_that_has_grown_is_refused(tree: Path) -> None:
    (tree / HOOK.BUNDLE / "viewer.js").write_bytes(b"/" * HOOK.MOST)
    answer = check(tree)
    assert answer.returncode != 0
    assert f"the most is {HOOK.MOST:,}" in answer.stdout + answer.stderr


def test_the_bundle_that_is_shipped_leaves_room_for_the_next_view() -> None:
    assert "with gzip" in HOOK.weigh(ROOT)
    size = sum((ROOT / HOOK.BUNDLE / name).stat().st_size for name in HOOK.FILES)
    assert size <= (1 - HOOK.FREE) * HOOK.MOST, "trim what is there, or raise MOST and say why"


def test_wheel_and_sdist_hold_the_bundle_and_the_sdist_needs_no_node(tree: Path, monkeypatch) -> None:
    """hatchling itself, on a small package with the project's configuration."""
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tree)
    (tree / "src" / "innerview" / "version.py").write_text('__version__ = "1.2.3"\n', encoding="utf-8")
    (tree / ".gitignore").write_bytes((ROOT / ".gitignore").read_bytes())
    build = [sys.executable, "-m", "hatchling", "build"]
    made = subprocess.run(build, cwd=tree, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    wheel = next((tree / "dist").glob("*.whl"))
    assert wheel.name.startswith("innerview-1.2.3-")
    names = {f"{HOOK.BUNDLE.removeprefix('src/')}/{name}" for name in HOOK.FILES}
    with zipfile.ZipFile(wheel) as archive:
        assert names <= set(archive.namelist())
    shutil.unpack_archive(next((tree / "dist").glob("*.tar.gz")), tree / "unpacked")
    (unpacked,) = (tree / "unpacked").iterdir()
    assert HOOK.is_built(unpacked)
