"""Axes are told from how sums of changes lie along them."""

from __future__ import annotations

import numpy as np

from innerview.adapters.changes import Bands, Changes
from innerview.adapters.positions import decide

BANDS = Bands((np.arange(4) + 0.5) / 4, (np.arange(4) + 0.5) / 4)
NEAR = np.eye(4) + 0.05


def image(channels_of_rows: np.ndarray, channels_of_columns: np.ndarray) -> Changes:
    """A 4 × 4 image whose rows and columns answer the bands where they lie, and whose channels as given."""
    everywhere = np.full((4, 4), 0.3)
    return Changes((4, 4, 3), [NEAR, everywhere, channels_of_rows], [everywhere, NEAR, channels_of_columns])


def test_a_channel_that_answers_at_one_position_alone_hides_no_axis() -> None:
    """A unit that is nearly dead answers the last bands alone, and hardly."""
    alive = np.tile([1.0, 1.0, 0.0], (4, 1))
    alive[3, 2] = 0.01
    assert decide((4, 4, 3), image(alive, alive), BANDS).axes == "height width channel"


def test_channels_that_all_go_along_are_none() -> None:
    assert not decide((4, 4, 4), Changes((4, 4, 4), [NEAR] * 3, [NEAR] * 3), BANDS).axes
