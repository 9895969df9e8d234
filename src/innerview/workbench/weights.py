"""What training did to weights: histograms of a model or of files of weights, as images and as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Final

import numpy as np
from safetensors.numpy import save

from innerview import pictures
from innerview.errors import DataError
from innerview.files.atomic import write
from innerview.files.regular import is_folder, size_of
from innerview.files.weights import WHAT, Stored, read_arrays
from innerview.reprs import short
from innerview.results import WeightHistograms
from innerview.session.compute.weights import count_weights
from innerview.session.opening import opened_model
from innerview.session.progress import Report, SubProgress, silent
from innerview.types import Array
from innerview.typing import ModelLike
from innerview.viewer import sentences
from innerview.workbench.csv_table import csv_table
from innerview.workbench.folders import open_folder

PICKLED: Final = frozenset({".pt", ".pth", ".bin", ".ckpt"})
"""Endings of what torch.save wrote."""


@short
@dataclass(frozen=True)
class Counted:
    """What `weights` left behind: the histograms, what is seen in them, and the files."""

    histograms: WeightHistograms
    words: str
    files: tuple[Path, ...]


def weights(
    files: Sequence[str | Path] = (),
    *,
    model: ModelLike = "allcnn",
    output: str | Path = "innerview-weights",
    bins: int = 128,
    shared_bins: bool = False,
    progress: Report | None = None,
) -> Counted:
    """Draw the histograms of weights and write them as tables.

    Args:
        files: of weights (see `read_weights`) in the order of time, each a checkpoint called by its name; if there are
            none, the weights of `model`, before and after training where both are known.
        model: a model (`innerview.typing.ModelLike`), or the name of one.
        output: folder; new, empty, or made by innerview.
        bins: how many; even.
        shared_bins: one set of bins for all layers.
        progress: told what is being done; raising in it stops the work.

    Raises:
        DataError: a file can't be read, or holds no weights.
        OutputError: the folder can't be written or holds other things.
    """
    all_of_it, notes = SubProgress(progress or silent, 1, 0, 1, "weights"), list[str]()
    if files:
        named = _named(files)
        reading, checkpoints = all_of_it.part(0, 0.3, "reading", unit="files"), dict[str, Mapping[str, Array]]()
        for done, (name, path) in enumerate(named, start=1):
            stored = read_weights(path)
            checkpoints[name] = stored.weights
            notes += [f"{name}: {note}" if len(named) > 1 else note for note in stored.notes]
            reading.progress(done, len(named))
    else:
        opened = opened_model(model)
        checkpoints = opened.weights or {"now": {}}
        notes += [note for note in getattr(opened.model, "notes", ()) if "weight" in note]
    counting = all_of_it.part(0.3, 0.5, "counting", unit="layers")
    found = count_weights(checkpoints, bins=bins, shared_bins=shared_bins, held=1, portion=counting, notes=notes)
    folder = open_folder(Path(output))
    written: list[Path] = []
    charts = {"weights.png": pictures.histogram_figure, "weights-by-layer.png": pictures.layers_figure}
    for number, (name, figure) in enumerate(charts.items()):
        all_of_it.part(0.5, 1, "drawing", unit="charts").progress(number, len(charts))
        written.append(pictures.save(figure(found), folder / name))
    for name, content in (
        ("weights.csv", bins_table(found)),
        ("statistics.csv", statistics_table(found)),
        ("weights.safetensors", save({key: np.ascontiguousarray(value) for key, value in _arrays(found).items()})),
    ):
        write(folder / name, content)
        written.append(folder / name)
    return Counted(found, sentences.weights(found), tuple(written))


def read_weights(path: Path) -> Stored:
    """Read a file of weights: safetensors, .npz, .npy, or what torch.save wrote of a state dict; none runs code.

    Raises:
        DataError: it can't be read, is of another kind, or holds no weights.
        MissingExtra: PyTorch wrote it, and is not installed.
    """
    if is_folder(path):
        raise DataError(
            f"{path} is a folder, and weights are read from files; name some of its files (those of a "
            f"training are in checkpoints/), or look at a whole training: innerview inspect {path}"
        ).of("weights", path=path, found="a folder")
    if path.suffix.lower() in PICKLED:
        size_of(path, WHAT)  # before PyTorch is imported, which takes seconds
        return import_module("innerview.adapters.torch.files").read_state(path)
    return read_arrays(path)


def bins_table(found: WeightHistograms) -> bytes:
    """Write counts as CSV: one line for each checkpoint, layer and bin."""
    rows = [
        (checkpoint, layer, f"{edges[at]:.9g}", f"{edges[at + 1]:.9g}", found.counts[time, place, at])
        for time, checkpoint in enumerate(found.checkpoints)
        for place, (layer, edges) in enumerate(zip(found.layers, found.edges, strict=True))
        for at in range(found.counts.shape[2])
    ]
    return csv_table(("checkpoint", "layer", "from", "to", "weights"), rows)


STATISTICS = ("mean", "std", "minimum", "maximum", "under", "over", "nan", "infinite")


def statistics_table(found: WeightHistograms) -> bytes:
    """Write statistics as CSV: one line for each checkpoint and layer, then one for each note."""
    values = {name: getattr(found, name) for name in STATISTICS}
    rows: list[tuple[object, ...]] = [
        (
            checkpoint,
            layer,
            found.sizes[time, place],
            *(f"{values[name][time, place]:.9g}" for name in STATISTICS),
            "" if found.sizes[time, place] else "no such weights here",
        )
        for time, checkpoint in enumerate(found.checkpoints)
        for place, layer in enumerate(found.layers)
    ]
    rows += [("", "", "", *("" for _ in STATISTICS), note) for note in found.notes]
    return csv_table(("checkpoint", "layer", "weights", *STATISTICS, "note"), rows)


def _arrays(found: WeightHistograms) -> dict[str, Array]:
    return {name: getattr(found, name) for name in ("edges", "counts", *STATISTICS)}


def _named(files: Sequence[str | Path]) -> list[tuple[str, Path]]:
    """Call each file by its stem, or by its whole path where two stems are equal."""
    paths = [Path(one) for one in files]
    stems = [path.stem for path in paths]
    return [(path.stem if stems.count(path.stem) == 1 else str(path), path) for path in paths]
