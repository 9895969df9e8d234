"""The waist: what every method may ask of a model, and what every adapter must answer.

Images cross it as pixels, float, batch × height × width × channel, 0 black and 1 white. Values outside [0, 1]
are legal, since some methods step outside on purpose. A baseline is therefore an image, and a gradient is the
change of a score per unit of pixel value: the chain rule through the model's own normalisation is the adapter's.

An adapter holds no attribution mathematics, and a method holds no framework. What is explained reaches the
adapter as a grad_output: a function from the logits to one row of factors per target and image.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias, cast, runtime_checkable

import numpy as np

from innerview import renames
from innerview.errors import ModelError, UsageError
from innerview.layers import (
    CHANNELS,
    FOLLOWING,
    IMAGE_AXES,
    INPUT,
    TOKENS,
    WEIGHTED,
    Layer,
    TokenGrid,
    belonging,
    ends,
    find_layer,
    numbered,
    require_layers,
)
from innerview.reprs import cut, short
from innerview.spec import InputSpec, OutputKind, OutputSpec, require_array
from innerview.types import Array, Gradients, Images, Logits

OUTPUT: Final = "output"
"""The key of the model's output among the grad_outputs of a vjp; no layer may have this name."""

GradOutputs: TypeAlias = Callable[[Array], Array]
"""From a value (batch × …, the logits for OUTPUT) to factors on it: target × batch × …."""


@renames.attributes(logits="outputs")
@short
@dataclass(frozen=True)
class ForwardResult:
    """Answer of a forward pass: copies, so that nothing in the model can be changed through them."""

    outputs: Logits
    activations: Mapping[str, Array]


@renames.attributes(logits="outputs")
@short
@dataclass(frozen=True)
class VjpResult:
    """Answer of a vjp; gradients carry the target axis in front, then the batch.

    `input_gradients` is d score / d pixel. Scores are not in it: whoever asked can work them out from `outputs`.
    """

    outputs: Logits
    activations: Mapping[str, Array]
    input_gradients: Gradients
    layer_gradients: Mapping[str, Array]


RENAMED: Final = {"identity": "fingerprint", "chunk": "batch_size", "pullback": "vjp"}
"""What models had other names for; each adapter's class answers them."""


@runtime_checkable
class Model(Protocol):
    """An image classifier that can be run forward. Rows of a batch never influence each other."""

    @property
    def input(self) -> InputSpec:
        """What it takes."""
        ...

    @property
    def output(self) -> OutputSpec:
        """What it gives."""
        ...

    @property
    def dtype(self) -> np.dtype[np.floating]:
        """float32 or float64: in which it answers, and computes unless it says another precision (`precision_of`)."""
        ...

    @property
    def fingerprint(self) -> str:
        """Sixteen hexadecimal digits over its specification and weights: equal means the same function."""
        ...

    @property
    def layers(self) -> Sequence[Layer]:
        """In the order of the calls."""
        ...

    @property
    def batch_size(self) -> int:
        """How many images at once it computes fastest."""
        ...

    def weights(self) -> Mapping[str, Array]:
        """Copies of all weights by name, in the framework's own axis order."""
        ...

    def forward(self, images: Images, layers: Sequence[str] = ()) -> ForwardResult:
        """Run `images` (pixels); `layers` names the layers whose outputs are wanted (batch × their axes)."""
        ...


@runtime_checkable
class DifferentiableModel(Model, Protocol):
    """A model whose gradients can be had."""

    def vjp(self, images: Images, grad_outputs: Mapping[str, GradOutputs], layers: Sequence[str] = ()) -> VjpResult:
        """Pull grad_outputs on the output (key OUTPUT) and on layers (by name) back to pixels and `layers`.

        Several grad_outputs add up; each must give the same number of targets. The gradient at a tap is the one
        with respect to that layer's output.
        """
        ...

    def astype(self, dtype: np.dtype[np.floating] | type[np.floating]) -> DifferentiableModel:
        """Give a copy that computes in `dtype`, or raise ModelError if the framework can't."""
        ...


@runtime_checkable
class Sharing(Model, Protocol):
    """A model that saves work on images which agree in large parts, such as one image with parts taken away."""

    def forward_similar(self, images: Images) -> Iterator[tuple[slice, Logits]]:
        """Outputs for `images` (pixels), some at a time and in order, as `forward` gives them but for rounding."""
        ...


@dataclass(frozen=True)
class AttentionWeights:
    """One call of attention: for each token (query) how much it takes from each other (key); every row sums to 1.

    Attributes:
        name: of the part of the model that computes it.
        weights: batch × head × token × token.
        gradients: of the score by them, where that was asked.
    """

    name: str
    weights: Array
    gradients: Array | None


@dataclass(frozen=True)
class Attended:
    """What a run shows of a model's attention.

    Attributes:
        outputs: batch × class.
        layers: in the order of the calls.
        windows: names of parts whose tokens look within windows of the image, which are not shown.
    """

    outputs: Logits
    layers: tuple[AttentionWeights, ...]
    windows: tuple[str, ...]


@runtime_checkable
class Attending(Model, Protocol):
    """A model whose attention can be seen, if it has any."""

    @property
    def attention_layers(self) -> Sequence[str]:
        """Names of the parts whose attention can be seen, in the order of their calls; empty for none."""
        ...

    def attend(self, images: Images, grad_outputs: GradOutputs | None = None) -> Attended:
        """Run images, and copy all attention weights; with factors on the outputs their gradients too."""
        ...


