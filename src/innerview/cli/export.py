"""`innerview export`: a built-in model as source and weights, or any model as data for a page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from innerview.cli import defaults, options
from innerview.cli.console import Command, say

HOME = "innerview.workbench.export:export"
"""Where the defaults of these options stand."""


@click.command(
    "export",
    cls=Command,
    short_help="Export a built-in model as PyTorch, Keras or NumPy source, or any model as data for a page.",
)
@options.model(argument=True, optional=True)
@defaults.option("--format", type=click.Choice(["pytorch", "keras", "numpy", "web"]), help="Of the source.", home=HOME)
@click.option("-o", "--output", metavar="FOLDER", default="", help="New or empty folder. [MODEL-FORMAT]")
@options.max_size(HOME)
@click.option("--force", is_flag=True, help="Replace an earlier export.")
def command(*, model: Any, named: str, output: str, **asked: Any) -> None:
    """Write a built-in MODEL as one readable source file with its weights; innerview is not needed to run it.

    `python model.py image.png` in the folder prints a prediction; README.md tells the rest. The format web is the
    network as data, network.json, as the page's own engine runs it (`innerview page` puts it into a page): of a model
    of your own, too, whatever --model is elsewhere, if it is made of what the engine has.
    """
    from innerview.workbench.export import export

    found = export(model, output=Path(output) if output else "", name=named, **defaults.said(asked))
    for file in found.files:
        say(file)
    say(f"{found.words}.")
