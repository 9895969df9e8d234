"""The waist: what every method may ask of a network, and what every adapter must answer.

Images cross it as pixels, float, batch × height × width × channel, 0 black and 1 white. Values outside [0, 1]
are legal, since some methods step outside on purpose. A baseline is therefore a picture, and a gradient is the
change of a score per unit of pixel value: the chain rule through the model's own normalisation is the adapter's.

An adapter holds no attribution mathematics, and a method holds no framework. What is explained reaches the
adapter as a cotangent: a function from the logits to one row of factors per target and picture.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol, TypeAlias, runtime_checkable

import numpy as np

from innerview.errors import NetworkError, PictureError, UnknownLayer, UsageError
from innerview.types import Array, Gradients, Images, Logits

OUTPUT: Final = "output"
"""The key of the network's output among the cotangents of a pullback; no layer may have this name."""

Cotangent: TypeAlias = Callable[[Array], Array]
"""From a value (batch × …, the logits for OUTPUT) to factors on it: target × batch × …."""

OutputKind: TypeAlias = Literal["logits", "probabilities", "sigmoid", "scores"]

WEIGHTED: Final = frozenset({"convolution", "dense"})
FOLLOWING: Final = frozenset({"activation", "normalisation", "dropout"})


@dataclass(frozen=True)
class InputSpec:
    """The picture that a network takes, and how its pixels become the model's input.

    The model sees ``(low + (high - low) * pixel - mean) / std``, channel by channel, in its own axis order.

    Attributes:
        height: of the picture, in pixels.
        width: of the picture, in pixels.
        channels: 3 for red, green, blue; 1 for grey.
        mean: per channel, in the model's range (between ``low`` and ``high``).
        std: per channel, in the model's range; above 0.
        low: the model's value for a black pixel, before mean and std.
        high: the model's value for a white pixel, before mean and std.
        layout: the model's axis order, "HWC" or "CHW", batch in front.
    """

    height: int
    width: int
    channels: int = 3
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    low: float = 0.0
    high: float = 1.0
    layout: Literal["HWC", "CHW"] = "HWC"

    def __post_init__(self) -> None:
        if self.channels not in {1, 3} or self.height < 1 or self.width < 1:
            raise NetworkError(
                f"a picture of {self.height} × {self.width} × {self.channels} was declared; "
                "height and width are at least 1, and channels are 1 (grey) or 3 (red, green, blue)"
            )
        object.__setattr__(self, "mean", self.mean or (0.0,) * self.channels)
        object.__setattr__(self, "std", self.std or (1.0,) * self.channels)
        if not np.isfinite((self.low, self.high, *self.mean, *self.std)).all() or self.low == self.high:
            raise NetworkError(
                f"black {self.low}, white {self.high}, mean {self.mean} and std {self.std} were declared; give finite "
                "numbers, and another one for white than for black"
            )
        if len(self.mean) != self.channels or len(self.std) != self.channels or min(self.std) <= 0:
            raise NetworkError(
                f"mean {self.mean} and std {self.std} were declared for {self.channels} channels; "
                "give one number per channel, and std above 0"
            )

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width, channels."""
        return self.height, self.width, self.channels

    @property
    def scale(self) -> Array:
        """d input / d pixel, one float64 per channel."""
        return (self.high - self.low) / np.asarray(self.std, dtype=np.float64)

    @property
    def offset(self) -> Array:
        """The model's input for a black pixel, one float64 per channel."""
        return (self.low - np.asarray(self.mean, dtype=np.float64)) / np.asarray(self.std, dtype=np.float64)

    def check(self, images: Array) -> None:
        """Raise NetworkError unless `images` is a batch of pictures of this shape; PictureError if it is no array."""
        require_array(images)
        if images.ndim != 4 or images.shape[1:] != self.shape:
            raise NetworkError(
                f"the network takes a batch of {self.height} × {self.width} × {self.channels} pictures "
                f"(batch, height, width, channel); an array of shape {images.shape} was given"
            )


