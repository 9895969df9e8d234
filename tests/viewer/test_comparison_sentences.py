"""The sentence of a comparison is recomputed from its arrays."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from innerview.results import Comparison
from innerview.viewer.comparison_sentences import advice, advise, doubts, lost_to
from results.saved import comparison


def many() -> Comparison:
    """The same on images enough for a test."""
    found = comparison()
    return replace(found, images=found.images * 4, values=np.tile(found.values, 4))


def against(p: float, difference: float) -> Comparison:
    """With every comparison ending like this one, row less column above the diagonal."""
    found = many()
    signs = np.triu(np.ones((3, 3)), 1) - np.tril(np.ones((3, 3)), -1)
    return replace(found, p=np.where(np.isnan(found.p), np.nan, p), differences=np.tile(difference * signs, (2, 1, 1)))


def test_the_best_is_named_with_its_figures() -> None:
    found = against(0.001, 0.4)
    figures = [float(table[0, 0]) for table in (found.medians, found.lows, found.highs)]
    middle, low, high = (f"{one:.2f}".replace("-", "−") for one in figures)
    assert advice(found) == (
        f"On this model grad-cam agrees best with taking parts away (Spearman {middle}, {low} to {high}, n = 28); "
        "every method beats every control."
    )


def test_whoever_does_not_beat_a_control_is_named() -> None:
    found = against(0.001, 0.4)
    p = found.p.copy()
    p[0, 1, 2] = p[0, 2, 1] = 0.5
    found = replace(found, p=p)
    assert lost_to(found) == {"occlusion over black": "edges"}
    assert advice(found).endswith("; occlusion over black is not shown to beat the control 'edges'.")


def test_equals_are_named_and_a_best_that_beats_no_control_is_not_recommended() -> None:
    found = against(0.5, 0.4)
    assert "no method is shown to beat every control" in advice(found)
    assert "is not told from 'edges'" in advice(found)
    p = found.p.copy()
    p[0, 0, 2] = p[0, 2, 0] = 0.001
    assert "not to be told from occlusion over black" in advice(replace(found, p=p))


def test_the_best_is_not_among_its_own_equals() -> None:
    """What was measured on a few images only may stand above the best."""
    found = against(0.5, 0.4)
    p = found.p.copy()
    p[0, 1, 2] = p[0, 2, 1] = 0.001
    said = advice(replace(found, p=p, best="occlusion over black"))
    assert "not to be told from grad-cam)" in said


def test_few_images_are_called_few() -> None:
    found = comparison()
    few = replace(found, images=found.images[:5], values=found.values[:, :, :5])
    assert found.enough()  # 2 methods against a control on 7 images: 2 × 2 / 2⁷ < 0.05
    assert not few.enough()
    assert "too few" in advice(few)
    assert "“truth” and “truth, black”: measured on too few images for a test." in doubts(few)


def test_metrics_that_cannot_tell_are_named() -> None:
    (told,) = doubts(many())
    assert told.startswith("“truth, black” can't tell grad-cam from every control")
    advised = advise(many())
    assert advised.advice == advice(many())
    assert advised.notes == doubts(many())


def test_without_methods_nothing_is_advised() -> None:
    assert advice(replace(many(), best="")) == "No method was compared: only controls and regions."
