"""ONNX models: run forward by ONNX Runtime, and back by what onnx2torch makes of them, where that is proved equal.

A file says its size, its layout and perhaps its classes; its range, mean and std it can't say, so those are declared.
Gradients are had only where onnx2torch knows every operator *and* what it makes gives ONNX Runtime's outputs on random
images (`TOLERANCE`); both are tried when the model is wrapped. Otherwise the model runs forward only, and says why. A
graph that fixes its batch at one image is run one by one.
"""

# onnx and onnxruntime are only partly typed: unknown types are their own.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingImports=false, reportMissingTypeStubs=false, reportAttributeAccessIssue=false

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from importlib import import_module
from typing import Any, Final, TypeAlias, cast, final

import numpy as np

from innerview.adapters.checks import (
    check_batch_size,
    check_precision,
    check_shape,
    check_weights,
    enter,
    refuse_weights_only,
)
from innerview.adapters.endings import Found, check_taken_off, take_off, words
from innerview.adapters.failures import made_ours
from innerview.adapters.onnx.files import OnnxFile, of_proto
from innerview.adapters.onnx.graphs import choose_output, ending, is_number, shown, with_one_output, without_weights
from innerview.errors import InnerviewError, MissingExtra, ModelError, UsageError
from innerview.model import (
    DifferentiableModel,
    ForwardResult,
    GradOutputs,
    InputSpec,
    Layer,
    Model,
    OutputSpec,
    VjpResult,
    fingerprint_of,
    model_in_short,
)
from innerview.types import Array, Images

try:
    import onnxruntime
except Exception as error:
    raise MissingExtra("running an ONNX model", "onnx", error) from error

TOLERANCE: Final = 1e-4
"""How far the outputs of what onnx2torch makes may be from ONNX Runtime's, of the largest output: rounding."""

PROBES: Final = 3
"""Random images on which both are compared."""

PIXELS: Final = 200_704
"""Pixels in one forward pass, four images of 224 × 224: ONNX Runtime gains little by more."""

QUIET: Final = 4
"""Of ONNX Runtime's log only what is fatal is written: it raises all else."""


BESIDE: Final = "session.model_external_initializers_file_folder_path"
"""ONNX Runtime's name for the folder in which weights lie beside a graph that is given as bytes."""


@dataclass(frozen=True)
class Runtime:
    """A graph in ONNX Runtime.

    Attributes:
        session: that runs it.
        file: where it comes from.
        output: name of the output that is asked for.
    """

    session: Any
    file: OnnxFile
    output: str

    @property
    def words(self) -> str:
        """Which runtime, and which execution provider of it."""
        return f"ONNX Runtime {onnxruntime.__version__}, {self.session.get_providers()[0]}"

    def __call__(self, entering: Array) -> Array:
        """Outputs (batch × class) for what the model takes; of a fixed batch, so many at a time."""
        given, size = entering.astype(self.file.dtype), self.file.batch or max(len(entering), 1)
        parts = [self._once(given[start : start + size], size) for start in range(0, len(given), size)]
        return np.concatenate(parts).astype(entering.dtype) if parts else np.zeros((0, 0), entering.dtype)

    def _once(self, given: Array, size: int) -> Array:
        filled = given if len(given) == size or not self.file.batch else np.resize(given, (size, *given.shape[1:]))
        (found,) = self.session.run([self.output], {self.file.entry: filled})
        return np.array(found)[: len(given)] if np.ndim(found) else np.array(found)


@dataclass(frozen=True)
class Told:
    """What is known of a model before anything is run.

    Attributes:
        file: where it comes from.
        proto: the graph as it is run, with the one output that was declared.
        input: what it takes.
        output: what it gives.
        dtype: in which it answers.
        taken_off: the ending that is set aside; empty for none.
        ending: the operation that gives the outputs, where none is set aside.
        batch_size: images in one pass, where somebody asked for so many.
    """

    file: OnnxFile
    proto: Any
    input: InputSpec
    output: OutputSpec
    dtype: np.dtype[np.floating]
    taken_off: Found = ""
    ending: Found = ""
    batch_size: int | None = None

    @cached_property
    def fingerprint(self) -> str:
        """Hash of specification, graph and weights, the same wherever those lie."""
        graph = without_weights(self.proto.graph).SerializeToString(deterministic=True)
        description = {"input": self.input.described(), "output": self.output.described(), "batch": self.file.batch}
        weights = {f"weight {one.name}": self.file.array(one) for one in self.proto.graph.initializer if is_number(one)}
        return fingerprint_of(description, {"graph": np.frombuffer(graph, np.uint8)} | weights)

    @cached_property
    def weights(self) -> dict[str, Array]:
        """By their names in the graph."""
        return replace(self.file, proto=self.proto).weights()

    @property
    def notes(self) -> tuple[str, ...]:
        """What should be known by whoever reads its results."""
        half = ("the model computes in half precision, so its numbers have about three digits",)
        ended = (words(self.taken_off),) if self.taken_off else ()
        fixed = (f"the graph fixes its batch: {self.file.batch} at a time",) if self.file.batch else ()
        return ended + fixed + (half if self.file.dtype.itemsize == 2 else ())