@dataclass(frozen=True)
class OutputSpec:
    """What a network's output means.

    Attributes:
        class_names: one name per class, in the order of the output.
        kind: "logits" (softmax turns them into probabilities), "probabilities", "sigmoid" (one independent
            logit per class) or "scores" (no probability can be read from them).
        temperature: T in softmax(logits / T), as fixed in training; above 0.
        key: which of several outputs, where the model returns a dict or a tuple.
    """

    class_names: tuple[str, ...]
    kind: OutputKind = "logits"
    temperature: float = 1.0
    key: str | int | None = None

    def __post_init__(self) -> None:
        if len(self.class_names) < 1 or not self.temperature > 0:
            raise NetworkError(
                f"{len(self.class_names)} classes at temperature {self.temperature} were declared; "
                "a classifier has at least one class and a temperature above 0"
            )

    def probabilities(self, outputs: Logits) -> Logits:
        """Turn outputs (batch × class) into probabilities in [0, 1], in float64; NaN where there are none."""
        values = outputs.astype(np.float64)
        match self.kind:
            case "logits":
                shifted = np.exp((values - values.max(axis=1, keepdims=True)) / self.temperature)
                return shifted / shifted.sum(axis=1, keepdims=True)
            case "sigmoid":
                return 0.5 * (1 + np.tanh(values / (2 * self.temperature)))
            case "probabilities":
                return values
            case "scores":
                return np.full_like(values, np.nan)


@dataclass(frozen=True)
class Layer:
    """One *call* of a part of the network: a module that is used twice is two layers.

    Attributes:
        name: unique; a second call of the same module carries its number ("relu#2").
        kind: "convolution", "dense", "activation", "normalisation", "dropout", "pooling", "mean" or "other".
        parameters: names of the weights it uses, as in ``Network.weights()``.
        axes: of its output behind the batch: "height width channel", "token channel", "channel" or "".
        shape: of its output behind the batch, in the order of `axes`; () if it is not known beforehand.
    """

    name: str
    kind: str
    parameters: tuple[str, ...] = ()
    axes: str = "height width channel"
    shape: tuple[int, ...] = ()


@dataclass(frozen=True)
class Forward:
    """Answer of a forward pass: copies, so that nothing in the network can be changed through them."""

    logits: Logits
    activations: Mapping[str, Array]


@dataclass(frozen=True)
class Pullback:
    """Answer of a pullback; gradients carry the target axis in front, then the batch.

    `input_gradients` is d score / d pixel. Scores are not in it: whoever asked can work them out from `logits`.
    """

    logits: Logits
    activations: Mapping[str, Array]
    input_gradients: Gradients
    tap_gradients: Mapping[str, Array]


@runtime_checkable
class Network(Protocol):
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
        """float32 or float64: the precision in which it computes and answers."""
        ...

    @property
    def identity(self) -> str:
        """Sixteen hexadecimal digits over its specification and weights: equal means the same function."""
        ...

    @property
    def layers(self) -> Sequence[Layer]:
        """In the order of the calls."""
        ...

    @property
    def chunk(self) -> int:
        """How many pictures at once it computes fastest."""
        ...

    def weights(self) -> Mapping[str, Array]:
        """Copies of all weights by name, in the framework's own axis order."""
        ...

    def forward(self, images: Images, taps: Sequence[str] = ()) -> Forward:
        """Run `images` (pixels); `taps` names the layers whose outputs are wanted (batch × their axes)."""
        ...


@runtime_checkable
class Differentiable(Network, Protocol):
    """A network whose gradients can be had."""

    def pullback(self, images: Images, cotangents: Mapping[str, Cotangent], taps: Sequence[str] = ()) -> Pullback:
        """Pull cotangents on the output (key OUTPUT) and on layers (by name) back to pixels and `taps`.

        Several cotangents add up; each must give the same number of targets. The gradient at a tap is the one
        with respect to that layer's output.
        """
        ...

    def astype(self, dtype: np.dtype[np.floating] | type[np.floating]) -> Differentiable:
        """Give a copy that computes in `dtype`, or raise NetworkError if the framework can't."""
        ...


