"""What the commands over a data set say of an image is what a session says of it, number by number."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from innerview.data.fitting import preprocess
from innerview.data.reading import load_image
from innerview.methods import segment_sums
from innerview.results import PathPredictions, as_attribution
from innerview.session.compute.attribution import ATTRIBUTION
from innerview.session.compute.computation import Computation
from innerview.session.compute.prediction import PREDICTION
from innerview.session.compute.truth import TRUTH
from innerview.session.progress import NullListener
from innerview.session.query import Query
from innerview.session.session import OpenedModel, Session
from innerview.workbench.compare.entrants import enter
from innerview.workbench.compare.judging import Plan, judge, short_numbers
from innerview.workbench.path import path
from innerview.workbench.survey.survey import survey
from workbench.test_compare import SIDE, SPEC, curved

MODEL = curved()
FILLS = ("blurred", "black")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """An image of class 0, and one of class 1."""
    random = np.random.default_rng(3)
    for number in range(2):
        (tmp_path / "data" / str(number)).mkdir(parents=True)
        pixels = random.integers(0, 256, (SIDE, SIDE, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(tmp_path / "data" / str(number) / "0.png")
    return tmp_path / "data"


def asking(file: Path) -> tuple[Any, Any]:
    """The image as the model sees it, and what asks a session about it."""
    item, session = preprocess(load_image(file), SPEC), Session([OpenedModel("curved", MODEL)])

    def ask(computation: Computation[Any], **said: Any) -> Any:
        return session.result(computation, session.about(item, Query(**said)), NullListener())

    return item.pixels, ask


def test_a_comparison_says_what_the_session_says(data: Path) -> None:
    pixels, ask = asking(data / "0" / "0.png")
    methods = ("integrated-gradients:n_steps=4", "occlusion:window=4,stride=2", "class-evidence")
    plan = Plan(MODEL, enter(MODEL, methods, ("mean", "black")).entrants, FILLS, "3x3", checked=0)
    row = judge(plan, 0, "one", pixels)
    for fill in FILLS:
        truth = ask(TRUTH, regions="3x3", fills=(fill,)).values
        assert row["truth"]["fills"][fill]["values"] == short_numbers(truth.values[0].tolist())
    labels = ask(TRUTH, regions="3x3", fills=FILLS).values.labels
    for entrant in plan.entrants:
        objective = "contrast" if entrant.method.name == "class-evidence" else "log-odds"
        said = {"objective": objective, "method": entrant.text}
        found = as_attribution(
            ask(ATTRIBUTION, **said, **({"baselines": entrant.baselines} if entrant.baselines else {}))
        )
        sums = segment_sums(found.heatmap.astype(np.float64), labels)
        assert row["found"][entrant.name]["sums"] == short_numbers(sums.tolist()), entrant.name
        assert row["found"][entrant.name]["passes"] == found.n_evaluations


def test_a_survey_says_what_the_session_says(data: Path, tmp_path: Path) -> None:
    folder = survey(MODEL, data, regions=(2, 2), fills=FILLS, maps="gradient-input", output=tmp_path / "rows").folder
    for index, row in pd.read_parquet(folder).iterrows():
        _, ask = asking(data / str(index) / "0.png")
        answer = ask(PREDICTION)
        assert (row["predicted_index"], row["probability"]) == (answer.index, np.float32(answer.confidence))
        removed = ask(ATTRIBUTION, method="removed-and-alone:regions=2x2,fills=blurred+black", objective="log-odds")
        sums = segment_sums(removed.heatmap.astype(np.float64), removed.regions)
        np.testing.assert_array_equal(row["effects"], sums.astype(np.float32))
        mapped = as_attribution(ask(ATTRIBUTION, method="gradient-input", objective="log-odds"))
        assert row["map_sum"] == np.float32(mapped.heatmap.sum())


def test_the_path_says_what_the_session_says(data: Path, tmp_path: Path) -> None:
    found: PathPredictions = path(data, count=2, model=MODEL, alphas=(1.0,), output=tmp_path / "path").statistics
    answers = [asking(data / str(number) / "0.png")[1](PREDICTION).index for number in range(2)]
    np.testing.assert_array_equal(found.fractions[0], np.bincount(answers, minlength=4) / 2)
    assert found.accuracy[0] == np.mean([answer == number for number, answer in enumerate(answers)])
