"""What parts of an image are predicted as: sentences to print and, if wanted, a folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from innerview import pictures
from innerview.data.sources import Source
from innerview.reprs import short
from innerview.results import Parts
from innerview.results.io import save_result
from innerview.session.compute.parts import PARTS
from innerview.session.opening import query_and_model, session_about
from innerview.session.progress import Report, SubProgress, silent
from innerview.session.query import Query
from innerview.typing import ModelLike
from innerview.workbench.folders import open_folder


@short
@dataclass(frozen=True)
class Found:
    """What `parts` found: the result, the lines that say it, and the files that were written."""

    parts: Parts
    lines: tuple[str, ...]
    files: tuple[Path, ...]


def parts(
    image: Source,
    query: Query | ModelLike | None = None,
    model: ModelLike | Query | None = None,
    *,
    output: str | Path | None = None,
    progress: Report | None = None,
) -> Found:
    """Tell what windows of an image are predicted as, alone and in place.

    Args:
        image: a file, the name of an example, a PIL image or an array.
        query: what stands around a window in place (`fills`), and the `crop`; or the model.
        model: a model (`innerview.typing.ModelLike`), or the name of one.
        output: folder for the result and its figure; nothing is written if None.
        progress: told of every pass through the model; raising in it stops the work.

    Raises:
        UsageError: a fill that does not exist, a model whose score decides nothing.
        ImageError: the file can't be read or does not fit.
        OutputError: the folder can't be written or holds other things.
    """
    session, item, asked = session_about(image, *query_and_model(query, model))
    found = session.result(PARTS, asked, SubProgress(progress or silent, 1, 0, 1, item.name, unit="passes"))
    lines = (f"Parts are in pixels of {item.words}.", *found.sentences, *found.notes)
    if output is None:
        return Found(found, lines, ())
    folder = open_folder(Path(output))
    strip = pictures.save(pictures.parts_strip(found), folder / "parts.png")
    save_result(folder, {"parts": found, "words": lines})
    return Found(found, lines, (strip, folder / "result.json"))
