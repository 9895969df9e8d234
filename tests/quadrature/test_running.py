"""The integral up to a place: at the end it is the rule's own, at a node the panels before it, between them exact."""

import numpy as np
import pytest

from innerview.quadrature import POWERS, nested_rule, running_weights


def mixed(substitution, levels, most=70):
    """Nodes and weights of a rule whose parts are at these levels."""
    rule, sums = nested_rule("trapezoid", substitution, most), {}
    for part, level in zip(rule.parts, levels, strict=False):
        for alpha, weight in zip(part.nodes[: part.counts[level]].tolist(), part.weights[level], strict=True):
            sums[alpha] = sums.get(alpha, 0.0) + weight
    nodes = np.array(sorted(sums))
    return nodes, np.array([sums[alpha] for alpha in nodes.tolist()])


@pytest.mark.parametrize("levels", [(0, 0, 0, 0), (2, 2, 2, 2), (3, 2, 2, 4), (2, 4, 3, 2)])
@pytest.mark.parametrize("substitution", POWERS)
def test_at_the_end_it_is_the_rule_whichever_parts_are_refined(substitution, levels):
    nodes, weights = mixed(substitution, levels)
    found = running_weights(nodes, substitution, (0.0, 1.0))
    assert np.array_equal(found[0], np.zeros(len(weights)))
    np.testing.assert_allclose(found[1], weights, rtol=0, atol=1e-14)


@pytest.mark.parametrize("substitution", ["identity", "graded"])
def test_rules_by_panels_integrate_what_is_linear_between_nodes_up_to_anywhere(substitution):
    """A function linear in u = alpha^(1/p) is its own interpolant, so its integral is known everywhere."""
    power = POWERS[substitution]
    nodes, _ = mixed(substitution, (1, 2, 1, 1))
    stops = np.linspace(0, 1, 37)
    values = 2 - 3 * nodes ** (1 / power)
    known = 2 * stops - 3 * stops ** (1 + 1 / power) / (1 + 1 / power)
    np.testing.assert_allclose(running_weights(nodes, substitution, stops) @ values, known, atol=1e-14)


def test_between_nodes_it_converges_to_the_integral_of_a_smooth_function():
    stops = np.linspace(0, 1, 50)
    known = np.sin(3 * stops) / 3
    for substitution in ("graded", "layer"):
        errors = []
        for level in range(8):
            nodes, _ = mixed(substitution, [level] * 4, 600)
            errors.append(np.abs(running_weights(nodes, substitution, stops) @ np.cos(3 * nodes) - known).max())
        assert errors[-1] < 1e-4
        assert errors[-1] < errors[2] / 100


def test_the_sum_rises_with_the_stop_where_the_integrand_is_positive():
    nodes, _ = mixed("layer", (2, 3, 2))
    sums = running_weights(nodes, "layer", np.linspace(0, 1, 80)) @ np.ones(len(nodes))
    assert np.all(np.diff(sums) >= 0)
