"""`innerview export`: a built-in model as source and weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from innerview.cli import defaults
from innerview.cli.console import Command, say

HOME = "innerview.workbench.export:export"
"""Where the defaults of these options stand."""


@click.command(
    "export",
    cls=Command,
    short_help="Export a built-in model as PyTorch, Keras or NumPy source, or as data for a page.",
)
@click.argument("model", default="allcnn", metavar="[MODEL]")
@defaults.option("--format", type=click.Choice(["pytorch", "keras", "numpy", "web"]), help="Of the source.", home=HOME)
@click.option("-o", "--output", metavar="FOLDER", default="", help="New or empty folder. [MODEL-FORMAT]")
@click.option("--force", is_flag=True, help="Replace an earlier export.")
def command(*, model: str, output: str, **asked: Any) -> None:
    """Write a built-in MODEL as one readable source file with its weights; innerview is not needed to run it.

    `python model.py image.png` in the folder prints a prediction; README.md tells the rest. The format web is the
    network as data, network.json, as the page's own engine runs it (`innerview page` puts it into a page).
    """
    from innerview.workbench.export import export

    found = export(model, output=Path(output) if output else "", **defaults.said(asked))
    for file in found.files:
        say(file)
    say(f"{found.words}.")
