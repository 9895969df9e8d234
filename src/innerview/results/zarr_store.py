"""The arrays of a result as a Zarr group as well, for tools that read arrays in parts (Zarr 3, extra `zarr`)."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, cast
from urllib.parse import quote

from innerview.errors import MissingExtra, OutputError
from innerview.types import Array

FOLDER: Final = "arrays.zarr"


def require_zarr() -> Any:
    """Give the library.

    Raises:
        MissingExtra: it is not installed.
    """
    try:
        import zarr
    except Exception as problem:
        raise MissingExtra("writing arrays with Zarr", "zarr", problem) from problem
    return cast("Any", zarr)


def write_zarr(folder: Path, arrays: Mapping[str, Array], digest: str) -> None:
    """Write arrays as a group in `folder`, in place of one that is there; whole, or not at all.

    An array has the name that it has in result.json, with "/" written as %2F (there it would be a group), and the
    group's attribute "digest" is that of the other files.

    Raises:
        MissingExtra: Zarr is not installed.
        OutputError: it can't be written.
    """
    zarr = require_zarr()
    unfinished, place = folder / f".{FOLDER}.part", folder / FOLDER
    try:
        shutil.rmtree(unfinished, ignore_errors=True)
        group = zarr.open_group(unfinished, mode="w", attributes={"digest": digest})
        for name, value in arrays.items():
            group.create_array(quote(name, safe=" .#-"), data=value)
        shutil.rmtree(place, ignore_errors=True)
        unfinished.rename(place)
    except OSError as problem:
        raise OutputError(f"{place} can't be written ({str(problem.strerror).lower()})").of(
            "writing", path=place
        ) from problem