def open_onnx(
    model: object,
    input: InputSpec,  # noqa: A002 the waist's name for it
    output: OutputSpec,
    *,
    providers: Sequence[str] = (),
    allow_nonfinite: bool = False,
    batch_size: int | None = None,
) -> OnnxModel | OnnxForward:
    """Make an ONNX model one of innerview's.

    Args:
        model: a file that was read (`onnx.files.read_onnx`), or a ModelProto of onnx.
        input: what it takes.
        output: what it gives. With kind "logits" and a graph that ends in softmax, what stands before that is taken.
        providers: ONNX Runtime's execution providers, the first preferred: "CUDAExecutionProvider" or "cuda", of a
            certain device "cuda:1"; its processor's if none is named. Gradients are computed by PyTorch on the
            processor whatever is named here.
        allow_nonfinite: accept weights that are not finite; the model can then be looked at, but not run.
        batch_size: images in one pass; None for as many as are fastest, or as the graph takes.

    Raises:
        ModelError: it can't be run as declared.
        UsageError: there is no such provider here, or it can't be started; the graph takes another number of images.
    """
    check_batch_size(batch_size)
    file = model if isinstance(model, OnnxFile) else of_proto(model)
    chosen = _providers(providers)
    told = replace(_told(file, input, output), batch_size=_batch_size(file, batch_size))
    if not allow_nonfinite:
        check_weights(told.weights)
    runtime = _runtime(told, chosen)
    forward = OnnxForward(told, runtime, (), allow_nonfinite=allow_nonfinite)
    if allow_nonfinite:
        return forward
    _dry_run(forward, chosen)
    try:
        gradients = import_module("innerview.adapters.onnx.gradients")
        inner, said = gradients.converted(told, forward)
    except InnerviewError as error:
        return OnnxForward(told, runtime, (f"gradients can't be had: {str(error).rstrip('.')}",))
    return OnnxModel(told, runtime, inner, said)


def _batch_size(file: OnnxFile, asked: int | None) -> int | None:
    """What was asked for, if the graph takes it."""
    if asked is not None and file.batch and asked != file.batch:
        raise UsageError(
            f"a batch size of {asked} was asked for, and the graph of {file.path.name} fixes it at {file.batch}; leave "
            "it out, or export the model again with a batch of any size (dynamic axes)"
        ).of("batch_size", asked=asked, found=file.batch, path=file.path)
    return asked


Provider: TypeAlias = "tuple[str, dict[str, str]]"
"""Name of an execution provider, and its options."""

ENDING: Final = "ExecutionProvider"
"""Behind all their names; in front of it the device's, more or less."""


def _providers(asked: Sequence[str]) -> list[Provider]:
    """Those that were asked for by name or by the word in front of `ENDING`, with the number of a device.

    Raises:
        UsageError: this ONNX Runtime has none of that name.
    """
    known: list[str] = onnxruntime.get_available_providers()
    words = {one.removesuffix(ENDING).lower(): one for one in known}
    found = list[Provider]()
    for one in asked or ["cpu"]:
        word, _, number = one.partition(":")
        name = words.get(word.removesuffix(ENDING).lower())
        if name is None or (number and not number.isdecimal()):
            raise UsageError(
                f"the execution provider {one!r} was asked for; this ONNX Runtime has "
                f"{', '.join(f'{short} ({whole})' for short, whole in words.items())}. Install the build of "
                "onnxruntime that has it, or leave it out"
            ).of("providers", asked=one, known=[*words, *known])
        found.append((name, {"device_id": number} if number else {}))
    return found


