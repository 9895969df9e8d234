"""What is asked before a rule is chosen: both ends, and how large the integrand is early on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from innerview.errors import InnerviewError
from innerview.quadrature.problems import Measure
from innerview.types import Array

ENDS: Final = (1.0, 0.0)
"""The end comes first: what is asked there (which class wins) may decide what the integrand is."""


def require_finite(value: Array) -> None:
    """Raise InnerviewError if the integrand is not finite somewhere."""
    if not np.isfinite(value).all():
        bad = int((~np.isfinite(value)).sum())
        raise InnerviewError(f"the integrand has {bad} values of {value.size} that are not finite; check it").of(
            "integrand", found=bad
        )


def early_ratio(measure: Measure, probed: Mapping[float, Array]) -> float:
    """How large the integrand is at most, before the end, compared with its size at the end."""
    sizes = {alpha: float(np.abs(measure.view(value)).sum()) for alpha, value in probed.items()}
    end = sizes.pop(1.0)
    early = max(sizes.values())
    return early / end if end > 0 else float("inf") if early > 0 else 0.0
