"""Any PyTorch module as a network, and given back as it was: mode, gradients, hooks, devices, precision.

Layers are *calls* of modules that hold no others (and of convolutions, dense layers and normalisations, whatever they
hold), found in one dry run: a module that is called twice is two layers, "relu" and
"relu#2" (and the first call of a module named "output", a name that is taken, is "output#1"). What a model computes
outside of modules (`functional.relu`) can't be tapped; gradients go through it all the same. Only calls that
return one float tensor with the batch in front are layers.

Values cross the waist channels last. Where a value has its channels is found out by changing parts of an image
(`positions`) when layers are first asked for; where that doesn't tell, they come as they are, and have no positions.
"""

# PyTorch is only partly typed: unknown types are its own.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownParameterType=false, reportMissingImports=false, reportPrivateImportUsage=false

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, replace
from functools import cached_property
from typing import Any, Final, final

import numpy as np

from innerview.adapters.changes import Evidence, Take, gather
from innerview.adapters.positions import Order, Placed, place
from innerview.adapters.promises import (
    check_inputs,
    check_precision,
    check_shape,
    check_weights,
    collect_cotangents,
    enter,
    refuse_weights_only,
)
from innerview.adapters.whereabouts import Whereabouts
from innerview.adapters.wiring import wired
from innerview.errors import InnerviewError, MissingExtra, NetworkError, UsageError
from innerview.network import (
    OUTPUT,
    Cotangent,
    Forward,
    InputSpec,
    Layer,
    OutputSpec,
    Pullback,
    as_pixels,
    identify,
    require_layers,
)
from innerview.types import Array, Images

try:
    import torch
except ImportError as error:
    raise MissingExtra("looking into a PyTorch model", "torch") from error

from innerview.adapters import torch_effective
from innerview.adapters.torch_calls import (
    Seen,
    Survey,
    array_of,
    device,
    follow,
    from_waist,
    looking,
    observing,
    original,
    pick,
    precision,
    to_waist,
)

PIXELS: Final = 8_192
"""Pixels in one pass, 8 pictures of 32 × 32 or one of 224 × 224: what a pullback holds then stays near the cache.

Evaluations/s of the built-in network on two threads: 197 by 8 pictures, 168 by 16, 149 by 32, 122 by 64.
"""

DRY_RUN: Final = 3
"""Pictures in the dry run: unlike 1 or 2, hardly ever the length of another axis by chance."""

FORMAT_RUN: Final = 2
"""Pictures on which memory formats are tried: of one alone both formats are the same."""

VIEWED: Final = "view size is not compatible"
"""What PyTorch says where .view() does not go with how a value lies in memory."""

ROUNDING: Final = 1e-3
"""How far two memory formats may differ by their rounding, of the largest value; another answer differs by more."""


