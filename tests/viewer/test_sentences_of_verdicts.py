"""A verdict in a word or two and one number."""

from __future__ import annotations

import numpy as np
import pytest

from innerview.results import Verdict
from innerview.viewer.sentences import BRIEFLY, SIGNS, brief_verdict


@pytest.mark.parametrize(
    ("correlations", "p", "reverse", "says"),
    [
        ([0.9, 0.5, 0.78], [0.01, 0.02, 0.03], [1, 1, 1], "✓ agrees (0.78)"),
        ([0.9, 0.1, 0.2], [0.01, 0.5, 0.4], [1, 0.5, 0.6], "~ agrees under some fills (0.20)"),
        ([0.1, -0.1, 0.2], [0.4, 0.6, 0.3], [0.6, 0.4, 0.7], "? no better than chance (0.10)"),
        ([-0.9, -0.8, 0.1], [1, 1, 0.5], [0.01, 0.02, 0.6], "✗ contradicts (−0.80)"),
        ([np.nan] * 3, [np.nan] * 3, [np.nan] * 3, "– not judged"),
    ],
)
def test_in_a_word_and_a_number(correlations: list[float], p: list[float], reverse: list[float], says: str) -> None:
    found = Verdict(("a", "b", "c"), *(np.array(one, np.float64) for one in (correlations, p, reverse)), 9, 1534)
    assert brief_verdict(found) == says


def test_without_one_it_is_not_judged() -> None:
    assert brief_verdict(None) == "– not judged"
    assert SIGNS.keys() == BRIEFLY.keys()
    assert len(set(SIGNS.values())) == len(set(BRIEFLY.values())) == len(SIGNS)
