"""`innerview train`: train the built-in model, and leave a run folder that can be watched and resumed."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Literal

import click

from innerview.cli import defaults, options
from innerview.cli.console import Command, say
from innerview.errors import InnerviewError, OutputError
from innerview.files.regular import exists

DATA = "innerview.workbench.train:DataRequest"
"""Where the defaults of what is said of the data stand."""


@click.command("train", cls=Command, short_help="Train the built-in model on CIFAR-10, or on images of your own.")
@defaults.option(
    "--config",
    metavar="NAME",
    help="allcnn, the best known, or tutorial2018, that of the 2018 tutorial.",
    shown=defaults.constant("innerview.workbench.train:CONFIGS", 0),
    home="innerview.workbench.train:train",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="CIFAR-10's tarball or folder, an .npz file, or class folders of your own.",
)
@click.option("--download", type=click.Path(path_type=Path), metavar="FOLDER", help="Fetch CIFAR-10 to FOLDER first.")
@click.option("--steps", type=click.IntRange(1), metavar="N", help="Updates of the weights. [the config's]")
@click.option("--seed", type=click.IntRange(0), metavar="N", help="Of everything random. [the config's]")
@click.option("--batch-size", type=click.IntRange(1), metavar="N", help="Images in a step. [the config's]")
@click.option("--channels", type=click.IntRange(1), metavar="N", help="Of the hidden layers. [the config's]")
@defaults.option(
    "--image-size",
    "size",
    type=click.IntRange(4),
    metavar="N",
    help="Height and width of images from class folders.",
    shown=defaults.constant("innerview.data.cifar10:SIDE"),
    home=DATA,
)
@options.crop(DATA)
@click.option("--skip-bad", is_flag=True, help="Leave out images that can't be read, and list them.")
@click.option("--resume", is_flag=True, help="Go on with the run in the folder, to the same weights bit for bit.")
@click.option("--threads", type=click.IntRange(1), metavar="N", help="Of the processor. [the config's]")
@click.option(
    "--precision",
    type=click.Choice(["float32", "bfloat16"]),
    help="Of the convolutions. [what this machine does faster]",
)
@click.option("--device", metavar="NAME", help="Where it trains, such as cuda or mps. [cpu]")
@click.option(
    "--tensorboard", type=click.Path(path_type=Path), metavar="FOLDER", help="Write event files there at the end."
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    default=Path("innerview-training"),
    show_default=True,
    metavar="FOLDER",
    help=options.FOLDER,
)
def command(
    *,
    config: str | None,
    data: Path | None,
    download: Path | None,
    steps: int | None,
    seed: int | None,
    batch_size: int | None,
    channels: int | None,
    size: int | None,
    crop: str | None,
    skip_bad: bool,
    resume: bool,
    threads: int | None,
    precision: Literal["float32", "bfloat16"] | None,
    device: str | None,
    tensorboard: Path | None,
    output: Path,
) -> None:
    """Train the built-in model and record it: checkpoints, every metric, histograms.

    Ctrl-C keeps what there is; the same command with --resume continues. `innerview inspect` shows the run, also while
    it lasts.
    """
    from innerview.cli.training_progress import Screen
    from innerview.workbench.train import Changes, DataRequest, train

    if data is not None and download is not None:
        raise click.UsageError("--data and --download were both given; give one of them.")
    with Screen() as screen:
        try:
            trained = train(
                DataRequest(data, download, size, skip_bad=skip_bad, **defaults.said({"crop": crop})),
                output,
                config=config,
                changes=Changes(steps, seed, batch_size, channels, threads, precision, device),
                resume=resume,
                tensorboard=tensorboard,
                begun=screen.begin,
                progress=screen.report,
                downloading=screen.download,
            )
        except KeyboardInterrupt:
            if not exists(output / "manifest.json"):
                raise InnerviewError(_not_begun(download)).of("stopped") from None
            line = _going_on(output, data, download, size, crop, skip_bad=skip_bad)
            raise InnerviewError(
                f"stopped at step {screen.step:,}. Continue with\n  {line}\nEverything up to there is kept"
            ).of("stopped", found=screen.step) from None
        except OutputError as problem:
            if not screen.step:
                raise
            line = _going_on(output, data, download, size, crop, skip_bad=skip_bad)
            raise problem.retold(f"{problem}. Make room there, then continue with\n  {line}") from None
    say(_said(trained.accuracy, trained.average_accuracy, trained.n_images))
    say(f"The run is in {output}. Inspect it: innerview inspect {shlex.quote(str(output))}")


def _said(accuracy: float, average: float | None, n_images: int) -> str:
    mean = "" if average is None else f"; of their moving average (EMA): {100 * average:.2f} %"
    return f"Test accuracy of the last weights: {100 * accuracy:.2f} % of {n_images:,} images{mean}."


def _not_begun(download: Path | None) -> str:
    """Say what is left of a run that was stopped before its first step."""
    arrived = sum(file.stat().st_size for file in download.glob("*.partial")) if download else 0
    if not arrived:
        return "stopped before the training had begun. Nothing is left"
    return (
        f"stopped before the training had begun. {arrived / 1e6:.0f} MB of the download are kept in {download}; "
        "the same command goes on from there"
    )


def _going_on(
    output: Path, data: Path | None, download: Path | None, size: int | None, crop: str | None, *, skip_bad: bool
) -> str:
    """Give the command that goes on."""
    parts = ["innerview", "train", "--resume", "-o", str(output)]
    parts += ["--data", str(data)] if data else []
    parts += ["--download", str(download)] if download else []
    parts += ["--image-size", str(size)] if size else []
    parts += ["--crop", crop] if crop else []
    parts += ["--skip-bad"] if skip_bad else []
    return " ".join(shlex.quote(part) for part in parts)
