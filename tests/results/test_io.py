"""What is written can be read back: every kind of result, folders of older layouts, and files that are damaged."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file

import innerview
from innerview import results
from innerview.errors import DataError, OutputError, UsageError
from innerview.model import InputSpec, Layer, OutputSpec
from innerview.results import Attribution, IntegratedGradients, Prediction, Provenance, Status, io
from innerview.results.io import describe, load_result, save_result
from innerview.results.migrations import (
    FIELDS_OF_SCHEMA_2,
    PARTS_OF_SCHEMA_3,
    STATUS_OF_SCHEMA_2,
    TYPES_OF_SCHEMA_2,
)
from innerview.results.rebuilding import KINDS
from innerview.results.result import in_kind
from raising import raises
from results.saved import FOLDERS, edit
from results.saved import results as made

RESULTS = made()


def assert_same(found: Any, written: Any, place: str = "") -> None:
    """Compare two results value by value: type, shape, type of number and every bit."""
    if isinstance(written, np.ndarray):
        assert isinstance(found, np.ndarray), place
        assert (found.dtype, found.shape) == (written.dtype, written.shape), place
        np.testing.assert_array_equal(found, written, err_msg=place)
    elif is_dataclass(written):
        assert type(found) is type(written), place
        for one in fields(written):
            assert_same(getattr(found, one.name), getattr(written, one.name), f"{place}.{one.name}")
    elif isinstance(written, Mapping):
        assert list(found) == list(written), place
        for key, one in written.items():
            assert_same(found[key], one, f"{place}.{key}")
    elif isinstance(written, tuple):
        assert isinstance(found, tuple), place
        assert len(found) == len(written), place
        for number, (one, other) in enumerate(zip(found, written, strict=True)):
            assert_same(one, other, f"{place}.{number}")
    elif isinstance(written, float) and np.isnan(written):
        assert np.isnan(found), place
    else:
        assert (found, type(found)) == (written, type(written)), place


def test_every_kind_of_result_is_made_here_and_can_be_read() -> None:
    exported = {name for name in results.__all__ if is_dataclass(getattr(results, name))}
    assert exported <= set(KINDS)
    seen: set[str] = set()

    def walk(value: object) -> None:
        if is_dataclass(value):
            seen.add(type(value).__name__)
            for one in fields(value):
                walk(getattr(value, one.name))
        for inner in value.values() if isinstance(value, Mapping) else value if isinstance(value, tuple) else ():
            walk(inner)

    walk(RESULTS)
    assert set(KINDS) - seen == {"OutputSpec"}  # of a model; no result has one yet


@pytest.mark.parametrize("name", RESULTS)
def test_a_result_comes_back(name: str, tmp_path: Path) -> None:
    save_result(tmp_path / "new", {name: RESULTS[name]})
    found = load_result(tmp_path / "new")
    assert (found.schema, found.notes, dict(found.unknown)) == (results.SCHEMA, (), {})
    assert_same(found[name], RESULTS[name], name)


def test_all_together_come_back_and_one_alone_is_called_result(tmp_path: Path) -> None:
    innerview.save_result(tmp_path, RESULTS)
    assert_same(dict(innerview.load_result(tmp_path).results), dict(RESULTS))
    innerview.save_result(str(tmp_path), RESULTS["gradient"])
    found = innerview.load_result(str(tmp_path))
    assert_same(found["result"], RESULTS["gradient"])
    with raises(UsageError, "result", asked="gradient"):
        found["gradient"]


KEPT = {
    "image": "dict", "prediction": "Prediction", "activations": "Activations", "gradient": "Gradient",
    "interior": "InteriorGradients", "integrated": "IntegratedGradients", "path": "PathProfile", "masking": "dict",
    "methods": "dict", "weights": "WeightHistograms", "layers": "tuple", "statistics": "PathPredictions",
}  # fmt: skip
"""What the folders in `folders` hold; they stay as they were written, whatever is worked out today."""


@pytest.mark.parametrize("number", range(1, results.SCHEMA + 1))
def test_folders_of_every_layout_open(number: int) -> None:
    place = FOLDERS / f"schema-{number}"
    found = load_result(place)
    assert (found.schema, found.notes) == (number, ())
    assert KEPT.items() <= {name: type(value).__name__ for name, value in found.results.items()}.items()
    assert {name: type(one).__name__ for name, one in found["methods"].items()} == {
        "occlusion": "Attribution",
        "smooth-grad": "Attribution",
        "gradient": "Gradient",
    }
    assert {type(one) for one in found["layers"]} == {Layer}
    assert isinstance(found["masking"]["highest"], results.MaskingCurve)
    told = json.loads((place / "result.json").read_text(encoding="utf-8"))
    old = {new: old for old, new in PARTS_OF_SCHEMA_3.items()} if number < 4 else {}
    for name in KEPT:
        assert_told(found[name], told[old.get(name, name)], load_file(place / "arrays.safetensors"), number)


def read(found: Any, name: str, number: int) -> Any:
    """A field by the name that it had in this schema."""
    kind = type(found).__name__
    old = next((old for old, new in TYPES_OF_SCHEMA_2.items() if new == kind), kind)
    return getattr(found, FIELDS_OF_SCHEMA_2.get(old, {}).get(name, name) if number < 3 else name)


def assert_told(found: Any, told: Any, arrays: Mapping[str, Any], number: int) -> None:
    """Compare what was read with the text and the arrays that it was read from."""
    match told:
        case {"array": name, "shape": shape, "dtype": dtype}:
            assert (list(found.shape), found.dtype.name) == (shape, dtype)
            np.testing.assert_array_equal(found, arrays[name])
        case {"name": name, "meaning": _}:
            assert found is Status[STATUS_OF_SCHEMA_2.get(name, name).upper()]
        case dict():
            for key in told.keys() - {"$type"}:
                here = "label" if key == "truth" else key  # of the image, up to schema 3
                value = found[here] if isinstance(found, dict) else read(found, key, number)
                assert_told(value, told[key], arrays, number)
        case list():
            assert len(found) == len(told)
            for one, other in zip(found, told, strict=True):
                assert_told(one, other, arrays, number)
        case _:
            assert found == told or (told == "nan" and np.isnan(found)) or (told == "inf" and np.isposinf(found))


NUMBERS = st.floats(width=64)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=8) | st.sampled_from(["nan", "inf", "-inf", "", "a.b", "é\n"])
TUPLES = st.lists(TEXTS, max_size=3).map(tuple)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_whatever_a_result_holds_comes_back(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    draw = data.draw
    height, width = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    dtype = draw(st.sampled_from([np.float16, np.float32, np.float64]))
    values = np.array(draw(st.lists(NUMBERS, min_size=height * width, max_size=height * width)))
    with np.errstate(over="ignore"):
        image = values.reshape(height, width, 1).astype(dtype)
    source = Provenance(
        draw(TEXTS),
        "float32",
        3,
        draw(TEXTS),
        "",
        draw(st.none() | st.integers(0, 2**63)),
        draw(st.dictionaries(TEXTS, TEXTS)),
    )
    shown = Attribution(
        image,
        draw(st.sampled_from([image, image[..., 0], image[::-1]])),
        draw(TEXTS),
        draw(st.sampled_from(["contribution", "sensitivity", "spread"])),
        draw(TEXTS),
        draw(NUMBERS),
        draw(st.none() | st.integers(0, 999)),
        draw(st.integers(0, 10**12)),
        source,
        draw(st.none() | st.just(image[..., 0].copy())),
        draw(TUPLES),
    )
    plain = draw(
        st.recursive(st.none() | st.booleans() | st.integers() | TEXTS, lambda inner: st.lists(inner).map(tuple))
    )
    spec = OutputSpec(("a", *draw(TUPLES)), "sigmoid", 0.5, draw(st.none() | st.integers() | TEXTS))
    everything = {"shown": shown, "plain": plain, "spec": spec, "deep": {"a.b": {"c": image}, "a": {"b.c": image + 1}}}
    place = tmp_path_factory.mktemp("any")
    save_result(place, everything)
    assert_same(dict(load_result(place).results), everything)


def test_arrays_of_any_order_and_none_come_back(tmp_path: Path) -> None:
    strided = np.arange(12.0).reshape(3, 4)[:, ::2].T
    held = {"a": strided, "b": np.array(3.5), "c": np.zeros((0, 4), np.uint8), "d": np.arange(3, dtype=">i4")}
    save_result(tmp_path, held)
    for name, one in held.items():
        np.testing.assert_array_equal(load_result(tmp_path)[name], one)
        assert load_result(tmp_path)[name].shape == one.shape
    save_result(tmp_path, {"text": "nothing else"})
    assert dict(load_result(tmp_path).results) == {"text": "nothing else"}


def test_tensors_are_written_as_the_arrays_behind_them(tmp_path: Path) -> None:
    @dataclass(frozen=True)
    class Mine:
        def give(self, values: Any) -> Any:
            return values.tolist()

    save_result(tmp_path, in_kind(RESULTS["gradient"], Mine()))
    assert_same(load_result(tmp_path)["result"], RESULTS["gradient"])


@pytest.mark.parametrize(
    ("value", "text"),
    [(float("nan"), "nan"), (-np.inf, "-inf"), (np.float32(0.5), 0.5), (np.int64(3), 3), (True, True)],
)
def test_numbers_that_json_lacks(value: object, text: object) -> None:
    assert describe(value, "x", {}) == text


@pytest.mark.parametrize("value", [{"$type": "Prediction"}, {"array": 1, "shape": 2, "dtype": 3}, {1: 2, "1": 3}])
def test_names_that_would_be_read_as_something_else_are_refused(value: dict[Any, Any], tmp_path: Path) -> None:
    with raises(UsageError, "names", asked="mine.inner", path=None):
        save_result(tmp_path, {"mine": {"inner": value}})


def test_what_cannot_be_written_is_refused(tmp_path: Path) -> None:
    @dataclass
    class Odd:
        inner: object

    with pytest.raises(TypeError, match=r"x\.inner is a set"):
        describe(Odd({1}), "x", {})
    with raises(UsageError, "name", asked="schema"):
        save_result(tmp_path, {"schema": 1})
    (tmp_path / "file").write_text("", encoding="utf-8")
    with raises(OutputError, "folder", file="file"):
        save_result(tmp_path / "file", {"a": 1})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save_result(tmp_path / "cat", {"integrated": RESULTS["integrated"], "prediction": RESULTS["prediction"]})
    return tmp_path / "cat"


def test_what_a_newer_version_wrote_is_kept_and_said(folder: Path) -> None:
    def newer(told: dict[str, Any]) -> None:
        told["integrated"]["colour"] = {"$type": "Colour", "hue": [1, 2], "values": told["integrated"]["baseline"]}
        told["integrated"]["path"]["speed"] = "nan"
        told["halo"] = {"$type": "Halo", "size": 3}

    edit(folder, newer)
    found = load_result(folder)
    assert_same(found["integrated"], RESULTS["integrated"])
    assert found["halo"] == {"$type": "Halo", "size": 3}
    assert found.unknown["integrated.path.speed"] == "nan"
    kept: Any = found.unknown["integrated.colour"]
    assert kept["hue"] == (1, 2)
    np.testing.assert_array_equal(kept["values"], RESULTS["integrated"].baseline)  # type: ignore[attr-defined]
    assert all(any(name in note for note in found.notes) for name in ("integrated.colour", "path.speed", "halo"))


def test_a_field_that_an_older_version_did_not_write_has_its_default(folder: Path) -> None:
    edit(folder, lambda told: [told["integrated"].pop(name) for name in ("notes", "convergence", "std", "interior")])
    found = load_result(folder)["integrated"]
    assert isinstance(found, IntegratedGradients)
    assert (found.notes, found.convergence, found.std, found.interior) == ((), (), None, None)


def test_older_layouts_are_read_through_every_step(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two more layouts, made up: the first called the score `points`, the second gave it in thousandths."""

    def rename(told: dict[str, Any]) -> dict[str, Any]:
        told["integrated"]["score"] = told["integrated"].pop("points")
        return told

    def rescale(told: dict[str, Any]) -> dict[str, Any]:
        told["integrated"]["score"] /= 1000
        return told

    def age(told: dict[str, Any]) -> None:
        told["integrated"]["points"] = 1000 * told["integrated"].pop("score")

    edit(folder, age)
    today = results.SCHEMA
    monkeypatch.setattr(io, "MIGRATIONS", {**io.MIGRATIONS, today: rename, today + 1: rescale})
    monkeypatch.setattr(io, "SCHEMA", today + 2)
    found = load_result(folder)
    assert found.schema == today
    assert found["integrated"].score == pytest.approx(RESULTS["integrated"].score)  # type: ignore[attr-defined]


