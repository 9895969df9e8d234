"""`innerview survey`: one row for each image of a data set."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import click

from innerview.cli import defaults, options
from innerview.cli.console import Command, say
from innerview.errors import InnerviewError, UsageError

HOME = "innerview.workbench.survey.survey:survey"
"""Where the defaults of these options stand."""


def _of(parts: tuple[int, int]) -> str:
    return "{}/{}".format(*parts)


@click.command("survey", cls=Command, short_help="Survey a data set: a row an image, in Parquet, resumable.")
@options.model(argument=True, requested=True)
@click.argument("data", type=click.Path(path_type=Path), metavar="DATA")
@defaults.option("--regions", metavar="RxC", help="Grid of regions, or none.", shown=defaults.grid, home=HOME)
@defaults.option("--fill", "fills", several=True, metavar="NAME", help="Effects under each.", home=HOME)
@click.option(
    "--layers",
    type=options.words,
    metavar="LIST",
    help="Keep the largest value of each of their channels. [none]",
)
@click.option("--maps", metavar="NAME[:OPTION=VALUE,…]", help="Keep each image's map by this method too. [none]")
@defaults.option("--baseline", metavar="NAME", help="Of that method.", home=HOME)
@click.option("--limit", type=click.IntRange(1), help="The first so many images. [all]")
@click.option("--sample", type=click.IntRange(1), help="So many images, drawn by --seed. [all]")
@defaults.option("--seed", type=click.IntRange(0), help="Of the sample.", home=HOME)
@defaults.option("--part", type=click.Choice(["test", "train"]), help="Of the data.", home=HOME)
@options.crop(HOME)
@defaults.option(
    "--shard",
    metavar="I/N",
    help="Work out the I-th of N parts alone.",
    shown=_of,
    home=HOME,
)
@click.option(
    "--workers", type=click.IntRange(1), help="Processes, each with the model. [one; of Ray, one a processor]"
)
@click.option("--ray", metavar="[ADDRESS]", is_flag=False, flag_value="local", help="On Ray: HOST:PORT, auto or local.")
@defaults.option("--images-per-shard", type=click.IntRange(1), help="Images in a file.", home=HOME)
@click.option("--resume", is_flag=True, help="Go on with the survey that the folder holds.")
@options.output(HOME)
def command(
    *,
    model: Any,
    named: str,  # noqa: ARG001 of the model
    request: Any,
    data: Path,
    regions: str | None,
    shard: str | None,
    workers: int | None,
    ray: str | None,
    **asked: Any,
) -> None:
    """Survey a data set: what is predicted of each image, how surely, which regions decide, and its features.

    MODEL is a built-in model, or whatever --model is elsewhere. DATA is a folder of class folders, or a list: a .csv or
    .parquet file with a column image (files, relative to the list), and label if known. The rows are Parquet files in
    the output folder: pandas.read_parquet(FOLDER), or any other reader of Parquet, opens them as one table.
    """
    from innerview.cli.progress import steps
    from innerview.workbench import survey

    given = defaults.said(asked)
    if regions is not None:
        none = regions.strip().lower() == "none"
        given["regions"] = None if none else _pair("--regions", regions, "x", "3x3, or none")
    if shard is not None:
        given["shard"] = _pair("--shard", shard, "/", "2/8 for the second of eight parts")
    several = ray is not None or (workers or 1) > 1
    if several and given.pop("shard", (1, 1)) != (1, 1):
        option = f"--workers {workers}" if ray is None else f"--ray {ray}"
        raise UsageError(f"{option} and --shard {shard} were given; give one: workers divide the whole survey").of(
            "workers", asked=(workers, shard)
        )
    try:
        with steps("Surveying") as progress:
            given["progress"] = progress
            if ray is not None:
                on_ray = import_module("innerview.workbench.survey.cluster").survey_on_ray
                found = on_ray(ray, request, data, workers=workers, **given)
            elif several:
                found = import_module("innerview.workbench.survey.workers").survey_by(workers, request, data, **given)
            else:
                found = survey(model, data, **given)
    except KeyboardInterrupt:
        place = given.get("output") or defaults.default_of(HOME, "output")
        raise InnerviewError(f"stopped. Whole files stay in {place}; go on by the same command with --resume").of(
            "stopped", path=place
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
