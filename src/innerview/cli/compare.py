"""`innerview compare`: which method may be believed on a model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from innerview.cli import defaults, options
from innerview.cli.console import Command, say

HOME = "innerview.workbench.compare.compare:compare"
"""Where the defaults of these options stand."""


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
    "--captum", is_flag=True, default=None, help="Captum's methods take part as well, all that the model can have."
)
@defaults.option("--baseline", "baselines", several=True, metavar="NAME", help="Each method with each.", home=HOME)
@defaults.option(
    "--fill", "fills", several=True, metavar="NAME", help="Truth under each; data: an image of DATA.", home=HOME
)
@defaults.option(
    "--regions",
    metavar="RxC",
    help="Grid, number of regions (2 to 12), or superpixels[:N].",
    shown=defaults.grid,
    home=HOME,
)
@defaults.option("--limit", type=click.IntRange(1), help="Images at most.", home=HOME)
@defaults.option(
    "--check-every", "checked", type=click.IntRange(0), metavar="N",
    help="Deletion, stability and shuffled weights on every Nth image; 0: on none.", home=HOME,
)  # fmt: skip
@defaults.option(
    "--mosaics", type=click.IntRange(0), help="Mosaics of four images for pointing, where the model takes them.",
    home=HOME,
)  # fmt: skip
@click.option("--max-evaluations", type=click.IntRange(1), help="Passes for everything, at most, about. [no limit]")
@defaults.option("--seed", type=click.IntRange(0), help="Of all that is random.", home=HOME)
@options.crop(HOME)
@options.output(HOME)
def command(*, model: Any, named: str, data: Path, regions: str | None, **asked: Any) -> None:
    """Compare methods on a model: whose maps agree with what taking parts away really does?

    MODEL is a built-in model, or whatever --model is elsewhere; DATA holds class folders: DATA/test/<class>/* or
    DATA/<class>/*. All coalitions of the regions are shown to the model (3 × 3 regions: 512 passes a fill and image),
    and every method and control is judged by them. Begun again, it goes on where it was ended.
    """
    from innerview.cli.progress import steps
    from innerview.methods.regions import parse_regions
    from innerview.workbench import compare

    given = defaults.said({**asked, "regions": None if regions is None else parse_regions(regions)})
    with steps("Comparing") as progress:
        found = compare(model, data, named=named, progress=progress, **given)
    say(found.advice)
    for note in (*found.comparison.left_out, *found.comparison.notes):
        say(note, err=True)
    for file in found.files:
        say(file)
