"""`innerview saturation`: predictions and accuracy of many images on the path from the baseline."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from innerview.cli import defaults, options
from innerview.cli.console import Command, say

HOME = "innerview.workbench.path:path"
"""Where the defaults of these options stand."""


def _span(alphas: Sequence[float]) -> str:
    return f"{len(alphas)} from {alphas[0]:g} to {alphas[-1]:g}"


@click.command(
    "saturation", cls=Command, short_help="Predictions and accuracy of many images on the path from the baseline."
)
@options.model()
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    required=True,
    metavar="FOLDER",
    help="Class folders: FOLDER/test/<class>/* or FOLDER/<class>/*.",
)
@defaults.option("-n", "--num-images", "count", type=click.IntRange(1), help="Images to take.", home=HOME)
@defaults.option(
    "--alphas",
    type=options.numbers,
    metavar="LIST",
    help="Positions on the path.",
    shown=_span,
    home=HOME,
)
@defaults.option("--baseline", metavar="NAME", help="black, white, gray, noise or a file.", home=HOME)
@defaults.option("--seed", type=click.IntRange(0), help="Of the draw of the images.", home=HOME)
@options.crop(HOME)
@options.output(HOME)
def command(*, model: Any, data: Path, **asked: Any) -> None:
    """Count predictions and accuracy of many images at each alpha between baseline and image."""
    from innerview.cli.progress import steps
    from innerview.workbench.path import path

    with steps("Walking the path") as progress:
        walked = path(data, model=model, progress=progress, **defaults.said(asked))
    say(walked.words)
    for problem in walked.problems:
        say(f"left out: {problem}", err=True)
    for file in walked.files:
        say(file)
