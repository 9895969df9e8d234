"""Colours for numbers: one table file for Python and the viewer, so that both paint the same pixels.

Two signed ramps, *evidence* (blue for, red against a class) and *value* (green above, purple below zero), and one
for *amounts* (errors, counts). Zero is exactly the ground's colour, so strength reads as distance from the ground;
both arms of a signed ramp are equally light at equal size, and the two signs stay apart for colour-blind readers
from a quarter of the scale on. Between the stops of the table, colours are linear in sRGB. A ramp has 255 entries:
with an odd number, zero has an entry of its own and the negated number always gets the mirrored one.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

import numpy as np
from jaxtyping import UInt8

from innerview.types import Map

RampName: TypeAlias = Literal["evidence", "value", "amount"]
Theme: TypeAlias = Literal["light", "dark"]

ENTRIES: Final = 255
MIDDLE: Final = 127


def parse(colour: str) -> tuple[int, int, int]:
    """Read "#RRGGBB"."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


@lru_cache(maxsize=1)
def read_table() -> dict[str, Any]:
    """Read the table file that the viewer reads too."""
    return json.loads(Path(__file__).with_name("ramps.json").read_text(encoding="utf-8"))


@lru_cache
def ramp(name: RampName, theme: Theme = "light") -> UInt8[np.ndarray, "255 3"]:
    """Give a ramp's colours: entry 127 + 127 t of a signed ramp for t in [-1, 1], entry 254 t of amounts for [0, 1]."""
    table = read_table()
    signed = name != "amount"
    stops = table["stops"] if signed else [0, 1]
    colours = np.array([parse(colour) for colour in (table["signed"][name] if signed else table["amount"])[theme]])
    places = (np.arange(ENTRIES) - MIDDLE) / MIDDLE if signed else np.arange(ENTRIES) / (ENTRIES - 1)
    entries = np.stack([np.interp(places, stops, colours[:, part]) for part in range(3)], axis=1)
    result = np.rint(entries).astype(np.uint8)
    result.setflags(write=False)
    return result


def entry(values: np.ndarray, limit: float, name: RampName) -> np.ndarray:
    """Find each value's entry in a ramp of the scale −`limit` to `limit`; what is not a number sits at zero."""
    places = np.nan_to_num(values.astype(np.float64) / limit, nan=0.0)
    if name == "amount":
        return np.rint(np.clip(places, 0, 1) * (ENTRIES - 1)).astype(np.intp)
    return np.rint(np.clip(places, -1, 1) * MIDDLE).astype(np.intp) + MIDDLE


def colour(
    values: Map, limit: float, name: RampName = "evidence", theme: Theme = "light"
) -> UInt8[np.ndarray, "height width 3"]:
    """Paint numbers.

    Args:
        values: height × width, any unit; infinite values get the ramp's end, NaN the colour of zero (whoever shows
            them hatches both).
        limit: the value at the ramp's end, in the unit of `values`, above 0.
        name: "evidence" for attributions, "value" for activations, weights and gradients, "amount" for errors.
        theme: the ground on which the figure will stand.
    """
    return ramp(name, theme)[entry(values, limit, name)]
