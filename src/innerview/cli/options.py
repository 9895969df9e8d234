"""Options that several commands share, and how lists are written on a command line."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeAlias

import click

from innerview.cli.console import say

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


MODEL: Final = (
    click.option(
        "--model",
        "model",
        default="allcnn",
        show_default=True,
        metavar="MODEL",
        help="A built-in model, module:factory, file.py:factory, keras:Name, or a file: .keras, .h5, .safetensors.",
    ),
    click.option("--weights", default="", metavar="FILE", help="Safetensors weights for the module of a factory."),
    click.option(
        "--classes", default="", metavar="FILE", help="Names of the model's classes, one a line; or a number."
    ),
    click.option(
        "--input-spec", default="", metavar="SPEC", help='Input, such as "224x224x3 range=0..255 layout=HWC".'
    ),
    click.option(
        "--output-spec", default="", metavar="SPEC", help='Output, such as "logits temperature=1 key=…". [logits]'
    ),
    click.option("--trust-code", is_flag=True, help="Open the model even if that runs code in its files."),
)


def network(*, warn: bool = True) -> Decorator:
    """--model and all that describes it; the command is given `network`, opened, or the name of a built-in one.

    Args:
        warn: say on the error stream if the model's predictions for the example images are all the same.
    """

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(command)
        def opened(
            *args: Any,
            model: str,
            weights: str,
            classes: str,
            input_spec: str,
            output_spec: str,
            trust_code: bool,
            **others: Any,
        ) -> Any:
            from innerview.session.doubts import doubts
            from innerview.session.models import ModelRequest, open_model

            found = open_model(ModelRequest(model, weights, classes, input_spec, output_spec, trust_code))
            for doubt in doubts(found) if warn and not isinstance(found, str) else ():
                say(f"innerview: warning: {doubt}.", err=True)
            return command(*args, network=found, **others)

        return _all(MODEL)(opened)

    return decorate


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


QUESTION: Final = (
    click.option(
        "--target", default="", metavar="CLASS", help="Class to explain, by number or name. [the predicted class]"
    ),
    click.option("--versus", default="", metavar="CLASS", help="Explain why the class and not this one."),
    click.option(
        "--objective",
        default="",
        show_default="contrast, or what the model's outputs are",
        help="What is explained of it: logit, contrast (with all other classes), probability.",
    ),
    click.option(
        "--tolerance", type=float, default=0.01, show_default=True, help="Error of the maps to reach: 0.01 is 1 %."
    ),
)

CHOICE: Final = (
    click.option(
        "--crop", default="center", show_default=True, help="center, whole, or left,top,width,height in pixels."
    ),
    click.option(
        "--data", type=click.Path(path_type=Path), metavar="FOLDER", help="Class folders to select images from."
    ),
    click.option(
        "--select", multiple=True, metavar="SELECTION", help="From --data: a number, a class, or class:number."
    ),
)


def question() -> Decorator:
    """What is explained, and how exactly: --target, --versus, --objective, --tolerance."""
    return _all(QUESTION)


def choice() -> Decorator:
    """Which part of which images: --crop, --data, --select."""
    return _all(CHOICE)


def _all(options: tuple[Decorator, ...]) -> Decorator:
    """Several options in the order in which the help lists them."""
    return lambda command: functools.reduce(lambda wrapped, option: option(wrapped), reversed(options), command)


class _MethodOption(click.Option):
    """An option whose help is made from the registry of methods, and only when somebody reads it."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """Name every method with its options."""
        from innerview.methods.registry import map_methods, registry

        rows = [registry().methods[name] for name in map_methods()]
        listed = ", ".join(
            row.name + (f" ({', '.join(one.name for one in row.options)})" if row.options else "") for row in rows
        )
        self.help = (
            f"A map by another method as well, such as occlusion:window=8,stride=4; several. There are {listed}."
        )
        return super().get_help_record(ctx)


def methods() -> Decorator:
    """--method, several times."""
    return click.option("--method", "methods", cls=_MethodOption, multiple=True, metavar="NAME[:OPTION=VALUE,…]")


def baseline() -> Decorator:
    """--baseline, several times."""
    return click.option(
        "--baseline",
        "baselines",
        multiple=True,
        default=("black",),
        show_default=True,
        metavar="NAME",
        help="Start of the path: black, white, gray, blurred[:SIGMA], noise[:SEED] or a file; several are averaged.",
    )
