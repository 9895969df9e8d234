"""Write any result so that nothing of it is lost: arrays to one safetensors file, the rest to one JSON file.

In the JSON an array stands as ``{"array": name, "shape": [...], "dtype": "..."}``, where `name` is its key in the
safetensors file: the path to it through the fields, with dots. A number that is not finite is written as a string
("nan", "inf", "-inf"), since JSON has none. Both files are there whole or not at all.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import Any, TypeAlias, cast

import numpy as np
from safetensors.numpy import save

from innerview.results import SCHEMA
from innerview.runs.atomic import write
from innerview.types import Array

Json: TypeAlias = dict[str, Any] | list[Any] | str | int | float | bool | None


def save_results(folder: Path, results: Mapping[str, object]) -> None:
    """Write `results` (dataclasses and plain values, by name) as result.json and arrays.safetensors in `folder`.

    Raises:
        OutputError: the folder can't be written.
    """
    arrays: dict[str, Array] = {}
    description = {"schema": SCHEMA} | {name: describe(value, name, arrays) for name, value in results.items()}
    write(folder / "arrays.safetensors", save({name: np.ascontiguousarray(value) for name, value in arrays.items()}))
    text = json.dumps(description, indent=1, ensure_ascii=False, allow_nan=False)
    # Half a character (of a name from elsewhere) becomes \udce9, which JSON reads as what it was.
    write(folder / "result.json", text.encode("utf-8", "backslashreplace"))


def describe(value: object, path: str, arrays: dict[str, Array]) -> Json:
    """Turn a value into what JSON can hold, putting its arrays into `arrays` under their path."""
    match value:
        case np.ndarray():
            found = cast("Array", value)
            arrays[path] = found
            return {"array": path, "shape": list(found.shape), "dtype": found.dtype.name}
        case Enum():
            return {"name": value.name.lower(), "meaning": str(value.value)}
        case np.generic():
            return describe(cast("object", value.item()), path, arrays)
        case float() if not math.isfinite(value):
            return str(value)
        case None | str() | bool() | int() | float():
            return value
        case Path():
            return value.name  # where it lay on this machine is nobody's business
        case Mapping():
            pairs = cast("Mapping[object, object]", value).items()
            return {str(key): describe(one, f"{path}.{key}", arrays) for key, one in pairs}
        case Sequence():
            items = cast("Sequence[object]", value)
            return [describe(one, f"{path}.{place}", arrays) for place, one in enumerate(items)]
        case _ if is_dataclass(value):
            return {one.name: describe(getattr(value, one.name), f"{path}.{one.name}", arrays) for one in fields(value)}
        case _:
            raise TypeError(f"{path} is a {type(value).__name__}, which no file format here can hold")
