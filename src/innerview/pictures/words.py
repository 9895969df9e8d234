"""How numbers, classes and layers are written in every figure.

Three significant digits, a true minus, the unit once; probabilities with one decimal and never rounded to a
certainty that is not there; errors rounded up; classes with number and name.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import ROUND_CEILING, Decimal

from innerview.model import Layer, ends

MINUS = "−"
UNKNOWN = "–"

LARGE = 1e4
"""An error of so many times the whole is no figure that more digits would help."""


def number(value: float, *, signed: bool = False) -> str:
    """Write a number with three significant digits: "0.0213", "−1,230", "1.23e−5"; with + if `signed`."""
    if not math.isfinite(value):
        return UNKNOWN if math.isnan(value) else ("∞" if value > 0 else f"{MINUS}∞")
    if value == 0:
        return "0"
    size = float(f"{abs(value):.3g}")
    exponent = math.floor(math.log10(size))
    if -4 <= exponent < 6:
        text = f"{size:,.{max(0, 2 - exponent)}f}"
    else:
        mantissa, power = f"{size:.2e}".split("e")
        text = f"{mantissa}e{int(power)}".replace("-", MINUS)
    sign = MINUS if value < 0 else ("+" if signed else "")
    return sign + text


def limit(value: float) -> str:
    """Write the limit of a scale, without zeros that say nothing: "0.02", "1.25"."""
    text = number(value)
    digits, separator, power = text.partition("e")
    if "." in digits:
        digits = digits.rstrip("0").rstrip(".")
    return digits + separator + power


def place(alpha: float) -> str:
    """Write a place on a path as it was asked for: "0.01", "1", "1e−5"."""
    return f"{alpha:.4g}".replace("e-0", "e-").replace("-", MINUS)


def probability(value: float) -> str:
    """Write a probability: "61.3 %", "< 0.1 %", "> 99.9 %"; a dash where there is none."""
    if math.isnan(value):
        return UNKNOWN
    if value < 0.001:
        return "< 0.1 %"
    return "> 99.9 %" if value > 0.999 else f"{100 * value:.1f} %"


def share(value: float) -> str:
    """Write a share that was counted, where none and all are facts: "0 %", "< 0.1 %", "20 %", "1.2 %", "100 %"."""
    if value in {0, 1} or not math.isfinite(value):
        return f"{100 * value:.0f} %" if math.isfinite(value) else UNKNOWN
    if value > 1:  # no part of a whole, but so many times it
        return f"{number(100 * value)} %"
    written = probability(value)
    return written.replace(".0 %", " %")


def error(value: float) -> str:
    """Write a relative error with two significant digits, rounded up: 0.00831 is "0.84 %"."""
    if not math.isfinite(value) or value <= 0:
        return "0 %" if value == 0 else UNKNOWN
    if value >= LARGE:
        return f"{number(100 * value)} %"
    percent = Decimal(repr(float(value))) * 100
    step = Decimal(1).scaleb(percent.adjusted() - 1)
    return f"{percent.quantize(step, rounding=ROUND_CEILING) if step < 1 else percent.to_integral(ROUND_CEILING):f} %"


def several(value: int, noun: str) -> str:
    """Write how many there are of something: "1 pixel", "9,312 pixels"."""
    return f"{value:,} {noun}" + "s" * (value != 1)


def count(value: int) -> str:
    """Write a count: "9,312"."""
    return f"{value:,}"


def shape(sizes: Sequence[int]) -> str:
    """Write a shape: "32 × 32 × 128"."""
    return " × ".join(str(size) for size in sizes)


def brief(text: str, most: int = 24) -> str:
    """Cut a text to `most` characters with "…", for charts, where a name's width can't be measured beforehand."""
    return text if len(text) <= most else text[: most - 1].rstrip(" ,") + "…"


def layer_title(name: str, layers: Sequence[Layer] = ()) -> str:
    """Name a layer as people count: "layer 3 (elu3)"; just its name where it closes no numbered layer."""
    for number, layer in enumerate(ends(layers), start=1):
        if layer.name == name:
            return f"layer {number} ({name})"
    return name
