"""Asking about regions: effects on models whose answers are known, p-values that are uniform, sentences that hold."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import innerview
from innerview.adapters import FunctionModel
from innerview.errors import ImageError, ModelError, UsageError
from innerview.fills import make_fill
from innerview.methods import ask
from innerview.methods.ask import correct_for, region_effects
from innerview.methods.paired import holm
from innerview.methods.placebos import Box, place_elsewhere, rank_p
from innerview.model import InputSpec, OutputSpec
from innerview.results import RegionEffects
from innerview.spec import OutputKind
from innerview.targets import Logit
from innerview.types import Array
from raising import raises
from typecheck import unchecked

SIDE = 8
WEIGHTS = np.random.default_rng(0).normal(size=(SIDE, SIDE, 1))
IMAGE = np.random.default_rng(1).uniform(0.2, 1, size=(SIDE, SIDE, 1))
FILLS = ("black", "mean", "gray")


def model(score: Any, kind: OutputKind = "logits", classes: int = 2) -> FunctionModel:
    """A model of 8 × 8 pixels whose second logit is `score`; the first is 0."""

    def run(images: Array) -> Array:
        values = score(images)
        return np.column_stack([np.zeros(len(images)), values]) if classes == 2 else values[:, None]

    names = ("no", "yes")[2 - classes :]
    return FunctionModel(run, InputSpec(SIDE, SIDE, 1), OutputSpec(names, kind=kind), np.float64)


SUM = model(lambda images: (images * WEIGHTS).sum(axis=(1, 2, 3)))


def contributions(fill: str) -> Array:
    """What each pixel of the sum gives beside its fill."""
    filled = make_fill(fill, IMAGE).paint(IMAGE, np.zeros((1, SIDE, SIDE), bool))[0]
    return ((IMAGE - filled) * WEIGHTS)[..., 0]


def test_of_a_sum_each_region_has_its_own_part_removed_and_alone() -> None:
    mask = np.zeros((SIDE, SIDE), bool)
    mask[[1, 5], [2, 6]] = True
    found = ask(SUM, IMAGE, [(2, 1, 3, 4), mask], 1, objective="logit", fills=FILLS)
    for number, inside in enumerate((np.s_[1:5, 2:5], mask)):
        exact = [contributions(fill)[inside].sum() for fill in FILLS]
        np.testing.assert_allclose(found.removed[number], exact)
        np.testing.assert_allclose(found.alone[number], exact)
    assert found.names == ("2,1,3,4", "mask 2")
    assert (found.unit, found.target, found.tries) == ("logit", 1, 4)
    assert found.n_placebos.tolist() == [5 * 6 - 1, 4 * 4 - 1]
    assert found.n_evaluations == 1 + 3 * (2 * 30 + 1) + 3 * (2 * 16 + 1)


def test_placebos_are_the_same_shape_at_every_other_position() -> None:
    found = ask(SUM, IMAGE, (2, 1, 3, 4), 1, objective="logit", fills=("black",))
    assert {tuple(one) for one in found.positions[0].tolist()} == {
        (top, left) for top in range(5) for left in range(6) if (top, left) != (1, 2)
    }
    for (top, left), effect in zip(found.positions[0], found.removed_elsewhere[0, 0], strict=True):
        np.testing.assert_allclose(effect, contributions("black")[top : top + 4, left : left + 3].sum())
    as_large = np.abs(found.removed_elsewhere[0, 0]) >= abs(found.removed[0, 0]) - 1e-9
    assert found.removed_p[0] == (1 + as_large.sum()) / 30


@pytest.mark.parametrize("what", ["removed_p", "alone_p"])
def test_over_all_positions_every_p_value_comes_once(what: str) -> None:
    """Uniform, exactly: whoever points anywhere has each rank as often as any other."""
    every = [
        getattr(ask(SUM, IMAGE, (left, top, 3, 4), 1, objective="logit", fills=("black", "mean")), what)[0]
        for top in range(5)
        for left in range(6)
    ]
    np.testing.assert_allclose(sorted(every), np.arange(1, 31) / 30)


def test_p_values_of_regions_drawn_at_random_are_uniform() -> None:
    """With some positions only, on a model that is no sum: the distance of Kolmogorov, at a level of 1 in 1,000."""
    bent = model(lambda images: np.tanh((images * WEIGHTS).sum(axis=(2, 3))).sum(axis=1) ** 2)
    random, values, count, others = np.random.default_rng(7), [], 400, 19
    for seed in range(count):
        image = random.uniform(size=IMAGE.shape)
        width, height = random.integers(2, 5, 2)
        box = (int(random.integers(0, 9 - width)), int(random.integers(0, 9 - height)), int(width), int(height))
        values.append(ask(bent, image, box, 1, fills=("black",), n_placebos=others, seed=seed).removed_p[0])
    steps = np.arange(1, others + 2) / (others + 1)
    distance = np.abs((np.array(values)[:, None] <= steps + 1e-9).mean(axis=0) - steps).max()
    assert distance < 1.95 / np.sqrt(count)


def test_a_region_that_alone_decides_stands_out() -> None:
    """Only four pixels count, so no other position of these four does as much."""
    only = model(lambda images: 10 * images[:, 2:4, 4:6].sum(axis=(1, 2, 3)) - 5)
    found = ask(only, IMAGE, (4, 2, 2, 2), fills=FILLS)
    assert found.removed_p[0] == 1 / 49
    assert found.removed_adjusted[0] == 2 / 49
    assert found.removed_answers[0].tolist()[0] == 0
    assert "0 no is predicted under" in found.sentences[0]
    assert (
        "This is more than what regions of its shape do elsewhere (p = 0.02, 0.041 corrected for 2 tries; 48 of them)"
        in (found.sentences[0])
    )


def test_tries_before_are_corrected_for() -> None:
    alone = ask(SUM, IMAGE, (2, 1, 3, 4), 1, fills=FILLS)
    after = ask(SUM, IMAGE, (2, 1, 3, 4), 1, fills=FILLS, earlier=[0.9] * 8)
    assert (alone.tries, after.tries) == (2, 10)
    np.testing.assert_array_equal(after.removed_p, alone.removed_p)
    assert after.removed_adjusted[0] >= alone.removed_adjusted[0]
    expected = holm(np.array([alone.removed_p[0], alone.alone_p[0], *[0.9] * 8]))
    np.testing.assert_allclose([after.removed_adjusted[0], after.alone_adjusted[0]], expected[:2])
    with raises(UsageError, "earlier", asked=(1.2,)):
        ask(SUM, IMAGE, (2, 1, 3, 4), 1, earlier=[1.2])


@given(st.lists(st.floats(-5, 5), min_size=2, max_size=30))
def test_a_p_value_is_a_rank(values: list[float]) -> None:
    effects = np.array([values])
    p = rank_p(effects, 0)
    assert p * len(values) == pytest.approx((np.abs(values) >= abs(values[0])).sum())
    assert 1 / len(values) <= p <= 1


@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 40), st.integers(0, 1000))
def test_placebos_are_drawn_once_each(width: int, height: int, most: int, seed: int) -> None:
    mask = np.zeros((7, 9), bool)
    mask[1 : 1 + height, 2 : 2 + width] = True
    placed = place_elsewhere(mask, most, np.random.default_rng(seed))
    places = {tuple(one) for one in placed.positions.tolist()}
    assert len(places) == len(placed.positions) == min(most, (8 - height) * (10 - width) - 1)
    assert (1, 2) not in places
    assert (placed.masks.sum(axis=(1, 2)) == width * height).all()
    assert placed.sampled == (most < (8 - height) * (10 - width) - 1)


def test_what_there_is_so_far_is_what_fewer_placebos_would_say() -> None:
    found, levels = list[RegionEffects](), (0, 3, 7)
    passes = list[int]()
    whole = region_effects(
        SUM,
        IMAGE,
        (2, 1, 3, 4),
        Logit(1),
        fills=FILLS,
        n_placebos=12,
        levels=(*levels, 12, 40),
        level=found.append,
        progress=lambda done, _: passes.append(done),
    )
    assert [int(one.n_placebos[0]) for one in found] == list(levels)
    assert [one.n_evaluations for one in found] == [1 + 3 * (2 * (1 + count) + 1) for count in levels]
    assert passes == sorted(passes)
    assert passes[-1] == whole.n_evaluations
    assert np.isnan(found[0].removed_p[0])
    assert "has not been held against" in found[0].sentences[0]
    for one, count in zip(found, levels, strict=True):
        np.testing.assert_array_equal(one.removed, whole.removed)
        np.testing.assert_array_equal(one.positions[0], whole.positions[0, :count])
        np.testing.assert_array_equal(one.alone_elsewhere[0], whole.alone_elsewhere[0, :, :count])
        assert one.sampled
    alone = ask(SUM, IMAGE, (2, 1, 3, 4), 1, objective="logit", fills=FILLS, n_placebos=12)
    np.testing.assert_array_equal(alone.removed_elsewhere, whole.removed_elsewhere)


def test_tries_made_before_are_corrected_for_afterwards_as_well() -> None:
    plain = ask(SUM, IMAGE, (2, 1, 3, 4), 1, fills=FILLS)
    earlier = [0.01, 0.5, 0.03]
    later, asked = correct_for(plain, earlier), ask(SUM, IMAGE, (2, 1, 3, 4), 1, fills=FILLS, earlier=earlier)
    np.testing.assert_array_equal(later.removed_adjusted, asked.removed_adjusted)
    assert (later.tries, later.notes, later.sentences) == (asked.tries, asked.notes, asked.sentences)
    assert later.tries == 5


def test_each_answer_counts_those_before_it_once_and_corrects_by_hand() -> None:
    def answer(box: Box, removed: float, alone: float) -> RegionEffects:
        plain = ask(SUM, IMAGE, box, 1, fills=FILLS, n_placebos=5)
        return replace(plain, removed_p=np.array([removed]), alone_p=np.array([alone]))

    first, second = answer((0, 0, 3, 3), 0.02, 0.5), answer((4, 4, 2, 2), 0.01, 0.04)
    then = correct_for(second, first)
    assert then.tries == 4  # in order 0.01 × 4, 0.02 × 3, 0.04 × 2, 0.5 × 1
    np.testing.assert_allclose([then.removed_adjusted[0], then.alone_adjusted[0]], [0.04, 0.08])
    third = correct_for(answer((1, 2, 2, 2), 0.001, 0.9), then)
    assert third.tries == 6
    np.testing.assert_allclose([third.removed_adjusted[0], third.alone_adjusted[0]], [0.006, 1])
    again = correct_for(first, third)
    assert again.tries == 6  # the same question is no further try
    np.testing.assert_allclose(again.removed_adjusted, [0.08])  # 0.001 × 6, 0.01 × 5, 0.02 × 4
    asked = ask(SUM, IMAGE, (5, 5, 2, 2), 1, fills=FILLS, n_placebos=5, earlier=[third, 0.3])
    assert (asked.tries, len(asked.earlier)) == (9, 4)
    with raises(UsageError, "earlier"):
        ask(SUM, IMAGE[::-1], (5, 5, 2, 2), 1, fills=FILLS, n_placebos=5, earlier=first)


def test_p_values_given_beside_several_answers_all_count() -> None:
    def answer(box: Box, p: float) -> RegionEffects:
        return ask(SUM, IMAGE, box, 1, fills=FILLS, n_placebos=5, earlier=[p])

    first, second = answer((0, 0, 3, 3), 0.2), answer((4, 4, 2, 2), 0.3)
    later = ask(SUM, IMAGE, (5, 5, 2, 2), 1, fills=FILLS, n_placebos=5, earlier=[0.4, first, second])
    assert later.tries == 9  # three questions of two tries each, and three p-values
    assert sorted(p for tries in later.earlier.values() for p in tries if len(tries) == 1) == [0.2, 0.3, 0.4]


def test_the_sentence_holds_what_the_arrays_say() -> None:
    model = innerview.load_pretrained()
    image = innerview.preprocess(innerview.example_image("cat"), model.input).pixels
    found = ask(model, image, [(8, 8, 16, 16), (2, 20, 6, 6)], n_placebos=9)
    for number, sentence in enumerate(found.sentences):
        removed, alone = -found.removed[number], found.alone[number]
        first, second = re.findall(
            r"(rises|falls|changes|raises|lowers)[a-z ]* by ([+−]?[\d.]+) \(([+−]?[\d.]+) to ([+−]?[\d.]+) over 3",
            sentence,
        )
        for (verb, mean, low, high), values in ((first, removed), (second, alone)):
            if verb == "changes":
                assert values.min() < 0 < values.max()
                expected = [values.mean(), values.min(), values.max()]
            else:
                assert verb in (("rises", "raises") if values.mean() > 0 else ("falls", "lowers"))
                expected = [abs(values.mean()), *sorted(np.abs([values.min(), values.max()]))]
            told = [float(text.replace("−", "-")) for text in (mean, low, high)]
            np.testing.assert_allclose(told, expected, rtol=6e-3)
        assert f"({100 * found.regions[number].mean():.3g} % of the image)" in sentence
        ps = [float(text) for text in re.findall(r"p = ([\d.e-]+)", sentence)]
        np.testing.assert_allclose(ps, [found.removed_p[number], found.alone_p[number]], rtol=0.06)
        for p, adjusted, said in zip(
            (found.removed_p, found.alone_p),
            (found.removed_adjusted, found.alone_adjusted),
            re.findall(r"This is (more than|not clearly more than)", sentence),
            strict=True,
        ):
            assert p[number] <= adjusted[number]
            assert (said == "more than") == (adjusted[number] <= 0.05)


def test_removing_shows_the_model_what_it_says() -> None:
    """The effects are scores of the images that anyone can paint."""
    model = innerview.load_pretrained()
    image = innerview.preprocess(innerview.example_image("moose"), model.input).pixels
    found = ask(model, image, (4, 2, 12, 10), fills=("black",), n_placebos=3)
    painted = image.copy()
    painted[2:12, 4:16] = 0
    target = innerview.LogOdds(found.target)
    scores = target.score(model.forward(np.stack([image, painted])).outputs)
    np.testing.assert_allclose(found.removed[0, 0], scores[0] - scores[1], rtol=1e-4)
    chance = innerview.predict(model, painted[None])[0].probabilities[found.target]
    np.testing.assert_allclose(found.removed_probabilities[0, 0], chance, rtol=1e-4)


@pytest.mark.parametrize(
    ("region", "error", "said"),
    [
        ((0, 0, 0, 3), UsageError, {"about": "region", "found": "empty"}),
        ((6, 0, 3, 3), UsageError, {"about": "region", "asked": (6, 0, 3, 3), "found": (8, 8)}),
        ((-1, 0, 3, 3), UsageError, {"about": "region", "asked": (-1, 0, 3, 3), "found": (8, 8)}),
        ((0, 0, 8, 8), UsageError, {"about": "region", "found": "whole"}),
        ((0, 0, 3), UsageError, {"about": "region", "asked": (0, 0, 3)}),
        ([], UsageError, {"about": "region", "found": 0}),
        (np.zeros((8, 8), bool), UsageError, {"about": "region", "found": "empty"}),
        (np.ones((8, 8), bool), UsageError, {"about": "region", "found": "whole"}),
        (np.ones((4, 8), bool), ImageError, {"about": "mask", "asked": (8, 8), "found": (4, 8)}),
        (np.full((8, 8), 0.3), ImageError, {"about": "mask", "found": "float64"}),
    ],
)
def test_regions_without_meaning_are_refused(region: Any, error: type[Exception], said: dict[str, Any]) -> None:
    with unchecked(), raises(error, **said):
        ask(SUM, IMAGE, region)


def test_other_bad_input() -> None:
    with raises(UsageError, "objective", asked="odds"):
        ask(SUM, IMAGE, (0, 0, 2, 2), objective="odds")
    with raises(UsageError, "arguments", asked=(1, 1, 199, 0)):
        ask(SUM, IMAGE, (0, 0, 2, 2), fills=())
    with raises(UsageError, "fill", asked="green"):
        ask(SUM, IMAGE, (0, 0, 2, 2), fills=("green",))


def test_a_model_that_does_not_look_cannot_be_judged() -> None:
    found = ask(model(lambda images: np.full(len(images), 3.0)), IMAGE, (1, 1, 2, 2), fills=FILLS)
    assert "Cannot be judged" in found.notes[0]
    assert found.removed_p.tolist() == [1]
    plain = ask(SUM, np.full_like(IMAGE, 0.5), (1, 1, 2, 2), fills=("mean", "gray"))
    assert "Cannot be judged" in plain.notes[0]
    assert "the score (log-odds of 1 yes) does not change" in plain.sentences[0]
    one = ask(SUM, np.full_like(IMAGE, 0.5), (1, 1, 2, 2), fills=("mean", "black"))
    assert "Cannot be judged under mean: " in one.notes[0]
    assert "disagree" not in one.sentences[0]


def test_nan_names_the_image_that_it_came_of() -> None:
    def run(images: Array) -> Array:
        return np.where(images[:, 2, 2, 0] == 0, np.nan, images.sum(axis=(1, 2, 3)))

    def elsewhere(images: Array) -> Array:
        return np.where((images[:, 2, 2, 0] == 0) & (images[:, 0, 0, 0] > 0), np.nan, images.sum(axis=(1, 2, 3)))

    with raises(ModelError, "outputs", found="not finite"):
        ask(model(run), IMAGE, (2, 2, 2, 2), fills=("gray", "black"))
    with raises(ModelError, "outputs", found="not finite"):
        ask(model(elsewhere), IMAGE, (5, 5, 2, 2), fills=("black",))


@pytest.mark.parametrize(
    ("kind", "unit"), [("sigmoid", "logit"), ("probabilities", "probability"), ("scores", "logit")]
)
def test_a_model_with_one_class(kind: OutputKind, unit: str) -> None:
    one = model(lambda images: images.mean(axis=(1, 2, 3)), kind, classes=1)
    found = ask(one, IMAGE, (1, 1, 3, 3), fills=FILLS)
    assert found.unit == unit
    assert np.isnan(found.probability) == (kind == "scores")
    assert ("its probability" in found.sentences[0]) == (kind != "scores")
    assert ("is still predicted" in found.sentences[0] or "is predicted under" in found.sentences[0]) == (
        kind != "scores"
    )


def test_where_nothing_is_elsewhere_there_is_no_p_value() -> None:
    corners = np.zeros((SIDE, SIDE), bool)
    corners[[0, -1], [0, -1]] = True
    found = ask(SUM, IMAGE, corners, 1, fills=FILLS)
    assert np.isnan([found.removed_p[0], found.alone_p[0], found.removed_adjusted[0]]).all()
    assert found.tries == 0
    assert "There is no other place" in found.sentences[0]
    untried = ask(SUM, IMAGE, (0, 0, 8, 7), 1, fills=FILLS, n_placebos=0)
    assert untried.sentences[0].count("It has not been held against regions of its shape elsewhere.") == 2
    assert isinstance(found, RegionEffects)
