"""The model cards of the built-in models: card.md, filled from their run folders. No figure is typed by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from innerview import allcnn
from innerview.data.fitting import preprocess
from innerview.data.samples import example_image
from innerview.methods import interior_gradients
from innerview.runs import RunFolder
from innerview.targets import Logit

PURPOSES = {
    "allcnn": "To be looked into: small enough to run without a framework and good enough to be worth explaining. It "
    "knows ten classes and says one of them for any image; a photo is first cropped and scaled to 32 × 32.",
    "tutorial2018": "To show what the 2018 tutorial that innerview began with was written to show: weights that spread "
    "while they learn, units that saturate, and wrong answers while the image is still faint. It was trained the "
    "tutorial's way on the same images as `allcnn`: put the two side by side.",
}

ALPHAS = (0.001, 0.01, 0.1, 1.0)


def card(name: str) -> str:
    """One model's card, in Markdown."""
    run, model = RunFolder.open(allcnn.run_folder(name)), allcnn.load_pretrained(name)
    manifest, weights, found = run.manifest, model.weights(), figures(name)
    template = (Path(__file__).parent / "card.md").read_text(encoding="utf-8")
    return template.format(
        name=name,
        channels=len(weights["conv1.weight"]),
        weights=sum(one.size for one in weights.values()),
        classes=", ".join(model.output.class_names),
        half_accuracy=found["float16"]["accuracy"],
        answers_changed=found["float16"]["answers_changed"],
        largest_logit_change=found["float16"]["largest_logit_change"],
        purpose=PURPOSES[name],
        **{key: manifest.data[key] for key in ("source", "train", "test")},
        notes=manifest.notes[0] if manifest.notes else "",
        versions=", ".join(" ".join(pair) for pair in manifest.versions.items()),
        data_hash=manifest.data["sha256"],
        code_hash=manifest.code["sha256"],
        **{key: found[key] for key in ("accuracy", "pictures", "compute_epochs", "minutes", "images_per_second")},
        **trained(manifest.configuration, manifest.data["train"]),
        average=average(found),
        confusion=confusion(found),
        fading=fading(name),
    )


def figures(name: str) -> dict[str, Any]:
    """What was measured of the model when it was bundled."""
    return json.loads((allcnn.run_folder(name) / "figures.json").read_text(encoding="utf-8"))


def trained(configuration: dict[str, Any], pictures: int) -> dict[str, Any]:
    """The settings of a training, in words where they are no numbers."""
    start, how, changes = (configuration[part] for part in ("initialisation", "optimisation", "augmentation"))
    sizes = [(stage["size"] or 32, stage["until"]) for stage in configuration["stages"]]
    mean, std = configuration.get("mean", [0.0]), configuration.get("std", [1.0])  # an older run took none
    raw, standardised = not any(mean) and set(std) == {1.0}, f"in [0, 1] less {mean}, divided by {std}"
    return {
        **{key: configuration[key] for key in ("steps", "batch_size", "threads", "precision", "seed")},
        **{key: how[key] for key in ("warmup", "label_smoothing", "temperature")},
        "pixels": "raw pixels in [0, 1]" if raw else standardised,
        "passes": configuration["steps"] * configuration["batch_size"] / pictures,
        "stages": ", ".join(f"{size} × {size} until {until:.0%} of the steps" for size, until in sizes),
        "deviation": "of each layer as in `table.py`" if start["stds"] else "1/√fan-in",
        "start": ", the first layer's filters free of their mean" * start["mean_free"]
        + ", each layer scaled to unit output variance on one batch, front to back" * start["lsuv"],
        "optimiser": optimiser(how),
        "lr_schedule": {"linear": "then linearly to 0", "none": "then constant"}[how["lr_schedule"]],
        "changes": f"flips: {changes['flip']}"
        + f"; shifts of up to {changes['shift']} pixels, reflected" * bool(changes["shift"])
        + f"; turned by up to {changes['rotation']:g}°, scaled by up to {changes['scale']:.0%}"
        * bool(changes["rotation"])
        + f"; {changes['fraction']:.0%} of each batch",
    }


def optimiser(how: dict[str, Any]) -> str:
    """Which layer is moved by what."""
    adam = f"{'AMSGrad' if how['amsgrad'] else 'AdamW'} ({how['adam_lr']:g})"
    if not how["muon_lr"]:
        return f"{adam}, all layers"
    layers = "layers 1 to 8" if how["first"] else "layers 2 to 8"
    held = ", each held at the size that it began with" * how["fix_weight_norm"]
    return f"Muon (rate {how['muon_lr']:g}, momentum {how['momentum']:g}), {layers}{held}; {adam}, the rest"


def average(found: dict[str, Any]) -> str:
    """What averaging the weights would have given."""
    value = found["average_accuracy"]
    return "not kept" if value is None else f"{100 * value:.2f} % instead of {found['accuracy']:.2f} %; not bundled"


def confusion(found: dict[str, Any]) -> str:
    """The table of truth against answer."""
    names = list(found["accuracy_by_class"])
    numbered = [f"{number} {name}" for number, name in enumerate(names)]
    rows = [
        f"| {label} | {found['accuracy_by_class'][name]:.1f} | {' | '.join(map(str, row))} |"
        for label, name, row in zip(numbered, names, found["confusion"], strict=True)
    ]
    return "\n".join([f"| truth | right, % | {' | '.join(numbered)} |", "|---" * (len(names) + 2) + "|", *rows])


def fading(name: str) -> str:
    """How steep the score is near black, on one sample photo."""
    model = allcnn.load_pretrained(name, dtype=np.float64)  # the same digits on every machine
    image = preprocess(example_image("moose"), model.input).pixels
    target = Logit().resolve(model.forward(image[None]).outputs[0], model.output)
    norms = interior_gradients(model, image, target, baseline=np.zeros_like(image), alphas=ALPHAS).path.norms
    told = [f"{norm / norms[-1]:.2g} at alpha {alpha:g}" for alpha, norm in zip(ALPHAS[:-1], norms[:-1], strict=True)]
    return (
        f"The gradient changes along the path: on the bundled moose its norm is {', '.join(told)}, in units of that at "
        "the image."
    )


def accuracy(name: str) -> str:
    """A model's accuracy as the README says it."""
    return f"{figures(name)['float16']['accuracy']:.2f} %"
