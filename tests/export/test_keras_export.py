"""The exported Keras source, on the backend that this process has (see adapters/test_keras_backends.py)."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from contract.closeness import assert_close
from export.taken_away import taken_away
from export.test_export import NETWORKS, pictures
from innerview.adapters.keras import KerasNetwork
from innerview.network import OUTPUT
from innerview.targets import Logit, together
from networks import numpy_network


@pytest.mark.parametrize("name", NETWORKS)
def test_the_keras_source_is_the_network_at_every_layer(tmp_path: Path, name: str) -> None:
    model = NETWORKS[name]
    network = numpy_network(model, model.weights(), np.float32)
    built = taken_away(tmp_path, network, "keras").build()
    theirs = KerasNetwork(built, network.input, network.output)
    taps = [layer.name for layer in network.layers]
    assert [layer.name for layer in theirs.layers if not layer.name.endswith(("_padding", "_order"))] == taps
    cotangents = {OUTPUT: together([Logit(0), Logit(2)])}
    found, wanted = (one.pullback(pictures(network), cotangents, taps) for one in (theirs, network))
    assert_close(found.logits, wanted.logits, np.float32)
    assert_close(found.input_gradients, wanted.input_gradients, np.float32)
    for tap in taps:
        assert_close(found.activations[tap], wanted.activations[tap], np.float32)


def test_it_can_be_kept_in_one_file(tmp_path: Path) -> None:
    model = NETWORKS["the built-in architecture"]
    network = numpy_network(model, model.weights(), np.float32)
    built = taken_away(tmp_path, network, "keras").build()
    built.save(tmp_path / "network.keras")
    again = KerasNetwork(keras.saving.load_model(tmp_path / "network.keras"), network.input, network.output)
    assert_close(again.forward(pictures(network)).logits, network.forward(pictures(network)).logits, np.float32)
