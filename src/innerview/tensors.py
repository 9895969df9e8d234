"""The public methods as `import innerview` gives them: a tensor for an image is taken, and tensors come back.

Methods know NumPy alone. Here, at the outermost step, arrays of PyTorch, TensorFlow and JAX become NumPy on the way in
(whatever argument they are), and where the *image* was one, the result's arrays are of its kind again: framework,
precision, device. The rule of the axes is height × width × channel; a tensor whose channels stand in front (C × H × W,
known by the model's own size, so never in doubt unless height, width and channels are one number) is turned, and
what comes back is turned like it. A normalised tensor is refused: pixels are 0 to 1, and the normalisation is the
model's.
"""

# What users give, and what arrays come back, may be anything: unknown types are theirs.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any, Final, ParamSpec, TypeVar, cast

import numpy as np

from innerview import methods, renames, typed
from innerview.adapters.captum import bridge
from innerview.arrays import Kind, read_array
from innerview.data import baselines
from innerview.errors import ImageError
from innerview.model import InputSpec
from innerview.results.result import Channels, Result, as_numpy, in_kind, kind_of
from innerview.typed import require_model
from innerview.types import Array

P = ParamSpec("P")
R = TypeVar("R")

IMAGES: Final = ("image", "images", "result")
"""Arguments whose kind the answer takes."""

PIXELS: Final = frozenset({"image", "images", "baseline", "baselines", "fill", "fills", "dataset"})
"""Arguments that are images."""

SEVERAL: Final = frozenset({"baseline", "baselines"})
"""Arguments that may be a batch."""

RENAMED: Final = {
    "network": "model", "budget": "max_evaluations", "evaluations": "n_steps", "shares": "fractions", "noise": "stdevs",
    "samples": "n_samples", "rectify": "relu_attributions", "snapshots": "checkpoints", "same_bins": "shared_bins",
}  # fmt: skip
"""Arguments of earlier checkouts: each is answered with the new one."""

BEYOND: Final = 0.5
"""How far below black or above white a tensor's values may lie: enlarging overshoots, and noise is added; a normalised
image of the usual mean and deviation goes from about -2 to 2.6, one for [-1, 1] to -1."""


def taking_tensors(method: Callable[P, R]) -> Callable[P, R]:
    """Let a method take tensors, and answer in the kind of its image; the stub says so to type checkers."""
    signature = inspect.signature(method)
    known = signature.parameters
    old_names = {old: new for old, new in RENAMED.items() if new in known and old not in known}

    @functools.wraps(method)
    def public(*asked: Any, **named: Any) -> Any:
        renames.refuse_old(method.__name__, named, old_names)
        _refuse_unknown(method.__name__, named, known)
        bound = signature.bind_partial(*asked, **named)
        given = bound.arguments
        if "model" in given:
            require_model(given["model"])
        spec = given["spec"] if "spec" in given else given["model"].input if "model" in given else None
        if spec is not None:
            typed.fill_in(signature, given, spec)
        readings = {name: _Reading(name, spec) for name in given}
        for name, value in given.items():
            given[name] = readings[name].take(value)
        signature.bind(*bound.args, **bound.kwargs)  # what is still missing is told of as Python does
        answer = method(*bound.args, **bound.kwargs)
        image = next((readings[name] for name in IMAGES if name in readings), None)
        return answer if image is None else image.give(answer)

    return cast("Callable[P, R]", public)


def _refuse_unknown(method: str, named: Iterable[str], known: Mapping[str, inspect.Parameter]) -> None:
    """Raise TypeError, as Python does, for an argument that a method lacks; with the method and what is near."""
    if any(one.kind is inspect.Parameter.VAR_KEYWORD for one in known.values()):
        return
    for name in named:
        if name not in known:
            near = get_close_matches(name, known, 1)
            meant = f"did you mean {near[0]!r}?" if near else f"it takes {', '.join(known)}"
            raise TypeError(f"{method}() got an unexpected keyword argument {name!r}; {meant}")


