"""Channels that never fire and channels that are stuck are found where they were put."""

from __future__ import annotations

import numpy as np
import pytest

from innerview.allcnn import build, initial_weights
from innerview.methods.units import LayerUnits, units

IMAGES = np.random.default_rng(0).uniform(0.2, 1, (6, 8, 8, 3)).astype(np.float32)


def test_a_channel_of_negative_weights_never_fires_and_one_far_below_is_stuck() -> None:
    weights = initial_weights(0, channels=4)
    weights["conv1.weight"][0] = -0.01
    weights["conv1.weight"][2] = -5.0
    weights["conv1.weight"][3] = 0.1
    first = units(build(weights, size=8), IMAGES)[0]
    assert first.layer == "elu1"
    assert first.dead.tolist() == [0, 2]
    assert first.saturated_channels.tolist() == []  # 2 lies at the floor everywhere, and is silent
    assert first.saturated[2] == 1
    assert first.positive[3] == 1
    assert first.saturated[0] == 0


def test_every_weighted_layer_has_its_row_and_batch_sizes_change_nothing() -> None:
    model = build(initial_weights(1, channels=4), size=8)
    found = units(model, IMAGES)
    assert [one.layer for one in found] == [f"elu{number}" for number in range(1, 10)]
    values = model.forward(IMAGES, ("elu4",)).activations["elu4"]
    np.testing.assert_allclose(found[3].positive, (values > 0).mean(axis=(0, 1, 2)), rtol=1e-12)
    assert len(IMAGES) > model.batch_size


@pytest.mark.parametrize(("share", "stuck"), [(0.94, []), (0.95, [0])])
def test_stuck_means_nearly_everywhere(share: float, stuck: list[int]) -> None:
    assert LayerUnits("a", np.array([0.01]), np.array([share])).saturated_channels.tolist() == stuck
