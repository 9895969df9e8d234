"""What a model takes and gives, in the words of a command line or of a model.toml."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any, Final, cast

from innerview.data.class_files import read_class_file
from innerview.errors import UsageError
from innerview.files.regular import brief
from innerview.model import InputSpec, OutputSpec
from innerview.spec import CHANNEL_ORDERS, INTERPOLATIONS, LAYOUTS, Resize

ORDER: Final[Mapping[str, str]] = {"input": "size", "output": "kind"}
"""What a word without a name in front means."""

INPUT: Final = frozenset({"size", "mean", "std", "range", "layout", "order", "resize", "interpolation"})
OUTPUT: Final = frozenset({"kind", "temperature", "output"})
KINDS: Final = ("logits", "probabilities", "sigmoid", "scores")

CLASSES: Final = 1_000_000
SIDE: Final = 16_384
PIXELS: Final = 2**24
"""What can be declared, at most: of a size, what still fits into memory a few times."""

EXAMPLE: Final = '--input-spec "224x224x3 range=0..1 mean=0.485,0.456,0.406 std=0.229,0.224,0.225 layout=CHW"'


def words_of(given: object, first: str = "") -> dict[str, str]:
    """Read "224x224 range=0..1" (the first word without a name is `first`), or a table of a model.toml."""
    if isinstance(given, Mapping):
        table = cast("Mapping[str, object]", given)
        return {name: _text(value) for name, value in table.items()}
    pairs = [part.partition("=") for part in str(given or "").split()]
    return {(name if equals else first): (value if equals else name) for name, equals, value in pairs}


def declare_input(words: Mapping[str, str], model: Any, known: InputSpec | None = None) -> InputSpec:
    """Make the InputSpec.

    Args:
        words: size ("224x224" or "224x224x1"), range ("0..255"), mean, std, layout, order of the channels (BGR), and
            how photos are brought to size: resize (pixels of the shorter side, or "squeeze") and interpolation.
        model: a Keras model says size and layout itself.
        known: what the model's hub says; each word replaces its part of that alone.

    Raises:
        UsageError: something is missing, unknown or no number; nothing is guessed.
    """
    _only(words, INPUT, "--input-spec")
    if known is not None:
        return _replaced(known, words)
    found = _found(model)
    size, layout = words.get("size", found[0]), words.get("layout", found[1])
    missing = [name for name, value in (("size", size), ("range", words.get("range")), ("layout", layout)) if not value]
    if missing:
        told = " ".join(word for word in (found[0], f"layout={found[1]}" if found[1] else "") if word)
        said = f" (it says itself: {told})" if told else ""
        raise UsageError(f"what the model takes is not declared: {', '.join(missing)}{said}. For example {EXAMPLE}").of(
            "declaration", asked=tuple(missing)
        )
    sides = _sides(size)
    low, high = (*_numbers(words["range"], "..", "range"), 0.0, 0.0)[:2]
    if len(sides) not in {2, 3} or low == high or layout not in {"HWC", "CHW"}:
        raise UsageError(
            f"--input-spec says size {size}, range {words['range']}, layout {layout}; a size is HEIGHTxWIDTH or "
            f"HEIGHTxWIDTHxCHANNELS, a range LOW..HIGH, a layout HWC or CHW. For example {EXAMPLE}"
        ).of("size", asked=size)
    return InputSpec(
        sides[0],
        sides[1],
        sides[2] if len(sides) > 2 else 3,
        mean=_numbers(words["mean"], ",", "mean") if "mean" in words else (),
        std=_numbers(words["std"], ",", "std") if "std" in words else (),
        value_range=(low, high),
        layout="CHW" if layout == "CHW" else "HWC",
        channel_order=_one_of(words, "order", CHANNEL_ORDERS, "RGB"),
        resize=_resize(words, None),
    )


def _replaced(known: InputSpec, words: Mapping[str, str]) -> InputSpec:
    """What a hub says of a model, but for the words of the line; each says that it stands there."""
    if not words:
        return known
    given = {name: value for name, value in words.items() if name in {"mean", "std"}}
    changed: dict[str, Any] = {name: _numbers(value, ",", name) for name, value in given.items()}
    if "size" in words:
        sides = _sides(words["size"])
        changed |= dict(zip(("height", "width", "channels"), sides, strict=False))
        changed["resize"] = known.resize
        if known.resize is not None and known.resize.short_side is not None:
            side = round(known.resize.short_side * min(sides[:2]) / min(known.height, known.width))
            changed["resize"] = replace(known.resize, short_side=max(side, min(sides[:2])))
    if "range" in words:
        changed["value_range"] = (*_numbers(words["range"], "..", "range"), 0.0, 0.0)[:2]
    if {"resize", "interpolation"} & set(words):
        changed["resize"] = _resize(words, changed.get("resize", known.resize))
    changed["layout"] = _one_of(words, "layout", LAYOUTS, known.layout)
    changed["channel_order"] = _one_of(words, "order", CHANNEL_ORDERS, known.channel_order)
    return replace(known, **changed, source=f"{known.source}; {', '.join(sorted(words))}: --input-spec")


def _resize(words: Mapping[str, str], known: Resize | None) -> Resize | None:
    """How photos are brought to size; None, as ever, where nothing is said of it."""
    if not {"resize", "interpolation"} & set(words):
        return known
    side, asked = known.short_side if known else None, words.get("resize", "")
    if asked:
        side = None if asked == "squeeze" else int(asked) if asked.isdecimal() and len(asked) < 6 else -1
    if side == -1:
        raise UsageError(
            f"--input-spec says resize {brief(asked)}; it is how many pixels the shorter side gets before the middle "
            "is cut out, such as resize=256, or squeeze for all of the image"
        ).of("resize", asked=asked)
    return replace(
        known or Resize(),
        short_side=side,
        interpolation=_one_of(words, "interpolation", INTERPOLATIONS, known.interpolation if known else "bilinear"),
    )


def _one_of(words: Mapping[str, str], name: str, choices: Sequence[str], usual: str) -> Any:
    asked = words.get(name, usual)
    if asked not in choices:
        raise UsageError(f"--input-spec says {name} {brief(asked)}; it is {' or '.join(choices)}").of(
            name, asked=asked, known=choices
        )
    return asked


def declare_output(words: Mapping[str, str], classes: tuple[str, ...], known: OutputSpec | None = None) -> OutputSpec:
    """Make the OutputSpec; without a word the outputs are logits, and outputs that look otherwise are refused later.

    Args:
        words: kind, temperature, output.
        classes: their names.
        known: what the model's hub says; each word replaces its part of that alone.

    Raises:
        UsageError: an unknown kind or word.
    """
    _only(words, OUTPUT, "--output-spec")
    kind = words.get("kind", known.kind if known else "logits")
    if kind not in KINDS:
        raise UsageError(f"--output-spec says {kind!r}; a model gives {', '.join(KINDS)}").of(
            "kind", asked=kind, known=KINDS
        )
    key = words.get("output")
    temperature = _temperature(words.get("temperature", "1"))
    return OutputSpec(
        classes,
        kind=cast("Any", kind),
        temperature=temperature,
        output=known.output if known and key is None else int(key) if key and key.isdecimal() else key,
        source=known.source if known and classes == known.class_names else "",
    )


def read_classes(given: str | tuple[str, ...], model: Any) -> tuple[str, ...]:
    """Read names from a file (`data.class_files`), or count them: "10" is ten classes called by their numbers.

    Raises:
        UsageError: there is no such file, or nothing is said and the model does not say how many there are.
    """
    if isinstance(given, tuple):
        return given
    shape = getattr(model, "output_shape", None)
    if not given and isinstance(shape, tuple) and len(cast("tuple[int, ...]", shape)) == 2:
        given = str(cast("tuple[int, ...]", shape)[1])
    if given.isdecimal() or (given.startswith("-") and given[1:].isdecimal()):
        if len(given) > len(str(CLASSES)) or not 1 <= int(given) <= CLASSES:
            raise UsageError(f"{brief(given)} classes were declared; a model has 1 to {CLASSES:,}").of(
                "classes", asked=given, limit=CLASSES
            )
        return tuple(str(number) for number in range(int(given)))
    if not given:
        raise UsageError("the classes are not declared; give --classes FILE (a name a line) or their number").of(
            "classes", found=None
        )
    return read_class_file(Path(given))


def _found(model: Any) -> tuple[str, str]:
    """Size and layout that a Keras model was built for, or that an ONNX file says; ("", "") where neither is known."""
    if type(model).__module__ == "innerview.adapters.onnx.files":
        return model.found_input()
    if "keras" not in sys.modules or not any(kind.__module__.startswith("keras.") for kind in type(model).__mro__):
        return "", ""
    found = import_module("innerview.adapters.keras.files").found_input(model)
    return ("x".join(map(str, found[:3])), found[3]) if found else ("", "")


def _sides(text: str) -> tuple[int, ...]:
    """Height, width and perhaps channels: whole numbers, and no more pixels than any classifier takes."""
    found = _numbers(text, "x", "size")
    if any(not 1 <= side <= SIDE or side != int(side) for side in found) or math.prod(found[:2]) > PIXELS:
        raise UsageError(
            f"--input-spec says size {brief(text)}; height and width are whole numbers from 1 to {SIDE:,}, {PIXELS:,} "
            f"pixels in all at most. For example {EXAMPLE}"
        ).of("size", asked=text, limit=SIDE)
    return tuple(int(side) for side in found)


def _numbers(text: str, between: str, what: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.split(between))
    except ValueError:
        raise UsageError(f"{what} {text!r} is not numbers with {between!r} between them. For example {EXAMPLE}").of(
            what, asked=text
        ) from None


def _temperature(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise UsageError(f'temperature {text!r} is no number. For example --output-spec "logits temperature=0.2"').of(
            "temperature", asked=text
        ) from None


def _only(words: Mapping[str, str], known: frozenset[str], option: str) -> None:
    for name in words:
        if name not in known:
            raise UsageError(f"{option} knows no {name!r}; it knows {', '.join(sorted(known))}").of(
                option, asked=name, known=sorted(known)
            )


def _text(value: object) -> str:
    """A value of a TOML table as it would stand on the line."""
    return ",".join(map(str, cast("list[object]", value))) if isinstance(value, list) else str(value)
