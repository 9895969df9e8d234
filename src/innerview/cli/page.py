"""`innerview page`: the viewer with the network inside, as one HTML file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from innerview.cli import defaults, options
from innerview.cli.console import Command, say

HOME = "innerview.workbench.page.report:page"
"""Where the defaults of these options stand."""


@click.command("page", cls=Command, short_help="Write one HTML file with the network inside, which answers by itself.")
@click.argument("images", nargs=-1, metavar="[IMAGE]...")
@options.model()
@click.option(
    "--survey",
    type=click.Path(path_type=Path),
    metavar="ROWS",
    help="Show a whole data set: a folder that innerview survey wrote of this model, 2,000 images at most.",
)
@click.option("--data", type=click.Path(path_type=Path), metavar="DATA", help="The data set that was surveyed.")
@options.max_size(HOME)
@options.output(HOME, file=True)
def command(*, images: tuple[str, ...], model: Any, **asked: Any) -> None:
    """Write the viewer with the network itself inside as one HTML file, for images that whoever opens it brings along.

    It opens offline and loads nothing from elsewhere; nothing is computed before. IMAGE is there to begin with: the
    examples if none is named. With --survey it opens with a whole data set, and asks the network about each image.
    Models that the page can't run need `innerview report` or `innerview serve`.
    """
    from innerview.cli.progress import steps
    from innerview.workbench.page.report import page

    with steps("Writing the page") as progress:
        written = page(images, model, progress=progress, **defaults.said(asked))
    for line in written.lines:
        say(line)
    say(f"Open {written.page.absolute()} ({written.size / 1e6:.1f} MB)")
