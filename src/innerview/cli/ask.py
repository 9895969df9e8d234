"""`innerview ask`: what one region of an image does, and whether any region like it would do as much."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from innerview.cli import options
from innerview.cli.console import Command, say


@click.command("ask", cls=Command, short_help="Ask what a region of an image does, removed and alone.")
@click.argument("image", metavar="IMAGE")
@click.option(
    "--region",
    "regions",
    multiple=True,
    metavar="X,Y,W,H",
    help="Left, top, width and height, in pixels of the image as the model sees it; several. Or superpixels[:N].",
)
@click.option(
    "--mask", "masks", multiple=True, metavar="FILE", help="A region as an image, bright where it is; several."
)
@options.model()
@click.option("--target", metavar="CLASS", help="Class to explain, by number or name. [the predicted class]")
@click.option(
    "--objective",
    default="",
    metavar="NAME",
    help="log-odds, logit, contrast or probability. [log-odds, where there are some]",
)
@click.option(
    "--fill",
    "fills",
    multiple=True,
    metavar="NAME",
    help="What stands where a region is taken away; several. A name or an image file. [blurred, mean, black]",
)
@click.option(
    "--placebos",
    "n_placebos",
    type=click.IntRange(0),
    metavar="N",
    default=199,
    show_default=True,
    help="Other places to hold the region against.",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of the draw of places.")
@click.option("--crop", default="center", show_default=True, help="center, whole, or left,top,width,height in pixels.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Folder for the result and its chart. [none]",
)
def command(*, image: str, fills: tuple[str, ...], **asked: Any) -> None:
    """Ask what regions of IMAGE do: what the score loses without each, what each gains alone, under several fills.

    Each effect comes with a p-value against regions of the same size and shape elsewhere in the image, corrected for
    the number of tries. IMAGE is a file or an example (cat, moose, …).
    """
    from innerview.cli.progress import steps
    from innerview.fills import DEFAULT_FILLS
    from innerview.workbench.ask import ask

    with steps("Asking") as progress:
        found = ask(image, fills=fills or DEFAULT_FILLS, progress=progress, **asked)
    for line in found.lines:
        say(line)
    for file in found.files:
        say(file)
