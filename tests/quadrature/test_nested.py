"""Identities of the nested rules: levels share nodes to the bit, weights sum to 1, exactness, order, substitutions."""

from itertools import pairwise

import numpy as np
import pytest

from innerview.errors import UsageError
from innerview.quadrature import PANELS, POWERS, fixed_rule, nested_rule
from innerview.quadrature.substitutions import EARLY, GRADING, grade, snapped

COMBINATIONS = [(family, substitution) for family in PANELS for substitution in POWERS]


def whole(rule, level):
    """Nodes and weights where every part is at one level, from 0 to 1; a node that parts share stands once."""
    sums = {}
    for part in rule.parts:
        for alpha, weight in zip(part.nodes[: part.counts[level]].tolist(), part.weights[level], strict=True):
            sums[alpha] = sums.get(alpha, 0.0) + weight
    nodes = np.array(sorted(sums))
    return nodes, np.array([sums[alpha] for alpha in nodes.tolist()])


def integral(rule, level, function):
    nodes, weights = whole(rule, level)
    return weights @ function(nodes)


@pytest.mark.parametrize(("family", "substitution"), COMBINATIONS)
def test_every_level_is_its_fixed_rule_on_the_substituted_nodes(family, substitution):
    rule = nested_rule(family, substitution, 520)
    panels, power = PANELS[family][substitution], POWERS[substitution]
    for level in range(rule.levels):
        fixed = fixed_rule(family, panels * 2**level + 1)
        nodes, weights = whole(rule, level)
        spare = len(fixed.nodes) - len(nodes)
        # To the bit but for the early places, perhaps without the node at 0.
        assert np.array_equal(nodes, snapped(family, fixed.nodes**power)[spare:])
        assert rule.nodes(level) == set(nodes.tolist())
        by_panels = family == "trapezoid" and power < 2
        assert spare == (0 if by_panels or substitution == "identity" else 1)
        if not by_panels:
            known = fixed.weights * power * fixed.nodes ** (power - 1)
            np.testing.assert_allclose(weights, known[spare:], rtol=1e-13)
    one = len(rule.nodes(rule.levels - 2) | set(rule.parts[-1].nodes.tolist()))
    assert one <= 520 < len(rule.nodes(rule.levels - 1)) * 2


@pytest.mark.parametrize(("family", "substitution"), COMBINATIONS)
def test_parts_lie_side_by_side_and_keep_their_nodes_from_level_to_level(family, substitution):
    rule = nested_rule(family, substitution, 520)
    assert len(rule.parts) == (PANELS[family][substitution] if family == "trapezoid" else 1)
    for part in rule.parts:
        assert len(set(part.nodes.tolist())) == len(part.nodes) == part.counts[-1]
        assert all(len(weights) == count for weights, count in zip(part.weights, part.counts, strict=True))
        assert all(np.all(np.diff(part.born(level)) > 0) for level in range(rule.levels))
    for before, after in pairwise(rule.parts):
        assert before.nodes.max() == after.nodes.min()


@pytest.mark.parametrize("substitution", ["identity", "graded"])
def test_even_nodes_integrate_constants_exactly_whatever_the_grading_and_whichever_parts_are_refined(substitution):
    rule = nested_rule("trapezoid", substitution, 1100)
    power = POWERS[substitution]
    for level in range(rule.levels):
        for place, part in enumerate(rule.parts):
            first, last = place / 4, (place + 1) / 4
            assert part.weights[level].sum() == pytest.approx(last**power - first**power, abs=1e-14)
            assert np.all(part.weights[level] > 0)


@pytest.mark.parametrize("substitution", POWERS)
def test_clenshaw_curtis_keeps_its_exactness_through_a_whole_power(substitution):
    power = POWERS[substitution]
    if power != int(power):
        return
    rule = nested_rule("clenshaw-curtis", substitution, 33)
    for level in range(rule.levels):
        for degree in range(int((4 * 2**level - power + 1) / power) + 1):
            value = integral(rule, level, lambda alphas, degree=degree: alphas**degree)
            assert value == pytest.approx(1 / (degree + 1), abs=1e-14)


@pytest.mark.parametrize("substitution", POWERS)
def test_the_trapezoid_is_of_second_order_under_every_substitution(substitution):
    rule = nested_rule("trapezoid", substitution, 1100)
    errors = [abs(integral(rule, level, np.exp) - (np.e - 1)) for level in range(rule.levels)]
    assert errors[-2] / errors[-1] == pytest.approx(4, rel=0.06)
    assert errors[-1] < 1e-5


def test_a_boundary_layer_is_taken_apart_by_its_substitution():
    def layer(alphas):
        return 1000 * np.exp(-1000 * alphas)

    def error(substitution):
        rule = nested_rule("trapezoid", substitution, 33)
        return abs(integral(rule, rule.levels - 1, layer) - 1)

    assert error("layer") < 0.02 < 1 < error("identity")


def test_a_node_without_weight_costs_nothing():
    rule = nested_rule("trapezoid", "layer", 16)
    assert [len(rule.nodes(level)) for level in range(3)] == [3, 6, 12]
    assert all(0.0 not in rule.nodes(level) for level in range(rule.levels))
    even = nested_rule("trapezoid", "identity", 17)
    assert [len(even.nodes(level)) for level in range(even.levels)] == [5, 9, 17]
    assert nested_rule("trapezoid", "identity", 21).levels == 4  # one part can be refined


def test_at_least_the_coarsest_level_is_there():
    assert nested_rule("clenshaw-curtis", "identity", 1).parts[0].counts == (5,)


def test_the_substitution_follows_what_is_seen_early():
    assert grade("trapezoid", 0.1) == grade("trapezoid", 1.4) == "graded"
    assert grade("trapezoid", 1.6) == grade("trapezoid", float("inf")) == "layer"
    assert grade("clenshaw-curtis", 0.0) == "identity"


def test_the_early_place_is_a_node_of_both_choices_by_the_first_level_that_is_judged():
    for family, early in EARLY.items():
        for substitution in GRADING[family]:
            assert set(early) <= nested_rule(family, substitution, 33).nodes(2)


def test_unknown_names_are_refused_with_the_names_listed():
    with pytest.raises(UsageError, match=r"no nested rule 'patterson'.*trapezoid, clenshaw-curtis.*identity, graded"):
        nested_rule("patterson", "identity", 33)
    with pytest.raises(UsageError, match="substitution 'cubic'"):
        nested_rule("trapezoid", "cubic", 33)
