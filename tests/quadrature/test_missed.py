"""What panels miss of a known sum: what their ends account for counts once, what nothing accounts for many times."""

import numpy as np
import pytest

from innerview.quadrature import Measure
from innerview.quadrature.judging import differences
from innerview.quadrature.missed import CERTAIN, MOST, cancelling, known_errors
from innerview.quadrature.panels import tree
from innerview.quadrature.sketches import Sketches

SIGNS = np.tile([1.0, -1.0], 20) + 0.1
"""A direction of 40 pixels whose sum is a tenth of its size."""


def cut(function, count=8):
    """A tree of even panels, all halved once, with sketches of the function at all borders."""
    root, sketches = tree(np.linspace(0, 1, count + 1).tolist()), Sketches((Measure("whole", lambda value: value),))
    for leaf in root.leaves():
        leaf.cut((leaf.start + leaf.end) / 2)
    for place in {border for panel in root.all() for border in (panel.start, panel.end)}:
        sketches.put(place, function(place))
    panels = root.branches()
    for panel, change in zip(panels, sketches.sizes(differences(panels, sketches)[1]), strict=True):
        panel.change = change
    return root, sketches


def errors(function, known):
    """By panel, from the start to the end: what is known to be missed, if each is judged to be off by nothing."""
    root, sketches = cut(function)
    return known_errors({leaf: np.zeros(1) for leaf in root.leaves()}, sketches, known)[:, 0], root, sketches


def test_a_straight_line_misses_nothing():
    found, *_ = errors(lambda a: a * SIGNS, lambda a: np.array([a**2 / 2 * SIGNS.sum()]))
    np.testing.assert_allclose(found, 0, atol=1e-14)


@pytest.mark.parametrize("place", [0.26, 0.3, 0.41])
def test_a_jump_is_accounted_for_by_the_ends_of_its_panel(place):
    found, *_ = errors(lambda a: (a > place) * SIGNS, lambda a: np.array([max(a - place, 0) * SIGNS.sum()]))
    start = np.floor(place * 16) / 16
    missed = abs(start + 1 / 32 - place) * SIGNS.sum()
    assert found.max() == pytest.approx(CERTAIN * missed)
    assert (found > 1e-12).sum() == 1


def feature(alpha):
    """What a feature that no node meets adds to the sum: 0.001 of the direction's."""
    return np.array([0.001 * (alpha > 0.53) * SIGNS.sum()])


def test_a_feature_between_two_nodes_counts_as_many_times_as_signs_cancel():
    found, root, sketches = errors(
        lambda a: (1 + 1e-6 * a) * SIGNS, lambda a: feature(a) + (a + 5e-7 * a**2) * SIGNS.sum()
    )
    times = float(cancelling(root.leaves(), sketches)[0])
    assert times == pytest.approx(np.abs(SIGNS).sum() / SIGNS.sum())
    assert found.max() > 2 * 0.001 * np.abs(SIGNS).sum()
    assert (found > 1e-12).sum() == 1


def test_a_feature_beside_a_slope_that_accounts_for_it_counts_once():
    found, *_ = errors(lambda a: a * SIGNS, lambda a: feature(a) + a**2 / 2 * SIGNS.sum())
    assert found.max() == pytest.approx(CERTAIN * 0.001 * SIGNS.sum())


def test_where_all_sums_are_0_the_factor_is_the_largest():
    root, sketches = cut(lambda a: np.sin(9 * a) * np.array([1.0, -1.0]))
    assert cancelling(root.leaves(), sketches).tolist() == [MOST]
