"""Whether a model and a data set are those of a survey: told apart by fingerprints, before anything is worked out."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, cast

from innerview.data.records import Records, Source, open_records
from innerview.errors import UsageError


def require_model(folder: Path, about: Mapping[str, Any], fingerprints: Collection[str]) -> str:
    """The fingerprint of the model that was surveyed.

    Args:
        folder: of the survey.
        about: what it is of.
        fingerprints: of the models at hand.

    Raises:
        UsageError: it is none of these.
    """
    found = str(about.get("model"))
    if found not in fingerprints:
        raise _another(folder, "model", fingerprints, found)
    return found


def open_surveyed(folder: Path, about: Mapping[str, Any], data: Source) -> Records:
    """The data set that was surveyed, opened.

    Args:
        folder: of the survey.
        about: what it is of.
        data: as it was named for the survey.

    Raises:
        UsageError: it is another one.
        DataError: it can't be read.
    """
    records = open_records(data, str(about.get("part", "test")))
    was: Any = about.get("data")
    told = cast("Mapping[str, Any]", was) if isinstance(was, Mapping) else dict[str, Any]()
    found = told.get("fingerprint")
    if found != records.fingerprint:
        held = f"{told.get('source')}, {told.get('images')} images"
        given = f" ({held}; given: {records.source}, {len(records.items)} images)"
        raise _another(folder, "data set", (records.fingerprint,), found, given if told else "")
    return records


def _another(folder: Path, what: str, asked: Collection[str], found: Any, told: str = "") -> UsageError:
    return UsageError(f"{folder} is a survey of another {what}{told}; give the {what} that was surveyed").of(
        what, path=folder, asked=tuple(asked), found=found
    )
