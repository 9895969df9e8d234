"""What a part of one image does in another: known exactly of a linear model, and nothing where nothing is given."""

from __future__ import annotations

import numpy as np
import pytest

from innerview.adapters.numpy.model import NumpyModel
from innerview.adapters.numpy.operations import Dense, Flatten
from innerview.errors import UsageError
from innerview.methods.transplants import mask_of, transplants, way_names
from innerview.model import InputSpec, OutputSpec
from innerview.targets import Logit
from raising import raises

RANDOM = np.random.default_rng(0)
WEIGHTS = RANDOM.normal(size=(3, 12 * 9 * 3))
MODEL = NumpyModel(
    InputSpec(12, 9),
    OutputSpec(("a", "b", "c")),
    [Flatten("flat"), Dense("dense", bias=False)],
    {"dense.weight": WEIGHTS},
).astype(np.float64)
IMAGES = RANDOM.random((3, 12, 9, 3))
HOSTS = RANDOM.random((2, 12, 9, 3))


@pytest.mark.parametrize("way", [name for name in way_names() if name not in {"colour", "detail"}])
def test_a_part_does_what_its_weights_say(way: str) -> None:
    found = transplants(MODEL, IMAGES, HOSTS, Logit(1), [way])
    before = MODEL.forward(HOSTS).outputs
    mask = mask_of(way, 12, 9)
    assert mask is not None
    for number, image in enumerate(IMAGES):
        changed = np.where(mask[..., None], image, HOSTS)
        after = MODEL.forward(changed).outputs
        np.testing.assert_allclose(found.effect[number, 0], after[:, 1] - before[:, 1], atol=1e-9)
        assert list(found.answered[number, 0]) == list(after.argmax(axis=1) == 1)


def test_the_parts_together_are_the_image() -> None:
    ways = [f"region {number}" for number in range(9)]
    parts = transplants(MODEL, IMAGES, HOSTS, Logit(2), ways).effect.sum(axis=1)
    whole = MODEL.forward(IMAGES).outputs[:, None, 2] - MODEL.forward(HOSTS).outputs[None, :, 2]
    np.testing.assert_allclose(parts, whole, atol=1e-9)


def test_an_image_given_to_itself_changes_nothing() -> None:
    found = transplants(MODEL, HOSTS, HOSTS, Logit(0), way_names()).effect
    np.testing.assert_allclose(found[[0, 1], :, [0, 1]], 0, atol=1e-6)


def test_colours_take_mean_and_spread_and_detail_leaves_them() -> None:
    image, host = 0.3 + 0.2 * IMAGES[:1], 0.4 + 0.1 * HOSTS[:1]
    model = NumpyModel(
        InputSpec(12, 9),
        OutputSpec(("red", "green")),
        [Flatten("flat"), Dense("dense", bias=False)],
        {"dense.weight": np.stack([np.tile([1.0, 0, 0], 108), np.tile([0, 1.0, 0], 108)]) / 108},
    )
    found = transplants(model, image, host, Logit(0), ["colour", "detail"]).effect[0, :, 0]
    assert found[0] == pytest.approx(float(image[..., 0].mean() - host[..., 0].mean()), abs=1e-5)
    assert abs(found[1]) < 0.01


def test_what_does_not_exist_is_refused() -> None:
    with raises(UsageError, "ways", asked="the way 'region 9'"):
        transplants(MODEL, IMAGES, HOSTS, Logit(1), ["region 9"])
    with raises(UsageError, "ways", asked="a target without a class"):
        transplants(MODEL, IMAGES, HOSTS, Logit(), ["border"])
