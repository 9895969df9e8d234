"""Running a PyTorch module as it was declared: its input made of pixels, its output found among what it returns.

A dry run on black images finds what has to be known beforehand: whether the module runs at all, its layers, how a
batch is to lie in memory, whether an ending is set aside, which weights it changes while it runs.
"""

# PyTorch is only partly typed: unknown types are its own.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownParameterType=false, reportMissingImports=false, reportPrivateImportUsage=false

from __future__ import annotations

import inspect
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
import torch

from innerview.adapters.checks import check_shape, enter
from innerview.adapters.endings import Found, check_taken_off, take_off, take_off_seen, words
from innerview.adapters.engine import Tap
from innerview.adapters.failure_location import FailureLocation
from innerview.adapters.failures import AXES_MAY_BE_WRONG, made_ours
from innerview.adapters.picking import evident, taken
from innerview.adapters.precisions import lowest, note
from innerview.adapters.torch.calls import Look, Survey, device, name_of, observing, pick, precision, precisions
from innerview.adapters.torch.endings import Watch, before, last_operation
from innerview.adapters.torch.engine import TorchEngine
from innerview.errors import ModelError
from innerview.model import OUTPUT, UNITS, InputSpec, OutputSpec
from innerview.types import Array, Images

DRY_RUN: Final = 3
"""Images in the dry run: unlike 1 or 2, hardly ever the length of another axis by chance."""

FORMAT_RUN: Final = 2
"""Images on which memory formats are tried, together and the first alone: its strides then fit both formats."""

COPIED: Final = 2**31
"""Bytes of weights that are copied in the dry run to see whether the model changes them."""

PATCHES: Final = 10
"""How many times the weights of its only convolution a model has, at least, where that does not count."""

HALVES: Final = (torch.float16, torch.bfloat16)

PIXELS: Final = "pixel_values"
"""What transformers' models call their images."""

VIEWED: Final = "view size is not compatible"
"""What PyTorch says where .view() does not go with how a value lies in memory."""

ROUNDING: Final = 1e-3
"""How far two memory formats may differ by their rounding, of the largest value; another answer differs by more."""

UNITS_APART: Final = 16
"""And so many units of the precision that the model computes in: an eighth in bfloat16, nothing in float32."""


