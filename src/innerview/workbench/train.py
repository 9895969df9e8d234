"""Train the built-in model from what a user says: data found at a path, a configuration by name, settings changed.

What can be wrong is said before anything is computed: a missing framework, a run that is there already or is another
one, data that can't be trained on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from innerview.allcnn import renamed
from innerview.data import cifar10
from innerview.data.download import Progress as Download
from innerview.data.fitting import parse_crop
from innerview.data.labelled import Dataset
from innerview.errors import DataError, OutputError, UsageError
from innerview.files.regular import exists, is_folder
from innerview.runs import RunFolder

if TYPE_CHECKING:
    from innerview.training import Configuration, Progress

CONFIGS: Final = ("allcnn", "tutorial2018")


@dataclass(frozen=True)
class Changes:
    """Settings that a user may change; None leaves them as the configuration (or the resumed run) has them."""

    steps: int | None = None
    seed: int | None = None
    batch_size: int | None = None
    channels: int | None = None
    threads: int | None = None
    precision: Literal["float32", "bfloat16"] | None = None
    device: str | None = None

    def given(self) -> dict[str, Any]:
        """Those that were given."""
        values = {one.name: getattr(self, one.name) for one in fields(self)}
        return {name: value for name, value in values.items() if value is not None}


@dataclass(frozen=True)
class DataRequest:
    """Where the images come from, and how they are brought to one size.

    Attributes:
        path: see `cifar10.load`; None if they are downloaded.
        download: folder to download CIFAR-10 to; None if they are read from `path`.
        size: height and width of images from class folders; None for 32, or what the resumed run had.
        crop: which part of them is taken: "center", "whole" or "left,top,width,height".
        skip_bad: leave out images that can't be read.
    """

    path: Path | None = None
    download: Path | None = None
    size: int | None = None
    crop: str = "center"
    skip_bad: bool = False

    def read(self, size: int, progress: Download | None = None) -> Dataset:
        """Read or download the images.

        Raises:
            DataError: there are none, or they can't be trained on.
            UsageError: no data were named, or another size or part of images whose size is fixed.
        """
        if self.download is not None:
            self._refuse_fitting(self.download, cifar10.SIDE)
            return cifar10.fetch(self.download, progress=progress)
        if self.path is None:
            raise UsageError("no data was named: give --data PATH, or --download FOLDER to fetch CIFAR-10").of(
                "data", found=None
            )
        crop = parse_crop(self.crop)
        if cifar10.official_folder(self.path) is not None:
            self._refuse_fitting(self.path, cifar10.SIDE)
        found = cifar10.load(self.path, size=self.size or size, crop=crop, skip_bad=self.skip_bad)
        if cifar10.holds_arrays(self.path):  # what is in a file is known when it was read
            self._refuse_fitting(self.path, found.train.images.shape[1])
        return found

    def _refuse_fitting(self, place: Path, side: int) -> None:
        """Refuse another size or part of images that are arrays already."""
        if self.size not in {None, side} or self.crop != "center":
            raise UsageError(
                f"the images at {place} are {side} pixels high and taken whole, size {self.size or side} and "
                f"crop {self.crop} were asked for; leave --image-size and --crop out, which are for class folders of "
                "images"
            ).of("image_size", asked=self.size, found=side)


@dataclass(frozen=True)
class Trained:
    """What a training left behind.

    Attributes:
        run: the run folder.
        accuracy: of the weights after the last step, on all test images, in [0, 1].
        average_accuracy: of their running mean; None where the configuration keeps none.
        n_images: how many test images those are.
        skipped: images that could not be read and were left out.
    """

    run: RunFolder
    accuracy: float
    average_accuracy: float | None
    n_images: int
    skipped: tuple[str, ...]


def train(
    data: DataRequest,
    folder: Path,
    *,
    config: str | None = None,
    changes: Changes | None = None,
    resume: bool = False,
    tensorboard: Path | None = None,
    begun: Callable[[Configuration, Dataset], None] | None = None,
    progress: Callable[[Progress], None] | None = None,
    downloading: Download | None = None,
) -> Trained:
    """Train, or go on training, and leave a run folder.

    Args:
        data: where the images come from.
        folder: of the run.
        config: one of CONFIGS; None for the first, or the resumed run's own.
        changes: settings that differ from the configuration's.
        resume: go on with the run in `folder`.
        tensorboard: folder for TensorBoard's event files, written at the end; None for none.
        begun: told what will be trained, on what, before the first step.
        progress: called after every step.
        downloading: told how much of CIFAR-10 has arrived.

    Raises:
        MissingExtra: PyTorch, or for `tensorboard` tensorboardX, is not installed.
        UsageError: a configuration that does not exist, a setting out of range.
        DataError, OutputError, ModelError: as `innerview.training.train` says.
        KeyboardInterrupt: after Ctrl-C, when what was done is saved.
    """
    from innerview import training
    from innerview.training.tensorboard import tensorboardx, write_events

    if tensorboard is not None:
        tensorboardx()  # rather now than after hours
    asked = changes or Changes()
    old = _there(folder, resume=resume)
    configuration = _resumed(old, config, asked) if old else _fresh(config or CONFIGS[0], asked)
    if old and not old.manifest.data.get("shape"):
        raise DataError(f"the manifest of {folder} does not say how large its images are; begin another run").of(
            "manifest", path=folder, found=None
        )
    found = data.read(int(old.manifest.data["shape"][0]) if old else cifar10.SIDE, downloading)
    if not old:
        configuration = configuration.fitted(found.train.images.shape[1])
    if begun is not None:
        begun(configuration, found)
    notes = (f"{len(found.skipped)} images could not be read and were left out",) if found.skipped else ()
    run = training.train(configuration, found, folder, resume=resume, progress=progress, notes=notes)
    if tensorboard is not None:
        write_events(run, tensorboard)
    last = next(record for record in reversed(run.metrics()) if "final_accuracy" in record)
    return Trained(run, last["final_accuracy"], last.get("ema_accuracy"), int(last["final_images"]), found.skipped)


def _there(folder: Path, *, resume: bool) -> RunFolder | None:
    """Open the run that is to be resumed, or make sure that there is none."""
    if resume:
        return RunFolder.open(folder)
    if exists(folder / "manifest.json"):
        raise OutputError(f"{folder} holds a run already; go on with it by --resume, or choose another folder").of(
            "run", path=folder
        )
    if exists(folder) and not is_folder(folder):
        raise OutputError(f"{folder} is a file; name a folder for the run with --output").of(
            "folder", path=folder, found="a file"
        )
    return None


def _fresh(config: str, changes: Changes) -> Configuration:
    """Make a configuration by its name, in the precision that this machine computes fast."""
    from innerview import training
    from innerview.training.precision import fast_precision

    known = {one.name: one for one in (training.ALLCNN, training.TUTORIAL2018)}
    if config not in known:
        raise UsageError(
            f"there is no configuration {config!r}{renamed(config)}; the configurations are {', '.join(known)}"
        ).of("config", asked=config, known=known)
    # What is fast was tried on the processor, and says nothing of another device.
    elsewhere = changes.device not in {None, "cpu"}
    precision = changes.precision or ("float32" if elsewhere else fast_precision())
    return replace(known[config], **{"precision": precision, **changes.given()})


def _resumed(run: RunFolder, config: str | None, changes: Changes) -> Configuration:
    """Take the run's own configuration; what was asked for besides is compared with it when the run is opened."""
    from innerview import training

    own = training.Configuration.from_dict(run.manifest.configuration)
    if config not in {None, own.name}:
        raise UsageError(
            f"the run in {run.path} has the configuration {own.name}, {config} was asked for; leave it out"
        ).of("config", asked=config, found=own.name)
    return replace(own, **changes.given())
