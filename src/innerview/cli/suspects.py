"""`innerview suspects`: what a model may cheat by, found in a survey and proved by transplants."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from innerview.cli import defaults, options
from innerview.cli.console import Command, say

HOME = "innerview.workbench.survey.suspects:find_suspects"
"""Where the defaults of these options stand."""


@click.command("suspects", cls=Command, short_help="What may a model cheat by? Groups found in a survey, and proved.")
@click.argument("rows", type=click.Path(path_type=Path), metavar="ROWS")
@click.option(
    "--data", type=click.Path(path_type=Path), required=True, metavar="DATA", help="The data set that was surveyed."
)
@options.model()
@defaults.option("--seed", type=click.IntRange(0), help="Of halves, hosts and permutations.", home=HOME)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), metavar="FOLDER", help="Folder of the tables. [ROWS-suspects]"
)
def command(*, rows: Path, data: Path, model: Any, output: Path | None, **asked: Any) -> None:
    """Look for groups of images that share a reason which works in any image, such as a watermark of one class.

    ROWS is a folder that innerview survey wrote, of this model and data. Groups are found on one half of the images; on
    the other half their parts and traits are put into images of other classes, against those of the rest of the class.
    """
    from innerview.cli.progress import steps
    from innerview.workbench.folders import open_folder
    from innerview.workbench.survey.suspects import find_suspects

    with steps("Looking for suspects") as progress:
        found = find_suspects(rows, model, data, progress=progress, **defaults.said(asked))
    folder = open_folder(output or rows.with_name(f"{rows.name}-suspects"))
    for line in found.lines:
        say(line)
    for note in (*found.skipped, *found.notes):
        say(note, err=True)
    for file in found.write(folder):
        say(file)
