from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from innerview.errors import UnknownLayer, UsageError
from innerview.methods import weight_histograms
from raising import raises

ANY = arrays.arrays(np.float32, st.integers(0, 40), elements=st.floats(width=32, allow_nan=True, allow_infinity=True))


@given(ANY, ANY, st.sampled_from([2, 8, 64]), st.sampled_from([(), (0.5,)]))
def test_every_weight_is_counted_once(first: np.ndarray, second: np.ndarray, bins: int, limits: tuple) -> None:
    found = weight_histograms({"before": {"a": first}, "after": {"a": second}}, bins=bins, limits=limits)
    np.testing.assert_array_equal(found.sizes[:, 0], [first.size, second.size])
    assert found.nan[0, 0] == np.isnan(first).sum()
    assert found.infinite[1, 0] == np.isinf(second).sum()
    if not limits:
        assert found.under.sum() == found.over.sum() == 0


def test_bins_are_shared_by_checkpoints_and_zero_is_an_edge() -> None:
    before, after = {"a": np.array([-0.1, 0.1])}, {"a": np.array([[-4.0, 1.0]])}
    found = weight_histograms({"before": before, "after": after}, bins=8)
    np.testing.assert_allclose(found.edges[0], np.linspace(-4, 4, 9))
    np.testing.assert_array_equal(found.counts[:, 0], [[0, 0, 0, 1, 1, 0, 0, 0], [1, 0, 0, 0, 0, 1, 0, 0]])


def test_layers_can_share_bins_or_be_limited() -> None:
    weights = {"a": np.array([-1.0, 1.0]), "b": np.array([-3.0, 0.5])}
    apart = weight_histograms({"now": weights})
    shared = weight_histograms({"now": weights}, shared_bins=True)
    limited = weight_histograms({"now": weights}, limits=[0.75, 2], layers=["a", "b"])
    assert apart.edges[:, -1].tolist() == [1, 3]
    assert shared.edges[:, -1].tolist() == [3, 3]
    assert (limited.under.tolist(), limited.over.tolist()) == ([[1, 1]], [[1, 0]])


def test_statistics_are_of_the_finite_weights() -> None:
    found = weight_histograms({"now": {"a": np.array([1.0, 3.0, np.nan, np.inf]), "b": np.array([np.nan])}})
    assert (found.mean[0, 0], found.std[0, 0], found.minimum[0, 0], found.maximum[0, 0]) == (2, 1, 1, 3)
    assert np.isnan(found.mean[0, 1])
    assert found.nan[0, 1] == 1


def test_bad_requests() -> None:
    with raises(UsageError, "checkpoints", found=0):
        weight_histograms({})
    with raises(UsageError, "bins", asked=7, limit=65536):
        weight_histograms({"now": {"a": np.zeros(2)}}, bins=7)
    with raises(UsageError, "limits", asked=(0,), found=1):
        weight_histograms({"now": {"a": np.zeros(2)}}, limits=[0])
    with raises(UnknownLayer, "layer", asked="b"):
        weight_histograms({"now": {"a": np.zeros(2)}}, layers=["b"])
