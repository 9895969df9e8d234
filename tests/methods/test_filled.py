"""One loop for all images with parts filled: its answers, what it holds at once, what it counts, whom it blames."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import innerview
from innerview import allcnn
from innerview.adapters import FunctionModel
from innerview.errors import ImageError, ModelError, UsageError
from innerview.fills import make_fill
from innerview.methods import ask, occlusion, parts, removed_and_alone, rise, sampled_shapley, shapley
from innerview.methods.filled import FilledPasses, make_fills
from innerview.methods.passes import batches, similar_at_once
from innerview.model import InputSpec, OutputSpec
from innerview.targets import Logit
from innerview.types import Array
from raising import raises
from typecheck import unchecked

SIDE = 8
IMAGE = np.random.default_rng(1).uniform(0.2, 1, size=(SIDE, SIDE, 3)).astype(np.float32)
WEIGHTS = np.random.default_rng(0).normal(size=(SIDE * SIDE * 3, 2)).astype(np.float32)


class Seen(FunctionModel):
    """A model that remembers how many images it was given at once."""

    def __init__(self, batch_size: int = 5, run: Any = None) -> None:
        self.sizes: list[int] = []

        def watched(images: Array) -> Array:
            self.sizes.append(len(images))
            return images.reshape(len(images), -1) @ WEIGHTS if run is None else run(images)

        super().__init__(watched, InputSpec(SIDE, SIDE), OutputSpec(("no", "yes")), np.float32)
        self.most = batch_size

    @property
    def batch_size(self) -> int:
        return self.most

    @property
    def fingerprint(self) -> str:  # a function's own runs it
        return "seen"


def masks(count: int) -> Array:
    return np.random.default_rng(2).random((count, SIDE, SIDE)) < 0.5


@given(st.integers(1, 23), st.integers(1, 9), st.sampled_from(["black", "blurred", "imputed"]))
def test_answers_are_those_of_a_plain_loop_to_the_bit(count: int, size: int, fill: str) -> None:
    model, kept, made = Seen(size), masks(count), make_fill(fill, IMAGE)
    told: list[tuple[int, int]] = []
    passes = FilledPasses(model, IMAGE, count, lambda *done: told.append(done))
    found = list(passes.filled(made, kept.__getitem__, count, str))
    plain = [model.forward(made.paint(IMAGE, kept[part])).outputs for part in batches(count, size)]
    np.testing.assert_array_equal(np.concatenate([outputs for _, outputs in found]), np.concatenate(plain))
    assert [part for part, _ in found] == list(batches(count, size))
    assert told == [(part.stop, count) for part in batches(count, size)]
    assert passes.done == count


@pytest.mark.parametrize("share", [True, False])
def test_of_the_built_in_model_too(share: bool) -> None:
    model = allcnn.load_pretrained()
    image = np.random.default_rng(3).random(model.input.shape).astype(np.float32)
    kept = np.random.default_rng(4).random((9, 32, 32)) < 0.5
    fill = make_fill("mean", image)
    found = FilledPasses(model, image, 9).filled(fill, kept.__getitem__, 9, str, share=share)
    images = fill.paint(image, kept)
    plain = (
        [outputs for _, outputs in model.forward_similar(images)]
        if share
        else [model.forward(images[part]).outputs for part in batches(9, model.batch_size)]
    )
    np.testing.assert_array_equal(np.concatenate([one for _, one in found]), np.concatenate(plain))


def test_masks_and_images_are_made_a_batch_at_a_time() -> None:
    model, asked = Seen(4), list[slice]()

    def lazily(some: slice) -> Array:
        asked.append(some)
        return masks(some.stop - some.start)

    found = FilledPasses(model, IMAGE, 10).filled(make_fill("black", IMAGE), lazily, 10, str)
    assert asked == []
    next(found)
    assert len(asked) == 1
    list(found)
    assert [(some.start, some.stop) for some in asked] == [(0, 4), (4, 8), (8, 10)]
    assert max(model.sizes) == 4
    assert similar_at_once(model) == 4


WAYS: dict[str, Any] = {
    "shapley": lambda model, fill, tell: shapley(model, IMAGE, Logit(1), regions=6, fills=[fill], progress=tell),
    "removed_and_alone": lambda model, fill, tell: removed_and_alone(
        model, IMAGE, Logit(1), regions=6, fills=[fill], progress=tell
    ),
    "sampled_shapley": lambda model, fill, tell: sampled_shapley(
        model, IMAGE, Logit(1), regions=6, fill=fill, progress=tell
    ),
    "rise": lambda model, fill, tell: rise(model, IMAGE, Logit(1), fill=fill, n_samples=9, progress=tell),
    "ask": lambda model, fill, tell: ask(model, IMAGE, (1, 1, 3, 3), 1, fills=[fill], n_placebos=9, progress=tell),
    "parts": lambda model, fill, tell: parts(model, IMAGE, eighths=(4,), fills=[fill], progress=tell),
    "occlusion": lambda model, fill, tell: occlusion(
        model, IMAGE, Logit(1), fill=make_fill(fill, IMAGE), window=2, progress=tell
    ),
}
"""Every method that takes regions away."""


@pytest.mark.parametrize("way", WAYS)
def test_memory_progress_and_cancelling_are_the_same_for_all(way: str) -> None:
    model, told = Seen(5), list[tuple[int, int]]()
    WAYS[way](model, "black", lambda *done: told.append(done))
    assert max(model.sizes) <= 5
    assert told == sorted(told)
    assert told[-1][0] == told[-1][1]

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    model = Seen(5)
    with pytest.raises(KeyboardInterrupt):
        WAYS[way](model, "black", stop)
    assert sum(model.sizes) <= 12  # no more than the first images (a pair of orders, where they are told by the pair)


@pytest.mark.parametrize("way", WAYS)
def test_nan_names_the_image_and_the_fill(way: str) -> None:
    broken = Seen(5, lambda images: np.where(images[:, :1, 0, 0] == 0, np.nan, images.reshape(len(images), -1)[:, :2]))
    with raises(ModelError, "outputs", found="not finite"):
        WAYS[way](broken, "black", None)


def test_nan_names_the_layer_where_it_begins() -> None:
    model = allcnn.load_pretrained()
    image = np.full(model.input.shape, 0.5, np.float32)
    late = _after(2, np.full_like(image, 3e38))
    with np.errstate(all="ignore"), raises(ModelError, "outputs", found="not finite", layer="conv1"):
        removed_and_alone(model, image, Logit(0), regions=2, fills=[late])


def _after(sound: int, pixels: Array) -> Any:
    """A fill that fills as black does for so many of the first masks, and then with `pixels`."""

    class Late:
        name = words = "late"

        def paint(self, image: Array, kept: Array) -> Array:
            late = (np.arange(len(kept)) >= sound)[:, None, None, None] if len(kept) > 1 else False
            return np.where(kept[..., None], image, np.where(late, pixels, 0)).astype(image.dtype)

    return Late()


def test_fills_are_refused_before_the_first_pass() -> None:
    for way in WAYS.values():
        model = Seen()
        with unchecked(), raises((UsageError, ImageError), "fill", asked="violet"):
            way(model, "violet", None)
        assert model.sizes == []
    with raises(UsageError, "fills", found=0):
        make_fills(Seen(), IMAGE, [])
    with unchecked(), raises(ImageError, "fill", found=192):
        make_fills(Seen(), IMAGE, [np.full(IMAGE.shape, np.nan, np.float32)])


def test_no_method_has_a_loop_of_its_own() -> None:
    """Images with regions filled are shown to the model in one place; curves and orders keep the images they show, and
    transplants show parts of images in others."""
    room = Path(innerview.__file__).parent / "methods"
    having = {path.stem for path in room.glob("*.py") if ".paint(" in path.read_text(encoding="utf-8")}
    assert having == {"filled", "masking", "orders"}
    having = {path.stem for path in room.glob("*.py") if "forward_similar(" in path.read_text(encoding="utf-8")}
    assert having == {"filled", "passes", "transplants"}
