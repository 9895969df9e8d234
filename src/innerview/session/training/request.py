"""What is wanted of a run: as a user says it, checked where it is used."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from innerview.errors import UsageError


@dataclass(frozen=True)
class RunRequest:
    """What to work out of runs, and how to draw it.

    Attributes:
        axis: of the curves: "step" or "time" (minutes of training).
        smooth: values averaged in a curve of training; None for a hundredth of the run.
        probes: files or sample photos to follow through the run; with none, and no picks, all sample photos.
        data: data set to test on; None for no test.
        picks: pictures of `data`, in class folders, to follow: "17", "horse" or "horse:3".
        crop: "center", "whole" or "left,top,width,height".
        count: test pictures, drawn without repetition by `seed`.
        frames: snapshots that are run, at most.
        evaluations: of each map.
        seed: of the draw of test pictures.
    """

    axis: Literal["step", "time"] = "step"
    smooth: int | None = None
    probes: tuple[str, ...] = ()
    data: Path | None = None
    picks: tuple[str, ...] = ()
    crop: str = "center"
    count: int = 500
    frames: int = 7
    evaluations: int = 16
    seed: int = 0

    def __post_init__(self) -> None:
        numbers = {"smooth": self.smooth or 1, "count": self.count, "evaluations": self.evaluations}
        if min(numbers.values()) < 1 or self.frames < 2:
            raise UsageError(
                f"smooth {self.smooth}, count {self.count}, evaluations {self.evaluations} and frames {self.frames} "
                "were asked for; each is at least 1, frames at least 2"
            )
        if self.picks and self.data is None:
            raise UsageError(f"the pick {self.picks[0]!r} needs a data set to pick from: name it with --data FOLDER")
