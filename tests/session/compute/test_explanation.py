"""A look works everything out at once; each of its parts is what its method gives alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from innerview import allcnn
from innerview.methods import activations, gradient, insertion, integrated_gradients, interior_gradients, predict
from innerview.session.compute.explanation import examine
from innerview.session.images import gather
from innerview.session.query import Query
from innerview.session.session import OpenedModel, Session
from innerview.targets import Contrast
from innerview.types import Array


class Counting:
    """A model that counts the images it is shown, forward and back."""

    def __init__(self, model: Any) -> None:
        self.model, self.forwards, self.vjps = model, list[int](), list[int]()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.model, name)

    def forward(self, images: Array, *rest: Any) -> Any:
        self.forwards.append(len(images))
        return self.model.forward(images, *rest)

    def vjp(self, images: Array, *rest: Any) -> Any:
        self.vjps.append(len(images))
        return self.model.vjp(images, *rest)


@pytest.fixture
def model() -> Counting:
    return Counting(allcnn.build(allcnn.initial_weights(0, 8), dtype=np.float64))


def same(found: object, alone: object) -> None:
    np.testing.assert_allclose(found, alone, rtol=1e-6, atol=1e-9)  # points on the path are rounded apart


@pytest.mark.parametrize("how", [{"tolerance": 0.01}, {"rule": "midpoint", "evaluations": 6}])
@pytest.mark.parametrize("baselines", [("black",), ("black", "white")])
def test_every_part_is_what_its_method_gives_alone(model: Counting, how: Any, baselines: tuple[str, ...]) -> None:
    (item,) = gather(model, ["cat"])
    image, black, white = item.pixels, np.zeros_like(item.pixels), np.ones_like(item.pixels)
    starts = [black, white][: len(baselines)]
    asked = {"n_steps" if name == "evaluations" else name: value for name, value in how.items()}
    look = examine(Session([OpenedModel("", model)]), item, Query(objective="contrast", baselines=baselines, **asked))
    same(look.prediction.logits, predict(model, image[None])[0].logits)
    same(look.gradient.gradient, gradient(model, image, Contrast()).gradient)
    same(look.gradient.score, gradient(model, image, Contrast()).score)
    alone = interior_gradients(model, image, Contrast(), baseline=black)
    same(look.interior.alphas, alone.alphas)
    same(look.interior.gradients, alone.gradients)
    same(look.interior.scores, alone.scores)
    named = {{"evaluations": "n_steps"}.get(name, name): value for name, value in how.items()}
    integral = integrated_gradients(model, image, Contrast(), baseline=starts, **named)
    same(look.integrated.attribution, integral.attribution)
    assert look.integrated.n_evaluations == integral.n_evaluations
    assert look.integrated.interior is None  # it is a part of its own
    kept = insertion(model, image, integral.heatmap, fill=black, target=look.integrated.target)
    same(look.kept["highest"].logits, kept.logits)
    layers = activations(model, image, [3]).layers
    same(look.activations.layers[next(iter(layers))], next(iter(layers.values())))
    expected = alone.path if len(baselines) > 1 else alone.path.joined(integral.path)
    same(look.profile.alphas, expected.alphas)
    same(look.profile.scores, expected.scores)


def test_nothing_is_worked_out_twice_and_batches_are_full(model: Counting) -> None:
    (item,) = gather(model, ["cat"])
    look = examine(Session([OpenedModel("", model)]), item, Query(judge=False))
    inside = sum(alpha not in look.integrated.path.alphas for alpha in look.interior.alphas)
    field = 2  # how far a position sees, for the class evidence: two images of which three gradients are asked
    assert sum(model.vjps) == look.integrated.n_evaluations + inside + field
    assert len(model.vjps) <= -(-sum(model.vjps) // model.batch_size) + 2  # the first one, and the last
    assert model.forwards.count(1) == 1
