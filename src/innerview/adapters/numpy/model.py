"""The embedded adapter: a sequence of named operations, run and differentiated by NumPy alone.

It needs no framework, starts in milliseconds, is the oracle for the other adapters and can be read in ten
minutes: `operations` says what each step does, `correlation` and `winograd` how a convolution becomes matrix products,
and this module walks there and back. One forward pass serves all targets; gradients by weights are never worked out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final, final

import numpy as np

from innerview import renames
from innerview.adapters.checks import (
    by_pixels,
    check_precision,
    check_weights,
    collect_grad_outputs,
    enter,
    refuse_weights_only,
)
from innerview.adapters.numpy.cores import parts, side_by_side
from innerview.adapters.numpy.operations import Operation, Prepared
from innerview.adapters.numpy.sharing import local_blocks, run_shared
from innerview.errors import ModelError
from innerview.model import (
    IMAGE_AXES,
    INPUT,
    OUTPUT,
    RENAMED,
    ForwardResult,
    GradOutputs,
    InputSpec,
    Layer,
    OutputSpec,
    VjpResult,
    fingerprint_of,
    model_in_short,
    require_layers,
)
from innerview.types import Array, Images, Logits

CHUNK: Final = 4
"""Images in one pass; measured by benchmarks/adapters.py (see docs/decisions/numpy-adapter.md)."""


@dataclass(frozen=True)
class _Passed:
    """A part of a batch on its way.

    Attributes:
        images: which of the batch.
        value: the model's output for them.
        activations: of the layers that were wanted.
        saved: by each operation, for its way back.
    """

    images: slice
    value: Array
    activations: dict[str, Array]
    saved: list[Any]


def _joined(found: Sequence[Array], axis: int = 0) -> Array:
    return found[0] if len(found) == 1 else np.concatenate(found, axis)


def _by_name(passed: Sequence[_Passed]) -> dict[str, Array]:
    return {name: _joined([one.activations[name] for one in passed]) for name in passed[0].activations}


@renames.attributes(**RENAMED)
@final
class NumpyModel:
    """A model given as operations and weights.

    Args:
        input: what it takes; the layout is "HWC".
        output: what it gives; the last operation's output is batch × class.
        operations: in their order, with different names.
        weights: by name ("conv1.weight"), exactly those that the operations use; they are copied.
        dtype: float32 or float64, in which everything is computed.
        weights_only: accept weights that are not finite; the model can then be looked at, but not run.

    Raises:
        ModelError: names the operation or weight that does not fit.
    """

    def __init__(
        self,
        input: InputSpec,  # noqa: A002 the waist's name for it
        output: OutputSpec,
        operations: Sequence[Operation],
        weights: Mapping[str, Array],
        dtype: np.dtype[np.floating] | type[np.floating] = np.float32,
        *,
        allow_nonfinite: bool = False,
    ) -> None:
        self._input, self._output, self._operations = input, output, tuple(operations)
        self._dtype = check_precision(dtype)
        self._weights_only = allow_nonfinite
        if input.layout != "HWC":
            raise ModelError(f"the NumPy adapter computes channels last; layout {input.layout!r} was declared").of(
                "layout", asked=input.layout, known=("HWC",)
            )
        _check_names(self._operations, weights)
        with np.errstate(over="ignore"):  # what is too large for the precision becomes infinite, and is found next
            self._weights = {name: np.array(value, self._dtype, order="C") for name, value in weights.items()}
        if not allow_nonfinite:
            check_weights(self._weights)
        self._layers = tuple(_layers(self._operations, self._weights, input.shape))
        classes = (len(output.class_names),)
        if self._layers[-1].shape != classes:
            raise ModelError(
                f"the last operation, {self._layers[-1].name}, gives {self._layers[-1].shape} behind the batch; "
                f"{classes[0]} classes were declared"
            ).of("classes", asked=classes[0], found=self._layers[-1].shape, layer=self._layers[-1].name)
        self._identity: str | None = None
        self._prepared = [operation.prepare(self._weights) for operation in self._operations]
        shapes = [input.shape, *(layer.shape for layer in self._layers)]
        self._blocks = local_blocks(self._operations, self._prepared, shapes)

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
        """Precision of everything."""
        return self._dtype

    @property
    def layers(self) -> tuple[Layer, ...]:
        """One per operation."""
        return self._layers

    @property
    def operations(self) -> tuple[Operation, ...]:
        """What it was built from."""
        return self._operations

    @property
    def prepared(self) -> tuple[Prepared, ...]:
        """What each operation laid out of the weights."""
        return tuple(self._prepared)

    @property
    def batch_size(self) -> int:
        """Images in one pass, chosen for speed."""
        return CHUNK

    @property
    def fingerprint(self) -> str:
        """Hash of specification and weights; the precision is not in it, as long as it holds the weights."""
        if self._identity is None:  # nothing in it can change, and hashing takes longer than an image
            self._identity = self._hash()
        return self._identity

    def _hash(self) -> str:
        steps = [{"operation": type(operation).__name__, **asdict(operation)} for operation in self._operations]
        description = {"input": self._input.described(), "output": self._output.described(), "operations": steps}
        return fingerprint_of(description, {name: value.astype(np.float64) for name, value in self._weights.items()})

    def weights(self) -> dict[str, Array]:
        """Copies; kernels are output × input × height × width, dense weights output × input."""
        return {name: value.copy() for name, value in self._weights.items()}

    def astype(self, dtype: np.dtype[np.floating] | type[np.floating]) -> NumpyModel:
        """The same model in another precision."""
        return NumpyModel(
            self._input, self._output, self._operations, self._weights, dtype, allow_nonfinite=self._weights_only
        )

    def forward(self, images: Images, layers: Sequence[str] = ()) -> ForwardResult:
        """Run images; `layers` names the layers whose outputs are wanted."""
        require_layers(self._layers, layers)
        passed = self._onward(self._enter(images), frozenset(layers))
        return ForwardResult(_joined([one.value for one in passed]), _by_name(passed))

    def forward_similar(self, images: Images) -> Iterator[tuple[slice, Logits]]:
        """Outputs for images that agree in large parts, some at a time; what several share is computed once."""
        values = self._enter(images)
        steps = list(zip(self._operations, self._prepared, strict=True))
        ends = np.cumsum([0, *(len(block.steps) for block in self._blocks)]).tolist()
        yield from run_shared(self._blocks, values, [steps[end:] for end in ends])

    def vjp(self, images: Images, grad_outputs: Mapping[str, GradOutputs], layers: Sequence[str] = ()) -> VjpResult:
        """Run images forward, then grad_outputs on the output and on layers back to pixels and `layers`."""
        require_layers(self._layers, [*layers, *(name for name in grad_outputs if name != OUTPUT)])
        passed = self._onward(self._enter(images), frozenset([*layers, *grad_outputs]))
        value, activations = _joined([one.value for one in passed]), _by_name(passed)
        factors = collect_grad_outputs(grad_outputs, {OUTPUT: value, **activations})
        returned = side_by_side(lambda one: self._backward(one, factors, frozenset(layers)), passed)
        gradients, layer_gradients = zip(*returned, strict=True)
        return VjpResult(
            outputs=value,
            activations={name: activations[name] for name in layers},
            input_gradients=by_pixels(self._input, _joined(gradients, axis=1)),
            layer_gradients={name: _joined([one[name] for one in layer_gradients], axis=1) for name in layers},
        )

    def _onward(self, values: Array, wanted: AbstractSet[str]) -> list[_Passed]:
        """Run the model's input forward, part by part of the batch, and keep the outputs of layers that are wanted."""

        def run(part: slice) -> _Passed:
            value, activations, saved = values[part], dict[str, Array](), list[Any]()
            for operation, prepared in zip(self._operations, self._prepared, strict=True):
                value, kept = operation.forward(value, prepared)
                saved.append(kept)
                if operation.name in wanted:
                    activations[operation.name] = value.copy()
            return _Passed(part, value, activations, saved)

        return side_by_side(run, parts(len(values)))

    def _backward(
        self, passed: _Passed, factors: Mapping[str, Array], wanted: AbstractSet[str]
    ) -> tuple[Array, dict[str, Array]]:
        """Take a part's factors back to the model's input, and to the layers that are wanted."""
        own = {name: np.array(one[:, passed.images], order="C") for name, one in factors.items()}
        gradient, found = own.get(OUTPUT), dict[str, Array]()
        targets = len(next(iter(own.values())))
        for layer, operation, prepared, kept in zip(
            reversed(self._layers),
            reversed(self._operations),
            reversed(self._prepared),
            reversed(passed.saved),
            strict=True,
        ):
            if layer.name in own:
                gradient = own[layer.name] if gradient is None else gradient + own[layer.name]
            if layer.name in wanted:
                nothing = np.zeros((targets, len(passed.value), *layer.shape), self._dtype)
                found[layer.name] = nothing if gradient is None else gradient.copy()
            if gradient is not None:
                gradient = operation.vjp(gradient, kept, prepared)
        assert gradient is not None  # noqa: S101 there is at least one grad_output, on the output or on a layer
        return gradient, found

    def _enter(self, images: Images) -> Array:
        """Turn pixels into the model's input, which nobody else holds."""
        refuse_weights_only(allow_nonfinite=self._weights_only)
        return enter(self._input, images, self._dtype)


