"""`innerview report`: the viewer as one HTML file."""

from __future__ import annotations

from typing import Any

import click

from innerview.cli import defaults, options
from innerview.cli.console import Command, say

HOME = "innerview.workbench.page.report:report"
"""Where the defaults of these options stand."""


@click.command("report", cls=Command, short_help="Write the viewer as one HTML file that opens anywhere, offline.")
@click.argument("images", nargs=-1, metavar="[IMAGE]...")
@options.model(named=True)
@options.query(*options.QUESTION, "judge", "regions", "parts", "fills", "baselines", "methods", "kept", *options.CHOICE)
@options.output(HOME, file=True)
@options.network(HOME)
@options.max_size(HOME)
def command(*, images: tuple[str, ...], model: Any, named: str, query: Any, **asked: Any) -> None:
    """Write the viewer with everything about some images (up to 500) as one HTML file.

    The file opens offline and loads nothing from elsewhere. A network that the page can run (the built-in ones) is put
    into it and answers there: other classes, the brush, your own images. Other models need `innerview serve` for that.
    """
    from innerview.cli.progress import steps
    from innerview.session.opening import opened_model
    from innerview.workbench.page.report import report

    opened = opened_model(model, named)
    with steps("Explaining") as progress:
        written = report(images, query, model=opened, progress=progress, **defaults.said(asked))
    say(*filter(None, (written.kept, *written.lines)))
    say(f"Open {written.page.absolute()} ({written.size / 1e6:.1f} MB)")
