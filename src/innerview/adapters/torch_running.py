"""Running a PyTorch module as it was declared: its input made of pixels, its output found among what it returns.

A dry run on black images finds what has to be known beforehand: whether the module runs at all, its layers, how a
batch is to lie in memory, whether an ending is set aside, which weights it changes while it runs.
"""

# PyTorch is only partly typed: unknown types are its own.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownParameterType=false, reportMissingImports=false, reportPrivateImportUsage=false

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import torch

from innerview.adapters.endings import Found, check_taken_off, take_off, take_off_seen, words
from innerview.adapters.failures import AXES_MAY_BE_WRONG, made_ours
from innerview.adapters.promises import check_shape, enter
from innerview.adapters.torch_calls import Survey, device, looking, observing, pick, precision
from innerview.adapters.torch_endings import Watch, before, last_operation
from innerview.adapters.whereabouts import Whereabouts
from innerview.errors import ModelError
from innerview.model import InputSpec, OutputSpec, as_pixels
from innerview.types import Array, Images

DRY_RUN: Final = 3
"""Images in the dry run: unlike 1 or 2, hardly ever the length of another axis by chance."""

FORMAT_RUN: Final = 2
"""Images on which memory formats are tried: of one alone both formats are the same."""

COPIED: Final = 2**31
"""Bytes of weights that are copied in the dry run to see whether the model changes them."""

HALVES: Final = (torch.float16, torch.bfloat16)

VIEWED: Final = "view size is not compatible"
"""What PyTorch says where .view() does not go with how a value lies in memory."""

ROUNDING: Final = 1e-3
"""How far two memory formats may differ by their rounding, of the largest value; another answer differs by more."""


