"""A JAX function and its parameters as a model; Flax and Equinox modules come as what they are: such a pair.

    wrap(model.apply, parameters=variables, …)                             Flax (linen)
    wrap(lambda model, x: jax.vmap(model)(x), parameters=model, …)         Equinox
    wrap(lambda state, x: nnx.merge(graph, state)(x), parameters=state, …) Flax (nnx), split into the two

A function has no layers. `tap(name, value)` inside it names a value, which is then a layer like any other; where
nobody looks, it does nothing. Nothing is compiled here: a function that was compiled with `jax.jit` runs compiled,
except for passes that look at a layer inside it. float64 is switched on around our own passes alone.
"""

# JAX is only partly typed: unknown types are its own.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownParameterType=false, reportUnknownLambdaType=false, reportMissingImports=false
# pyright: reportAttributeAccessIssue=false, reportArgumentType=false

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final, final

import jax
import numpy as np

from innerview import renames
from innerview.adapters.changes import Evidence, Take, gather
from innerview.adapters.checks import (
    check_batch_size,
    check_inputs,
    check_precision,
    check_shape,
    check_weights,
    enter,
    refuse_weights_only,
)
from innerview.adapters.engine import Passes, Tap
from innerview.adapters.failure_location import FailureLocation
from innerview.adapters.failures import AXES_MAY_BE_WRONG, BACK, made_ours
from innerview.adapters.jax.engine import JaxEngine
from innerview.adapters.jax.layers import Named, Survey, observing, tap
from innerview.adapters.jax.wiring import follow
from innerview.adapters.keeping import Kept, random_numbers, restoring
from innerview.adapters.picking import evident, pick, taken
from innerview.adapters.positions import Placed, place
from innerview.adapters.precisions import lowest, named, note, waist, widened
from innerview.adapters.wiring import wired
from innerview.errors import ModelError
from innerview.model import (
    RENAMED,
    ForwardResult,
    GradOutputs,
    InputSpec,
    Layer,
    OutputSpec,
    VjpResult,
    fingerprint_of,
    model_in_short,
)
from innerview.types import Array, Images

DRY_RUN: Final = 3
"""Images in the dry run: unlike 1 or 2, hardly ever the length of another axis by chance."""

WRITTEN: Final = {"bfloat16": "bf16[", "float16": " f16["}
"""How JAX writes a half precision in what it traced, the roughest first."""

PROBES: Final = 2
"""Images whose outputs stand for the function's code in its identity."""


