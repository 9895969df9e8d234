"""Many integrals at once: oracles, and what must not matter (order of answers, company, size of batches)."""

import itertools
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad_vec

from innerview.errors import InnerviewError, UsageError
from innerview.quadrature import Driver, Measure, Problem, integrate, integrate_many
from raising import raises

WHOLE = (Measure("whole", lambda value: value),)


def problem(tolerance=0.01, budget=600, **more):
    return Problem(WHOLE, tolerance, budget, **more)


def kinks(seed, order, pieces=400, pixels=60):
    """A function with jumps (order 0) or kinks (order 1) at random places, and its integral."""
    rng = np.random.default_rng(seed)
    places, sizes = rng.uniform(size=pieces), rng.standard_normal((pieces, pixels))

    def function(alpha):
        return (np.maximum(alpha - places, 0) ** order * (alpha > places)) @ sizes

    return function, (1 - places) ** (order + 1) / (order + 1) @ sizes


def error(integral, exact):
    return np.abs(integral.value - exact).sum() / np.abs(exact).sum()


SMOOTH = {
    "waves": lambda a: np.array([[np.sin(5 * a), np.exp(a)], [a**3, np.cos(9 * a)]]),
    "ramp": lambda a: np.array([a, 1 - a, abs(a - 0.31)]),
    "layer": lambda a: np.array([50 / (0.01 + a), np.exp(-300 * a) * 300, 1.0]),
    "peak": lambda a: np.array([1 / (1 + 100 * (a - 0.4) ** 2), a]),
}


@pytest.mark.parametrize("tolerance", [0.02, 1e-3, 1e-4])
@pytest.mark.parametrize("name", SMOOTH)
def test_the_tolerance_is_met_against_scipy(name, tolerance):
    integral = integrate(problem(tolerance, budget=4000), SMOOTH[name])
    exact, _ = quad_vec(SMOOTH[name], 0, 1, epsabs=1e-12, epsrel=1e-12)
    assert integral.converged
    assert integral.value.shape == exact.shape
    assert error(integral, exact) <= tolerance
    assert error(integral, exact) <= 1.2 * integral.errors[0]  # two or three numbers: a wobbly estimate


def test_a_jump_is_followed_by_halving_its_panel_alone_or_owned_up_to():
    for tolerance, budget in ((0.01, 25), (1e-4, 40), (1e-6, 60)):
        integral = integrate(problem(tolerance, budget), lambda a: np.array([float(a > 0.37), 1.0]))
        assert integral.converged
        assert error(integral, np.array([0.63, 1.0])) <= integral.errors[0] <= tolerance
    integral = integrate(problem(1e-6, budget=30), lambda a: np.array([float(a > 0.37), 1.0]))
    assert not integral.converged
    assert integral.evaluations <= 30
    assert integral.errors[0] > 1e-6


@pytest.mark.parametrize(("order", "tolerance", "share"), [(0, 0.05, 0.95), (1, 0.01, 0.98)])
def test_estimates_hold_on_functions_of_many_jumps_or_kinks(order, tolerance, share):
    held = []
    for seed in range(60):
        function, exact = kinks(seed, order)
        integral = integrate(problem(tolerance, budget=2100), function)
        assert integral.converged
        held.append(error(integral, exact) <= integral.errors[0])
    assert np.mean(held) >= share  # jumps shared by all pixels are the hardest that were tried


def test_a_constant_is_found_at_the_first_level_that_is_judged():
    integral = integrate(problem(1e-6), lambda _: np.array([2.0, -3.0]))
    assert integral.evaluations == 17
    assert np.allclose(integral.value, [2, -3], rtol=1e-15, atol=0)
    assert integrate(problem(), lambda _: np.zeros(3)).converged


