"""Images into one HTML file: what `innerview report` writes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, cast

from innerview.data.records import Source as Records
from innerview.data.samples import example_names
from innerview.data.sources import Source
from innerview.errors import UsageError
from innerview.export.web import MAX_SIZE
from innerview.files.atomic import write
from innerview.session.compute.explanation import Look, examine
from innerview.session.compute.prediction import PREDICTION
from innerview.session.images import gather
from innerview.session.kept import with_kept
from innerview.session.opening import opened_model, query_and_model
from innerview.session.progress import NullListener, Report, SubProgress, silent
from innerview.session.query import CURVE_FRACTIONS, Query, check_query
from innerview.session.session import Session
from innerview.typing import ModelLike
from innerview.viewer import sentences
from innerview.viewer.payloads.layers import Shown
from innerview.workbench.page.one_page import Sizes
from innerview.workbench.page.pages import live_page, page_context, page_for
from innerview.workbench.page.survey_part import survey_part

MOST: Final = 500
"""Images in one file."""

EXTENTS: Final[tuple[tuple[int, Mapping[str, Any], Sizes], ...]] = (
    (12, {}, Sizes()),
    (
        60,
        {"max_alphas": 21, "curve_fractions": CURVE_FRACTIONS[::2], "n_random": 2},
        Sizes(Shown(9, 32), Shown(9, 28)),
    ),
    (
        MOST,
        {"max_classes": 2, "max_alphas": 12, "curve_fractions": CURVE_FRACTIONS[::4], "n_random": 1},
        Sizes(Shown(4, 16, kernels=False), Shown(4, 16, kernels=False)),
    ),
)
"""How much of each image goes in, by the number of images up to which it does."""


@dataclass(frozen=True)
class Reported:
    """What was written: the page, its size in bytes, what is said of each image, and what a comparison decided."""

    page: Path
    size: int
    lines: tuple[str, ...]
    kept: str = ""


def report(
    images: Sequence[Source] | Source = (),
    query: Query | ModelLike | None = None,
    model: ModelLike | Query | None = None,
    *,
    output: str | Path = "innerview-report.html",
    network: bool = True,
    max_size: float = MAX_SIZE,
    progress: Report | None = None,
) -> Reported:
    """Write the viewer with everything about some images as one HTML file.

    Args:
        images: files, names of examples, PIL images or arrays, several or one; with nothing named at all, the first
            example.
        query: what to work out; or the model. Where no method and no baseline is named, what `innerview compare` has
            found best for the model is shown; `Query(kept=False)` for the usual.
        model: a model (`innerview.typing.ModelLike`), or the name of one.
        output: the file; one that is there is replaced.
        network: put the model itself into the page, which then answers by itself (other classes, a brush, images of
            one's own), where the page's engine runs it and its weights are not too large.
        max_size: MB that these take in 16 bits at most.
        progress: told of every pass through the model; raising in it stops the work.

    Raises:
        UsageError: something asked for does not exist or has no meaning, or there are too many images.
        ImageError, DataError: an image, or the data set, can't be read.
        ModelError: something is NaN or infinite.
        OutputError: the file can't be written, or the viewer was not built.
    """
    given, taken = query_and_model(query, model)
    opened = opened_model(taken)
    asked, kept = with_kept(given, opened)
    check_query(asked, opened.model)
    items, session = gather(opened.model, images, asked), Session([opened])
    if len(items) > MOST:
        raise UsageError(f"{len(items)} images were named; one file holds {MOST} at most: write several").of(
            "images", asked=len(items), limit=MOST
        )
    extent, sizes = next((extent, sizes) for most, extent, sizes in EXTENTS if len(items) <= most)
    asked = replace(asked, **extent, judge=bool(asked.judge))  # it takes long, and no page needs it
    scene = page_context(opened, asked.methods, kept, network=network, max_size=max_size)
    title = items[0].name if len(items) == 1 else f"{len(items)} images"
    parts = [SubProgress(progress or silent, len(items), at, at + 1, item.name) for at, item in enumerate(items)]

    lines: list[str] = []

    def looks() -> Iterator[Look]:  # one at a time, packed and let go before the next
        for item, part in zip(items, parts, strict=True):
            found = examine(session, item, asked, part)
            lines.append(f"{item.name}: {sentences.says(found.prediction, item.class_number)} ({item.words})")
            yield found
        parts[-1].part(1, 1, "writing").begin()

    text = page_for(looks(), scene, sizes, f"Inside the model: {title}")
    content = text.encode("utf-8", "backslashreplace")
    path = Path(output)
    write(path, content)
    return Reported(path, len(content), tuple(lines), kept)


def page(
    images: Sequence[Source] | Source = (),
    model: ModelLike = "allcnn",
    *,
    survey: str | Path | None = None,
    data: Records | None = None,
    output: str | Path = "innerview-page.html",
    max_size: float = MAX_SIZE,
    progress: Report | None = None,
) -> Reported:
    """Write the viewer with the model itself inside as one HTML file, which answers what is asked in it.

    Args:
        images: to begin with, as for `report`; the examples if none is named. Each is asked in the page.
        model: one that the page's engine runs (`innerview.typing.ModelLike`), or the name of one; with a survey any
            other too, which then is not in the page.
        survey: folder that `innerview.survey` wrote of this model, 2,000 images at most: the whole data set is shown.
        data: the data set that was surveyed; without it the survey is shown without its images.
        output: the file; one that is there is replaced.
        max_size: MB that the weights take in 16 bits at most.
        progress: told how many images of the survey are read; raising in it stops the work.

    Raises:
        UsageError: the page's engine can't run the model, or its weights take more than `max_size`. The survey
            has more images than one file holds, or is of another model or data set.
        ImageError: an image can't be read.
        DataError: the survey or its data set can't be read.
        OutputError: the file can't be written, or the viewer was not built.
    """
    opened = opened_model(model)
    scene = page_context(opened, network=True, max_size=max_size)
    if scene.network is None and survey is None:
        raise UsageError(f"no page can be made that answers by itself. {scene.inside}").of(
            "network", found=scene.inside
        )
    several = list(images) if isinstance(images, list | tuple) else [cast("Source", images)]
    if data is not None and survey is None:
        raise UsageError(f"the data set {data} was given without its survey; name the survey's folder too").of(
            "survey", asked=str(data), found=None
        )
    told = progress or silent
    part = survey_part(survey, data, opened, network=scene.network is not None, progress=told) if survey else None
    items = gather(opened.model, several or list(example_names()))
    session = Session([opened])
    asked = (session.about(item, Query()) for item in items)
    seen = [(session.photo(one), session.result(PREDICTION, one, NullListener())) for one in asked]
    content = live_page(seen, scene, f"Inside the model: {opened.name}", part).encode("utf-8", "backslashreplace")
    path = Path(output)
    write(path, content)
    return Reported(path, len(content), (*(part.lines if part else ()), scene.inside))