@renames.attributes(**RENAMED)
@final
class JaxModel:
    """A pure function of parameters and a batch of images.

    Args:
        function: called as ``function(parameters, images)``, or as ``function(images)`` without parameters. It runs
            in evaluation mode: dropout and batch statistics are its own affair, and are to be off.
        input: what it takes.
        output: what it gives; `key` where the function returns a dict or a tuple.
        parameters: any tree of arrays; None for a function that holds them itself.
        dtype: float32 or float64, for a function without parameters; otherwise it is that of the parameters.
        precision: to convert the parameters to, and to round images to: "bfloat16", "float16", "float32", "float64".
            None: as the parameters are. Parameters in half precision get images in it.
        batch_size: images in one pass; None for as many as are fastest.
        weights_only: accept weights that are not finite; the model can then be looked at, but not run.

    Raises:
        ModelError: the function can't be run as declared, or a weight is not finite.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        input: InputSpec,  # noqa: A002 the waist's name for it
        output: OutputSpec,
        *,
        parameters: Any = None,
        dtype: np.dtype[np.floating] | type[np.floating] = np.float32,
        allow_nonfinite: bool = False,
        precision: str | None = None,
        batch_size: int | None = None,
    ) -> None:
        check_batch_size(batch_size)
        self._function, self._parameters, self._weights_only = function, parameters, allow_nonfinite
        self._engine = JaxEngine()
        self._picked: str | int | None = None
        if precision is not None:
            self._convert(named(precision))
        self._kinds = self._kinds_of() or [named(precision) if precision else check_precision(dtype).name]
        self._given, self._inside = self._kinds[0], ""
        kind = np.dtype(waist(self._kinds) or np.float32)
        self._survey = Survey(DRY_RUN)
        self._passes = Passes(self._engine, input, output, kind, self._find, batch=batch_size)
        if not allow_nonfinite:
            way = "wrap a function of one input that calls it with the others fixed"
            if parameters is None:
                check_inputs(function, 0, f"if the first are its parameters, give them as parameters=…; or {way}")
            else:
                check_inputs(function, 1, way)
            check_weights(self.weights())
            self._find_given()

    def __repr__(self) -> str:
        return model_in_short(self)

    @property
    def input(self) -> InputSpec:
        """What it takes."""
        return self._passes.input

    @property
    def output(self) -> OutputSpec:
        """What it gives."""
        return self._passes.output

    @property
    def dtype(self) -> np.dtype[np.floating]:
        """Precision of the answers: that of the parameters, float32 for those in half precision."""
        return self._passes.dtype

    @property
    def precision(self) -> str:
        """Name of the precision in which it computes, the roughest of them if there are several."""
        return lowest([*self._kinds, *([self._inside] if self._inside else [])], self.dtype.name)

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The values that the function names with `tap`."""
        return self._passes.layers

    @property
    def batch_size(self) -> int:
        """Images in one pass, by their size."""
        return self._passes.batch_size

    @property
    def notes(self) -> tuple[str, ...]:
        """What was found in the function and should be known by whoever reads its results."""
        return taken(self._picked) + note(self.precision)

    @property
    def fingerprint(self) -> str:
        """Hash of specification, parameters and the outputs for two fixed images: the code itself can't be compared.

        The outputs are worked out in float32, so that the precision is not in it.
        """
        description = {"input": self.input.described(), "output": self.output.described()}
        weights = {name: value.astype(np.float64) for name, value in self.weights().items()}
        if not self._weights_only:
            probes = np.random.default_rng(0).random((PROBES, *self.input.shape))
            plain = self if self.dtype == np.float32 else self.astype(np.float32)
            weights[" outputs"] = plain.forward(probes).outputs
        return fingerprint_of(description, weights)

    def weights(self) -> dict[str, Array]:
        """Copies of the arrays among the parameters, by their place in the tree ("conv1.kernel"), as they are.

        Those in half precision come as float32.
        """
        return {name: widened(np.array(leaf)) for name, leaf in self._arrays()}

    def astype(self, dtype: np.dtype[np.floating] | type[np.floating]) -> JaxModel:
        """The same function with its parameters in another precision."""
        wanted = check_precision(dtype)
        return JaxModel(
            self._function,
            self.input,
            self.output,
            parameters=self._parameters,
            dtype=wanted,
            allow_nonfinite=self._weights_only,
            precision=wanted.name,
            batch_size=self._passes.batch,
        )

    def forward(self, images: Images, layers: Sequence[str] = ()) -> ForwardResult:
        """Run images; `layers` names the layers whose outputs are wanted."""
        refuse_weights_only(allow_nonfinite=self._weights_only)
        with self._ours(images), self._looking():
            return self._passes.forward(self._run, images, layers)

    def vjp(self, images: Images, grad_outputs: Mapping[str, GradOutputs], layers: Sequence[str] = ()) -> VjpResult:
        """Run images forward, then grad_outputs on the output and on layers back to pixels and `layers`."""
        refuse_weights_only(allow_nonfinite=self._weights_only)
        with self._ours(images), self._looking():
            return self._passes.vjp(self._run, images, grad_outputs, layers)

    def _arrays(self) -> Iterator[tuple[str, Any]]:
        found, _ = jax.tree_util.tree_flatten_with_path(self._parameters)
        return ((_name(path), leaf) for path, leaf in found if _is_array(leaf))

    def _convert(self, name: str) -> None:
        """Take parameters of another precision in place of those that were given, which stay as they are."""

        def converted(leaf: Any) -> Any:
            wanted = jax.numpy.dtype(name)
            return jax.numpy.asarray(np.asarray(leaf), wanted) if _is_array(leaf) and _is_float(leaf) else leaf

        with self._engine.looking(None, np.dtype(np.float64 if name == "float64" else np.float32)):
            self._parameters = jax.tree_util.tree_map(converted, self._parameters)

    def _kinds_of(self) -> list[str]:
        """Precisions of the float parameters, that of the first in front; ModelError for those that don't go together.

        Some function may be given several: float32 and a half precision.
        """
        found = {leaf.dtype.name: name for name, leaf in reversed(list(self._arrays())) if _is_float(leaf)}
        if found and waist(list(found)) is None:
            listed = ", ".join(f"{name} is {kind}" for kind, name in found.items())
            raise ModelError(
                f"models compute in float32, float16 and bfloat16, or in float64 throughout; {listed}. Convert the "
                "parameters first: jax.tree.map(lambda x: x.astype('float32'), parameters)"
            ).of("dtype", found=listed)
        return list(reversed(found))

    def _find_given(self) -> None:
        """Find in which precision images are given: of parameters in several, one in which the function runs."""
        problems = list[ModelError]()
        for kind in self._kinds:
            self._given = kind
            try:
                self._dry_run(self._survey)
            except ModelError as error:
                problems.append(error)
                self._survey = Survey(DRY_RUN)
                continue
            self._inside = self._seen_inside()
            self._passes = replace(self._passes, precision=self.precision)
            return
        raise problems[0]

    def _seen_inside(self) -> str:
        """The half precision that anything in the function computes in; empty for none, or where nobody can tell."""
        images = np.zeros((1, *self.input.shape), self.dtype)
        try:
            with self._looking():
                written = str(jax.make_jaxpr(self._call)(jax.numpy.asarray(enter(self.input, images, self.dtype))))
        except Exception:  # noqa: BLE001 a function that can't be traced runs all the same
            return ""
        return next((name for name, sign in WRITTEN.items() if sign in written), "")

    def _find(self) -> Placed:
        """Find out the axes of the values that the function names."""

        def run(images: Array, take: Take) -> None:
            def seen(name: str, value: Any) -> Any:
                take(name, lambda: widened(np.asarray(value)))
                return value

            self._run(jax.numpy.asarray(enter(self.input, images, self.dtype)), seen)

        images = enter(self.input, np.zeros((DRY_RUN, *self.input.shape), self.dtype), self.dtype)
        with self._engine.looking(None, self.dtype):
            layers = wired(self._survey.layers, follow(self._call, images, self._survey.layers))
            with jax.disable_jit():
                evidence = gather(Evidence(*self.input.shape), layers, run)
        return place(layers, evidence, self._survey.declared)

    @contextmanager
    def _looking(self) -> Generator[None, None, None]:
        """What the function's code changes outside of its arguments is put back, too."""
        kept = Kept((), lambda _: None, functions=(self._function,))
        with restoring(iter([kept.restore, random_numbers()])), self._engine.looking(None, self.dtype):
            yield

    def _ours(self, images: Images) -> AbstractContextManager[None]:
        self.input.check(images)
        doing = f"the function failed on {len(images)} image{'s' * (len(images) != 1)}"
        return made_ours(doing, partial(self._locate, images), back=BACK)

    def _locate(self, images: Images) -> FailureLocation | None:
        """Run once more, on images that a run has failed on, to see where; None where it runs now."""
        place = FailureLocation()

        def seen(name: str, named: Named, value: Any) -> Any:  # noqa: ARG001 as it is called
            place.leave(name, [value.shape])
            return value

        try:
            with self._looking(), jax.disable_jit(), observing(seen):
                self._call(jax.numpy.asarray(enter(self.input, images, self.dtype)))
        except Exception:  # noqa: BLE001 it was raised before, and is being told of
            return place
        return None

    def _run(self, inputs: Any, tap: Tap) -> Any:
        """From the function's input to the output that was declared."""

        def seen(name: str, named: Named, value: Any) -> Any:  # noqa: ARG001 as it is called
            return tap(name, value)

        with observing(seen):
            return self._call(inputs)

    def _call(self, inputs: Any) -> Any:
        images = inputs.astype(self._given)
        given = (images,) if self._parameters is None else (self._parameters, images)
        result = self._function(*given)
        self._picked = None if self.output.output is not None else evident(result, _is_jax)
        output = pick(result, self.output.output, _is_jax)
        if not _is_float(output):
            raise ModelError(f"the function gives {output.dtype}; outputs are floats, before any argmax").of(
                "dtype", found=str(output.dtype)
            )
        return output.astype(self.dtype)

    def _dry_run(self, survey: Survey) -> None:
        """Run black images once, to see which values are named and whether it runs at all as declared."""
        inputs, place = (
            enter(self.input, np.zeros((survey.batch, *self.input.shape), self.dtype), self.dtype),
            FailureLocation(),
        )

        def seen(name: str, named: Named, value: Any) -> Any:
            place.leave(name, [value.shape])
            return survey(name, named, value)

        called = "the images alone" if self._parameters is None else "the parameters and the images"
        doing = f"the model failed on {survey.batch} black images, shape {inputs.shape}"
        after = f"{AXES_MAY_BE_WRONG}. It is called with {called}"
        with made_ours(doing, lambda: place, after), self._looking(), jax.disable_jit(), observing(seen):
            output = self._call(jax.numpy.asarray(inputs))
        check_shape(tuple(output.shape), survey.batch, self.output)


def _name(path: tuple[Any, ...]) -> str:
    """Write a place in a tree as people would: "conv1.kernel" for ['conv1']['kernel']."""
    return ".".join(jax.tree_util.keystr((part,)).strip("[].'\"") for part in path) or "parameters"


def _is_jax(value: Any) -> bool:
    return isinstance(value, jax.Array)


def _is_array(leaf: Any) -> bool:
    return isinstance(leaf, jax.Array | np.ndarray)


def _is_float(leaf: Any) -> bool:
    return bool(jax.numpy.issubdtype(leaf.dtype, jax.numpy.floating))


__all__ = ["JaxModel", "tap"]

if not TYPE_CHECKING:  # checkers would take every name for known
    __getattr__ = renames.of_module(__name__, {"JaxNetwork": "JaxModel"})
