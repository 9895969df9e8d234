"""What is carried of a run holds timelines with layers and all answers, and shows them without anything being run."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from innerview.runs import RunFolder, answers
from innerview.runs.observations import layers
from innerview.session.query import Query
from innerview.session.training.models import model_at
from innerview.session.training.reading import open_runs
from innerview.session.training.recordings import recorded_timelines
from innerview.session.training.testing import kept_answers
from innerview.training import train
from training.killing import SMALL, random_data

ROOT = Path(__file__).resolve().parents[2]
STEPS = 4


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A small run, and what is carried of it."""
    sys.path.insert(0, str(ROOT / "benchmarks" / "training"))
    import bundle

    place = tmp_path_factory.mktemp("bundling")
    data = random_data(size=32, classes=3)
    small = replace(SMALL, steps=STEPS, channels=16, checkpoints=(), state_every=100)
    bundle.EVALUATIONS = 2
    bundle.bundle(train(small, data, place / "run"), data, place / "out")
    bundle.extend(RunFolder.open(place / "out" / "allcnn"), data)  # may be done again: nothing changes
    return place / "run", place / "out" / "allcnn"


def test_the_answers_are_the_run_s_own(folders: tuple[Path, Path]) -> None:
    own, carried = (answers.latest(RunFolder.open(folder)) for folder in folders)
    assert own is not None
    assert carried is not None
    np.testing.assert_array_equal(own.predicted, carried.predicted)
    np.testing.assert_allclose(own.probability, carried.probability, atol=2e-3)  # of weights in float16
    tested = kept_answers(open_runs([folders[1]])[0])
    assert tested is not None
    told = json.loads((folders[1] / "figures.json").read_text(encoding="utf-8"))
    assert told["confusion"] == tested.found.confusion.tolist()
    assert told["pictures"] == len(own.predicted)


def test_films_have_layers_at_every_step(folders: tuple[Path, Path]) -> None:
    run = open_runs([folders[1]])[0]
    timelines = recorded_timelines(run, Query())
    assert [timeline.name for timeline in timelines] == ["cat", "moose", "rocket"]
    for timeline in timelines:
        assert [frame.step for frame in timeline.frames] == [0, STEPS]
        shapes = [[values.shape for values in frame.layers.values()] for frame in timeline.frames]
        assert shapes == [[(32, 32, 12), (16, 16, 12), (8, 8, 3)]] * 2
        assert list(timeline.kept) == ["layer 3 (elu3)", "layer 6 (elu6)"]  # of the ninth, every class is there


def test_kept_channels_are_the_model_s(folders: tuple[Path, Path]) -> None:
    run = open_runs([folders[0]])[0]
    (shot,) = [one for name, one in layers(RunFolder.open(folders[1]), STEPS).items() if "elu3" in name]
    image = RunFolder.open(folders[1]).observation("pictures", 0)["pictures"][1]
    values = model_at(run, STEPS).forward(image[None], ["elu3"]).activations["elu3"][0]
    np.testing.assert_allclose(shot.values[1], values[:, :, shot.channels[1]], rtol=2e-2, atol=1e-2)
    assert shot.of == 16
