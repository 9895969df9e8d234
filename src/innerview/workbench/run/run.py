"""Look at one or several trainings: a page, its figures, and every number behind them. NumPy alone, no framework.

Everything is worked out of run folders as they are at that moment, finished or not. What a run can't give (another
architecture, no tests logged) is left out, and the page says why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PIL.Image import Image

from innerview import pictures
from innerview.files.atomic import write
from innerview.pictures import Animation
from innerview.pictures.saving import DPI, to_pillow
from innerview.results import versions
from innerview.session.progress import Report
from innerview.session.query import Query
from innerview.session.training.reading import Recorded, open_runs
from innerview.session.training.work import Worked, steps_of_work, work
from innerview.viewer import run_sentences
from innerview.viewer.explanations import RUN_EXPLANATIONS
from innerview.viewer.page import Figure, Narrow, Section
from innerview.viewer.run_page import run_page
from innerview.viewer.run_sentences import Warned
from innerview.workbench.folders import open_folder
from innerview.workbench.run.figures import FigureSpec
from innerview.workbench.run.views import course, every_view

if TYPE_CHECKING:
    from matplotlib.figure import Figure as ChartFigure

SHARP: Final = 2
"""Pixels of a telephone's chart to one of the page's."""


@dataclass(frozen=True)
class Shown:
    """What a look at runs left behind.

    Attributes:
        page: the page to open.
        lines: how each run stands, in words.
        signs: what goes wrong, in words.
        missing: what could not be worked out, and why.
        files: everything that was written.
    """

    page: Path
    lines: tuple[str, ...]
    signs: tuple[str, ...]
    missing: tuple[str, ...]
    files: tuple[Path, ...]


def run(
    runs: Sequence[Path],
    query: Query | None = None,
    *,
    output: str | Path = "innerview-inspection",
    progress: Report | None = None,
) -> Shown:
    """Look at run folders, and write a page about them.

    Args:
        runs: one to five folders; they may be being written.
        query: what to work out.
        output: folder; new, empty, or made by innerview.
        progress: told what is being done.

    Raises:
        UsageError: something asked for does not exist or has no meaning.
        DataError: a run or the data set can't be read; `ImageError`: an image can't.
        OutputError: the folder can't be written or holds other things.
    """
    asked = query or Query()
    opened = open_runs(runs)
    folder = open_folder(Path(output))
    total = sum(steps_of_work(one, asked) for one in opened) + len(opened)
    done = 0

    def report(words: str) -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(min(done, total), total, words)

    worked = [work(one, asked, report) for one in opened]
    sections: list[Section] = []
    files: list[Path] = []
    names: list[str] = []
    for view in every_view(worked, asked):
        figures = tuple(_figure(sheet, folder) for sheet in view.figures)
        for table in view.tables:
            write(folder / table.file, table.content())
        names += [table.file for table in view.tables]
        drawn = [file for sheet in view.figures for file in (sheet.file, sheet.narrow_file)]
        files += [folder / file for file in (*drawn, *(table.file for table in view.tables))]
        sections.append(Section(view.key, RUN_EXPLANATIONS[view.key], "\n".join(view.words), figures))
        report(f"drawn: {RUN_EXPLANATIONS[view.key].title}")
    signs = _signs(worked)
    lines = tuple(run_sentences.course(course(one.run, asked)) for one in worked)
    title = f"Training: {opened[0].name}" if len(opened) == 1 else f"{len(opened)} trainings, side by side"
    page = run_page(title, lines, signs, sections, _facts(opened, asked), names)
    write(folder / "index.html", page.encode("utf-8", "backslashreplace"))
    missing = (*(one.missing for one in worked if one.missing), *(told for one in opened for told in one.problems))
    return Shown(folder / "index.html", lines, tuple(sign.text for sign in signs), missing, tuple(files))


def _figure(sheet: FigureSpec, folder: Path) -> Figure:
    """Draw a sheet twice: as it is, and for a telephone, whose screen has several dots to a pixel of the page."""
    width, height, _ = _drawn(sheet.draw(), folder / sheet.file, 1)
    narrow = Narrow(sheet.narrow_file, *_drawn(sheet.draw(**sheet.narrow), folder / sheet.narrow_file, SHARP))
    return Figure(sheet.file, sheet.words, width, height, sheet.caption, sheet.moving, narrow)


def _drawn(figure: Image | Animation | ChartFigure, file: Path, density: int) -> tuple[int, int, int]:
    """Write what was drawn; give its width, its height, and its pixels to one of the page's."""
    if isinstance(figure, Animation | Image):
        density = 1
    else:
        figure = to_pillow(figure, density * DPI)
    pictures.save(figure, file)
    return *(figure.frames[0].size if isinstance(figure, Animation) else figure.size), density


def _signs(worked: Sequence[Worked]) -> list[Warned]:
    several = len(worked) > 1
    return [
        run_sentences.warning(
            finding, one.tested.found.class_names if one.tested else (), one.run.name if several else ""
        )
        for one in worked
        for finding in one.findings
    ]


def _facts(runs: Sequence[Recorded], query: Query) -> list[tuple[str, str]]:
    """Where the numbers come from, in the page's last lines."""
    facts: list[tuple[str, str]] = []
    for one in runs:
        manifest = one.folder.manifest
        seed = manifest.configuration.get("seed")
        told = [
            f"data: {manifest.data.get('source', 'not said')}",
            f"seed {seed}" if seed is not None else "",
            ", ".join(f"{name} {number}" for name, number in manifest.versions.items()),
            *manifest.notes,
        ]
        facts.append((one.name, " · ".join(part for part in told if part)))
        facts += [("Left out", problem) for problem in one.problems]
    facts.append(("Maps", f"integrated gradients from black, {query.timeline_steps} evaluations each"))
    facts.append(("This page", ", ".join(f"{name} {number}" for name, number in versions().items())))
    return facts
