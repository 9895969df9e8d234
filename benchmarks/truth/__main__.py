"""Which map tells the truth? Region sums of each method beside exact Shapley values of the regions, fill by fill.

    python benchmarks/truth ROWS --data FOLDER [--images 24]     # measure
    python benchmarks/truth ROWS --render                        # write the table of docs/evidence/truth.md

FOLDER holds CIFAR-10 as class folders, or a folder `test` of them. ROWS is a file of JSON lines, one for the maps of an
image and one for its truth under each fill: what is there already is not measured again, so a run may be ended and
taken up, and images and fills may be added. Images are drawn once, class by class in turn. Regions are a grid of 3 × 3,
the score is the log-odds of the predicted class (of class evidence the contrast, since log-odds are no sum of outputs),
and a method's answer for a region is the sum of its map over it. The controls know nothing of the model.
"""

from __future__ import annotations

import argparse
import json
import platform
from collections.abc import Callable, Iterator
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
from PIL import Image as Pillow

from innerview import allcnn
from innerview.fills import make_fill
from innerview.methods import (
    class_evidence,
    grad_cam,
    gradient,
    gradient_input,
    integrated_gradients,
    occlusion,
    segment_sums,
    shapley,
)
from innerview.methods.agreement import spearman
from innerview.methods.partitions import partition
from innerview.model import Model
from innerview.results import as_attribution
from innerview.targets import Contrast, LogOdds
from innerview.types import Array, Image, Map

SEED = 20261129
GRID = (3, 3)
FILLS = ("blurred", "mean", "black")
PAGE = Path(__file__).resolve().parents[2] / "docs" / "evidence" / "truth.md"


def drawn(data: Path) -> Iterator[tuple[str, Image]]:
    """CIFAR-10's test images by name, class by class in turn, in an order drawn once."""
    root = data / "test" if (data / "test").is_dir() else data
    classes = sorted(path.name for path in root.iterdir() if path.is_dir())
    random = np.random.default_rng(SEED)
    orders = {name: random.permutation(len(list((root / name).iterdir()))) for name in classes}
    for turn in range(min(map(len, orders.values()))):
        for name in classes:
            position = int(orders[name][turn])
            file = sorted((root / name).iterdir())[position]
            yield f"{name}/{position}", np.asarray(Pillow.open(file).convert("RGB"), dtype=np.float32) / 255


def whole(name: str, image: Image) -> Image:
    """The image as a fill leaves it where nothing is kept."""
    return make_fill(name, image).paint(image, np.zeros((1, *image.shape[:2]), bool))[0]


def centre(image: Image) -> Map:
    """More towards the middle, whatever is there."""
    rows, columns = (np.linspace(-1, 1, length) for length in image.shape[:2])
    return np.exp(-2 * (rows[:, None] ** 2 + columns[None] ** 2))


def edges(image: Image) -> Map:
    """How much the brightness changes from pixel to pixel."""
    down, across = np.gradient(image.mean(axis=2).astype(np.float64))
    return np.hypot(down, across)


def chance(image: Image) -> Map:
    """Noise, another for every image and always the same for one."""
    return np.random.default_rng(int(image.sum(dtype=np.float64) * 1e4)).normal(size=image.shape[:2])


def ig(fill: str) -> Callable[[Model, Image], Map]:
    """Integrated gradients to 1 % from a baseline."""
    return lambda model, image: (
        integrated_gradients(model, image, LogOdds(), baseline=whole(fill, image), tolerance=0.01).heatmap
    )


def hidden(fill: str) -> Callable[[Model, Image], Map]:
    """Occlusion by windows of 8 × 8, stride 4."""
    return lambda model, image: occlusion(model, image, LogOdds(), fill=whole(fill, image), window=8, stride=4).heatmap


METHODS: dict[str, Callable[[Model, Image], Map]] = {
    "Integrated gradients from black": ig("black"),
    "Integrated gradients from the mean colour": ig("mean"),
    "Integrated gradients from a blurred copy": ig("blurred"),
    "Class evidence (elu9)": lambda model, image: class_evidence(model, image, Contrast()).heatmap,
    "Occlusion 8 × 8, black": hidden("black"),
    "Occlusion 8 × 8, mean colour": hidden("mean"),
    "Occlusion 8 × 8, blurred copy": hidden("blurred"),
    "Grad-CAM (elu9)": lambda model, image: grad_cam(model, image, LogOdds()).heatmap,
    "Gradient × input, from black": lambda model, image: (
        as_attribution(gradient_input(model, image, LogOdds())).heatmap
    ),
    "Size of the gradient": lambda model, image: np.abs(gradient(model, image, LogOdds()).gradient).sum(axis=2),
}
CONTROLS: dict[str, Callable[[Image], Map]] = {
    "Control: the centre": centre,
    "Control: edges of the image": edges,
    "Control: random": chance,
}


def maps(model: Model, image: Image, labels: Array) -> dict[str, list[float]]:
    """Region sums of every method and control."""
    found = {name: method(model, image) for name, method in METHODS.items()}
    found |= {name: control(image) for name, control in CONTROLS.items()}
    return {name: segment_sums(np.asarray(one, np.float64), labels).tolist() for name, one in found.items()}


