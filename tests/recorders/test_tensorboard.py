"""Histograms of event files come onto shared bins: totals are kept, shapes are near, and that is said."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from innerview.errors import DataError, MissingExtra
from innerview.recorders.tensorboard import Buckets, read_histograms, rebin
from raising import raises

KINDS = ("pytorch", "tensorflow")
Reading = tuple[dict[str, np.ndarray], dict[str, object]]


@pytest.fixture(scope="module")
def reading(tmp_path_factory: pytest.TempPathFactory) -> Reading:
    folder = tmp_path_factory.mktemp("events")
    program = Path(__file__).with_name("tensorboard_reading.py")
    answer = subprocess.run([sys.executable, str(program), str(folder)], capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr[-3000:]
    with np.load(folder / "found.npz") as arrays:
        found = {name: arrays[name] for name in arrays.files}
    return found, json.loads((folder / "said.json").read_text(encoding="utf-8"))


@pytest.mark.tensorflow
@pytest.mark.parametrize("kind", KINDS)
def test_every_step_and_every_layer_is_read(reading: Reading, kind: str) -> None:
    words = reading[1][kind]
    assert words["layers"] == ["a", "b/kernel"]
    assert words["steps"] == list(range(15)), "none is thinned out"
    assert words["checkpoints"][3] == "step 3"
    assert "approximate" in words["note"]


@pytest.mark.tensorflow
@pytest.mark.parametrize("kind", KINDS)
def test_totals_are_kept_and_shapes_are_near(reading: Reading, kind: str) -> None:
    found = reading[0]
    edges, counts = found[f"{kind}/edges"], found[f"{kind}/counts"]
    np.testing.assert_allclose(edges[:, 64], 0, atol=1e-12)
    for step in range(15):
        for place, name in enumerate(("a", "b/kernel")):
            values = found[f"values/{step}/{name}"]
            exact = np.histogram(values, edges[place])[0]
            mine = counts[step, place]
            assert mine.sum() == values.size
            # no more than the values of one bucket can be on the wrong side of an edge
            buckets = np.histogram(values, 30)[0].max()
            assert np.abs(np.cumsum(mine) - np.cumsum(exact)).max() <= buckets
            assert found[f"{kind}/mean"][step, place] == pytest.approx(values.mean(), abs=0.02 * np.ptp(values) + 1e-6)
            assert found[f"{kind}/std"][step, place] == pytest.approx(values.std(), rel=0.03, abs=1e-6)
            assert found[f"{kind}/minimum"][step, place] <= values.min() + 1e-6
            assert found[f"{kind}/maximum"][step, place] >= values.max() - 1e-6
    assert not found[f"{kind}/nan"].any()


@pytest.mark.tensorflow
def test_what_is_wrong_is_said(reading: Reading) -> None:
    words = reading[1]
    assert words["unknown"] == "UnknownLayer: there is no layer 'c'; the layers are a, b/kernel"
    assert "no step at which all of a, b were written" in str(words["apart"])
    assert words["one of them"] == [1]
    assert str(words["no file"]).startswith("DataError")
    assert str(words["odd"]).startswith("UsageError: 9 bins")
    (first, second) = words["one width"]
    assert first == second


@given(st.integers(0, 2**32 - 1))
def test_bins_that_are_the_buckets_change_nothing(seed: int) -> None:
    random = np.random.default_rng(seed)
    edges = np.sort(random.normal(size=12))
    counts = random.integers(0, 50, 11).astype(np.float64)
    np.testing.assert_array_equal(rebin(Buckets(edges[:-1], edges[1:], counts, 0.0, 0.0), edges), counts)


def test_a_bucket_is_shared_out_evenly() -> None:
    one = Buckets(np.array([-1.0]), np.array([1.0]), np.array([8.0]), 0.0, 0.0)
    np.testing.assert_array_equal(rebin(one, np.linspace(-2, 2, 9)), [0, 0, 2, 2, 2, 2, 0, 0])


def test_a_bucket_without_width_is_one_value() -> None:
    one = Buckets(np.array([0.0, 0.5]), np.array([0.0, 0.5]), np.array([3.0, 5.0]), 0.0, 0.0)
    np.testing.assert_array_equal(rebin(one, np.array([-1.0, 0.0, 0.5, 1.0])), [0, 3, 5])
    np.testing.assert_array_equal(rebin(one, np.array([-0.5, 0.0, 0.5])), [0, 8])


def test_a_place_without_events_says_so(tmp_path: Path) -> None:
    with raises(DataError, "event file"):
        read_histograms(tmp_path)
    with raises(DataError, "event file", file="nowhere"):
        read_histograms(tmp_path / "nowhere")


def test_without_the_library_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "events.out.tfevents.0").touch()
    for name in {"tensorboard", *(one for one in sys.modules if one.startswith("tensorboard."))}:
        monkeypatch.setitem(sys.modules, name, None)
    with raises(MissingExtra, "extra", extra="tensorboard"):
        read_histograms(tmp_path)


def test_sums_beyond_all_numbers_are_worked_out_of_the_buckets(tmp_path: Path) -> None:
    """A damaged sum of 1e300 has no square."""
    from tensorboard.compat.proto import event_pb2, summary_pb2
    from tensorboard.summary.writer.event_file_writer import EventFileWriter

    writer = EventFileWriter(str(tmp_path))
    histogram = summary_pb2.HistogramProto(
        min=-1, max=1, num=2, sum=1e300, sum_squares=2, bucket_limit=[0, 1], bucket=[1, 1]
    )
    summary = summary_pb2.Summary(value=[summary_pb2.Summary.Value(tag="w", histo=histogram)])
    writer.add_event(event_pb2.Event(summary=summary, step=0))
    writer.close()
    assert read_histograms(tmp_path, bins=2).histograms.mean.tolist() == [[0.0]]
