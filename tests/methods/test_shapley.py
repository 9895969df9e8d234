"""Shapley values of regions: on models whose answers are known in closed form."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from innerview import fills
from innerview.adapters import FunctionModel
from innerview.allcnn import load_pretrained
from innerview.errors import ImageError, ModelError, UsageError
from innerview.methods import segment_sums, shapley
from innerview.model import InputSpec, OutputSpec
from innerview.results import as_attribution
from innerview.spec import OutputKind
from innerview.targets import Logit
from methods.analytic import Analytic
from raising import raises
from typecheck import unchecked

ADDITIVE = Analytic.random(3)
IMAGE = np.random.default_rng(4).uniform(size=ADDITIVE.input.shape)
ONES = np.ones((2, 2, 1))


def model(score: Any, classes: tuple[str, ...] = ("no", "yes"), kind: OutputKind = "logits") -> FunctionModel:
    """A model of four pixels; `score` takes them flat, batch × 4, and gives the second logit; the first is 0."""

    def run(images: np.ndarray) -> np.ndarray:
        values = score(images.reshape(len(images), 4))
        return np.column_stack([np.zeros(len(images)), values]) if len(classes) == 2 else values[:, None]

    return FunctionModel(run, InputSpec(2, 2, 1), OutputSpec(classes, kind=kind), np.float64)


def test_of_a_sum_over_pixels_each_region_has_its_own_part() -> None:
    found = shapley(ADDITIVE, IMAGE, Logit(1), regions=(2, 3), fills=("black", "mean"))
    for row, fill in enumerate(("black", "mean")):
        filled = fills.make_fill(fill, IMAGE).paint(IMAGE, np.zeros((1, 4, 5), bool))[0]
        exact = (ADDITIVE.exact(IMAGE, 1) - ADDITIVE.exact(filled, 1)).sum(axis=2)
        np.testing.assert_allclose(found.values[row], segment_sums(exact, found.labels))
        np.testing.assert_allclose(found.banzhaf[row], found.values[row])
        np.testing.assert_allclose(found.interactions[row], 0, atol=1e-9)
    assert (found.unit, found.target, found.n_evaluations) == ("logit", 1, 2 * 63 + 1)
    np.testing.assert_allclose(found.values.sum(axis=1), found.scores[:, -1] - found.scores[:, 0])
    np.testing.assert_allclose(found.heatmap.sum(), found.values.mean(axis=0).sum())


def test_two_pixels_that_count_together_only() -> None:
    found = shapley(model(lambda x: 4 * x[:, 0] * x[:, 3] - 2), ONES, Logit(1), regions=(2, 2), fills=("black",))
    np.testing.assert_allclose(found.values, [[2, 0, 0, 2]])
    np.testing.assert_allclose(found.interactions[0][0, 3], 4)
    assert found.sufficient == (((0, 3),),)
    assert found.decisive == (((0,), (3,)),)
    assert found.answer == "1 yes"
    assert "Under black regions 0 and 3 alone are called yes; without region 0 the image is not." in found.notes


def test_any_two_of_four_alike() -> None:
    found = shapley(model(lambda x: x.sum(axis=1) - 1.5), ONES, Logit(1), regions=(2, 2), fills=("black",))
    np.testing.assert_allclose(found.values, 1)
    assert [len(found.sufficient[0]), len(found.decisive[0])] == [6, 4]
    assert {len(one) for one in found.sufficient[0]} == {2}
    assert {len(one) for one in found.decisive[0]} == {3}


def test_coalitions_are_what_their_bits_say() -> None:
    weights = np.array([1.0, 10, 100, 1000])
    found = shapley(model(lambda x: x @ weights), ONES, Logit(1), regions=(2, 2), fills=("black",))
    for number, score in enumerate(found.scores[0]):
        assert score == sum(weights[bit] for bit in range(4) if number >> bit & 1)
    np.testing.assert_array_equal(found.answers, [[0] + [1] * 15])  # of equal logits the first wins
    assert found.confidences[0, 0] == 0.5


def test_where_fills_disagree_it_is_said_and_shown() -> None:
    image = np.full((2, 2, 1), 0.5)
    found = shapley(
        model(lambda x: x @ np.array([1.0, 1, 1, 2])), image, Logit(1), regions=(2, 2), fills=("black", "white")
    )
    np.testing.assert_allclose(found.values, [[0.5, 0.5, 0.5, 1], [-0.5, -0.5, -0.5, -1]])
    assert any("disagree about the sign of regions 0, 1, 2 and 3" in note for note in found.notes)
    drawn = as_attribution(found)
    np.testing.assert_allclose(drawn.heatmap, 0)
    assert drawn.pixel_error is not None
    np.testing.assert_allclose(drawn.pixel_error, [[0.5, 0.5], [0.5, 1]])


@pytest.mark.parametrize(("weight", "unsure"), [(0.04, ()), (0.06, (3,))])
def test_a_small_value_of_another_sign_is_no_disagreement(weight: float, unsure: tuple[int, ...]) -> None:
    image = np.array([1.0, 1, 1, 0.5]).reshape(2, 2, 1)
    bright = np.array([0.0, 0, 0, 1]).reshape(2, 2, 1)
    fill = fills.make_fill(bright, image)
    found = shapley(model(lambda x: x @ [1, 1, 1, 2 * weight]), image, Logit(1), regions=(2, 2), fills=("black", fill))
    np.testing.assert_allclose(found.values, [[1, 1, 1, weight], [1, 1, 1, -weight]])
    assert found.unsure_regions == unsure
    assert ("The fills agree which regions speak for and which against." in found.notes) == (not unsure)


def test_what_cannot_be_judged_is_said() -> None:
    blind = shapley(model(lambda x: 1 + 0 * x[:, 0]), ONES, Logit(1), regions=(2, 2), fills=("black", "mean"))
    assert "Cannot be judged under black and mean" in blind.notes[0]
    np.testing.assert_array_equal(blind.values, 0)
    assert blind.sufficient == (((),), ((),))
    assert blind.decisive == ((), ())
    assert "Under black the fill alone is called yes." in blind.notes
    assert not any("has the most" in note for note in blind.notes)
    one_colour = shapley(model(lambda x: x.sum(axis=1)), ONES, Logit(1), regions=(2, 2), fills=("black", "mean"))
    assert "Cannot be judged under mean:" in one_colour.notes[0]


def test_a_score_without_an_answer_has_values_and_no_sets() -> None:
    found = shapley(model(lambda x: x[:, 0], ("heat",), "scores"), ONES, Logit(0), regions=(2, 2), fills=("black",))
    np.testing.assert_allclose(found.values, [[1, 0, 0, 0]], atol=1e-12)
    assert (found.sufficient, found.decisive, found.answer) == (((),), ((),), "")
    yes = shapley(model(lambda x: x[:, 0] - 0.5, ("dog",), "sigmoid"), ONES, Logit(0), regions=(2, 2), fills=("black",))
    assert (yes.sufficient, yes.answer) == ((((0,),),), "0 dog")
    assert yes.confidences[0, 0] == pytest.approx(1 / (1 + np.exp(-0.5)))  # of "not dog"


def test_passes_are_told_and_an_exception_stops_them() -> None:
    calls = list[tuple[int, int]]()
    shapley(ADDITIVE, IMAGE, Logit(0), regions=3, fills=("black",), progress=lambda *told: calls.append(told))
    assert calls == [(4, 8), (7, 8), (8, 8)]

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        shapley(ADDITIVE, IMAGE, Logit(0), progress=stop)


def test_a_budget_is_kept_before_anything_is_asked() -> None:
    model = Analytic.random(3)
    with raises(UsageError, "max_evaluations", asked=3069, found=3070):
        shapley(model, IMAGE, Logit(0), max_evaluations=3069)
    assert not model.seen
    assert shapley(model, IMAGE, Logit(0), regions=2, max_evaluations=10).n_evaluations == 10


def test_a_masked_image_that_gives_no_number_is_named() -> None:
    broken = model(lambda x: np.where((x[:, 1] == 0) & (x[:, 2] == 0), np.nan, 1))
    with raises(ModelError, "outputs", found="not finite"):
        shapley(broken, ONES, Logit(1), regions=(2, 2), fills=("white", "black"))


@pytest.mark.parametrize(
    ("asked", "match"),
    [
        ({"regions": 1}, "regions"),
        ({"regions": 13}, "regions"),
        ({"regions": (5, 1)}, "grid"),
        ({"fills": ()}, "fills"),
        ({"fills": ("purple",)}, "fill"),
    ],
)
def test_what_is_refused(asked: dict[str, Any], match: str) -> None:
    with raises(UsageError, match):
        shapley(ADDITIVE, IMAGE, Logit(0), **asked)


def test_a_fill_or_a_mask_of_another_size_is_refused() -> None:
    with unchecked(), pytest.raises(ImageError):
        shapley(ADDITIVE, IMAGE, Logit(0), fills=[np.zeros((2, 2, 3))])
    with unchecked(), raises(ImageError, "regions", asked=(4, 5), found=(2, 2)):
        shapley(ADDITIVE, IMAGE, Logit(0), regions=np.zeros((2, 2), int))
    with unchecked(), raises(ImageError, "fill", found=60):
        shapley(ADDITIVE, IMAGE, Logit(0), fills=[np.full(IMAGE.shape, np.nan)])


def test_an_image_is_a_fill_and_the_image_is_left_as_it_is() -> None:
    before, other = IMAGE.copy(), np.random.default_rng(9).uniform(size=IMAGE.shape)
    found = shapley(ADDITIVE, IMAGE, Logit(0), regions=4, fills=[other])
    np.testing.assert_array_equal(IMAGE, before)
    assert found.scores[0, 0] == pytest.approx(ADDITIVE.exact(other, 0).sum())
    assert any("under another is not known" in note for note in found.notes)


def test_on_the_built_in_model_as_image_by_image() -> None:
    """What is shared between coalitions changes no value."""
    model = load_pretrained()
    plain = FunctionModel(lambda images: model.forward(images).outputs, model.input, model.output)
    image = np.random.default_rng(2).uniform(size=(32, 32, 3)).astype(np.float32)
    found, exact = (shapley(one, image, Logit(3), regions=5, fills=("blurred", "black")) for one in (model, plain))
    np.testing.assert_allclose(found.scores, exact.scores, rtol=0, atol=1e-5 * np.abs(exact.scores).max())
    np.testing.assert_allclose(found.values, exact.values, rtol=0, atol=1e-5 * np.abs(exact.values).max())
    np.testing.assert_array_equal(found.answers, exact.answers)
    assert found.n_evaluations == exact.n_evaluations
