"""`innerview info`: what a model is, and how it preprocesses an image."""

from __future__ import annotations

from typing import Any

import click

from innerview.cli import defaults, options
from innerview.cli.console import Command, console
from innerview.names import visible

HOME = "innerview.workbench.info:info"
"""Where the defaults of these options stand."""


@click.command("info", cls=Command, short_help="Describe a model, and how it preprocesses an image.")
@click.argument("image", default="", metavar="[IMAGE]")
@options.model(warn=False)  # it is one of the facts
@options.crop(HOME)
def command(*, image: str, model: Any, **asked: Any) -> None:
    """Describe a model: its layers, its input and output, and how IMAGE is preprocessed."""
    from rich.table import Table

    from innerview.workbench import info

    found = info(model, image, **defaults.said(asked))
    facts = Table.grid(padding=(0, 2))
    for name, value in found.facts:
        facts.add_row(name, visible(value))
    layers = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    layers.add_column("no.", justify="right")
    for head in ("layer", "kind", "output", "axes"):
        layers.add_column(head)
    layers.add_column("weights", justify="right")
    for row in found.layers:
        layers.add_row(*map(visible, row))
    screen = console()
    screen.print(facts)
    screen.print()
    screen.print(layers)
