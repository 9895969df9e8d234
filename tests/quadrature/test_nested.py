"""Identities of the nested rules: levels share nodes to the bit, weights sum to 1, exactness, order, substitutions."""

import numpy as np
import pytest

from innerview.errors import UsageError
from innerview.quadrature import PANELS, POWERS, fixed_rule, nested_rule
from innerview.quadrature.substitutions import EARLY, GRADING, grade, snapped

COMBINATIONS = [(family, substitution) for family in PANELS for substitution in POWERS]


@pytest.mark.parametrize(("family", "substitution"), COMBINATIONS)
def test_every_level_is_its_fixed_rule_on_the_substituted_nodes(family, substitution):
    rule = nested_rule(family, substitution, 520)
    for level, count in enumerate(rule.counts):
        whole = fixed_rule(family, PANELS[family] * 2**level + 1).nodes ** POWERS[substitution]
        nodes = np.sort(rule.nodes[:count])
        # To the bit but for the early places, perhaps without the node at 0.
        assert np.array_equal(nodes, snapped(family, whole[len(whole) - count :]))
        np.testing.assert_allclose(nodes, whole[len(whole) - count :], rtol=1e-14)
        by_panels = family == "trapezoid" and POWERS[substitution] < 2
        assert len(whole) - count == (0 if by_panels or substitution == "identity" else 1)
        assert len(rule.weights[level]) == count
    assert len(set(rule.nodes.tolist())) == len(rule.nodes) <= 520
    assert all(np.all(np.diff(rule.nodes[list(rule.born(level))]) > 0) for level in range(len(rule.counts)))


@pytest.mark.parametrize(("family", "substitution"), [("trapezoid", "identity"), ("trapezoid", "graded")])
def test_even_nodes_integrate_constants_exactly_whatever_the_grading(family, substitution):
    rule = nested_rule(family, substitution, 1100)
    for weights in rule.weights:
        assert abs(weights.sum() - 1) < 1e-14
        assert np.all(weights > 0)


@pytest.mark.parametrize("substitution", POWERS)
def test_clenshaw_curtis_keeps_its_exactness_through_a_whole_power(substitution):
    power = POWERS[substitution]
    if power != int(power):
        return
    rule = nested_rule("clenshaw-curtis", substitution, 33)
    for level, count in enumerate(rule.counts):
        for degree in range(int((PANELS["clenshaw-curtis"] * 2**level - power + 1) / power) + 1):
            value = rule.weights[level] @ rule.nodes[:count] ** degree
            assert value == pytest.approx(1 / (degree + 1), abs=1e-14)


@pytest.mark.parametrize("substitution", POWERS)
def test_the_trapezoid_is_of_second_order_under_every_substitution(substitution):
    rule = nested_rule("trapezoid", substitution, 1100)
    errors = [
        abs(weights @ np.exp(rule.nodes[:count]) - (np.e - 1))
        for count, weights in zip(rule.counts, rule.weights, strict=True)
    ]
    assert errors[-2] / errors[-1] == pytest.approx(4, rel=0.06)
    assert errors[-1] < 4e-6


def test_a_boundary_layer_is_taken_apart_by_its_substitution():
    def layer(alphas):
        return 1000 * np.exp(-1000 * alphas)

    def error(substitution):
        rule = nested_rule("trapezoid", substitution, 33)
        return abs(rule.weights[-1] @ layer(rule.nodes) - 1)

    assert error("layer") < 0.02 < 1 < error("identity")


def test_a_node_without_weight_costs_nothing():
    rule = nested_rule("trapezoid", "layer", 16)
    assert 0.0 not in rule.nodes.tolist()
    assert rule.counts == (4, 8, 16)
    assert nested_rule("trapezoid", "identity", 17).counts == (5, 9, 17)


def test_at_least_the_coarsest_level_is_there():
    assert nested_rule("clenshaw-curtis", "identity", 1).counts == (5,)


def test_the_substitution_follows_what_is_seen_early():
    assert grade("trapezoid", 0.1) == grade("trapezoid", 1.4) == "graded"
    assert grade("trapezoid", 1.6) == grade("trapezoid", float("inf")) == "layer"
    assert grade("clenshaw-curtis", 0.0) == "identity"


def test_the_early_place_is_a_node_of_both_choices_by_the_first_level_that_is_judged():
    for family, early in EARLY.items():
        for substitution in GRADING[family]:
            rule = nested_rule(family, substitution, 33)
            assert set(early) <= set(rule.nodes[: rule.counts[2]].tolist())


def test_unknown_names_are_refused_with_the_names_listed():
    with pytest.raises(UsageError, match=r"no nested rule 'patterson'.*trapezoid, clenshaw-curtis.*identity, graded"):
        nested_rule("patterson", "identity", 33)
    with pytest.raises(UsageError, match="substitution 'cubic'"):
        nested_rule("trapezoid", "cubic", 33)
