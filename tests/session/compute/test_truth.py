"""The truth about regions: what is said of the parts that decide is what the model predicts of them."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from innerview import allcnn
from innerview.fills import make_fill
from innerview.methods import predict
from innerview.methods.regions import divide
from innerview.results import ImagePart, RegionTruth
from innerview.session.compute.explanation import Look, examine
from innerview.session.images import gather
from innerview.session.query import Query
from innerview.session.session import OpenedModel, Session

MODEL = allcnn.load_pretrained()
QUICK = Query(n_steps=2, alphas=(0.5,), fractions=(1.0,), curve_fractions=(0.0, 1.0), n_random=1, judge=True, regions=5)
"""The truth whole, all else as brief as can be."""


@pytest.fixture(scope="module")
def look() -> Look:
    (item,) = gather(MODEL, ["cat"])
    return examine(Session([OpenedModel("", MODEL)]), item, QUICK)


def truth_of(look: Look) -> RegionTruth:
    assert look.truth is not None
    return look.truth


def test_a_part_is_predicted_as_is_said(look: Look) -> None:
    truth = truth_of(look)
    assert truth.alone is not None
    assert truth.without is not None
    for part, kept in ((truth.alone, True), (truth.without, False)):
        (said,) = predict(MODEL, part.image[None])
        assert said.class_names[said.index] == part.prediction
        assert said.confidence == pytest.approx(part.confidence, abs=1e-5)
        assert (said.index == look.prediction.index) == kept
        shown = np.isin(truth.values.labels, part.regions) == kept
        fill = make_fill(part.fill, look.item.pixels)
        np.testing.assert_array_equal(part.image, fill.paint(look.item.pixels, shown[None])[0])


def test_how_many_sets_do_the_same_is_counted(look: Look) -> None:
    truth = truth_of(look)
    for part, kept in ((truth.alone, True), (truth.without, False)):
        assert part is not None
        outcomes = list(outcomes_of(look, part, kept=kept))
        assert (sum(outcomes), len(outcomes)) == (part.same, part.sets)
        smaller = [
            outcome for size in range(len(part.regions)) for outcome in outcomes_of(look, part, kept=kept, size=size)
        ]
        assert not any(smaller)  # no smaller set does


def outcomes_of(look: Look, part: ImagePart, *, kept: bool, size: int | None = None) -> list[bool]:
    """Whether each set of so many regions keeps the answer alone, or changes it by its absence."""
    labels, fill = truth_of(look).values.labels, make_fill(part.fill, look.item.pixels)
    found: list[bool] = []
    for one in combinations(range(5), len(part.regions) if size is None else size):
        shown = np.isin(labels, one) == kept
        (said,) = predict(MODEL, fill.paint(look.item.pixels, shown[None]))
        found.append((said.index == look.prediction.index) == kept)
    return found


def test_every_map_has_a_verdict_or_the_reason_why_there_is_none(look: Look) -> None:
    assert set(look.verdicts) == {"integrated-gradients", "class-evidence"}
    for name, one in {"integrated-gradients": look.integrated, "class-evidence": look.evidence}.items():
        assert one is not None
        assert one.verdict is not None
        np.testing.assert_array_equal(one.verdict.correlations, look.verdicts[name].correlations)
    assert look.maps[0] is look.integrated
    assert look.gradient.verdict is not None
    assert not look.not_judged
    (item,) = gather(MODEL, ["cat"])
    spared = examine(Session([OpenedModel("", MODEL)]), item, replace(QUICK, judge=False))
    assert spared.truth is None
    assert not spared.verdicts
    assert "Not judged: 94 forward passes" in spared.not_judged
    assert spared.evidence is not None


def test_regions_are_called_by_where_they_lie(look: Look) -> None:
    assert len(set(truth_of(look).names)) == 5


def test_regions_may_follow_the_image() -> None:
    (item,) = gather(MODEL, ["cat"])
    found = examine(Session([OpenedModel("", MODEL)]), item, replace(QUICK, regions="superpixels:3", fills=("mean",)))
    assert found.truth is not None
    values = found.truth.values
    assert values.values.shape == (1, 3)
    assert values.provenance.regions.endswith("merged to 3 by colour)")
    assert len(found.truth.names) == 3
    np.testing.assert_array_equal(values.labels, divide(item.pixels, "superpixels:3", 9).labels)
