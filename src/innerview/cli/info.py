"""`innerview info`: what a network is, and what it does to a picture."""

from __future__ import annotations

from typing import Any

import click

from innerview.cli import options
from innerview.cli.console import console
from innerview.names import visible


@click.command("info", short_help="Describe a network, and what it does to a picture.")
@click.argument("picture", default="", metavar="[PICTURE]")
@options.network(warn=False)  # it is one of the facts
@click.option("--crop", default="centre", show_default=True, help="centre, whole, or left,top,width,height in pixels.")
def command(*, picture: str, network: Any, crop: str) -> None:
    """Describe a network: its layers, what it takes and gives, and what will happen to PICTURE on its way in."""
    from rich.table import Table

    from innerview.workbench import info

    found = info(network, picture, crop)
    facts = Table.grid(padding=(0, 2))
    for name, value in found.facts:
        facts.add_row(name, visible(value))
    layers = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    layers.add_column("no.", justify="right")
    for head in ("layer", "kind", "gives"):
        layers.add_column(head)
    layers.add_column("weights", justify="right")
    for row in found.layers:
        layers.add_row(*map(visible, row))
    screen = console()
    screen.print(facts)
    screen.print()
    screen.print(layers)