def _check_names(operations: Sequence[Operation], weights: Mapping[str, Array]) -> None:
    """Names are unique and not OUTPUT; weights are those that the operations use, no fewer and no more."""
    names = [operation.name for operation in operations]
    if not names or len(set(names)) < len(names) or OUTPUT in names:
        raise ModelError(f"operations need different names, none of them {OUTPUT!r}; {names} were given").of(
            "operations", found=tuple(names)
        )
    wanted = [name for operation in operations for name in operation.parameters]
    if set(wanted) != set(weights):
        raise ModelError(
            f"the operations use the weights {sorted(wanted)}; "
            f"missing: {sorted(set(wanted) - set(weights))}, not used: {sorted(set(weights) - set(wanted))}"
        ).of("weights", found=sorted(set(weights) - set(wanted)), asked=sorted(set(wanted) - set(weights)))


def _layers(operations: Sequence[Operation], weights: Mapping[str, Array], shape: tuple[int, ...]) -> list[Layer]:
    """Follow the shape through the operations; the axes of an activation are those before it. It is one chain."""
    layers, axes, before = list[Layer](), IMAGE_AXES, INPUT
    for operation in operations:
        taken, shape = shape, operation.shape(shape, weights)
        axes = operation.axes if operation.takes else axes
        found = Layer(
            name=operation.name,
            kind=operation.kind,
            parameters=operation.parameters,
            axes=axes,
            shape=shape,
            sources=(before,),
            follows=before if layers else "",
            window=operation.window(taken, weights),
        )
        layers.append(found)
        before = operation.name
    return layers


if not TYPE_CHECKING:  # checkers would take every name for known
    __getattr__ = renames.of_module(__name__, {"NumpyNetwork": "NumpyModel"})
