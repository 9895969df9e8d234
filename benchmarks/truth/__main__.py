"""Which map tells the truth? `innerview compare` on three models, and ground truth by construction; the public table.

    python benchmarks/truth allcnn --data FOLDER --images 200            # measure
    python benchmarks/truth twin --data FOLDER                          # its weights lie beside this file
    python benchmarks/truth lite --images 50                             # crops of the example photos
    python benchmarks/truth constructed                                 # known answers
    python benchmarks/truth road --data FOLDER --images 1000             # ROAD's published row, and ours
    python benchmarks/truth cost --data FOLDER --images 100 [--weights TWIN]   # what each baseline costs
    python benchmarks/truth idsds --data FOLDER --weights FILE           # single patches; FILE is made if need be
    python benchmarks/truth --render                                     # write the tables of docs/evidence/truth.md

FOLDER holds CIFAR-10 as class folders, or a folder `test` of them. Rows lie in `results`; what is there is not measured
again, so a run may be ended and taken up. Images are drawn once, class by class in turn.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import numpy as np
from constructed import construct
from cost import measure as measure_cost
from idsds import measure as measure_patches
from PIL import Image as Pillow
from rendering import render
from road import measure as measure_road

from innerview import allcnn
from innerview.adapters.numpy.model import NumpyModel
from innerview.adapters.numpy.operations import ReLU
from innerview.fills import DEFAULT_FILLS
from innerview.model import Model
from innerview.types import Image
from innerview.workbench.compare.compare import Named, measure
from innerview.workbench.compare.entrants import enter
from innerview.workbench.compare.judging import Plan

SEED = 20261129
HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results"
REFERENCES = 16


def tests(data: Path) -> Iterator[Named]:
    """CIFAR-10's test images by name, class by class in turn, in an order drawn once."""
    root = data / "test" if (data / "test").is_dir() else data
    classes = sorted(path.name for path in root.iterdir() if path.is_dir())
    random = np.random.default_rng(SEED)
    orders = {name: random.permutation(len(list((root / name).iterdir()))) for name in classes}
    files = {name: sorted((root / name).iterdir()) for name in classes}
    for turn in range(min(map(len, orders.values()))):
        for name in classes:
            position = int(orders[name][turn])
            yield f"{name}/{position}", reading(files[name][position])


def reading(file: Path) -> Callable[[], Image]:
    """How an image of this file is read."""
    return lambda: np.asarray(Pillow.open(file).convert("RGB"), dtype=np.float32) / 255


def crops() -> Iterator[Named]:
    """What benchmarks/attribution feeds EfficientNet-Lite0: crops of the example photos."""
    sys.path.insert(0, str(HERE.parent / "attribution"))
    from cases import crops as made

    for name, image in made(224):
        yield name, lambda image=image: image


def twin(weights: Path | None) -> Model:
    """The built-in architecture with ReLU, run by the NumPy adapter; its rows are of the weights beside this file."""
    known = allcnn.read(weights or HERE / "twin.safetensors")
    operations = [ReLU(one.name) if type(one).__name__ == "ELU" else one for one in known.operations]
    return NumpyModel(known.input, known.output, operations, known.weights())


def lite() -> Model:
    """EfficientNet-Lite0 with ImageNet's weights, on one thread."""
    import torch

    torch.set_num_threads(1)
    sys.path.insert(0, str(HERE.parent / "attribution"))
    from cases import case_of

    return case_of("lite", None, None).model


def plan_for(case: str, weights: Path | None, references: list[Named]) -> Plan:
    """What is measured of a model: the defaults of `innerview compare`; of the large one no checks, which cost most."""
    model = {"allcnn": allcnn.load_pretrained, "twin": lambda: twin(weights), "lite": lite}[case]()
    given = tuple(read() for _, read in references)
    checked = 0 if case == "lite" else 4
    return Plan(model, enter(model).entrants, DEFAULT_FILLS, (3, 3), SEED, checked, references=given)


def run(case: str, data: Path | None, weights: Path | None, count: int, mosaics: int) -> None:
    """Add the rows that are missing."""
    if case != "lite" and data is None:
        raise SystemExit(f"{case} needs --data")
    found = list(islice(tests(data) if data is not None and case != "lite" else crops(), 1000))
    plan = plan_for(case, weights, found[-REFERENCES:])

    def told(done: float, total: int, words: str) -> None:
        print(f"{done:.2f} of {total}, {words}", flush=True)

    measure(plan, found[:count], RESULTS / f"{case}.jsonl", mosaics, told)


def main() -> None:
    """Measure what was asked for, or write the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("case", nargs="?", choices=["allcnn", "twin", "lite", "constructed", "road", "cost", "idsds"])
    parser.add_argument("--data", type=Path)
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--mosaics", type=int, default=0)
    parser.add_argument("--render", action="store_true")
    options = parser.parse_args()
    if options.case == "constructed":
        construct(RESULTS / "constructed.jsonl")
    elif options.case == "road":
        if options.data is None:
            raise SystemExit("road needs --data")
        measure_road(allcnn.load_pretrained(), tests(options.data), options.images, RESULTS / "road.jsonl", SEED)
    elif options.case == "cost":
        if options.data is None:
            raise SystemExit("cost needs --data")
        model = twin(options.weights) if options.weights else allcnn.load_pretrained()
        file = RESULTS / f"cost-{'twin' if options.weights else 'allcnn'}.jsonl"
        measure_cost(model, islice(tests(options.data), options.images), file)
    elif options.case == "idsds":
        if options.data is None or options.weights is None:
            raise SystemExit("idsds needs --data, a folder with train and test, and --weights")
        listed = list(islice(tests(options.data), 1000))
        measure_patches(listed, options.data, options.weights, options.images, RESULTS / "idsds.jsonl", SEED)
    elif options.case:
        run(options.case, options.data, options.weights, options.images, options.mosaics)
    if options.render:
        render()


if __name__ == "__main__":
    main()
