"""What checkpoints of one training say of labels: how far each was believed, how often, and how often lost again.

    margin      mean over checkpoints of  log p(label) − log p(the most probable other)
    forgotten   times that an image was predicted as labelled at a checkpoint and not at the next
    believed    share of the checkpoints that predict the label

The margin is the area under the margin of Pleiss and others 2020 (arXiv 2001.10528), in nats and of as many checkpoints
as there are; forgetting events are those of Toneva and others 2019 (arXiv 1812.05159). Both papers look at every epoch
of the training images; here it is whatever images the checkpoints were surveyed on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from jaxtyping import Float, Int

from innerview.data.records import Source
from innerview.errors import UsageError
from innerview.runs import RunFolder
from innerview.session.checkpoints import model_of_run
from innerview.session.progress import Report, silent
from innerview.types import Array
from innerview.workbench.survey.reading import Survey, read_survey
from innerview.workbench.survey.survey import survey

TINY: Final = 1e-30
"""Probability below which one counts as this, so that margins stay finite."""


@dataclass(frozen=True, eq=False)
class Dynamics:
    """Of each image, over the checkpoints.

    Attributes:
        margin: in nats; `forgotten`: how often; `believed`: in [0, 1]. NaN, −1 and NaN where a checkpoint lacks it.
        checkpoints: how many there were.
    """

    margin: Array
    forgotten: Array
    believed: Array
    checkpoints: int


def dynamics_of(chances: Float[np.ndarray, "step image class"], labels: Int[np.ndarray, " image"]) -> Dynamics:
    """Work it out of probabilities at rising steps.

    Args:
        chances: NaN where one is not known.
        labels: class numbers.
    """
    rows = np.arange(len(labels))
    logs = np.log(np.maximum(chances, TINY))
    own, others = logs[:, rows, labels], logs.copy()
    others[:, rows, labels] = -np.inf
    margins = own - others.max(axis=2)
    known = ~np.isnan(margins).any(axis=0)
    right = margins > 0
    forgotten = (right[:-1] & ~right[1:]).sum(axis=0)
    return Dynamics(
        margin=margins.mean(axis=0),
        forgotten=np.where(known, forgotten, -1),
        believed=np.where(known, right.mean(axis=0), np.nan),
        checkpoints=len(chances),
    )


def read_dynamics(first: Survey, places: Array, folders: Sequence[str | Path]) -> Dynamics:
    """What surveys of checkpoints say of some images of another survey.

    Args:
        first: the survey whose labels are audited.
        places: its rows.
        folders: of surveys of the same images, one a checkpoint, in the order of the steps.

    Raises:
        UsageError: fewer than two; one is of other data or classes, or has no probabilities.
        DataError: one can't be read.
    """
    if len(folders) < 2:
        raise UsageError(
            f"{len(folders)} checkpoints were given; what a training did shows in two or more: survey more of them"
        ).of("checkpoints", asked=len(folders), limit=2)
    found: list[Array] = []
    for folder in folders:
        one = read_survey(folder)
        for name in ("data", "classes"):
            if one.about.get(name) != first.about.get(name):
                raise UsageError(
                    f"{first.folder} and {one.folder} are surveys of other {name}; survey the checkpoints on the same "
                    "images"
                ).of(name, asked=str(one.folder))
        if "probabilities" not in one.columns:
            raise UsageError(f"the survey in {one.folder} has no probabilities; labels can't be judged by it").of(
                "probabilities", asked=str(one.folder), found=None
            )
        rows = {int(number): place for place, number in enumerate(one.index)}
        at = np.array([rows.get(int(first.index[place]), -1) for place in places], np.int64)
        found.append(np.where(at[:, None] >= 0, one.columns["probabilities"][at], np.nan))
    chances = np.stack(found)
    if chances.shape[2] == 1:
        chances = np.concatenate([chances, 1 - chances], axis=2)
    return dynamics_of(chances, first.labels[places])


def survey_checkpoints(
    rows: str | Path, run: str | Path, data: Source, *, progress: Report | None = None
) -> list[Path]:
    """Survey every checkpoint of a run but the untrained one on the images of a survey, beside it.

    What is there already stays: `ROWS-checkpoints/step-…`, resumed.

    Args:
        rows: folder of the survey.
        run: folder of the training, of the built-in architecture.
        data: the data set that was surveyed.
        progress: told how far it is.

    Raises:
        UsageError: the run has fewer than two trained checkpoints, or the data set is another.
        DataError: the run, the data set or the survey can't be read.
        ModelError: the run's checkpoints can't be run here.
    """
    about, folder, place = read_survey(rows).about, RunFolder.open(Path(run)), Path(rows)
    steps = [step for step in folder.steps() if step > 0]
    if len(steps) < 2:
        raise UsageError(
            f"the run {run} kept {len(steps)} checkpoints behind its beginning; what a training did shows in two or "
            "more: train with more of them"
        ).of("checkpoints", path=run, found=len(steps), limit=2)
    drawn: Mapping[str, Any] = about.get("drawn") or {}
    found: list[Path] = []

    def of_step(number: int) -> Report:
        def report(done: float, total: int, words: str) -> None:
            (progress or silent)(number + done / max(total, 1), len(steps), f"step {steps[number]}: {words}")

        return report

    for number, step in enumerate(steps):
        output = place.with_name(f"{place.name}-checkpoints") / f"step-{step:06}"
        survey(
            model_of_run(folder, Path(run).name, step),
            data,
            regions=None,
            limit=drawn.get("limit"),
            sample=drawn.get("sample"),
            seed=drawn.get("seed") or 0,
            part=str(about.get("part", "test")),
            crop=str(about.get("crop", "center")),
            output=output,
            resume=output.exists(),
            progress=of_step(number),
        )
        found.append(output)
    return found
