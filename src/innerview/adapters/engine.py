"""Passes through a framework in the framework's own terms, and their answers at the waist: written once for several.

An adapter for Keras or JAX says how its model is run; an `Engine` (one for each framework, in a file of its own) says
how a value is watched on its way and how gradients are had. Here the two are joined: pixels become the model's input,
values come back in the waist's axis order, a layer that was not called is named, no image at all is an empty answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, Final, Protocol, TypeAlias, runtime_checkable

import numpy as np

from innerview.adapters.checks import by_pixels, check_shape, collect_grad_outputs, enter
from innerview.adapters.failures import of_target
from innerview.adapters.positions import Order, Placed
from innerview.errors import ModelError
from innerview.model import OUTPUT, ForwardResult, GradOutputs, InputSpec, Layer, OutputSpec, VjpResult, require_layers
from innerview.types import Array, Images

Tensor: TypeAlias = Any
Tap: TypeAlias = Callable[[str, Tensor], Tensor]
"""Called by the model's run with the name and the value of each layer; the run goes on with what it gives back."""

Run: TypeAlias = Callable[[Tensor, Tap], Tensor]
"""From the model's input to the declared output, telling `Tap` of every layer on the way."""

Factors: TypeAlias = Callable[[Mapping[str, Array]], Mapping[str, Array]]
"""From the values (by name, in the model's own axis order) to factors on some of them: target × the value's shape."""


FEW: Final = 4
FEW_PIXELS: Final = FEW * 256 * 256
"""So many images of up to 256 × 256 go together whatever a framework's budget is: what is done once a pass (calls, the
model's state taken down) is shared, and matrices get enough rows. Of four of 224 × 224 each takes 0.64 to 0.76 of
the processor time of one alone (docs/evidence/parity.md)."""


