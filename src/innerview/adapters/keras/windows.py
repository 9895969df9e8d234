# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingImports=false
"""Which positions of its input a layer of Keras looks at, by its own settings: a table by class.

Only Keras's own classes are in it, as for PyTorch (`adapters.torch.windows`); anything else is measured.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import keras

from innerview.layers import POINTWISE, Window

PADDING: Final[Mapping[str, tuple[int, int] | None]] = {"valid": (0, 0), "same": None}


def _convolution(layer: Any) -> Window | None:
    if layer.padding not in PADDING:
        return None
    dilation = tuple(layer.dilation_rate)
    return Window(tuple(layer.kernel_size), tuple(layer.strides), PADDING[layer.padding], (dilation[0], dilation[1]))


def _pooling(layer: Any) -> Window:
    return Window(tuple(layer.pool_size), tuple(layer.strides), PADDING[layer.padding])


def _padding(layer: Any) -> Window:
    (above, _), (left, _) = layer.padding
    return Window((1, 1), (1, 1), (above, left))


def _pointwise(layer: Any) -> Window:  # noqa: ARG001 as the others
    return POINTWISE


def _activation(layer: Any) -> Window | None:
    return None if layer.activation in {keras.activations.softmax, keras.activations.log_softmax} else POINTWISE


def _concatenate(layer: Any) -> Window | None:
    return POINTWISE if layer.axis in {-1, 3} else None  # of channels, where they come last


KINDS: Final = keras.layers
TABLE: Final[Mapping[type[Any], Callable[[Any], Window | None]]] = {
    KINDS.Conv2D: _convolution,
    KINDS.DepthwiseConv2D: _convolution,
    KINDS.SeparableConv2D: _convolution,
    KINDS.MaxPooling2D: _pooling,
    KINDS.AveragePooling2D: _pooling,
    KINDS.ZeroPadding2D: _padding,
    KINDS.Activation: _activation,
    KINDS.Concatenate: _concatenate,
    **dict.fromkeys(
        (
            *(KINDS.BatchNormalization, KINDS.Dropout, KINDS.SpatialDropout2D, KINDS.ReLU, KINDS.LeakyReLU),
            *(KINDS.PReLU, KINDS.ELU, KINDS.Rescaling, KINDS.Add),
        ),
        _pointwise,
    ),
}


def window_of(layer: Any) -> Window | None:
    """Which positions of its input each position of a layer's output is made from; None where that is not known."""
    known = TABLE.get(type(layer))
    return None if known is None else known(layer)
