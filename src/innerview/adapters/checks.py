"""What every adapter checks at the waist in the same way: precision, pixels in, outputs, grad_outputs.

They are tested where they can be broken, so that a message can name the weight, the layer or the shape at fault.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np

from innerview.errors import ModelError, UsageError
from innerview.model import GradOutputs, InputSpec, OutputSpec, as_pixels
from innerview.types import Array

DENSE: Final = (
    ". A map of logits, as of segmentation, is no score: reduce it with innerview.mean_inside(model, region), the mean "
    "of each class inside a box or mask"
)
"""What helps where a model gives a value for each place."""

PRECISIONS: Final = (np.dtype(np.float32), np.dtype(np.float64))


def check_precision(dtype: np.dtype[np.floating] | type[np.floating]) -> np.dtype[np.floating]:
    """Give `dtype` as NumPy writes it, or raise ModelError unless it is float32 or float64."""
    wanted = np.dtype(dtype)
    if wanted not in PRECISIONS:
        raise ModelError(f"models compute in float32 or float64; {wanted.name} was asked for").of(
            "dtype", asked=wanted.name, known=("float32", "float64")
        )
    return wanted


def check_batch_size(asked: int | None) -> None:
    """Raise UsageError for a number of images in one pass that is none; None leaves it to the adapter."""
    if asked is not None and asked < 1:
        raise UsageError(f"a batch size of {asked} was asked for; give 1 or more").of(
            "batch_size", asked=asked, limit=1
        )


def check_weights(weights: Mapping[str, Array]) -> None:
    """Raise ModelError for the first weight that holds NaN or infinity."""
    for name, value in weights.items():
        wrong = int(value.size - np.count_nonzero(np.isfinite(value)))
        if wrong:
            raise ModelError(
                f"{name} holds {wrong} values of {value.size} that are not finite; nothing can be explained with them. "
                "To look at the weights only, open the model with allow_nonfinite=True"
            ).of("weights", asked=name, found=wrong)


def refuse_weights_only(*, allow_nonfinite: bool) -> None:
    """Raise ModelError for a model that was opened for looking at its weights only."""
    if allow_nonfinite:
        raise ModelError(
            "this model was opened with allow_nonfinite=True, for looking at its weights; open it without to run it"
        ).of("allow_nonfinite")


def check_inputs(call: Callable[..., Any], before: int, way: str) -> None:
    """Raise ModelError for what can't be called with the images alone, behind `before` other arguments.

    Args:
        call: the model's function; one whose parameters can't be told is left to its first run.
        before: how many arguments it is given in front of the images.
        way: how to make one of a single input.
    """
    try:
        parameters = inspect.signature(call).parameters.values()
    except (TypeError, ValueError):
        return
    several = {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD}
    needed = [one.name for one in parameters if one.default is one.empty and one.kind not in several][before:]
    if len(needed) > 1:
        raise ModelError(
            f"the model takes {len(needed)} inputs ({', '.join(needed)}), but an explanation is of one image; {way}"
        ).of("inputs", found=tuple(needed))


def enter(spec: InputSpec, images: Array, dtype: np.dtype[np.floating]) -> Array:
    """Turn pixels (batch × height × width × channel) into the model's input, as a fresh array in its axis order.

    Raises:
        ModelError: the images have another shape or are not floats.
    """
    spec.check(images)
    value = as_pixels(images, dtype) * spec.scale.astype(dtype) + spec.offset.astype(dtype)
    if spec.channel_order == "BGR":
        value = np.ascontiguousarray(value[..., ::-1])
    return value if spec.layout == "HWC" else np.array(value.transpose(0, 3, 1, 2), order="C")


def by_pixels(spec: InputSpec, gradients: Array) -> Array:
    """Turn gradients by what the model takes, channels last, into gradients by pixels: the chain rule through `enter`.

    Args:
        spec: of the model.
        gradients: … × height × width × channel, channels in the model's order.
    """
    ordered = gradients[..., ::-1] if spec.channel_order == "BGR" else gradients
    return np.ascontiguousarray(ordered * spec.scale.astype(gradients.dtype))


def check_shape(shape: tuple[int, ...], batch: int, output: OutputSpec) -> None:
    """Raise ModelError unless outputs of this shape are batch × class."""
    wanted = (batch, len(output.class_names))
    if shape != wanted:
        raise ModelError(
            f"the model gave outputs of shape {shape} for {batch} images; {wanted} (batch × class) was expected, "
            f"since {len(output.class_names)} class names were declared{DENSE if len(shape) == 4 else ''}"
        ).of("outputs", found=shape, asked=len(output.class_names))


def collect_grad_outputs(grad_outputs: Mapping[str, GradOutputs], values: Mapping[str, Array]) -> dict[str, Array]:
    """Ask each grad_output for its factors (target × the value's shape), as fresh arrays of the value's dtype.

    Raises:
        UsageError: there is no grad_output, or their shapes or numbers of targets don't agree.
    """
    if not grad_outputs:
        raise UsageError("a vjp was asked for without a grad_output; give one for the output or for a layer").of(
            "grad_output", asked=None
        )
    factors = {name: np.array(ask(values[name].copy()), values[name].dtype) for name, ask in grad_outputs.items()}
    for name, factor in factors.items():
        if factor.shape[1:] != values[name].shape or factor.ndim == values[name].ndim:
            raise UsageError(
                f"the grad_output on {name} is to be target × {' × '.join(map(str, values[name].shape))}; "
                f"it came with shape {factor.shape}"
            ).of("grad_output", asked=name, found=factor.shape)
    targets = {name: len(factor) for name, factor in factors.items()}
    if len(set(targets.values())) > 1 or 0 in targets.values():
        raise UsageError(
            f"all grad_outputs give the same number of targets, at least one; they came with {targets}"
        ).of("grad_output", found=targets)
    return factors
