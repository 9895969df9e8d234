"""Any PyTorch module as a model, and given back as it was: mode, gradients, hooks, devices, precision.

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
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Final, final

import numpy as np

from innerview import renames
from innerview.adapters.changes import Evidence, Take, gather
from innerview.adapters.checks import (
    check_batch_size,
    check_inputs,
    check_precision,
    check_weights,
    enter,
    refuse_weights_only,
)
from innerview.adapters.endings import Found
from innerview.adapters.engine import Passes, Run
from innerview.adapters.failures import BACK, made_ours
from innerview.adapters.positions import Order, Placed, place
from innerview.adapters.precisions import named
from innerview.adapters.wiring import wired
from innerview.errors import MissingExtra, ModelError, UsageError
from innerview.model import (
    HALVES,
    OUTPUT,
    RENAMED,
    Attended,
    ForwardResult,
    GradOutputs,
    InputSpec,
    Layer,
    OutputSpec,
    VjpResult,
    fingerprint_of,
    model_in_short,
)
from innerview.types import Array, Images, Logits

try:
    import torch
except Exception as error:
    raise MissingExtra("looking into a PyTorch model", "torch", error) from error

from innerview.adapters.torch import attention, effective
from innerview.adapters.torch.calls import (
    Survey,
    array_of,
    device,
    follow,
    looking,
    name_of,
    original,
    precisions,
)
from innerview.adapters.torch.calls import precision as waist_precision
from innerview.adapters.torch.engine import TorchEngine
from innerview.adapters.torch.memory import Need, fitting, measure, usual
from innerview.adapters.torch.relevance import run_by_rules
from innerview.adapters.torch.running import FORMAT_RUN, Running
from innerview.adapters.torch.state import check_usable

PIXELS: Final = 8_192
"""Pixels in one pass, 8 images of 32 × 32: what a vjp holds then stays near the cache; of larger ones see `at_once`.

Evaluations/s of the built-in model on two threads: 197 by 8 images, 168 by 16, 149 by 32, 122 by 64.
"""

HELD: Final = 8
"""Passes for which a module's state is taken down once, where many images are asked for together."""


