"""Run the code of pages in the folder at hand, as a reader would: `python read_page.py PAGE…`, in a process of its own.

A page takes things as given (a folder of photos, a model of the reader's): they are made here.
"""

from __future__ import annotations

import os
import shutil
import sys
import types
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import click
import numpy as np

from innerview import cli

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
import blocks  # noqa: E402 a script is no package

NOT_RUN: Final = {
    "innerview serve": "goes on until somebody ends it; tests/web starts it",
    "innerview train --data cifar-10": "takes hours",
    "--target dog": "as the line above, with another question",
    "--versus dog": "the same",
    "innerview inspect allcnn -o": "as the inspections of the tutorial on training",
    "--method grad-cam": "the same, with methods that the page has called in Python",
    "--select cat:0": "as the line above, of the same image",
    "innerview inspect my-run   ": "its training is only read",
    "innerview inspect own-run": "as the inspection before; tests/recorders looks at recordings",
    "innerview inspect allcnn tutorial2018": "as the inspection before, of two runs that come along",
    "--model tutorial2018": "as the line before, with the other model",
    "--weights trained.safetensors": "its file is nobody's; the adapters' tests open such models",
    "--model model.keras": "the same",
    "--model timm:vit_small_patch16_224": "its weights are fetched; the hubs' tests open such models",
    "--model hf:google": "the same",
    "--model hf:openai": "the same",
    "--model model.onnx": "its file is nobody's; tests/adapters/test_onnx.py explains one",
    "explain cat --model net-pytorch": "the line before opens it; tests/session/test_models.py explains such a one",
    "innerview ask cat --region": "as the page's Python; tests/cli/test_ask.py runs it",
    "innerview parts moose": "as the page's Python; tests/cli/test_parts.py runs it",
    "--model examples/efficientnet_lite0": "129 evaluations at 224 × 224; scripts/images.py runs it",
}
"""Parts of commands that are only read here (that the command has these options, and takes their values), and why."""


def photos(folder: Path) -> None:
    """A folder `photos` and one of class folders `data`, and a photo of one's own."""
    samples = ROOT / "src" / "innerview" / "data" / "samples"
    (folder / "photos").mkdir()
    shutil.copy(samples / "cat.jpg", folder / "photos")
    for name, label in {"cat": "cat", "moose": "deer"}.items():
        (folder / "data" / label).mkdir(parents=True)
        shutil.copy(samples / f"{name}.jpg", folder / "data" / label / "1.jpg")
    shutil.copy(samples / "cat.jpg", folder / "photo.jpg")


def session_of_onnx(forward: Callable[[Any], Any]) -> types.ModuleType:
    """What a page asks of ONNX Runtime, answered by a model that is here: there is no such file."""

    class InferenceSession:
        def __init__(self, path: str) -> None:
            assert path.endswith(".onnx")

        def get_inputs(self) -> list[types.SimpleNamespace]:
            return [types.SimpleNamespace(name="input")]

        def run(self, outputs: None, feed: Mapping[str, Any]) -> list[Any]:
            (images,) = feed.values()
            assert images.dtype == np.float32
            return [forward(images.transpose(0, 2, 3, 1))]

    module = types.ModuleType("onnxruntime")
    module.InferenceSession = InferenceSession
    return module


def read(command: str) -> None:
    """Read a command's line without running it."""
    name, *rest = blocks.arguments(command)
    found = cli.innerview.get_command(click.Context(cli.innerview), name)
    assert found is not None, command
    found.make_context(name, list(rest))


def run_or_read(command: str) -> None:
    if any(part in command for part in NOT_RUN):
        read(command)
    else:
        blocks.run(command)


def of_models() -> dict[str, Any]:
    """Small models of every framework that the page names."""
    import equinox
    import jax
    import torch
    from flax import linen, nnx

    from innerview import InputSpec, OutputSpec

    sys.path.insert(0, str(ROOT / "tests"))
    import torchvision_operators

    torchvision_operators.declare()

    class Linen(linen.Module):
        @linen.compact
        def __call__(self, x: Any) -> Any:
            return linen.Dense(2)(linen.relu(linen.Conv(4, (3, 3))(x)).mean((1, 2)))

    class Nnx(nnx.Module):
        def __init__(self) -> None:
            random = nnx.Rngs(0)
            self.convolution, self.head = nnx.Conv(3, 4, (3, 3), rngs=random), nnx.Linear(4, 2, rngs=random)

        def __call__(self, x: Any) -> Any:
            return self.head(nnx.relu(self.convolution(x)).mean((1, 2)))

    first, second = jax.random.split(jax.random.key(0))
    pooled = equinox.nn.Sequential(
        [
            equinox.nn.Conv2d(3, 4, 3, key=first),
            equinox.nn.Lambda(lambda x: jax.nn.relu(x).mean((1, 2))),
            equinox.nn.Linear(4, 2, key=second),
        ]
    )
    torch.manual_seed(0)
    return {
        "model": torch.nn.Sequential(
            torch.nn.Conv2d(3, 4, 5, stride=4),
            torch.nn.ELU(),
            torch.nn.AdaptiveAvgPool2d(1),
            torch.nn.Flatten(),
            torch.nn.Linear(4, 2),
        ).eval(),
        "linen_model": Linen(),
        "nnx_model": Nnx(),
        "equinox_model": pooled,
        "key": jax.random.key(0),
        "images": np.zeros((1, 16, 16, 3), np.float32),
        "input_spec": InputSpec(16, 16),
        "input_spec_chw": InputSpec(16, 16, layout="CHW"),
        "output_spec": OutputSpec(("cat", "dog")),
    }


