"""`innerview run`: look at one or several trainings, finished or not."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from innerview.cli import options
from innerview.cli.console import say


@click.command("run", short_help="Look at trainings: curves, weights through time, films, mistakes, warnings.")
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="RUN...")
@click.option(
    "--axis",
    type=click.Choice(["step", "time"]),
    default="step",
    show_default=True,
    help="Of the curves: step or time.",
)
@click.option("--smooth", type=click.IntRange(1), metavar="N", help="Steps averaged in a curve. [1 % of the run]")
@click.option("--probe", "probes", multiple=True, metavar="PICTURE", help="Follow this picture. [the sample photos]")
@click.option(
    "--data", type=click.Path(path_type=Path), metavar="PATH", help="Data set to test on; training pictures stay out."
)
@click.option(
    "--pick", "picks", multiple=True, metavar="PICK", help="Follow this one of --data: a class, class:number."
)
@click.option("-n", "--count", type=click.IntRange(1), default=500, show_default=True, help="Test pictures.")
@click.option("--frames", type=click.IntRange(2), default=7, show_default=True, help="Snapshots to run, at most.")
@click.option("--evaluations", type=click.IntRange(1), default=16, show_default=True, help="Evaluations of each map.")
@click.option("--crop", default="centre", show_default=True, help="centre, whole, or left,top,width,height in pixels.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the draw of test pictures.")
@options.output("innerview-training")
def command(
    *,
    runs: tuple[Path, ...],
    axis: Literal["step", "time"],
    smooth: int | None,
    probes: tuple[str, ...],
    data: Path | None,
    picks: tuple[str, ...],
    count: int,
    frames: int,
    evaluations: int,
    crop: str,
    seed: int,
    output: Path,
) -> None:
    """Look at RUN, a folder that `innerview train` or a recorder wrote or is writing; several are overlaid.

    allcnn and recipe are the trainings of the built-in networks.

    Writes a page with what goes wrong, the curves, the weights through time, channels that do nothing, and films of
    pictures while the network learnt; with --data also what it mixes up. No framework is needed.
    """
    from innerview.cli.progress import steps
    from innerview.workbench.run.request import RunRequest
    from innerview.workbench.run.run import run

    request = RunRequest(axis, smooth, probes, data, picks, crop, count, frames, evaluations, seed)
    with steps("Looking at the training") as progress:
        shown = run(runs, request, output=output, progress=progress)
    for line in shown.lines:
        say(line)
    for sign in shown.signs:
        say(f"Look at this: {sign}")
    for reason in shown.missing:
        say(f"left out: {reason}", err=True)
    say(f"Open {shown.page}")
