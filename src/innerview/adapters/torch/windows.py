# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingImports=false, reportPrivateImportUsage=false
"""Which positions of its input a module of PyTorch looks at, by its own settings: a table by class.

Only classes of PyTorch themselves are in it: one derived from them may pad or normalise as it likes, and then what it
looks at has to be measured (`methods.receptive_fields`). The classes' own documentation says how each counts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from torch import nn

from innerview.layers import POINTWISE, Window

WITHIN: Final = frozenset({"zeros", "reflect", "replicate"})
"""Paddings that show a window nothing but what lies in it already; "circular" shows the other side of the image."""


def _pair(value: Any) -> tuple[int, int]:
    return (int(value[0]), int(value[1])) if isinstance(value, tuple | list) else (int(value), int(value))


def _convolution(module: Any) -> Window | None:
    if module.padding_mode not in WITHIN:
        return None
    size, dilation = _pair(module.kernel_size), _pair(module.dilation)
    if isinstance(module.padding, str):
        same = module.padding == "same"
        before = tuple(same * gap * (length - 1) // 2 for length, gap in zip(size, dilation, strict=True))
    else:
        before = _pair(module.padding)
    return Window(size, _pair(module.stride), (before[0], before[1]), dilation)


def _pooling(module: Any) -> Window:
    dilation = _pair(module.dilation) if isinstance(module, nn.MaxPool2d) else (1, 1)
    return Window(_pair(module.kernel_size), _pair(module.stride), _pair(module.padding), dilation)


def _pointwise(module: Any) -> Window:  # noqa: ARG001 as the others
    return POINTWISE


def _normalisation(module: Any) -> Window | None:
    return POINTWISE if module.track_running_stats else None  # else by the mean over all positions


TABLE: Final[Mapping[type[nn.Module], Callable[[Any], Window | None]]] = {
    nn.Conv2d: _convolution,
    nn.MaxPool2d: _pooling,
    nn.AvgPool2d: _pooling,
    nn.BatchNorm2d: _normalisation,
    **dict.fromkeys(
        (
            *(nn.Identity, nn.Dropout, nn.Dropout2d, nn.AlphaDropout, nn.LocalResponseNorm, nn.ReLU, nn.ReLU6),
            *(nn.LeakyReLU, nn.PReLU, nn.RReLU, nn.ELU, nn.CELU, nn.SELU, nn.GELU, nn.SiLU, nn.Mish, nn.Sigmoid),
            *(nn.Tanh, nn.Softplus, nn.Softsign, nn.Hardswish, nn.Hardsigmoid, nn.Hardtanh, nn.LogSigmoid),
        ),
        _pointwise,
    ),
}


def window_of(module: nn.Module) -> Window | None:
    """Which positions of its input each position of a module's output is made from; None where that is not known."""
    known = TABLE.get(type(module))
    return None if known is None else known(module)
