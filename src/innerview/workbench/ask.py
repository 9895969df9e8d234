"""Regions of an image that somebody asks about: what they do, as lines to print and, if wanted, a folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from innerview import pictures
from innerview.data.sources import Source
from innerview.files.regular import is_file
from innerview.methods.ask import correct_for
from innerview.reprs import short
from innerview.results import RegionEffects
from innerview.results.io import load_result, save_result
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
        output: folder for the result and its chart; nothing is written if None. Of an answer about the same model and
            image that lies there, the tries are counted, and those that it counts.
        progress: told of every pass through the model; raising in it stops the work.

    Raises:
        UsageError: no region, or one that is empty, outside or everything; a class or fill that does not exist.
        ImageError: a file can't be read or does not fit.
        DataError: the answer in the folder is damaged.
        OutputError: the folder can't be written or holds other things.
    """
    before = None if output is None else _answer_in(Path(output))
    session, item, asked = session_about(image, *query_and_model(query, model))
    effects = session.result(EFFECTS, asked, SubProgress(progress or silent, 1, 0, 1, item.name, unit="passes"))
    height, width = item.pixels.shape[:2]
    said = f"Regions are in pixels of the {width} × {height} that the model sees: {item.words}."
    told = tuple[str, ...]()
    if before is not None and effects.is_about_same(before):
        effects = correct_for(effects, before)
        if count := sum(map(len, effects.earlier.values())):
            told = (f"{count} earlier tries on this image, of which {output} tells, are counted.",)
    elif before is not None:
        told = (f"The answer in {output} was about another image or model: it is replaced, its tries are not counted.",)
    lines = (said, *effects.sentences, *effects.notes, *told)
    return Answered(effects, lines, () if output is None else _write(Path(output), effects, lines))


def _answer_in(folder: Path) -> RegionEffects | None:
    """What was asked before with this folder; None if nothing was."""
    if not is_file(folder / "result.json"):
        return None
    found: Any = load_result(folder).results.get("effects")
    return found if isinstance(found, RegionEffects) else None  # pyright: ignore[reportUnknownVariableType] of NumPy


def _write(path: Path, effects: RegionEffects, lines: Sequence[str]) -> tuple[Path, ...]:
    folder = open_folder(path)
    chart = pictures.save(pictures.region_effects_figure(effects), folder / "regions.png")
    save_result(folder, {"effects": effects, "words": tuple(lines)})
    return chart, folder / "result.json"