def _told(file: OnnxFile, taken: InputSpec, given: OutputSpec) -> Told:
    """Hold the declaration against what the graph says of itself, and choose the output."""
    found, declared = (*file.shape, file.layout), (taken.height, taken.width, taken.channels, taken.layout)
    wrong = [(one, other) for one, other in zip(found, declared, strict=True) if one and one != other]
    if wrong:
        raise ModelError(
            f"{file.path.name} takes images of {_size(found)}, and {_size(declared)} was declared; "
            f"declare {file.found_input()[0] or 'its size'} and layout={file.layout or taken.layout}"
        ).of("size", asked=_size(declared), found=_size(found), path=file.path)
    dtype = np.dtype(np.float64 if file.dtype.itemsize == 8 else np.float32)
    name = choose_output(file.outputs, given.output, len(given.class_names))
    last, before = ending(file.proto, name)
    plain = replace(given, output=None)
    off = bool(before) and take_off(last, plain)
    proto = with_one_output(file.proto, before if off else name)
    return Told(file, proto, taken, given, dtype, last if off else "", "" if off else last)


def _size(told: Sequence[object]) -> str:
    *sides, layout = told
    return f"{' × '.join(str(one or '?') for one in sides)} (layout {layout or 'open'})"


def _runtime(told: Told, providers: Sequence[Provider], proto: Any = None, output: str = "") -> Runtime:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = QUIET
    if told.file.folder is not None:
        options.add_session_config_entry(BESIDE, str(told.file.folder))
    graph = told.proto if proto is None else proto
    try:
        session = onnxruntime.InferenceSession(graph.SerializeToString(), options, providers=list(providers))
    except Exception as error:  # whatever a graph can have wrong
        raise ModelError(
            f"ONNX Runtime {onnxruntime.__version__} can't open {told.file.path.name}: "
            f"{' '.join(str(error).split())[:400]}"
        ).of("model", path=told.file.path) from error
    asked, running = providers[0][0], tuple[str, ...](session.get_providers())
    if asked not in running:  # ONNX Runtime goes on with another one, and says so in its log alone
        raise UsageError(
            f"the execution provider {asked} was asked for, and ONNX Runtime can't start it here: it would run "
            f"{told.file.path.name} by {', '.join(running)}. Install what that device needs (its driver and "
            "libraries), or ask for another"
        ).of("providers", asked=asked, found=running)
    return Runtime(session, told.file, output or graph.graph.output[0].name)


def _dry_run(model: OnnxForward, providers: Sequence[Provider]) -> None:
    """Run black images once; where an ending is set aside, compare with the graph as it stands in the file."""
    told = model.told
    black = np.zeros((PROBES, *told.input.shape), told.dtype)
    before = model.forward(black).outputs
    if told.taken_off:
        name = choose_output(told.file.outputs, told.output.output, len(told.output.class_names))
        whole = _runtime(told, providers, with_one_output(told.file.proto, name), name)
        given = whole(enter(told.input, black, told.dtype))
        check_taken_off(told.taken_off, given, before, told.output)


class _OfFile:
    """What both kinds of an ONNX model say of themselves: what is known before anything is run."""

    told: Told

    def __repr__(self) -> str:
        return model_in_short(cast("Model", self))

    @property
    def input(self) -> InputSpec:
        """What it takes."""
        return self.told.input

    @property
    def output(self) -> OutputSpec:
        """What it gives."""
        return self.told.output

    @property
    def fingerprint(self) -> str:
        """Hash of specification, graph and weights."""
        return self.told.fingerprint

    @property
    def ending(self) -> Found:
        """The operation that gives the outputs."""
        return self.told.ending

    def weights(self) -> dict[str, Array]:
        """Copies of all floats that the graph holds, buffers included, by their names there."""
        return {name: value.copy() for name, value in self.told.weights.items()}


