"""`innerview labels`: which labels of a surveyed data set may be wrong."""

from __future__ import annotations

from pathlib import Path

import click

from innerview.cli import defaults
from innerview.cli.console import Command, say

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
    "-o", "--output", type=click.Path(path_type=Path), metavar="FOLDER", help="Folder of labels.csv. [ROWS-labels]"
)
def command(*, rows: Path, count: int, neighbours: int | None, output: Path | None) -> None:
    """Rank the labels of a surveyed data set by how likely they are wrong.

    ROWS is a folder that innerview survey wrote. The list begins with the labels to which the model gives the least
    probability, and says how images with similar features are labelled. Images that are nearly alike are listed too.
    """
    from innerview.workbench.folders import open_folder
    from innerview.workbench.survey.labels import audit_labels

    found = audit_labels(rows, neighbours=neighbours)
    folder = open_folder(output or rows.with_name(f"{rows.name}-labels"))
    for one in found.suspects[: min(SHOWN, count)]:
        near = f"; images like it are {one.neighbours_say}" if one.neighbours_say else ""
        say(f"{one.image}: {one.label} ({one.p_label:.1%}); predicted {one.predicted} ({one.p_predicted:.1%}){near}")
    for note in found.notes:
        say(note, err=True)
    for file in found.write(folder, count):
        say(file)
