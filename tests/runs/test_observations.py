"""What was seen at a step is read back as it was; sizes are counted exactly."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from innerview.errors import DataError
from innerview.runs import Manifest, RunFolder, observations
from innerview.runs.observations import LEAST, MAGNITUDES, Channels, Probes, Shots, magnitudes
from raising import raises


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    return RunFolder.create(tmp_path / "run", Manifest({}, {}, {}))


def test_sizes_are_counted_by_powers_of_two() -> None:
    counted = magnitudes(np.array([0.5, 0.75, 1.0, -1.999, -2.0, 0.0, np.nan, -np.inf, 1e-30, 1e30]))
    edges = counted.edges
    for counts, wanted in ((counted.positive, {0.5: 2, 1.0: 1}), (counted.negative, {1.0: 1, 2.0: 1})):
        for edge, count in wanted.items():
            assert counts[np.flatnonzero(edges == edge)[0]] == count
    assert (counted.positive[0], counted.positive[-1]) == (1, 1)
    assert (counted.zero, counted.nan, counted.infinite, counted.total) == (1, 1, 1, 10)


@given(arrays(np.float32, st.integers(0, 60), elements=st.floats(width=32)))
def test_every_value_is_counted_once_and_in_its_bin(values: np.ndarray) -> None:
    counted = magnitudes(values)
    assert counted.total == values.size
    inside = np.abs(values[np.isfinite(values) & (np.abs(values) >= 2.0**LEAST) & (np.abs(values) < 2.0**24)])
    expected, _ = np.histogram(inside.astype(np.float64), counted.edges)
    middle = slice(1, MAGNITUDES - 1)
    np.testing.assert_array_equal((counted.negative + counted.positive)[middle], expected[middle])


def test_gradients_are_read_back(run: RunFolder) -> None:
    counted = {"a/b.weight": magnitudes(np.array([1.0, -3.0, 0.0, np.nan])), "c": magnitudes(np.zeros(0))}
    observations.keep_gradients(run, 4, counted)
    read = observations.gradients(run, 4)
    assert read.keys() == counted.keys()
    for name, one in counted.items():
        np.testing.assert_equal(vars(read[name]), vars(one))


def test_layers_are_read_back(run: RunFolder) -> None:
    numbers = [np.array([0.5, value]) for value in range(6)]
    one = Channels(*numbers, np.array([0, 2]), np.array([1, 0]))
    observations.keep_channels(run, 0, {"block/elu": one, "fc": one})
    read = observations.channels(run, 0)
    assert list(read) == ["block/elu", "fc"]
    np.testing.assert_equal(vars(read["block/elu"]), vars(one))


def test_layers_come_in_the_model_s_order(tmp_path: Path) -> None:
    model = {"layers": ["relu10", "relu2", "dense"], "weights": {"z": [1], "a": [1]}}
    run = RunFolder.create(tmp_path / "run", Manifest(model, {}, {}))
    one = Channels(*([np.zeros(1)] * 6), np.zeros(1, np.int64), np.zeros(1, np.int64))
    observations.keep_channels(run, 0, dict.fromkeys(("dense", "relu2", "relu10"), one))
    observations.keep_gradients(run, 0, dict.fromkeys("abz", magnitudes(np.ones(1))))
    assert list(observations.channels(run, 0)) == model["layers"]
    assert list(observations.gradients(run, 0)) == ["z", "a", "b"]


def test_a_channel_that_never_rises_above_zero_is_silent() -> None:
    share = np.array([0.0, 0.25, 0.0])
    nothing = np.zeros(3, np.int64)
    assert Channels(share, share, share, share, share, share, nothing, nothing).dead.tolist() == [0, 2]


def test_layers_of_probes_are_read_back_in_their_order(run: RunFolder) -> None:
    values = np.arange(2 * 3 * 3 * 4, dtype=np.float16).reshape(2, 3, 3, 4)
    some = Shots(values, np.array([[0, 2, 5, 9], [1, 2, 3, 4]]), 10)
    whole = Shots(values[..., :2], np.array([[0, 1], [0, 1]]), 2)
    seen = {"layer 9 (block/elu)": whole, "layer 10": some, **{f"layer {at}": some for at in range(11, 20)}}
    observations.keep_layers(run, 7, seen)
    assert observations.layers(run, 6) == {}
    read = observations.layers(run, 7)
    assert list(read) == list(seen)
    for name, one in seen.items():
        np.testing.assert_equal(vars(read[name]), vars(one))


def test_probes_are_read_back(run: RunFolder) -> None:
    seen = Probes(np.ones((2, 3), np.float32), np.ones((2, 3)) / 3, np.ones((1, 4, 4)), np.array([2]), np.array([0.1]))
    observations.keep_probes(run, 12, seen)
    np.testing.assert_equal(vars(observations.probes(run, 12)), vars(seen))
    assert run.observed("probes") == (12,)


def test_a_recording_without_images_says_so(run: RunFolder) -> None:
    with raises(DataError, "probes", file="run"):
        observations.images(run)


def test_images_are_read_back_with_and_without_classes(run: RunFolder) -> None:
    run.observe("pictures", 0, {"pictures": np.zeros((2, 4, 4, 3))})
    assert observations.images(run)[1] is None
    run.observe("pictures", 0, {"pictures": np.zeros((2, 4, 4, 3)), "labels": np.array([1, 0])})
    assert observations.images(run)[1].tolist() == [1, 0]


def test_what_was_not_seen_can_t_be_read(run: RunFolder) -> None:
    with raises(DataError, "file", found="FileNotFoundError", file="probes-000003.safetensors"):
        observations.probes(run, 3)


def test_rewinding_forgets_what_was_seen_later(run: RunFolder) -> None:
    for step in (0, 4, 8):
        run.observe("probes", step, {"outputs": np.zeros(1)})
    run.rewind(4)
    assert run.observed("probes") == (0, 4)


def test_what_lies_beside_the_weights_is_kept_and_not_counted(run: RunFolder) -> None:
    run.checkpoint(1, {"w": np.ones(3)}, {}, beside={"norm.steps": np.array(7)})
    np.testing.assert_array_equal(run.read(1).weights["norm.steps"], np.array(7), strict=True)
    assert set(run.histograms(1)) == {"w"}


def test_several_lines_are_logged_at_once(run: RunFolder) -> None:
    run.log({"step": 1, "loss": 2.0}, {"step": 2, "loss": 1.0})
    run.log()
    assert run.curve("loss")[0].tolist() == [1, 2]
