"""What a model is, and what it will do to an image: as rows of name and value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from innerview.allcnn import NAMES
from innerview.data.sources import Source
from innerview.methods.registry import map_methods, registry
from innerview.model import WEIGHTED, InputSpec, Layer, Model, has_gradients
from innerview.pictures.words import number, shape
from innerview.reprs import short
from innerview.session.doubts import doubts
from innerview.session.images import gather
from innerview.session.models import take_model
from innerview.session.query import Query
from innerview.targets import label
from innerview.typing import ModelLike

LISTED: Final = 20
"""Classes, at most, that are listed one by one."""


@short
@dataclass(frozen=True)
class Info:
    """A model described.

    Attributes:
        facts: pairs of name and value.
        layers: number (counted from 1, empty for what has none), name, kind, shape, axes and weights of each layer.
    """

    facts: tuple[tuple[str, str], ...]
    layers: tuple[tuple[str, str, str, str, str, str], ...]


def info(model: ModelLike = "allcnn", image: Source = "", crop: str = "center") -> Info:
    """Describe a model, and what happens to `image` (a file, a sample photo, a PIL image, an array) on its way in.

    Raises:
        UsageError: there is no such model; `ImageError`: the image can't be read.
    """
    opened = take_model(model)
    taken, given = opened.input, opened.output
    weights = opened.weights()
    facts = [
        ("Model", opened.fingerprint),
        ("Takes", f"{shape(taken.shape)} (height × width × channel), pixels from 0 (black) to 1 (white)"),
        ("Sees", f"(value − mean) / std, value from {number(taken.low)} (black) to {number(taken.high)} (white)"),
        (
            "Mean, std",
            f"{_numbers(taken.mean)}; {_numbers(taken.std)}" + ", blue first" * (taken.channel_order == "BGR"),
        ),
        ("Resized", _resized(taken)),
        ("Gives", f"{len(given.class_names)} {given.kind}, temperature {number(given.temperature)}"),
        ("Classes", _classes(given.class_names)),
        ("Weights", f"{sum(value.size for value in weights.values()):,}, {opened.dtype.name}"),
    ]
    facts += _passes(opened)
    facts += [(name, said) for name, said in (("Input from", taken.source), ("Output from", given.source)) if said]
    facts += [("Note", note) for note in getattr(opened, "notes", ())]
    facts += [("Warning", doubt) for doubt in (() if isinstance(model, str) and model in NAMES else doubts(opened))]
    facts += _methods(opened)
    if not isinstance(image, str) or image:
        (item,) = gather(opened, [image], Query(crop=crop))
        facts.append(("Image", f"{item.name}: {item.words}"))
        facts += [("", note) for note in item.original.notes]
    rows: list[tuple[str, str, str, str, str, str]] = []
    for layer in opened.layers:
        count = sum(weights[name].size for name in layer.parameters)
        position = sum(bool(row[0]) for row in rows) + 1 if layer.kind in WEIGHTED else 0
        known = (str(position or ""), layer.name, layer.kind, shape(layer.shape), axes(layer))
        rows.append((*known, f"{count:,}" if count else ""))
    return Info(tuple(facts), tuple(rows))


def _passes(opened: Model) -> list[tuple[str, str]]:
    """What computes it, how many images go through it together, and what memory one of them needs, where known."""
    count = f"{opened.batch_size} image{'s' * (opened.batch_size != 1)} at a time"
    need = getattr(opened, "memory", None)
    told = "" if need is None else f"; forward and back one takes about {_size(need.image)}, beside the weights' "
    passes = ("Passes", count + told + ("" if need is None else _size(need.weights)))
    place = getattr(opened, "runs_on", "")
    return [*([("Runs on", place)] if place else []), passes]


def _size(count: int) -> str:
    return f"{count / 2**30:.2f} GiB" if count >= 2**28 else f"{count / 2**20:.2g} MiB"


def _resized(taken: InputSpec) -> str:
    """How a photo is brought to the model's size."""
    if taken.resize is None:
        return "the largest middle part, by area averaging"
    if taken.resize.short_side is None:
        return f"all of the photo squeezed to size, {taken.resize.interpolation}"
    return f"shorter side to {taken.resize.short_side} pixels, {taken.resize.interpolation}, then the middle"


def axes(layer: Layer) -> str:
    """What the axes of a layer's output are, in the order of its shape; of tokens the grid that they form as well."""
    if layer.tokens is None:
        return layer.axes or "not known"
    grid = layer.tokens
    more = grid.count - grid.height * grid.width
    return f"{layer.axes}, {grid.height} × {grid.width} tokens{f' and {more} more' if more else ''}"


def _methods(opened: Model) -> list[tuple[str, str]]:
    """What it can be explained by, what that leaves out, and which plug-ins fail."""
    names = map_methods(opened)
    missing = [name for name in map_methods() if name not in names]
    why = "no attention that can be looked at" if has_gradients(opened) else "no gradients"
    left = f"; left out, since it has {why}: {', '.join(missing)}" if missing else ""
    return [("Methods", ", ".join(names) + left), *(("Warning", problem) for problem in registry().problems)]


def _classes(names: tuple[str, ...]) -> str:
    """All of them where they are few; of many, the first and the last."""
    shown = [label(index, names) for index in range(len(names))]
    return ", ".join(shown if len(shown) <= LISTED else [*shown[:5], "…", shown[-1]])


def _numbers(values: tuple[float, ...]) -> str:
    return ", ".join(number(value) for value in values)
