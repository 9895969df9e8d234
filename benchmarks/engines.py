"""The built-in model in every engine: trained, or with given weights in PyTorch.

PyTorch and Keras run the sources that `innerview export` writes; the JAX function is written here. A benchmark that
goes through all engines runs each in a process of its own, since Keras has one backend a process.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

import innerview
from innerview import allcnn
from innerview.adapters import wrap
from innerview.adapters.numpy.model import NumpyModel
from innerview.adapters.numpy.operations import ELU, Convolution, MeanPooling
from innerview.export import export_files
from innerview.model import DifferentiableModel

if TYPE_CHECKING:
    from innerview.adapters.torch.model import TorchModel


def exported(model: NumpyModel, kind: str) -> Any:
    """Write a model as source, import that, and build its model."""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in export_files(model, "allcnn", kind).items():
            (Path(folder) / name).write_bytes(content)
        found = importlib.util.spec_from_file_location(f"exported_{kind}", Path(folder) / "model.py")
        assert found
        assert found.loader
        module = importlib.util.module_from_spec(found)
        found.loader.exec_module(module)
        return module.build()  # while its weights are there


def in_numpy() -> DifferentiableModel:
    """As it comes."""
    return allcnn.load_pretrained()


def in_torch(model: NumpyModel | None = None) -> TorchModel:
    """A PyTorch module: of the built-in model, or of another."""
    from innerview.adapters.torch.model import TorchModel

    ours = model or allcnn.load_pretrained()
    return TorchModel(exported(ours, "pytorch"), replace(ours.input, layout="CHW"), ours.output)


def in_keras() -> DifferentiableModel:
    """A Keras model, on the backend that KERAS_BACKEND names."""
    ours = allcnn.load_pretrained()
    return wrap(exported(ours, "keras"), input=ours.input, output=ours.output)


def in_jax() -> DifferentiableModel:
    """A function that names its values, and its parameters."""
    import jax

    from innerview.adapters.jax.model import tap

    ours = allcnn.load_pretrained()
    steps = ours.operations

    def function(weights: Mapping[str, Any], value: Any) -> Any:
        for step in steps:
            match step:
                case Convolution():
                    axes = ("NHWC", "OIHW", "NHWC")
                    kernels = weights[f"{step.name}.weight"]
                    value = jax.lax.conv_general_dilated(value, kernels, (1, 1), "SAME", dimension_numbers=axes)
                case ELU():
                    value = jax.nn.elu(value)
                case MeanPooling():
                    window = (1, step.size, step.size, 1)
                    value = jax.lax.reduce_window(value, 0.0, jax.lax.add, window, window, "VALID") / step.size**2
                case _:
                    value = value.mean((1, 2))
            value = tap(step.name, value, step.kind)
        return value

    return wrap(function, parameters={name: np.array(one) for name, one in ours.weights().items()}, input=ours.input,
                output=ours.output)  # fmt: skip


ENGINES: Mapping[str, tuple[Callable[[], DifferentiableModel], str]] = {
    "NumPy": (in_numpy, ""),
    "PyTorch": (in_torch, ""),
    "Keras on TensorFlow": (in_keras, "tensorflow"),
    "Keras on PyTorch": (in_keras, "torch"),
    "Keras on JAX": (in_keras, "jax"),
    "JAX": (in_jax, ""),
}
"""How the model is built in each, and the backend that Keras needs."""


def in_a_process(
    script: str, engine: str, *arguments: str, environment: Mapping[str, str] = MappingProxyType({})
) -> Any:
    """Run a benchmark with `--alone ENGINE`, on that engine's backend: what it prints last, which is JSON."""
    backend = ENGINES[engine][1] if engine in ENGINES else ""
    known = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", **environment}
    known |= {"KERAS_BACKEND": backend} if backend else {}
    known["PYTHONPATH"] = str(Path(innerview.__file__).parents[1])
    command = [sys.executable, script, "--alone", engine, *arguments]
    answer = subprocess.run(command, env=known, capture_output=True, text=True, check=False)
    if answer.returncode:
        sys.exit(f"{engine} failed:\n{answer.stderr[-2000:]}")
    return json.loads(answer.stdout.splitlines()[-1])
