"""What training did to weights: histograms of a network or of any safetensors files, as pictures and as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from innerview import pictures
from innerview.errors import NetworkError
from innerview.files.atomic import write
from innerview.methods import weight_histograms
from innerview.network import Differentiable
from innerview.pictures.charts.spread import HELD
from innerview.results import WeightHistograms
from innerview.types import Array
from innerview.viewer import sentences
from innerview.workbench.csv_table import csv_table
from innerview.workbench.folders import open_folder
from innerview.workbench.items import open_snapshots
from innerview.workbench.portions import ALONE, Portion, Report, silent


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
) -> WeightHistograms:
    """Count kernels and matrices; vectors (biases, scales) only where there is nothing else.

    Args:
        snapshots: by name, in the order of time: weights by name.
        bins: how many; even.
        same_bins: one set of bins for all layers.
        held: share of each layer's weights that the bins hold at least, in every snapshot; the few beyond are counted
            as under or over, since a single outlier would leave no width to all others.
        portion: told of each layer.
    """
    first = next(iter(snapshots.values()))
    layers = [name for name, value in first.items() if value.ndim > 1] or list(first)
    limits = [_limit(snapshots, name, held) for name in layers] if held < 1 and not same_bins else []
    return weight_histograms(
        snapshots, layers=layers, bins=bins, limits=limits, same_bins=same_bins, progress=portion.progress
    )


def _limit(snapshots: Mapping[str, Mapping[str, Array]], name: str, held: float) -> float:
    """The |weight| up to which the share `held` lies in each snapshot; 1 where all are 0."""
    found = 0.0
    for weights in snapshots.values():
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
        files: safetensors files in the order of time, each a snapshot called by its name; if there are none,
            the weights of `network`, before and after training where both are known.
        network: a network, or the name of a built-in one.
        output: folder; new, empty, or made by innerview.
        bins: how many; even.
        same_bins: one set of bins for all layers.
        progress: told what is being done; raising in it stops the work.

    Raises:
        NetworkError: a file can't be read; `UnknownLayer`: a snapshot lacks a weight of the first one.
        OutputError: the folder can't be written or holds other things.
    """
    all_of_it = Portion(progress or silent, 1, 0, 1, "weights")
    if files:
        named = _named(files)
        reading, snapshots = all_of_it.part(0, 0.3, "reading", unit="files"), dict[str, Mapping[str, Array]]()
        for done, (name, path) in enumerate(named, start=1):
            snapshots[name] = read_weights(path)
            reading.progress(done, len(named))
    else:
        before, opened = open_snapshots(network)
        snapshots = {**before, "after" if before else "now": opened.weights()}
    counting = all_of_it.part(0.3, 0.5, "counting", unit="layers")
    found = count_weights(snapshots, bins=bins, same_bins=same_bins, held=1, portion=counting)
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


def read_weights(path: Path) -> dict[str, Array]:
    """Read a safetensors file, or raise NetworkError: nothing else is opened, since other formats can run code."""
    if path.is_dir():
        raise NetworkError(
            f"{path} is a folder, and weights are read from files; name some of its files (those of a "
            f"training are in snapshots/), or look at a whole training: innerview run {path}"
        )
    try:
        found: dict[str, Array] = load(path.read_bytes())
    except (SafetensorError, OSError, ValueError) as problem:
        raise NetworkError(
            f"the weights {path} can't be read ({problem}); give a safetensors file, which holds nothing but arrays"
        ) from problem
    if not found:
        raise NetworkError(f"the file {path} holds no weights; give one that does")
    return found


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
    """Write statistics as CSV: one line for each snapshot and layer."""
    values = {name: getattr(found, name) for name in STATISTICS}
    rows = [
        (snapshot, layer, found.sizes[time, place], *(f"{values[name][time, place]:.9g}" for name in STATISTICS))
        for time, snapshot in enumerate(found.snapshots)
        for place, layer in enumerate(found.layers)
    ]
    return csv_table(("snapshot", "layer", "weights", *STATISTICS), rows)


def _arrays(found: WeightHistograms) -> dict[str, Array]:
    return {name: getattr(found, name) for name in ("edges", "counts", *STATISTICS)}


def _named(files: Sequence[str | Path]) -> list[tuple[str, Path]]:
    """Call each file by its stem, or by its whole path where two stems are equal."""
    paths = [Path(one) for one in files]
    stems = [path.stem for path in paths]
    return [(path.stem if stems.count(path.stem) == 1 else str(path), path) for path in paths]
