"""`innerview inspect`: one or several trainings, finished or not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from innerview.cli import defaults, options
from innerview.cli.console import Command, say

HOME = "innerview.workbench.run.run:run"
"""Where the defaults of these options stand."""


@click.command(
    "inspect", cls=Command, short_help="Inspect trainings: curves, weights over time, timelines, confusions, warnings."
)
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="RUN...")
@options.query(
    "axis",
    "smooth",
    "probes",
    "data",
    "select",
    "num_images",
    "num_checkpoints",
    "n_steps",
    "crop",
    "seed",
    data=defaults.option(
        "--data",
        type=click.Path(path_type=Path),
        metavar="PATH",
        help="Data set to test on; training images are left out.",
    ),
    select=defaults.option(
        "--select", several=True, metavar="SELECTION", help="Follow this image of --data: a class, class:number."
    ),
    n_steps=defaults.option(
        "--n-steps",
        type=click.IntRange(1),
        help="Evaluations of each map.",
        shown=defaults.constant("innerview.session.query:TIMELINE_STEPS"),
    ),
)
@options.output(HOME)
def command(*, runs: tuple[Path, ...], query: Any, **asked: Any) -> None:
    """Inspect RUN, a folder that `innerview train` or a recorder wrote or is writing; several are overlaid.

    allcnn and tutorial2018 are the trainings of the built-in models.

    Writes a page with warnings, curves, weights over time, dead channels and image timelines; with --data also the
    confusion matrix. No framework is needed.
    """
    from innerview.cli.progress import steps
    from innerview.workbench.run.run import run

    with steps("Reading the training") as progress:
        shown = run(runs, query, progress=progress, **defaults.said(asked))
    for line in shown.lines:
        say(line)
    for sign in shown.signs:
        say(f"Warning: {sign}")
    for reason in shown.missing:
        say(f"left out: {reason}", err=True)
    say(f"Open {shown.page.absolute()}")
