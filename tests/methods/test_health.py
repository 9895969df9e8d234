"""Each rule finds its sign, and is quiet on a healthy run."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from innerview.methods.health import RULES, TrainingSignals, TrainingWarning, examine_health
from innerview.methods.units import LayerUnits

STEPS = np.arange(1, 101)
HEALTHY = TrainingSignals(
    steps=STEPS,
    loss=2 / np.sqrt(STEPS),
    accuracy=1 - 0.5 / np.sqrt(STEPS),
    gradient=1 + 1 / STEPS,
    test_steps=np.array([50, 100]),
    test_accuracy=np.array([0.8, 0.88]),
    checkpoints=np.array([0, 20, 50, 80, 90, 100]),
    layers=("layer 1", "layer 2"),
    distance=np.array([[0.9, 0.8], [0.7, 0.6], [0.4, 0.3], [0.1, 0.1], [0.01, 0.01], [0, 0]]),
    broken=np.zeros((6, 2)),
    units=(LayerUnits("layer 1", np.array([0.5, 0.01]), np.array([0.0, 0.94])),),
    n_images=5,
    predicted=np.array([0.3, 0.4, 0.3]),
)


def changed(array: np.ndarray, place: object, value: float) -> np.ndarray:
    result = array.copy()
    result[place] = value
    return result


SICK = {
    "nan or infinite": (replace(HEALTHY, broken=changed(HEALTHY.broken, (slice(3, None), 1), 7)),
                   TrainingWarning("nan or infinite", "layer 2", 80, (7,))),
    "not learning": (replace(HEALTHY, loss=np.full(100, 2.3)), TrainingWarning("not learning", "", 100, (2.3, 2.3))),
    "degrading": (replace(HEALTHY, test_accuracy=np.array([0.9, 0.86])),
                  TrainingWarning("degrading", "", 50, (0.9, 0.86))),
    "overfitting": (replace(HEALTHY, accuracy=np.full(100, 0.99), test_accuracy=np.array([0.6, 0.6])),
                 TrainingWarning("overfitting", "", 100, (0.99, 0.6))),
    "spike": (replace(HEALTHY, gradient=changed(np.ones(100), 59, 50)), TrainingWarning("spike", "", 60, (50, 1))),
    "frozen": (replace(HEALTHY, distance=HEALTHY.distance * [1, 0.05]),
               TrainingWarning("frozen", "layer 2", 100, (0.04,))),
    "stopped": (replace(HEALTHY, distance=changed(HEALTHY.distance, (slice(2, None), 0), 5e-4)),
                TrainingWarning("stopped", "layer 1", 50, (5e-4, 100))),
    "dead": (replace(HEALTHY, units=(LayerUnits("layer 1", np.array([0.5, 0.0]), np.zeros(2)),)),
               TrainingWarning("dead", "layer 1", -1, (1, 2, 5))),
    "saturated": (replace(HEALTHY, units=(LayerUnits("layer 1", np.array([0.5, 0.1]), np.ones(2)),)),
              TrainingWarning("saturated", "layer 1", -1, (2, 2, 5))),
    "diverged": (replace(HEALTHY, broken_at=41, broken_in="the output of conv3"),
               TrainingWarning("diverged", "the output of conv3", 41)),
    "collapsed": (replace(HEALTHY, predicted=np.array([0.1, 0.8, 0.1])),
               TrainingWarning("collapsed", "", -1, (1, 0.8))),
}  # fmt: skip


def test_a_healthy_run_is_left_in_peace() -> None:
    assert examine_health(HEALTHY) == []


@pytest.mark.parametrize("kind", SICK)
def test_a_sign_is_found_with_its_figures(kind: str) -> None:
    signals, expected = SICK[kind]
    (found,) = examine_health(signals)
    assert (found.kind, found.layer, found.step) == (expected.kind, expected.layer, expected.step)
    assert found.values == pytest.approx(expected.values)


def test_every_rule_has_its_case() -> None:
    assert len(SICK) == len(RULES)


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_asks_for_nothing_that_was_not_recorded(rule) -> None:
    assert rule(TrainingSignals()) == []


def test_a_silent_channel_is_not_called_stuck_as_well() -> None:
    relu = LayerUnits("layer 1", np.array([0.5, 0.0]), np.array([0.5, 1.0]))
    assert [one.kind for one in examine_health(replace(HEALTHY, units=(relu,)))] == ["dead"]


def test_channels_are_not_judged_by_an_image_or_two() -> None:
    for kind in ("dead", "saturated"):
        assert examine_health(replace(SICK[kind][0], n_images=2)) == []
        assert [one.kind for one in examine_health(replace(SICK[kind][0], n_images=0))] == [kind]


def test_gradients_may_be_known_at_some_steps_only() -> None:
    gradient = changed(np.full(100, np.nan), slice(None, None, 10), 1)
    assert examine_health(replace(HEALTHY, gradient=gradient)) == []
    (found,) = examine_health(replace(HEALTHY, gradient=changed(gradient, 50, 99)))
    assert (found.kind, found.step, found.values) == ("spike", 51, (99, 1))


def test_weights_that_are_nan_are_not_said_to_stand_still() -> None:
    distance = np.full((6, 2), np.nan)
    assert examine_health(replace(HEALTHY, distance=distance)) == []
