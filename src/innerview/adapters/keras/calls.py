"""Watching a Keras model while it runs: its layers, their calls, and what is put back when the block ends.

A layer's `call` is looked up on the layer itself whenever it is called, whatever the backend and however the model was
written (Sequential, functional, subclassed). So it is replaced there, on the one object, and taken away again. Passes
run in a stateless scope: whatever a layer assigns to a variable on the way never reaches the model.
"""

# Keras is untyped: unknown types are its own.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingImports=false, reportAttributeAccessIssue=false

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import keras
import numpy as np

from innerview.adapters.failure_location import FailureLocation
from innerview.adapters.keras.windows import window_of
from innerview.adapters.keras.wiring import Following
from innerview.adapters.precisions import waist
from innerview.errors import ModelError
from innerview.model import OUTPUT, Layer

Seen: TypeAlias = Callable[[str, Any, Any], Any]
"""Called with the name of a call, its layer and its result; what it returns takes the result's place."""

KINDS: Final = {
    "keras.src.layers.convolutional.": "convolution",
    "keras.src.layers.core.dense": "dense",
    "keras.src.layers.core.einsum_dense": "dense",
    "keras.src.layers.activations.": "activation",
    "keras.src.layers.normalization.": "normalisation",
    "keras.src.layers.regularization.": "dropout",
    "keras.src.layers.pooling.global_average": "mean",
    "keras.src.layers.pooling.": "pooling",
}
"""Kind of a layer by where Keras defines its class or the nearest of its bases; the first that begins so."""

LOCK: Final = threading.RLock()
"""Two threads that look at one model would restore each other's changes: one at a time."""


def parts(model: Any) -> dict[int, tuple[str, Any]]:
    """Name the layers that hold no others, by identity: "block.conv1" for the one called conv1 in the one called block.

    A model that is one layer is called by its class.
    """
    found, taken = dict[int, tuple[str, Any]](), Counter[str]()
    for name, layer in _leaves(model, ""):
        if id(layer) not in found:
            taken[name] += 1
            found[id(layer)] = (name if taken[name] == 1 else f"{name}~{taken[name]}", layer)
    return found


