"""`innerview report`: the viewer as one HTML file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from innerview.cli import options
from innerview.cli.console import say


@click.command("report", short_help="The viewer as one HTML file that opens anywhere, offline, years later.")
@click.argument("pictures", nargs=-1, metavar="[PICTURE]...")
@options.network()
@options.question()
@click.option("--baseline", default="black", show_default=True, metavar="NAME", help="Start of the path.")
@options.choice()
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("innerview-report.html"),
    show_default=True,
    metavar="FILE",
    help="File to write; one that is there is replaced.",
)
def command(
    *,
    pictures: tuple[str, ...],
    network: Any,
    explained: str,
    versus: str,
    target: str,
    tolerance: float,
    baseline: str,
    crop: str,
    data: Path | None,
    picks: tuple[str, ...],
    output: Path,
) -> None:
    """Write the viewer with everything about some pictures (up to 500) as one HTML file.

    It opens from the disk, offline, and asks for nothing from elsewhere. What needs a network to answer (other
    classes, your own pictures, a brush) is in `innerview serve`; the page says so where it is missing.
    """
    from innerview.cli.progress import steps
    from innerview.workbench import Request
    from innerview.workbench.page.report import report

    request = Request(explained=explained, versus=versus, target=target, tolerance=tolerance, baselines=(baseline,))
    with steps("Looking inside") as progress:
        written = report(
            pictures, request, network=network, output=output, data=data, picks=picks, crop=crop, progress=progress
        )
    for line in written.lines:
        say(line)
    say(f"Open {written.page} ({written.size / 1e6:.1f} MB)")
