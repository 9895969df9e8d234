"""`innerview parts`: what parts of an image are predicted as, alone and in place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from innerview.cli import options
from innerview.cli.console import Command, say


@click.command("parts", cls=Command, short_help="What parts of an image are predicted as, alone and in place.")
@click.argument("image", metavar="IMAGE")
@options.model()
@options.query(
    "fills",
    "data",
    "seed",
    "crop",
    fills=options.fills("What stands around a part in place"),
    data=options.data_of_fill(),
    seed=options.seed("Of all that is drawn."),
)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), metavar="FOLDER", help="Folder for result and figure. [none]"
)
def command(*, image: str, model: Any, query: Any, output: Path | None) -> None:
    """Predict every part of IMAGE at several scales, cut out and enlarged, and in its place with all else filled.

    Says which part is predicted as something else most surely, and the smallest that still is what the image is.
    IMAGE is a file or an example (cat, moose, …).
    """
    from innerview.cli.progress import steps
    from innerview.workbench.parts import parts

    with steps("Predicting parts") as progress:
        found = parts(image, query, model, output=output, progress=progress)
    for line in found.lines:
        say(line)
    for file in found.files:
        say(file)
