"""Models made up to be hard for an integral over the path: what each gives at alpha, and its exact map.

All are seeded and in closed form or known to 1e-8: piecewise linear ones by the places where their units switch (in
float64, layer by layer), gates and single layers by their antiderivatives, deep smooth ones by 7,200 Gauss nodes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

Function = Callable[[np.ndarray], np.ndarray]
Random = np.random.Generator


@dataclass(frozen=True)
class Path:
    """A model along one path.

    Attributes:
        integrand: alphas to gradient × direction, alpha × pixel; `score`: alphas to scores.
        exact: the map.
    """

    integrand: Function
    score: Function
    exact: np.ndarray


def spread(random: Random, low: float, high: float) -> float:
    """A number with an even logarithm."""
    return float(10 ** random.uniform(np.log10(low), np.log10(high)))


def whole(random: Random, low: float, high: float) -> int:
    """The same, rounded."""
    return round(spread(random, low, high))


VALUES: dict[str, Function] = {
    "tanh": np.tanh,
    "elu": lambda z: np.where(z > 0, z, np.expm1(np.minimum(z, 0))),
    "softplus": lambda z: np.logaddexp(0, z),
    "sine": np.sin,
    "hard": lambda z: np.clip(z, -1, 1),
    "relu": lambda z: np.maximum(z, 0),
    "absolute": np.abs,
    "square": lambda z: z * z,
}
SLOPES: dict[str, Function] = {
    "tanh": lambda z: 1 / np.cosh(np.clip(z, -300, 300)) ** 2,
    "elu": lambda z: np.where(z > 0, 1.0, np.exp(np.minimum(z, 0))),
    "softplus": lambda z: 0.5 * (1 + np.tanh(z / 2)),
    "sine": np.cos,
    "hard": lambda z: (np.abs(z) < 1) * 1.0,
    "relu": lambda z: (z > 0) * 1.0,
    "absolute": np.sign,
    "square": lambda z: 2 * z,
}


def layer(
    random: Random, kind: str, units: int, pixels: int, steep: np.ndarray | float = 1.0, mixed: float = 0
) -> Path:
    """One layer of units that turn at random places of the path, and a linear part."""
    image = random.uniform(0.1, 1, pixels)
    weights = random.normal(0, 1, (units, pixels)) / np.sqrt(pixels) * np.reshape(steep, (-1, 1))
    out = random.normal(0, 1, units) * 10 ** random.uniform(-mixed, mixed, units) / np.sqrt(units)
    reach = weights @ image
    bias = -reach * random.random(units)
    line = random.normal(0, 1, pixels) / np.sqrt(pixels)
    value, turn = VALUES[kind], SLOPES[kind]
    share = (value(reach + bias) - value(bias)) / reach
    return Path(
        lambda a: image * (line + (turn(np.outer(a, reach) + bias) * out) @ weights),
        lambda a: a * (line @ image) + value(np.outer(a, reach) + bias) @ out,
        image * (line + (share * out) @ weights),
    )


def deep(random: Random, kind: str, widths: list[int], pixels: int, gain: float, *, biased: bool = True) -> Path:
    """Several layers; from black, or from a random baseline."""
    image, start = random.random(pixels), random.random(pixels) * random.choice([0, 1]) * biased
    direction, sizes = image - start, [pixels, *widths]
    weights = [random.normal(0, gain / np.sqrt(before), (after, before)) for before, after in pairwise(sizes)]
    biases = [random.normal(0, 0.3, width) * biased for width in widths]
    out = random.normal(0, 1, widths[-1]) / np.sqrt(widths[-1])
    value, turn = VALUES[kind], SLOPES[kind]

    def forward(a: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
        hidden, seen = start + np.outer(a, direction), []
        for matrix, bias in zip(weights, biases, strict=True):
            seen.append(hidden @ matrix.T + bias)
            hidden = value(seen[-1])
        return hidden @ out, seen

    def integrand(a: np.ndarray) -> np.ndarray:
        gradient = np.broadcast_to(out, (len(a), len(out)))
        for matrix, seen in zip(weights[::-1], forward(a)[1][::-1], strict=True):
            gradient = (gradient * turn(seen)) @ matrix
        return gradient * direction

    borders = np.linspace(0, 1, 1201)
    if kind == "relu":
        borders, hidden = np.array([0.0, 1.0]), np.stack([start, image])
        for matrix, bias in zip(weights, biases, strict=True):
            seen = hidden @ matrix.T + bias
            at, unit = np.nonzero((seen[:-1] > 0) != (seen[1:] > 0))
            cross = seen[at, unit] / (seen[at, unit] - seen[at + 1, unit])
            finer = np.unique(np.concatenate([borders, borders[at] + cross * (borders[at + 1] - borders[at])]))
            hidden = np.maximum(np.stack([np.interp(finer, borders, row) for row in seen.T], axis=1), 0)
            borders = finer
    return Path(integrand, lambda a: forward(a)[0], composite(integrand, borders, 1 if kind == "relu" else 6))


def composite(integrand: Function, borders: np.ndarray, order: int) -> np.ndarray:
    """Gauss-Legendre between borders."""
    nodes, weights = np.polynomial.legendre.leggauss(order)
    width = np.diff(borders)
    at = (borders[:-1, None] + (nodes + 1) / 2 * width[:, None]).ravel()
    mass = np.outer(width, weights / 2).ravel()
    return sum(mass[i : i + 512] @ integrand(at[i : i + 512]) for i in range(0, len(at), 512))


GATES: dict[str, tuple[Function, Function, Function]] = {  # value, antiderivative, slope
    "sine": (np.sin, lambda z: -np.cos(z), np.cos),
    "step": (lambda z: (z > 0) * 1.0, lambda z: np.maximum(z, 0), np.zeros_like),
    "tanh": (np.tanh, lambda z: np.logaddexp(z, -z), SLOPES["tanh"]),
    "hard": (
        VALUES["hard"],
        lambda z: np.where(np.abs(z) > 1, np.abs(z) - 0.5, z * z / 2),
        SLOPES["hard"],
    ),
    "triangle": (
        lambda z: 2 * np.abs(z - np.round(z)),
        lambda z: np.floor(z + 0.5) * 0.5 + (z - np.round(z)) * np.abs(z - np.round(z)),
        lambda z: 2 * np.sign(z - np.round(z)),
    ),
}


def symmetric(random: Random, kind: str, pixels: int, rates: np.ndarray, *, own: bool = False) -> Path:
    """Gates on differences between the two halves of a symmetric image: the score stays 0, so no gap tells anything."""
    half, gates = random.uniform(0.2, 1, pixels // 2), len(rates)
    image = np.concatenate([half, half])
    rows = random.normal(0, 1, (gates if own else 1, pixels // 2)) / np.sqrt(gates if own else 1)
    rows = np.concatenate([rows, -rows], axis=1)
    amounts = np.eye(gates) if own else random.normal(0, 1, (gates, 1))
    phase = random.uniform(0, 6.28, gates) if kind == "sine" else -rates * random.random(gates)
    base = random.choice([0, 0.3, 1.0]) * random.normal(0, 1, pixels // 2) if own else random.choice([0, 0.3, 1.0])
    line = np.concatenate([base, -base]) if own else base * rows[0]
    value, rising, _ = GATES[kind]
    mean = (rising(phase + rates) - rising(phase)) / rates
    return Path(
        lambda a: image * (line + value(phase + np.outer(a, rates)) @ amounts @ rows),
        lambda a: 0 * a,
        image * (line + mean @ amounts @ rows),
    )


def gated(random: Random, kind: str, pixels: int, rates: np.ndarray) -> Path:
    """Linear scores, each times a gate on another linear score."""
    image = random.uniform(0.1, 1, pixels)
    lines, turns = random.normal(0, 1, (2, len(rates), pixels))
    turns *= (rates / (turns @ image))[:, None]
    reach = turns @ image
    bias, much = -reach * random.random(len(rates)), lines @ image
    value, rising, turn = GATES[kind]
    mean = (rising(reach + bias) - rising(bias)) / reach
    moved = (value(reach + bias) - mean) / reach

    def integrand(a: np.ndarray) -> np.ndarray:
        at = np.outer(a, reach) + bias
        return image * (value(at) @ lines + (a[:, None] * much * turn(at)) @ turns)

    return Path(
        integrand,
        lambda a: (a[:, None] * much * value(np.outer(a, reach) + bias)).sum(axis=1),
        image * (mean @ lines + (much * moved) @ turns),
    )


def boundary(random: Random, steep: float) -> Path:
    """A layer at the baseline, in differences that the score does not see."""
    half, row = random.uniform(0.2, 1, 8), random.normal(0, 1, 8)
    image, row = np.concatenate([half, half]), np.concatenate([row, -row])
    line = random.normal(0, 0.3, 16) * random.choice([0.1, 1])
    return Path(
        lambda a: image * (row * steep / np.cosh(np.minimum(steep * np.outer(a, image), 300)) ** 2 + line),
        lambda a: a * (line @ image),
        row * np.tanh(steep * image) + line * image,
    )


def saturated(random: Random, pixels: int, classes: int, steep: float) -> Path:
    """A probability after a softmax of linear logits."""
    image = random.random(pixels)
    weights, bias = random.normal(0, steep / np.sqrt(pixels), (classes, pixels)), random.normal(0, steep / 3, classes)

    def chances(a: np.ndarray) -> np.ndarray:
        logits = np.outer(a, weights @ image) + bias
        raised = np.exp(logits - logits.max(axis=1, keepdims=True))
        return raised / raised.sum(axis=1, keepdims=True)

    def integrand(a: np.ndarray) -> np.ndarray:
        found = chances(a)
        return image * (found[:, :1] * (weights[0] - found @ weights))

    return Path(integrand, lambda a: chances(a)[:, 0], composite(integrand, np.linspace(0, 1, 2001), 12))


def unseen(path: Path, more: Function) -> Path:
    """The same gradients of a score with another part, as after detach."""
    return replace(path, score=lambda a: path.score(a) + more(a))


def slope(steep: float) -> Function:
    """A straight line."""
    return lambda a: steep * a


def rounded(path: Path, steps: int) -> Path:
    """A score of a rounded path: its gradient is zero everywhere."""
    return Path(
        lambda a: np.zeros((len(a), len(path.exact))), lambda a: path.score(np.round(a * steps) / steps), path.exact
    )


def single(path: Path) -> Path:
    """The same in float32."""
    return replace(
        path,
        integrand=lambda a: path.integrand(a).astype(np.float32),
        score=lambda a: path.score(a).astype(np.float32).astype(np.float64),
    )


def few(random: Random, most: int) -> int:
    """1 to `most`."""
    return int(random.integers(1, most + 1))


def rates(random: Random, count: int, low: float, high: float) -> np.ndarray:
    """So many numbers with even logarithms."""
    return 10 ** random.uniform(np.log10(low), np.log10(high), count)


def widths(random: Random, layers: tuple[int, int], most: int) -> list[int]:
    """Of a deep model."""
    return [whole(random, 4, most) for _ in range(int(random.integers(layers[0], layers[1] + 1)))]


CHOSEN_ON: dict[str, Callable[[Random], Path]] = {
    "2 pieces, 3 pixels": lambda r: layer(r, "relu", 1, 3),
    "3 to 11 pieces": lambda r: layer(r, "relu", int(r.integers(2, 11)), whole(r, 3, 3000)),
    "10 to 300 pieces": lambda r: layer(r, "relu", whole(r, 10, 300), whole(r, 3, 3000)),
    "300 to 10^4 pieces": lambda r: layer(r, "relu", whole(r, 300, 10_000), whole(r, 3, 300)),
    "deep ReLU": lambda r: deep(r, "relu", widths(r, (2, 4), 100), whole(r, 3, 1000), 2**0.5),
    "bias-free ReLU from black": lambda r: deep(
        r, "relu", widths(r, (1, 3), 100), whole(r, 3, 300), 2**0.5, biased=False
    ),
    "mixed scales, ReLU": lambda r: layer(r, "relu", whole(r, 3, 300), whole(r, 3, 300), mixed=2),
    "mixed scales, tanh": lambda r: layer(
        r, "tanh", n := whole(r, 3, 100), whole(r, 3, 300), rates(r, n, 0.1, 1000), mixed=1
    ),
    "smooth, tanh": lambda r: layer(r, "tanh", whole(r, 1, 300), whole(r, 3, 3000), spread(r, 0.5, 30)),
    "smooth, ELU": lambda r: layer(r, "elu", whole(r, 1, 300), whole(r, 3, 300), spread(r, 0.5, 100)),
    "deep ELU": lambda r: deep(r, "elu", widths(r, (2, 3), 60), whole(r, 3, 300), spread(r, 0.7, 4)),
    "deep tanh": lambda r: deep(r, "tanh", widths(r, (2, 3), 60), whole(r, 3, 300), spread(r, 0.7, 8)),
    "steep, tanh": lambda r: layer(r, "tanh", few(r, 7), whole(r, 3, 300), spread(r, 30, 1e4)),
    "steep, clipped": lambda r: layer(r, "hard", few(r, 7), whole(r, 3, 300), spread(r, 30, 3e3)),
    "periodic units": lambda r: layer(r, "sine", n := few(r, 19), whole(r, 3, 300), rates(r, n, 3, 1000)),
    "symmetric, one sine": lambda r: symmetric(r, "sine", 16, rates(r, 1, 3, 1000)),
    "symmetric, few sines": lambda r: symmetric(r, "sine", 16, rates(r, int(r.integers(2, 6)), 3, 300)),
    "symmetric, 1 to 3 steps": lambda r: symmetric(r, "step", 16, np.ones(few(r, 3))),
    "symmetric, many steps": lambda r: symmetric(r, "step", 16, np.ones(whole(r, 4, 300))),
    "symmetric, each step its own": lambda r: symmetric(
        r, "step", 2 * whole(r, 4, 150), np.ones(whole(r, 2, 300)), own=True
    ),
    "symmetric, clipped": lambda r: symmetric(r, "hard", 16, rates(r, few(r, 5), 3, 300)),
    "symmetric, tanh": lambda r: symmetric(r, "tanh", 16, rates(r, few(r, 5), 2, 1000)),
    "gated, sine": lambda r: gated(r, "sine", whole(r, 3, 100), rates(r, few(r, 4), 3, 300)),
    "gated, tanh": lambda r: gated(r, "tanh", whole(r, 3, 100), rates(r, few(r, 4), 3, 1000)),
    "gated, clipped": lambda r: gated(r, "hard", whole(r, 3, 100), rates(r, few(r, 4), 3, 300)),
    "boundary layer at 0": lambda r: boundary(r, spread(r, 3, 1e5)),
    "saturated probability": lambda r: saturated(r, whole(r, 3, 100), int(r.integers(2, 10)), spread(r, 1, 200)),
    "detached branch": lambda r: unseen(layer(r, "relu", int(r.integers(2, 50)), 20), slope(spread(r, 0.01, 30))),
    "rounded input": lambda r: rounded(layer(r, "tanh", 5, 20, 3.0), int(r.integers(3, 256))),
    "float32, ReLU": lambda r: single(layer(r, "relu", whole(r, 2, 300), whole(r, 3, 300))),
}
"""What rules and estimates were chosen on (even seeds; odd seeds were held back)."""

HELD_BACK: dict[str, Callable[[Random], Path]] = {
    "absolute values": lambda r: layer(r, "absolute", whole(r, 1, 1000), whole(r, 3, 1000)),
    "softplus": lambda r: layer(r, "softplus", whole(r, 1, 300), whole(r, 3, 300), spread(r, 1, 300)),
    "squares": lambda r: layer(r, "square", whole(r, 1, 100), whole(r, 3, 300)),
    "symmetric, triangle waves": lambda r: symmetric(r, "triangle", 32, rates(r, few(r, 4), 0.5, 60)),
    "symmetric, each sine its own": lambda r: symmetric(
        r, "sine", 2 * whole(r, 4, 150), rates(r, whole(r, 2, 100), 2, 200), own=True
    ),
    "gated, triangle waves": lambda r: gated(r, "triangle", whole(r, 3, 100), rates(r, few(r, 4), 0.5, 30)),
    "deep softplus": lambda r: deep(r, "softplus", widths(r, (2, 4), 60), whole(r, 3, 300), spread(r, 0.7, 4)),
    "mixed scales, ELU": lambda r: layer(
        r, "elu", n := whole(r, 3, 200), whole(r, 3, 300), rates(r, n, 0.3, 300), mixed=1
    ),
    "float32, deep ReLU": lambda r: single(deep(r, "relu", widths(r, (2, 3), 60), whole(r, 3, 300), 2**0.5)),
    "float32, symmetric steps": lambda r: single(
        symmetric(r, "step", 2 * whole(r, 4, 150), np.ones(whole(r, 2, 300)), own=True)
    ),
}
"""Families that nothing was chosen on."""

FAMILIES = CHOSEN_ON | HELD_BACK


def made(family: str, seed: int) -> Path:
    """Model number `seed` of a family."""
    return FAMILIES[family](np.random.default_rng([seed, sum(map(ord, family))]))
