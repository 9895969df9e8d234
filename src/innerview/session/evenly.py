"""Which of many steps are shown where there is no room for all."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def evenly(steps: Sequence[int], most: int) -> tuple[int, ...]:
    """Take at most `most` of the steps, evenly along the list, always with the first and the last."""
    if len(steps) <= most:
        return tuple(steps)
    places: list[int] = np.unique(np.rint(np.linspace(0, len(steps) - 1, max(2, most))).astype(int)).tolist()
    return tuple(steps[place] for place in places)
