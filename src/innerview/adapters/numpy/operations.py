"""The operations that the NumPy adapter can run: each knows its shape, its forward pass and its vjp.

An operation is a frozen description with three pure functions. `prepare` lays its weights out for speed, once;
`forward` gives the value and what the way back needs; `vjp` turns a gradient by the value into a gradient
by the input. No gradient by a weight is ever worked out. Values are batch × height × width × channel (or
batch × channel) and contiguous; gradients carry the target axis in front, so that several targets share one
forward pass. `forward` may overwrite its input and `vjp` its gradient: the model hands over values that
nobody else holds.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, TypeAlias

import numpy as np

from innerview import layers
from innerview.adapters.numpy.correlation import Padding, Window, scatter
from innerview.adapters.numpy.winograd import Kernels
from innerview.errors import ModelError
from innerview.types import Array

Shape: TypeAlias = tuple[int, ...]
Prepared: TypeAlias = tuple[Any, ...]


@dataclass(frozen=True)
class Operation(ABC):
    """One named step of a model; `name` is also the name of its layer."""

    name: str

    kind: ClassVar[str]
    axes: ClassVar[str] = "height width channel"
    takes: ClassVar[int] = 3  # axes of the input behind the batch; 0: any number

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of its weights."""
        return ()

    def shape(self, before: Shape, weights: Mapping[str, Array]) -> Shape:
        """Shape of the output behind the batch, given that of the input; ModelError if they don't fit."""
        if self.takes and len(before) != self.takes:
            raise ModelError(
                f"{self.name} takes values of {self.takes} axes behind the batch; it was given {before}"
            ).of("axes", asked=self.takes, found=before, layer=self.name)
        return self._shape(before, weights)

    def _shape(self, before: Shape, weights: Mapping[str, Array]) -> Shape:  # noqa: ARG002 most have no weights
        return before

    def window(self, before: Shape, weights: Mapping[str, Array]) -> layers.Window | None:  # noqa: ARG002
        """Which positions of its input a position is made from; None for all of them."""
        return None if self.takes else layers.POINTWISE

    def prepare(self, weights: Mapping[str, Array]) -> Prepared:  # noqa: ARG002 most have no weights
        """Lay the weights out for speed."""
        return ()

    @abstractmethod
    def forward(self, value: Array, prepared: Prepared) -> tuple[Array, Any]:
        """Give the output and what `vjp` needs to know of this pass."""

    @abstractmethod
    def vjp(self, gradient: Array, saved: Any, prepared: Prepared) -> Array:
        """Turn d score / d output (target × batch × …) into d score / d input."""


