"""Any callable from images to outputs as a model that can be run forward.

For models behind a service, in another language or in a framework without an adapter. There are no gradients and
no layers: what needs them is refused with a sentence, what needs none (predictions, keep, path) works.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, final

import numpy as np

from innerview import renames
from innerview.adapters.checks import check_batch_size, check_inputs, check_precision, check_shape, enter
from innerview.errors import ModelError, UsageError
from innerview.model import RENAMED, ForwardResult, InputSpec, Layer, OutputSpec, fingerprint_of, model_in_short
from innerview.types import Array, Images

PROBES: Final = 2
"""Images whose outputs stand for the function in its identity."""


@renames.attributes(**RENAMED)
@final
class FunctionModel:
    """A function from a batch of model inputs to a batch of outputs.

    Args:
        function: takes a fresh array, made from pixels as `input` says (batch in front), and returns anything that
            NumPy can read as batch × class.
        input: what it takes.
        output: what it gives; `key` is not used, the function picks its output itself.
        dtype: float32 or float64: of what the function is given and of the outputs.
        batch_size: how many images it is given at once.

    Raises:
        ModelError: for another precision, or a function of several inputs.
    """

    def __init__(
        self,
        function: Callable[[Array], Any],
        input: InputSpec,  # noqa: A002 the waist's name for it
        output: OutputSpec,
        dtype: np.dtype[np.floating] | type[np.floating] = np.float32,
        batch_size: int = 16,
    ) -> None:
        check_batch_size(batch_size)
        self._function, self._input, self._output, self._batch_size = function, input, output, batch_size
        self._dtype = check_precision(dtype)
        check_inputs(function, 0, "wrap a function of one input that calls it with the others fixed")

    def __repr__(self) -> str:
        return model_in_short(self)

    @property
    def input(self) -> InputSpec:
        """What it takes."""
        return self._input

    @property
    def output(self) -> OutputSpec:
        """What it gives."""
        return self._output

    @property
    def dtype(self) -> np.dtype[np.floating]:
        """Precision of what the function is given, and of the outputs."""
        return self._dtype

    @property
    def batch_size(self) -> int:
        """How many images it is given at once."""
        return self._batch_size

    @property
    def layers(self) -> tuple[Layer, ...]:
        """None that could be seen from outside."""
        return ()

    @property
    def fingerprint(self) -> str:
        """Hash of the specification and of the outputs for two fixed images: code can't be compared, answers can.

        It runs the function, each time, since what the function closes over may have changed.
        """
        probes = np.random.default_rng(0).random((PROBES, *self._input.shape))
        description = {"input": self._input.described(), "output": self._output.described()}
        return fingerprint_of(description, {"outputs": self.forward(probes).outputs})

    def weights(self) -> dict[str, Array]:
        """None that could be seen from outside."""
        return {}

    def forward(self, images: Images, layers: Sequence[str] = ()) -> ForwardResult:
        """Call the function.

        Raises:
            ModelError: the images don't fit, the function fails, or its outputs are not batch × class.
            UsageError: a layer was asked for.
        """
        if layers:
            raise UsageError(
                f"layers {', '.join(layers)} were asked of a wrapped function, which shows none; wrap the model itself"
            ).of("layers", asked=tuple(layers))
        inputs = enter(self._input, images, self._dtype)
        shape = inputs.shape  # as it is given: the function may do with it what it likes
        try:
            # np.array copies: the function may return a buffer that it will overwrite.
            outputs = np.array(self._function(inputs), self._dtype)
        except Exception as error:
            raise ModelError(
                f"the function failed on a batch of shape {shape} or gave what NumPy can't read as numbers: "
                f"{type(error).__name__}: {error}"
            ).of("function", found=type(error).__name__, asked=shape) from error
        check_shape(outputs.shape, len(images), self._output)
        return ForwardResult(outputs, {})


if not TYPE_CHECKING:  # checkers would take every name for known
    __getattr__ = renames.of_module(__name__, {"FunctionNetwork": "FunctionModel"})
