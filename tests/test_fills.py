from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from innerview.errors import UsageError
from innerview.fills import FILLS, Fill, make_fill

IMAGE = np.random.default_rng(1).random((6, 8, 3)).astype(np.float32)


@given(st.sampled_from(list(FILLS)), st.integers(0, 2**32 - 1))
def test_what_is_kept_stays_and_precision_too(name: str, seed: int) -> None:
    kept = np.random.default_rng(seed).random((3, 6, 8)) < 0.5
    fill = make_fill(name, IMAGE)
    found = fill.paint(IMAGE, kept)
    assert found.dtype == IMAGE.dtype
    for image, mask in zip(found, kept, strict=True):
        np.testing.assert_array_equal(image[mask], IMAGE[mask])
        assert np.isfinite(image).all()
    assert isinstance(fill, Fill)
    assert fill.name == name
    assert fill.words


def test_the_plain_ones_are_what_they_are_called() -> None:
    nothing = np.zeros((1, 6, 8), bool)
    for name, level in {"black": 0, "gray": 0.5, "white": 1}.items():
        np.testing.assert_array_equal(make_fill(name, IMAGE).paint(IMAGE, nothing), level)
    mean = make_fill("mean", IMAGE).paint(IMAGE, nothing)[0]
    np.testing.assert_allclose(mean.reshape(-1, 3), np.tile(IMAGE.mean(axis=(0, 1)), (48, 1)), rtol=1e-5)


def test_an_image_and_a_fill_of_ones_own() -> None:
    other = 1 - IMAGE
    kept = np.zeros((1, 6, 8), bool)
    np.testing.assert_array_equal(make_fill(other, IMAGE).paint(IMAGE, kept)[0], other)
    mine = make_fill("black", IMAGE)
    assert make_fill(mine, IMAGE) is mine
    with pytest.raises(UsageError, match="no fill 'green'; fills are blurred"):
        make_fill("green", IMAGE)
