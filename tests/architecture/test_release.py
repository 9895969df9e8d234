"""What a release is made of: one version, an extra with everything, a citation, and workflows that call our scripts."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path
from types import ModuleType

import pytest
import yaml

import innerview
from innerview.results import versions

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = SETTINGS["project"]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


@pytest.fixture
def contents() -> ModuleType:
    """What scripts/release-check compares with."""
    found = importlib.util.spec_from_file_location("contents", ROOT / "scripts" / "contents.py")
    assert found
    assert found.loader
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def test_the_version_stands_in_one_place() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+((a|b|rc)\d+)?", innerview.__version__)
    assert "version" not in PROJECT
    assert PROJECT["dynamic"] == ["version"]
    assert SETTINGS["tool"]["hatch"]["version"]["path"] == "src/innerview/version.py"
    assert versions()["innerview"] == innerview.__version__
    asked = subprocess.run([sys.executable, "-m", "innerview", "--version"], capture_output=True, text=True)
    assert asked.stdout == f"innerview, version {innerview.__version__}\n"


def test_the_newest_changes_are_those_of_this_version() -> None:
    headings = re.findall(r"^## (\S+) \((\S+)\)$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert headings[0][0] == innerview.__version__
    assert all(when == "unreleased" or re.fullmatch(r"\d{4}-\d\d-\d\d", when) for _, when in headings)
    assert [when for _, when in headings[1:] if when == "unreleased"] == []


def test_all_is_every_extra() -> None:
    extras = PROJECT["optional-dependencies"]
    named = re.findall(r"innerview\[([\w,]+)\]", " ".join(extras["all"]))
    assert set(",".join(named).split(",")) == set(extras) - {"all"}


def test_the_citation_is_readable_and_names_no_version() -> None:
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert {"cff-version", "message", "title", "authors"} <= set(cited)
    assert cited["license"] == PROJECT["license"]
    assert "version" not in cited


def test_no_address_is_invented() -> None:
    """Until there is a public home; CONTRIBUTING.md says so."""
    assert "urls" not in PROJECT
    assert "project.urls" in (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_calls_scripts_that_are_there(path: Path) -> None:
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert workflow["permissions"] == {"contents": "read"}
    runs = [step["run"] for job in workflow["jobs"].values() for step in job["steps"] if "run" in step]
    assert runs
    assert [run for run in runs if not (ROOT / run.split()[0]).is_file()] == []


def test_every_python_and_system_is_tried() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "test.yml").read_text(encoding="utf-8"))
    matrix = workflow["jobs"]["test"]["strategy"]["matrix"]
    declared = [name.rpartition(" ")[2] for name in PROJECT["classifiers"] if name.startswith("Programming Language")]
    assert matrix["python"] == declared
    assert PROJECT["requires-python"] == f">={declared[0]}"
    assert {name.partition("-")[0] for name in matrix["os"]} == {"ubuntu", "macos", "windows"}
    assert [step["run"] for step in workflow["jobs"]["test"]["steps"] if "run" in step] == ["scripts/test"]


def pack(folder: Path, names: set[str], more: set[str], version: str) -> None:
    """A wheel and an sdist with files of these names, empty."""
    folder.mkdir()
    with zipfile.ZipFile(folder / f"innerview-{version}-py3-none-any.whl", "w") as archive:
        for name in names:
            archive.writestr(name, "")
    with tarfile.open(folder / f"innerview-{version}.tar.gz", "w:gz") as archive:
        for name in {f"src/{one}" for one in names} | more:
            archive.addfile(tarfile.TarInfo(f"innerview-{version}/{name}"))


def test_what_is_not_built_in_is_seen(contents: ModuleType, tmp_path: Path) -> None:
    whole = contents.files(ROOT)
    assert {"innerview/viewer/templates/base.html", "innerview/viewer/explanations.json", "innerview/py.typed"} <= whole
    assert "innerview/__init__.pyi" in whole
    more = {"tests/a.py", "frontend/a.ts", "docs/a.md"}
    pack(tmp_path / "whole", whole, more, innerview.__version__)
    assert contents.built(tmp_path / "whole", ROOT) == []
    page = "innerview/viewer/templates/page.css"
    pack(
        tmp_path / "less",
        whole - {page} | {"innerview/x.py"},
        more - {"tests/a.py"} | {"frontend/node_modules/a"},
        "9.9",
    )
    said = "\n".join(contents.built(tmp_path / "less", ROOT))
    for wrong in (f"wheel lacks {page}", "wheel has innerview/x.py", f"sdist lacks src/{page}", "sdist lacks tests"):
        assert wrong in said
    assert "sdist has frontend/node_modules/a" in said
    assert f"is not of version {innerview.__version__}" in said