@dataclass
class Running:
    """A module, what was declared of it, and what its dry run found.

    Attributes:
        engine: its passes; how a batch lies in memory, and which weights the module changes, is found by the dry run.
        input: what it takes.
        output: what it gives.
        taken_off: the ending that is set aside; empty for none.
        ending: the operation that gives the outputs, where PyTorch's graph shows it.
        halves: names of layers that compute in half precision, with it.
        given: the type in which a module of several is given images; of others it is their weights'.
        calls: how many layers were called.
        picked: among what the module returns, the key of what was taken without being declared; None for nothing.
        mixes: an image alone has another answer or gradient than the same image in a batch.
    """

    engine: TorchEngine
    input: InputSpec
    output: OutputSpec
    taken_off: Found = ""
    ending: Found = ""
    halves: dict[str, torch.dtype] = field(default_factory=dict[str, torch.dtype])
    given: torch.dtype | None = None
    calls: int = 0
    picked: str | int | None = None
    mixes: bool = False

    @property
    def model(self) -> torch.nn.Module:
        """The module itself."""
        return self.engine.model

    @property
    def dtype(self) -> np.dtype[np.floating]:
        """Precision of the module's weights, as they are now."""
        return precision(self.model)

    @property
    def computes(self) -> str:
        """Name of the roughest precision that its weights have, or that anything in it was seen to compute in."""
        kinds = [*precisions(self.model), *self.halves.values(), *([self.engine.half] if self.engine.half else [])]
        return lowest([name_of(kind) for kind in kinds], self.dtype.name)

    def looking(self) -> AbstractContextManager[Look]:
        """Frozen weights and evaluation mode while the block runs; then everything as it was."""
        return self.engine.looking(self.model, self.dtype)

    @property
    def notes(self) -> tuple[str, ...]:
        """What was found in the model and should be known by whoever reads its results."""
        ended = (words(self.taken_off),) if self.taken_off else ()
        half = note(self.computes, list(self.halves), self.calls)
        mixes = ("an image alone is answered otherwise here than the same image in a batch, or has another gradient",)
        return ended + taken(self.picked) + half + (mixes if self.mixes else ())

    def run(self, entering: torch.Tensor, tap: Tap) -> torch.Tensor:
        """From what the module takes to the outputs, in its precision; `tap` hears of every layer on the way."""

        def seen(name: str, module: torch.nn.Module, result: Any) -> Any:  # noqa: ARG001 as hooks are called
            return tap(name, result)

        with observing(self.model, seen):
            return self.run_plain(entering, tap)

    def run_plain(self, entering: torch.Tensor, _tap: Tap) -> torch.Tensor:
        """The same where no layer was asked for: hooks on every layer take time."""
        return self.outputs(entering).to(entering.dtype)

    def outputs(self, entering: torch.Tensor) -> torch.Tensor:
        """Run what the module takes, to what stands for its output here: batch × class, before an ending set aside."""
        if not self.taken_off:
            return self._declared(self._call(entering), len(entering))
        with Watch(len(entering) * len(self.output.class_names)) as watch:
            output = self._declared(self._call(entering), len(entering))
        return before(watch, output, self.taken_off)

    def _call(self, entering: torch.Tensor) -> Any:
        """Call the module; one that has images for a later argument (`pixel_values` of CLIP) gets them by name."""
        try:
            names = list(inspect.signature(self.model.forward).parameters)
        except (TypeError, ValueError):  # of a scripted module nobody can tell
            names = []
        rounded = entering.to(self.given or precisions(self.model)[0])
        return self.model(**{PIXELS: rounded}) if PIXELS in names[1:] else self.model(rounded)

    def _declared(self, result: Any, batch: int) -> torch.Tensor:
        """The output that was declared, among what the model returns."""
        if self.output.output is None:
            self.picked = evident(result, lambda value: isinstance(value, torch.Tensor))
        output = pick(result, self.output.output)
        check_shape(tuple(output.shape), batch, self.output)
        if not output.is_floating_point():
            raise ModelError(
                f"the model gives {str(output.dtype).removeprefix('torch.')}; outputs are floats, one for each class, "
                "before any argmax"
            ).of("dtype", found=str(output.dtype))
        return output

    def locate(self, images: Images) -> FailureLocation | None:
        """Run once more, on images that a run has failed on, to see where; None where it runs now."""
        place = FailureLocation()
        try:
            with self.looking(), observing(self.model, _unseen, place), torch.enable_grad():
                entering = self.engine.enter(enter(self.input, images, self.dtype))
                self.outputs(self.engine.laid(entering.requires_grad_()))
        except Exception:  # noqa: BLE001 it was raised before, and is being told of
            return place
        return None

    def _survey(self) -> Survey:
        return Survey(self.model, DRY_RUN)

    def find_out(self) -> Survey:
        """Find the layers, and in what type images are given: of a model that mixes some, one that it runs in.

        The type of the first weight is tried first, as it is the first layer that has to do with images.
        """
        kinds = precisions(self.model)
        if len(kinds) == 1:
            return self._find_out()
        problems = list[ModelError]()
        for kind in kinds:
            self.given = kind
            try:
                return self._find_out()
            except ModelError as error:
                self.taken_off, self.ending = "", ""
                problems.append(error)
        raise problems[0]

    def _find_out(self) -> Survey:
        """Find how a batch has to lie in memory, too: some models take their .view() of channels last."""
        survey = self._survey()
        try:
            self._dry_run(survey)
        except ModelError as error:
            if self.input.layout != "CHW" or VIEWED not in str(error):
                raise
            survey, self.engine = self._survey(), replace(self.engine, format=torch.channels_last)
            try:
                self._dry_run(survey)
            except ModelError:
                raise error from error.__cause__
        else:
            self.engine = replace(self.engine, format=self._fast_format())
        take_off_seen(self.ending, self.output, taken=bool(self.taken_off))
        return survey

    def _dry_run(self, survey: Survey) -> None:
        """Run black images once, to see the calls and whether the model runs at all as declared."""
        black = enter(self.input, np.zeros((survey.batch, *self.input.shape), self.dtype), self.dtype)
        place = FailureLocation()

        def seen(name: str, module: torch.nn.Module, result: Any) -> None:
            self.calls += 1
            if isinstance(result, torch.Tensor) and result.dtype in HALVES:
                self.halves[name] = result.dtype
            survey(name, module, result)

        watch = Watch(survey.batch * len(self.output.class_names))
        self.taken_off, self.halves, self.calls = "", {}, 0
        doing = f"the model failed on {survey.batch} black images, shape {black.shape}"
        with (
            made_ours(doing, lambda: place, after=AXES_MAY_BE_WRONG),
            replace(self.engine, changing=self._copied()).looking(self.model, self.dtype) as look,
            observing(self.model, seen, place),
            torch.no_grad(),
            watch,
        ):
            output = self._declared(self._call(self.engine.laid(self.engine.enter(black))), survey.batch)
        self.engine = replace(self.engine, changing=tuple(look.changed))
        found, value = watch.ending(output)
        if take_off(found, self.output):
            own, standing = (one.double().numpy(force=True) for one in (output, value))
            check_taken_off(found, own, standing, self.output, UNITS[self.computes])
            self.taken_off = found

    def _copied(self) -> list[torch.Tensor]:
        """Weights that are copied in the dry run, to see whether the model changes them; none where they are huge."""
        weights: list[torch.Tensor] = list(self.model.parameters())
        return weights if sum(one.numel() * one.element_size() for one in weights) <= COPIED else []

    def _fast_format(self) -> torch.memory_format:
        """How a batch lies in memory: channels last where the model can do with it, since convolutions are faster then.

        A model that reshapes with .view() fails on such strides, one that looks at memory itself could answer something
        else, and PyTorch's own gradient can be wrong for one image (2.13: EfficientFormer's, by its size). So both ways
        are tried on the same noise, forward and back, as a batch and one alone, and have to agree; else the one is
        taken whose image is answered alone as it is in a batch. Only on the processor, where it was measured: 6 %
        faster on the built-in model by 8 images, 12 % on EfficientNet-Lite0.
        """
        weights = [(parameter.dim() == 4, parameter.numel()) for parameter in self.model.parameters()]
        kernels = [size for kernel, size in weights if kernel]
        # One small kernel alone makes patches of an image, for a transformer that takes seconds to be tried twice.
        convolves = len(kernels) > 1 or PATCHES * sum(kernels) > sum(size for _, size in weights)
        noise = np.random.default_rng(0).random((FORMAT_RUN, *self.input.shape)).astype(self.dtype)
        try:
            plain = self._try_format(torch.contiguous_format, noise)
            self.mixes = not plain.agrees_with_itself()
            if self.input.layout != "CHW" or not convolves or device(self.model).type != "cpu":
                return torch.contiguous_format
            fast = self._try_format(torch.channels_last, noise)
        except (RuntimeError, MemoryError, ModelError):
            return torch.contiguous_format
        if self.mixes and fast.agrees_with_itself():
            self.mixes = False
            return torch.channels_last
        return torch.channels_last if fast.agrees_with(plain) else torch.contiguous_format

    def _try_format(self, form: torch.memory_format, images: Images) -> FormatTrial:
        """Outputs, and a gradient by what the module takes, with batches laid out in this way."""
        engine = replace(self.engine, format=form)

        def run(entering: torch.Tensor, _tap: Tap) -> torch.Tensor:
            output = self.outputs(entering)
            self.ending = last_operation(output)
            return output

        def unlike(values: Mapping[str, Array]) -> dict[str, Array]:
            # not their plain sum, which is 1 for probabilities: its gradient is rounding alone, and never the same
            classes = 1 + np.arange(values[OUTPUT].shape[-1]) % 3
            return {OUTPUT: np.broadcast_to(classes, values[OUTPUT][None].shape).astype(values[OUTPUT].dtype)}

        def answered(images: Images) -> tuple[Array, Array]:
            found = engine.vjp(run, enter(self.input, images, self.dtype), {}, (), unlike)
            return found.values[OUTPUT], found.by_input[0]

        rounding = ROUNDING + UNITS_APART * UNITS[self.computes]
        with self.looking():
            return FormatTrial(answered(images), answered(images[:1]), rounding)


@dataclass(frozen=True)
class FormatTrial:
    """What a module answers where batches lie in memory in one way: outputs, and the gradient of a weighted sum."""

    batch: tuple[Array, Array]
    alone: tuple[Array, Array]
    rounding: float

    def agrees_with(self, other: FormatTrial) -> bool:
        """Whether both give the same, but for rounding."""
        pairs = ((self.batch, other.batch), (self.alone, other.alone))
        return all(_alike(some, others, self.rounding) for some, others in pairs)

    def agrees_with_itself(self) -> bool:
        """Whether the first image is answered alone as it is in the batch."""
        outputs, gradients = self.batch
        return _alike((outputs[:1], gradients[:1]), self.alone, self.rounding)


def _alike(some: tuple[Array, Array], others: tuple[Array, Array], rounding: float) -> bool:
    return all(bool(abs(a - b).max() <= rounding * abs(a).max()) for a, b in zip(some, others, strict=True))


def _unseen(name: str, module: torch.nn.Module, result: Any) -> None:
    """Nobody looks at what passes."""
