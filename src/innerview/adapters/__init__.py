"""One file a framework: each turns a model into a Model and imports its framework only when it is used.

`wrap` finds the adapter by where the model's class (or one of its bases) was defined, so it imports nothing to find
out. What can't be known from a model, it does not guess: the image it takes and what its output means are declared.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path
from typing import Any, Final, TypeAlias, cast

import numpy as np

from innerview import renames
from innerview.adapters.endings import check_meaning
from innerview.adapters.function import FunctionModel
from innerview.adapters.hubs import describe
from innerview.errors import ModelError, UsageError
from innerview.model import InputSpec, Model, OutputSpec, precision_of
from innerview.plugins import Plugin, find_plugin

Adapter: TypeAlias = Callable[..., Model]

ADAPTERS: Final = {
    "torch": ("innerview.adapters.torch.model", "TorchModel"),
    "keras": ("innerview.adapters.keras.model", "KerasModel"),
    "jax": ("innerview.adapters.jax.model", "JaxModel"),
    "onnx": ("innerview.adapters.onnx.model", "open_onnx"),
    "jaxlib": ("innerview.adapters.jax.model", "JaxModel"),  # where the class of compiled functions is
}
"""Where the adapter of a framework is, by the framework's top package; a Keras model on PyTorch is Keras's first."""

_FUNCTION = "wrap a function that calls the model, for what needs no gradients: wrap(lambda images: model(images), …)"

FILES: Final = "innerview.adapters.onnx.files"
"""Where the class of an ONNX file is that was read."""

WAYS: Final = {
    "onnxruntime": "give the file that its session was made from: wrap('model.onnx', input=…, output=…)",
    "flax": "wrap its function and its parameters: wrap(model.apply, parameters=variables, input=…, output=…)",
    "equinox": "wrap a function over a batch and its parameters: "
    "wrap(lambda model, x: jax.vmap(model)(x), parameters=model, input=…, output=…)",
    "tensorflow": "give the Keras model that it was made from, or " + _FUNCTION,
    "tf_keras": "save it with model.save('model.h5') and open that with Keras 3, or " + _FUNCTION,
    "sklearn": _FUNCTION,
    "mxnet": _FUNCTION,
    "paddle": _FUNCTION,
}
"""Frameworks whose models can be called, but not wrapped as they are, with the way out: as functions they would lose
their gradients without a word."""

RENAMED: Final = {"chunk": "batch_size", "weights_only": "allow_nonfinite"}
"""Options of earlier checkouts: each is answered with the new one."""

TOLERANCE: Final = {"float32": 1e-3, "float64": 1e-8, "float16": 1e-2, "bfloat16": 8e-2}
"""Largest change of an output, relative to the largest output, when an image is run alone: rounding, not meaning."""

ROWS: Final = 3

ONNX: Final = ".onnx"


def wrap(
    model: object,
    *,
    input: InputSpec | None = None,  # noqa: A002 the waist's name for it
    output: OutputSpec | None = None,
    processor: object = None,
    **options: Any,
) -> Model:
    """Wrap a model of any framework, so that every method can explain it.

    Args:
        model: a PyTorch module, a Keras model, a JAX function (compiled, or with its `parameters`), an ONNX file by its
            name, or any function from a batch of images to a batch of outputs (forward only).
        input: the image that it takes and how pixels become its input; a model of timm, torchvision, transformers or
            keras.applications says it itself (`adapters.hubs`), and so does a pipeline.
        output: what it gives; the same.
        processor: the image processor of a model of transformers; found by the model's name if it is not given.
        **options: for the adapter: `parameters` (makes it a JAX function, called with them and the images),
            `allow_nonfinite` (PyTorch, Keras, JAX), `precision` (PyTorch, Keras, JAX: "bfloat16", "float16", "float32"
            or "float64", to compute in), `notes` (PyTorch), `dtype` (functions, JAX), `batch_size` (images in one
            pass) and `providers` (ONNX: execution providers).

    Raises:
        UsageError: a declaration is missing, or there is no adapter for the model.
        ModelError: the model can't be run as declared, its outputs are not finite, or an image's output depends
            on the other images of its batch.
    """
    renames.refuse_old("wrap", options, RENAMED)
    if isinstance(model, str | Path) and Path(model).suffix == ONNX:
        model = import_module(FILES).read_onnx(Path(model))
    if type(model).__module__ == FILES:
        input, output = of_file(cast("Any", model), input, output)  # noqa: A001 the waist's name
    elif input is None or output is None:
        found = describe(model, processor)
        if found is not None:
            model, input, output = found.model, input or found.input, output or found.output  # noqa: A001 the same
    adapter = _find(model, with_parameters="parameters" in options)
    if input is None or output is None:
        raise UsageError(
            f"what a {type(model).__name__} takes and gives can't be read from it; declare it, for example: "
            'wrap(model, input=InputSpec(height=224, width=224, layout="CHW", mean=(0.485, 0.456, 0.406), '
            'std=(0.229, 0.224, 0.225)), output=OutputSpec(class_names=("cat", "dog")))'
        ).of("declaration", found=type(model).__name__)
    _check_options(adapter, model, options)
    wrapped = adapter(model, input, output, **options)
    if not options.get("allow_nonfinite"):
        check_rows(wrapped)
        check_meaning(wrapped)
    return wrapped


def _check_options(adapter: Adapter, model: object, options: Iterable[str]) -> None:
    """Raise UsageError for options that this adapter does not have."""
    known = inspect.signature(adapter).parameters
    strange = [name for name in options if name not in known]
    if strange and not any(one.kind is inspect.Parameter.VAR_KEYWORD for one in known.values()):
        own: list[str] = list(known)[3:]  # behind the model, its input and its output
        raise UsageError(
            f"{', '.join(strange)} was given for a {type(model).__name__}, whose adapter does not know it; its options "
            f"are {', '.join(own) or 'none'}"
        ).of("options", asked=tuple(strange), known=own)


def of_file(file: Any, taken: InputSpec | None, given: OutputSpec | None) -> tuple[InputSpec, OutputSpec]:
    """What was declared of an ONNX file, with the classes that it names itself.

    Raises:
        UsageError: how pixels become its input is not declared, or its classes are not and can't be told.
    """
    size, layout = file.found_input()
    if taken is None:
        raise UsageError(
            f"{file.path.name} says of its input no more than {size or 'that its size is open'}"
            f"{f', {layout}' if layout else ''}; declare the range, mean and std that its training had: "
            "wrap('model.onnx', input=InputSpec(height=224, width=224, layout=\"CHW\", mean=…, std=…))"
        ).of("range", path=file.path)
    if given is None and not file.class_names:
        raise UsageError(f"{file.path.name} does not say how many classes it has; declare output=OutputSpec(…)").of(
            "classes", path=file.path
        )
    return taken, given or OutputSpec(file.class_names, source=file.source)


def check_rows(model: Model) -> None:
    """Raise ModelError unless each image of a batch is answered as if it were alone, with finite numbers."""
    random = np.random.default_rng(0)
    images = random.random((ROWS, *model.input.shape)).astype(model.dtype)
    together = model.forward(images).outputs
    if not np.isfinite(together).all():
        raise ModelError(f"the outputs for {ROWS} random images are not finite: {together}; check the InputSpec").of(
            "outputs", found="not finite"
        )
    alone = np.concatenate([model.forward(images[[row]]).outputs for row in range(ROWS)])
    change = float(np.abs(together - alone).max())
    if change > TOLERANCE[precision_of(model)] * float(np.abs(together).max()):
        raise ModelError(
            f"an image's output changes by up to {change:.3g} when other images are in its batch, or from one call "
            "to the next. Look for batch statistics (BatchNorm with track_running_stats=False) or dropout that "
            "evaluation mode does not turn off"
        ).of("batch", found=change)


def _load(package: str) -> Adapter:
    module, name = ADAPTERS[package]
    return cast("Adapter", getattr(import_module(module), name))


def _plugged(added: Plugin) -> Adapter:
    """The adapter of another package, for a framework that has none here."""
    if not callable(added.value):
        problem = added.problem or f"it is a {type(added.value).__name__}, which can't be called"
        raise UsageError(
            f"{added.words} makes models of models of {added.name}, and it can't be used ({problem}); mend or remove "
            f"{added.package.partition(' ')[0]}"
        ).of("plugin", asked=added.name)
    return cast("Adapter", added.value)


def _find(model: object, *, with_parameters: bool) -> Adapter:
    """Find the adapter by the packages in which the model's class and its bases were defined."""
    if with_parameters:
        return _load("jax")
    if type(model).__module__ == FILES:
        return _load("onnx")
    packages = [kind.__module__.partition(".")[0] for kind in type(model).__mro__]
    for package in packages:
        if package in ADAPTERS:
            return _load(package)
        added = None if package == "builtins" else find_plugin("innerview.backends", package)
        if added is not None:
            return _plugged(added)
        if package in WAYS:
            raise UsageError(f"a model of {package} can't be wrapped as it is; {WAYS[package]}").of(
                "model", found=package
            )
    if not callable(model):
        raise UsageError(
            f"a {type(model).__name__} can't be called; wrap a PyTorch module, a Keras model or a function from "
            "images to outputs"
        ).of("model", found=type(model).__name__)
    return FunctionModel


__all__ = ["FunctionModel", "check_rows", "wrap"]
