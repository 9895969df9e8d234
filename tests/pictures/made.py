"""Small results with known values, made without a model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from innerview.model import Layer
from innerview.results import (
    Activations,
    IntegratedGradients,
    InteriorGradients,
    MaskingCurve,
    PathProfile,
    Prediction,
    Provenance,
    Status,
    WeightHistograms,
)

NAMES = ("airplane", "cat", "horse")
SOURCE = Provenance("0123456789abcdef", "float32", 16, "logit of 2 horse", "black")


def random_image(side: int = 8, channels: int = 3, seed: int = 0) -> np.ndarray:
    """An image with values in [0, 1]."""
    return np.random.default_rng(seed).random((side, side, channels))


def prediction(names: Sequence[str] = NAMES) -> Prediction:
    """The last class wins with more than half of the probability."""
    logits = np.linspace(-1, 1, len(names)) if len(names) > 1 else np.zeros(1)
    powers = np.exp(3 * logits)
    return Prediction(logits, powers / powers.sum(), tuple(names))


def profile(alphas: Sequence[float] = (0.01, 0.1, 1.0), names: Sequence[str] = NAMES) -> PathProfile:
    """Rising scores, falling norms, and a first class that wins at the start."""
    places = np.asarray(alphas, dtype=np.float64)
    chances = np.zeros((len(places), len(names)))
    chances[:, -1] = places
    chances[:, 0] += 1 - places
    return PathProfile(places, 2 * places, chances, 1 / (1 + places), tuple(names), len(names) - 1, "logit")


def integrated(values: np.ndarray, *, score: float = 1.0, image: np.ndarray | None = None) -> IntegratedGradients:
    """Integrated gradients whose map is `values`, all of it in the first channel."""
    image = random_image(values.shape[0]) if image is None else image
    attribution = np.zeros(image.shape)
    attribution[..., 0] = values
    return IntegratedGradients(
        image,
        np.zeros_like(image),
        attribution,
        score,
        0.0,
        "gauss-legendre",
        32,
        profile(),
        Status.FIXED_STEPS,
        SOURCE,
    )


def interior(
    gradients: np.ndarray, alphas: Sequence[float], *, names: Sequence[str] = NAMES, seed: int = 0
) -> InteriorGradients:
    """Interior gradients on a black baseline; the predictions are those of `profile`."""
    way = profile(alphas, names)
    image = random_image(gradients.shape[1], gradients.shape[3], seed)
    return InteriorGradients(
        image,
        np.zeros_like(image),
        way.alphas,
        gradients,
        way.scores,
        np.log(way.probabilities + 1e-9),
        way.probabilities,
        way.class_names,
        way.target,
        "logit",
        SOURCE,
    )


def keep(shares: Sequence[float] = (0.0, 0.25, 1.0)) -> MaskingCurve:
    """Keep on a picture of 8 × 8, ranked in reading order."""
    said = prediction()
    portions = np.asarray(shares)
    return MaskingCurve(
        image=random_image(),
        fill=np.zeros((8, 8, 3)),
        ranking=np.arange(64).reshape(8, 8),
        order="highest",
        fractions=portions,
        kept=np.round(64 * portions).astype(np.int64),
        logits=np.tile(said.logits, (len(portions), 1)),
        probabilities=np.tile(said.probabilities, (len(portions), 1)),
        class_names=NAMES,
        target=2,
        provenance=SOURCE,
    )


def activations(layers: dict[str, np.ndarray], colours: dict[str, np.ndarray] | None = None) -> Activations:
    """Activations with given values."""
    return Activations(random_image(), prediction(), layers, colours or {}, SOURCE)


def table() -> list[Layer]:
    """A small model's layers: two convolutions with ELU, pooling between, and the mean."""
    return [
        Layer("conv1", "convolution", ("conv1.weight",), shape=(8, 8, 6)),
        Layer("elu1", "activation", shape=(8, 8, 6)),
        Layer("pool1", "pooling", shape=(4, 4, 6)),
        Layer("conv2", "convolution", ("conv2.weight",), shape=(4, 4, 3)),
        Layer("elu2", "activation", shape=(4, 4, 3)),
        Layer("mean", "mean", axes="channel", shape=(3,)),
    ]


def histograms(checkpoints: int = 2, layers: int = 4, *, lost: int = 0) -> WeightHistograms:
    """Histograms of normal weights that spread from checkpoint to checkpoint; `lost` weights of each are NaN."""
    random = np.random.default_rng(0)
    edges = np.tile(np.linspace(-4, 4, 33), (layers, 1))
    values = [[random.normal(0, 0.3 + 0.2 * step, 500) for _ in range(layers)] for step in range(checkpoints)]
    counts = np.array([[np.histogram(each, edges[0])[0] for each in row] for row in values])
    none = np.zeros((checkpoints, layers), dtype=np.int64)
    spread = np.array([[each.std() for each in row] for row in values])
    names = {1: ("after",), 2: ("before", "after")}.get(checkpoints, tuple(f"epoch {n}" for n in range(checkpoints)))
    return WeightHistograms(
        names, tuple(f"conv{n + 1}.weight" for n in range(layers)), edges, counts,
        none, none, none + lost, none, spread * 0, spread, -3 * spread, 3 * spread,
    )  # fmt: skip
