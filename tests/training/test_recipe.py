"""A configuration survives being written; schedules have the values that their description says."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from innerview.errors import UsageError
from innerview.training import ALLCNN, TUTORIAL2018, Configuration, Optimisation, Stage
from raising import raises


@pytest.mark.parametrize("configuration", [ALLCNN, TUTORIAL2018])
def test_a_configuration_survives_json(configuration: Configuration) -> None:
    assert Configuration.from_dict(json.loads(json.dumps(configuration.to_dict()))) == configuration


def test_settings_that_an_earlier_version_had_not_have_their_defaults() -> None:
    values = TUTORIAL2018.to_dict()
    del values["mean"], values["std"], values["initialisation"]["whitening"]
    assert Configuration.from_dict(values) == TUTORIAL2018


@pytest.mark.parametrize("change", [{"odd": 1}, {"stages": None}, {"optimisation": {"odd": 1}}])
def test_a_configuration_of_another_version_is_refused(change) -> None:
    with raises(UsageError, "configuration"):
        Configuration.from_dict({**ALLCNN.to_dict(), **change})


@given(st.integers(1, 200), st.floats(0, 0.5))
def test_rates_rise_to_one_and_fall_towards_nothing(steps: int, warmup: float) -> None:
    configuration = replace(ALLCNN, steps=steps, optimisation=Optimisation(warmup=warmup))
    rates = np.array([configuration.rate(step) for step in range(steps)])
    assert ((rates > 0) & (rates <= 1)).all()
    top = int(rates.argmax())
    assert (np.diff(rates[: top + 1]) >= 0).all()
    assert (np.diff(rates[top:]) <= 0).all()


def test_known_rates() -> None:
    configuration = replace(ALLCNN, steps=10, optimisation=Optimisation(warmup=0.4))
    rates = [configuration.rate(step) for step in range(10)]
    assert rates[:4] == [0.25, 0.5, 0.75, 1.0]
    np.testing.assert_allclose(rates[4:], np.arange(6, 0, -1) / 7)
    assert {TUTORIAL2018.rate(step) for step in (0, 7, TUTORIAL2018.steps - 1)} == {1.0}


def test_stages_follow_one_another() -> None:
    configuration = replace(ALLCNN, steps=10, stages=(Stage(0.2, 20), Stage(0.5, 24), Stage(1.0, 0)))
    assert [configuration.size(step) for step in range(10)] == [20] * 2 + [24] * 3 + [0] * 5


@pytest.mark.parametrize(
    "change",
    [
        {"steps": 0},
        {"batch_size": 0},
        {"threads": 0},
        {"optimisation": Optimisation(warmup=1.5)},
        {"optimisation": Optimisation(label_smoothing=1.0)},
        {"ema": 1.0},
        {"std": (1.0, 0.0, 1.0)},
        {"stages": ()},
        {"stages": (Stage(0.5, 0),)},
        {"stages": (Stage(0.9, 8), Stage(0.5, 0), Stage(1.0, 0))},
        {"optimisation": Optimisation(temperature=0)},
    ],
)
def test_settings_without_a_meaning_are_refused(change) -> None:
    with pytest.raises(UsageError):
        replace(ALLCNN, **change)


@given(st.integers(1, 64).map(lambda number: 4 * number))
def test_small_images_are_small_beside_the_data_s_own(side: int) -> None:
    found = ALLCNN.fitted(side)
    assert ALLCNN.fitted(32) == ALLCNN
    assert [stage.until for stage in found.stages] == [stage.until for stage in ALLCNN.stages]
    for stage, known in zip(found.stages, ALLCNN.stages, strict=True):
        assert stage.size % 4 == 0
        assert stage.size <= side
        assert (stage.size == 0) == (known.size == 0)
        assert abs(stage.size - known.size * side / 32) <= 2 or side < 8