def test_there_is_a_step_for_every_older_layout() -> None:
    assert set(io.MIGRATIONS) == set(range(1, results.SCHEMA))
    assert {one.name for one in FOLDERS.iterdir()} == {f"schema-{number}" for number in range(1, results.SCHEMA + 1)}


def test_verdicts_of_schema_4_get_the_names_of_methods(tmp_path: Path) -> None:
    verdicts = dict.fromkeys(("integrated", "evidence", "occlusion"), RESULTS["verdict"])
    save_result(tmp_path, {"prediction": RESULTS["prediction"], "verdicts": verdicts})
    edit(tmp_path, lambda one: one.update(schema=4))
    found = load_result(tmp_path)
    assert found.schema == 4
    assert list(found["verdicts"]) == ["integrated-gradients", "class-evidence", "occlusion"]


def test_parts_of_results_check_themselves(tmp_path: Path) -> None:
    save_result(tmp_path, {"spec": InputSpec(3, 4), "layers": (Layer("a", "dense", shape=(3,)),)})
    edit(tmp_path, lambda one: one["spec"].update(height=0))
    with raises(DataError, "spec", path=tmp_path / "result.json"):
        load_result(tmp_path)


def test_status_and_prediction_are_what_they_were(folder: Path) -> None:
    found = load_result(folder)
    assert found["integrated"].status is Status.CONVERGED
    assert isinstance(found["prediction"], Prediction)
    assert found["integrated"].convergence_delta == RESULTS["integrated"].convergence_delta  # type: ignore[attr-defined]