def of_recording() -> dict[str, Any]:
    """A training of one's own in PyTorch, another in Keras, and event files of a third."""
    import keras
    import torch
    from torch.utils.tensorboard import SummaryWriter

    random = np.random.default_rng(0)
    torch.manual_seed(0)
    model = torch.nn.Sequential(
        torch.nn.Conv2d(3, 4, 5, stride=4), torch.nn.ReLU(), torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(),
        torch.nn.Linear(4, 10),
    )  # fmt: skip
    with SummaryWriter("runs/first-try") as writer:
        for step in range(3):
            writer.add_histogram("conv1/weight", random.normal(size=100), step)
    keras.utils.set_random_seed(0)
    keras_model = keras.Sequential(
        [
            keras.Input((16, 16, 3)),
            keras.layers.Conv2D(4, 3),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(3),
        ]
    )
    keras_model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return {
        "model": model,
        "optimizer": torch.optim.SGD(model.parameters(), lr=0.1),
        "criterion": torch.nn.CrossEntropyLoss(),
        "batches": [(torch.rand(4, 3, 32, 32), torch.tensor([0, 1, 2, 3])) for _ in range(3)],
        "probes": torch.rand(2, 3, 32, 32),
        "accuracy": 0.5,
        "pixels": random.random((4, 224, 224, 3), np.float32),
        "class_names": [f"class {number}" for number in range(10)],
        "keras_model": keras_model,
        "keras_images": random.random((8, 16, 16, 3), np.float32),
        "keras_labels": np.arange(8) % 3,
    }


def of_training() -> dict[str, Any]:
    """Enough images of each class for a training part and a test part."""
    for label in ("cat", "deer"):
        for number in range(2, 13):
            shutil.copy(f"data/{label}/1.jpg", f"data/{label}/{number}.jpg")
    return {}


def of_comparison() -> dict[str, Any]:
    """Images enough for a comparison, and a data folder of the reader's own."""
    os.environ["XDG_DATA_HOME"] = str(Path.cwd() / "home")
    return of_training()


def of_readme() -> dict[str, Any]:
    """A model of the reader's, and a step of its training."""
    import torch

    given = of_models()
    names = {"class_names": ("cat", "dog"), "images": torch.rand(2, 3, 224, 224), "loss": 0.5, "accuracy": 0.5}
    return {"model": given["model"], **names}


def of_own_model() -> dict[str, Any]:
    """A runtime for ONNX."""
    from innerview import allcnn

    model = allcnn.load_pretrained("allcnn")
    sys.modules["onnxruntime"] = session_of_onnx(lambda images: model.forward(images).outputs)
    return {}


def of_results() -> dict[str, Any]:
    """An explanation of the cat, with few evaluations."""
    from innerview import Query, explain

    explain(
        ["cat"],
        Query(n_steps=2, alphas=(1.0,), fractions=(1.0,), judge=False),
        output="innerview-explanations",
        network=False,
    )
    return {}


def of_run() -> dict[str, Any]:
    """A training of 64 steps that was recorded, with a look at two images after the last one."""
    import torch

    from innerview import InputSpec, OutputSpec, Recorder

    torch.manual_seed(0)
    model = torch.nn.Sequential()
    model.add_module("conv1", torch.nn.Conv2d(3, 4, 5, stride=4))
    model.extend([torch.nn.ReLU(), torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), torch.nn.Linear(4, 2)])
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    images = torch.rand(2, 3, 16, 16)
    shown = images.permute(0, 2, 3, 1).numpy()
    taken, given = InputSpec(16, 16, layout="CHW"), OutputSpec(("cat", "dog"))
    with Recorder(model, "my-run", probes=shown, input=taken, output=given, log_every=1, max_overhead=None) as recorder:
        for _ in range(64):
            loss = model(images).square().sum()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            recorder.step(loss=loss)
        recorder.epoch(test_loss=loss)
    return {}


def of_integrals() -> dict[str, Any]:
    """An image and what it is compared with."""
    return {"image": np.random.default_rng(0).random((32, 32, 3)), "black": np.zeros((32, 32, 3))}


GIVEN: Final[Mapping[str, Callable[[], dict[str, Any]]]] = {
    "models": of_models,
    "record": of_recording,
    "train": of_training,
    "compare": of_comparison,
    "own-model": of_own_model,
    "README": of_readme,
    "output-files": of_results,
    "run-folder": of_run,
    "quadrature": of_integrals,
}
"""Names and files that a page uses as the reader's own."""


def main(*pages: Path) -> None:
    """Make what each page takes as given, and run it."""
    photos(Path.cwd())
    for page in pages:
        names = GIVEN.get(page.stem, dict)()
        blocks.run_page(page, names, read if page.stem == "README" else run_or_read)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
