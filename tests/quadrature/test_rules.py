"""Identities of the fixed rules: weight sums, exactness, symmetry, order of convergence, independent tables."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from innerview.errors import UsageError
from innerview.quadrature import RULES, fixed_rule
from raising import raises

SYMMETRIC = ("midpoint", "trapezoid", "gauss-legendre", "clenshaw-curtis")


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("evaluations", [2, 3, 10, 50, 257])
def test_a_rule_lies_in_the_interval_and_has_unit_weight(name, evaluations):
    rule = fixed_rule(name, evaluations)
    assert rule.name == name
    assert rule.evaluations == evaluations == rule.weights.shape[0]
    assert rule.nodes.dtype == rule.weights.dtype == np.float64
    assert np.all(np.diff(rule.nodes) > 0)
    assert rule.nodes[0] >= 0
    assert rule.nodes[-1] <= 1
    assert abs(rule.weights.sum() - 1) <= 1e-14
    assert np.all(rule.weights > 0)


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("evaluations", [2, 3, 4, 7, 12, 33])
def test_a_rule_is_exact_up_to_its_degree_and_no_further(name, evaluations):
    rule = fixed_rule(name, evaluations)
    for power in range(min(rule.degree, 60) + 1):
        assert rule.weights @ rule.nodes**power == pytest.approx(1 / (power + 1), abs=2e-15)
    if rule.degree < 10:  # beyond it the misses of the high-order rules drown in rounding
        power = rule.degree + 1
        assert abs(rule.weights @ rule.nodes**power - 1 / (power + 1)) > 1e-8


@pytest.mark.parametrize("name", SYMMETRIC)
def test_a_symmetric_rule_is_symmetric_to_the_bit(name):
    rule = fixed_rule(name, 33)
    assert np.array_equal(rule.weights, rule.weights[::-1])
    assert np.allclose(rule.nodes, 1 - rule.nodes[::-1], rtol=0, atol=2.3e-16)


@pytest.mark.parametrize(
    ("name", "order"), [("riemann-right", 1), ("riemann-left", 1), ("midpoint", 2), ("trapezoid", 2)]
)
def test_halving_the_step_divides_the_error_by_two_to_the_order(name, order):
    def error(intervals):
        rule = fixed_rule(name, intervals + (name == "trapezoid"))
        return abs(rule.weights @ np.exp(rule.nodes) - (math.e - 1))

    assert error(100) / error(200) == pytest.approx(2**order, rel=0.02)


@pytest.mark.parametrize(("name", "most"), [("gauss-legendre", 1e-14), ("clenshaw-curtis", 1e-12)])
def test_a_high_order_rule_reaches_rounding_on_a_smooth_function(name, most):
    rule = fixed_rule(name, 14)
    assert abs(rule.weights @ np.exp(rule.nodes) - (math.e - 1)) < most


def test_gauss_legendre_is_numpys():
    for evaluations in (1, 2, 5, 50):
        nodes, weights = np.polynomial.legendre.leggauss(evaluations)
        rule = fixed_rule("gauss-legendre", evaluations)
        assert np.allclose(rule.nodes, (1 + nodes) / 2, rtol=0, atol=1e-15)
        assert np.allclose(rule.weights, weights / 2, rtol=1e-12, atol=0)


def test_gauss_legendre_with_the_recipes_3000_nodes():
    rule = fixed_rule("gauss-legendre", 3000)
    assert abs(rule.weights @ rule.nodes**5000 - 1 / 5001) < 1e-15
    assert abs(rule.weights.sum() - 1) < 1e-14


def test_clenshaw_curtis_with_three_nodes_is_simpson_and_with_two_the_trapezoid():
    assert fixed_rule("clenshaw-curtis", 3).weights == pytest.approx([1 / 6, 4 / 6, 1 / 6], abs=1e-16)
    assert fixed_rule("clenshaw-curtis", 2).weights == pytest.approx([0.5, 0.5], abs=1e-16)


def test_the_recipes_rule():
    rule = fixed_rule("riemann-right", 4)
    assert rule.nodes.tolist() == [0.25, 0.5, 0.75, 1.0]
    assert rule.weights.tolist() == [0.25] * 4


def test_a_rule_cant_be_written_to():
    rule = fixed_rule("midpoint", 3)
    with pytest.raises(ValueError, match="read-only"):
        rule.weights[0] = 1


@pytest.mark.parametrize(("name", "least"), [*((name, 1) for name in RULES[:3]), ("trapezoid", 2)])
def test_too_few_nodes_are_refused_with_the_rules_listed(name, least):
    fixed_rule(name, least)
    with raises(UsageError, "n_steps", asked=least - 1, limit=least):
        fixed_rule(name, least - 1)


def test_an_unknown_rule_is_refused_with_the_rules_listed():
    with raises(UsageError, "rule", asked="simpson"):
        fixed_rule("simpson", 3)


@given(st.sampled_from(RULES), st.integers(2, 400))
@settings(max_examples=60, deadline=None)
def test_any_number_of_nodes_gives_a_rule(name, evaluations):
    rule = fixed_rule(name, evaluations)
    assert abs(rule.weights.sum() - 1) <= 1e-14
    assert np.all(rule.weights > 0)
    assert np.all(np.diff(rule.nodes) > 0)
    if rule.degree >= 1:
        assert rule.weights @ rule.nodes == pytest.approx(0.5, abs=1e-15)
