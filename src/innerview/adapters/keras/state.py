"""What a Keras model may change beside its variables, and how it comes back as it was.

Whatever a layer assigns to a Keras variable while we look stays in a stateless scope (see `calls`); its Python
attributes, and raw variables of TensorFlow, are taken down here. On PyTorch its tensors are PyTorch's engine's affair.
"""

# Keras is untyped: unknown types are its own.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingImports=false, reportAttributeAccessIssue=false, reportUnknownLambdaType=false

from __future__ import annotations

import sys
from contextlib import AbstractContextManager
from typing import Any

import numpy as np

from innerview.adapters.keeping import Kept, Restore, random_numbers, restoring


def unchanged(model: Any) -> AbstractContextManager[object]:
    """Put back, when the block ends, what the model's code changes in its layers and in random generators."""
    layers = model._flatten_layers()  # noqa: SLF001 pyright: ignore[reportPrivateUsage]
    return restoring(iter([Kept(layers, _keep).restore, random_numbers()]))


def _keep(value: Any) -> Restore | None:
    """Take down a variable of TensorFlow; other frameworks' arrays do not change, or are kept elsewhere."""
    package = type(value).__module__.partition(".")[0]
    if package != "tensorflow" or "tensorflow" not in sys.modules:
        return (lambda: None) if package in {"torch", "jax", "jaxlib"} else None
    import tensorflow as tf

    if not isinstance(value, tf.Variable):
        return None
    before = np.array(value.numpy())
    return lambda: None if np.array_equal(value.numpy(), before) else value.assign(before)
