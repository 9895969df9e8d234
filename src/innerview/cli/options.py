"""Options that several commands share, and how lists are written on a command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import click

Decorator: TypeAlias = Callable[[Callable[..., Any]], Callable[..., Any]]


def numbers(text: str) -> tuple[float, ...]:
    """Read numbers with commas between them, "0.01,0.1,1"; a type for click."""
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise click.BadParameter(
            f"{text!r} is not a list of numbers with commas between them, such as 0.01,0.1,1"
        ) from None


def words(text: str) -> tuple[str, ...]:
    """Read words with commas between them, "3,6,9" or "conv1,elu3"; a type for click."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def network() -> Decorator:
    """--network."""
    return click.option("--network", default="allcnn", show_default=True, metavar="NAME", help="A built-in network.")


def output(default: str) -> Decorator:
    """--output."""
    return click.option(
        "-o",
        "--output",
        type=click.Path(path_type=Path),
        default=Path(default),
        show_default=True,
        metavar="FOLDER",
        help="Folder to write to: new, empty, or made by innerview.",
    )


def baseline() -> Decorator:
    """--baseline, several times."""
    return click.option(
        "--baseline",
        "baselines",
        multiple=True,
        default=("black",),
        show_default=True,
        metavar="NAME",
        help="Start of the path: black, white, grey, blurred[:SIGMA], noise[:SEED] or a file; several are averaged.",
    )
