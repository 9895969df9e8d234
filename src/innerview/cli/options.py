"""Options that several commands share, and how lists are written on a command line."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import click

from innerview.cli.console import say
from innerview.cli.defaults import QUERY, Decorator, Elsewhere, constant, option, said


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


def regions(text: str) -> int | str:
    """Read a number; anything else is read where it is used; a type for click."""
    return int(text) if text.isdecimal() and len(text) < 7 else text


MODEL: Final = (
    click.option(
        "--model",
        "model",
        default="allcnn",
        show_default=True,
        metavar="MODEL",
        help="A built-in model; timm:, torchvision:, hf:, keras: or torch.hub: and a name; module:factory; "
        "file.py:factory; a file or folder.",
    ),
    click.option(
        "--weights",
        default="",
        metavar="FILE",
        help="Weights of the model: safetensors, or a state dict of torch.save.",
    ),
    click.option(
        "--classes",
        default="",
        metavar="FILE",
        help="Names of the model's classes, one a line; a number; or texts, of CLIP: 'a photo of a {cat,dog}'.",
    ),
    click.option(
        "--input-spec", default="", metavar="SPEC", help='Input, such as "224x224x3 range=0..255 layout=HWC".'
    ),
    click.option(
        "--output-spec", default="", metavar="SPEC", help='Output, such as "logits temperature=1 output=…". [logits]'
    ),
    click.option("--no-weights", is_flag=True, help="A hub's model with random weights: nothing is fetched."),
    click.option(
        "--device",
        default="",
        metavar="NAME",
        help="Where the model runs: PyTorch's cpu, cuda, cuda:1, mps; ONNX Runtime's cpu, cuda, coreml. [as it is]",
    ),
    click.option(
        "--precision",
        default="",
        metavar="NAME",
        help="What the model computes in: bfloat16, float16, float32 or float64. [as it is]",
    ),
    click.option(
        "--batch-size",
        type=click.IntRange(1),
        default=None,
        help="Images in one pass through the model. [as many as are fastest and fit]",
    ),
    click.option("--trust-code", is_flag=True, help="Open the model even if that runs code in its files."),
)


def model(
    *, warn: bool = True, argument: bool = False, named: bool = False, requested: bool = False, optional: bool = False
) -> Decorator:
    """--model and all that describes it; the command is given `model`, opened, or the name of a built-in one.

    Args:
        warn: say on the error stream if the model's predictions for the example images are all the same.
        argument: the model stands on the line without an option, and the command is given its name too, as `named`.
        named: the command is given the name too, though it is an option.
        optional: the argument may be left out, for allcnn.
        requested: the command is given all that was said of the model too, as `request`, by which it opens again.
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
            no_weights: bool,
            trust_code: bool,
            device: str,
            precision: str,
            batch_size: int | None,
            **others: Any,
        ) -> Any:
            from innerview.adapters.numpy.cores import BLAS
            from innerview.cli.memory import keep_memory
            from innerview.session.doubts import doubts
            from innerview.session.models import ModelRequest, open_model

            keep_memory()
            # A thread of OpenBLAS that has nothing to do takes a core for a tenth of a second before it sleeps.
            click.get_current_context().with_resource(BLAS.alone())
            request = ModelRequest(
                model,
                weights,
                classes,
                input_spec,
                output_spec,
                trust_code,
                not no_weights,
                device=device,
                precision=precision,
                batch_size=batch_size or 0,
            )
            found = open_model(request)
            for doubt in doubts(found) if warn and not isinstance(found, str) else ():
                say(f"innerview: warning: {doubt}.", err=True)
            told = {"named": model} if argument or named else {}
            return command(*args, model=found, **told, **({"request": request} if requested else {}), **others)

        place = (
            click.argument("model", default="allcnn", metavar="[MODEL]")
            if optional
            else click.argument("model", metavar="MODEL")
        )
        return _all((place, *MODEL[1:]) if argument else MODEL)(opened)

    return decorate


def output(home: str, *, file: bool = False) -> Decorator:
    """--output, whose default stands at the function that writes."""
    kind, words = ("FILE", FILE) if file else ("FOLDER", FOLDER)
    return option(
        "-o",
        "--output",
        type=click.Path(path_type=Path, dir_okay=not file),
        metavar=kind,
        help=words,
        home=home,
    )


FOLDER: Final = "Folder to write to: new, empty, or made by innerview."
FILE: Final = "File to write; one that is there is replaced."


def network(home: str) -> Decorator:
    """--no-network."""
    return option(
        "--network/--no-network",
        help="Put the model into the page, which then answers by itself; if its weights fit in --max-size.",
        home=home,
    )


def max_size(home: str) -> Decorator:
    """--max-size."""
    return option(
        "--max-size",
        type=click.FloatRange(0, min_open=True),
        metavar="MB",
        help="Of the weights (in 16 bits) that may stand in a page.",
        home=home,
    )


def crop(home: str) -> Decorator:
    """--crop."""
    return option("--crop", help="center, whole, or left,top,width,height in pixels.", home=home)


def _all(options: tuple[Decorator, ...]) -> Decorator:
    """Several options in the order in which the help lists them."""
    return lambda command: functools.reduce(lambda wrapped, option: option(wrapped), reversed(options), command)


class _MethodOption(Elsewhere):
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


