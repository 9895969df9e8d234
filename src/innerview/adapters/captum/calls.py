"""Calling Captum on the user's module, and reading what it gives back. See `bridge`.

The module is wrapped once more, in one that picks the declared output: a logit is then asked by its number, as everyone
does, and any other target becomes the single output, with its grad_output as its derivative.
"""

# PyTorch and Captum are only partly typed: unknown types are their own.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownParameterType=false, reportMissingImports=false, reportPrivateImportUsage=false
# pyright: reportUntypedBaseClass=false, reportMissingTypeArgument=false

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from importlib import metadata
from typing import Any, Final, final

import numpy as np

from innerview.adapters.captum.refusals import refuse, require_relu, share_out
from innerview.adapters.checks import enter
from innerview.adapters.torch.calls import device, looking
from innerview.adapters.torch.model import TorchModel
from innerview.errors import ImageError, InnerviewError, MissingExtra, ModelError, UsageError
from innerview.model import Model, find_layer
from innerview.results import Attribution, Provenance, versions
from innerview.targets import Logit, Target
from innerview.types import Array, Image

try:
    import captum.attr
except Exception as error:
    raise MissingExtra("a method of Captum", "captum", error) from error

import torch
from torch import nn

RELU_ONLY: Final = ("GuidedBackprop", "Deconvolution", "GuidedGradCam", "NeuronGuidedBackprop", "NeuronDeconvolution")
RULES: Final = ("DeepLift", "DeepLiftShap", "LayerDeepLift", "LayerDeepLiftShap")
"""Methods that replace derivatives module by module, so that a target outside of all modules must be linear."""
ONE_OUTPUT: Final = ("LRP", "LayerLRP")
SQUARED: Final = frozenset({"vargrad", "smoothgrad_sq"})
DEFAULTS: Final[Mapping[str, Mapping[str, Any]]] = {"Saliency": {"abs": False}}
"""No method here drops a sign unless asked."""


@final
class Score(torch.autograd.Function):
    """Any target as the last step of a model: its score forward, its grad_output backward."""

    @staticmethod
    def forward(ctx: Any, outputs: Any, target: Target) -> Any:
        """Batch × class to batch."""
        values = outputs.detach().cpu().numpy()
        ctx.factors = torch.as_tensor(target.grad_output(values), dtype=outputs.dtype, device=outputs.device)
        return torch.as_tensor(np.asarray(target.score(values)), dtype=outputs.dtype, device=outputs.device)

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        """Batch to batch × class."""
        return gradients[0][:, None] * ctx.factors, None


@final
class ScoredModule(nn.Module):
    """The user's module, giving the declared output or the target's score, and counting the images that pass."""

    def __init__(self, model: TorchModel, target: Target | None) -> None:
        super().__init__()
        # The module is a part of this one, since Captum looks for its layers here.
        self.model, self.outputs, self.target, self.rows = model.model, model.outputs, target, 0

    def forward(self, inputs: Any) -> Any:
        """Batch × class, or batch."""
        self.rows += len(inputs)
        output = self.outputs(inputs)
        return output if self.target is None else Score.apply(output, self.target)