@final
class OnnxForward(_OfFile):
    """An ONNX model that can be run forward, by ONNX Runtime.

    Args:
        told: what is known of it.
        runtime: that runs it.
        said: why there are no gradients.
        allow_nonfinite: it can be looked at, but not run.
    """

    def __init__(self, told: Told, runtime: Runtime, said: tuple[str, ...], *, allow_nonfinite: bool = False) -> None:
        self.told, self._runtime, self._said, self._weights_only = told, runtime, said, allow_nonfinite

    @property
    def runs_on(self) -> str:
        """What computes it, in words."""
        return self._runtime.words

    @property
    def dtype(self) -> np.dtype[np.floating]:
        """Precision of its answers."""
        return self.told.dtype

    @property
    def batch_size(self) -> int:
        """Images in one pass, by their size."""
        return self.told.batch_size or self.told.file.batch or max(PIXELS // (self.input.height * self.input.width), 1)

    @property
    def layers(self) -> tuple[Layer, ...]:
        """None that could be looked at without gradients."""
        return ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What was found in the model and should be known by whoever reads its results."""
        return self.told.notes + self._said

    @property
    def why_forward_only(self) -> str:
        """Why there are no gradients, in words."""
        return "; ".join(self._said)

    def forward(self, images: Images, layers: Sequence[str] = ()) -> ForwardResult:
        """Run images.

        Raises:
            ModelError: the graph fails on them.
            UsageError: a layer was asked for.
        """
        refuse_weights_only(allow_nonfinite=self._weights_only)
        if layers:
            raise UsageError(
                f"layers {', '.join(layers)} were asked of an ONNX model that runs forward only "
                f"({self.why_forward_only})"
            ).of("layers", asked=tuple(layers))
        return ForwardResult(run(self.told, self._runtime, images), {})


def run(told: Told, runtime: Runtime, images: Images) -> Array:
    """Outputs of ONNX Runtime for pixels (batch × class)."""
    entering = enter(told.input, images, told.dtype)
    if not len(images):
        return np.zeros((0, len(told.output.class_names)), told.dtype)
    with made_ours(f"ONNX Runtime failed on {len(images)} images, shape {entering.shape}"):
        outputs = runtime(entering)
    check_shape(outputs.shape, len(images), told.output)
    return outputs


@final
class OnnxModel(_OfFile):
    """An ONNX model with gradients: outputs come from ONNX Runtime, what lies inside and gradients from PyTorch.

    Args:
        told: what is known of it.
        runtime: that runs it; None for a copy in another precision, which PyTorch runs alone.
        inner: what onnx2torch made of it, as a model.
        said: how far the two agree.
    """

    def __init__(self, told: Told, runtime: Runtime | None, inner: DifferentiableModel, said: tuple[str, ...]) -> None:
        self.told, self._runtime, self._inner, self._said = told, runtime, inner, said

    @property
    def runs_on(self) -> str:
        """What computes it, in words."""
        back = "PyTorch, cpu"
        return f"forward {self._runtime.words}; layers and gradients {back}" if self._runtime else back

    @property
    def dtype(self) -> np.dtype[np.floating]:
        """Precision in which it computes."""
        return self._inner.dtype

    @property
    def batch_size(self) -> int:
        """Images in one pass, by their size."""
        return self._inner.batch_size

    @property
    def layers(self) -> tuple[Layer, ...]:
        """Operators that people would name, in the order of their calls, with the graph's names of their weights."""
        return self._layers

    @cached_property
    def _layers(self) -> tuple[Layer, ...]:
        known, weights = {one.name: one for one in shown(self.told.proto)}, self.told.weights
        found = list[Layer]()
        for layer in self._inner.layers:
            told = known.get(layer.name) or known.get(layer.name.rpartition(".")[0])
            if told is None:
                continue
            parameters = tuple(name for name in told.weights if name in weights)
            found.append(replace(layer, kind=told.kind, parameters=parameters))
        return tuple(found)

    @property
    def notes(self) -> tuple[str, ...]:
        """What was found in the model and should be known by whoever reads its results."""
        return self.told.notes + self._said + tuple(getattr(self._inner, "notes", ()))

    def astype(self, dtype: np.dtype[np.floating] | type[np.floating]) -> OnnxModel:
        """The same in another precision, run by PyTorch alone.

        Raises:
            ModelError: for another precision than float32 and float64.
        """
        wanted = check_precision(dtype)
        runtime = self._runtime if wanted == self.told.dtype else None
        return OnnxModel(self.told, runtime, self._inner.astype(wanted), self._said)

    def forward(self, images: Images, layers: Sequence[str] = ()) -> ForwardResult:
        """Run images: by ONNX Runtime; by PyTorch where layers are wanted, too."""
        if layers or self._runtime is None:
            return self._inner.forward(images, layers)
        return ForwardResult(run(self.told, self._runtime, images), {})

    def vjp(self, images: Images, grad_outputs: Mapping[str, GradOutputs], layers: Sequence[str] = ()) -> VjpResult:
        """Run images forward, then grad_outputs on the output and on layers back to pixels and `layers`, by PyTorch."""
        return self._inner.vjp(images, grad_outputs, layers)


__all__ = ["OnnxForward", "OnnxModel", "open_onnx"]