def fills(words: str) -> Decorator:
    """--fill, in a command's own words."""
    return option(
        "--fill",
        "fills",
        several=True,
        metavar="NAME",
        help=f"{words}; several. A name, an image file, or data (see --data).",
    )


def seed(words: str) -> Decorator:
    """--seed, in a command's own words."""
    return option("--seed", type=click.IntRange(0), help=words)


def data_of_fill() -> Decorator:
    """--data, of commands that take no other image from it."""
    return option(
        "--data", type=click.Path(path_type=Path), metavar="FOLDER", help="Class folders that --fill data draws from."
    )


OPTIONS: Final[Mapping[str, Decorator]] = MappingProxyType(
    {
        "target": option(
            "--target", metavar="CLASS", help="Class to explain, by number or name. [the predicted class]"
        ),
        "versus": option("--versus", metavar="CLASS", help="Explain why the class and not this one."),
        "objective": option(
            "--objective",
            show_default="contrast, or what the model's outputs are",
            help="What is explained of it: log-odds, logit, contrast (with all other classes), probability.",
        ),
        "tolerance": option(
            "--tolerance",
            type=float,
            help="Error of the maps to reach: 0.01 is 1 %.",
            show_default="0.01; beyond 64 pixels 0.05",
        ),
        "max_evaluations": option("--max-evaluations", type=click.IntRange(2), help="Most evaluations to spend."),
        "judge": option("--judge/--no-judge", help="Hold maps against every combination of regions. [of small images]"),
        "regions": option(
            "--regions",
            type=regions,
            metavar="REGIONS",
            help="All combinations of these are shown: a number (2 to 12), 3x3, superpixels[:N].",
        ),
        "parts": option(
            "--parts", is_flag=True, help="Tell what parts alone are predicted as: about 2,000 passes. [not told]"
        ),
        "fills": option(
            "--fill", "fills", several=True, metavar="NAME", help="What stands in a region's place; several."
        ),
        "rule": option("--rule", metavar="NAME", help="A quadrature rule, instead of a tolerance."),
        "n_steps": option(
            "--n-steps",
            type=click.IntRange(1),
            help="Evaluations of the rule.",
            shown=constant("innerview.methods.integrated_gradients:DEFAULT_STEPS"),
        ),
        "baselines": option(
            "--baseline",
            "baselines",
            several=True,
            metavar="NAME",
            help="Path begins: black, white, gray, mean, blurred[:SIGMA], noise[:SEED], a file; several are averaged.",
        ),
        "methods": option("--method", "methods", several=True, cls=_MethodOption, metavar="NAME[:OPTION=VALUE,…]"),
        "kept": option("--kept/--no-kept", help="Draw what compare has found best for the model. [if none is named]"),
        "layers": option(
            "--layers", type=words, metavar="LIST", help="Numbers from 1, or names. [three, of allcnn 3,6,9]"
        ),
        "max_channels": option("--max-channels", type=click.IntRange(1), help="Channels drawn of each layer."),
        "alphas": option("--alphas", type=numbers, metavar="LIST", help="Positions on the path."),
        "fractions": option("--fractions", type=numbers, metavar="LIST", help="Fractions of the pixels to keep."),
        "vmax": option("--vmax", help="Colour scale of the maps: per-image, shared or a number."),
        "overlay": option("--overlay", metavar="NAME", help="How a map is drawn over the image."),
        "crop": crop(QUERY),
        "data": option(
            "--data", type=click.Path(path_type=Path), metavar="FOLDER", help="Class folders to select images from."
        ),
        "select": option(
            "--select", several=True, metavar="SELECTION", help="From --data: a number, a class, or class:number."
        ),
        "axis": option("--axis", type=click.Choice(["step", "time"]), help="Of the curves: step or time."),
        "smooth": option(
            "--smooth", type=click.IntRange(1), metavar="N", help="Steps averaged in a curve. [a hundredth of the run]"
        ),
        "probes": option(
            "--probe", "probes", several=True, metavar="IMAGE", help="Follow this image. [the example images]"
        ),
        "num_images": option("-n", "--num-images", type=click.IntRange(1), help="Test images."),
        "num_checkpoints": option("--num-checkpoints", type=click.IntRange(2), help="Most checkpoints to evaluate."),
        "seed": seed("Of the draw of test images."),
        "region": option(
            "--region",
            several=True,
            metavar="X,Y,W,H",
            help="Left, top, width and height, in pixels of the image as the model sees it; several. Or "
            "superpixels[:N].",
        ),
        "masks": option(
            "--mask", "masks", several=True, metavar="FILE", help="A region as an image, bright where it is; several."
        ),
        "n_placebos": option(
            "--placebos",
            "n_placebos",
            type=click.IntRange(0),
            metavar="N",
            help="Other places to hold the region against.",
        ),
    }
)
"""Options of the query, by its fields."""

QUESTION: Final = ("target", "versus", "objective", "tolerance")
CHOICE: Final = ("crop", "data", "select")


def query(*names: str, **others: Decorator) -> Decorator:
    """Options of the query; the command is given `query`, built of those that were given.

    Args:
        names: fields of the query, in the order in which the help lists them.
        others: options for fields whose help is another here; listed where their names stand.
    """

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(command)
        def parsed(*args: Any, **given: Any) -> Any:
            from innerview.session.query import Query

            asked = said({name: given.pop(name) for name in names})
            return command(*args, query=Query(**asked), **given)

        return _all(tuple(others.get(name, OPTIONS[name]) for name in names))(parsed)

    return decorate