def attends(model: Model) -> bool:
    """Whether there is any attention to be seen in a model."""
    return callable(getattr(model, "attend", None)) and bool(cast("Attending", model).attention_layers)


@runtime_checkable
class Propagating(Model, Protocol):
    """A model whose score can be passed back by rules in place of derivatives, if all that it computes has one."""

    @property
    def without_rules(self) -> str:
        """What it computes that there is no rule for, in words; empty where scores can be passed back."""
        ...

    def propagate(self, images: Images, grad_outputs: GradOutputs, gamma: float = 0.0) -> VjpResult:
        """Pass factors on the outputs back to pixels; outputs are those of `forward`, gradients follow the rules.

        Linear parts count what agrees with a sum's sign 1 + `gamma` times.
        """
        ...


def why_not_propagating(model: Model) -> str:
    """Why no score of a model can be passed back by rules; empty where it can."""
    if not callable(getattr(model, "propagate", None)):
        return f"rules are known for models of PyTorch alone, and this is a {type(model).__name__}"
    return cast("Propagating", model).without_rules


def propagates(model: Model) -> bool:
    """Whether a model's score can be passed back by rules."""
    return not why_not_propagating(model)


def model_in_short(model: Model) -> str:
    """What Python prints of a model: what it takes and gives, of which nothing has to be worked out."""
    taken = " × ".join(map(str, model.input.shape))
    return cut(f"{type(model).__name__}(image of {taken}, {model.output!r}, {model.dtype.name})")


def has_gradients(model: Model) -> bool:
    """Whether gradients can be asked of a model; a wrapped function, for one, can only be run forward."""
    # Not isinstance: that would evaluate every property of the protocol, the hash over all weights among them.
    return callable(getattr(model, "vjp", None))


HALVES: Final = ("float16", "bfloat16")
"""Precisions in which a model may compute inside; what crosses the waist is float32 then."""

UNITS: Final[Mapping[str, float]] = MappingProxyType(
    {"float64": 2.0**-52, "float32": 2.0**-23, "float16": 2.0**-10, "bfloat16": 2.0**-7}
)
"""Of each precision, how far 1 is from the next number."""


def precision_of(model: Model) -> str:
    """Name of the precision in which a model computes, "bfloat16" say; its `dtype`'s unless it says another."""
    return str(getattr(model, "precision", "")) or model.dtype.name


def unit_of(model: Model) -> float:
    """How far 1 is from the next number, in the precision in which a model computes."""
    return UNITS[precision_of(model)]


def shares(model: Model) -> bool:
    """Whether a model saves work on images that agree in large parts."""
    return callable(getattr(model, "forward_similar", None))  # not isinstance, for the reason above


def require_differentiable(model: Model) -> None:
    """Raise UsageError unless `model` has gradients; a wrapped function, for one, can only be run forward."""
    if not has_gradients(model):
        raise UsageError(
            f"gradients were asked of a model that can only be run forward{why_forward_only(model)}; wrap the model "
            "itself (a PyTorch module, say) instead of a function, or use what needs no gradients: occlusion, keep, "
            "path"
        ).of("gradients", found="forward only")


def why_forward_only(model: Model) -> str:
    """The reason in brackets, where the adapter knows one; empty else."""
    reason = str(getattr(model, "why_forward_only", ""))
    return f" ({reason})" if reason else ""


def fingerprint_of(description: Mapping[str, object], weights: Mapping[str, Array]) -> str:
    """Hash a model: its specification (anything JSON can write) and its weights, by name, type and bytes."""
    digest = hashlib.sha256(json.dumps(description, sort_keys=True, default=str).encode())
    for name in sorted(weights):
        value = np.ascontiguousarray(weights[name])
        digest.update(f"{name} {value.dtype.str} {value.shape}".encode())
        digest.update(value.reshape(-1).view(np.uint8).data)  # no copy: one weight may be larger than what is free
    return digest.hexdigest()[:16]


def as_pixels(images: Array, dtype: np.dtype[np.floating]) -> Array:
    """Take images in whatever float they come and give them in the model's precision."""
    if not np.issubdtype(images.dtype, np.floating):
        raise ModelError(
            f"pixels are floats between 0 and 1; an array of {images.dtype} was given: divide bytes by 255"
        ).of("dtype", found=str(images.dtype))
    return np.ascontiguousarray(images, dtype=dtype)


__all__ = [
    "CHANNELS",
    "FOLLOWING",
    "HALVES",
    "IMAGE_AXES",
    "INPUT",
    "OUTPUT",
    "TOKENS",
    "UNITS",
    "WEIGHTED",
    "Attended",
    "Attending",
    "AttentionWeights",
    "DifferentiableModel",
    "ForwardResult",
    "GradOutputs",
    "InputSpec",
    "Layer",
    "Model",
    "OutputKind",
    "OutputSpec",
    "Propagating",
    "Sharing",
    "TokenGrid",
    "VjpResult",
    "as_pixels",
    "attends",
    "belonging",
    "ends",
    "find_layer",
    "fingerprint_of",
    "has_gradients",
    "numbered",
    "precision_of",
    "propagates",
    "require_array",
    "require_differentiable",
    "require_layers",
    "shares",
    "unit_of",
    "why_forward_only",
    "why_not_propagating",
]

if not TYPE_CHECKING:  # checkers would take every name for known
    __getattr__ = renames.of_module(
        __name__,
        {
            "Network": "Model",
            "Differentiable": "DifferentiableModel",
            "Forward": "ForwardResult",
            "Pullback": "VjpResult",
        },
    )
