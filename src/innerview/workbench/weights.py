"""What training did to weights: histograms of a network or of files of weights, as pictures and as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Final

import numpy as np
from safetensors.numpy import save

from innerview import pictures
from innerview.errors import DataError
from innerview.files.atomic import write
from innerview.files.regular import size_of
from innerview.files.weights import WHAT, Stored, read_arrays
from innerview.methods import weight_histograms
from innerview.methods.weights import is_real
from innerview.network import Differentiable
from innerview.pictures.charts.spread import HELD
from innerview.reprs import short
from innerview.results import WeightHistograms
from innerview.types import Array
from innerview.viewer import sentences
from innerview.workbench.csv_table import csv_table
from innerview.workbench.folders import open_folder
from innerview.workbench.items import open_snapshots
from innerview.workbench.portions import ALONE, Portion, Report, silent

PICKLED: Final = frozenset({".pt", ".pth", ".bin", ".ckpt"})
"""Endings of what torch.save wrote."""


@short
@dataclass(frozen=True)
class Counted:
    """What `weights` left behind: the histograms, what is seen in them, and the files."""

    histograms: WeightHistograms
    words: str
    files: tuple[Path, ...]


def count_weights(
    snapshots: Mapping[str, Mapping[str, Array]],
    *,
    bins: int = 128,
    same_bins: bool = False,
    held: float = HELD,
    portion: Portion = ALONE,
    notes: Sequence[str] = (),
) -> WeightHistograms:
    """Count kernels and matrices of any snapshot; vectors (biases, scales) only where there is nothing else.

    Args:
        snapshots: by name, in the order of time: weights by name.
        bins: how many; even.
        same_bins: one set of bins for all layers.
        held: share of each layer's weights that the bins hold at least, in every snapshot; the few beyond are counted
            as under or over, since a single outlier would leave no width to all others.
        portion: told of each layer.
        notes: what is known of the weights already, for those of the result.

    Raises:
        DataError: there are none.
    """
    known = dict.fromkeys(name for weights in snapshots.values() for name in weights)
    real = [name for name in known if all(is_real(one[name]) for one in snapshots.values() if name in one)]
    kernels = [name for name in real if any(np.ndim(one[name]) > 1 for one in snapshots.values() if name in one)]
    layers = kernels or real
    if not layers:
        raise DataError(f"there are no weights in {', '.join(snapshots)}; name files or a model that have some")
    limits = [_limit(snapshots, name, held) for name in layers] if held < 1 and not same_bins else []
    found = weight_histograms(
        snapshots, layers=layers, bins=bins, limits=limits, same_bins=same_bins, progress=portion.progress
    )
    return replace(found, notes=(*notes, *_changes(snapshots, layers), *_left_out(list(known), layers)))


def _changes(snapshots: Mapping[str, Mapping[str, Array]], layers: Sequence[str]) -> list[str]:
    """Say which layers some snapshots lack, and which change their shape."""
    told: list[str] = []
    for name in layers:
        lacking = [snapshot for snapshot, weights in snapshots.items() if name not in weights]
        shapes = dict.fromkeys(np.shape(weights[name]) for weights in snapshots.values() if name in weights)
        if lacking:
            told.append(f"{name} is not in {', '.join(lacking)}")
        if len(shapes) > 1:
            told.append(f"{name} changes its shape: {' to '.join(' × '.join(map(str, one)) for one in shapes)}")
    return told


def _left_out(known: Sequence[str], layers: Sequence[str]) -> list[str]:
    """Say how much is not drawn: biases and scales beside kernels, and what is no real number."""
    others = [name for name in known if name not in set(layers)]
    few = ", ".join(others[:3]) + (", …" if len(others) > 3 else "")
    return [f"{len(others):,} vectors and single numbers ({few}) are left out"] if others else []


def _limit(snapshots: Mapping[str, Mapping[str, Array]], name: str, held: float) -> float:
    """The |weight| up to which the share `held` lies in each snapshot; 1 where all are 0."""
    found = 0.0
    for weights in snapshots.values():
        with np.errstate(invalid="ignore"):  # a NaN that signals is a NaN like others
            sizes = np.abs(np.asarray(weights.get(name, ()), dtype=np.float64).ravel())
        sizes = sizes[np.isfinite(sizes)]
        if sizes.size:
            place = min(int(np.ceil(held * sizes.size)), sizes.size) - 1
            found = max(found, float(np.partition(sizes, place)[place]))
    return found or 1.0


def weights(
    files: Sequence[str | Path] = (),
    *,
    network: Differentiable | str = "allcnn",
    output: str | Path = "innerview-weights",
    bins: int = 128,
    same_bins: bool = False,
    progress: Report | None = None,
) -> Counted:
    """Draw the histograms of weights and write them as tables.

    Args:
        files: of weights (see `read_weights`) in the order of time, each a snapshot called by its name; if there are
            none, the weights of `network`, before and after training where both are known.
        network: a network, or the name of a built-in one.
        output: folder; new, empty, or made by innerview.
        bins: how many; even.
        same_bins: one set of bins for all layers.
        progress: told what is being done; raising in it stops the work.

    Raises:
        DataError: a file can't be read, or holds no weights.
        OutputError: the folder can't be written or holds other things.
    """
    all_of_it, notes = Portion(progress or silent, 1, 0, 1, "weights"), list[str]()
    if files:
        named = _named(files)
        reading, snapshots = all_of_it.part(0, 0.3, "reading", unit="files"), dict[str, Mapping[str, Array]]()
        for done, (name, path) in enumerate(named, start=1):
            stored = read_weights(path)
            snapshots[name] = stored.weights
            notes += [f"{name}: {note}" if len(named) > 1 else note for note in stored.notes]
            reading.progress(done, len(named))
    else:
        before, opened = open_snapshots(network)
        snapshots = {**before, "after" if before else "now": opened.weights()}
        notes += [note for note in getattr(opened, "notes", ()) if "weight" in note]
    counting = all_of_it.part(0.3, 0.5, "counting", unit="layers")
    found = count_weights(snapshots, bins=bins, same_bins=same_bins, held=1, portion=counting, notes=notes)
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
    if path.is_dir():
        raise DataError(
            f"{path} is a folder, and weights are read from files; name some of its files (those of a "
            f"training are in snapshots/), or look at a whole training: innerview inspect {path}"
        )
    if path.suffix.lower() in PICKLED:
        size_of(path, WHAT)  # before PyTorch is imported, which takes seconds
        return import_module("innerview.adapters.torch_files").read_state(path)
    return read_arrays(path)


def bins_table(found: WeightHistograms) -> bytes:
    """Write counts as CSV: one line for each snapshot, layer and bin."""
    rows = [
        (snapshot, layer, f"{edges[at]:.9g}", f"{edges[at + 1]:.9g}", found.counts[time, place, at])
        for time, snapshot in enumerate(found.snapshots)
        for place, (layer, edges) in enumerate(zip(found.layers, found.edges, strict=True))
        for at in range(found.counts.shape[2])
    ]
    return csv_table(("snapshot", "layer", "from", "to", "weights"), rows)


STATISTICS = ("mean", "std", "minimum", "maximum", "under", "over", "nan", "infinite")


def statistics_table(found: WeightHistograms) -> bytes:
    """Write statistics as CSV: one line for each snapshot and layer, then one for each note."""
    values = {name: getattr(found, name) for name in STATISTICS}
    rows: list[tuple[object, ...]] = [
        (
            snapshot,
            layer,
            found.sizes[time, place],
            *(f"{values[name][time, place]:.9g}" for name in STATISTICS),
            "" if found.sizes[time, place] else "no such weights here",
        )
        for time, snapshot in enumerate(found.snapshots)
        for place, layer in enumerate(found.layers)
    ]
    rows += [("", "", "", *("" for _ in STATISTICS), note) for note in found.notes]
    return csv_table(("snapshot", "layer", "weights", *STATISTICS, "note"), rows)


def _arrays(found: WeightHistograms) -> dict[str, Array]:
    return {name: getattr(found, name) for name in ("edges", "counts", *STATISTICS)}


def _named(files: Sequence[str | Path]) -> list[tuple[str, Path]]:
    """Call each file by its stem, or by its whole path where two stems are equal."""
    paths = [Path(one) for one in files]
    stems = [path.stem for path in paths]
    return [(path.stem if stems.count(path.stem) == 1 else str(path), path) for path in paths]
