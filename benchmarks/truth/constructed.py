"""Ground truth by construction: small models of which it is known beforehand what an exact map must say.

    planted     a patch that decides the class, and another that the model does not see: the region of the first has
                the most (chance: 1 in 9)
    additive    log-odds that are a sum over pixels: the regions' values under black, by Spearman (chance: 0)
    impossible  a model that sees one quarter of the image: nothing may lie outside (chance: a quarter inside)

Images are smooth noise that is drawn here, so nothing has to be downloaded. After Rao, Böhle, Schiele 2022, arXiv
2205.10435 (impossible attributions), and Adebayo and others 2022 (planted cues).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from innerview.adapters.numpy.model import NumpyModel
from innerview.adapters.numpy.operations import Convolution, Dense, Flatten, GlobalMean, ReLU
from innerview.errors import InnerviewError
from innerview.fills import blur
from innerview.methods import segment_sums
from innerview.methods.agreement import spearman
from innerview.methods.controls import CONTROLS
from innerview.methods.partitions import partition
from innerview.methods.passes import forward_logits
from innerview.model import ForwardResult, GradOutputs, InputSpec, Layer, OutputSpec, VjpResult
from innerview.types import Array, Image, Map
from innerview.workbench.compare.entrants import enter, resolve
from innerview.workbench.compare.judging import Plan, explained, short_numbers
from innerview.workbench.compare.rows import Rows

SIDE = 24
COUNT = 100
SEED = 20261129
SPEC = InputSpec(SIDE, SIDE)
LABELS = partition(SIDE, SIDE, (3, 3))
PATCH = 5


def smooth(random: np.random.Generator) -> Image:
    """A coloured image without sharp edges, in [0.1, 0.9]."""
    found = blur(random.normal(size=(SIDE, SIDE, 3)).astype(np.float32), 2)
    low, high = found.min(), found.max()
    return (0.1 + 0.8 * (found - low) / (high - low)).astype(np.float32)


@dataclass(frozen=True)
class Made:
    """One model of a case with one image.

    Attributes:
        model: that is explained.
        image: likewise.
        read: from a map to the case's number, of which 1 is best.
    """

    model: Any
    image: Image
    read: Callable[[Map], float]


def checkers() -> Array:
    """A patch of a fine chequerboard, from 0 to 1."""
    return (np.add.outer(np.arange(PATCH), np.arange(PATCH)) % 2).astype(np.float32)


def planted(random: np.random.Generator) -> Made:
    """A model whose first class answers to the patch alone, the others to colours; stripes stand elsewhere."""
    detector = checkers() - checkers().mean()
    first = np.zeros((4, 3, PATCH, PATCH))
    first[0] = detector / 3
    first[np.arange(1, 4), np.arange(3), PATCH // 2, PATCH // 2] = 1
    heads = np.diag([60.0 * SIDE * SIDE, 1, 1, 1])[:, :, None, None]
    weights = {
        "first.weight": first, "first.bias": np.array([-0.6 * (detector**2).sum(), 0, 0, 0]), "heads.weight": heads,
    }  # fmt: skip
    steps = [Convolution("first", bias=True), ReLU("relu"), Convolution("heads"), GlobalMean("mean")]
    model = NumpyModel(SPEC, OutputSpec(("patch", "red", "green", "blue"), temperature=10), steps, weights)
    image = smooth(random)
    region, decoy = random.choice(9, 2, replace=False).tolist()
    for place, pattern in ((region, checkers()), (decoy, np.tile([0, 1, 1, 0, 0], (PATCH, 1)))):
        down, across = (8 * part + 1 + int(random.integers(2)) for part in divmod(place, 3))
        image[down : down + PATCH, across : across + PATCH] = pattern[..., None]
    return Made(model, image, lambda values: float(segment_sums(values, LABELS).argmax() == region))


def additive(random: np.random.Generator) -> Made:
    """Two classes whose log-odds are a weighted sum of pixels; smooth weights, so that regions differ."""
    weights = np.stack([blur(random.normal(size=(SIDE, SIDE, 3)).astype(np.float32), 2) for _ in range(2)])
    steps = [Flatten("flat"), Dense("head", bias=False)]
    model = NumpyModel(SPEC, OutputSpec(2), steps, {"head.weight": weights.reshape(2, -1) / 10})
    image = smooth(random)
    winner = int(model.forward(image[None]).outputs.argmax())
    exact = segment_sums(((weights[winner] - weights[1 - winner]) * image).sum(axis=2), LABELS)
    return Made(model, image, lambda values: spearman(segment_sums(values, LABELS), exact))


class OneQuarter:
    """A model that is shown one quarter of an image, whatever stands in the others."""

    def __init__(self, inner: NumpyModel, which: int) -> None:
        self._inner = inner
        half = SIDE // 2
        down, across = divmod(which, 2)
        self.place = slice(down * half, (down + 1) * half), slice(across * half, (across + 1) * half)
        self.input, self.output, self.dtype, self.batch_size = SPEC, inner.output, inner.dtype, inner.batch_size
        self.fingerprint, self.layers = inner.fingerprint, tuple[Layer, ...]()

    def weights(self) -> Mapping[str, Array]:
        """Of the model inside."""
        return self._inner.weights()

    def forward(self, images: Array, layers: Sequence[str] = ()) -> ForwardResult:
        """Cut, and run."""
        return self._inner.forward(images[:, *self.place], layers)

    def vjp(self, images: Array, grad_outputs: Mapping[str, GradOutputs], layers: Sequence[str] = ()) -> VjpResult:
        """Nothing comes back to what was not shown."""
        answer = self._inner.vjp(images[:, *self.place], grad_outputs, layers)
        gradients = np.zeros((len(answer.input_gradients), *images.shape), images.dtype)
        gradients[:, :, *self.place] = answer.input_gradients
        return VjpResult(answer.outputs, answer.activations, gradients, answer.layer_gradients)

    def astype(self, dtype: Any) -> OneQuarter:
        """In another precision."""
        made = OneQuarter(self._inner.astype(dtype), 0)
        made.place = self.place
        return made


def impossible(random: np.random.Generator) -> Made:
    """A small random model behind a window."""
    weights = {
        "first.weight": random.normal(0, 0.4, (8, 3, 3, 3)), "second.weight": random.normal(0, 2, (4, 8, 3, 3)),
    }  # fmt: skip
    steps = [Convolution("first"), ReLU("relu"), Convolution("second"), GlobalMean("mean")]
    inner = NumpyModel(InputSpec(SIDE // 2, SIDE // 2), OutputSpec(4), steps, weights)
    model = OneQuarter(inner, int(random.integers(4)))

    def inside(values: Map) -> float:
        total = float(np.abs(values).sum())
        return float(np.abs(values[model.place]).sum()) / total if total > 0 else float("nan")

    return Made(model, smooth(random), inside)


CASES: Mapping[str, Callable[[np.random.Generator], Made]] = {
    "planted": planted, "additive": additive, "impossible": impossible,
}  # fmt: skip
CHANCE: Mapping[str, float] = {"planted": 1 / 9, "additive": 0, "impossible": 1 / 4}


def construct(file: Path) -> None:
    """Add the rows that are missing: every method and control on COUNT models and images of each case."""
    rows = Rows(file, {"what": "constructed", "count": COUNT, "side": SIDE, "seed": SEED})
    known = {(row["case"], row["number"]) for row in rows.found}
    for number, case in enumerate(CASES):
        for place in range(COUNT):
            if (case, place) not in known:
                rows.add(_row(case, place, np.random.default_rng([SEED, number, place])))


def _row(case: str, place: int, random: np.random.Generator) -> dict[str, Any]:
    made = CASES[case](random)
    entered = enter(made.model)
    references = tuple(smooth(random) for _ in range(8))
    plan = Plan(made.model, entered.entrants, ("black",), (3, 3), SEED, checked=0, references=references)
    asked = resolve(plan.objectives, forward_logits(made.model, made.image[None])[0], made.model.output)
    found: dict[str, float] = {}
    for entrant in entered.entrants:
        try:
            found[entrant.name] = made.read(explained(plan, made.model, asked, entrant, made.image)[0])
        except InnerviewError as problem:
            print(f"{case} {place}: {entrant.name}: {problem}", flush=True)
    found |= {name: made.read(draw(made.image, random)) for name, draw in CONTROLS.items()}
    return short_numbers({"case": case, "number": place, "found": found})


def names(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Every method and control that a row has, each once, in order."""
    yield from dict.fromkeys(name for row in rows for name in row["found"])
