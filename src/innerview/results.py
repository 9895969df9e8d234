"""What the methods answer: frozen objects with the values, their error, their cost and where they come from.

No value here was scaled, clipped or stripped of its sign for display; that is the business of `pictures`, which
states what it did. Arrays are written to safetensors and the rest to JSON by `workbench.saving`; `SCHEMA`
rises when a field changes its meaning or goes away.
"""

from __future__ import annotations

import enum
import platform
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib import metadata

import numpy as np
from jaxtyping import Float, Int

from innerview.network import InputSpec, Network
from innerview.targets import label
from innerview.types import Alphas, Array, Image, LogitRow, Map

SCHEMA = 1


class Status(enum.Enum):
    """How a computation ended; the value says what it means and what to do."""

    FIXED = "A fixed number of evaluations was asked for, so no error was aimed at; the gap is the only check."
    MET = "The estimated error and the gap are both within the tolerance."
    BUDGET = "The budget of evaluations ended first; raise it or the tolerance."


def versions() -> dict[str, str]:
    """Versions that a number can depend on."""
    found = {"python": platform.python_version(), "numpy": np.__version__}
    try:
        found["innerview"] = metadata.version("innerview")
    except metadata.PackageNotFoundError:  # run from a checkout that was never installed
        found["innerview"] = "checkout"
    return found


@dataclass(frozen=True)
class Provenance:
    """What was explained and with what, so that a file can be traced and repeated.

    Attributes:
        network: identity of the network (hexadecimal).
        dtype: precision in which the network computed.
        chunk: pictures in one pass; the same chunk gives the same bits on the same machine.
        target: the target in words; empty where there is none.
        baseline: the baseline in words; empty where there is none.
        seed: of whatever was random; None where nothing was.
        versions: of Python, NumPy and innerview.
        schema: number of the layout of the results.
    """

    network: str
    dtype: str
    chunk: int
    target: str = ""
    baseline: str = ""
    seed: int | None = None
    versions: Mapping[str, str] = field(default_factory=versions)
    schema: int = SCHEMA

    @staticmethod
    def of(network: Network, target: str = "", baseline: str = "", seed: int | None = None) -> Provenance:
        """Take down what `network` says of itself."""
        return Provenance(network.identity, network.dtype.name, network.chunk, target, baseline, seed)


@dataclass(frozen=True)
class Prediction:
    """What the network says of one picture.

    Attributes:
        logits: its outputs, one per class.
        probabilities: in [0, 1], one per class; NaN where the outputs have none.
        class_names: one per class.
    """

    logits: LogitRow
    probabilities: Float[np.ndarray, " class"]
    class_names: tuple[str, ...]

    @property
    def index(self) -> int:
        """Number of the winning class."""
        return int(self.logits.argmax())

    @property
    def label(self) -> str:
        """Number and name of the winning class: "7 horse"."""
        return label(self.index, self.class_names)

    @property
    def ranking(self) -> list[int]:
        """All class numbers, the highest output first."""
        return [int(index) for index in np.argsort(-self.logits, kind="stable")]


@dataclass(frozen=True)
class WeightHistograms:
    """How often each layer's weights have which value, in any number of snapshots, on shared bins.

    Every weight is counted exactly once: in a bin, under, over, as NaN or as infinite.

    Attributes:
        snapshots: names, in the order of time ("before", "after").
        layers: names of the weights.
        edges: bin edges of each layer, rising, in units of the weight; all snapshots of a layer share them.
        counts: weights per bin; the last bin includes its upper edge.
        under: finite weights below the first edge; `over`: above the last.
        nan: weights that are not a number; `infinite`: plus or minus infinity.
        mean: of the finite weights (NaN if there is none); likewise `std`, `minimum` and `maximum`.
    """

    snapshots: tuple[str, ...]
    layers: tuple[str, ...]
    edges: Float[np.ndarray, "layer edge"]
    counts: Int[np.ndarray, "snapshot layer bin"]
    under: Int[np.ndarray, "snapshot layer"]
    over: Int[np.ndarray, "snapshot layer"]
    nan: Int[np.ndarray, "snapshot layer"]
    infinite: Int[np.ndarray, "snapshot layer"]
    mean: Float[np.ndarray, "snapshot layer"]
    std: Float[np.ndarray, "snapshot layer"]
    minimum: Float[np.ndarray, "snapshot layer"]
    maximum: Float[np.ndarray, "snapshot layer"]

    @property
    def sizes(self) -> Int[np.ndarray, "snapshot layer"]:
        """Number of weights, whatever their value."""
        return self.counts.sum(axis=2) + self.under + self.over + self.nan + self.infinite