@dataclass(frozen=True)
class Convolution(Operation):
    """Cross-correlation with kernels of output × input × height × width (`name.weight`), perhaps a bias.

    Attributes:
        stride: in both directions, at least 1.
        padding: zeros around the image: "same" (output of the input's size over the stride; where the sum is
            odd, the larger part is below and to the right), "valid" (none), or the number on every side.
        bias: whether `name.bias` is added.
    """

    kind: ClassVar[str] = "convolution"
    stride: int = 1
    padding: Literal["same", "valid"] | int = "same"
    bias: bool = False

    @property
    def parameters(self) -> tuple[str, ...]:
        """Kernels and perhaps bias."""
        return (f"{self.name}.weight", f"{self.name}.bias")[: 1 + self.bias]

    def _window(self, before: Shape, kernel: Shape) -> Window:
        return Window.of(before[:2], kernel, self.stride, self.around(before, kernel))

    def window(self, before: Shape, weights: Mapping[str, Array]) -> layers.Window:
        """The kernel's."""
        kernel = weights[self.parameters[0]].shape[2:]
        (above, _), (left, _) = self.around(before, kernel)
        return layers.Window((kernel[0], kernel[1]), (self.stride, self.stride), (above, left))

    def around(self, before: Shape, kernel: Shape) -> Padding:
        """Zeros above and below, left and right of a value of shape `before` (height × width × …)."""
        if self.padding == "same":
            step = max(self.stride, 1)  # a stride below 1 is refused once the shape is known
            totals = [
                max((-(-size // step) - 1) * step + length - size, 0)
                for size, length in zip(before[:2], kernel, strict=True)
            ]
            return (totals[0] // 2, -(-totals[0] // 2)), (totals[1] // 2, -(-totals[1] // 2))
        sides = 0 if self.padding == "valid" else self.padding
        return (sides, sides), (sides, sides)

    def _shape(self, before: Shape, weights: Mapping[str, Array]) -> Shape:
        kernels = weights[self.parameters[0]]
        if kernels.ndim != 4 or kernels.shape[1] != before[2]:
            raise ModelError(
                f"{self.parameters[0]} is output × input × height × width with {before[2]} inputs; "
                f"it was given with shape {kernels.shape}"
            ).of("shape", asked=before[2], found=kernels.shape, layer=self.name)
        if self.bias and weights[self.parameters[1]].shape != kernels.shape[:1]:
            raise ModelError(
                f"{self.parameters[1]} has {kernels.shape[0]} values, one per output; "
                f"it was given with shape {weights[self.parameters[1]].shape}"
            ).of("shape", asked=kernels.shape[0], found=weights[self.parameters[1]].shape, layer=self.name)
        window = self._window(before, kernels.shape[2:])
        if self.stride < 1 or min(window.output) < 1 or max(max(side) for side in window.padding) >= max(window.kernel):
            raise ModelError(
                f"{self.name}: kernels of {window.kernel}, stride {self.stride} and padding {self.padding!r} don't fit "
                f"a value of {before}; the stride is at least 1, the padding smaller than the kernel, "
                "and the kernel no larger than the padded value"
            ).of("window", asked=window.kernel, found=before, layer=self.name)
        return (*window.output, kernels.shape[0])

    def prepare(self, weights: Mapping[str, Array]) -> Prepared:
        """Kernels as height × width × input × output, and turned around for the way back."""
        kernels = weights[self.parameters[0]]
        onward = np.ascontiguousarray(kernels.transpose(2, 3, 1, 0))
        back = np.ascontiguousarray(kernels[:, :, ::-1, ::-1].transpose(2, 3, 0, 1))
        return (Kernels(onward), Kernels(back), *(weights[name] for name in self.parameters[1:]))

    def forward(self, value: Array, prepared: Prepared) -> tuple[Array, Any]:
        """Σ kernel · window, per place and output channel."""
        kernels: Kernels = prepared[0]
        window = self._window(value.shape[1:], kernels.shape[:2])
        return self._add_bias(kernels.correlate(value, window), prepared), window

    def inside(self, value: Array, prepared: Prepared, whole: Shape) -> Array:
        """The same of a part of a value of shape `whole` that brings its surroundings along: nothing is put around."""
        kernels: Kernels = prepared[0]
        window = Window.of(value.shape[1:3], kernels.shape[:2], self.stride, ((0, 0), (0, 0)))
        whole_window = self._window(whole, kernels.shape[:2])
        return self._add_bias(kernels.correlate(value, window, whole_window), prepared)

    def _add_bias(self, output: Array, prepared: Prepared) -> Array:
        if self.bias:
            output += prepared[2]
        return output

    def vjp(self, gradient: Array, saved: Any, prepared: Prepared) -> Array:
        """Correlate with the turned kernels; scatter where that is cheaper or the stride leaves gaps."""
        window: Window = saved
        onward: Kernels = prepared[0]
        back: Kernels = prepared[1]
        flat = gradient.reshape(-1, *gradient.shape[2:])
        height, width, inputs, outputs = onward.shape
        skinny = height * width * inputs <= outputs
        scattered = window.stride > 1 or skinny
        result = scatter(flat, onward.direct, window) if scattered else back.correlate(flat, window.reversed())
        return result.reshape(*gradient.shape[:2], *result.shape[1:])


@dataclass(frozen=True)
class ELU(Operation):
    """x above 0, exp(x) − 1 below."""

    kind: ClassVar[str] = "activation"
    takes: ClassVar[int] = 0

    def forward(self, value: Array, prepared: Prepared) -> tuple[Array, Any]:  # noqa: ARG002
        """The larger of x and exp(min(x, 0)) − 1, to full relative precision near 0, where paths from black begin."""
        # exp(x) − 1 = 2t / (1 − t) with t = tanh(x / 2): for x ≤ 0 nothing cancels. tanh is fast on every processor,
        # expm1 on those with AVX-512 only.
        half = np.minimum(value, 0)
        half *= 0.5
        np.tanh(half, out=half)
        below = half + half
        below /= np.subtract(1, half, out=half)
        return np.maximum(value, below, out=value), below

    def vjp(self, gradient: Array, saved: Any, prepared: Prepared) -> Array:  # noqa: ARG002
        """1 above 0, exp(x) below."""
        return np.multiply(gradient, saved + 1, out=gradient)


@dataclass(frozen=True)
class ReLU(Operation):
    """x above 0, 0 below; the derivative at 0 is 0."""

    kind: ClassVar[str] = "activation"
    takes: ClassVar[int] = 0

    def forward(self, value: Array, prepared: Prepared) -> tuple[Array, Any]:  # noqa: ARG002
        """The larger of x and 0."""
        above = value > 0
        return np.maximum(value, 0, out=value), above

    def vjp(self, gradient: Array, saved: Any, prepared: Prepared) -> Array:  # noqa: ARG002
        """1 above 0, else 0."""
        return np.multiply(gradient, saved, out=gradient)


@dataclass(frozen=True)
class _Pooling(Operation):
    """Windows of `size` × `size` that don't overlap; what is left over below and to the right is dropped."""

    kind: ClassVar[str] = "pooling"
    size: int = 2

    def _shape(self, before: Shape, weights: Mapping[str, Array]) -> Shape:  # noqa: ARG002
        after = (before[0] // self.size, before[1] // self.size, before[2])
        if self.size < 1 or min(after) < 1:
            raise ModelError(f"{self.name}: windows of {self.size} × {self.size} don't fit a value of {before}").of(
                "window", asked=self.size, found=before, layer=self.name
            )
        return after

    def window(self, before: Shape, weights: Mapping[str, Array]) -> layers.Window:  # noqa: ARG002
        """Side by side."""
        return layers.Window((self.size, self.size), (self.size, self.size))

    def _places(self, value: Array) -> list[Array]:
        """Views of the first, second, … place of every window, in reading order; any axes in front."""
        height, width = (length // self.size * self.size for length in value.shape[-3:-1])
        return [
            value[..., row : height : self.size, column : width : self.size, :]
            for row in range(self.size)
            for column in range(self.size)
        ]


@dataclass(frozen=True)
class MeanPooling(_Pooling):
    """The mean of every window."""

    def forward(self, value: Array, prepared: Prepared) -> tuple[Array, Any]:  # noqa: ARG002
        """Sum over the window's places, divided by their number."""
        first, *others = self._places(value)
        output = first.copy()
        for place in others:
            output += place
        output /= self.size**2
        return output, value.shape[1:]

    def vjp(self, gradient: Array, saved: Any, prepared: Prepared) -> Array:  # noqa: ARG002
        """An equal share for every place."""
        share = np.divide(gradient, self.size**2, out=gradient)
        result = np.zeros((*gradient.shape[:2], *saved), gradient.dtype)
        for place in self._places(result):
            place[...] = share
        return result


@dataclass(frozen=True)
class MaxPooling(_Pooling):
    """The largest value of every window; of equal ones, the first in reading order gets the gradient."""

    def forward(self, value: Array, prepared: Prepared) -> tuple[Array, Any]:  # noqa: ARG002
        """The largest place of every window, and its number."""
        first, *others = self._places(value)
        output = first.copy()
        winner = np.zeros(output.shape, np.int32)
        for number, place in enumerate(others, start=1):
            winner[place > output] = number
            np.maximum(output, place, out=output)
        return output, (value.shape[1:], winner)

    def vjp(self, gradient: Array, saved: Any, prepared: Prepared) -> Array:  # noqa: ARG002
        """Everything to the place that won."""
        shape, winner = saved
        result = np.zeros((*gradient.shape[:2], *shape), gradient.dtype)
        for number, place in enumerate(self._places(result)):
            place[...] = gradient * (winner == number)
        return result


@dataclass(frozen=True)
class GlobalMean(Operation):
    """The mean over height and width."""

    kind: ClassVar[str] = "mean"
    axes: ClassVar[str] = "channel"

    def _shape(self, before: Shape, weights: Mapping[str, Array]) -> Shape:  # noqa: ARG002
        return before[2:]

    def forward(self, value: Array, prepared: Prepared) -> tuple[Array, Any]:  # noqa: ARG002
        """One mean per image and channel."""
        return value.mean(axis=(1, 2)), value.shape[1:]

    def vjp(self, gradient: Array, saved: Any, prepared: Prepared) -> Array:  # noqa: ARG002
        """An equal share for every place."""
        height, width, _ = saved
        result = np.empty((*gradient.shape[:2], *saved), gradient.dtype)
        result[...] = (gradient / (height * width))[:, :, None, None, :]
        return result


@dataclass(frozen=True)
class Flatten(Operation):
    """All axes behind the batch as one, in the order that the next dense layer was trained with.

    Attributes:
        layout: "HWC", or "CHW" for weights from a framework that keeps channels in front.
    """

    kind: ClassVar[str] = "other"
    axes: ClassVar[str] = "channel"
    layout: Literal["HWC", "CHW"] = "HWC"

    def _shape(self, before: Shape, weights: Mapping[str, Array]) -> Shape:  # noqa: ARG002
        return (before[0] * before[1] * before[2],)

    def forward(self, value: Array, prepared: Prepared) -> tuple[Array, Any]:  # noqa: ARG002
        """The same numbers in one row per image."""
        height, width, channels = value.shape[1:]
        ordered = value if self.layout == "HWC" else value.transpose(0, 3, 1, 2)
        return ordered.reshape(len(value), height * width * channels), value.shape[1:]

    def vjp(self, gradient: Array, saved: Any, prepared: Prepared) -> Array:  # noqa: ARG002
        """The same numbers back in their places."""
        height, width, channels = saved
        front = gradient.shape[:2]
        if self.layout == "HWC":
            return gradient.reshape(*front, height, width, channels)
        return np.ascontiguousarray(gradient.reshape(*front, channels, height, width).transpose(0, 1, 3, 4, 2))


@dataclass(frozen=True)
class Dense(Operation):
    """A matrix of output × input (`name.weight`), perhaps a bias (`name.bias`)."""

    kind: ClassVar[str] = "dense"
    axes: ClassVar[str] = "channel"
    takes: ClassVar[int] = 1
    bias: bool = True

    @property
    def parameters(self) -> tuple[str, ...]:
        """Matrix and perhaps bias."""
        return (f"{self.name}.weight", f"{self.name}.bias")[: 1 + self.bias]

    def _shape(self, before: Shape, weights: Mapping[str, Array]) -> Shape:
        matrix, *bias = (weights[name] for name in self.parameters)
        if matrix.ndim != 2 or matrix.shape[1:] != before or any(one.shape != matrix.shape[:1] for one in bias):
            raise ModelError(
                f"{self.name} takes {before[0]} values, so its weight is output × {before[0]} and its bias has one "
                f"value per output; they were given with shapes {[matrix.shape, *(one.shape for one in bias)]}"
            ).of("shape", asked=before[0], found=matrix.shape, layer=self.name)
        return matrix.shape[:1]

    def prepare(self, weights: Mapping[str, Array]) -> Prepared:
        """As they are."""
        return tuple(weights[name] for name in self.parameters)

    def forward(self, value: Array, prepared: Prepared) -> tuple[Array, Any]:
        """W x + b."""
        output = value @ prepared[0].T
        return (output + prepared[1] if self.bias else output), None

    def vjp(self, gradient: Array, saved: Any, prepared: Prepared) -> Array:  # noqa: ARG002
        """Wᵀ g."""
        return gradient @ prepared[0]
