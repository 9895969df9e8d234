"""Every value is counted once, bins merge exactly, and what lies outside is said."""

from __future__ import annotations

import hypothesis.extra.numpy as arrays
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from innerview.errors import UsageError
from innerview.runs import histogram
from innerview.runs.histograms import BINS, LIMIT, PER_UNIT
from raising import raises

ANY = arrays.arrays(np.float32, st.integers(0, 50), elements=st.floats(-20, 20, width=32) | st.just(np.nan))


@given(ANY)
def test_every_value_is_counted_once(values: np.ndarray) -> None:
    found = histogram(values)
    assert found.total == values.size
    assert found.not_numbers == np.isnan(values).sum()
    assert found.below == (values < -LIMIT).sum()
    assert found.above == (values >= LIMIT).sum()


@given(ANY)
def test_counts_are_those_of_numpy(values: np.ndarray) -> None:
    inside = values[(values >= -LIMIT) & (values < LIMIT)].astype(np.float64)
    found = histogram(values)
    np.testing.assert_array_equal(found.counts, np.histogram(inside, found.edges)[0])


@example(np.array([-1e-45], dtype=np.float32), 1)
@given(ANY, st.sampled_from([1, 2, 64, BINS]))
def test_merging_bins_is_counting_into_wider_ones(values: np.ndarray, factor: int) -> None:
    merged = histogram(values).coarser(factor)
    assert merged.total == values.size
    inside = values[(values >= -LIMIT) & (values < LIMIT)].astype(np.float64)
    np.testing.assert_array_equal(merged.counts, np.histogram(inside, merged.edges)[0])


def test_known_values_fall_where_they_should() -> None:
    found = histogram(np.array([[0.0, -0.0], [-LIMIT, LIMIT], [np.inf, -np.inf], [np.nan, 1 / PER_UNIT]]))
    assert found.counts[BINS // 2] == 2
    assert found.counts[BINS // 2 + 1] == 1
    assert found.counts[0] == 1
    assert (found.below, found.above, found.not_numbers) == (1, 2, 1)


@pytest.mark.parametrize("factor", [0, 3])
def test_bins_that_do_not_divide_are_refused(factor: int) -> None:
    with raises(UsageError, "factor", found=4096):
        histogram(np.zeros(1)).coarser(factor)
