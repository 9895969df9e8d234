"""Look at pictures and write down everything: for each a folder that appears whole, and one page over all of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from innerview import pictures
from innerview.network import Differentiable, require_differentiable
from innerview.pictures import ScaleChoice
from innerview.runs.atomic import write
from innerview.viewer import sentences
from innerview.workbench.drawing import Drawn, Scene
from innerview.workbench.examine import Look, examine
from innerview.workbench.folders import folder_names, open_folder, whole
from innerview.workbench.items import gather, open_snapshots
from innerview.workbench.overview import Seen, write_overview
from innerview.workbench.pages import BRIEF, Report, backdrop, page_for
from innerview.workbench.request import Request, check_request, fixed_scale
from innerview.workbench.weights import count_weights
from innerview.workbench.writing import write_look

VIEW: Final = "view.html"
"""The viewer with this picture; the page beside it needs no script, and can be printed."""


@dataclass(frozen=True)
class Written:
    """What a look left behind.

    Attributes:
        page: the page to open: of the picture, or over all of them.
        folders: one for each picture.
        lines: one for each picture, in words.
    """

    page: Path
    folders: tuple[Path, ...]
    lines: tuple[str, ...]


def look(
    pictures_named: Sequence[str] = (),
    request: Request | None = None,
    *,
    network: Differentiable | str = "allcnn",
    output: str | Path = "innerview-look",
    data: Path | None = None,
    picks: Sequence[str] = (),
    crop: str = "centre",
    progress: Report | None = None,
) -> Written:
    """Explain pictures and write a folder for each: pictures, a page, all numbers.

    Args:
        pictures_named: files, or names of sample photos; with nothing named at all, the first sample photo.
        request: what to work out and how to draw it.
        network: a network, or the name of a built-in one.
        output: folder; new, empty, or made by innerview.
        data: folder of class folders; their names must be classes of the network.
        picks: pictures of `data`: "17", "horse" or "horse:3".
        crop: "centre", "whole" or "left,top,width,height".
        progress: told what is being done.

    Raises:
        UsageError: something asked for does not exist or has no meaning.
        PictureError: a picture or baseline can't be read or does not fit; `DataError`: nor can the data set.
        NetworkError: something is not finite.
        OutputError: the folder can't be written or holds other things.
    """
    asked = request or Request()
    report = progress or _silent
    before, opened = open_snapshots(network)
    require_differentiable(opened)
    limit = fixed_scale(asked)
    check_request(asked, opened)
    items = gather(opened, pictures_named, data=data, picks=picks, crop=crop)
    folder = open_folder(Path(output))
    histograms = count_weights({**before, "after" if before else "now": opened.weights()})
    looks: Iterable[Look] = (examine(opened, item, asked) for item in items)
    scale: ScaleChoice = limit or "own"
    if asked.scale == "shared":  # only then must all maps be known before the first is drawn
        looks = list(looks)
        scale = pictures.choose_scales([one.integrated.map for one in looks], "shared")[0].limit
    names = folder_names(item.name for item in items)
    drawn: dict[str, Drawn] = {}
    scenery = backdrop(opened, network if isinstance(network, str) else type(opened).__name__, histograms)
    seen: list[Seen] = []
    report(0, len(items), items[0].name)
    for name, found in zip(names, looks, strict=True):
        scene = Scene(opened, found, asked, scale, histograms)
        with whole(folder, name) as place:
            write_look(scene, place, drawn, back="../index.html" if len(items) > 1 else "", view=VIEW)
            title = f"Inside the network: {found.item.name}"
            write(place / VIEW, page_for([found.item], scenery, asked, BRIEF, _silent, title).encode())
        words = sentences.says(found.prediction, found.item.truth)
        seen.append(Seen(name, scene.subject, words, found.integrated, found.interior))
        report(len(seen), len(items), found.item.name)
    if len(items) > 1:
        write_overview(folder, seen, asked)
    return Written(
        page=folder / ("index.html" if len(items) > 1 else f"{names[0]}/index.html"),
        folders=tuple(folder / name for name in names),
        lines=tuple(f"{one.subject.name}: {one.words}" for one in seen),
    )


def _silent(_done: int, _total: int, _words: str) -> None:
    """Report to nobody."""
