"""The integral up to a place: at the end it is the rule's own, at a node the panels before it, between them exact."""

import numpy as np
import pytest

from innerview.errors import UsageError
from innerview.quadrature import POWERS, nested_rule, running_weights


@pytest.mark.parametrize("substitution", POWERS)
def test_at_the_end_it_is_the_rule(substitution):
    rule = nested_rule("trapezoid", substitution, 70)
    for level, weights in enumerate(rule.weights):
        found = running_weights(rule, level, (0.0, 1.0))
        assert np.array_equal(found[0], np.zeros(len(weights)))
        np.testing.assert_allclose(found[1], weights, rtol=0, atol=1e-14)


@pytest.mark.parametrize("substitution", ["identity", "graded"])
def test_rules_by_panels_integrate_what_is_linear_between_nodes_up_to_anywhere(substitution):
    """A function linear in u = alpha^(1/p) is its own interpolant, so its integral is known everywhere."""
    power = POWERS[substitution]
    rule = nested_rule("trapezoid", substitution, 20)
    stops = np.linspace(0, 1, 37)
    weights = running_weights(rule, 1, stops)
    values = 2 - 3 * rule.nodes[: rule.counts[1]] ** (1 / power)
    known = 2 * stops - 3 * stops ** (1 + 1 / power) / (1 + 1 / power)
    np.testing.assert_allclose(weights @ values, known, atol=1e-14)


def test_between_nodes_it_converges_to_the_integral_of_a_smooth_function():
    stops = np.linspace(0, 1, 50)
    known = np.sin(3 * stops) / 3
    for substitution in ("graded", "layer"):
        rule = nested_rule("trapezoid", substitution, 600)
        errors = [
            np.abs(running_weights(rule, level, stops) @ np.cos(3 * rule.nodes[: rule.counts[level]]) - known).max()
            for level in range(len(rule.counts))
        ]
        assert errors[-1] < 1e-4
        assert errors[-1] < errors[2] / 100


def test_the_sum_rises_with_the_stop_where_the_integrand_is_positive():
    rule = nested_rule("trapezoid", "layer", 40)
    sums = running_weights(rule, 2, np.linspace(0, 1, 80)) @ np.ones(rule.counts[2])
    assert np.all(np.diff(sums) >= 0)


def test_other_families_are_refused():
    with pytest.raises(UsageError, match="clenshaw"):
        running_weights(nested_rule("clenshaw-curtis", "identity", 20), 0, (1.0,))
