"""`innerview look`: everything about some pictures, as folders to open."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from innerview.cli import options
from innerview.cli.console import say


@click.command("look", short_help="Explain pictures: a folder of maps, layers and numbers for each.")
@click.argument("pictures", nargs=-1, metavar="[PICTURE]...")
@options.network()
@options.question()
@click.option("--layers", type=options.words, default="", metavar="LIST", help="Numbers from 1, or names. [3,6,9]")
@click.option("--channels", type=click.IntRange(1), default=27, show_default=True, help="Channels shown of each layer.")
@click.option("--alphas", type=options.numbers, metavar="LIST", help="Places on the path. [the recipe's ten]")
@click.option("--budget", type=click.IntRange(2), default=513, show_default=True, help="Evaluations at most for it.")
@click.option("--rule", default="", metavar="NAME", help="A quadrature rule instead of a tolerance.")
@click.option("--evaluations", type=click.IntRange(1), help="Evaluations of that rule. [32]")
@options.baseline()
@click.option("--shares", type=options.numbers, metavar="LIST", help="Shares of the pixels to keep.")
@click.option("--scale", default="own", show_default=True, help="Colour scale of the maps: own, shared or a number.")
@options.methods()
@click.option("--style", default="tint", show_default=True, metavar="NAME", help="How a map lies over the picture.")
@options.choice()
@options.output("innerview-look")
def command(
    *,
    pictures: tuple[str, ...],
    network: Any,
    explained: str,
    versus: str,
    target: str,
    layers: tuple[str, ...],
    channels: int,
    alphas: tuple[float, ...] | None,
    tolerance: float,
    budget: int,
    rule: str,
    evaluations: int | None,
    baselines: tuple[str, ...],
    shares: tuple[float, ...] | None,
    scale: str,
    methods: tuple[str, ...],
    style: str,
    crop: str,
    data: Path | None,
    picks: tuple[str, ...],
    output: Path,
) -> None:
    """Look inside a network through pictures: layers, gradients, attributions, and what it says of a part.

    PICTURE is a file or a bundled sample (cat, moose, …); without one, the cat. For each a folder is written, with
    an index.html to open, the pictures, result.json and all arrays.
    """
    from innerview.cli.progress import steps
    from innerview.methods import DEFAULT_SHARES, RECIPE_ALPHAS
    from innerview.methods.registry import registry
    from innerview.workbench import Request, look

    request = Request(
        explained=explained,
        versus=versus,
        target=target,
        layers=layers,
        alphas=RECIPE_ALPHAS if alphas is None else alphas,
        tolerance=tolerance,
        budget=budget,
        rule=rule,
        evaluations=evaluations or 0,
        baselines=baselines,
        shares=DEFAULT_SHARES if shares is None else shares,
        scale=scale,
        style=style,
        channels=channels,
        methods=methods,
    )
    for problem in registry().problems if methods else ():
        say(f"innerview: warning: {problem}.", err=True)
    with steps("Looking inside") as progress:
        written = look(
            pictures, request, network=network, output=output, data=data, picks=picks, crop=crop, progress=progress
        )
    for line in written.lines:
        say(line)
    say(f"Open {written.page}")
