"""What was seen of a model while it trained, beside its weights: gradients, channels, probe images, layers.

Each of them is written at a step and read back as it was; `RunFolder.observe` keeps them in
`observations/<series>-<step>.safetensors`. Whoever watches a training fills these objects in, whatever its framework.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from innerview.errors import DataError
from innerview.files.regular import reading
from innerview.reprs import short
from innerview.runs.folder import RunFolder
from innerview.types import Array

LEAST: Final = -40
MOST: Final = 24
MAGNITUDES: Final = MOST - LEAST
"""Bins of one sign: magnitudes from 2^-40 (9e-13) to 2^24 (2e7), a power of two each."""


@short
@dataclass(frozen=True)
class LogHistogram:
    """How often values have which sign and size: gradients span many powers of ten, which even bins can't show.

    Attributes:
        negative: counts of values below 0 by size, int64; bin k holds 2^(k-40) <= |value| < 2^(k-39). What is smaller
            stands in the first bin, what is larger in the last.
        positive: the same for values above 0.
        zero: how many are exactly 0; `nan` and `infinite`: how many are no number, and plus or minus infinity.
    """

    negative: Array
    positive: Array
    zero: int
    nan: int
    infinite: int

    @property
    def edges(self) -> Array:
        """Borders of the bins of one sign, one more than bins, in the unit of the values."""
        return 2.0 ** np.arange(LEAST, MOST + 1)

    @property
    def total(self) -> int:
        """How many values were counted."""
        return int(self.negative.sum() + self.positive.sum()) + self.zero + self.nan + self.infinite


@short
@dataclass(frozen=True)
class Channels:
    """What a layer gave for the probe images, channel by channel, over all images and places.

    Attributes:
        mean: of the finite values, float64, one number per channel (NaN where no value is finite); likewise `std`,
            `minimum` and `maximum`.
        positive: share of the values above 0, in [0, 1].
        saturated: share of the values at which the activation function's slope is below 0.01, in [0, 1]; NaN for
            layers that are no activation, or one whose slope can't be read off its output.
        nan: how many values are not a number, int64; `infinite`: plus or minus infinity.
    """

    mean: Array
    std: Array
    minimum: Array
    maximum: Array
    positive: Array
    saturated: Array
    nan: Array
    infinite: Array

    @property
    def dead(self) -> Array:
        """Numbers of the channels that never rise above 0: units that never fire.

        Empty for a layer whose `saturated` is not known: scores below 0 are nothing wrong.
        """
        return np.flatnonzero((self.positive == 0) & ~np.isnan(self.saturated))


STATISTICS: Final = ("mean", "std", "minimum", "maximum", "positive", "saturated", "nan", "infinite")


@short
@dataclass(frozen=True)
class Probes:
    """What the model said of the probe images.

    Attributes:
        outputs: image × class, float32, as the model gave them.
        probabilities: image × class, float64; NaN where it is not known how outputs become probabilities.
        maps: image × height × width, float32: what each pixel adds to the score of `classes`, in units of the output
            (integrated gradients from black), of the first images; empty where no maps were asked for.
        classes: number of the class that each map explains, int64.
        gaps: what is missing to each map's sum, in units of the output: the sum is exact where it is 0.
    """

    outputs: Array
    probabilities: Array
    maps: Array
    classes: Array
    gaps: Array


PROBES: Final = ("outputs", "probabilities", "maps", "classes", "gaps")


@short
@dataclass(frozen=True)
class Shots:
    """What one layer gave for the probe images that have maps: some of its channels, the same at every step.

    Attributes:
        values: image × height × width × channel, float16: the layer's values, as they are.
        channels: image × channel, int64: their numbers in the layer, from 0, rising. Each image has its own.
        of: how many channels the layer has.
    """

    values: Array
    channels: Array
    of: int


def magnitudes(values: Array) -> LogHistogram:
    """Count values, of any shape, by sign and power of two."""
    flat = values.ravel().astype(np.float64)
    numbers = flat[np.isfinite(flat)]
    # frexp gives 0.5 <= mantissa < 1, so an exponent e stands for 2^(e-1) <= |value| < 2^e; it is exact
    exponents = np.clip(np.frexp(numbers)[1] - 1 - LEAST, 0, MAGNITUDES - 1)
    return LogHistogram(
        negative=np.bincount(exponents[numbers < 0], minlength=MAGNITUDES),
        positive=np.bincount(exponents[numbers > 0], minlength=MAGNITUDES),
        zero=int((numbers == 0).sum()),
        nan=int(np.isnan(flat).sum()),
        infinite=int(np.isinf(flat).sum()),
    )


def keep_gradients(run: RunFolder, step: int, counted: Mapping[str, LogHistogram]) -> None:
    """Write how the gradients of the weights were spread, by the weights' names."""
    rows = {
        name: np.concatenate([one.negative, one.positive, [one.zero, one.nan, one.infinite]])
        for name, one in counted.items()
    }
    run.observe("gradients", step, rows)


def gradients(run: RunFolder, step: int) -> dict[str, LogHistogram]:
    """Read how the gradients of the weights were spread at a step, by the weights' names, in the model's order."""
    rows = run.observation("gradients", step)
    for name, row in rows.items():
        _require(row.shape == (2 * MAGNITUDES + 3,) and row.dtype.kind in "iu", run, "gradients", step, name, row)
    ordered = {name: rows[name] for name in _in_order(set(rows), run.manifest.model.get("weights", ()))}
    return {
        name: LogHistogram(row[:MAGNITUDES], row[MAGNITUDES:-3], *(int(count) for count in row[-3:]))
        for name, row in ordered.items()
    }


