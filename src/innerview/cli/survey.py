"""`innerview survey`: one row for each image of a data set."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import click

from innerview.cli import options
from innerview.cli.console import Command, say
from innerview.errors import InnerviewError, UsageError


@click.command("survey", cls=Command, short_help="Survey a data set: a row an image, in Parquet, resumable.")
@options.model(argument=True, requested=True)
@click.argument("data", type=click.Path(path_type=Path), metavar="DATA")
@click.option("--regions", metavar="RxC", default="3x3", show_default=True, help="Grid of regions, or none.")
@click.option("--fill", "fills", multiple=True, metavar="NAME", help="Effects under each. [blurred, mean, black]")
@click.option(
    "--layers",
    type=options.words,
    metavar="LIST",
    help="Keep the largest value of each of their channels. [none]",
)
@click.option("--maps", metavar="NAME[:OPTION=VALUE,…]", help="Keep each image's map by this method too. [none]")
@click.option("--baseline", metavar="NAME", help="Of that method. [blurred]")
@click.option("--limit", type=click.IntRange(1), help="The first so many images. [all]")
@click.option("--sample", type=click.IntRange(1), help="So many images, drawn by --seed. [all]")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the sample.")
@click.option("--part", type=click.Choice(["test", "train"]), default="test", show_default=True, help="Of the data.")
@click.option("--crop", default="center", show_default=True, help="center, whole, or left,top,width,height in pixels.")
@click.option("--shard", metavar="I/N", default="1/1", show_default=True, help="Work out the I-th of N parts alone.")
@click.option("--workers", type=click.IntRange(1), default=1, show_default=True, help="Processes, each with the model.")
@click.option("--images-per-shard", type=click.IntRange(1), default=256, show_default=True, help="Images in a file.")
@click.option("--resume", is_flag=True, help="Go on with the survey that the folder holds.")
@options.output("innerview-survey")
def command(
    *,
    model: Any,
    named: str,  # noqa: ARG001 of the model
    request: Any,
    data: Path,
    regions: str,
    output: Path,
    shard: str,
    workers: int,
    **asked: Any,
) -> None:
    """Survey a data set: what is predicted of each image, how surely, which regions decide, and its features.

    MODEL is a built-in model, or whatever --model is elsewhere. DATA is a folder of class folders, or a list: a .csv or
    .parquet file with a column image (files, relative to the list), and label if known. The rows are Parquet files in
    the output folder: pandas.read_parquet(FOLDER), or any other reader of Parquet, opens them as one table.
    """
    from innerview.cli.progress import steps
    from innerview.workbench import survey

    given = {name: value for name, value in asked.items() if value not in (None, ())}
    grid = None if regions.strip().lower() == "none" else _pair("--regions", regions, "x", "3x3, or none")
    parts = _pair("--shard", shard, "/", "2/8 for the second of eight parts")
    if workers > 1 and parts != (1, 1):
        raise UsageError(
            f"--workers {workers} and --shard {shard} were given; give one: workers divide the whole survey"
        ).of("workers", asked=(workers, shard))
    try:
        with steps("Surveying") as progress:
            if workers > 1:
                given |= {"regions": grid, "output": output, "progress": progress}
                found = import_module("innerview.workbench.survey.workers").survey_by(workers, request, data, **given)
            else:
                found = survey(model, data, regions=grid, shard=parts, output=output, progress=progress, **given)
    except KeyboardInterrupt:
        raise InnerviewError(f"stopped. Whole files stay in {output}; go on by the same command with --resume").of(
            "stopped", path=output
        ) from None
    say(found.words)
    for note in found.notes:
        say(note, err=True)
    if found.rows and found.failed == found.rows:
        click.get_current_context().exit(1)


def _pair(option: str, text: str, between: str, example: str) -> tuple[int, int]:
    """Two whole numbers as they are typed."""
    first, _, second = text.lower().replace("×", "x").partition(between)
    if not (first.strip().isdecimal() and second.strip().isdecimal() and len(text) < 30):
        raise UsageError(f"{option} {text!r} was given; it is written as {example}").of(option, asked=text)
    return int(first), int(second)
