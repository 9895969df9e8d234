"""Answers on test images are read back as they were given, and damaged ones are refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from innerview.errors import DataError
from innerview.runs import Manifest, RunFolder, answers
from innerview.runs.answers import Answers


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    return RunFolder.create(tmp_path / "run", Manifest({}, {}, {}))


FOUND = Answers(np.array([3, 1, 999, 0]), np.array([0.5, 0.9, 0.7, 1.0], np.float32), np.array([3, 2, 0, 1]), 40)


def test_they_are_read_back(run: RunFolder) -> None:
    assert answers.latest(run) is None
    answers.keep(run, FOUND)
    read = answers.latest(run)
    assert read is not None
    np.testing.assert_equal(vars(read), vars(FOUND))
    assert read.predicted.dtype == read.label.dtype == np.int64
    assert read.accuracy == 0.25


def test_older_names_of_the_arrays_are_read(run: RunFolder) -> None:
    arrays = {"said": FOUND.predicted, "probability": FOUND.probability, "truth": FOUND.label}
    run.observe(answers.SERIES, FOUND.step, arrays)
    np.testing.assert_equal(vars(answers.latest(run)), vars(FOUND))


def test_the_surest_mistake_comes_first() -> None:
    assert FOUND.surest_mistakes.tolist() == [3, 1, 2]


def test_the_latest_are_read_and_a_resumed_run_forgets_later_ones(run: RunFolder) -> None:
    for step in (9, 10):
        answers.keep(run, Answers(FOUND.predicted, FOUND.probability, FOUND.label, step))
    assert getattr(answers.latest(run), "step", None) == 10
    run.rewind(9)
    assert getattr(answers.latest(run), "step", None) == 9


@pytest.mark.parametrize(
    "wrong",
    [
        {"predicted": np.zeros(2, np.uint16)},
        {"predicted": np.zeros(3, np.uint16), "label": np.zeros(3, np.uint16), "probability": np.zeros(2, np.float32)},
        {name: np.zeros(0, np.uint16) for name in ("predicted", "label", "probability")},
    ],
)
def test_what_does_not_belong_together_is_refused(run: RunFolder, wrong: dict[str, np.ndarray]) -> None:
    run.observe(answers.SERIES, 4, wrong)
    with pytest.raises(DataError, match="predictions-000004"):
        answers.latest(run)
