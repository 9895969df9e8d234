"""How numbers, classes and layers are written."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from innerview.pictures import words
from pictures import made

INF, NAN = math.inf, math.nan


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0, "0"), (0.02134, "0.0213"), (-0.02134, "−0.0213"), (2.5, "2.50"), (1234, "1,230"), (999.6, "1,000"),
        (123456, "123,000"), (1234567, "1.23e6"), (0.0000123, "1.23e−5"), (-4e-9, "−4.00e−9"), (INF, "∞"), (-INF, "−∞"),
        (NAN, "–"),
    ],
)  # fmt: skip
def test_numbers_have_three_significant_digits(value, written) -> None:
    assert words.number(value) == written


def test_a_signed_number_shows_its_plus() -> None:
    assert [words.number(value, signed=True) for value in (1.5, -1.5, 0)] == ["+1.50", "−1.50", "0"]


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e300, max_value=1e300))
def test_a_number_can_be_read_back(value) -> None:
    read = float(words.number(value).replace("−", "-").replace(",", ""))
    assert read == pytest.approx(value, rel=0.0051)
    assert "-" not in words.number(value)


@pytest.mark.parametrize(
    ("value", "written"), [(0.02, "0.02"), (1.25, "1.25"), (3.0, "3"), (100.0, "100"), (2e-7, "2e−7"), (1.5e8, "1.5e8")]
)
def test_limits_have_no_idle_zeros(value, written) -> None:
    assert words.limit(value) == written


@pytest.mark.parametrize(
    ("value", "written"),
    [(0.01, "0.01"), (1.0, "1"), (0.5, "0.5"), (1e-5, "1e−5"), (0.0, "0"), (0.00125, "0.00125")],
)
def test_places_are_written_as_they_were_asked_for(value, written) -> None:
    assert words.place(value) == written


@pytest.mark.parametrize(
    ("value", "written"),
    [(0.6134, "61.3 %"), (0.0004, "< 0.1 %"), (0.0, "< 0.1 %"), (1.0, "> 99.9 %"), (0.99951, "> 99.9 %"), (NAN, "–"),
     (0.001, "0.1 %"), (0.999, "99.9 %")],
)  # fmt: skip
def test_probabilities_never_claim_certainty(value, written) -> None:
    assert words.probability(value) == written


@pytest.mark.parametrize(
    ("value", "written"), [(0, "0 %"), (1, "100 %"), (0.2, "20 %"), (0.012, "1.2 %"), (0.0002, "< 0.1 %"), (NAN, "–")]
)
def test_counted_shares_may_be_none_or_all(value, written) -> None:
    assert words.share(value) == written


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0.00831, "0.84 %"),
        (0.0181, "1.9 %"),
        (0.121, "13 %"),
        (0, "0 %"),
        (NAN, "–"),
        (1.234, "124 %"),
        (0.01, "1.0 %"),
    ],
)
def test_errors_are_rounded_up(value, written) -> None:
    assert words.error(value) == written


@given(st.floats(1e-9, 10))
def test_a_written_error_is_never_below_the_error(value) -> None:
    written = float(words.error(value).removesuffix(" %"))
    assert value * 100 <= written * (1 + 1e-12)
    assert written <= 111 * value + 1


def test_layers_are_named_as_people_count_them() -> None:
    layers = made.table()
    assert words.layer_title("elu2", layers) == "layer 2 (elu2)"
    assert words.layer_title("pool1", layers) == "pool1"
    assert words.layer_title("elu2") == "elu2"


def test_long_names_are_cut() -> None:
    assert words.brief("great white shark, man-eater", 19) == "great white shark…"
    assert words.brief("cat", 3) == "cat"
