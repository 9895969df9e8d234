"""Agreement of the engines, and parity with Captum: the built-in model, trained, in every engine on the same photos.

Each engine runs in a process of its own (Keras has one backend a process) and is compared with NumPy in the same
precision: max |a − b| / max |b| over logits, the values at all layers (the worst one counts), the gradients of two
targets by the pixels and by every layer, and integrated gradients with 16 nodes. Then follows benchmarks/parity.py,
which compares with Captum. Both tables are Markdown, as docs/evidence/parity.md has them.

    python benchmarks/agreement.py [--no-captum]
"""

from __future__ import annotations

import argparse
import json
import platform
from importlib import metadata

import numpy as np
from engines import ENGINES, in_a_process, in_numpy

import innerview
from innerview.errors import ModelError
from innerview.model import OUTPUT, DifferentiableModel
from innerview.targets import Logit, Margin, together
from innerview.types import Array

PHOTOS = ("cat", "moose")
NODES = 16
QUANTITIES = ("logits", "values at every layer", "gradients by the pixels", "gradients by every layer",
              f"integrated gradients, {NODES} nodes")  # fmt: skip
PRECISIONS = {"float32": np.float32, "float64": np.float64}


def quantities(model: DifferentiableModel, images: Array) -> list[list[Array]]:
    """Everything that is compared, in the order of QUANTITIES."""
    layers = [layer.name for layer in model.layers]
    pulled = model.vjp(images, {OUTPUT: together([Logit(3), Margin(4, 5)])}, layers)
    black = np.zeros_like(images[0])
    maps = [
        innerview.integrated_gradients(
            model, image, Logit(3), baseline=black, rule="gauss-legendre", evaluations=NODES
        ).attribution
        for image in images
    ]
    return [
        [pulled.outputs],
        [pulled.activations[name] for name in layers],
        [pulled.input_gradients],
        [pulled.layer_gradients[name] for name in layers],
        maps,
    ]


def compare(engine: str) -> dict[str, list[float]]:
    """Largest difference of each quantity from NumPy's, by precision; precisions that the engine lacks are left out."""
    reference, built = in_numpy(), ENGINES[engine][0]()
    found: dict[str, list[float]] = {}
    for name, kind in PRECISIONS.items():
        ours = reference.astype(kind)
        try:
            theirs = built.astype(kind)
        except ModelError:
            continue
        images = np.stack(
            [innerview.preprocess(innerview.example_image(photo), ours.input).pixels for photo in PHOTOS]
        ).astype(kind)
        pairs = zip(quantities(theirs, images), quantities(ours, images), strict=True)
        found[name] = [
            max(float(np.abs(one - other).max() / np.abs(other).max()) for one, other in zip(*pair, strict=True))
            for pair in pairs
        ]
    return found


def main() -> None:
    """Compare all engines, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--alone", choices=ENGINES, help=argparse.SUPPRESS)
    parser.add_argument("--no-captum", action="store_true")
    arguments = parser.parse_args()
    if arguments.alone:
        print(json.dumps(compare(arguments.alone)))
        return
    packages = ("numpy", "torch", "keras", "tensorflow-cpu", "jax")
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in packages)
    print(f"Python {platform.python_version()}, {versions}; the model {in_numpy().fingerprint}")
    print("max |a − b| / max |b| against NumPy, same precision\n")
    found = {engine: in_a_process(__file__, engine) for engine in ENGINES if engine != "NumPy"}
    for precision in PRECISIONS:
        columns = [engine for engine in found if precision in found[engine]]
        print(f"| {precision} | {' | '.join(columns)} |\n|---|{'---:|' * len(columns)}")
        for place, name in enumerate(QUANTITIES):
            print(f"| {name} | {' | '.join(f'{found[engine][precision][place]:.1e}' for engine in columns)} |")
        print()
    if not arguments.no_captum:
        import parity

        parity.main()


if __name__ == "__main__":
    main()