def _leaves(model: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    inner = _inside(model)
    for layer in inner:
        if not isinstance(layer, keras.layers.InputLayer):
            yield from _leaves(layer, f"{prefix}{layer.name}.")
    if not inner:
        yield prefix.removesuffix(".") or type(model).__name__, model


def _inside(layer: Any) -> list[Any]:
    return layer._flatten_layers(include_self=False, recursive=False)  # noqa: SLF001 pyright: ignore[reportPrivateUsage]


@contextmanager
def observing(
    model: Any, seen: Seen, place: FailureLocation | None = None, following: Following | None = None
) -> Generator[None, None, None]:
    """Call `seen` after every call of a layer that holds no others; `place`, `following` hear of it too."""
    calls, changed = Counter[int](), list[Any]()

    def watch(name: str, layer: Any) -> None:
        original = layer.call

        def call(*given: Any, **options: Any) -> Any:
            called = _call_name(name, calls[id(layer)] + 1)
            if place is not None:
                place.enter(called, type(layer).__name__, _shapes([*given, *options.values()]))
            if following is not None:
                following.enter(called, [given, options])
            result = original(*given, **options)
            if following is not None:
                following.leave(called, result)
            if place is not None:
                place.leave(called, _shapes([result]))
            calls[id(layer)] += 1
            return seen(called, layer, result)

        layer.__dict__["call"] = call
        changed.append((layer, original))

    own = {key for key, (_, layer) in parts(model).items() if "call" in layer.__dict__}
    try:
        for name, layer in parts(model).values():
            watch(name, layer)
        with keras.StatelessScope(state_mapping=[]):
            yield
    finally:
        for layer, original in changed:
            if id(layer) in own:  # someone else had replaced it before us
                layer.__dict__["call"] = original
            else:
                del layer.__dict__["call"]


def _shapes(values: Iterable[Any]) -> list[tuple[int, ...]]:
    return [tuple(value.shape) for value in values if keras.ops.is_tensor(value)]


def _call_name(name: str, number: int) -> str:
    return name if number == 1 and name != OUTPUT else f"{name}#{number}"


def named_variables(model: Any) -> dict[str, Any]:
    """The weights by their layer's name and their own ("conv1/kernel"); one that occurs twice carries a number.

    Keras's own paths have the model's name in front, which says how many were built before it.
    """
    homes = {id(variable): name for name, layer in parts(model).values() for variable in layer.weights}
    found, taken = dict[str, Any](), Counter[str]()
    for variable in model.weights:
        name = f"{homes[id(variable)]}/{variable.name}" if id(variable) in homes else variable.path
        taken[name] += 1
        found[name if taken[name] == 1 else f"{name}~{taken[name]}"] = variable
    return found


def entrances(model: Any) -> list[Any]:
    """Symbolic inputs of a model that was built from some (functional, Sequential); of others nothing is known."""
    return (getattr(model, "inputs", None) or []) if isinstance(model, keras.Model) else []


def require_one_input(model: Any) -> None:
    """Raise ModelError for a model that was built from several inputs."""
    inputs = entrances(model)
    if len(inputs) > 1:
        listed = ", ".join(f"{one.name} {tuple(one.shape)}" for one in inputs)
        raise ModelError(
            f"the model takes {len(inputs)} inputs ({listed}), but an explanation is of one image; wrap a model of "
            "one input that fixes the others: keras.Model(image, model([image, constant]))"
        ).of("inputs", found=len(inputs))


def precisions(model: Any) -> list[str]:
    """Names of the precisions that the model computes in or has weights of; ModelError if they don't go together."""
    # A model casts what it is given into a precision of its own, whatever its layers have.
    layers = [one for one in model._flatten_layers() if not isinstance(one, keras.layers.InputLayer)]  # noqa: SLF001
    kinds = {layer.compute_dtype: f"{layer.name} computes in" for layer in layers}
    for entrance in entrances(model):
        kinds.setdefault(entrance.dtype, f"its input {entrance.name} is")
    for name, variable in named_variables(model).items():
        kinds.setdefault(keras.backend.standardize_dtype(variable.value.dtype), f"{name} is")
    found = {kind: words for kind, words in kinds.items() if "float" in str(kind)} or {keras.config.floatx(): ""}
    if waist(list(found)) is None:
        listed = ", ".join(f"{words} {kind}" for kind, words in found.items())
        raise ModelError(
            f"models compute in float32, float16 and bfloat16, or in float64 throughout; {listed}. Give the "
            "same weights to a model that was built after keras.config.set_floatx('float64') and "
            "keras.config.set_dtype_policy('float64'), or "
            "the same with 'float32'"
        ).of("dtype", found=listed)
    return list(found)


def precision(kinds: Sequence[str]) -> np.dtype[np.floating]:
    """float32 or float64: of the answers of a model of these precisions."""
    return require_precision(np.dtype(waist(kinds) or np.float32))


def require_precision(dtype: np.dtype[np.floating]) -> np.dtype[np.floating]:
    """Give `dtype` back, or raise ModelError for float64 where Keras rounds it to float32 on the way."""
    if keras.backend.result_type(dtype.name, dtype.name) != dtype.name:
        raise ModelError(
            f"on {keras.backend.backend()} Keras computes in float32 whatever the precision of its layers, so "
            f"{dtype.name} would be a pretence; stay in float32, or set KERAS_BACKEND=tensorflow"
        ).of("dtype", asked=dtype.name, found=keras.backend.backend())
    return dtype


@dataclass
class Survey:
    """What a dry run finds.

    Attributes:
        names: of the weights, by identity of the variable.
        batch: how many images it is run on.
        layers: one for each call, in order, with shapes in the model's own axis order; their axes are found out later.
        results: the layer that gave a value, by the identity of the value (which is kept, so that it stays unique).
    """

    names: Mapping[int, str]
    batch: int
    layers: list[Layer] = field(default_factory=list[Layer])
    results: dict[int, tuple[Any, Any]] = field(default_factory=dict[int, tuple[Any, Any]])

    def __call__(self, name: str, layer: Any, result: Any) -> Any:
        """Take down one call; one whose result is not a float tensor with the batch in front is no layer."""
        if not keras.ops.is_tensor(result) or "float" not in keras.backend.standardize_dtype(result.dtype):
            return result
        shape = tuple(int(size) for size in result.shape)
        if shape[:1] != (self.batch,):
            return result
        self.results[id(result)] = (layer, result)
        own = tuple(self.names[id(variable)] for variable in layer.weights)
        self.layers.append(Layer(name, kind_of(layer), own, "", shape[1:], window=window_of(layer)))
        return result

    def calls_of(self, layer: Any) -> int:
        """How often a layer was called."""
        return sum(found is layer for found, _ in self.results.values())


def no_such_convolution(place: FailureLocation, error: Exception) -> str:
    """Say that TensorFlow has no convolution with channels in front on this processor; empty if the error is another.

    It has them where oneDNN has (AVX-512). Which call it was that it lacks, only its words say.
    """
    if not type(error).__module__.startswith("tensorflow.") or "NHWC" not in str(error):
        return ""
    return (
        f"the model failed {place.where}, channels in front (data_format='channels_first'): TensorFlow has no such "
        "convolution on this processor. Start Python with KERAS_BACKEND=torch or KERAS_BACKEND=jax, which have it, "
        "or build the model with data_format='channels_last' and copy the weights: new.set_weights(old.get_weights())"
    )


def kind_of(layer: Any) -> str:
    """The kind of a layer, as in `Layer.kind`."""
    for home in (base.__module__ for base in type(layer).__mro__):
        for start, kind in KINDS.items():
            if home.startswith(start):
                return kind
    return "other"
