"""A timeline's channels go by their numbers in the layer; what was not kept is told apart from what is not finite."""

from __future__ import annotations

import json

import numpy as np

from innerview.pictures.timeline import KeptChannels
from innerview.results import Prediction
from innerview.viewer.payload import expand
from innerview.viewer.payloads.stamp import Stamp
from innerview.viewer.payloads.timeline import ShownTimeline, timeline_payload

RANDOM = np.random.default_rng(0)


def shown(layers: dict[str, np.ndarray], kept: dict[str, KeptChannels]) -> ShownTimeline:
    return ShownTimeline(
        name="cat",
        run="run",
        image=RANDOM.uniform(size=(8, 8, 3)),
        steps=np.arange(3.0),
        epochs=np.full(3, np.nan),
        predictions=[Prediction(np.zeros(10), np.full(10, 0.1), tuple("abcdefghij"))] * 3,
        maps=RANDOM.normal(size=(3, 8, 8)),
        layers=layers,
        target=3,
        words="logit of 3 cat",
        label=None,
        kept=kept,
    )


def test_channels_have_their_own_numbers_and_missing_steps_are_named() -> None:
    values = RANDOM.normal(size=(3, 4, 4, 6)) * [1, 9, 2, 8, 7, 6]
    values[1] = np.nan
    whole = RANDOM.normal(size=(3, 2, 2, 10))
    numbers = (5, 17, 40, 77, 90, 121)
    made = timeline_payload(
        shown({"layer 3": values, "layer 9": whole}, {"layer 3": KeptChannels(numbers, 128)}), Stamp("n", "p")
    )
    third, ninth = json.loads(made.metadata["layers"])
    assert sorted(third["channels"]) == [17, 77, 90, 121]
    assert (third["of"], third["missing"]) == (128, [1])
    assert (ninth["of"], ninth["missing"]) == (10, [])
    found = expand(made.arrays["activation/0"], made.arrays["activation/0/scale"], keep=(0, 3))
    assert np.isnan(found[1]).all()
    place = [numbers.index(number) for number in third["channels"]]
    np.testing.assert_allclose(found[2], values[2][..., place], atol=0.02 * np.abs(values[2]).max())
