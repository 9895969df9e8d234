"""Blobs come back as they went, companding loses what it says, and what is not as the schema says is refused."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from innerview.session.query import Query
from innerview.viewer.payload import (
    NOT_FINITE,
    Payload,
    compand,
    companded,
    counted,
    decode,
    encode,
    expand,
    make_payload,
    scales,
)
from innerview.viewer.schema import SCHEMA_VERSION, check, schema

NUMBERS = st.floats(-1e6, 1e6, width=32)
FLOATS = arrays.arrays(np.float32, arrays.array_shapes(min_dims=2, max_dims=4, max_side=6), elements=NUMBERS)


def mask(fraction: float = 0.5) -> Payload:
    values = np.array([1.5, -2.0], np.float32)
    return make_payload(
        "mask",
        {"logits": values, "probabilities": values, "predicted": counted([0]), "confidence": values[:1]},
        model="0" * 16,
        image="01234567",
        fraction=fraction,
        pixels=7,
        fill="black",
    )


@given(FLOATS)
def test_expanding_is_within_half_a_level(values: np.ndarray) -> None:
    scale = scales(values, (0,))
    levels = compand(values, scale, (0,))
    back = expand(levels, scale, (0,))
    limit = scale.reshape(-1, *[1] * (values.ndim - 1))
    # sqrt(v / s) is off by at most half of 1/127, so v by (q + 1/2)² - q² of s / 127²
    allowed = limit * (np.abs(levels.astype(np.float64)) + 0.25) / 127**2
    assert np.all(np.abs(back - values) <= allowed + 1e-6 * limit)
    assert np.array_equal(np.sign(back) * (levels != 0), np.sign(values) * (levels != 0))


@given(FLOATS)
def test_companding_what_was_expanded_changes_nothing(values: np.ndarray) -> None:
    scale = scales(values)
    levels = compand(values, scale)
    assert np.array_equal(compand(expand(levels, scale), scale), levels)


def test_the_loss_is_a_percent_of_what_gradients_hold_and_half_that_of_even_steps() -> None:
    """Laplace-distributed values, as gradients are: measured on the built-in network's 1.0 to 1.2 %."""
    values = np.random.default_rng(0).laplace(size=(20, 32, 32, 3)).astype(np.float32)
    found = companded("gradients", values, keep=(0,))
    back = expand(found["gradients"], found["gradients/scale"], (0,))
    even = np.rint(127 * values / scales(values, (0,))[:, None, None, None]) / 127
    even = even * scales(values, (0,))[:, None, None, None]
    size = np.abs(values).sum()
    loss, loss_of_even_steps = np.abs(back - values).sum() / size, np.abs(even - values).sum() / size
    assert 0.005 < loss < 0.013
    assert loss < 0.7 * loss_of_even_steps


def test_zero_stays_zero_and_what_is_not_finite_is_marked() -> None:
    assert not compand(np.zeros((2, 2)), scales(np.zeros((2, 2)))).any()
    values = np.array([[0.0, np.nan], [np.inf, -4.0]])
    levels = compand(values, scales(values))
    assert levels.tolist() == [[0, NOT_FINITE], [NOT_FINITE, -127]]
    back = expand(levels, scales(values))
    assert np.isnan(back).tolist() == [[False, True], [True, False]]
    assert math.isclose(back[1, 1], -4, rel_tol=1e-6)


@given(st.floats(0, 1), st.binary(max_size=40))
def test_a_blob_comes_back_as_it_went(fraction: float, noise: bytes) -> None:
    payload = mask(fraction)
    back = decode(encode(payload))
    assert back.kind == "mask"
    assert back.metadata == payload.metadata
    assert back.json("fraction") == fraction
    assert {name: value.tolist() for name, value in back.arrays.items()} == {
        name: value.tolist() for name, value in payload.arrays.items()
    }
    with pytest.raises(ValueError, match="no payload"):
        decode(noise)


def test_arrays_lie_where_a_browser_can_view_them() -> None:
    """A Float32Array can only begin at a multiple of 4 bytes: the head and all arrays before it must end at one."""
    left = make_payload(
        "map",
        {"heatmap": np.zeros((3, 3), np.float32), **companded("pixel_error", np.ones((3, 3)))},
        model="n",
        method="gradient",
        method_words="Gradient",
        meaning="sensitivity",
        objective="logit",
        target_words="logit",
        unit="logit",
        n_evaluations=1,
        status="done",
        status_words="done",
        score=1.0,
        notes=[],
    )
    blob = encode(left)
    length = int.from_bytes(blob[:8], "little")
    head = json.loads(blob[8 : 8 + length])
    assert length % 8 == 0
    assert all(
        one["data_offsets"][0] % 4 == 0
        for name, one in head.items()
        if one != head["__metadata__"] and one["dtype"] == "F32"
    )


BROKEN = {
    "unknown kind": ("nothing", {}, {}, "no payload of kind"),
    "missing array": ("mask", {"logits": None}, {}, "no array logits"),
    "unknown array": ("mask", {"extra": np.zeros(2, np.float32)}, {}, "no array 'extra'"),
    "type": ("mask", {"logits": np.zeros(2)}, {}, "float64"),
    "number of axes": ("mask", {"logits": np.zeros((2, 2), np.float32)}, {}, "axes are class"),
    "equal axes": ("mask", {"logits": np.zeros(3, np.float32)}, {}, "axis class"),
    "missing text": ("mask", {}, {"fill": ""}, "'fill' is empty"),
    "text of another form": ("mask", {}, {"pixels": "many"}, "'pixels' is no integer"),
    "unknown text": ("mask", {}, {"colour": "red"}, "no text colour"),
}


@pytest.mark.parametrize(("kind", "changed", "texts", "message"), BROKEN.values(), ids=BROKEN)
def test_what_is_not_as_the_schema_says_is_refused(kind, changed, texts, message) -> None:
    good = mask()
    merged = {name: value for name, value in {**good.arrays, **changed}.items() if value is not None}
    with pytest.raises(ValueError, match=message):
        check(kind, merged, {**good.metadata, **texts})


def test_a_scale_must_fit() -> None:
    found = {"heatmap": np.zeros((2, 2), np.int8), "heatmap/scale": np.zeros(2, np.float32)}
    with pytest.raises(ValueError, match="map/scale"):
        check("map", found, {})


def test_the_schema_describes_itself() -> None:
    assert schema()["version"] == SCHEMA_VERSION
    assert {name: one for name, one in vars(Query()).items() if name in schema()["defaults"]} == {
        name: tuple(one) if isinstance(one, list) else one for name, one in schema()["defaults"].items()
    }
    for described in schema()["kinds"].values():
        for name, one in described["arrays"].items():
            assert ("scale" in one) == ("I8" in one["dtypes"]), name
            assert all(axis == "1" or axis in one["axes"] for axis in one.get("scale", ()))
        assert all(
            form.removesuffix("?") in {"text", "integer", "number", "json"} for form in described["metadata"].values()
        )
