"""Arrays as a Zarr group beside the other files: the same numbers under the same names, whole or not at all."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import zarr
from safetensors.numpy import load_file

from innerview.errors import MissingExtra
from innerview.results.io import load_result, save_result
from raising import raises
from results.saved import results


def test_every_result_has_its_arrays_there(tmp_path: Path) -> None:
    save_result(tmp_path, results(), zarr=True)
    group = zarr.open_group(tmp_path / "arrays.zarr", mode="r")
    told = json.loads((tmp_path / "result.json").read_text(encoding="utf-8"))
    assert group.attrs["digest"] == told["digest"]
    stored = load_file(tmp_path / "arrays.safetensors")
    assert len(stored) > 50
    assert set(group) == set(stored)
    for key, value in stored.items():
        np.testing.assert_array_equal(group[key][...], value)
        assert group[key].dtype == value.dtype
    assert set(load_result(tmp_path).results) == set(told) - {"schema", "digest"}


def test_names_of_layers_with_slashes_are_no_groups(tmp_path: Path) -> None:
    save_result(tmp_path, {"layers": {"block": np.ones(2), "block/conv": np.zeros((2, 3), np.float32)}}, zarr=True)
    group = zarr.open_group(tmp_path / "arrays.zarr", mode="r")
    assert set(group) == {"layers.block", "layers.block%2Fconv"}


def test_a_second_writing_replaces_the_first_whole(tmp_path: Path) -> None:
    save_result(tmp_path, {"first": np.ones(3)}, zarr=True)
    save_result(tmp_path, {"second": np.zeros(2)}, zarr=True)
    assert set(zarr.open_group(tmp_path / "arrays.zarr", mode="r")) == {"second"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["arrays.safetensors", "arrays.zarr", "result.json"]


def test_without_the_package_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "zarr", None)
    with raises(MissingExtra, "extra", extra="zarr"):
        save_result(tmp_path / "made", {"one": np.ones(3)}, zarr=True)
    assert not (tmp_path / "made").exists()
