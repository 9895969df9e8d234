"""`innerview page`: the viewer with the network inside, as one HTML file."""

from __future__ import annotations

from typing import Any

import click

from innerview.cli import defaults, options
from innerview.cli.console import Command, say

HOME = "innerview.workbench.page.report:page"
"""Where the defaults of these options stand."""


@click.command("page", cls=Command, short_help="Write one HTML file with the network inside, which answers by itself.")
@click.argument("images", nargs=-1, metavar="[IMAGE]...")
@options.model()
@options.output(HOME, file=True)
def command(*, images: tuple[str, ...], model: Any, **asked: Any) -> None:
    """Write the viewer with the network itself inside as one HTML file, for images that whoever opens it brings along.

    It opens offline and loads nothing from elsewhere; nothing is computed before. IMAGE is there to begin with: the
    examples if none is named. Models that the page can't run need `innerview report` or `innerview serve`.
    """
    from innerview.workbench.page.report import page

    written = page(images, model, **defaults.said(asked))
    for line in written.lines:
        say(line)
    say(f"Open {written.page.absolute()} ({written.size / 1e6:.1f} MB)")