@dataclass(frozen=True)
class Activations:
    """What layers give for one picture.

    Attributes:
        image: the picture as the network saw it (pixels).
        prediction: what the network says of it.
        layers: by name: height × width × channel, or just channel for a layer without places.
        colours: by name: channel × (red, green, blue), the correlation in [-1, 1] of each channel with each
            colour of the picture at the layer's size; NaN where one of the two is constant, and for grey.
        provenance: where the values come from.
    """

    image: Image
    prediction: Prediction
    layers: Mapping[str, Array]
    colours: Mapping[str, Float[np.ndarray, "_ 3"]]
    provenance: Provenance


@dataclass(frozen=True)
class Gradient:
    """d score / d pixel at the picture, in target units per unit of pixel value (0 black, 1 white)."""

    image: Image
    prediction: Prediction
    gradient: Image
    score: float
    unit: str
    provenance: Provenance

    @property
    def map(self) -> Map:
        """Sum over the channels: height × width."""
        return self.gradient.sum(axis=2)


@dataclass(frozen=True)
class PathProfile:
    """Scores, predictions and gradient norms along the path, without the gradients: what a plot of the path needs.

    Attributes:
        alphas: places on the path, rising: 0 is the baseline, 1 the picture.
        scores: the target at each alpha, in units of `unit`.
        probabilities: alpha × class, NaN where the outputs have none.
        norms: sum of absolute gradients at each alpha, in target units per unit of pixel value.
        class_names: one per class.
        target: number of the class explained, where the target is about one.
        unit: of the score.
    """

    alphas: Alphas
    scores: Float[np.ndarray, " alpha"]
    probabilities: Float[np.ndarray, "alpha class"]
    norms: Float[np.ndarray, " alpha"]
    class_names: tuple[str, ...]
    target: int | None
    unit: str

    def joined(self, other: PathProfile) -> PathProfile:
        """Both profiles of one path as one; of a place that is in both, the one in `self` is taken."""
        alphas, places = np.unique(np.concatenate([self.alphas, other.alphas]), return_index=True)
        return replace(
            self,
            alphas=alphas,
            scores=np.concatenate([self.scores, other.scores])[places],
            probabilities=np.concatenate([self.probabilities, other.probabilities])[places],
            norms=np.concatenate([self.norms, other.norms])[places],
        )


@dataclass(frozen=True)
class InteriorGradients:
    """Gradients on the way from the baseline to the picture (Sundararajan, Taly, Yan 2016, arXiv 1611.02639).

    Attributes:
        image: the picture, and `baseline`: where the path starts (pixels).
        alphas: places on the path: 0 is the baseline, 1 the picture.
        gradients: d score / d pixel at each alpha.
        scores: the target at each alpha.
        logits: outputs at each alpha; `probabilities` likewise, NaN where there are none.
        class_names: one per class.
        target: number of the class explained.
        unit: of the score.
        provenance: where the values come from.
    """

    image: Image
    baseline: Image
    alphas: Alphas
    gradients: Float[np.ndarray, "alpha height width channel"]
    scores: Float[np.ndarray, " alpha"]
    logits: Float[np.ndarray, "alpha class"]
    probabilities: Float[np.ndarray, "alpha class"]
    class_names: tuple[str, ...]
    target: int | None
    unit: str
    provenance: Provenance

    @property
    def norms(self) -> Float[np.ndarray, " alpha"]:
        """Sum of absolute gradients at each alpha, in target units per unit of pixel value."""
        return np.abs(self.gradients).sum(axis=(1, 2, 3), dtype=np.float64)

    @property
    def profile(self) -> PathProfile:
        """Scores, predictions and norms, by rising alpha."""
        order = np.argsort(self.alphas, kind="stable")
        return PathProfile(
            self.alphas[order],
            self.scores[order],
            self.probabilities[order],
            self.norms[order],
            self.class_names,
            self.target,
            self.unit,
        )

    @property
    def points(self) -> Float[np.ndarray, "alpha height width channel"]:
        """The pictures that the network saw on the path."""
        return self.baseline + self.alphas[:, None, None, None] * (self.image - self.baseline)


