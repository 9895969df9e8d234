"""Every sentence about a training states the numbers that it is about."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from innerview.methods.health import TrainingWarning
from innerview.methods.mistakes import mistakes
from innerview.pictures.timeline import Frame, Timeline
from innerview.results import Prediction
from innerview.runs.status import RunStatus
from innerview.viewer import run_sentences
from innerview.viewer.run_sentences import WORDS, Course, warning

NAMES = ("ant", "bee", "cow")
COURSE = Course("run", 300, 300, 1.5, 12.0, 0.5, 0.9, (0.8, 1000), 0.85, 0.86, 10_000)

SAID = {
    "diverged": (
        TrainingWarning("diverged", "the output of conv3", 41),
        "The loss or a gradient was NaN or infinite in step 41. It began in the output of conv3, and",
    ),
    "nan or infinite": (
        TrainingWarning("nan or infinite", "layer 2 (conv2)", 80, (7,)),
        "7 weights of layer 2 (conv2) are NaN or infinite at step 80",
    ),
    "not learning": (TrainingWarning("not learning", "", 100, (2.3, 2.31)), "2.30 at the beginning, 2.31 at step 100"),
    "degrading": (TrainingWarning("degrading", "", 50, (0.9, 0.8)), "best at step 50 (90 %) and is 80 % now"),
    "overfitting": (
        TrainingWarning("overfitting", "", 100, (0.99, 0.6)),
        "99 % on training images and 60 % on test images",
    ),
    "spike": (
        TrainingWarning("spike", "", 1200, (60, 1.5)),
        "reached 60.0 at step 1,200, 40.0 times its median (1.50)",
    ),
    "frozen": (
        TrainingWarning("frozen", "layer 1", 3666, (0.016,)),
        "Layer 1 is frozen: after 3,666 steps its weights are 1.6 %",
    ),
    "stopped": (
        TrainingWarning("stopped", "layer 5", 2000, (0.0005, 4000)),
        "Layer 5 stopped changing at step 2,000: up to step 4,000",
    ),
    "dead": (TrainingWarning("dead", "layer 4", -1, (3, 128, 5)), "3 of 128 channels in layer 4 are dead on 5 images"),
    "saturated": (
        TrainingWarning("saturated", "layer 4", -1, (1, 128, 0)),
        "1 of 128 channels in layer 4 is saturated on the recorder's images, where the activation is flat",
    ),
    "collapsed": (TrainingWarning("collapsed", "", -1, (1, 0.8)), "80 % of the test images are predicted as 1 bee"),
}


@pytest.mark.parametrize("kind", WORDS)
def test_a_warning_carries_its_figures(kind: str) -> None:
    found, expected = SAID[kind]
    said = warning(found, NAMES)
    assert expected in said.text
    assert said.section == WORDS[kind][0]
    assert warning(found, NAMES, "second").text == f"second: {said.text}"


def test_the_course_of_a_run_finished_and_not() -> None:
    assert run_sentences.course(COURSE) == (
        "run: step 300 (1.5 epochs, 12 minutes of training). The loss is 0.500 and the training "
        "accuracy is 90 %. On all 10,000 test images the last weights' accuracy is 85 %, of their running mean 86 %."
    )
    young = replace(COURSE, step=100, final=None, average=None, minutes=0.3)
    text = run_sentences.course(young)
    assert text.startswith("run: step 100 of 300, still being trained, or killed (1.5 epochs).")
    assert text.endswith("At the latest test the accuracy was 80 % on 1,000 images.")
    empty = Course("run", 5, 0, None, None, None, None, None, None, None, 0)
    assert run_sentences.course(empty) == "run: step 5."


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("interrupted", "stopped by Ctrl-C; --resume goes on"),
        ("diverged", "because it diverged: its loss or a gradient was NaN or infinite"),
    ],
)
def test_a_run_that_stopped_is_not_called_under_way(how: Any, said: str) -> None:
    text = run_sentences.course(replace(COURSE, step=100, ending=RunStatus(how, 100)))
    assert text.startswith("run: step 100 of 300, stopped")
    assert said in text


def test_layers_that_widen_narrow_and_move() -> None:
    std = np.array([[0.1, 0.2], [0.3, 0.1]])
    assert run_sentences.spread(("layer 1", "layer 2"), std) == (
        "Layer 1 widened most: standard deviation 0.100 to 0.300; layer 2 narrowed: 0.200 to 0.100."
    )
    assert "only one checkpoint" in run_sentences.spread(("layer 1",), std[:1, :1])
    moved = np.array([[np.nan, np.nan], [0.01, 0.002], [0.001, 0.004]])
    text = run_sentences.movement(("layer 1", "layer 2"), np.array([0, 10, 20]), moved)
    assert text == "Up to step 10, layer 1 moves most (1.00 % of its size per step); at the end, layer 2 (0.400 %)."
    assert "only one checkpoint" in run_sentences.movement(("layer 1",), np.array([0]), moved[:1])


def test_channels_at_the_last_checkpoint() -> None:
    silent, stuck = np.array([[9, 9], [1, 3]]), np.array([[0, 0], [0, 1]])
    text = run_sentences.channels(("layer 1", "layer 2"), silent, stuck, np.array([8, 8]), "5 images")
    assert (
        text == "At the last checkpoint 4 of 16 channels are dead on 5 images, most of them in layer 2; 1 is saturated."
    )


def test_a_film_is_told_by_its_answers() -> None:
    def frame(step: int, index: int) -> Frame:
        prediction = Prediction(np.eye(3)[index], np.eye(3)[index], NAMES)
        return Frame(step, prediction, None, {})  # pyright: ignore[reportArgumentType]

    from typecheck import unchecked

    with unchecked():
        shown = Timeline(
            "cat", np.zeros((2, 2, 3)), 1, 1, tuple(frame(*one) for one in ((0, 0), (10, 1), (20, 1), (30, 2)))
        )
        text = run_sentences.timeline(shown)
    assert text == "Cat (label 1 bee): 0 ant from step 0 on, 1 bee from step 10 on, 2 cow from step 30 on."


def test_answers_on_test_images() -> None:
    answers = [Prediction(np.eye(3)[index], np.eye(3)[index], NAMES) for index in (0, 1, 1, 2)]
    text = run_sentences.tested(mistakes(answers, [0, 0, 1, 2]))
    assert text.startswith("On 4 test images, the accuracy of the last weights is 75 % (95 % interval 30.1 % to")
    assert "0 ant is hardest (50 %)" in text
    assert text.endswith("and 0 ant is most often predicted as 1 bee (1 of 2).")


def test_a_loss_that_rose_is_not_called_one_that_hardly_fell() -> None:
    def said(first: float, last: float) -> str:
        return run_sentences.warning(TrainingWarning("not learning", "", 30, (first, last))).text

    assert said(2.3, 2.29).startswith("The loss has hardly fallen: 2.30 at the beginning, 2.29")
    assert said(2.3, 1.27e18).startswith("The loss has risen: 2.30 at the beginning, 1.27e18")


def test_two_checkpoints_are_told_by_their_distance() -> None:
    text = run_sentences.moved_in_all(("layer 1", "layer 2"), np.array([0, 400]), np.array([[1.35, 0.47], [0, 0]]))
    assert text.startswith(
        "There are two checkpoints, of steps 0 and 400: from one to the other layer 1 moved most (by 135"
    )
    assert "layer 2 least (47" in text
    nothing = run_sentences.moved_in_all(("layer 1",), np.array([0, 9]), np.array([[np.nan], [np.nan]]))
    assert nothing.endswith("how far their weights are apart is not known.")
