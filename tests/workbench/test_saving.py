"""What is written can be read back, array for array and number for number."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from innerview.errors import OutputError
from innerview.methods import integrated_gradients
from innerview.results import SCHEMA
from innerview.targets import Logit
from innerview.workbench.csv_table import csv_table
from innerview.workbench.saving import describe, save_results
from methods.analytic import Analytic


def test_a_result_comes_back(tmp_path: Path) -> None:
    network = Analytic.random(1)
    image = np.random.default_rng(2).uniform(size=network.input.shape)
    result = integrated_gradients(network, image, Logit(1), baseline=np.zeros_like(image), evaluations=5)
    save_results(tmp_path, {"integrated": result, "truth": None})
    text = json.loads((tmp_path / "result.json").read_text())
    arrays = load_file(tmp_path / "arrays.safetensors")
    assert text["schema"] == SCHEMA
    assert text["truth"] is None
    assert text["integrated"]["score"] == result.score
    assert text["integrated"]["status"]["name"] == "fixed"
    assert text["integrated"]["provenance"]["target"] == "logit of 1 class-b"
    assert text["integrated"]["attribution"]["shape"] == [4, 5, 3]
    np.testing.assert_array_equal(arrays[text["integrated"]["attribution"]["array"]], result.attribution)
    np.testing.assert_array_equal(arrays["integrated.profile.scores"], result.profile.scores)


def test_an_array_that_is_not_contiguous_is_written_as_it_reads(tmp_path: Path) -> None:
    array = np.arange(12.0).reshape(3, 4)[:, ::2].T
    save_results(tmp_path, {"a": {"b": [array]}})
    np.testing.assert_array_equal(load_file(tmp_path / "arrays.safetensors")["a.b.0"], array)


@pytest.mark.parametrize(
    ("value", "text"),
    [(float("nan"), "nan"), (-np.inf, "-inf"), (np.float32(0.5), 0.5), (np.int64(3), 3), (True, True)],
)
def test_numbers_that_json_lacks(value: object, text: object) -> None:
    assert describe(value, "x", {}) == text


def test_what_has_no_form_is_refused_by_its_path() -> None:
    @dataclass
    class Odd:
        inner: object

    with pytest.raises(TypeError, match=r"x\.inner is a set"):
        describe(Odd({1}), "x", {})


def test_a_folder_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="can't be written"):
        save_results(tmp_path / "missing", {"a": 1})


def test_names_that_are_no_text_are_written_and_come_back(tmp_path: Path) -> None:
    """Bytes of a file name that are no UTF-8, as Python keeps them."""
    name = "caf\udce9, \u202e, \x00, <b>"
    save_results(tmp_path, {"name": name})
    assert json.loads((tmp_path / "result.json").read_bytes())["name"] == name
    assert csv_table(["name"], [[name]]).decode("utf-8").startswith("name\n")
