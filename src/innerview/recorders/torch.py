"""A PyTorch model as a recorder sees it.

Norms are worked out where the weights are and fetched together; weights and gradients are copied only when they are
kept. Probe images run eagerly even if the model was compiled: a compiled graph would not call the hooks, or would
be compiled anew for them.
"""

# PyTorch is only partly typed: unknown types are its own.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownParameterType=false, reportMissingImports=false, reportPrivateImportUsage=false

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, SupportsFloat, cast, final

import numpy as np

from innerview.adapters import wrap
from innerview.adapters.changes import Evidence, Take, gather
from innerview.adapters.checks import enter
from innerview.adapters.positions import Order, Placed, channels_in_front, place, place_by_last_axis
from innerview.errors import MissingExtra, ModelError
from innerview.model import Layer, OutputSpec
from innerview.recorders.chances import same_chances
from innerview.recorders.probe_config import ProbeConfig, chosen_layers
from innerview.recorders.saturation import channel_statistics, flat_outputs
from innerview.recorders.watched import Measure, Seen, one_number
from innerview.runs.observations import Channels
from innerview.types import Array

try:
    import torch
except Exception as error:
    raise MissingExtra("recording a PyTorch model", "torch", error) from error

from innerview.adapters.torch.calls import Survey, array_of, device, eager, looking, observing, original, pick, to_waist
from innerview.adapters.torch.model import TorchModel


def watch(model: torch.nn.Module, config: ProbeConfig) -> WatchedTorch:
    """Make a PyTorch model fit to be watched; see `innerview.recorders.watched.watch`."""
    return WatchedTorch(original(model), config)


@final
class WatchedTorch:
    """A PyTorch module in training.

    Args:
        model: the original module.
        config: what is looked at.

    Raises:
        ModelError: the model can't be run on the probes; UnknownLayer: lists the layers.
    """

    def __init__(self, model: torch.nn.Module, config: ProbeConfig) -> None:
        self._model, self._config = model, config
        self._before: dict[str, torch.Tensor] | None = None
        self._orders: Mapping[str, Order] = {}
        self._layers: Sequence[str] = ()
        with self.undisturbed():
            declared = config.input is not None
            self._wrapped = (
                cast("TorchModel", wrap(model, input=config.input, output=config.output)) if declared else None
            )
            self._entering = self._enter()
            if self._entering is not None:
                self._survey(self._entering)

    @property
    def layout(self) -> str:
        """As PyTorch has it."""
        return "OIHW"

    @property
    def model(self) -> TorchModel | None:
        """The same model at the waist."""
        return self._wrapped

    def describe(self) -> dict[str, Any]:
        """Name, framework and weights."""
        return {
            "name": type(self._model).__qualname__,
            "framework": "torch",
            "version": str(torch.__version__),
            "weights": {name: list(weight.shape) for name, weight in self._parameters().items()},
            "layers": list(self._layers),
        }

    def weights(self) -> dict[str, Array]:
        """Copies of all parameters, float32 or float64."""
        return {name: _array(weight) for name, weight in self._parameters().items()}

    def beside(self) -> dict[str, Array]:
        """Copies of all else in the model's state, so that a checkpoint can be loaded into it."""
        own = self._parameters()
        state = self._model.state_dict()
        return {name: _array(value) for name, value in state.items() if name not in own and _is_tensor(value)}

    def gradients(self) -> dict[str, Array]:
        """Copies of the gradients that are there."""
        found = {name: _gradient(weight) for name, weight in self._parameters().items()}
        return {name: _array(value) for name, value in found.items() if value is not None}

    def remember(self) -> None:
        """Keep a copy of the parameters, where they are."""
        with torch.no_grad():
            self._before = {name: weight.detach().clone() for name, weight in self._parameters().items()}

    def measure(self) -> dict[str, Measure]:
        """Measure each parameter, fetching all norms at once."""
        before, self._before = self._before or {}, None
        weights = {name: weight.detach() for name, weight in self._parameters().items()}
        gradients = {name: _gradient(weight) for name, weight in self._parameters().items()}
        with torch.no_grad():
            changes = {
                name: weight - before[name].to(weight.device) for name, weight in weights.items() if name in before
            }
            norms = _norms(weights)
            gradient_norms = _norms({name: value for name, value in gradients.items() if value is not None})
            change_norms = _norms(changes)
        found = dict[str, Measure]()
        for name, weight in weights.items():
            nan, infinite = _wrong(weight, norms[name])
            gradient_nan, gradient_infinite = _wrong(gradients[name], gradient_norms.get(name, 0.0))
            found[name] = Measure(
                norms[name],
                gradient_norms.get(name),
                change_norms.get(name),
                nan,
                infinite,
                gradient_nan,
                gradient_infinite,
            )
        return found

    def images(self) -> Array | None:
        """The probes, as an array."""
        probes = self._config.probes
        if probes is None:
            return None
        return _array(probes) if isinstance(probes, torch.Tensor) else np.array(probes)

    def look(self) -> Seen | None:
        """Run the probes in evaluation mode and work out the statistics of the layers."""
        if self._entering is None:
            return None
        found = dict[str, Channels]()

        def seen(name: str, module: torch.nn.Module, result: Any) -> None:
            if name in self._layers:
                flat = flat_outputs(type(module).__name__, float(getattr(module, "alpha", 1.0)))
                found[name] = channel_statistics(to_waist(_wide(result), self._orders[name]), flat)

        with self.undisturbed(), looking(self._model), observing(self._model, seen), torch.no_grad():
            result = self._model(self._entering)
        return Seen(_outputs(result, self._config.output, len(self._entering)), found)

    @contextmanager
    def undisturbed(self) -> Generator[None, None, None]:
        """Keep random states; run eagerly whatever was compiled."""
        used = torch.cuda.is_available() and torch.cuda.is_initialized()
        cards = range(torch.cuda.device_count()) if used else ()
        with same_chances(), torch.random.fork_rng(devices=list(cards)), eager():
            yield

    def hold(self, value: Any) -> SupportsFloat:
        """Keep a number; of a tensor a copy, since a compiled step may write over its outputs."""
        if isinstance(value, torch.Tensor) and value.numel() == 1:
            return value.detach().clone()
        return one_number(value)

    def _parameters(self) -> dict[str, torch.nn.Parameter]:
        return {name: weight for name, weight in self._model.named_parameters() if weight.is_floating_point()}

    def _enter(self) -> torch.Tensor | None:
        """The probes as the model takes them, where its weights are and as precise."""
        place = device(self._model)
        first = next(iter(self._parameters().values()), torch.zeros(0))
        if self._config.input is not None and self._wrapped is not None and self._config.pixels is not None:
            return torch.tensor(enter(self._config.input, self._config.pixels, self._wrapped.dtype), device=place)
        if self._config.probes is None:
            return None
        probes = torch.as_tensor(self._config.probes).detach().clone().to(place)
        return probes.to(first.dtype) if probes.is_floating_point() else probes

    def _survey(self, entering: torch.Tensor) -> None:
        """Run the probes once, to learn the layers."""
        survey = Survey(self._model, len(entering))
        try:
            with looking(self._model), observing(self._model, survey), torch.no_grad():
                self._model(entering)
        except Exception as problem:
            raise ModelError(
                f"the model failed on the probe images, shape {tuple(entering.shape)}: {type(problem).__name__}: "
                f"{problem}. Give them as the model takes them, or declare input= and output= and give pixels"
            ).of("probes", found=tuple(entering.shape)) from problem
        placed = self._wrapped if self._wrapped is not None else self._place(survey.layers, entering)
        self._orders, self._layers = placed.orders, chosen_layers(placed.layers, self._config.layers)

    def _place(self, layers: Sequence[Layer], entering: torch.Tensor) -> Placed:
        """Find out the layers' axes on the probes, of which only the shape is known."""
        if entering.dim() != 4 or not entering.is_floating_point():
            return place_by_last_axis(layers)
        first = channels_in_front(tuple(entering.shape))
        given = to_waist(_wide(entering), (1, 2, 0) if first else (0, 1, 2))

        def run(images: Array, take: Take) -> None:
            def seen(name: str, module: torch.nn.Module, result: Any) -> None:  # noqa: ARG001 as hooks are called
                if isinstance(result, torch.Tensor):
                    take(name, lambda: array_of(_wide(result)))

            own = images.transpose(0, 3, 1, 2) if first else images
            with looking(self._model), torch.no_grad(), observing(self._model, seen):
                self._model(torch.tensor(np.ascontiguousarray(own), dtype=entering.dtype, device=entering.device))

        return place(layers, gather(Evidence(*given.shape[1:]), layers, run, given))