def find_layer(layers: Sequence[Layer], asked: str | int) -> Layer:
    """Find a layer by its name, or by its number as people count.

    Numbers count convolutions and dense layers from 1, and "after layer 3" means after whatever belongs to
    it: the activation (normalisation, dropout) that follows directly, and before any pooling.

    Raises:
        UnknownLayer: lists what there is.
    """
    names = {layer.name: layer for layer in layers}
    if isinstance(asked, str) and asked in names:
        return names[asked]
    weighted = [position for position, layer in enumerate(layers) if layer.kind in WEIGHTED]
    text = str(asked).strip()
    if not text.isdecimal() or not 1 <= int(text) <= len(weighted):
        raise UnknownLayer(asked, [*(f"1 to {len(weighted)}" for _ in weighted[:1]), *names])
    position = weighted[int(text) - 1]
    while position + 1 < len(layers) and layers[position + 1].kind in FOLLOWING:
        position += 1
    return layers[position]


def has_gradients(network: Network) -> bool:
    """Whether gradients can be asked of a network; a wrapped function, for one, can only be run forward."""
    # Not isinstance: that would evaluate every property of the protocol, the hash over all weights among them.
    return callable(getattr(network, "pullback", None))


def require_differentiable(network: Network) -> None:
    """Raise UsageError unless `network` has gradients; a wrapped function, for one, can only be run forward."""
    if not has_gradients(network):
        raise UsageError(
            "gradients were asked of a network that can only be run forward; wrap the model itself "
            "(a PyTorch module, say) instead of a function, or use what needs no gradients: activations, keep, path"
        )


def require_layers(layers: Sequence[Layer], asked: Iterable[str]) -> None:
    """Raise UnknownLayer for the first of `asked` that is not the name of one of `layers`."""
    names = [layer.name for layer in layers]
    for name in asked:
        if name not in names:
            raise UnknownLayer(name, names)


def identify(description: Mapping[str, object], weights: Mapping[str, Array]) -> str:
    """Hash a network: its specification (anything JSON can write) and its weights, by name, type and bytes."""
    digest = hashlib.sha256(json.dumps(description, sort_keys=True, default=str).encode())
    for name in sorted(weights):
        value = np.ascontiguousarray(weights[name])
        digest.update(f"{name} {value.dtype.str} {value.shape}".encode())
        digest.update(value.tobytes())
    return digest.hexdigest()[:16]


def require_array(given: object) -> None:
    """Raise PictureError for pictures that are no NumPy array: what comes from a framework is in its own axis order."""
    if not isinstance(given, np.ndarray):
        kind = f"{type(given).__module__.partition('.')[0]}.{type(given).__name__}"
        raise PictureError(
            f"pictures are NumPy arrays, height × width × channel, 0 black and 1 white; a {kind} was given. What "
            "`import innerview` itself has (innerview.gradient, …) takes tensors; here, of a PyTorch tensor with "
            "channels in front, before any normalisation, give tensor.permute(1, 2, 0).numpy()"
        )


def as_pixels(images: Array, dtype: np.dtype[np.floating]) -> Array:
    """Take pictures in whatever float they come and give them in the network's precision."""
    if not np.issubdtype(images.dtype, np.floating):
        raise NetworkError(
            f"pixels are floats between 0 and 1; an array of {images.dtype} was given: divide bytes by 255"
        )
    return np.ascontiguousarray(images, dtype=dtype)


__all__ = [
    "FOLLOWING",
    "OUTPUT",
    "WEIGHTED",
    "Cotangent",
    "Differentiable",
    "Forward",
    "InputSpec",
    "Layer",
    "Network",
    "OutputKind",
    "OutputSpec",
    "Pullback",
    "as_pixels",
    "find_layer",
    "has_gradients",
    "identify",
    "require_array",
    "require_differentiable",
    "require_layers",
]
