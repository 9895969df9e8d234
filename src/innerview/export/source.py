"""From a model to the files that people take away: source, weights, and a page that says how to use them."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from string import Template
from types import MappingProxyType
from typing import Final

import numpy as np
from safetensors.numpy import save

from innerview.adapters.numpy.model import NumpyModel
from innerview.adapters.numpy.operations import Operation
from innerview.errors import UsageError
from innerview.export.steps import KERAS, NUMPY, TORCH, Lines, Step, lines
from innerview.model import InputSpec
from innerview.results import versions
from innerview.types import Array

WIDTH: Final = 120


@dataclass(frozen=True)
class Format:
    """How models are written for one framework.

    Attributes:
        name: of the framework, for people.
        table: what each operation becomes.
        line: how a layer's name and expression stand in the table of layers.
        indent: spaces in front of it.
        weights: of the framework, by its names and in its axis order, from ours.
        layout: axis order of what the model takes.
        packages: what must be installed to run it.
        wrap: how innerview looks into it again.
    """

    name: str
    table: Mapping[type[Operation], Lines]
    line: str
    indent: int
    weights: Callable[[str, Array], tuple[str, Array]]
    layout: str
    packages: str
    wrap: str


def _as_it_is(name: str, value: Array) -> tuple[str, Array]:
    return name, value


def _as_keras(name: str, value: Array) -> tuple[str, Array]:
    layer, _, kind = name.rpartition(".")
    axes = {4: (2, 3, 1, 0), 2: (1, 0)}.get(value.ndim, (0,))
    return f"{layer}/{'kernel' if kind == 'weight' else kind}", value.transpose(axes)


_WRAP: Final = "model = innerview.wrap(\n    build(),\n    input={input},\n    output={output},\n)"
_FORWARD: Final = (
    "layers = build()\nmodel = innerview.wrap(\n    lambda images: forward(layers, images),  # forward only\n"
    "    input={input},\n    output={output},\n)"
)

FORMATS: Final[Mapping[str, Format]] = MappingProxyType(
    {
        "pytorch": Format(
            "PyTorch", TORCH, "{name}={made},", 12, _as_it_is, "CHW", "torch numpy safetensors pillow", _WRAP
        ),
        "keras": Format("Keras", KERAS, "{made},", 12, _as_keras, "HWC", "keras numpy safetensors pillow", _WRAP),
        "numpy": Format(
            "NumPy", NUMPY, '("{name}", {made}),', 8, _as_it_is, "HWC", "numpy safetensors pillow", _FORWARD
        ),
    }
)


def export_files(model: NumpyModel, name: str, format: str, card: str = "") -> dict[str, bytes]:  # noqa: A002 --format
    """Write a model for another framework.

    Args:
        model: gives logits.
        name: of the model, for people.
        format: one of FORMATS.
        card: its model card, in Markdown; empty for none.

    Returns:
        The files of the folder, by name.

    Raises:
        UsageError: there is no such format, or the model has an operation that it can't express.
    """
    if format not in FORMATS:
        raise UsageError(f"there is no format {format!r}; the formats are {', '.join(FORMATS)}").of(
            "format", asked=format, known=FORMATS
        )
    if model.output.kind != "logits":
        raise UsageError(f"{name} gives {model.output.kind}; models that give logits can be exported").of(
            "kind", asked=name, found=model.output.kind
        )
    chosen = FORMATS[format]
    weights = dict(chosen.weights(key, np.asarray(value, np.float32)) for key, value in model.weights().items())
    found = {
        "model.py": _source(model, name, format, chosen),
        "README.md": _readme(model, name, format, chosen, has_card=bool(card)),
        **({"model-card.md": card} if card else {}),
    }
    return {
        **{place: text.encode() for place, text in found.items()},
        "weights.safetensors": save({key: np.ascontiguousarray(value) for key, value in weights.items()}),
    }


def _source(model: NumpyModel, name: str, format: str, chosen: Format) -> str:  # noqa: A002 as above
    steps = [pair for step in _steps(model) for pair in lines(chosen.table, step, chosen.name)]
    rows = [chosen.line.format(name=layer, made=made) for layer, made in steps]
    blocks = [] if format == "keras" else _text(f"definitions-{format}").rstrip().split("\n\n\n")
    needed = _needed(blocks, [made for _, made in steps])
    height, width, channels = model.input.shape
    words = {
        "title": _title(model, name, chosen),
        "origin": f"Written by innerview {versions()['innerview']} from the model {model.fingerprint}.",
        "constants": _constants(model),
        "definitions": "".join(f"\n{block}\n\n" for block in needed),
        "steps": f"\n{' ' * chosen.indent}".join(rows),
        "height": str(height),
        "width": str(width),
        "channels": str(channels),
        "classes": str(len(model.output.class_names)),
        "mode": "RGB" if channels == 3 else "L",
    }
    words["image"] = Template(_text("image")).substitute(words)
    return Template(_text(format)).substitute(words)


def _readme(model: NumpyModel, name: str, format: str, chosen: Format, *, has_card: bool) -> str:  # noqa: A002
    ours = model.input
    if ours.channel_order != "RGB":
        raise UsageError(
            "the model takes blue first, which is not written as code; export one that takes red first"
        ).of("channel_order", found="BGR")
    declared = InputSpec(*ours.shape, ours.mean, ours.std, ours.value_range)
    given = f"innerview.InputSpec({declared.height}, {declared.width}, {declared.channels}"
    given += "".join(
        f", {key}={value!r}"
        for key, value, usual in (
            ("mean", declared.mean, (0.0,) * declared.channels),
            ("std", declared.std, (1.0,) * declared.channels),
            ("value_range", declared.value_range, (0.0, 1.0)),
        )
        if value != usual and format != "numpy"  # whose forward takes pixels as they are
    )
    given += ', layout="CHW")' if chosen.layout == "CHW" else ")"
    output = f"innerview.OutputSpec(CLASSES, temperature={model.output.temperature!r})"
    imported = "CLASSES, build, forward" if format == "numpy" else "CLASSES, build"
    wrapped = chosen.wrap.format(input=given, output=output)
    program = {
        "pytorch": "from model import build\n\nmodel = build()  # an nn.Module in evaluation mode",
        "keras": 'from model import build\n\nmodel = build()\nmodel.save("model.keras")  # one file, if you want that',
        "numpy": "from PIL import Image\nfrom model import build, forward, gradient, prepare\n\nmodel = build()\n"
        'pixels = prepare(Image.open("image.png"))\nlogits = forward(model, pixels)\n'
        "slopes = gradient(model, pixels, int(logits[0].argmax()))  # of the winning logit, by each pixel",
    }
    return Template(_text("readme")).substitute(
        name=name,
        format=chosen.name,
        title=_title(model, name, chosen),
        card_row="| `model-card.md` | how it was trained, and how good it is |\n" if has_card else "",
        packages=chosen.packages + (" tensorflow  # or torch, or jax" if format == "keras" else ""),
        program=program[format],
        temperature=f"{model.output.temperature:g}",
        wrap=f"import innerview\nfrom model import {imported}\n\n{wrapped}",
    )


def _steps(model: NumpyModel) -> Iterable[Step]:
    before, weights = model.input.shape, model.weights()
    for operation, layer in zip(model.operations, model.layers, strict=True):
        if not operation.name.isidentifier():
            raise UsageError(
                f"the layer {operation.name!r} can't be a name in Python; rename it to export the model"
            ).of("name", layer=operation.name)
        yield Step(operation, before, tuple(weights[name].shape for name in operation.parameters))
        before = layer.shape


def _needed(blocks: list[str], expressions: list[str]) -> list[str]:
    """The definitions that the expressions use, and those that these use, in their order."""
    known = {_defined(block): block for block in blocks}
    used = _names("\n".join(expressions)) & set(known)
    while more := {name for one in used for name in _names(known[one]) if name in known} - used:
        used |= more
    return [block for name, block in known.items() if name in used]


def _defined(block: str) -> str:
    (node,) = ast.parse(block).body
    assert isinstance(node, ast.FunctionDef | ast.ClassDef)  # noqa: S101 the templates are ours
    return node.name


def _names(text: str) -> set[str]:
    return {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}


def _title(model: NumpyModel, name: str, chosen: Format) -> str:
    count = sum(value.size for value in model.weights().values())
    shape = " × ".join(map(str, model.input.shape))
    return f"{name} in {chosen.name}: {count:,} weights, images of {shape}, {len(model.output.class_names)} classes."


def _constants(model: NumpyModel) -> str:
    taken, given = model.input, model.output
    names = [json.dumps(name, ensure_ascii=False) for name in given.class_names]
    line = f"CLASSES = ({', '.join(names)},)" if len(names) == 1 else f"CLASSES = ({', '.join(names)})"
    listed = "CLASSES = (\n" + "".join(f"    {name},\n" for name in names) + ")"
    return "\n".join(
        [
            line if len(line) <= WIDTH else listed,
            f"HEIGHT, WIDTH = {taken.height}, {taken.width}",
            f"BLACK, WHITE = {taken.low!r}, {taken.high!r}  # what stands for black and white, before mean and std",
            f"MEAN, STD = np.array({list(taken.mean)!r}, np.float32), np.array({list(taken.std)!r}, np.float32)",
            f"TEMPERATURE = {given.temperature!r}  # probabilities are softmax(logits / TEMPERATURE)",
        ]
    )


def _text(name: str) -> str:
    return files("innerview.export").joinpath("templates", f"{name}.txt").read_text(encoding="utf-8")