@renames.attributes(**RENAMED)
@final
class TorchModel:
    """A PyTorch module as it is: no copy is made, and a change of its weights is seen at the next pass.

    Args:
        model: any module from a batch of images to a batch of outputs.
        input: what it takes; the layout is "CHW" for almost every model.
        output: what it gives; `key` where the model returns a dict or a tuple.
        allow_nonfinite: accept weights that are not finite; the model can then be looked at, but not run.
        notes: what was done to it before and should be known, in words; `notes` begins with it.
        batch_size: images in one pass; without it as many as are fastest there and fit into the memory that is free.
        precision: to compute in: "float16" and "bfloat16" by torch.autocast around float32 weights, "float32" and
            "float64" with weights of these. Where the weights are of another, it is a copy that is wrapped. None: as
            the weights are.

    Raises:
        ModelError: the model can't be run as declared, or a weight is not finite.
        UsageError: something of PyTorch that is no module, or an unknown precision.
    """

    def __init__(
        self,
        model: object,
        input: InputSpec,  # noqa: A002 the waist's name for it
        output: OutputSpec,
        *,
        allow_nonfinite: bool = False,
        notes: Sequence[str] = (),
        batch_size: int | None = None,
        precision: str | None = None,
    ) -> None:
        check_batch_size(batch_size)
        if not isinstance(model, torch.nn.Module):
            raise UsageError(
                f"a {type(model).__name__} of PyTorch is no model; wrap a torch.nn.Module (of an exported program, "
                "its .module())"
            ).of("model", found=type(model).__name__)
        inner, half = original(model), None
        if precision is not None:
            inner, half = _in_precision(inner, named(precision))
        self._running = Running(TorchEngine(inner, PIXELS, half=half), input, output)
        self._weights_only, self._before, self._batch_size = allow_nonfinite, tuple(notes), batch_size
        check_usable(self._running.model)
        waist_precision(self._running.model)
        survey = Survey(self._running.model, 0)
        if not allow_nonfinite:
            check_inputs(
                self._running.model.forward, 0, "wrap a module of one input that calls it with the others fixed"
            )
            check_weights({name: _array(tensor) for name, tensor in self._tensors().items()})
            survey = self._running.find_out()
        shown = effective.shown_names(self._running.model)
        self._survey = replace(
            survey,
            layers=[
                replace(layer, parameters=tuple(dict.fromkeys(shown[name] for name in layer.parameters)))
                for layer in survey.layers
            ],
        )

    def __repr__(self) -> str:
        return model_in_short(self)

    @property
    def model(self) -> torch.nn.Module:
        """The module itself, for what is written for PyTorch (the bridge to Captum)."""
        return self._running.model

    @property
    def input(self) -> InputSpec:
        """What it takes."""
        return self._running.input

    @property
    def output(self) -> OutputSpec:
        """What it gives."""
        return self._running.output

    @property
    def dtype(self) -> np.dtype[np.floating]:
        """Precision of its answers: that of the model's weights, float32 for those in half precision."""
        return waist_precision(self._running.model)

    @property
    def precision(self) -> str:
        """Name of the precision in which it computes, the roughest of them if there are several."""
        return self._running.computes

    @property
    def layers(self) -> tuple[Layer, ...]:
        """One per call of a leaf module."""
        return self._placed.layers

    @property
    def orders(self) -> Mapping[str, Order]:
        """By a layer's name, how its own axes behind the batch are turned for the waist."""
        return self._placed.orders

    @property
    def _passes(self) -> Passes:
        """Made anew: the module's precision is what it is now."""
        return Passes(self._running.engine, self.input, self.output, self.dtype, lambda: self._placed, self.precision)

    @cached_property
    def _placed(self) -> Placed:
        """The layers with their axes, found out when layers are first asked for."""
        running, engine = self._running, self._running.engine

        def run(images: Array, take: Take) -> None:
            def tap(name: str, value: Any) -> Any:
                if isinstance(value, torch.Tensor):
                    take(name, lambda: array_of(value))
                return value

            with running.looking(), torch.no_grad():
                running.run(engine.laid(engine.enter(enter(self.input, images, self.dtype))), tap)

        def follow_one(begin: Callable[[torch.Tensor], None]) -> None:
            entering = engine.enter(enter(self.input, np.full((FORMAT_RUN, *self.input.shape), 0.5), self.dtype))
            begin(entering)
            running.outputs(engine.laid(entering))

        with running.looking(), torch.no_grad():
            layers = wired(self._survey.layers, follow(running.model, follow_one))
        return place(layers, gather(Evidence(*self.input.shape), layers, run))

    @property
    def batch_size(self) -> int:
        """Images in one pass: as asked for, or by their size and the memory that is free when it is first asked."""
        return self._batch_size or self._fitting

    @cached_property
    def _fitting(self) -> int:
        where = device(self._running.model)
        wanted = usual(where, PIXELS, self.input.height, self.input.width)
        return wanted if self._weights_only else fitting(wanted, lambda: self.memory, where)

    @property
    def runs_on(self) -> str:
        """What computes it, in words."""
        return f"PyTorch {torch.__version__}, {device(self._running.model)}"

    @cached_property
    def memory(self) -> Need | None:
        """What a pass of one image forward and back needs, measured on one image; None where that fails."""
        running, engine = self._running, self._running.engine
        images = enter(self.input, np.full((1, *self.input.shape), 0.5), self.dtype)

        def run() -> torch.Tensor:
            return running.outputs(engine.laid(engine.enter(images).requires_grad_()))

        try:
            with running.looking():
                return measure(running.model, run)
        except Exception:  # noqa: BLE001 no way back (a hook, an operation of one's own): predictions work all the same
            return None

    @property
    def fingerprint(self) -> str:
        """Hash of specification, modules, weights and buffers, as they are now; the precision is not in it."""
        modules = [
            (name, type(part).__qualname__, part.extra_repr(), type(part).__module__)
            for name, part in self._running.model.named_modules()
        ]
        description = {
            "input": self._running.input.described(),
            "output": self._running.output.described(),
            "modules": modules,
        }
        return fingerprint_of(description, {name: _array(tensor.double()) for name, tensor in self._tensors().items()})

    def weights(self) -> dict[str, Array]:
        """Copies of the parameters, in PyTorch's axis order; of those that are made of others, what is made."""
        with looking(self._running.model):
            return {name: _array(tensor) for name, tensor in effective.effective(self._running.model).items()}

    @property
    def notes(self) -> tuple[str, ...]:
        """What was found in the model and should be known by whoever reads its results.

        An ending that is set aside, half precision, weights that are shown otherwise than the module keeps them.
        """
        return self._before + self._running.notes + effective.notes(self._running.model)

    @property
    def ending(self) -> Found:
        """The operation that gives the outputs, where PyTorch's graph shows it."""
        return self._running.ending

    @property
    def set_aside(self) -> Found:
        """The ending that is set aside, so that the outputs are what stands before it; empty for none."""
        return self._running.taken_off

    def outputs(self, entering: torch.Tensor) -> torch.Tensor:
        """From what the module takes to what stands for its output here, on the graph, for whoever runs it himself."""
        return self._running.outputs(entering)

    def astype(self, dtype: np.dtype[np.floating] | type[np.floating]) -> TorchModel:
        """A deep copy of the model in another precision, without any torch.autocast that was asked for.

        Raises:
            ModelError: the model can't be copied, or its device does not know the precision.
        """
        model = _copied(self._running.model, check_precision(dtype).name)
        taken, given = self._running.input, self._running.output
        return TorchModel(
            model,
            taken,
            given,
            allow_nonfinite=self._weights_only,
            notes=self._before,
            batch_size=self._batch_size,
        )

    def forward(self, images: Images, layers: Sequence[str] = ()) -> ForwardResult:
        """Run images; `layers` names the layers whose outputs are wanted."""
        refuse_weights_only(allow_nonfinite=self._weights_only)
        with self._ours(images), self._running.looking():
            return self._passes.forward(self._run(layers), images, layers)

    def forward_similar(self, images: Images) -> Iterator[tuple[slice, Logits]]:
        """Outputs for many images, some at a time: the module's state is taken down once for several passes.

        Each pass begins from the state that the first began from. Between what is yielded the module is as it was.
        """
        refuse_weights_only(allow_nonfinite=self._weights_only)
        size = self.batch_size
        for begin in range(0, len(images), size * HELD):
            some = images[begin : begin + size * HELD]
            passes, found = self._passes, list[Logits]()
            with self._ours(some), self._running.looking() as look:
                for first in range(0, len(some), size):
                    if found:
                        look.again()
                    found.append(passes.forward(self._run(()), some[first : first + size], ()).outputs)
            yield slice(begin, begin + len(some)), np.concatenate(found)

    def vjp(self, images: Images, grad_outputs: Mapping[str, GradOutputs], layers: Sequence[str] = ()) -> VjpResult:
        """Run images forward, then grad_outputs on the output and on layers back to pixels and `layers`."""
        refuse_weights_only(allow_nonfinite=self._weights_only)
        with self._ours(images), self._running.looking():
            return self._passes.vjp(self._run({*layers, *grad_outputs} - {OUTPUT}), images, grad_outputs, layers)

    @cached_property
    def attention_layers(self) -> tuple[str, ...]:
        """Names of the parts whose attention can be seen, found by one run; empty for none."""
        if self._weights_only:
            return ()
        return tuple(one.name for one in self.attend(np.full((1, *self.input.shape), 0.5, self.dtype)).layers)

    def attend(self, images: Images, grad_outputs: GradOutputs | None = None) -> Attended:
        """Run images, and copy all attention weights; with factors on the outputs their gradients too."""
        refuse_weights_only(allow_nonfinite=self._weights_only)
        with self._ours(images), self._running.looking():
            return attention.attend(self._running, enter(self.input, images, self.dtype), grad_outputs)

    @cached_property
    def without_rules(self) -> str:
        """What it computes that there is no rule for passing a score back, found by one run; empty for nothing."""
        if self._weights_only:
            return "it was opened for looking at its weights"
        grey = np.full((1, *self.input.shape), 0.5, self.dtype)
        try:
            self.propagate(grey, lambda outputs: np.zeros((1, *outputs.shape), outputs.dtype))
        except UsageError as error:
            return str(error.found)
        except ModelError as error:
            return f"a run by rules failed ({error})"
        return ""

    def propagate(self, images: Images, grad_outputs: GradOutputs, gamma: float = 0.0) -> VjpResult:
        """Pass factors on the outputs back to pixels by rules in place of derivatives (`relevance`).

        Raises:
            UsageError: it computes something that there is no rule for.
        """
        refuse_weights_only(allow_nonfinite=self._weights_only)
        with self._ours(images), self._running.looking():
            return self._passes.vjp(run_by_rules(self._running, gamma), images, {OUTPUT: grad_outputs}, ())

    def _ours(self, images: Images) -> AbstractContextManager[None]:
        self.input.check(images)
        doing = f"the model failed on {len(images)} image{'s' * (len(images) != 1)}"
        return made_ours(doing, partial(self._running.locate, images), back=BACK)

    def _run(self, layers: Collection[str]) -> Run:
        """Calls of layers are counted by hooks on all of them; none where no layer was asked for."""
        return self._running.run if layers else self._running.run_plain

    def _tensors(self) -> dict[str, torch.Tensor]:
        """Everything that the function depends on, beside the code."""
        return {**dict(self._running.model.named_parameters()), **dict(self._running.model.named_buffers())}


def _array(tensor: torch.Tensor) -> Array:
    return np.array(array_of(tensor))


def _in_precision(model: torch.nn.Module, name: str) -> tuple[torch.nn.Module, torch.dtype | None]:
    """A module whose weights go with a precision, itself where they do, and the half precision of autocast."""
    kinds = [name_of(kind) for kind in precisions(model)]
    if kinds == [name]:
        return model, None
    weights = "float32" if name in HALVES else name
    fitting = model if kinds == [weights] else _copied(model, weights)
    return fitting, getattr(torch, name) if name in HALVES else None


def _copied(model: torch.nn.Module, name: str) -> torch.nn.Module:
    """A deep copy with all floats in another precision."""
    try:
        return copy.deepcopy(model).to(getattr(torch, name))
    except (RuntimeError, TypeError, NotImplementedError) as error:
        raise ModelError(f"the model can't be copied into {name}: {error}").of("dtype", asked=name) from error


if not TYPE_CHECKING:  # checkers would take every name for known
    __getattr__ = renames.of_module(__name__, {"TorchNetwork": "TorchModel"})
