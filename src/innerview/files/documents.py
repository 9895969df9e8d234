"""JSON and TOML that others wrote: a table of names, or a DataError that says in which file and what is wrong."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, cast

from innerview.errors import DataError
from innerview.files.regular import TEXT, read_text, reading

SETTINGS: Final = 2**20
"""Bytes of a TOML file that are read, at most: Python reads a megabyte of it in some seconds."""

DOTS: Final = 64
"""In a name of a TOML file, at most: the time that Python takes for one grows with their square."""

BESIDE_NAMES: Final = re.compile(r"""[^\w\-."' \t]+""")
"""What can't stand in a name of TOML."""


def read_json(path: Path, what: str, most: int = TEXT) -> dict[str, Any]:
    """Read a JSON file that holds one table.

    Raises:
        DataError: it can't be read, is no JSON, or holds something else than a table.
    """
    return parse_json(read_text(path, what, most), path, what)


def parse_json(text: str | bytes, path: Path, what: str) -> dict[str, Any]:
    """Read JSON text that stands in a file.

    Raises:
        DataError: as `read_json`.
    """
    with reading(path, what):
        found: object = json.loads(text)
    if not isinstance(found, Mapping):
        raise DataError(f"{what} {path} can't be read (it holds a {type(found).__name__}, not a table of names)").of(
            "table", path=path, found=type(found).__name__
        )
    return dict(cast("Mapping[str, Any]", found))


def read_toml(path: Path, what: str) -> dict[str, Any]:
    """Read a TOML file.

    Raises:
        DataError: it can't be read, or is no TOML.
    """
    text = read_text(path, what, SETTINGS)
    with reading(path, what):
        if any(part.count(".") > DOTS for part in BESIDE_NAMES.split(text)):
            raise RecursionError
        return tomllib.loads(text)
