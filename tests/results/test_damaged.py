"""A folder that is not what it says is refused by file and place, before anything is allocated for it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from innerview.errors import DataError
from innerview.results.io import load_result, save_result
from raising import raises
from results.saved import edit
from results.saved import results as made

RESULTS = made()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save_result(tmp_path / "cat", {"integrated": RESULTS["integrated"], "prediction": RESULTS["prediction"]})
    return tmp_path / "cat"


def cut(name: str, at: float) -> Callable[[Path], object]:
    def change(folder: Path) -> None:
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content[: int(at * len(content))])

    return change


def told(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], object]:
    return lambda folder: edit(folder, change)


def arrays(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], object]:
    """Replace arrays, and leave the mark of the writing as it was."""

    def work(folder: Path) -> None:
        path = folder / "arrays.safetensors"
        held = load_file(path)
        digest = json.loads((folder / "result.json").read_text(encoding="utf-8"))["digest"]
        change(held)
        save_file(held, path, {"digest": digest})

    return work


def put(place: str, value: object) -> Callable[[Path], object]:
    """Set one value of the JSON."""

    def change(told: dict[str, Any]) -> None:
        *way, last = place.split(".")
        for name in way:
            told = told[name]
        told[last] = value

    return lambda folder: edit(folder, change)


ATTRIBUTION = "integrated.attribution"
BROKEN: Mapping[str, tuple[Callable[[Path], object], tuple[str, ...]]] = {
    "truncated JSON": (cut("result.json", 0.7), ("result.json",)),
    "empty JSON": (cut("result.json", 0), ("result.json",)),
    "no text": (lambda folder: (folder / "result.json").write_bytes(b"\xff\xfe\0\1"), ("result.json",)),
    "a list": (lambda folder: (folder / "result.json").write_text("[1]"), ("result.json", "list")),
    "nested too deeply": (lambda folder: (folder / "result.json").write_text("[" * 10**5), ("result.json",)),
    "no JSON": (lambda folder: (folder / "result.json").unlink(), ("holds no result.json",)),
    "no arrays": (lambda folder: (folder / "arrays.safetensors").unlink(), ("holds no arrays.safetensors",)),
    "a folder for arrays": (
        lambda folder: ((folder / "arrays.safetensors").unlink(), (folder / "arrays.safetensors").mkdir()),
        ("arrays.safetensors",),
    ),
    "truncated arrays": (cut("arrays.safetensors", 0.9), ("arrays.safetensors", "cut short")),
    "a cut header": (cut("arrays.safetensors", 0.01), ("arrays.safetensors",)),
    "empty arrays": (cut("arrays.safetensors", 0), ("arrays.safetensors",)),
    "a header of a petabyte": (
        lambda folder: (folder / "arrays.safetensors").write_bytes((2**50).to_bytes(8, "little") + b"{}"),
        ("arrays.safetensors", "announced"),
    ),
    "an array that is gone": (arrays(lambda held: held.pop(ATTRIBUTION)), (ATTRIBUTION, "has no array")),
    "another shape in the file": (
        arrays(lambda held: held.update({ATTRIBUTION: held[ATTRIBUTION][:2]})),
        (ATTRIBUTION, "(2, 4, 3)", "(3, 4, 3)"),
    ),
    "another type in the file": (
        arrays(lambda held: held.update({ATTRIBUTION: held[ATTRIBUTION].astype(np.float16)})),
        (ATTRIBUTION, "F16"),
    ),
    "another shape in the JSON": (put("integrated.attribution.shape", [3, 4, 4]), (ATTRIBUTION, "(3, 4, 4)")),
    "a shape of a petabyte": (put("integrated.attribution.shape", [2**25, 2**25]), (ATTRIBUTION,)),
    "a negative shape": (put("integrated.attribution.shape", [-1, 4, 3]), (ATTRIBUTION, "shape")),
    "a type nobody has": (put("integrated.attribution.dtype", "float31"), (ATTRIBUTION, "float31")),
    "another array's place": (put("integrated.attribution.array", "integrated.std"), ("integrated.std",)),
    "a map where an image belongs": (
        lambda folder: edit(folder, lambda told: told["integrated"].update(attribution=told["integrated"]["std"])),
        (ATTRIBUTION, "height width channel"),
    ),
    "arrays of two sizes in one result": (
        lambda folder: (
            arrays(lambda held: held.update({"integrated.std": np.zeros((3, 5))}))(folder),
            put("integrated.std.shape", [3, 5])(folder),
        ),
        ("integrated.std", "(3, 5)"),
    ),
    "files of two writings": (
        lambda folder: (
            save_result(folder.parent / "other", {"integrated": RESULTS["integrated"], "prediction": None}),
            (folder.parent / "other" / "result.json").replace(folder / "result.json"),
        ),
        ("not of one writing",),
    ),
    "a text for a number": (put("integrated.score", "high"), ("integrated.score", "high", "a number")),
    "a truth for a number": (put("integrated.score", True), ("integrated.score",)),
    "a fraction for a whole number": (put("integrated.n_evaluations", 3.5), ("integrated.n_evaluations", "whole")),
    "an unknown status": (put("integrated.status", {"name": "great"}), ("integrated.status", "budget_exhausted")),
    "a status that is a number": (put("integrated.status", 3), ("integrated.status",)),
    "a list where a text belongs": (put("integrated.rule", []), ("integrated.rule", "a text")),
    "a text where a list belongs": (put("integrated.notes", "x"), ("integrated.notes", "a list")),
    "a row that is too short": (put("integrated.convergence", [[1, 2.0]]), ("integrated.convergence.0",)),
    "another result inside": (
        put("integrated.path", {"$type": "Prediction"}),
        ("integrated.path", "PathProfile"),
    ),
    "a field that is missing": (told(lambda one: one["integrated"].pop("score")), ("integrated", "no score")),
    "no schema": (told(lambda one: one.pop("schema")), ("schema",)),
    "a schema of words": (put("schema", "2"), ("schema", "2")),
    "a schema of the future": (put("schema", 99), ("schema 99", "update")),
    "schema zero": (put("schema", 0), ("schema",)),
}


@pytest.mark.parametrize(("change", "said"), BROKEN.values(), ids=BROKEN)
def test_a_damaged_folder_is_told_by_file_and_place(
    folder: Path, change: Callable[[Path], object], said: tuple[str, ...]
) -> None:
    load_result(folder)
    change(folder)
    with pytest.raises(DataError) as caught:
        load_result(folder)
    for part in (*said, "cat"):
        assert part in str(caught.value), str(caught.value)


@pytest.mark.parametrize("name", ["", "nowhere", "file"])
def test_what_is_no_result_folder_is_said(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with raises(DataError, "result"):
        load_result(tmp_path / name)


def test_a_file_can_ask_for_no_other_class(folder: Path) -> None:
    """Only results are made; a name of anything else is kept as words."""
    edit(folder, lambda one: one.update(x={"$type": "Path", "args": ["a"]}, y={"$type": "os.system"}))
    found = load_result(folder)
    assert found["x"] == {"$type": "Path", "args": ("a",)}
    assert found["y"] == {"$type": "os.system"}
