"""Any callable from pictures to outputs as a network that can be run forward.

For models behind a service, in another language or in a framework without an adapter. There are no gradients and
no layers: what needs them is refused with a sentence, what needs none (predictions, keep, path) works.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from innerview.adapters.promises import check_precision, check_shape, enter
from innerview.errors import UsageError
from innerview.network import Forward, InputSpec, Layer, OutputSpec, identify
from innerview.types import Array, Images

PROBES: Final = 2
"""Pictures whose outputs stand for the function in its identity."""


@dataclass(frozen=True)
class FunctionNetwork:
    """A function from a batch of model inputs to a batch of outputs.

    Attributes:
        function: takes a fresh array, made from pixels as `input` says (batch in front), and returns anything that
            NumPy can read as batch × class.
        input: what it takes.
        output: what it gives; `key` is not used, the function picks its output itself.
        dtype: float32 or float64: of what the function is given and of the outputs.
        chunk: how many pictures it is given at once.
    """

    function: Callable[[Array], Any]
    input: InputSpec
    output: OutputSpec
    dtype: np.dtype[np.floating] = np.dtype(np.float32)  # noqa: RUF009 a dtype can't change
    chunk: int = 16

    def __post_init__(self) -> None:
        object.__setattr__(self, "dtype", check_precision(self.dtype))

    @property
    def layers(self) -> tuple[Layer, ...]:
        """None that could be seen from outside."""
        return ()

    @property
    def identity(self) -> str:
        """Hash of the specification and of the outputs for two fixed pictures: code can't be compared, answers can.

        It runs the function, each time, since what the function closes over may have changed.
        """
        probes = np.random.default_rng(0).random((PROBES, *self.input.shape))
        description = {"input": asdict(self.input), "output": asdict(self.output)}
        return identify(description, {"outputs": self.forward(probes).logits})

    def weights(self) -> dict[str, Array]:
        """None that could be seen from outside."""
        return {}

    def forward(self, images: Images, taps: Sequence[str] = ()) -> Forward:
        """Call the function.

        Raises:
            NetworkError: the pictures don't fit, or the outputs are not batch × class.
            UsageError: a layer was asked for.
        """
        if taps:
            raise UsageError(
                f"layers {', '.join(taps)} were asked of a wrapped function, which shows none; wrap the model itself"
            )
        # np.array copies: the function may return a buffer that it will overwrite.
        outputs = np.array(self.function(enter(self.input, images, self.dtype)), self.dtype)
        check_shape(outputs.shape, len(images), self.output)
        return Forward(outputs, {})
