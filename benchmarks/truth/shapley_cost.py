"""How many passes Shapley values take for one standard error: ours, shap's and Captum's, on the same games.

    python benchmarks/truth/shapley_cost.py FOLDER --data IMAGES   what all coalitions of 12 regions score
    python benchmarks/truth/shapley_cost.py FOLDER --compare       every sampler on these games; a table

A game is what the built-in model's log-odds are with each set of regions shown under the blurred fill: 4,096 scores
of one image (with REGIONS=10 in the environment 1,024), from which the exact values follow. Then every sampler is run
on the games with its own defaults, REPEATS times with other seeds, and its mean squared error over regions, images
and repetitions is set beside the passes that it took. At the same standard error the passes of two samplers are in
proportion to (squared error × passes), since each squared error falls with the passes. Needs shap and Captum. Ours is
`innerview.sampled_shapley` itself, asked for a number of passes; the others are asked as their authors' defaults have
it.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import innerview
from innerview.adapters import FunctionModel
from innerview.data.folders import open_folders
from innerview.methods.sampled_shapley import sampled_shapley
from innerview.methods.shapley import shapley
from innerview.model import InputSpec, OutputSpec
from innerview.targets import Logit, LogOdds

IMAGES = 12
REGIONS = int(os.environ.get("REGIONS", "12"))
REPEATS = 20
OURS = 2 + 2 * (REGIONS - 1) * 22
"""Passes that ours is allowed, as many as 22 pairs of orders take, as shap's permutation explainer."""

Game = Callable[[np.ndarray], np.ndarray]


def make(folder: Path, data: Path) -> None:
    """Work out the games that are not there yet, of images drawn from a data set."""
    folder.mkdir(parents=True, exist_ok=True)
    model = innerview.load_pretrained("allcnn")
    for number, entry in enumerate(open_folders(data).shuffled(IMAGES, 0)):
        if (folder / f"{number:02}.npz").exists():
            continue
        image = innerview.preprocess(entry.read(), model.input).pixels
        found = shapley(model, image, LogOdds(), regions=REGIONS, fills=("blurred",))
        np.savez(folder / f"{number:02}.npz", scores=found.scores[0], values=found.values[0])


class Counted:
    """A game that counts how often it is played; coalitions are rows of ones and zeros."""

    def __init__(self, scores: np.ndarray) -> None:
        self.scores, self.passes = scores, 0

    def __call__(self, shown: np.ndarray) -> np.ndarray:
        """Score each row."""
        rows = np.asarray(shown, np.float64).reshape(-1, REGIONS) > 0.5
        self.passes += len(rows)
        return self.scores[rows @ (1 << np.arange(REGIONS))]


def ours(game: Counted, seed: int) -> np.ndarray:
    """Least squares over sets by leverage, by `innerview.sampled_shapley`."""

    def run(images: np.ndarray) -> np.ndarray:
        values = game(images[:, 0, :, 0])
        return np.column_stack([np.zeros(len(values)), values])

    model = FunctionModel(run, InputSpec(1, REGIONS, 1), OutputSpec(("no", "yes")), np.float64)
    game.passes = 0  # wrapping asks too
    labels = np.arange(REGIONS)[None]
    image = np.ones((1, REGIONS, 1))
    found = sampled_shapley(
        model, image, Logit(1), regions=labels, fill="black", half_width=1e-9, max_evaluations=OURS, seed=seed
    )
    game.passes = found.n_evaluations
    return np.asarray(found.attribution)[0]


