"""`innerview explain`: everything about some images, as folders to open."""

from __future__ import annotations

from typing import Any

import click

from innerview.cli import defaults, options
from innerview.cli.console import Command, say

HOME = "innerview.workbench.explain.explain:explain"
"""Where the defaults of these options stand."""


@click.command("explain", cls=Command, short_help="Explain images: a folder of maps, layers and numbers for each.")
@click.argument("images", nargs=-1, metavar="[IMAGE]...")
@options.model(named=True)
@options.query(
    *options.QUESTION, "judge", "regions", "parts", "fills", "max_evaluations", "rule", "n_steps", "baselines",
    "methods", "kept", "layers", "max_channels", "alphas", "fractions", "vmax", "overlay", *options.CHOICE,
)  # fmt: skip
@options.output(HOME)
@options.network(HOME)
@options.max_size(HOME)
def command(*, images: tuple[str, ...], model: Any, named: str, query: Any, **asked: Any) -> None:
    """Explain images: attribution maps, layers, gradients, and the prediction for parts of the image.

    IMAGE is a file or an example (cat, moose, …); the cat if none is given. Each image gets a folder with an
    index.html to open, all charts, result.json and all arrays. Where no method and no baseline is named, what
    `innerview compare` has found best for the model is drawn, and said.
    """
    from innerview.cli.progress import steps
    from innerview.methods.registry import registry
    from innerview.session.opening import opened_model
    from innerview.workbench import explain

    for problem in registry().problems if query.methods else ():
        say(f"innerview: warning: {problem}.", err=True)
    opened = opened_model(model, named)
    with steps("Explaining") as progress:
        written = explain(images, query, model=opened, progress=progress, first=_say_first, **defaults.said(asked))
    say(*filter(None, (written.kept, *written.lines)))
    say(f"Open {written.page.absolute()}")


def _say_first(words: str) -> None:
    say(words, err=True)
