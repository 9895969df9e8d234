"""`innerview inspect`: one or several trainings, finished or not."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from innerview.cli import options
from innerview.cli.console import say


@click.command("inspect", short_help="Inspect trainings: curves, weights over time, timelines, confusions, warnings.")
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="RUN...")
@click.option(
    "--axis",
    type=click.Choice(["step", "time"]),
    default="step",
    show_default=True,
    help="Of the curves: step or time.",
)
@click.option("--smooth", type=click.IntRange(1), metavar="N", help="Steps averaged in a curve. [1 % of the run]")
@click.option("--probe", "probes", multiple=True, metavar="IMAGE", help="Follow this image. [the example images]")
@click.option(
    "--data", type=click.Path(path_type=Path), metavar="PATH", help="Data set to test on; training images are left out."
)
@click.option(
    "--select", multiple=True, metavar="SELECTION", help="Follow this image of --data: a class, class:number."
)
@click.option("-n", "--num-images", type=click.IntRange(1), default=500, show_default=True, help="Test images.")
@click.option(
    "--num-checkpoints", type=click.IntRange(2), default=7, show_default=True, help="Most checkpoints to evaluate."
)
@click.option("--n-steps", type=click.IntRange(1), default=16, show_default=True, help="Evaluations of each map.")
@click.option("--crop", default="center", show_default=True, help="center, whole, or left,top,width,height in pixels.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the draw of test images.")
@options.output("innerview-inspection")
def command(
    *,
    runs: tuple[Path, ...],
    axis: Literal["step", "time"],
    smooth: int | None,
    probes: tuple[str, ...],
    data: Path | None,
    select: tuple[str, ...],
    num_images: int,
    num_checkpoints: int,
    n_steps: int,
    crop: str,
    seed: int,
    output: Path,
) -> None:
    """Inspect RUN, a folder that `innerview train` or a recorder wrote or is writing; several are overlaid.

    allcnn and recipe are the trainings of the built-in models.

    Writes a page with warnings, curves, weights over time, dead channels and image timelines; with --data also the
    confusion matrix. No framework is needed.
    """
    from innerview.cli.progress import steps
    from innerview.session.training.request import RunRequest
    from innerview.workbench.run.run import run

    request = RunRequest(axis, smooth, probes, data, select, crop, num_images, num_checkpoints, n_steps, seed)
    with steps("Reading the training") as progress:
        shown = run(runs, request, output=output, progress=progress)
    for line in shown.lines:
        say(line)
    for sign in shown.signs:
        say(f"Warning: {sign}")
    for reason in shown.missing:
        say(f"left out: {reason}", err=True)
    say(f"Open {shown.page}")
