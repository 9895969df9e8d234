"""`innerview diff`: what changed from one surveyed model to another."""

from __future__ import annotations

from pathlib import Path

import click

from innerview.cli.console import Command, say


@click.command("diff", cls=Command, short_help="What changed from one surveyed model to another, image by image.")
@click.argument("before", type=click.Path(path_type=Path), metavar="BEFORE")
@click.argument("after", type=click.Path(path_type=Path), metavar="AFTER")
@click.option(
    "--floor",
    "floor",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="ROWS",
    help="Survey of a training that differs from BEFORE by its seed alone. [none]",
)
@click.option(
    "--fail-if", "conditions", multiple=True, metavar="CONDITION",
    help="Exit with 1 where it holds: 'accuracy_drop>0.01', 'worse>20', 'flip_rate_over_floor>0'.",
)  # fmt: skip
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="Table of the changes. [none]")
def command(
    *, before: Path, after: Path, floor: tuple[Path, ...], conditions: tuple[str, ...], output: Path | None
) -> None:
    """Compare two surveys of the same images: answers that flipped, and reasons that changed beyond both errors.

    BEFORE and AFTER are folders that innerview survey wrote, of two models, checkpoints, engines or precisions. What
    two seeds of one training differ by is the floor against which a change is judged.
    """
    from innerview.workbench.survey.diff import diff_surveys, holds

    found = diff_surveys(before, after, floor=floor)
    failed = [one for one in conditions if holds(one, found)]
    for line in found.lines:
        say(line)
    if output is not None:
        say(found.write(output))
    if failed:
        say(f"It holds that {' and '.join(failed)}.", err=True)
        click.get_current_context().exit(1)
