"""`innerview saturation`: predictions and accuracy of many images on the path from the baseline."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from innerview.cli import options
from innerview.cli.console import Command, say


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
@click.option("-n", "--num-images", type=click.IntRange(1), default=200, show_default=True, help="Images to take.")
@click.option("--alphas", type=options.numbers, metavar="LIST", help="Positions on the path. [19, dense near 0]")
@click.option(
    "--baseline", default="black", show_default=True, metavar="NAME", help="black, white, gray, noise or a file."
)
@click.option("--seed", type=int, default=0, show_default=True, help="Of the draw of the images.")
@click.option("--crop", default="center", show_default=True, help="center, whole, or left,top,width,height in pixels.")
@options.output("innerview-saturation")
def command(
    *,
    model: Any,
    data: Path,
    num_images: int,
    alphas: tuple[float, ...] | None,
    baseline: str,
    seed: int,
    crop: str,
    output: Path,
) -> None:
    """Count predictions and accuracy of many images at each alpha between baseline and image."""
    from innerview.cli.progress import steps
    from innerview.workbench.path import ALPHAS, path

    with steps("Walking the path") as progress:
        walked = path(
            data,
            count=num_images,
            model=model,
            alphas=ALPHAS if alphas is None else alphas,
            baseline=baseline,
            seed=seed,
            crop=crop,
            output=output,
            progress=progress,
        )
    say(walked.words)
    for problem in walked.problems:
        say(f"left out: {problem}", err=True)
    for file in walked.files:
        say(file)
