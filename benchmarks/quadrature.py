"""Evaluations against true error: fixed rules side by side, and what integrals to a tolerance cost and promise.

For every image the reference is the integral to 1/50 of the smallest tolerance; doubling its nodes once more would
move it by less than 1/18 of that tolerance, since the plain step is at most 2.8 times the estimate. Then

- every fixed rule at several numbers of evaluations: its map's relative L1 error (median, largest);
- integration to a tolerance: evaluations (median, 95th percentile), how many reached it, the share of images whose
  true error is within the tolerance and within the stated error (with a 95 % Wilson interval), how the stated error
  compares with the true one, and the share of pixels within their own stated error.

    python benchmarks/quadrature.py --data FOLDER [--weights FILE] [--activation relu] [--target probability]
        [--images 30] [--skip 0] [--tolerances 0.01] [--budget 513] [--no-rules]

FOLDER holds class folders of images (`test/<class>/*.jpg` or `<class>/*.jpg`); images are drawn class by class
with a fixed seed, and --skip leaves out the first ones, to measure on others than were used before.
"""

from __future__ import annotations

import argparse
import platform
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image as Pillow

from innerview import allcnn
from innerview.adapters.numpy.model import NumpyModel
from innerview.adapters.numpy.operations import ELU, ReLU
from innerview.methods import integrated_gradients
from innerview.methods.tolerance import integrate_jobs
from innerview.methods.walk import Job
from innerview.results import IntegratedGradients, Status
from innerview.targets import Logit, Probability, Target
from innerview.types import Array

FIXED = {
    "riemann-right": (16, 32, 64, 300),
    "gauss-legendre": (8, 16, 32, 50),
    "clenshaw-curtis": (9, 17, 33, 65),
    "trapezoid": (9, 17, 33, 65),
}
TARGETS: dict[str, Callable[[], Target]] = {"logit": Logit, "probability": Probability}


def model_of(weights: Path | None, activation: str) -> NumpyModel:
    """The built-in model, or another of its architecture, perhaps with ReLU in place of ELU (not trained so)."""
    model = allcnn.read(weights) if weights else allcnn.load_pretrained()
    if activation == "elu":
        return model
    steps = [ReLU(step.name) if isinstance(step, ELU) else step for step in model.operations]
    return NumpyModel(model.input, model.output, steps, model.weights())


def images_of(folder: Path, count: int, skip: int) -> list[Array]:
    """So many images, class by class in turn."""
    root = folder / "test" if (folder / "test").is_dir() else folder
    classes = sorted(path for path in root.iterdir() if path.is_dir())
    random = np.random.default_rng(2026)
    files = [list(random.permutation(sorted(path.iterdir()))) for path in classes]
    chosen = [files[number % len(classes)][number // len(classes)] for number in range(skip, skip + count)]
    return [np.asarray(Pillow.open(path).convert("RGB"), dtype=np.float32) / 255 for path in chosen]


def relative(found: Array, exact: Array) -> float:
    """Relative L1 error."""
    return float(np.abs(found - exact).sum() / np.abs(exact).sum())


def wilson(hits: int, count: int) -> str:
    """A share with its 95 % interval (Wilson 1927)."""
    share, z = hits / count, 1.96
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z * np.sqrt(share * (1 - share) / count + z * z / (4 * count**2)) / (1 + z * z / count)
    return f"{share:.1%} ({max(middle - half, 0):.1%} to {min(middle + half, 1):.1%}, n = {count})"


def report_rules(model: NumpyModel, images: Sequence[Array], references: Sequence[IntegratedGradients]) -> None:
    """Print the table of fixed rules."""
    for rule, counts in FIXED.items():
        cells = []
        for evaluations in counts:
            errors = [
                relative(
                    integrated_gradients(
                        model,
                        image,
                        target_of(exact),
                        baseline=np.zeros_like(image),
                        rule=rule,
                        n_steps=evaluations,
                    ).heatmap,
                    exact.heatmap,
                )
                for image, exact in zip(images, references, strict=True)
            ]
            cells.append(f"{evaluations}: {np.median(errors):.1e} {max(errors):.1e}")
        print(f"| {rule} | {' | '.join(cells)} |", flush=True)


def target_of(result: IntegratedGradients) -> Target:
    """The target of a result with its class fixed."""
    kind = {"logit": Logit, "probability": Probability}[result.unit]
    return kind(result.target)


def report_tolerance(
    results: Sequence[IntegratedGradients], references: Sequence[IntegratedGradients], tolerance: float
) -> None:
    """Print what was spent for one tolerance, and whether the word was kept."""
    spent = np.array([result.n_evaluations for result in results])
    met = [pair for pair in zip(results, references, strict=True) if pair[0].status is Status.CONVERGED]
    print(
        f"tolerance {tolerance:g}: evaluations median {np.median(spent):.0f}, 95 % {np.quantile(spent, 0.95):.0f}, "
        f"mean {spent.mean():.1f}, largest {spent.max()}; reached: {wilson(len(met), len(results))}"
    )
    if not met:
        return
    true = np.array([relative(result.heatmap, exact.heatmap) for result, exact in met])
    stated = np.array([result.error for result, _ in met])
    pixels = [np.mean(np.abs(result.heatmap - exact.heatmap) <= result.pixel_error) for result, exact in met]
    print(f"  true error: median {np.median(true):.2e}, largest {true.max():.2e}")
    print(f"  within the tolerance: {wilson(int((true <= tolerance).sum()), len(met))}")
    print(f"  within the stated error: {wilson(int((true <= stated).sum()), len(met))}")
    print(f"  stated / true: median {np.median(stated / true):.2f}, smallest {(stated / true).min():.2f}")
    print(f"  pixels within their own error: mean {np.mean(pixels):.1%}, worst image {min(pixels):.1%}")
    print(f"  gap: median {np.median([result.relative_convergence_delta for result, _ in met]):.1e}", flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--activation", choices=["elu", "relu"], default="elu")
    parser.add_argument("--target", choices=list(TARGETS), default="logit")
    parser.add_argument("--images", type=int, default=30)
    parser.add_argument("--skip", type=int, default=0)
    parser.add_argument("--tolerances", type=float, nargs="*", default=[0.01])
    parser.add_argument("--budget", type=int, default=513)
    parser.add_argument("--no-rules", action="store_true")
    options = parser.parse_args()
    model = model_of(options.weights, options.activation)
    images = images_of(options.data, options.images, options.skip)
    target = TARGETS[options.target]()
    print(f"{options} · Python {platform.python_version()}, NumPy {np.__version__}, model {model.fingerprint}")

    def explained(tolerance: float, budget: int) -> list[IntegratedGradients]:
        jobs = [Job(image, (target,), (np.zeros_like(image),)) for image in images]
        found = dict(integrate_jobs(model, jobs, tolerance=tolerance, max_evaluations=budget))
        return [found[number][0] for number in range(len(images))]

    references = explained(min(options.tolerances) / 50, 4097)
    spent = [reference.n_evaluations for reference in references]
    stated = [reference.error for reference in references]
    print(f"references: {np.median(spent):.0f} evaluations (median), error at most {max(stated):.1e}", flush=True)
    if not options.no_rules:
        report_rules(model, images, references)
    for tolerance in options.tolerances:
        report_tolerance(explained(tolerance, options.budget), references, tolerance)


if __name__ == "__main__":
    main()