def _outputs(result: Any, output: OutputSpec | None, n_images: int) -> Array | None:
    """The model's outputs, image × class, if that is what it gives."""
    if output is None and not isinstance(result, torch.Tensor):
        return None
    chosen = pick(result, None if output is None else output.output)
    fits = chosen.ndim == 2 and len(chosen) == n_images and chosen.is_floating_point()
    return _array(chosen) if fits else None


def _norms(values: Mapping[str, torch.Tensor]) -> dict[str, float]:
    """Euclidean norms, in float32 or better, fetched together."""
    if not values:
        return {}
    place = next(iter(values.values())).device
    norms = [
        torch.linalg.vector_norm(value, dtype=torch.promote_types(value.dtype, torch.float32)).double().to(place)
        for value in values.values()
    ]
    return dict(zip(values, torch.stack(norms).tolist(), strict=True))


def _wrong(value: torch.Tensor | None, norm: float) -> tuple[int, int]:
    """How many values are NaN and infinite; they are counted only if the norm says that there are some."""
    if value is None or np.isfinite(norm):
        return 0, 0
    return int(torch.isnan(value).sum()), int(torch.isinf(value).sum())


def _gradient(weight: torch.nn.Parameter) -> torch.Tensor | None:
    """The gradient of a parameter; of a sparse one the values that are there."""
    gradient = weight.grad
    if gradient is None:
        return None
    return gradient.detach().coalesce().values() if gradient.is_sparse else gradient.detach()


def _wide(value: torch.Tensor) -> torch.Tensor:
    """Half precision widened to what NumPy knows."""
    return value.float() if value.is_floating_point() and value.element_size() < 4 else value


def _array(value: torch.Tensor) -> Array:
    return np.array(_wide(value.detach()).cpu().numpy())


def _is_tensor(value: object) -> bool:
    return isinstance(value, torch.Tensor)
