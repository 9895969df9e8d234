"""Other models made of one: with its weights shuffled, and for images of another size. The model itself stays.

Both are asked where a map is put to the test: a map that tells something of the training changes when every weight
array is shuffled in itself (which keeps its distribution), and a model without a fixed size can be shown a mosaic.
Adapters that can't do it give None, and the test is left out.
"""

from __future__ import annotations

import numpy as np

from innerview.adapters.numpy.model import NumpyModel
from innerview.errors import InnerviewError
from innerview.model import Model


def shuffled(model: Model, seed: int = 0) -> Model | None:
    """The same architecture, each weight array's values in random order; None where the adapter can't make it."""
    if isinstance(model, NumpyModel):
        random = np.random.default_rng(seed)
        weights = {name: random.permutation(one.ravel()).reshape(one.shape) for name, one in model.weights().items()}
        return NumpyModel(model.input, model.output, model.operations, weights, model.dtype)
    if type(model).__module__ == "innerview.adapters.torch.model":
        from innerview.adapters.torch import variants

        return variants.shuffled(model, seed)
    return None


def resized(model: Model, height: int, width: int) -> Model | None:
    """The same model for images of another size; None where its architecture or its adapter has one size only."""
    spec = model.input
    declared = spec.at(height, width)
    try:
        if isinstance(model, NumpyModel):
            return NumpyModel(declared, model.output, model.operations, model.weights(), model.dtype)
        if type(model).__module__ == "innerview.adapters.torch.model":
            from innerview.adapters.torch import variants

            return variants.resized(model, declared)
    except InnerviewError:  # it does not run at this size, which is the answer
        return None
    return None
