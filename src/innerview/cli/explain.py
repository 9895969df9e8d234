"""`innerview explain`: everything about some images, as folders to open."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from innerview.cli import options
from innerview.cli.console import say


@click.command("explain", short_help="Explain images: a folder of maps, layers and numbers for each.")
@click.argument("images", nargs=-1, metavar="[IMAGE]...")
@options.network()
@options.question()
@click.option("--layers", type=options.words, default="", metavar="LIST", help="Numbers from 1, or names. [3,6,9]")
@click.option(
    "--max-channels", type=click.IntRange(1), default=27, show_default=True, help="Channels drawn of each layer."
)
@click.option("--alphas", type=options.numbers, metavar="LIST", help="Positions on the path. [ten]")
@click.option(
    "--max-evaluations", type=click.IntRange(2), default=513, show_default=True, help="Most evaluations to spend."
)
@click.option("--rule", default="", metavar="NAME", help="A quadrature rule, instead of a tolerance.")
@click.option("--n-steps", type=click.IntRange(1), help="Evaluations of the rule. [32]")
@options.baseline()
@click.option("--fractions", type=options.numbers, metavar="LIST", help="Fractions of the pixels to keep.")
@click.option(
    "--vmax", default="per-image", show_default=True, help="Colour scale of the maps: per-image, shared or a number."
)
@options.methods()
@click.option("--overlay", default="tint", show_default=True, metavar="NAME", help="How a map is drawn over the image.")
@options.choice()
@options.output("innerview-explanations")
def command(
    *,
    images: tuple[str, ...],
    network: Any,
    target: str,
    versus: str,
    objective: str,
    layers: tuple[str, ...],
    max_channels: int,
    alphas: tuple[float, ...] | None,
    tolerance: float,
    max_evaluations: int,
    rule: str,
    n_steps: int | None,
    baselines: tuple[str, ...],
    fractions: tuple[float, ...] | None,
    vmax: str,
    methods: tuple[str, ...],
    overlay: str,
    crop: str,
    data: Path | None,
    select: tuple[str, ...],
    output: Path,
) -> None:
    """Explain images: attribution maps, layers, gradients, and the prediction for parts of the image.

    IMAGE is a file or an example (cat, moose, …); the cat if none is given. Each image gets a folder with an
    index.html to open, all charts, result.json and all arrays.
    """
    from innerview.cli.progress import steps
    from innerview.methods import DEFAULT_SHARES, RECIPE_ALPHAS
    from innerview.methods.registry import registry
    from innerview.workbench import Request, look

    request = Request(
        explained=target,
        versus=versus,
        target=objective,
        layers=layers,
        alphas=RECIPE_ALPHAS if alphas is None else alphas,
        tolerance=tolerance,
        budget=max_evaluations,
        rule=rule,
        evaluations=n_steps or 0,
        baselines=baselines,
        shares=DEFAULT_SHARES if fractions is None else fractions,
        scale=vmax,
        style=overlay,
        channels=max_channels,
        methods=methods,
    )
    for problem in registry().problems if methods else ():
        say(f"innerview: warning: {problem}.", err=True)
    with steps("Explaining") as progress:
        written = look(
            images, request, network=network, output=output, data=data, picks=select, crop=crop, progress=progress
        )
    for line in written.lines:
        say(line)
    say(f"Open {written.page}")