def keep_channels(run: RunFolder, step: int, seen: Mapping[str, Channels]) -> None:
    """Write the statistics of layers, by their names."""
    run.observe(
        "channel-stats",
        step,
        {f"{layer}/{name}": getattr(one, name) for layer, one in seen.items() for name in STATISTICS},
    )


def channels(run: RunFolder, step: int) -> dict[str, Channels]:
    """Read the statistics of layers at a step, by their names, in the model's order."""
    found = run.observation("channel-stats", step)
    layers = _in_order({key.rpartition("/")[0] for key in found}, run.manifest.model.get("layers", ()))
    with reading(run.observed_at("channel-stats", step), "the channels"):
        read = {layer: Channels(*(found[f"{layer}/{name}"] for name in STATISTICS)) for layer in layers}
    for layer, one in read.items():
        for name in STATISTICS:
            values: Array = getattr(one, name)
            fits = values.shape == (one.mean.size,) and values.dtype.kind in "fiu"
            _require(fits, run, "channel-stats", step, f"{layer}/{name}", values)
    return read


def keep_probes(run: RunFolder, step: int, seen: Probes) -> None:
    """Write what the model said of the probe images."""
    run.observe("probes", step, {name: getattr(seen, name) for name in PROBES})


def probes(run: RunFolder, step: int) -> Probes:
    """Read what the model said of the probe images at a step."""
    found = run.observation("probes", step)
    with reading(run.observed_at("probes", step), "the probes"):
        read = Probes(*(found[name] for name in PROBES))
    outputs, maps, classes = read.outputs, read.maps, read.classes
    maps_fit = not len(maps.ravel()) or (maps.ndim == 3 and len(maps) <= len(outputs) and maps.dtype.kind == "f")
    fits = {
        "outputs": outputs.ndim == 2 and outputs.size > 0 and outputs.dtype.kind == "f",
        "probabilities": read.probabilities.shape == outputs.shape and read.probabilities.dtype.kind == "f",
        "maps": maps_fit,
        "classes": classes.ndim == 1 and len(classes) >= len(maps) and (classes.dtype.kind in "iu" or not len(classes)),
        "gaps": read.gaps.ndim == 1,
    }
    for name, fit in fits.items():
        _require(fit, run, "probes", step, name, found[name])
    _require(not ((classes < 0) | (classes >= outputs.shape[1])).any(), run, "probes", step, "classes", classes)
    return read


def keep_layers(run: RunFolder, step: int, seen: Mapping[str, Shots]) -> None:
    """Write what layers gave for the probe images at a step, by the layers' names, in the order to show them in."""
    run.observe(
        "activations",
        step,
        {
            f"{place}/{name}/{part}": values
            for place, (name, one) in enumerate(seen.items())
            for part, values in (
                ("values", one.values.astype(np.float16)),
                ("channels", one.channels.astype(np.int64)),
                ("of", np.array([one.of], dtype=np.int64)),
            )
        },
    )


def layers(run: RunFolder, step: int) -> dict[str, Shots]:
    """Read what layers gave for the probe images at a step, by the layers' names; empty where it was not kept."""
    if step not in run.observed("activations"):
        return {}
    found = run.observation("activations", step)
    with reading(run.observed_at("activations", step), "the layers"):
        keys = sorted({key.rpartition("/")[0] for key in found}, key=lambda key: int(key.partition("/")[0]))
        read = {
            key.partition("/")[2]: Shots(found[f"{key}/values"], found[f"{key}/channels"], int(found[f"{key}/of"][0]))
            for key in keys
        }
    for name, one in read.items():
        fits = one.values.ndim == 4 and one.channels.shape == one.values.shape[::3] and one.values.dtype.kind == "f"
        _require(fits and one.channels.dtype.kind in "iu", run, "activations", step, name, one.values)
    return read


def images(run: RunFolder) -> tuple[Array, Array | None]:
    """Read the probe images of a recording, as they were given, and their true classes if these were given too."""
    if not run.observed("pictures"):
        raise DataError(f"{run.path} has no probe images; give the recorder some: Recorder(…, probes=images)").of(
            "probes", path=run.path, found=None
        )
    found = run.observation("pictures", 0)
    with reading(run.observed_at("pictures", 0), "the probe images"):
        held, labels = found["pictures"], found.get("labels")
    _require(held.dtype.kind in "fiu" and held.ndim > 0, run, "pictures", 0, "pictures", held)
    if labels is not None:
        fits = labels.shape == (len(held),) and labels.dtype.kind in "iu" and not (labels < 0).any()
        _require(fits, run, "pictures", 0, "labels", labels)
    return held, labels


def _require(fits: bool, run: RunFolder, series: str, step: int, name: str, found: Array) -> None:  # noqa: FBT001
    """Raise DataError unless an array is what its series holds: of that shape, that kind of number, in its range."""
    if not fits:
        raise DataError(
            f"{run.observed_at(series, step)} is damaged, or a later version wrote it: {name} is {found.dtype} of "
            f"shape {found.shape}, which is not what {series} are, or beyond its range"
        ).of("observations", path=run.observed_at(series, step), asked=series, found=name)


def _in_order(names: set[str], known: Iterable[str]) -> list[str]:
    """Sort names as they are known to be; the files themselves keep no order."""
    places = {name: place for place, name in enumerate(known)}
    return sorted(names, key=lambda name: (places.get(name, len(places)), name))
