from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from innerview.errors import UsageError
from innerview.methods.moments import Moments, check_samples
from raising import raises


@given(st.integers(2, 12), st.integers(0, 2**32 - 1), st.sampled_from([0.0, 1e6]))
def test_moments_are_those_of_all_samples_together(count: int, seed: int, offset: float) -> None:
    samples = np.random.default_rng(seed).normal(offset, 1, (count, 3, 4, 2))
    moments = Moments()
    for sample in samples:
        moments.add(sample)
    np.testing.assert_allclose(moments.mean, samples.mean(axis=0), atol=1e-8)
    maps = samples.sum(axis=3)
    np.testing.assert_allclose(moments.standard_error, maps.std(axis=0, ddof=1) / np.sqrt(count), rtol=1e-6, atol=1e-9)
    sums = maps.sum(axis=(1, 2))
    assert moments.standard_error_of_sum == pytest.approx(sums.std(ddof=1) / np.sqrt(count), rel=1e-6, abs=1e-9)


def test_equal_samples_have_no_error_and_their_own_value() -> None:
    moments = Moments()
    value = np.random.default_rng(0).random((3, 4)).astype(np.float32)
    for _ in range(7):
        moments.add(value)
    np.testing.assert_array_equal(moments.mean, value)
    assert not moments.standard_error.any()
    assert moments.standard_error_of_sum == 0


def test_one_sample_tells_no_error() -> None:
    check_samples(2)
    with raises(UsageError, "n_samples", asked=1, limit=2):
        check_samples(1)
