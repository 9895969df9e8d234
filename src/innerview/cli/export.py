"""`innerview export`: a built-in network as source and weights, to take away."""

from __future__ import annotations

from pathlib import Path

import click

from innerview.cli.console import say


@click.command("export", short_help="Take a built-in network away, as PyTorch, Keras or NumPy source and weights.")
@click.argument("network", default="allcnn", metavar="[NETWORK]")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["pytorch", "keras", "numpy"]),
    default="pytorch",
    show_default=True,
    help="Of the source.",
)
@click.option("-o", "--output", metavar="FOLDER", default="", help="New or empty folder. [NETWORK-FORMAT]")
@click.option("--force", is_flag=True, help="Replace an earlier export.")
def command(*, network: str, format_: str, output: str, force: bool) -> None:
    """Write a built-in NETWORK as one readable source file with its weights, that need no innerview.

    `python network.py picture.png` in the folder says what it takes a picture for; README.md tells the rest.
    """
    from innerview.workbench.export import export

    found = export(network, format_, Path(output) if output else "", force=force)
    for file in found.files:
        say(file)
    say(f"{found.words}.")