def pairs_of_orders(game: Counted, seed: int) -> np.ndarray:
    """Orders and their reverses, which `innerview.sampled_shapley` took before (Mitchell and others 2022)."""
    random, found = np.random.default_rng(seed), list[np.ndarray]()
    empty, full = game(np.array([np.zeros(REGIONS), np.ones(REGIONS)]))
    for _ in range((OURS - 2) // (2 * (REGIONS - 1))):
        order = random.permutation(REGIONS)
        for one in (order, order[::-1]):
            place = np.argsort(one)
            inner = game(place[None] < np.arange(1, REGIONS)[:, None])
            added = np.zeros(REGIONS)
            added[one] = np.diff(np.concatenate([[empty], inner, [full]]))
            found.append(added)
    return np.mean(found, axis=0)


def shap_kernel(game: Counted, seed: int) -> np.ndarray:
    """shap.KernelExplainer, nsamples="auto"."""
    import shap

    np.random.seed(seed)  # noqa: NPY002 what it draws from
    explainer = shap.KernelExplainer(game, np.zeros((1, REGIONS)))
    return np.asarray(explainer.shap_values(np.ones((1, REGIONS)), silent=True))[0]


def shap_permutation(game: Counted, seed: int) -> np.ndarray:
    """shap.PermutationExplainer, max_evals=500: what shap.Explainer takes for a function."""
    import shap

    np.random.seed(seed)  # noqa: NPY002 what it draws from
    explainer = shap.PermutationExplainer(game, shap.maskers.Independent(np.zeros((1, REGIONS))), seed=seed)
    return np.asarray(explainer(np.ones((1, REGIONS)), silent=True).values)[0]


def _captum(game: Counted, seed: int, name: str) -> np.ndarray:
    import captum.attr
    import torch

    torch.manual_seed(seed)
    np.random.seed(seed)  # noqa: NPY002 what it draws from
    method: Any = getattr(captum.attr, name)(lambda rows: torch.as_tensor(game(rows.numpy())))
    given = torch.ones(1, REGIONS, dtype=torch.float64)
    return method.attribute(given, baselines=torch.zeros_like(given)).numpy()[0]


SAMPLERS: dict[str, Callable[[Counted, int], np.ndarray]] = {
    "innerview.sampled_shapley": ours,
    "antithetic pairs of orders": pairs_of_orders,
    'shap.KernelExplainer (nsamples="auto")': shap_kernel,
    "shap.PermutationExplainer (max_evals=500)": shap_permutation,
    "captum ShapleyValueSampling (n_samples=25)": lambda game, seed: _captum(game, seed, "ShapleyValueSampling"),
    "captum KernelShap (n_samples=25)": lambda game, seed: _captum(game, seed, "KernelShap"),
}


def compare(folder: Path) -> None:
    """Print a table: passes, root mean squared error, and our passes for the same error as a fraction of theirs."""
    games = [np.load(path) for path in sorted(folder.glob("*.npz"))]
    random, found = np.random.default_rng(0), dict[str, tuple[float, np.ndarray]]()
    for name, sampler in SAMPLERS.items():
        errors, passes = np.zeros((len(games), REPEATS)), np.zeros((len(games), REPEATS))
        for number, game in enumerate(games):
            size = float(np.abs(game["values"]).sum())
            for seed in range(REPEATS):
                counted = Counted(game["scores"])
                with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
                    warnings.simplefilter("ignore")
                    values = sampler(counted, seed)
                errors[number, seed] = ((values - game["values"]) ** 2).mean() / size**2
                passes[number, seed] = counted.passes
        found[name] = float(passes.mean()), errors.mean(axis=1)
    own_passes, own = found["innerview.sampled_shapley"]
    about = f"n = {len(games)} images, {REGIONS} regions, {REPEATS} runs each"
    print(f"| {about} | passes | error / Σ of the values | our passes / theirs |")
    print("|---|---|---|---|")
    for name, (passes, errors) in found.items():
        draws = random.integers(len(games), size=(2000, len(games)))
        ratios = own[draws].mean(axis=1) * own_passes / (errors[draws].mean(axis=1) * passes)
        low, high = np.percentile(ratios, (2.5, 97.5))
        ratio = own.mean() * own_passes / (errors.mean() * passes)
        told = "exact" if errors.max() < 1e-12 else f"{ratio:.2f} ({low:.2f} to {high:.2f})"
        print(f"| {name} | {passes:,.0f} | {np.sqrt(errors.mean()):.4f} | {told} |")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--compare", action="store_true")
    given = parser.parse_args()
    if given.data is not None:
        make(given.folder, given.data)
    if given.compare:
        compare(given.folder)
