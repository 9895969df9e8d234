"""The exported Keras source, on the backend that this process has (see adapters/test_keras_backends.py)."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from contract.closeness import assert_close
from export.taken_away import taken_away
from export.test_export import NETWORKS, random_images
from innerview.adapters.keras.model import KerasModel
from innerview.model import OUTPUT
from innerview.targets import Logit, together
from models import numpy_model


@pytest.mark.parametrize("name", NETWORKS)
def test_the_keras_source_is_the_model_at_every_layer(tmp_path: Path, name: str) -> None:
    model = NETWORKS[name]
    wrapped = numpy_model(model, model.weights(), np.float32)
    built = taken_away(tmp_path, wrapped, "keras").build()
    theirs = KerasModel(built, wrapped.input, wrapped.output)
    layers = [layer.name for layer in wrapped.layers]
    assert [layer.name for layer in theirs.layers if not layer.name.endswith(("_padding", "_order"))] == layers
    grad_outputs = {OUTPUT: together([Logit(0), Logit(2)])}
    found, wanted = (one.vjp(random_images(wrapped), grad_outputs, layers) for one in (theirs, wrapped))
    assert_close(found.outputs, wanted.outputs, np.float32)
    assert_close(found.input_gradients, wanted.input_gradients, np.float32)
    for tap in layers:
        assert_close(found.activations[tap], wanted.activations[tap], np.float32)


def test_it_can_be_kept_in_one_file(tmp_path: Path) -> None:
    model = NETWORKS["the built-in architecture"]
    wrapped = numpy_model(model, model.weights(), np.float32)
    built = taken_away(tmp_path, wrapped, "keras").build()
    built.save(tmp_path / "model.keras")
    again = KerasModel(keras.saving.load_model(tmp_path / "model.keras"), wrapped.input, wrapped.output)
    assert_close(
        again.forward(random_images(wrapped)).outputs, wrapped.forward(random_images(wrapped)).outputs, np.float32
    )
