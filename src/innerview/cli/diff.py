"""`innerview diff`: what changed from one surveyed model to another."""

from __future__ import annotations

from pathlib import Path

import click

from innerview.cli.console import Command, say


@click.command("diff", cls=Command, short_help="What changed from one surveyed model to another, image by image.")
@click.argument("before", type=click.Path(path_type=Path), metavar="BEFORE")
@click.argument("after", type=click.Path(path_type=Path), metavar="AFTER")
@click.option(
    "--fail-if", "conditions", multiple=True, metavar="CONDITION",
    help="Exit with 1 where it holds: 'accuracy_drop>0.01', 'worse>20', 'reason_rate>0.1'.",
)  # fmt: skip
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="Table of the changes. [none]")
def command(*, before: Path, after: Path, conditions: tuple[str, ...], output: Path | None) -> None:
    """Compare two surveys of the same images: answers that flipped, and reasons that changed beyond both errors.

    BEFORE and AFTER are folders that innerview survey wrote, of two models, checkpoints, engines or precisions.
    """
    from innerview.workbench.survey.diff import diff_surveys, holds

    found = diff_surveys(before, after)
    failed = [one for one in conditions if holds(one, found)]
    for line in found.lines:
        say(line)
    if output is not None:
        say(found.write(output))
    if failed:
        say(f"It holds that {' and '.join(failed)}.", err=True)
        click.get_current_context().exit(1)
