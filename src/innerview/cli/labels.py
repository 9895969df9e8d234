"""`innerview labels`: which labels of a surveyed data set may be wrong."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from innerview.cli import defaults
from innerview.cli.console import Command, say
from innerview.errors import UsageError

SHOWN = 5
"""Suspects that are printed."""

HOME = "innerview.workbench.survey.labels:audit_labels"
"""Where the defaults of these options stand."""


@click.command("labels", cls=Command, short_help="Which labels of a surveyed data set may be wrong?")
@click.argument("rows", type=click.Path(path_type=Path), metavar="ROWS")
@click.option("-n", "--count", type=click.IntRange(1), default=400, show_default=True, help="Suspects in the table.")
@defaults.option(
    "--neighbours",
    type=click.IntRange(1),
    help="Similar images looked at.",
    shown=defaults.constant("innerview.workbench.survey.labels:NEIGHBOURS"),
    home=HOME,
)
@click.option(
    "--train",
    type=click.Path(path_type=Path),
    metavar="ROWS",
    help="Survey of the images that were learnt from: which are nearly the same? [none]",
)
@click.option(
    "--run",
    type=click.Path(path_type=Path),
    metavar="RUN",
    help="Training whose checkpoints are surveyed on the same images, with --data. [none]",
)
@click.option("--data", type=click.Path(path_type=Path), metavar="DATA", help="The data set that was surveyed.")
@click.option(
    "--checkpoint",
    "checkpoints",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="ROWS",
    help="Survey by a checkpoint, in the order of the steps, in place of --run. [none]",
)
@defaults.option(
    "--rank", type=click.Choice(["probability", "margin"]), help="Of the label, or over the checkpoints.", home=HOME
)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), metavar="FOLDER", help="Folder of labels.csv. [ROWS-labels]"
)
def command(
    *,
    rows: Path,
    count: int,
    neighbours: int | None,
    train: Path | None,
    run: Path | None,
    data: Path | None,
    checkpoints: tuple[Path, ...],
    output: Path | None,
    **asked: Any,
) -> None:
    """Rank the labels of a surveyed data set by how likely they are wrong.

    ROWS is a folder that innerview survey wrote. The list begins with the labels to which the model gives the least
    probability, and says how images with similar features are labelled, which region speaks for the prediction, and how
    the checkpoints of a training took the label. Images that are nearly alike are listed too.
    """
    from innerview.cli.progress import steps
    from innerview.workbench.folders import open_folder
    from innerview.workbench.survey.dynamics import survey_checkpoints
    from innerview.workbench.survey.labels import audit_labels

    if (run is None) != (data is None) or (run is not None and checkpoints):
        raise UsageError(
            "--run RUN and --data DATA go together, or surveys of checkpoints by --checkpoint ROWS; give one of both"
        ).of("run", asked=(run, data), found=len(checkpoints))
    given: Sequence[Path] = checkpoints
    if run is not None and data is not None:
        with steps("Surveying checkpoints") as progress:
            given = survey_checkpoints(rows, run, data, progress=progress)
    found = audit_labels(rows, neighbours=neighbours, train=train, checkpoints=given, **defaults.said(asked))
    folder = open_folder(output or rows.with_name(f"{rows.name}-labels"))
    for one in found.suspects[: min(SHOWN, count)]:
        near = f"; images like it are {one.neighbours_say}" if one.neighbours_say else ""
        place = found.place_of(one)
        by = f"; {place} speaks for that by {one.effect:.2g} ± {one.error:.1g}" if place else ""
        took = f"; {one.believed:.0%} of the checkpoints predict the label" if one.forgotten >= 0 else ""
        said = f"predicted {one.predicted} ({one.p_predicted:.1%})"
        say(f"{one.image}: {one.label} ({one.p_label:.1%}); {said}{by}{near}{took}")
    for note in found.notes:
        say(note, err=True)
    for file in found.write(folder, count):
        say(file)