def truth(model: Model, image: Image, fill: str) -> dict[str, Any]:
    """Shapley values under a fill, what follows from two coalitions alone, and the sizes of minimal sets."""
    began = process_time()
    found = shapley(model, image, LogOdds(), regions=GRID, fills=[fill])
    scores, number = found.scores[0], found.values.shape[1]
    return {
        "values": found.values[0].tolist(),
        "banzhaf": found.banzhaf[0].tolist(),
        "without": [float(scores[-1] - scores[(2**number - 1) ^ (1 << one)]) for one in range(number)],
        "alone": [float(scores[1 << one] - scores[0]) for one in range(number)],
        "sufficient": [len(one) for one in found.sufficient[0]],
        "decisive": [len(one) for one in found.decisive[0]],
        "answer": found.answer,
        "seconds": process_time() - began,
    }


def measure(file: Path, data: Path, count: int, fills: list[str]) -> None:
    """Add the rows that are missing."""
    model = allcnn.load("allcnn")
    known = {(row["image"], row["what"]) for row in rows(file)}
    labels = partition(model.input.height, model.input.width, GRID)
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a", encoding="utf-8") as into:
        for _, (name, image) in zip(range(count), drawn(data), strict=False):
            for what in ("maps", *fills):
                if (name, what) not in known:
                    row = maps(model, image, labels) if what == "maps" else truth(model, image, what)
                    about = {"image": name, "what": what, "network": model.fingerprint}
                    into.write(json.dumps(about | row) + "\n")
                    into.flush()


def rows(file: Path) -> list[dict[str, Any]]:
    """What was measured; a last line that was cut off is left out."""
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True) if file.exists() else []
    return [json.loads(line) for line in lines if line.endswith("\n")]


def render(file: Path) -> None:
    """Write the table between the page's markers."""
    found = rows(file)
    sums = {row["image"]: row for row in found if row["what"] == "maps"}
    truths = {(row["image"], row["what"]): row for row in found if row["what"] != "maps"}
    fills = list(dict.fromkeys(what for _, what in truths))
    images = {fill: [image for image in sums if (image, fill) in truths] for fill in fills}
    answers: dict[str, Callable[[str, str], list[float]]] = {
        name: lambda image, _, name=name: sums[image][name] for name in (*METHODS, *CONTROLS)
    }
    answers |= {
        "*The region itself removed*": lambda image, fill: truths[image, fill]["without"],
        "*The region itself alone*": lambda image, fill: truths[image, fill]["alone"],
    }
    answers |= {
        f"*Truth under the fill {other}*": lambda image, _, other=other: truths.get((image, other), {}).get(
            "values", []
        )
        for other in fills
    }
    lines = [
        f"| Spearman of region sums with truth | {' | '.join(f'{fill} (n = {len(images[fill])})' for fill in fills)} |",
        "|---" * (len(fills) + 1) + "|",
    ]
    for name, values in answers.items():
        cells = [agreement(fill, values, truths, images[fill]) for fill in fills]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    lines += ["", "| smallest set of the 9 regions | " + " | ".join(fills) + " |", "|---" * (len(fills) + 1) + "|"]
    for what, told in {"sufficient": "alone keeps the answer", "decisive": "removed changes it"}.items():
        cells = [middle([min(truths[one, fill][what], default=np.nan) for one in images[fill]], 0) for fill in fills]
        lines.append(f"| {told} | {' | '.join(cells)} |")
    seconds = middle([row["seconds"] for row in truths.values()])
    lines += ["", f"Processor time for the 512 coalitions of an image under a fill: {seconds} s. {surroundings()}"]
    text = PAGE.read_text(encoding="utf-8")
    before, rest = text.split("<!-- truth -->\n")
    after = rest.split("<!-- /truth -->")[1]
    table = "\n".join(lines)
    PAGE.write_text(f"{before}<!-- truth -->\n{table}\n<!-- /truth -->{after}", encoding="utf-8")


def agreement(
    fill: str,
    values: Callable[[str, str], list[float]],
    truths: dict[tuple[str, str], dict[str, Any]],
    images: list[str],
) -> str:
    """One cell: the median of Spearman's correlation with the truth, and quartiles."""
    pairs = [(values(one, fill), truths[one, fill]["values"]) for one in images]
    return middle([spearman(np.array(one), np.array(other)) for one, other in pairs if one])


def surroundings() -> str:
    """What the figures were measured with."""
    about = Path("/proc/cpuinfo").read_text(encoding="utf-8") if Path("/proc/cpuinfo").exists() else ""
    name = next((line.partition(":")[2].strip() for line in about.splitlines() if "model name" in line), "unknown")
    vectors = "AVX-512" if "avx512f" in about else "AVX2" if "avx2" in about else "no AVX2"
    return f"Processor {name} ({vectors}), one thread, Python {platform.python_version()}, NumPy {np.__version__}."


def middle(values: list[float], digits: int = 2) -> str:
    """Median and quartiles; values that are NaN (a map of one value) are left out."""
    low, half, high = np.nanpercentile(values, [25, 50, 75])
    return f"{half:.{digits or 1}f} ({low:.{digits}f} to {high:.{digits}f})"


def main() -> None:
    """Measure what was asked for, or write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", type=Path)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--images", type=int, default=24)
    parser.add_argument("--fills", nargs="+", default=list(FILLS))
    parser.add_argument("--render", action="store_true")
    options = parser.parse_args()
    if options.data:
        measure(options.rows, options.data, options.images, options.fills)
    if options.render:
        render(options.rows)


if __name__ == "__main__":
    main()