class _Reading:
    """One argument: what it is in NumPy, and what kind of array it was."""

    def __init__(self, name: str, spec: InputSpec | None, *, for_another: bool = False) -> None:
        self._name, self._spec = name, spec
        self._splits = name in SEVERAL and not for_another  # Captum takes a batch of baselines as it is
        self._kind: Kind | None = None
        self._channels: Channels = "last"

    def take(self, value: Any) -> Any:
        """Give an argument with NumPy in place of tensors, wherever in it they are."""
        match value:
            case _ if self._name == "dataset":
                return self._pairs(value)
            case Result():
                self._kind, self._channels = kind_of(value) or (None, "last")
                return as_numpy(value)
            case list() | tuple() if any(read_array(one) is not None for one in value):
                return [self.take(one) for one in value]
            case Mapping():
                return {key: _Reading(str(key), self._spec, for_another=True).take(one) for key, one in value.items()}
            case _:
                found = read_array(value)
                return value if found is None else self._array(*found)

    def give(self, answer: Any) -> Any:
        """Give an answer in the kind that was taken."""
        return answer if self._kind is None else in_kind(answer, self._kind, self._channels)

    def _pairs(self, images: Iterable[tuple[Any, Any]]) -> Iterator[tuple[Array, int]]:
        """Images with their truths, one at a time: there may be any number."""
        single = _Reading("image", self._spec)
        return ((single.take(image), int(truth)) for image, truth in images)

    def _array(self, values: Array, kind: Kind) -> Any:
        """Take down the kind, and give the array with its channels last; of several baselines, one by one."""
        self._kind = kind
        if self._name in PIXELS:
            _check_range(values, self._name)
        found = self._turned(values)
        return list(found) if self._splits and found.ndim > 3 else found

    def _turned(self, values: Array) -> Array:
        last = () if self._spec is None else self._spec.shape
        first = (*last[2:], *last[:2])
        if not last or values.shape[-3:] != first or first == last:
            return values  # as it should be, or of a shape that the method refuses in its own words
        self._channels = "first"
        return np.ascontiguousarray(np.moveaxis(values, -3, -1))


def _check_range(values: Array, name: str) -> None:
    """Raise ImageError for a tensor that is no image between black and white."""
    if not np.issubdtype(values.dtype, np.floating) or not values.size:
        return
    low, high = float(values.min()), float(values.max())
    if low < -BEYOND or high > 1 + BEYOND:
        raise ImageError(
            f"the {name} was given as a tensor with values from {low:.3g} to {high:.3g}; pixels go from 0 (black) to "
            "1 (white), since the model applies its own range and normalisation. Take yours back (tensor * std + "
            "mean, or tensor / 255); for values outside on purpose give a NumPy array"
        ).of(name, found=(low, high))


activation_distances = taking_tensors(methods.activation_distances)
activations = taking_tensors(methods.activations)
ask = taking_tensors(methods.ask)
attention = taking_tensors(methods.attention)
attention_rollout = taking_tensors(methods.attention_rollout)
attn_lrp = taking_tensors(methods.attn_lrp)
captum_attribution = taking_tensors(bridge.captum_attribution)
class_evidence = taking_tensors(methods.class_evidence)
expected_gradients = taking_tensors(methods.expected_gradients)
grad_cam = taking_tensors(methods.grad_cam)
gradient = taking_tensors(methods.gradient)
gradient_input = taking_tensors(methods.gradient_input)
integrated_gradients = taking_tensors(methods.integrated_gradients)
interior_gradients = taking_tensors(methods.interior_gradients)
deletion = taking_tensors(methods.deletion)
insertion = taking_tensors(methods.insertion)
make_baseline = taking_tensors(baselines.make_baseline)
occlusion = taking_tensors(methods.occlusion)
parts = taking_tensors(methods.parts)
path_predictions = taking_tensors(methods.path_predictions)
predict = taking_tensors(methods.predict)
removed_and_alone = taking_tensors(methods.removed_and_alone)
sampled_shapley = taking_tensors(methods.sampled_shapley)
shapley = taking_tensors(methods.shapley)
smooth_grad = taking_tensors(methods.smooth_grad)
aggregate_segments = taking_tensors(methods.aggregate_segments)
var_grad = taking_tensors(methods.var_grad)
weight_histograms = taking_tensors(methods.weight_histograms)


@functools.cache
def method_named(name: str) -> Any:
    """A method of the registry that has no line above, such as one of another package; None if there is none."""
    from innerview.methods.registry import public_functions

    found = public_functions().get(name)
    return None if found is None else taking_tensors(found)
