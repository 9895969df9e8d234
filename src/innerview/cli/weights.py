"""`innerview weights`: what training did to the weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from innerview.cli import defaults, options
from innerview.cli.console import Command, say

HOME = "innerview.workbench.weights:weights"
"""Where the defaults of these options stand."""


@click.command("weights", cls=Command, short_help="Histograms of weights, before and after training.")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path), metavar="[FILE]...")
@options.model()
@defaults.option("--bins", type=click.IntRange(2), help="Bins of each histogram, even.", home=HOME)
@click.option("--shared-bins", is_flag=True, help="One set of bins for all layers instead of one for each.")
@options.output(HOME)
def command(*, files: tuple[Path, ...], model: Any, **asked: Any) -> None:
    """Draw histograms of weights, before and after training, and write them as CSV.

    FILE holds weights: .safetensors (or the index of several), .npz, .npy, or a state dict that torch.save wrote; no
    code in them is run. Several are checkpoints in the order of time. Without FILE, the built-in model is shown.
    """
    from innerview.cli.progress import steps
    from innerview.workbench import weights

    with steps("Counting") as progress:
        counted = weights(files, model=model, progress=progress, **defaults.said(asked))
    say(counted.words)
    for file in counted.files:
        say(file)