def at_once(pixels: int, height: int, width: int) -> int:
    """Images in one pass.

    Args:
        pixels: a framework's budget.
        height: of an image.
        width: of an image.
    """
    area = height * width
    return max(pixels // area, min(FEW, FEW_PIXELS // area), 1)


SCALE: Final = 1024.0
"""By which gradients are larger on their way back in float16."""


@dataclass(frozen=True)
class Pulled:
    """What an engine gives back: everything in the model's own axis order, gradients with the target in front."""

    values: Mapping[str, Array]
    by_input: Array
    by_layer: Mapping[str, Array]


@runtime_checkable
class Engine(Protocol):
    """What a framework must be able to do."""

    @property
    def pixels(self) -> int:
        """In one pass, where it computes fastest: `python benchmarks/passes.py` measures it."""
        ...

    def looking(self, model: Any, dtype: np.dtype[np.floating]) -> AbstractContextManager[object]:
        """Change what must be changed for passes in `dtype` while the block runs; then all is as it was."""
        ...

    def forward(self, run: Run, inputs: Array, asked: frozenset[str]) -> dict[str, Array]:
        """Run, and copy the output (key OUTPUT) and those of `asked` that were called."""
        ...

    def vjp(
        self, run: Run, inputs: Array, asked: Mapping[str, tuple[int, ...]], places: Sequence[str], factors: Factors
    ) -> Pulled:
        """Run, ask `factors`, and differentiate by the input and by the layers `places`.

        `asked` are all layers to watch with their shapes behind the batch, in the model's own axis order.
        """
        ...


@dataclass(frozen=True)
class Passes:
    """One model's passes: what it takes and gives, how its layers are found, in what precision it computes inside.

    `batch` are the images in one pass where somebody asked for so many.
    """

    engine: Engine
    input: InputSpec
    output: OutputSpec
    dtype: np.dtype[np.floating]
    find: Callable[[], Placed]
    precision: str = ""
    batch: int | None = None

    @cached_property
    def _placed(self) -> Placed:
        """Found when it is first needed: passes for gradients alone need no layer."""
        return self.find()

    @property
    def layers(self) -> tuple[Layer, ...]:
        """In the order of their calls."""
        return self._placed.layers

    @property
    def orders(self) -> Mapping[str, Order]:
        """How each layer's value is turned."""
        return self._placed.orders

    @property
    def batch_size(self) -> int:
        """Images in one pass, as asked for or by their size: the memory of a vjp grows with them."""
        return self.batch or at_once(self.engine.pixels, self.input.height, self.input.width)

    def forward(self, run: Run, images: Images, layers: Sequence[str]) -> ForwardResult:
        """Answer a forward pass."""
        if layers:
            require_layers(self.layers, layers)
        inputs = enter(self.input, images, self.dtype)
        if not len(images):
            return self._nothing(layers)
        values = self.engine.forward(run, inputs, frozenset(layers))
        self._check(values, layers, len(images))
        return ForwardResult(values[OUTPUT], {name: to_waist(values[name], self.orders[name]) for name in layers})

    def vjp(
        self, run: Run, images: Images, grad_outputs: Mapping[str, GradOutputs], layers: Sequence[str]
    ) -> VjpResult:
        """Answer a vjp."""
        asked = list(dict.fromkeys([*layers, *(name for name in grad_outputs if name != OUTPUT)]))
        if asked:
            require_layers(self.layers, asked)
        inputs = enter(self.input, images, self.dtype)
        orders: dict[str, Order] = {**(self.orders if asked else {}), OUTPUT: (0,)}

        def factors(scale: float, values: Mapping[str, Array]) -> dict[str, Array]:
            self._check(values, asked, len(images))
            arrays = {name: to_waist(value, orders[name]) for name, value in values.items()}
            with of_target():
                found = collect_grad_outputs(grad_outputs, arrays)
            return {name: from_waist(value * value.dtype.type(scale), orders[name]) for name, value in found.items()}

        if not len(images):
            return self._nothing_back(layers, asked, grad_outputs)
        shapes = {
            layer.name: tuple(layer.shape[axis] for axis in _back(orders[layer.name]))
            for layer in (self.layers if asked else ())
            if layer.name in asked
        }
        found = self._scaled(lambda scale: self.engine.vjp(run, inputs, shapes, layers, partial(factors, scale)))
        by_pixel = found.by_input if self.input.layout == "HWC" else np.moveaxis(found.by_input, 2, -1)
        return VjpResult(
            outputs=found.values[OUTPUT],
            activations={name: to_waist(found.values[name], orders[name]) for name in layers},
            input_gradients=by_pixels(self.input, np.asarray(by_pixel, self.dtype)),
            layer_gradients={name: to_waist(found.by_layer[name], orders[name], behind=2) for name in layers},
        )

    def _check(self, values: Mapping[str, Array], asked: Iterable[str], batch: int) -> None:
        check_shape(values[OUTPUT].shape, batch, self.output)
        for name in asked:
            if name not in values:
                raise ModelError(f"layer {name} was called in the dry run, but not for these images; don't tap it").of(
                    "layer", layer=name
                )

    def _empty(self, name: str) -> Array:
        shape = next(layer.shape for layer in self.layers if layer.name == name)
        return np.zeros((0, *shape), self.dtype)

    def _scaled(self, pull: Callable[[float], Pulled]) -> Pulled:
        """Pull back factors that are scaled up, and scale gradients down: float16 has nothing below 6e-8.

        By a power of two, so that nothing else is rounded; as they are where that is too large for it.
        """
        if self.precision != "float16":
            return pull(1)
        found = pull(SCALE)
        if not all(np.isfinite(one).all() for one in (found.by_input, *found.by_layer.values())):
            return pull(1)
        by_layer = {name: value / SCALE for name, value in found.by_layer.items()}
        return Pulled(found.values, found.by_input / SCALE, by_layer)

    def _nothing(self, layers: Sequence[str]) -> ForwardResult:
        logits = np.zeros((0, len(self.output.class_names)), self.dtype)
        return ForwardResult(logits, {name: self._empty(name) for name in layers})

    def _nothing_back(
        self, layers: Sequence[str], asked: Sequence[str], grad_outputs: Mapping[str, GradOutputs]
    ) -> VjpResult:
        answer = self._nothing(asked)
        factors = collect_grad_outputs(grad_outputs, {OUTPUT: answer.outputs, **answer.activations})
        targets = len(next(iter(factors.values())))
        return VjpResult(
            outputs=answer.outputs,
            activations={name: answer.activations[name] for name in layers},
            input_gradients=np.zeros((targets, 0, *self.input.shape), self.dtype),
            layer_gradients={name: np.zeros((targets, *answer.activations[name].shape), self.dtype) for name in layers},
        )


def to_waist(value: Array, order: Order, behind: int = 1) -> Array:
    """Copy a value with its axes in the order of the waist; `behind` axes (target, batch) stand in front of them."""
    return np.array(value.transpose(*range(behind), *(behind + axis for axis in order)), order="C")


def from_waist(value: Array, order: Order, behind: int = 2) -> Array:
    """Copy target × batch × …, in the order of the waist, into the model's own axis order."""
    return np.array(value.transpose(*range(behind), *(behind + axis for axis in _back(order))), order="C")


def _back(order: Order) -> list[int]:
    """The order that undoes another."""
    return sorted(range(len(order)), key=order.__getitem__)