def test_a_tight_tolerance_costs_more_and_each_integral_has_its_own():
    function, _ = kinks(5, 1)
    tolerances = [0.1, 0.01, 0.001]
    found = dict(
        integrate_many(
            [problem(tolerance) for tolerance in tolerances], lambda batch: [function(one.alpha) for one in batch], 7
        )
    )
    costs = [found[number].evaluations for number in range(3)]
    assert costs == sorted(costs)
    assert costs[0] < costs[2]
    assert all(found[number].levels[-1].worst <= tolerance for number, tolerance in enumerate(tolerances))


@pytest.mark.parametrize("place", range(4))
def test_only_the_panels_that_need_it_are_halved(place):
    """A wave on one quarter of the path: the evaluations go there or beside it, but for the common
    ones and the widest quarter, which is cut once before the estimate is believed."""

    def function(a):
        x = np.clip(4 * a - place, 0, 1)
        return np.array([1 + x * (1 - x) * np.sin(20 * x) ** 2])

    integral = integrate(problem(1e-4, 2000, substitution="identity"), function)
    inside = [place / 4 - 0.02 < alpha < (place + 1) / 4 + 0.02 for alpha in integral.alphas]
    assert integral.converged
    assert sum(inside) >= 0.75 * len(inside)
    assert sum(inside) > 30


def test_a_substitution_without_meaning_is_refused():
    with raises(UsageError, "substitution", asked="cube"):
        problem(substitution="cube")


def test_every_measure_must_agree():
    first = Measure("first", lambda value: value[:1])
    second = Measure("second", lambda value: value[1:])

    def function(a):
        return np.array([1.0, np.sin(40 * a)])

    easy = integrate(Problem((first,), 1e-3, 4000), function)
    both = integrate(Problem((first, second), 1e-3, 4000), function)
    assert easy.evaluations == 17 < both.evaluations
    assert max(both.errors) <= 1e-3


def test_a_floor_keeps_a_vanishing_integral_from_asking_for_ever_more():
    def function(a):
        return np.array([1e-9 * np.sin(2 * np.pi * a)])

    assert not integrate(problem(0.01, budget=70), function).converged
    floored = Problem((Measure("floored", lambda value: value, floor=lambda: 1e-3),), 0.01, 70)
    assert integrate(floored, function).converged


def test_the_other_check_can_veto():
    seen = []

    def residual(value):
        seen.append(float(value[0]))
        return abs(float(value[0]) - 1 / 3) * 100

    integral = integrate(problem(0.01, residual=residual), lambda a: np.array([a * a]))
    assert integral.converged
    assert integral.levels[-1].residual <= 0.01 < integral.levels[-2].residual
    assert integral.levels[-2].errors[0] <= 0.01
    assert len(seen) == len(integral.levels)


@pytest.mark.parametrize(("budget", "spent"), [(2, 2), (4, 2), (5, 5), (17, 17), (18, 18), (21, 21), (100, 100)])
def test_a_budget_is_never_passed_and_its_end_is_owned_up_to(budget, spent):
    seen = []

    def function(a):
        seen.append(a)
        return np.array([np.sin(30 * a) + float(a > 0.3217)])

    integral = integrate(problem(1e-9, budget), function)
    assert not integral.converged
    assert integral.evaluations == len(seen) == spent
    assert integral.value.shape == (1,)
    assert all(error > 1e-9 for error in integral.errors)
    assert (budget >= 17) == bool(np.isfinite(integral.errors).all() and integral.errors)
    assert all(level.evaluations <= budget for level in integral.levels)


@pytest.mark.parametrize("name", SMOOTH)
def test_no_node_is_asked_for_twice_and_the_history_counts_them(name):
    integral = integrate(problem(1e-4, budget=2000), SMOOTH[name])
    assert len(set(integral.alphas)) == integral.evaluations == integral.levels[-1].evaluations
    assert integral.alphas[:3] == (1.0, 0.0, 1 / 27)
    assert integral.substitution == ("layer" if name == "layer" else "identity")


