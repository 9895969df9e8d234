"""Images are drawn evenly and changed only as configured, as a function of the seed and the step."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from innerview.training import Augmentation
from innerview.training.augment import as_pixels, changed, drawn, resized, turned

STILL = Augmentation(flip="none", shift=0)


def some(count: int = 6, size: int = 8, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, size, size, 3), dtype=np.uint8)


def back(pixels: torch.Tensor) -> np.ndarray:
    """To bytes, batch × height × width × channel."""
    return np.rint(pixels.permute(0, 2, 3, 1).numpy() * 255).astype(np.uint8)


def change(images: np.ndarray, how: Augmentation, step: int = 0, seed: int = 0) -> np.ndarray:
    return back(changed(images, drawn(0, 0, len(images), len(images)), how, seed, step))


@given(st.integers(1, 40), st.integers(1, 50), st.integers(0, 3))
def test_every_epoch_holds_every_image_once(batch: int, images: int, seed: int) -> None:
    numbers = np.concatenate([drawn(seed, step, batch, images).numbers for step in range(3 * images // batch + 1)])
    for epoch in range(len(numbers) // images):
        here = numbers[epoch * images : (epoch + 1) * images]
        assert sorted(here) == list(range(images))


def test_epochs_have_orders_of_their_own() -> None:
    first, second = (drawn(0, step, 50, 50).numbers for step in (0, 1))
    assert (first != second).any()
    assert (drawn(1, 0, 50, 50).numbers != first).any()
    np.testing.assert_array_equal(drawn(0, 0, 50, 50).numbers, first)


def test_two_epochs_show_every_image_both_ways() -> None:
    sides = np.empty((2, 60), dtype=bool)
    for epoch in (0, 1):
        draw = drawn(0, epoch, 60, 60)
        sides[epoch, draw.numbers] = draw.mirrored
    assert (sides[0] != sides[1]).all()
    assert 10 < sides[0].sum() < 50


def test_nothing_asked_is_nothing_changed() -> None:
    np.testing.assert_array_equal(change(some(), STILL), some())


def test_none_shared_is_nothing_changed() -> None:
    how = Augmentation(flip="random", shift=3, rotation=10, scale=0.1, fraction=0)
    np.testing.assert_array_equal(change(some(), how), some())


@pytest.mark.parametrize("flip", ["alternating", "random"])
def test_a_flip_mirrors_or_leaves(flip) -> None:
    images = some(40)
    same = [(change(images, Augmentation(flip=flip, shift=0))[i] == images[i]).all() for i in range(40)]
    mirrored = [(change(images, Augmentation(flip=flip, shift=0))[i] == images[i, :, ::-1]).all() for i in range(40)]
    assert np.logical_xor(same, mirrored).all()
    assert 5 < sum(same) < 35


def test_a_shift_shows_a_window_of_the_reflected_image() -> None:
    images = some(40)
    found = change(images, Augmentation(flip="none", shift=2))
    offsets = set()
    for image, moved in zip(images, found, strict=True):
        padded = np.pad(image, ((2, 2), (2, 2), (0, 0)), mode="reflect")
        windows = [(y, x) for y in range(5) for x in range(5) if (padded[y : y + 8, x : x + 8] == moved).all()]
        assert len(windows) == 1
        offsets.add(windows[0])
    assert len(offsets) > 10


def test_changes_are_a_function_of_the_seed_and_the_step() -> None:
    how = Augmentation(flip="random", shift=2, rotation=10, scale=0.1)
    np.testing.assert_array_equal(change(some(), how, 5), change(some(), how, 5))
    assert (change(some(), how, 5) != change(some(), how, 6)).any()
    assert (change(some(), how, 5) != change(some(), how, 5, seed=1)).any()


def test_turning_by_nothing_is_nothing() -> None:
    pixels = as_pixels(some())
    how = Augmentation(rotation=1e-9, scale=0.0)
    found = turned(pixels, how, np.ones(6, dtype=bool), np.random.default_rng(0))
    np.testing.assert_allclose(found.numpy(), pixels.numpy(), atol=1e-5)


def test_turning_keeps_a_plain_image_plain_and_within_its_range() -> None:
    how = Augmentation(rotation=45.0, scale=0.5)
    touched = np.ones(6, dtype=bool)
    plain = torch.full((6, 3, 8, 8), 0.25)
    np.testing.assert_allclose(turned(plain, how, touched, np.random.default_rng(0)).numpy(), 0.25, rtol=1e-6)
    busy = turned(as_pixels(some()), how, touched, np.random.default_rng(0))
    assert 0 <= float(busy.min()) <= float(busy.max()) <= 1


def test_scaling_up_shows_the_middle_larger() -> None:
    """A bright middle fills more of an image that is scaled up, less of one that is scaled down."""
    pixels = torch.zeros(200, 3, 16, 16)
    pixels[:, :, 6:10, 6:10] = 1
    how = Augmentation(scale=0.5)
    random = np.random.default_rng(0)
    _, size = np.random.default_rng(0).uniform(-1, 1, (2, 200))
    means = turned(pixels, how, np.ones(200, dtype=bool), random).mean((1, 2, 3)).numpy()
    assert np.corrcoef(means, (1 + 0.5 * size) ** 2)[0, 1] > 0.95


def test_shrinking_keeps_the_mean_and_leaves_its_own_size_alone() -> None:
    pixels = as_pixels(some(size=32))
    small = resized(pixels, 16)
    assert small.shape == (6, 3, 16, 16)
    np.testing.assert_allclose(small.mean((2, 3)).numpy(), pixels.mean((2, 3)).numpy(), atol=0.02)
    assert resized(pixels, 0) is pixels
    assert resized(pixels, 32) is pixels


def test_bytes_become_pixels() -> None:
    pixels = as_pixels(some())
    assert pixels.shape == (6, 3, 8, 8)
    np.testing.assert_array_equal(back(pixels), some())
    assert float(as_pixels(np.full((1, 4, 4, 3), 255, np.uint8)).max()) == 1.0
