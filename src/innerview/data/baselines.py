"""Baselines: the images of "nothing" that an attribution starts from, by the names that users give them.

A baseline is an image in [0, 1] like any other, in the model's size. None is neutral: black hides what is dark, a
blurred copy hides what is fine. That is why several may be given, whose maps are averaged, and why every result
carries its baseline in words.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from jaxtyping import Float

from innerview.data.fitting import preprocess
from innerview.data.reading import load_image
from innerview.errors import ImageError, UsageError
from innerview.files.regular import is_file
from innerview.fills import DEFAULT_SIGMA, SPELLINGS, blur, make_fill
from innerview.model import InputSpec
from innerview.reprs import short
from innerview.results.result import A_co, Result
from innerview.types import Array, Image

DEFAULT_BASELINE: Final = "blurred"
"""What agrees best with taking parts away, of those that were measured (docs/decisions/default-explanation.md)."""


@short
@dataclass(frozen=True, eq=False)
class Baseline(Result["Baseline[Array]", A_co]):
    """An image to start from.

    Attributes:
        name: as the user asked for it: "noise:7".
        words: what it is, with everything that is needed to make it again: "uniform noise, seed 7".
        image: height × width × channels of the model, float32.
        seed: of the noise; None where nothing is random.
    """

    name: str
    words: str
    image: Float[A_co, "height width channel"]
    seed: int | None = None


@dataclass(frozen=True)
class BaselineName:
    """A baseline that was asked for, not yet made: its kind and its parameter.

    Attributes:
        kind: "black", "white", "gray", "mean", "blurred", "noise" or "file".
        parameter: sigma in pixels, a seed, or a path; "" for the default.
    """

    kind: str
    parameter: str = ""

    def __str__(self) -> str:
        """Write it as it is asked for."""
        if self.kind == "file":
            return self.parameter
        return f"{self.kind}:{self.parameter}" if self.parameter else self.kind


def parse_baseline(text: str) -> BaselineName:
    """Read a baseline as a user writes it: a kind, a kind with its number ("blurred:2.5", "noise:7"), or a file.

    Raises:
        UsageError: it is no kind and no file, or the number has no meaning for it; lists the kinds.
    """
    kind, colon, parameter = text.strip().partition(":")
    kind = SPELLINGS.get(kind, kind)
    if kind in _NUMBERS:
        if (colon and not _NUMBERS[kind](parameter)) or (colon and not parameter):
            raise UsageError(f"the baseline {text!r} was asked for; say {_USAGE[kind]}").of("baseline", asked=text)
        return BaselineName(kind, parameter)
    if is_file(Path(text)):
        return BaselineName("file", text)
    raise UsageError(
        f"there is no baseline and no file {text!r}; baselines are {', '.join(_USAGE.values())}, or a file"
    ).of("baseline", asked=text, known=_USAGE.values())


def make_baseline(asked: str | BaselineName, spec: InputSpec, image: Image) -> Baseline:
    """Make a baseline for one image.

    Args:
        asked: its name, as text or parsed.
        spec: what the model takes.
        image: the image that is explained, height × width × channels, which "blurred" is made from.

    Raises:
        UsageError: there is no such baseline.
        ImageError: the file can't be read or has another size than the model's images.
    """
    name = parse_baseline(asked) if isinstance(asked, str) else asked
    return _MAKERS[name.kind](name, spec, image)


def make_baselines(asked: Sequence[str | BaselineName], spec: InputSpec, image: Image) -> tuple[Baseline, ...]:
    """Make several, in the order asked for; maps from several baselines are averaged.

    Raises:
        UsageError: none was asked for, or there is no such baseline.
        ImageError: as in `make_baseline`.
    """
    if not asked:
        raise UsageError(f"no baseline was given; name at least one of {', '.join(_USAGE.values())}, or a file").of(
            "baselines", asked=(), known=_USAGE.values()
        )
    return tuple(make_baseline(one, spec, image) for one in asked)


def baseline_from(array: Array, spec: InputSpec, name: str = "array") -> Baseline:
    """Take anyone's array as a baseline: height × width × channels, float, 0 black and 1 white.

    Raises:
        ImageError: it has another shape, holds whole numbers (which are no brightness), or is not finite.
    """
    if array.shape != spec.shape:
        raise ImageError(
            f"the baseline {name} has shape {_shape(array.shape)}, but the model takes {_shape(spec.shape)} "
            "(height, width, channels); bring it to that size first"
        ).of("shape", asked=name, found=array.shape)
    if not np.issubdtype(array.dtype, np.floating):
        raise ImageError(
            f"the baseline {name} holds {array.dtype}; give floats between 0 and 1: divide bytes by 255"
        ).of("dtype", asked=name, found=str(array.dtype))
    if not np.isfinite(array).all():
        count = int((~np.isfinite(array)).sum())
        raise ImageError(
            f"the baseline {name} holds {count} values that are NaN or infinite; give floats in [0, 1]"
        ).of("values", asked=name, found=count)
    return Baseline(name, f"from {name}", array.astype(np.float32))


def _plain(level: float, words: str) -> Callable[[BaselineName, InputSpec, Image], Baseline]:
    def make(name: BaselineName, spec: InputSpec, _image: Image) -> Baseline:
        return Baseline(str(name), words, np.full(spec.shape, level, np.float32))

    return make


def _mean(name: BaselineName, _spec: InputSpec, image: Image) -> Baseline:
    fill = make_fill("mean", image)
    return Baseline(str(name), fill.words, fill.paint(image, np.zeros((1, *image.shape[:2]), bool))[0])


def _blurred(name: BaselineName, spec: InputSpec, image: Image) -> Baseline:
    longer = max(spec.height, spec.width)
    sigma = float(name.parameter or longer * DEFAULT_SIGMA)
    if sigma > longer:  # beyond this only the mean is left, and the kernel would grow without limit
        raise UsageError(
            f"a blur of {sigma:g} pixels was asked for; the model's images have {longer}: at most that"
        ).of("blur", asked=sigma, limit=longer)
    return Baseline(str(name), f"the image blurred (Gaussian, sigma {sigma:g} pixels)", blur(image, sigma))


def _noise(name: BaselineName, spec: InputSpec, _image: Image) -> Baseline:
    seed = int(name.parameter or 0)
    values = np.random.default_rng(seed).random(spec.shape, dtype=np.float32)
    return Baseline(str(name), f"uniform noise, seed {seed}", values, seed)


def _file(name: BaselineName, spec: InputSpec, _image: Image) -> Baseline:
    """A baseline of another size is refused, not fitted: nobody should start from an image that they never saw."""
    image = load_image(name.parameter)
    if image.size != (spec.width, spec.height):
        raise ImageError(
            f"the baseline {image.name} has {image.size[0]} × {image.size[1]} pixels, but the model takes "
            f"{spec.width} × {spec.height}; bring it to that size first"
        ).of("size", asked=image.name, found=(image.size[1], image.size[0]))
    return Baseline(str(name), f"from {image.name}", preprocess(image, spec).pixels)


def _shape(shape: Sequence[int]) -> str:
    return " × ".join(map(str, shape)) or "a single number"


def _is_sigma(text: str) -> bool:
    try:
        return 0 < float(text) < np.inf
    except ValueError:
        return False


def _is_seed(text: str) -> bool:
    return text.isdecimal() and int(text) < 2**63


_NUMBERS: dict[str, Callable[[str], bool]] = {
    "black": lambda _: False,
    "white": lambda _: False,
    "gray": lambda _: False,
    "mean": lambda _: False,
    "blurred": _is_sigma,
    "noise": _is_seed,
}
_USAGE = {
    "black": "black",
    "white": "white",
    "gray": "gray",
    "mean": "mean",
    "blurred": "blurred or blurred:SIGMA (pixels, above 0)",
    "noise": "noise or noise:SEED (a whole number)",
}
_MAKERS: dict[str, Callable[[BaselineName, InputSpec, Image], Baseline]] = {
    "black": _plain(0, "black"),
    "white": _plain(1, "white"),
    "gray": _plain(0.5, "gray (0.5)"),
    "mean": _mean,
    "blurred": _blurred,
    "noise": _noise,
    "file": _file,
}
