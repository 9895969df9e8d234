"""`innerview channels`: what each channel of a surveyed layer responds to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from innerview.cli import defaults, options
from innerview.cli.console import Command, say

SHOWN = 5
"""Channels that are printed."""

HOME = "innerview.workbench.survey.channels:survey_channels"
"""Where the defaults of these options stand."""


@click.command("channels", cls=Command, short_help="What does each channel of a surveyed layer respond to?")
@click.argument("rows", type=click.Path(path_type=Path), metavar="ROWS")
@click.option("--target", metavar="CLASS", help="Print the channels that are most selective for it. [for any]")
@defaults.option("-n", "--num-images", "top", type=click.IntRange(1), help="Images of a channel.", home=HOME)
@defaults.option("--seed", type=click.IntRange(0), help="Of halves, and of images drawn.", home=HOME)
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    metavar="DATA",
    help="The data set that was surveyed: for the page. [none]",
)
@options.model()
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="The table. [ROWS-channels.csv]")
def command(
    *, rows: Path, target: str | None, data: Path | None, model: Any, output: Path | None, **asked: Any
) -> None:
    """Say of each channel which images it responds to, how many fire it, and which class it is most selective for.

    ROWS is a folder that innerview survey wrote with --layers. The class is chosen on one half of the images, and how
    selective the channel is for it is measured on the other. With --data there is a page beside the table: the images,
    cropped to exactly what the channel's strongest position sees.
    """
    from innerview.cli.progress import steps
    from innerview.workbench.survey.atlas import channel_atlas
    from innerview.workbench.survey.channels import survey_channels
    from innerview.workbench.survey.reading import read_survey

    table = output or rows.with_name(f"{rows.name}-channels.csv")
    if data is None:
        atlas, found = None, survey_channels(rows, **defaults.said(asked))
    else:
        with steps("Reading images") as progress:
            atlas = channel_atlas(rows, data, model, progress=progress, **defaults.said(asked))
        found = atlas.channels
    if target is None:
        shown = sorted((one for one in found.channels if one.answer), key=lambda one: -one.selectivity)
    else:
        shown = found.of_class(target, read_survey(rows).class_names)
    for one in shown[:SHOWN]:
        say(
            f"{one.layer} channel {one.channel}: {one.answer}, selectivity {one.selectivity:.2f} [{one.low:.2f}, "
            f"{one.high:.2f}]; {one.fires:.0%} of the images fire it; first {one.top[0].image}"
        )
    if target is not None and not shown:
        say(f"No channel is selective for {target} beyond chance.")
    for note in found.notes if atlas is None else atlas.notes:
        say(note, err=True)
    say(found.write(table))
    if atlas is not None:
        say(atlas.write(table.with_suffix(".html")))
