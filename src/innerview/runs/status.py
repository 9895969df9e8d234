"""How a training ended, kept beside its run in `status.json`: the manifest is fixed before the first step.

A run that is being written, was killed, or is older than this file has none; going on with a run removes it
(`RunFolder.rewind`).
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Final, Literal, TypeAlias, cast, get_args

from innerview.errors import DataError
from innerview.files import atomic
from innerview.files.documents import read_json
from innerview.files.regular import brief
from innerview.runs.folder import STATUS, RunFolder
from innerview.runs.manifest import is_count
from innerview.runs.migrations import STATUS_OF_1

How: TypeAlias = Literal["done", "diverged", "interrupted"]

HOW: Final[tuple[str, ...]] = get_args(How)


@dataclass(frozen=True)
class RunStatus:
    """How a training ended.

    Attributes:
        how: "done" after its last step; "diverged" when its loss or a gradient was NaN or infinite; "interrupted" by
            Ctrl-C.
        step: updates that the weights had had.
        where: of a diverged one, where it began: "the output of conv3".
    """

    how: How
    step: int
    where: str = ""


def keep(run: RunFolder, status: RunStatus) -> None:
    """Write how a training ended.

    Raises:
        OutputError: the folder can't be written.
    """
    told = asdict(status)
    if run.manifest.version == 1:
        told["how"] = STATUS_OF_1.get(status.how, status.how)
    atomic.write(run.file(STATUS), json.dumps(told).encode())


def latest(run: RunFolder, problems: list[str] | None = None) -> RunStatus | None:
    """Read how a training ended; None where the run does not say.

    Args:
        run: whose status.
        problems: takes a sentence on what a later version wrote besides.

    Raises:
        DataError: what it says can't be read.
    """
    path = run.file(STATUS)
    if not path.exists():
        return None
    said = read_json(path, "the status")
    how, step, where = said.get("how"), said.get("step"), said.get("where", "")
    if run.manifest.version == 1:
        how = {old: new for new, old in STATUS_OF_1.items()}.get(str(how), how)
    if how not in HOW:
        raise DataError(
            f"{path} says {brief(how)!r}, which is not one of {', '.join(HOW)}; a later version wrote it, or it is "
            "damaged: remove it"
        ).of("status", path=path, found=how, known=HOW)
    if not is_count(step) or not isinstance(where, str):
        raise DataError(f"{path} can't be read (its step is {brief(step)}); remove it").of(
            "step", path=path, found=step
        )
    if problems is not None and (besides := said.keys() - {"how", "step", "where"}):
        problems.append(f"{path} says {brief(', '.join(sorted(besides)))}, which this version does not know")
    return RunStatus(cast("How", how), cast("int", step), where)
