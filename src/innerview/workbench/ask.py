"""Regions of an image that somebody asks about: what they do, as lines to print and, if wanted, a folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from innerview import pictures
from innerview.data.sources import Source
from innerview.reprs import short
from innerview.results import RegionEffects
from innerview.results.io import save_result
from innerview.session.compute.effects import EFFECTS
from innerview.session.opening import query_and_model, session_about
from innerview.session.progress import Report, SubProgress, silent
from innerview.session.query import Query
from innerview.typing import ModelLike
from innerview.workbench.folders import open_folder


@short
@dataclass(frozen=True)
class Answered:
    """What `ask` found: the result, the lines that say it, and the files that were written."""

    effects: RegionEffects
    lines: tuple[str, ...]
    files: tuple[Path, ...]


def ask(
    image: Source,
    query: Query | ModelLike | None = None,
    model: ModelLike | Query | None = None,
    *,
    output: str | Path | None = None,
    progress: Report | None = None,
) -> Answered:
    """Tell what regions of an image do to the score, removed and alone.

    Args:
        image: a file, the name of an example, a PIL image or an array.
        query: the regions (`region`, `masks`), the class (`target`), what is explained of it (`objective`), `fills`,
            `n_placebos`, `seed` and `crop`; or the model.
        model: a model (`innerview.typing.ModelLike`), or the name of one.
        output: folder for the result and its chart; nothing is written if None.
        progress: told of every pass through the model; raising in it stops the work.

    Raises:
        UsageError: no region, or one that is empty, outside or everything; a class or fill that does not exist.
        ImageError: a file can't be read or does not fit.
        OutputError: the folder can't be written or holds other things.
    """
    session, item, asked = session_about(image, *query_and_model(query, model))
    effects = session.result(EFFECTS, asked, SubProgress(progress or silent, 1, 0, 1, item.name, unit="passes"))
    height, width = item.pixels.shape[:2]
    said = f"Regions are in pixels of the {width} × {height} that the model sees: {item.words}."
    lines = (said, *effects.sentences, *effects.notes)
    return Answered(effects, lines, () if output is None else _write(Path(output), effects, lines))


def _write(path: Path, effects: RegionEffects, lines: Sequence[str]) -> tuple[Path, ...]:
    folder = open_folder(path)
    chart = pictures.save(pictures.region_effects_figure(effects), folder / "regions.png")
    save_result(folder, {"effects": effects, "words": tuple(lines)})
    return chart, folder / "result.json"