@final
class TorchNetwork:
    """A PyTorch module as it is: no copy is made, and a change of its weights is seen at the next pass.

    Args:
        model: any module from a batch of pictures to a batch of outputs.
        input: what it takes; the layout is "CHW" for almost every model.
        output: what it gives; `key` where the model returns a dict or a tuple.
        weights_only: accept weights that are not finite; the network can then be looked at, but not run.

    Raises:
        NetworkError: the model can't be run as declared, or a weight is not finite.
        UsageError: something of PyTorch that is no module.
    """

    def __init__(
        self,
        model: object,
        input: InputSpec,  # noqa: A002 the waist's name for it
        output: OutputSpec,
        *,
        weights_only: bool = False,
    ) -> None:
        if not isinstance(model, torch.nn.Module):
            raise UsageError(
                f"a {type(model).__name__} of PyTorch is no model; wrap a torch.nn.Module (of an exported program, "
                "its .module())"
            )
        self._model, self._input, self._output, self._weights_only = original(model), input, output, weights_only
        precision(self._model)
        survey = self._new_survey()
        self._format = torch.contiguous_format
        if not weights_only:
            check_inputs(self._model.forward, 0, "wrap a module of one input that calls it with the others fixed")
            check_weights({name: _array(tensor) for name, tensor in self._tensors().items()})
            survey = self._survey_in_some_format(survey)
        shown = torch_effective.shown_names(self._model)
        self._survey = replace(
            survey,
            layers=[
                replace(layer, parameters=tuple(dict.fromkeys(shown[name] for name in layer.parameters)))
                for layer in survey.layers
            ],
        )

    @property
    def model(self) -> torch.nn.Module:
        """The module itself, for what is written for PyTorch (the bridge to Captum)."""
        return self._model

    @property
    def input(self) -> InputSpec:
        """What it takes."""
        return self._input

    @property
    def output(self) -> OutputSpec:
        """What it gives."""
        return self._output

    @property
    def dtype(self) -> np.dtype[np.floating]:
        """Precision of the model's weights."""
        return precision(self._model)

    @property
    def layers(self) -> tuple[Layer, ...]:
        """One per call of a leaf module."""
        return self._placed.layers

    @property
    def orders(self) -> Mapping[str, Order]:
        """By a layer's name, how its own axes behind the batch are turned for the waist."""
        return self._placed.orders

    @cached_property
    def _placed(self) -> Placed:
        """The layers with their axes, found out when layers are first asked for."""

        def run(images: Array, take: Take) -> None:
            def seen(name: str, module: torch.nn.Module, result: Any) -> None:  # noqa: ARG001 as hooks are called
                if isinstance(result, torch.Tensor):
                    take(name, lambda: array_of(result))

            with looking(self._model), torch.no_grad(), observing(self._model, seen):
                self._run(self._pixels(images.astype(self.dtype)))

        def follow_one(begin: Callable[[torch.Tensor], None]) -> None:
            pixels = self._pixels(np.full((FORMAT_RUN, *self._input.shape), 0.5, self.dtype))
            begin(pixels)
            self._run(pixels)

        with looking(self._model), torch.no_grad():
            layers = wired(self._survey.layers, follow(self._model, follow_one))
        return place(layers, gather(Evidence(*self._input.shape), layers, run))

    @property
    def chunk(self) -> int:
        """Pictures in one pass, by their size."""
        return max(PIXELS // (self._input.height * self._input.width), 1)

    @property
    def identity(self) -> str:
        """Hash of specification, modules, weights and buffers, as they are now; the precision is not in it."""
        modules = [
            (name, type(part).__qualname__, part.extra_repr(), type(part).__module__)
            for name, part in self._model.named_modules()
        ]
        description = {"input": asdict(self._input), "output": asdict(self._output), "modules": modules}
        return identify(description, {name: _array(tensor.double()) for name, tensor in self._tensors().items()})

    def weights(self) -> dict[str, Array]:
        """Copies of the parameters, in PyTorch's axis order; of those that are made of others, what is made."""
        with looking(self._model):
            return {name: _array(tensor) for name, tensor in torch_effective.effective(self._model).items()}

    @property
    def notes(self) -> tuple[str, ...]:
        """Which weights are shown otherwise than the module keeps them: pruned or normalised."""
        return torch_effective.notes(self._model)

    def astype(self, dtype: np.dtype[np.floating] | type[np.floating]) -> TorchNetwork:
        """A deep copy of the model in another precision.

        Raises:
            NetworkError: the model can't be copied, or its device does not know the precision.
        """
        wanted = {4: torch.float32, 8: torch.float64}[check_precision(dtype).itemsize]
        try:
            model = copy.deepcopy(self._model).to(wanted)
        except (RuntimeError, TypeError, NotImplementedError) as error:
            raise NetworkError(f"the model can't be copied into {np.dtype(dtype).name}: {error}") from error
        return TorchNetwork(model, self._input, self._output, weights_only=self._weights_only)

    def forward(self, images: Images, taps: Sequence[str] = ()) -> Forward:
        """Run pictures; `taps` names the layers whose outputs are wanted."""
        refuse_weights_only(weights_only=self._weights_only)
        if taps:
            require_layers(self.layers, taps)
        activations = dict[str, Array]()

        def seen(name: str, module: torch.nn.Module, result: Any) -> None:  # noqa: ARG001 as hooks are called
            if name in taps:
                activations[name] = to_waist(result, self._placed.orders[name])

        with looking(self._model), self._observing(seen, taps), torch.no_grad():
            logits = to_waist(self._run(self._pixels(images)), (0,))
        _check_seen(taps, activations)
        return Forward(logits, activations)

    def pullback(self, images: Images, cotangents: Mapping[str, Cotangent], taps: Sequence[str] = ()) -> Pullback:
        """Run pictures forward, then cotangents on the output and on layers back to pixels and `taps`."""
        refuse_weights_only(weights_only=self._weights_only)
        asked = {*taps, *cotangents} - {OUTPUT}
        if asked:
            require_layers(self.layers, asked)
        values = dict[str, torch.Tensor]()

        def seen(name: str, module: torch.nn.Module, result: Any) -> torch.Tensor | None:  # noqa: ARG001
            if name not in asked:
                return None
            # The model goes on with a copy: an in-place operation that follows can't reach the value we keep.
            values[name] = result.clone()
            return values[name].clone()

        with looking(self._model), self._observing(seen, asked), torch.enable_grad():
            pixels = self._pixels(images).requires_grad_()
            values[OUTPUT] = self._run(pixels)
            _check_seen(asked, values)
            return self._pull(pixels, values, cotangents, taps)

    def _observing(self, seen: Seen, asked: Collection[str]) -> AbstractContextManager[None]:
        """Hooks on every layer, since calls are counted by all of them; none where no layer was asked for."""
        return observing(self._model, seen) if asked else nullcontext()

    def _pull(
        self,
        pixels: torch.Tensor,
        values: Mapping[str, torch.Tensor],
        cotangents: Mapping[str, Cotangent],
        taps: Sequence[str],
    ) -> Pullback:
        """Differentiate once per target; weights are frozen, so nothing is worked out for them."""
        places = {name: values[name] for name in taps if values[name].requires_grad}
        orders: dict[str, Order] = {OUTPUT: (0,), "": (0, 1, 2), **(self._placed.orders if len(values) > 1 else {})}
        arrays = {name: to_waist(value, orders[name]) for name, value in values.items()}
        factors = collect_cotangents(cotangents, arrays)
        if OUTPUT in factors and not values[OUTPUT].requires_grad:
            raise NetworkError(
                "the model's output has no gradient by the picture: somewhere it leaves PyTorch's graph "
                "(torch.no_grad, detach, NumPy). Wrap a function instead, for what needs no gradients"
            )
        sources = [name for name in factors if values[name].requires_grad]
        rows = list[tuple[torch.Tensor, ...]]()
        targets = len(next(iter(factors.values())))
        for target in range(targets if sources else 0):
            rows.append(
                torch.autograd.grad(
                    [values[name] for name in sources],
                    [pixels, *places.values()],
                    [from_waist(factors[name][target], values[name], orders[name]) for name in sources],
                    retain_graph=target + 1 < targets,
                    allow_unused=True,
                    materialize_grads=True,
                )
            )
        gradients = {
            name: np.stack([to_waist(row[number], orders[name]) for row in rows])
            for number, name in enumerate(("", *places))
            if rows
        }
        nothing = {name: np.zeros((targets, *arrays[name].shape), arrays[name].dtype) for name in taps}
        return Pullback(
            logits=arrays[OUTPUT],
            activations={name: arrays[name] for name in taps},
            input_gradients=gradients.get("", np.zeros((targets, *pixels.shape), self.dtype)),
            tap_gradients={name: gradients.get(name, nothing[name]) for name in taps},
        )

    def _pixels(self, images: Array) -> torch.Tensor:
        """Copy pixels to the model's device, in its precision."""
        self._input.check(images)
        return torch.tensor(as_pixels(images, self.dtype), device=device(self._model))

    def _run(self, pixels: torch.Tensor) -> torch.Tensor:
        """From pixels to the output that was declared, batch × class."""
        scale, offset = (
            torch.tensor(values, dtype=pixels.dtype, device=pixels.device)
            for values in (self._input.scale, self._input.offset)
        )
        value = pixels * scale + offset
        first = self._input.layout == "CHW"
        # .clone(), not .contiguous(): that leaves the strides of one channel (or of a side of 1) as they are after
        # permute, and a convolution then takes the batch for channels last, so that the model's .view() fails.
        entering = value.permute(0, 3, 1, 2).clone(memory_format=self._format) if first else value
        output = pick(self._model(entering), self._output.key).to(pixels.dtype)
        check_shape(tuple(output.shape), len(pixels), self._output)
        return output

    def _new_survey(self) -> Survey:
        return Survey(self._model, DRY_RUN)

    def _survey_in_some_format(self, survey: Survey) -> Survey:
        """Find the layers, and how a batch has to lie in memory: some models take their .view() of channels last."""
        try:
            self._dry_run(survey)
        except NetworkError as error:
            if self._input.layout != "CHW" or VIEWED not in str(error):
                raise
            survey, self._format = self._new_survey(), torch.channels_last
            try:
                self._dry_run(survey)
            except NetworkError:
                raise error from error.__cause__
        else:
            self._format = self._fast_format()
        return survey

    def _dry_run(self, survey: Survey) -> None:
        """Run black pictures once, to see the calls and whether the model runs at all as declared."""
        black, place = np.zeros((survey.batch, *self._input.shape), self.dtype), Whereabouts()
        try:
            with looking(self._model), observing(self._model, survey, place), torch.no_grad():
                self._run(self._pixels(black))
        except InnerviewError:
            raise
        except Exception as error:
            raise NetworkError(place.failure(enter(self._input, black, self.dtype), error)) from error

    def _fast_format(self) -> torch.memory_format:
        """How a batch lies in memory: channels last where the model can do with it, since convolutions are faster then.

        A model that reshapes with .view() fails on such strides, and one that looks at memory itself could answer
        something else: so both ways are tried on the same noise, forward and back, and have to agree. Only on the
        processor, where it was measured: 6 % faster on the built-in network by 8 pictures, 12 % on EfficientNet-Lite0.
        """
        convolves = any(parameter.dim() == 4 for parameter in self._model.parameters())
        if self._input.layout != "CHW" or not convolves or device(self._model).type != "cpu":
            return torch.contiguous_format
        noise = np.random.default_rng(0).random((FORMAT_RUN, *self._input.shape)).astype(self.dtype)
        try:
            plain = self._try_format(torch.contiguous_format, noise)
            fast = self._try_format(torch.channels_last, noise)
        except (RuntimeError, MemoryError):
            return torch.contiguous_format
        alike = all(bool((a - b).abs().max() <= ROUNDING * a.abs().max()) for a, b in zip(plain, fast, strict=True))
        return torch.channels_last if alike else torch.contiguous_format

    def _try_format(self, form: torch.memory_format, images: Images) -> tuple[torch.Tensor, ...]:
        """Outputs, and the gradient of their sum by the pixels, with batches laid out in this way."""
        self._format = form
        with looking(self._model), torch.enable_grad():
            pixels = self._pixels(images).requires_grad_()
            output = self._run(pixels)
            if not output.requires_grad:
                return (output,)
            return output.detach(), torch.autograd.grad(output.sum(), pixels, materialize_grads=True)[0]

    def _tensors(self) -> dict[str, torch.Tensor]:
        """Everything that the function depends on, beside the code."""
        return {**dict(self._model.named_parameters()), **dict(self._model.named_buffers())}


def _array(tensor: torch.Tensor) -> Array:
    return np.array(tensor.detach().cpu().numpy())


def _check_seen(asked: Iterable[str], found: Mapping[str, object]) -> None:
    """A model may take other ways for other pictures; a layer that was not called has no value."""
    for name in asked:
        if name not in found:
            raise NetworkError(f"layer {name} was called in the dry run, but not for these pictures; don't tap it")
