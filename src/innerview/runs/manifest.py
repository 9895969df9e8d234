"""What a run says of itself, `manifest.json`: written once, and read so that nobody has to check it again.

What others read from it has a known type (KNOWN), or is not there. What is left out for having another, and what a
later version wrote besides, is kept as it was read and told in words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, cast

from innerview.errors import DataError
from innerview.files.documents import read_json
from innerview.files.regular import brief
from innerview.reprs import short
from innerview.runs.migrations import modern_settings

VERSION: Final = 2
"""Version 1 is read too, and continued under its own names (`migrations`)."""

READ: Final = (1, VERSION)

FILE: Final = "manifest.json"

MOST: Final = 2**53
"""Of a number that counts something: floats are exact up to it."""


@short
@dataclass(frozen=True)
class Manifest:
    """What a run is, fixed before its first step.

    Attributes:
        model: the architecture's name and shape; a run of another one can't be continued.
        configuration: every setting of the training.
        data: the data set's identity: name, SHA-256, number of images, classes.
        code: the version and SHA-256 of the program.
        versions: of the interpreter and libraries.
        notes: anything else that a reader should know, such as "the images are lossy copies".
        version: of this folder's layout.
        besides: what a later version wrote that this one does not know, as it was read.
    """

    model: dict[str, Any]
    configuration: dict[str, Any]
    data: dict[str, Any]
    code: dict[str, Any] = field(default_factory=dict[str, Any])
    versions: dict[str, str] = field(default_factory=dict[str, str])
    notes: tuple[str, ...] = ()
    version: int = VERSION
    besides: dict[str, Any] = field(default_factory=dict[str, Any])

    def written(self) -> dict[str, Any]:
        """As it stands in the file."""
        told = asdict(self)
        return told | told.pop("besides")


def is_count(value: object) -> bool:
    """A whole number from 0 that a float can hold."""
    return type(value) is int and 0 <= value <= MOST


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in cast("list[object]", value))


def _are_shapes(value: object) -> bool:
    """Names with lists of sizes."""
    shapes = cast("Mapping[str, object]", value).values() if isinstance(value, Mapping) else [None]
    return all(isinstance(shape, list) and all(map(is_count, cast("list[object]", shape))) for shape in shapes)


def _is_shape(value: object) -> bool:
    sizes = cast("list[object]", value) if isinstance(value, list) else []
    return len(sizes) == 3 and all(is_count(one) and cast("int", one) > 0 for one in sizes)


def _is_output(value: object) -> bool:
    return isinstance(value, Mapping) and _are_texts(cast("Mapping[str, object]", value).get("class_names"))


def _is_table(value: object) -> bool:
    return isinstance(value, Mapping)


KNOWN: Final = {
    "model": {"name": _is_text, "weights": _are_shapes, "layers": _are_texts},
    "configuration": {
        "steps": is_count, "seed": is_count, "probes": _is_table, "input": _is_table, "output": _is_output,
    },
    "data": {"shape": _is_shape, "classes": _are_texts, "source": _is_text},
}  # fmt: skip
"""What is read from a manifest, and a test of it."""

TABLES: Final = ("model", "configuration", "data", "code", "versions")


def read_manifest(folder: Path) -> tuple[Manifest, tuple[str, ...]]:
    """Read a manifest, and say what in it is left out.

    Raises:
        DataError: there is none, it is damaged, or another version of this program wrote it.
    """
    path = folder / FILE
    try:
        told = read_json(path, "the run")
        found: object = told["version"]
    except (DataError, KeyError) as problem:
        reason = "it has no version" if isinstance(problem, KeyError) else problem
        raise DataError(
            f"{folder} is no run folder: its {FILE} can't be read ({reason}); name the folder that "
            "innerview train or a recorder wrote"
        ).of("manifest", path=folder, found=reason) from None
    if isinstance(found, bool) or found not in READ:
        raise DataError(
            f"{folder} is a run folder of version {brief(found)}; this program reads versions 1 to {VERSION}: "
            "use the program that wrote it, or a later one"
        ).of("version", path=folder, found=found, limit=VERSION)
    if found == 1:
        told = _modern(told)
    for name in TABLES[:3]:
        if not isinstance(told.get(name), Mapping):
            raise DataError(f"{path} is not complete: it has no table {name!r}; name the folder of another run").of(
                "manifest", path=path, found=name
            )
    problems: list[str] = []
    tables = {name: _table(told.get(name, {}), name, path, problems) for name in TABLES}
    notes: object = told.get("notes", ())
    written = tuple(str(one) for one in cast("Sequence[object]", notes)) if isinstance(notes, list) else ()
    besides = {name: one for name, one in told.items() if name not in {*TABLES, "notes", "version"}}
    if besides:
        problems.append(f"{path} says {', '.join(sorted(besides))[:200]}, which this version does not know")
    model, configuration, data, code, versions = tables.values()
    manifest = Manifest(model, configuration, data, code, versions, written, cast("int", found), besides)
    return manifest, tuple(problems)


def _modern(told: Mapping[str, Any]) -> dict[str, Any]:
    """A manifest of version 1 under today's names."""
    moved = {{"network": "model"}.get(name, name): value for name, value in told.items()}
    configuration = moved.get("configuration")
    if isinstance(configuration, Mapping):
        moved["configuration"] = modern_settings(cast("Mapping[str, Any]", configuration))
    return moved


def _table(told: object, name: str, path: Path, problems: list[str]) -> dict[str, Any]:
    """One of the tables, without what has another type than it should."""
    if not isinstance(told, Mapping):
        problems.append(f"{path} says of {name} {brief(told)}, which is no table, and is left out")
        return {}
    kept = dict(cast("Mapping[str, Any]", told))
    for key, fits in KNOWN.get(name, {}).items():
        if key in kept and kept[key] is not None and not fits(kept[key]):
            problems.append(f"{path} says of {name} {key} = {brief(kept.pop(key))}, which can't be, and is left out")
    return kept
