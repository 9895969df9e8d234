"""The integral up to a place: at the end it is the rule's own, at a node the panels before it, between them exact."""

import numpy as np
import pytest

from innerview.quadrature import POWERS, Measure, Problem, integrate, running_weights

WHOLE = (Measure("whole", lambda value: value),)


def uneven(count, seed=0):
    """Borders of panels of many widths."""
    return np.concatenate([[0.0], np.sort(np.random.default_rng(seed).uniform(size=count - 1)), [1.0]])


@pytest.mark.parametrize("substitution", POWERS)
@pytest.mark.parametrize("tolerance", [0.01, 1e-3])
def test_at_the_end_it_is_the_integral_whichever_panels_were_halved(substitution, tolerance):
    def function(alpha):
        return np.array([np.sin(9 * alpha), float(alpha > 0.3)])

    integral = integrate(Problem(WHOLE, tolerance, 400, substitution=substitution), function)
    nodes = np.array(sorted(integral.alphas))
    found = running_weights(nodes, substitution, (0.0, 1.0)) @ np.stack([function(alpha) for alpha in nodes])
    np.testing.assert_array_equal(found[0], 0)
    np.testing.assert_allclose(found[1], integral.value, rtol=0, atol=1e-13)


@pytest.mark.parametrize("substitution", POWERS)
def test_what_is_linear_between_nodes_is_integrated_up_to_anywhere(substitution):
    power = POWERS[substitution]
    nodes, stops = uneven(20) ** power, np.linspace(0, 1, 37)
    places = nodes ** (1 / power)
    values = np.divide(2 - 3 * places, power * places ** (power - 1), out=np.zeros(21), where=places > 0)
    values[0] = 2.0 if power == 1 else 0.0
    found = running_weights(nodes, substitution, stops) @ values
    ends, first = stops ** (1 / power), places[1]
    known = 2 * ends - 1.5 * ends**2
    if power > 1:  # the node at 0 has no weight, so the first panel rises from 0
        value = 2 - 3 * first
        known = np.where(
            ends < first, value * ends**2 / first / 2, known - 2 * first + 1.5 * first**2 + value * first / 2
        )
    np.testing.assert_allclose(found, known, atol=1e-14)


def test_between_nodes_it_converges_to_the_integral_of_a_smooth_function():
    stops = np.linspace(0, 1, 50)
    known = np.sin(3 * stops) / 3
    for substitution, power in POWERS.items():
        errors = []
        for count in (8, 32, 128, 512):
            nodes = np.linspace(0, 1, count + 1) ** power
            errors.append(np.abs(running_weights(nodes, substitution, stops) @ np.cos(3 * nodes) - known).max())
        assert errors[-1] < 1e-4
        assert errors[-1] < errors[0] / 100


def test_the_sum_rises_with_the_stop_where_the_integrand_is_positive():
    nodes = uneven(30, 3) ** 3
    sums = running_weights(nodes, "layer", np.linspace(0, 1, 80)) @ np.ones(len(nodes))
    assert np.all(np.diff(sums) >= 0)