@dataclass(frozen=True)
class IntegratedGradients:
    """Each pixel's share of the change of the score from the baseline to the picture, in target units.

    Attributes:
        image: the picture, and `baseline`: where the path starts (pixels). Of several baselines, their mean.
        attribution: height × width × channel, signed, not scaled.
        score: of the picture; `baseline_score`: of the baseline (the mean over several).
        rule: name of the quadrature rule.
        evaluations: forward and backward passes of one picture at one alpha.
        profile: score, prediction and gradient norm at the rule's nodes (means over several baselines).
        spread: over several baselines, the standard deviation of the map (height × width); else None.
        status: how the computation ended.
        provenance: where the values come from.
        tolerance: that was asked for; None where the number of evaluations was fixed, and so below.
        estimated_error: estimate of ‖M − M*‖₁ / ‖M‖₁ on the map; infinite where it can't be told.
        estimated_channel_error: the same on height × width × channel.
        error: estimated error of each pixel of the map, in target units: at least nine in ten are within it.
        history: evaluations, the larger estimate and the relative gap at each level of refinement.
        notes: what should be known before the map is believed, in sentences.
    """

    image: Image
    baseline: Image
    attribution: Image
    score: float
    baseline_score: float
    rule: str
    evaluations: int
    profile: PathProfile
    status: Status
    provenance: Provenance
    spread: Map | None = None
    tolerance: float | None = None
    estimated_error: float | None = None
    estimated_channel_error: float | None = None
    error: Map | None = None
    history: tuple[tuple[int, float, float], ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def unit(self) -> str:
        """Unit of the scores and of the attribution."""
        return self.profile.unit

    @property
    def target(self) -> int | None:
        """Number of the class explained, where the target is about one."""
        return self.profile.target

    @property
    def map(self) -> Map:
        """Sum over the channels: height × width; this is what is drawn."""
        return self.attribution.sum(axis=2)

    @property
    def gap(self) -> float:
        """What is missing to completeness: sum of the attribution − (score − baseline score), target units.

        Its size is a lower bound of the map's L1 error, since errors of both signs cancel in it.
        """
        return float(self.attribution.sum() - (self.score - self.baseline_score))

    @property
    def relative_gap(self) -> float:
        """|gap| as a share of the sum of the absolute map; NaN for a map that is zero everywhere."""
        total = float(np.abs(self.map).sum())
        return abs(self.gap) / total if total > 0 else float("nan")


@dataclass(frozen=True)
class Keep:
    """What the network says when it sees only the pixels that a map ranks highest (or lowest).

    Attributes:
        image: the picture; `fill`: what stands where a pixel is taken away (pixels).
        ranking: of each pixel, 0 for the one that is kept first.
        order: "highest" or "lowest" values first, or "strongest" (absolute value).
        shares: of the pixels that are kept, in [0, 1]; `kept`: how many pixels that is.
        logits: outputs at each share; `probabilities` likewise.
        class_names: one per class.
        target: number of the class that the map explains, where there is one.
        provenance: where the values come from.
    """

    image: Image
    fill: Image
    ranking: Int[np.ndarray, "height width"]
    order: str
    shares: Float[np.ndarray, " share"]
    kept: Int[np.ndarray, " share"]
    logits: Float[np.ndarray, "share class"]
    probabilities: Float[np.ndarray, "share class"]
    class_names: tuple[str, ...]
    target: int | None
    provenance: Provenance

    @property
    def images(self) -> Float[np.ndarray, "share height width channel"]:
        """The pictures that the network saw, one per share."""
        return show_only(self.image, self.fill, self.ranking, self.kept)


def show_only(
    image: Image, fill: Image, ranking: Int[np.ndarray, "height width"], kept: Int[np.ndarray, " share"]
) -> Float[np.ndarray, "share height width channel"]:
    """Keep the `kept` first-ranked pixels of `image` and put those of `fill` in the place of the others."""
    masks = ranking[None] < kept[:, None, None]
    return np.where(masks[..., None], image, fill)


@dataclass(frozen=True)
class PathStatistics:
    """What the network says along the path, over many pictures.

    Attributes:
        alphas: places on the path from the baseline (0) to the pictures (1).
        accuracy: share of pictures called by their true class at each alpha, in [0, 1].
        shares: share of pictures called by each class at each alpha; rows sum to 1.
        pictures: how many.
        class_names: one per class.
        input: what the network takes.
        provenance: where the values come from.
    """

    alphas: Alphas
    accuracy: Float[np.ndarray, " alpha"]
    shares: Float[np.ndarray, "alpha class"]
    pictures: int
    class_names: tuple[str, ...]
    input: InputSpec
    provenance: Provenance