def run(functions, order, batch_size, tolerance=0.002):
    """Answer each batch in the order that `order` gives; return the results by number."""
    driver, found = Driver(problem(tolerance) for _ in functions), {}
    while batch := driver.requests(batch_size):
        assert driver.wanted >= sum(integral.evaluations for integral in found.values()) + len(batch)
        for position in order(len(batch)):
            driver.answer(batch[position], functions[batch[position].problem](batch[position].alpha))
        found.update(driver.finished())
    assert driver.wanted == sum(integral.evaluations for integral in found.values())
    return found


@given(st.integers(1, 40), st.integers(0, 2**32 - 1))
@settings(max_examples=25, deadline=None)
def test_company_batches_and_order_of_answers_change_no_bit(batch_size, seed):
    functions = [kinks(3, 1, 50, 5)[0], SMOOTH["waves"], SMOOTH["layer"], kinks(4, 0, 20, 3)[0]]
    rng = np.random.default_rng(seed)
    together = run(functions, rng.permutation, batch_size)
    for number, function in enumerate(functions):
        alone = integrate(problem(0.002), function)
        assert alone.value.tobytes() == together[number].value.tobytes()
        assert alone.errors == together[number].errors
        assert sorted(alone.alphas) == sorted(together[number].alphas)


@given(st.integers(-30, 30), st.integers(0, 2**32 - 1))
@settings(max_examples=25, deadline=None)
def test_the_integral_is_linear(power, seed):
    function, _ = kinks(seed, 1, 30, 4)
    single = integrate(problem(0.01), function)
    scaled = integrate(problem(0.01), lambda a: 2.0**power * function(a))
    assert np.array_equal(scaled.value, 2.0**power * single.value)
    assert scaled.evaluations == single.evaluations
    doubled = integrate(problem(0.01), lambda a: np.stack([function(a), 3 * function(a)]))
    assert doubled.evaluations == single.evaluations
    assert np.allclose(doubled.value[0], single.value, rtol=1e-13, atol=1e-13)
    assert np.allclose(doubled.value[1], 3 * single.value, rtol=1e-13, atol=1e-13)


def test_batches_are_full_while_there_is_work_and_long_lists_are_read_as_needed():
    started, sizes = [], []

    def problems():
        for number in itertools.count():
            started.append(number)
            yield problem()

    def evaluate(batch):
        sizes.append(len(batch))
        return [np.array([one.alpha]) for one in batch]

    results = integrate_many(problems(), evaluate, batch_size=8)
    for _ in range(50):
        next(results)
    assert set(sizes) == {8}
    assert len(started) <= 50 + 8


def test_values_keep_their_precision_in_float64_sums():
    integral = integrate(problem(1e-5, 600), lambda a: np.array([a], dtype=np.float32))
    assert integral.value.dtype == np.float64
    assert abs(integral.value[0] - 0.5) < 1e-5


def test_a_value_that_is_not_finite_is_refused():
    with raises(InnerviewError, "integrand", found=1):
        integrate(problem(), lambda a: np.array([1.0, np.nan if a == 1 / 27 else 0.0]))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"tolerance": 0.0}, {"about": "tolerance"}),
        ({"tolerance": float("nan")}, {"about": "tolerance"}),
        ({"budget": 1}, {"about": "max_evaluations", "asked": 1, "limit": 2}),
        ({"measures": ()}, {"about": "measures", "found": 0}),
    ],
)
def test_problems_without_meaning_are_refused(wrong, message):
    with raises(UsageError, **message):
        Problem(**{"measures": WHOLE, "tolerance": 0.01, "budget": 100, **wrong})


def test_memory_grows_with_the_levels_and_not_with_the_evaluations():
    size = 100_000

    def peak(budget):
        tracemalloc.start()
        integral = integrate(problem(1e-9, budget), lambda a: np.full(size, np.sqrt(abs(a - 0.3))))
        found = tracemalloc.get_traced_memory()[1] / (8 * size)
        tracemalloc.stop()
        assert integral.evaluations > budget / 2
        return found

    few, many = peak(50), peak(1600)
    assert many < few + 24  # four sums and their steps in place of the integrand at each node
