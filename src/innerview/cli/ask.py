"""`innerview ask`: what one region of an image does, and whether any region like it would do as much."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from innerview.cli import defaults, options
from innerview.cli.console import Command, say


@click.command("ask", cls=Command, short_help="Ask what a region of an image does, removed and alone.")
@click.argument("image", metavar="IMAGE")
@options.model()
@options.query(
    "region",
    "masks",
    "target",
    "objective",
    "fills",
    "data",
    "n_placebos",
    "seed",
    "crop",
    objective=defaults.option(
        "--objective",
        metavar="NAME",
        help="log-odds, logit, contrast or probability. [log-odds, where there are some]",
    ),
    fills=options.fills("What stands where a region is taken away"),
    data=options.data_of_fill(),
    seed=options.seed("Of all that is drawn."),
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Folder for the result and its chart; tries on this image that it holds are counted. [none]",
)
def command(*, image: str, model: Any, query: Any, output: Path | None) -> None:
    """Ask what regions of IMAGE do: what the score loses without each, what each gains alone, under several fills.

    Each effect comes with a p-value against regions of the same size and shape elsewhere in the image, corrected for
    the number of tries: those of this call and, with -o, those that FOLDER holds about the same model and image.
    IMAGE is a file or an example (cat, moose, …).
    """
    from innerview.cli.progress import steps
    from innerview.workbench.ask import ask

    with steps("Asking") as progress:
        found = ask(image, query, model, output=output, progress=progress)
    for line in found.lines:
        say(line)
    for file in found.files:
        say(file)
