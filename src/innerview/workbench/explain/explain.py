"""Look at images and write down everything: for each a folder that appears whole, and one page over all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from innerview import pictures
from innerview.data.image import Image
from innerview.data.sources import Source
from innerview.errors import InnerviewError, ModelError, OutputError
from innerview.export.web import MAX_SIZE
from innerview.files.atomic import write
from innerview.methods.registry import USUAL
from innerview.pictures import ScaleChoice
from innerview.reprs import short
from innerview.session.compute.explanation import FORWARD, Look, examine
from innerview.session.images import gather
from innerview.session.kept import with_kept
from innerview.session.opening import opened_model, query_and_model
from innerview.session.progress import Report, SubProgress, silent
from innerview.session.query import CURVE_FRACTIONS, Query, check_query
from innerview.session.session import Session
from innerview.typing import ModelLike
from innerview.viewer import sentences
from innerview.workbench.explain.drawing import Drawn, FigureContext
from innerview.workbench.explain.first import comes_first, first_answer, first_file
from innerview.workbench.explain.overview import Seen, write_overview
from innerview.workbench.explain.writing import write_look
from innerview.workbench.folders import folder_names, open_folder, whole
from innerview.workbench.page.one_page import Sizes
from innerview.workbench.page.pages import PageContext, page_context, page_for

BRIEF: Final[Mapping[str, Any]] = MappingProxyType(
    {"max_alphas": 36, "curve_fractions": CURVE_FRACTIONS[::2], "n_random": 3}
)
"""What is worked out for the viewer beside what was asked for: the page must come in seconds."""

VIEW: Final = "view.html"
"""The viewer with this image; the page beside it needs no script, and can be printed."""


@short
@dataclass(frozen=True)
class Written:
    """What a look left behind.

    Attributes:
        page: the page to open: of the image, or over all of them.
        folders: one for each image.
        lines: one for each image, in words.
        kept: what was drawn since a comparison has found it best for the model, in a sentence; empty where none has.
    """

    page: Path
    folders: tuple[Path, ...]
    lines: tuple[str, ...]
    kept: str = ""


def explain(
    images: Sequence[Source] | Source = (),
    query: Query | ModelLike | None = None,
    model: ModelLike | Query | None = None,
    *,
    output: str | Path = "innerview-explanations",
    network: bool = True,
    max_size: float = MAX_SIZE,
    progress: Report | None = None,
    first: Callable[[str], None] | None = None,
) -> Written:
    """Explain images and write a folder for each: charts, a page, all numbers.

    Args:
        images: files, names of examples, PIL images or arrays, several or one; with nothing named at all, the first
            example.
        query: what to work out and how to draw it; or the model. Where no method and no baseline is named, what
            `innerview compare` has found best for the model is drawn; `Query(kept=False)` for the usual.
        model: a model (`innerview.typing.ModelLike`), or the name of one.
        output: folder; new, empty, or made by innerview.
        network: put the model itself into view.html, which then answers by itself, where the page's engine runs it and
            its weights are not too large.
        max_size: MB that these take in 16 bits at most.
        progress: told of every pass through the model; raising in it stops the work, and what is half done goes.
        first: of images above 128 × 128 pixels, told in a sentence what is predicted before all else is worked out,
            with the file of a first map (Grad-CAM), which is there until the image's folder is.

    Raises:
        UsageError: something asked for does not exist or has no meaning.
        ImageError: an image or baseline can't be read or does not fit; `DataError`: nor can the data set.
        ModelError: something is NaN or infinite; where that is so of some images only, the others are written all the
            same. What fails of one image behind its map is left out, and its page says so.
        OutputError: the folder can't be written or holds other things.
    """
    given, taken = query_and_model(query, model)
    opened, report = opened_model(taken), progress or silent
    asked, kept = with_kept(replace(given, **BRIEF), opened)
    check_query(asked, opened.model)
    items, session = gather(opened.model, images, asked), Session([opened])
    folder = open_folder(Path(output))
    shared = asked.vmax == "shared"
    report(0, len(items), items[0].name)
    portions = _portions(report, [item.name for item in items], together=shared)
    names = folder_names(item.name for item in items)

    def begin(number: int) -> None:
        if first is not None and comes_first(opened.model.input):
            first(first_answer(session, items[number], asked, first_file(folder, names[number])))

    begin(0)  # before what the pages need
    looking = [part for part, _ in portions]
    looks: Iterable[Look | InnerviewError] = _examined(session, items, asked, looking, begin)
    scale: ScaleChoice = asked.fixed_vmax() or "per-image"
    if shared:  # only then must all maps be known before the first is drawn
        looks = list(looks)
        scale = pictures.choose_scales([one.map.heatmap for one in looks if isinstance(one, Look)], "shared")[0].limit
    drawn: dict[str, Drawn] = {}
    scenery = page_context(opened, asked.methods, kept, network=network, max_size=max_size)
    seen, failed = list[Seen](), list[str]()
    for item, name, found, (_, portion) in zip(items, names, looks, portions, strict=True):
        if isinstance(found, InnerviewError):
            failed.append(f"{item.name} ({str(found).rstrip('.')})")
            continue
        scene = FigureContext(opened.model, found, asked, scale, opened.histograms, kept)
        with whole(folder, name) as place:
            portion.part(0, 1, "drawing").begin()
            view, missing = _viewer(found, scenery)
            if view:
                write(place / VIEW, view.encode("utf-8", "backslashreplace"))
            scene = replace(scene, look=replace(found, missing={**found.missing, **missing}))
            write_look(scene, place, drawn, back="../index.html" if len(items) > 1 else "", view=VIEW if view else "")
        first_file(folder, name).unlink(missing_ok=True)
        words = sentences.says(found.prediction, found.item.class_number)
        seen.append(
            Seen(
                name,
                scene.subject,
                words,
                found.map,
                found.along.interior if found.along else None,
                found.verdicts.get(USUAL if found.along else FORWARD),
            )
        )
        portion.part(1, 1).begin()
    if len(items) > 1:
        write_overview(folder, seen, asked)
    if failed:
        raise ModelError(f"{len(seen)} of {len(items)} images are in {folder}; left out: {'; '.join(failed)}").of(
            "images", path=folder, found=len(seen), asked=len(items)
        )
    return Written(
        page=folder / ("index.html" if len(items) > 1 else f"{names[0]}/index.html"),
        folders=tuple(folder / name for name in names),
        lines=tuple(f"{one.subject.name}: {one.words}" for one in seen),
        kept=kept,
    )


def _examined(
    session: Session,
    items: Sequence[Image],
    query: Query,
    portions: Sequence[SubProgress],
    begin: Callable[[int], None],
) -> Iterator[Look | InnerviewError]:
    """Look into one image after the other; a failure behind the first one does not take the others with it."""
    for number, (item, portion) in enumerate(zip(items, portions, strict=True)):
        try:
            if number:
                begin(number)
            yield examine(session, item, query, portion)
        except InnerviewError as problem:
            if number == 0:  # most likely all of them fail, and nothing is lost
                raise
            yield problem


def _viewer(look: Look, scenery: PageContext) -> tuple[str, dict[str, str]]:
    """The page with the viewer, or why there is none."""
    try:
        return page_for([look], scenery, Sizes(), f"Inside the model: {look.item.name}"), {}
    except OutputError:
        raise
    except InnerviewError as problem:
        return "", {VIEW: str(problem)}


def _portions(report: Report, names: Sequence[str], *, together: bool) -> list[tuple[SubProgress, SubProgress]]:
    """For each image how much of the work is looking, and how much drawing; `together` looks at all of them first."""
    total = len(names)
    found: list[tuple[SubProgress, SubProgress]] = []
    for number, name in enumerate(names):
        begins = (number / 2, (total + number) / 2) if together else (number, number + 0.5)
        looking, drawing = (SubProgress(report, total, start, start + 0.5, name) for start in begins)
        found.append((looking, drawing))
    return found
