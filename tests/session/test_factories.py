"""Code from a file finds what lies beside it, as with Python itself; colons stand anywhere; nothing is left behind."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path

import pytest

from innerview.errors import DataError, ModelError, UsageError
from innerview.session.factories import build, split
from raising import raises

SPLIT = {
    "package.module:factory": ("package.module", "factory"),
    "net.py:build": ("net.py", "build"),
    r"C:\nets\net.py:build": (r"C:\nets\net.py", "build"),
    "C:/nets/net.py:build": ("C:/nets/net.py", "build"),
    "run 12:30/net.py:build": ("run 12:30/net.py", "build"),
    "C:/nets/x.keras": ("C:/nets/x.keras", ""),
    r"C:\nets\x.pt": (r"C:\nets\x.pt", ""),
    "path:with:colons.pt": ("path:with:colons.pt", ""),
    "run 12:30": ("run 12:30", ""),
    "net.py": ("net.py", ""),
    "net.py:": ("net.py:", ""),
}


@pytest.mark.parametrize(("name", "parts"), SPLIT.items())
def test_the_factory_is_told_from_the_path(name: str, parts: tuple[str, str], tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert split(name) == parts


def test_a_file_that_is_there_is_a_file_whatever_its_name(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.py:build").touch()
    assert split("net.py:build") == ("net.py:build", "")


NET = """
from dataclasses import dataclass
from {beside} import value

@dataclass
class Held:
    number: int

def build():
    from late import late
    return Held(value + late)

if __name__ == "__main__":
    raise SystemExit("a script was run")
"""


def folder_with(folder: Path, value: int, beside: str = "blocks", *, package: bool = False) -> Path:
    folder.mkdir(parents=True)
    (folder / "blocks.py").write_text(f"value = {value}\n")
    (folder / "late.py").write_text("late = 1\n")
    (folder / "net.py").write_text(NET.format(beside=beside))
    if package:
        (folder / "__init__.py").touch()
    return folder / "net.py"


@pytest.fixture(autouse=True)
def _as_before():
    before, path = set(sys.modules), list(sys.path)
    yield
    assert sys.path == path
    for name in set(sys.modules) - before:
        del sys.modules[name]


@pytest.mark.parametrize("beside", ["blocks", ".blocks"])
@pytest.mark.parametrize("package", [True, False])
def test_a_file_finds_its_neighbours(tmp_path: Path, beside: str, package: bool) -> None:
    net = folder_with(tmp_path / "run 12:30" / "nets", 3, beside, package=package)
    made = build(f"{net}:build")
    assert made.number == 4
    assert pickle.loads(pickle.dumps(made)) == made  # noqa: S301 our own


def test_modules_of_one_name_beside_two_files_are_two(tmp_path: Path) -> None:
    nets = [folder_with(tmp_path / name, value) for name, value in (("a", 1), ("b", 10))]
    assert [build(f"{net}:build").number for net in (*nets, nets[0])] == [2, 11, 2]


@pytest.mark.parametrize("package", [True, False])
def test_what_is_first_imported_when_the_model_runs_is_found(tmp_path: Path, *, package: bool) -> None:
    runs = []
    for name, value in (("a", 1), ("b", 10)):
        net = folder_with(tmp_path / name, value, ".blocks" if package else "blocks", package=package)
        (net.parent / f"later_{name}.py").write_text(f"from deeper_{name} import deep\n")
        (net.parent / f"deeper_{name}.py").write_text(f"deep = {value + 1}\n")
        with net.open("a") as file:
            file.write(f"\ndef model():\n    def run():\n        from later_{name} import deep\n        return deep\n")
            file.write("    return run\n")
        runs.append(build(f"{net}:model"))
    assert [run() for run in runs] == [2, 11]
    with pytest.raises(ModuleNotFoundError):
        __import__("later_b_too")
    (tmp_path / "b" / "later_b_too.py").touch()
    with pytest.raises(ModuleNotFoundError):  # asked for by other code than the model's
        __import__("later_b_too")


def test_a_module_of_the_program_comes_back(tmp_path: Path) -> None:
    known = type(sys)("blocks")
    sys.modules["blocks"] = known
    assert build(f"{folder_with(tmp_path / 'a', 5)}:build").number == 6
    assert sys.modules["blocks"] is known


def test_what_goes_wrong_is_ours_and_leaves_nothing(tmp_path: Path) -> None:
    net = folder_with(tmp_path / "a", 1, "nowhere_at_all")
    with raises(UsageError, "import", found="ModuleNotFoundError"):
        build(f"{net}:build")
    net.write_text("def build():\n    raise SystemExit(2)\n")
    with raises(ModelError, "factory", found="SystemExit"):
        build(f"{net}:build")
    (tmp_path / "x.py").mkdir()
    with raises(DataError, "file", found="a folder", file="x.py"):
        build(f"{tmp_path}/x.py:build")