@dataclass
class Running:
    """A module, what was declared of it, and what its dry run found.

    Attributes:
        model: the module itself.
        input: what it takes.
        output: what it gives.
        format: how a batch lies in memory.
        taken_off: the ending that is set aside; empty for none.
        ending: the operation that gives the outputs, where PyTorch's graph shows it.
        halves: names of layers that compute in half precision.
        changing: weights that the module changes in place while it runs.
    """

    model: torch.nn.Module
    input: InputSpec
    output: OutputSpec
    format: torch.memory_format = torch.contiguous_format
    taken_off: Found = ""
    ending: Found = ""
    halves: list[str] = field(default_factory=list[str])
    changing: Collection[torch.Tensor] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What was found in the model and should be known by whoever reads its results."""
        ended = (words(self.taken_off),) if self.taken_off else ()
        some = ", ".join(self.halves[:3]) + (", …" if len(self.halves) > 3 else "")
        half = (f"layers of the model compute in half precision ({some}), so its numbers have about three digits",)
        return ended + (half if self.halves else ())

    def pixels(self, images: Array) -> torch.Tensor:
        """Copy pixels to the model's device, in its precision."""
        self.input.check(images)
        return torch.tensor(as_pixels(images, precision(self.model)), device=device(self.model))

    def run(self, pixels: torch.Tensor) -> torch.Tensor:
        """From pixels to the output that was declared, batch × class."""
        return self.outputs(self.entering(pixels)).to(pixels.dtype)

    def entering(self, pixels: torch.Tensor) -> torch.Tensor:
        """From pixels to what the module takes."""
        scale, offset = (
            torch.tensor(values, dtype=pixels.dtype, device=pixels.device)
            for values in (self.input.scale, self.input.offset)
        )
        value = pixels * scale + offset
        first = self.input.layout == "CHW"
        # .clone(), not .contiguous(): that leaves the strides of one channel (or of a side of 1) as they are after
        # permute, and a convolution then takes the batch for channels last, so that the model's .view() fails.
        return value.permute(0, 3, 1, 2).clone(memory_format=self.format) if first else value

    def outputs(self, entering: torch.Tensor) -> torch.Tensor:
        """Run what the module takes, to what stands for its output here: batch × class, before an ending set aside."""
        if not self.taken_off:
            return self._declared(self.model(entering), len(entering))
        with Watch(len(entering) * len(self.output.class_names)) as watch:
            output = self._declared(self.model(entering), len(entering))
        return before(watch, output, self.taken_off)

    def _declared(self, result: Any, batch: int) -> torch.Tensor:
        """The output that was declared, among what the model returns."""
        output = pick(result, self.output.output)
        check_shape(tuple(output.shape), batch, self.output)
        if not output.is_floating_point():
            raise ModelError(
                f"the model gives {str(output.dtype).removeprefix('torch.')}; outputs are floats, one for each class, "
                "before any argmax"
            )
        return output

    def locate(self, images: Images) -> str | None:
        """Run once more, on images that a run has failed on, to see where; None where it runs now."""
        place = Whereabouts()
        try:
            with looking(self.model, self.changing), observing(self.model, _unseen, place), torch.enable_grad():
                self.run(self.pixels(images).requires_grad_())
        except Exception:  # noqa: BLE001 it was raised before, and is being told of
            return place.where
        return None

    def _survey(self) -> Survey:
        return Survey(self.model, DRY_RUN)

    def find_out(self) -> Survey:
        """Find the layers, and how a batch has to lie in memory: some models take their .view() of channels last."""
        survey = self._survey()
        try:
            self._dry_run(survey)
        except ModelError as error:
            if self.input.layout != "CHW" or VIEWED not in str(error):
                raise
            survey, self.format = self._survey(), torch.channels_last
            try:
                self._dry_run(survey)
            except ModelError:
                raise error from error.__cause__
        else:
            self.format = self._fast_format()
        take_off_seen(self.ending, self.output, taken=bool(self.taken_off))
        return survey

    def _dry_run(self, survey: Survey) -> None:
        """Run black images once, to see the calls and whether the model runs at all as declared."""
        black, place = np.zeros((survey.batch, *self.input.shape), precision(self.model)), Whereabouts()

        def seen(name: str, module: torch.nn.Module, result: Any) -> None:
            if isinstance(result, torch.Tensor) and result.dtype in HALVES:
                self.halves.append(name)
            survey(name, module, result)

        watch = Watch(survey.batch * len(self.output.class_names))
        self.taken_off, self.halves = "", []
        shape = enter(self.input, black, precision(self.model)).shape
        doing = f"the model failed on {survey.batch} black images, shape {shape}"
        with (
            made_ours(doing, lambda: place.where, after=AXES_MAY_BE_WRONG),
            looking(self.model, self._copied()) as kept,
            observing(self.model, seen, place),
            torch.no_grad(),
            watch,
        ):
            output = self._declared(self.model(self.entering(self.pixels(black))), survey.batch)
        self.changing = tuple(kept.changed)
        found, value = watch.ending(output)
        if take_off(found, self.output):
            check_taken_off(found, output.double().numpy(force=True), value.double().numpy(force=True), self.output)
            self.taken_off = found

    def _copied(self) -> list[torch.Tensor]:
        """Weights that are copied in the dry run, to see whether the model changes them; none where they are huge."""
        weights: list[torch.Tensor] = list(self.model.parameters())
        return weights if sum(one.numel() * one.element_size() for one in weights) <= COPIED else []

    def _fast_format(self) -> torch.memory_format:
        """How a batch lies in memory: channels last where the model can do with it, since convolutions are faster then.

        A model that reshapes with .view() fails on such strides, and one that looks at memory itself could answer
        something else: so both ways are tried on the same noise, forward and back, and have to agree. Only on the
        processor, where it was measured: 6 % faster on the built-in model by 8 images, 12 % on EfficientNet-Lite0.
        """
        convolves = any(parameter.dim() == 4 for parameter in self.model.parameters())
        noise = np.random.default_rng(0).random((FORMAT_RUN, *self.input.shape)).astype(precision(self.model))
        try:
            plain = self._try_format(torch.contiguous_format, noise)
            if self.input.layout != "CHW" or not convolves or device(self.model).type != "cpu":
                return torch.contiguous_format
            fast = self._try_format(torch.channels_last, noise)
        except (RuntimeError, MemoryError, ModelError):
            return torch.contiguous_format
        alike = all(bool((a - b).abs().max() <= ROUNDING * a.abs().max()) for a, b in zip(plain, fast, strict=True))
        return torch.channels_last if alike else torch.contiguous_format

    def _try_format(self, form: torch.memory_format, images: Images) -> tuple[torch.Tensor, ...]:
        """Outputs, and the gradient of their sum by the pixels, with batches laid out in this way."""
        self.format = form
        with looking(self.model, self.changing), torch.enable_grad():
            pixels = self.pixels(images).requires_grad_()
            output = self.outputs(self.entering(pixels))
            self.ending = last_operation(output)
            if not output.requires_grad:
                return (output,)
            return output.detach(), torch.autograd.grad(output.sum(), pixels, materialize_grads=True)[0]


def _unseen(name: str, module: torch.nn.Module, result: Any) -> None:
    """Nobody looks at what passes."""
