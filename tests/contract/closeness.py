"""How far two arrays are apart, in the measure of the project's goals: max|a − b| / max|b|."""

from __future__ import annotations

import numpy as np

from innerview.types import Array

TOLERANCE = {np.float32: 1e-5, np.float64: 1e-10}


def assert_close(found: Array, wanted: Array, dtype: type[np.floating]) -> None:
    assert found.shape == wanted.shape
    assert found.dtype == dtype
    largest = np.abs(wanted).max(initial=0.0)
    assert np.abs(found - wanted).max(initial=0.0) <= TOLERANCE[dtype] * largest
