"""How a training ended, kept beside its run in `ended.json`: the manifest is fixed before the first step.

A run that is being written, was killed, or is older than this file has none; going on with a run removes it
(`RunFolder.rewind`).
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Final, Literal, TypeAlias, get_args

from innerview.errors import DataError
from innerview.runs import atomic
from innerview.runs.folder import ENDED as FILE
from innerview.runs.folder import RunFolder

How: TypeAlias = Literal["done", "broken", "interrupted"]

HOW: Final[tuple[str, ...]] = get_args(How)


@dataclass(frozen=True)
class Ending:
    """How a training ended.

    Attributes:
        how: "done" after its last step; "broken" by a loss or a gradient that was no number; "interrupted" by Ctrl-C.
        step: updates that the weights had had.
        where: of a broken one, where it began: "the output of conv3".
    """

    how: How
    step: int
    where: str = ""


def keep(run: RunFolder, ending: Ending) -> None:
    """Write how a training ended.

    Raises:
        OutputError: the folder can't be written.
    """
    atomic.write(run.path / FILE, json.dumps(asdict(ending)).encode())


def latest(run: RunFolder) -> Ending | None:
    """Read how a training ended; None where the run does not say.

    Raises:
        DataError: what it says can't be read.
    """
    path = run.path / FILE
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        if (how := said["how"]) not in HOW:
            raise DataError(f"{path} says {how!r}, which is not one of {', '.join(HOW)}; a later version wrote it")
        return Ending(**said)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, LookupError) as problem:
        raise DataError(f"{path} can't be read ({problem}); remove it") from None
