"""`innerview compare`: which method may be believed on a model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from innerview.cli import options
from innerview.cli.console import Command, say


@click.command("compare", cls=Command, short_help="Compare methods on a model: whose maps agree with exact truth?")
@options.model(argument=True)
@click.argument("data", type=click.Path(path_type=Path), metavar="DATA")
@click.option(
    "--method",
    "methods",
    multiple=True,
    metavar="NAME[:OPTION=VALUE,…]",
    help="Compare these alone, also Captum's: captum:DeepLift. [every method]",
)
@click.option(
    "--baseline", "baselines", multiple=True, metavar="NAME", help="Each method with each. [black, mean, blurred]"
)
@click.option("--fill", "fills", multiple=True, metavar="NAME", help="Truth under each. [blurred, mean, black]")
@click.option(
    "--regions",
    metavar="RxC",
    default="3x3",
    show_default=True,
    help="Grid, number of regions (2 to 12), or superpixels[:N].",
)
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="Images at most.")
@click.option(
    "--check-every", "checked", type=click.IntRange(0), default=4, show_default=True, metavar="N",
    help="Deletion, stability and shuffled weights on every Nth image; 0: on none.",
)  # fmt: skip
@click.option(
    "--mosaics", type=click.IntRange(0), default=20, show_default=True,
    help="Mosaics of four images for pointing, where the model takes them.",
)  # fmt: skip
@click.option("--max-evaluations", type=click.IntRange(1), help="Passes for everything, at most, about. [no limit]")
@click.option("--seed", type=int, default=0, show_default=True, help="Of all that is random.")
@click.option("--crop", default="center", show_default=True, help="center, whole, or left,top,width,height in pixels.")
@options.output("innerview-comparison")
def command(*, model: Any, named: str, data: Path, regions: str, output: Path, **asked: Any) -> None:
    """Compare methods on a model: whose maps agree with what taking parts away really does?

    MODEL is a built-in model, or whatever --model is elsewhere; DATA holds class folders: DATA/test/<class>/* or
    DATA/<class>/*. All coalitions of the regions are shown to the model (3 × 3 regions: 512 passes a fill and image),
    and every method and control is judged by them. Begun again, it goes on where it was ended.
    """
    from innerview.cli.progress import steps
    from innerview.methods.regions import parse_regions
    from innerview.workbench import compare

    given = {name: value for name, value in asked.items() if value not in (None, ())}
    with steps("Comparing") as progress:
        found = compare(
            model, data, regions=parse_regions(regions), output=output, named=named, progress=progress, **given
        )
    say(found.advice)
    for note in (*found.comparison.left_out, *found.comparison.notes):
        say(note, err=True)
    for file in found.files:
        say(file)