def attribute(
    model: Model,
    method: str | Callable[..., Any],
    image: Image,
    target: Target | None,
    layer: str | int | None,
    seed: int,
    arguments: Mapping[str, Any],
) -> Attribution:
    """Explain one image; arguments and errors as for `captum_attribution`."""
    if not isinstance(model, TorchModel):
        raise UsageError(
            f"Captum explains PyTorch modules; this model is a {type(model).__name__}. Wrap the module itself, "
            "or take one of innerview's own methods"
        ).of("model", found=type(model).__name__)
    outputs = model.forward(image[None]).outputs
    resolved = None if target is None else target.resolve(outputs[0], model.output)
    asked = ScoredModule(model, None if isinstance(resolved, Logit) else resolved)
    made = _construct(model, method, asked, layer)
    core = _core(made)
    name = type(core).__name__
    notes = [_check(model, name, resolved)]
    call = {**DEFAULTS.get(name, {}), **_converted(model, arguments), **_target(made, resolved)}
    if "baselines" in inspect.signature(made.attribute).parameters and "baselines" not in call:
        notes.append("Captum's own baseline: 0 behind the normalisation, which need not be black.")
    with (
        looking(model.model, list(model.model.parameters())),
        _tidied(model.model),
        _seeded(seed),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")  # Captum tells of hooks that it takes off again
        values = _run(made, _tensor(model, image[None]), call, name)
    rate = _is_rate(core)
    squared = call.get("nt_type") in SQUARED
    unit = "activation" if resolved is None else resolved.unit
    unit = f"{unit} per unit of pixel value" if rate else unit
    scale = model.input.scale ** (1 + squared) if rate else np.ones(1)
    found = {package: metadata.version(package) for package in ("captum", "torch")}
    words = f"a neuron of layer {layer}" if resolved is None else resolved.describe(model.output.class_names)
    source = replace(Provenance.of(model, words, seed=seed), versions={**versions(), **found})
    return Attribution(
        image=image,
        attribution=_read(model, values, name, scale),
        method=f"Captum: {name}" if core is made else f"Captum: {type(made).__name__} of {name}",
        meaning="spread" if squared else "sensitivity" if rate else "contribution",
        unit=f"({unit})²" if squared else unit,
        score=float("nan") if resolved is None else float(resolved.score(outputs)[0]),
        target=None if resolved is None else resolved.index,
        n_evaluations=asked.rows,
        provenance=source,
        notes=tuple(note for note in notes if note),
    )


def _construct(
    model: TorchModel, method: str | Callable[..., Any], asked: ScoredModule, layer: str | int | None
) -> Any:
    """Make the object of Captum that has the method, and refuse what is none."""
    known = sorted(name for name in captum.attr.__all__ if _is_method(getattr(captum.attr, name)))
    if isinstance(method, str) and method not in known:
        raise UsageError(f"there is no method {method!r} in captum.attr; there are {', '.join(known)}").of(
            "method", asked=method, known=known
        )
    maker = getattr(captum.attr, method) if isinstance(method, str) else method
    name = method if isinstance(method, str) else getattr(method, "__name__", "the function")
    takes = "layer" in inspect.signature(maker).parameters if isinstance(maker, type) else layer is not None
    if takes != (layer is not None):
        found = "none was named" if takes else f"{layer!r} was named"
        raise UsageError(f"Captum's {name} {'needs a' if takes else 'takes no'} layer, and {found}").of(
            "layer", asked=name, found=found
        )
    module = () if layer is None else (_module(model, find_layer(model.layers, layer).name),)
    try:
        made = maker(asked, *module)
    except Exception as error:
        raise UsageError(f"Captum's {name} can't be made from the module alone ({error}); give a function").of(
            "arguments", asked=name
        ) from error
    if not isinstance(made, captum.attr.Attribution):
        raise UsageError(f"{name} gave a {type(made).__name__}; an object of a class of captum.attr is needed").of(
            "method", found=type(made).__name__
        )
    return made


def _is_method(thing: object) -> bool:
    return isinstance(thing, type) and issubclass(thing, captum.attr.Attribution)


def _core(made: Any) -> Any:
    """What a NoiseTunnel (or several) is laid over."""
    while isinstance(made, captum.attr.NoiseTunnel):
        made = made.attribution_method
    return made


def _is_rate(core: Any) -> bool:
    """Whether values are derivatives by what the module takes, not yet multiplied by anything."""
    by_input = isinstance(core, captum.attr.GradientAttribution) and not isinstance(core, captum.attr.LayerAttribution)
    return by_input and not core.multiplies_by_inputs


def _module(model: TorchModel, call: str) -> nn.Module:
    """The module that a layer is a call of."""
    return dict(model.model.named_modules()).get(call.partition("#")[0], model.model)


def _check(model: TorchModel, name: str, target: Target | None) -> str:
    """Refuse a method or a target without meaning; give what should be known of it."""
    refuse(name)
    if name in ONE_OUTPUT and not isinstance(target, Logit):
        raise UsageError(f"Captum's {name} follows one output back; explain Logit(class), and not {target}").of(
            "target", asked=target, found=name
        )
    if name in RULES and target is not None and not _is_linear(target, len(model.output.class_names)):
        raise UsageError(
            f"Captum's {name} replaces derivatives module by module, and {target} is none: its own derivative would "
            "stay as it is. Explain Logit, Contrast or Margin"
        ).of("target", asked=target, found=name)
    if name not in RELU_ONLY:
        return ""
    modules = [_module(model, layer.name) for layer in model.layers if layer.kind == "activation"]
    return require_relu(name, {"ReLU" if isinstance(one, nn.ReLU) else type(one).__name__ for one in modules})


def _is_linear(target: Target, classes: int) -> bool:
    """Whether the grad_output is the same whatever the outputs, at some that are far from each other."""
    outputs = np.random.default_rng(0).normal(size=(8, classes))
    factors = target.grad_output(outputs)
    return bool(np.allclose(factors, factors[:1]))


def _target(made: Any, resolved: Target | None) -> dict[str, Any]:
    """The target as Captum takes it: a number for a logit, none where the module gives the score itself."""
    parameters = inspect.signature(made.attribute).parameters.values()
    takes = any(one.name == "target" or one.kind is inspect.Parameter.VAR_KEYWORD for one in parameters)
    if takes != (resolved is not None):
        raise UsageError(
            f"Captum's {type(made).__name__} {'explains a class' if takes else 'explains no class'}, and the target is "
            f"{resolved}; give {'one, such as Logit()' if takes else 'None, and neuron_selector where it asks for one'}"
        ).of("target", asked=resolved, found=type(made).__name__)
    return {"target": resolved.index} if isinstance(resolved, Logit) else {}


def _tensor(model: TorchModel, images: Array) -> torch.Tensor:
    """Images as the module takes them."""
    return torch.tensor(enter(model.input, images, model.dtype), device=device(model.model))


def _converted(model: TorchModel, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Turn images and masks into what Captum takes; the rest goes as it is."""
    found = dict(arguments)
    if "return_convergence_delta" in found:
        raise UsageError(
            "return_convergence_delta makes no map; compare result.heatmap.sum() with the change of the score"
        ).of("return_convergence_delta")
    if "baselines" in found:
        images = np.asarray(found["baselines"])
        if images.shape[-3:] != model.input.shape or images.ndim > 4:
            asked = " × ".join(map(str, model.input.shape))
            raise ImageError(f"baselines of shape {images.shape} were given; give images of {asked}, or a batch").of(
                "baselines", found=images.shape
            )
        found["baselines"] = _tensor(model, images if images.ndim == 4 else images[None])
    if "feature_mask" in found:
        labels = np.asarray(found["feature_mask"])
        labels = labels if labels.ndim == 3 else labels[..., None]
        if labels.shape[:2] != model.input.shape[:2] or labels.dtype.kind not in "iub":
            raise ImageError(
                f"a feature_mask of shape {labels.shape} and type {labels.dtype} was given; give one whole number for "
                f"each of {model.input.height} × {model.input.width} pixels"
            ).of("feature_mask", found=labels.shape)
        labels = np.broadcast_to(labels, model.input.shape)[None].astype(np.int64)
        labels = labels[..., ::-1] if model.input.channel_order == "BGR" else labels
        labels = labels if model.input.layout == "HWC" else labels.transpose(0, 3, 1, 2)
        found["feature_mask"] = torch.tensor(np.ascontiguousarray(labels), device=device(model.model))
    return found


@contextmanager
def _tidied(model: nn.Module) -> Generator[None, None, None]:
    """Take away what Captum leaves on modules when it fails (LRP its rules, DeepLift what it saw)."""
    before = [(part, set(vars(part))) for part in model.modules()]
    try:
        yield
    finally:
        for part, names in before:
            for name in set(vars(part)) - names:
                delattr(part, name)


@contextmanager
def _seeded(seed: int) -> Generator[None, None, None]:
    """Seed what Captum draws from, and put it back."""
    before = np.random.get_state()  # noqa: NPY002 Captum draws from the global generator
    try:
        with torch.random.fork_rng(), torch.enable_grad():
            torch.manual_seed(seed)
            np.random.seed(seed % 2**32)  # noqa: NPY002 the same
            yield
    finally:
        np.random.set_state(before)  # noqa: NPY002 the same


def _run(made: Any, inputs: torch.Tensor, call: Mapping[str, Any], name: str) -> Any:
    try:
        return made.attribute(inputs, **call)
    except InnerviewError:
        raise
    except Exception as error:
        raise ModelError(f"Captum's {name} failed with {type(error).__name__}: {error}").of(
            "captum", asked=name, found=type(error).__name__
        ) from error


def _read(model: TorchModel, values: Any, name: str, scale: Array) -> Array:
    """Turn what Captum gave into height × width × channel, or height × width for a layer."""
    height, width, channels = model.input.shape
    shape = (1, channels, height, width) if model.input.layout == "CHW" else (1, height, width, channels)
    tensor = values[0] if isinstance(values, tuple) and len(values) == 1 else values
    if not isinstance(tensor, torch.Tensor) or (
        tuple(tensor.shape) != shape and (tensor.ndim != 4 or len(tensor) != 1)
    ):
        found = tuple(tensor.shape) if isinstance(tensor, torch.Tensor) else f"a {type(values).__name__}"
        raise ModelError(f"Captum's {name} gave {found} for one image of {shape}: it has no place on the image").of(
            "map", asked=name, found=found
        )
    array = tensor.detach().cpu().numpy()[0]
    if not np.isfinite(array).all():
        raise ModelError(f"Captum's {name} gave values that are not finite; check its arguments").of(
            "map", asked=name, found="not finite"
        )
    if tuple(tensor.shape) != shape:
        return share_out(array.sum(axis=0, dtype=np.float64), height, width)
    array = array.transpose(1, 2, 0) if model.input.layout == "CHW" else array
    return (array[..., ::-1] if model.input.channel_order == "BGR" else array) * scale
