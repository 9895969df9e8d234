"""Errors of frameworks, made ours in one place: what failed, where, why, and what can still be done.

A model of somebody else can fail in any way, forward or back, at the first image or the thousandth. What comes out is
always a ModelError: it names the layer where the framework shows it, says the framework's own words in one line, and
where the words are known, what they mean here. Memory that ends is both a ModelError and a MemoryError, so that
whoever can go on with smaller batches does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from typing import Final

from innerview.adapters.failure_location import FailureLocation
from innerview.errors import InnerviewError, ModelError, OutOfMemory

FULL: Final = re.compile(r"out of memory|can't allocate memory|not enough memory|resource_?exhausted|OOM when", re.I)
"""What frameworks say when memory ends: on accelerators, on the processor, and there under Windows."""

CAUSES: Final[Mapping[str, str]] = {
    r"inference tensor|created in inference mode|outside InferenceMode": "the model (or a tensor that it keeps) was "
    "made inside torch.inference_mode(); make it outside, or wrap copy.deepcopy(model)",
    r"use_reentrant=True|Checkpointing is not compatible with \.grad": "re-entrant "
    "checkpointing has no gradients by the image; use checkpoint(…, use_reentrant=False)",
    r"BackwardHookFunction.*inplace|is a view and is being modified inplace": "a backward hook does not go with an "
    "operation in place; take the hook off, or use inplace=False",
    r"modified by an inplace operation": "a value that the way back needs is overwritten in place; use inplace=False",
    r"uninitialized parameter|UninitializedParameter": "a lazy module has no weights yet; run the model once",
    r"meta tensor|is on the meta device|device meta": "weights on the meta device hold no numbers; load them",
    r"same device|different devices|on cuda.*cpu|on cpu.*cuda": "parts of the model are on different devices; move it "
    "whole: model.to('cpu')",
    r"not implemented for '(Half|BFloat16|Float8\w*)'|Unsupported ScalarType (Half|BFloat16)": "half precision is used "
    "inside the model; wrap a copy in float32: copy.deepcopy(model).float(), without autocast",
    r"expected scalar type|expected m1 and m2 to have the same dtype|must have the same dtype|Input type .* and "
    r"(weight|bias) type": "the model mixes precisions; wrap a copy in one: copy.deepcopy(model).float()",
    r"does not require grad": "somewhere the model leaves the graph (no_grad, detach, NumPy), so there is no gradient",
    r"Double-backward|double backward|differentiate twice": "the model differentiates inside itself, and that once "
    "more is not possible for one of its operations",
    r"UnexpectedTracerError|leaked trace|Leaked trace": "a value of one call is kept and used in another; a JAX "
    "function may keep nothing outside of its arguments",
    r"Tracer\w*ConversionError|ConcretizationTypeError|Abstract tracer": "a value inside a compiled or differentiated "
    "JAX function was made a Python number or NumPy array; use jax.numpy there",
    r"complex": "somewhere the model computes with complex numbers, which have no order and no plain gradient",
}
"""What the commonest failures mean, by the framework's words."""

AXES_MAY_BE_WRONG: Final = (
    "If size or axis order is wrong, declare another InputSpec: layout='CHW' puts channels in front of height and "
    "width, as PyTorch has them"
)

BACK: Final = "the model runs, but its gradients can't be had"

STILL: Final = "What needs no gradients still works: predictions, activations, occlusion, keep, path"


@contextmanager
def made_ours(
    doing: str, where: Callable[[], FailureLocation | None] | None = None, after: str = "", back: str = ""
) -> Generator[None, None, None]:
    """Turn what a framework raises in the block into our error.

    Args:
        doing: what was done, as in "the model failed on 3 images".
        where: asked for the place once something failed; it may run the model again, and gives None if that runs now.
        after: what to do, where nothing better is known.
        back: what was done in place of `doing` where the model runs, so that it failed on the way back.

    Raises:
        ModelError: with all of this, and `layer` where it failed inside of one; OutOfMemory where memory ended.
    """
    try:
        yield
    except OfTarget as error:
        raise error.own from error.own.__cause__
    except InnerviewError:
        raise
    except Exception as error:
        full = isinstance(error, MemoryError) or bool(FULL.search(str(error)))
        place = FailureLocation() if where is None or full else where()  # nobody wants memory to end once more
        runs = place is None and bool(back)
        place = place or FailureLocation()
        message = describe(back if runs else doing, error, place.where, STILL if runs else after)
        kind = OutOfMemory if full else ModelError
        about = "memory" if full else "failure"
        raise kind(message).of(about, found=type(error).__name__, layer=place.layer) from error


class OfTarget(InnerviewError):
    """Carries what a target raised through the passes of a framework, whose failure it is not."""

    def __init__(self, own: Exception) -> None:
        super().__init__(str(own))
        self.own = own


@contextmanager
def of_target() -> Generator[None, None, None]:
    """Mark what is raised in the block as the target's."""
    try:
        yield
    except Exception as error:
        raise OfTarget(error) from error


def describe(doing: str, error: BaseException, place: str = "", after: str = "") -> str:
    """Say what failed, where, in the framework's words, and what it means."""
    said = f"{type(error).__name__}: {' '.join(str(error).split())[:400]}".removesuffix(": ")
    meant = cause(error)
    # What is known to have another cause says nothing of size and axes.
    parts = [
        f"{doing}{', ' if place else ''}{place}: {said}".removesuffix("."),
        meant,
        after if not meant or after == STILL else "",
    ]
    return ". ".join(f"{part[0].upper()}{part[1:]}" if number else part for number, part in enumerate(parts) if part)


def cause(error: BaseException) -> str:
    """What the framework's words mean; empty where that is not known."""
    if isinstance(error, MemoryError) or FULL.search(str(error)):
        return "memory ended; give fewer or smaller images at once"
    text = f"{type(error).__name__} {' '.join(str(error).split())}"
    return next((meant for pattern, meant in CAUSES.items() if re.search(pattern, text)), "")
