"""Any Keras 3 model as a model, on whichever backend is active, and given back as it was.

Layers are *calls* of layers that hold no others, found in one dry run: a layer that is called twice is two, "relu" and
"relu#2". What a model computes outside of layers (`keras.ops.relu`, the activation inside a Dense) can't be tapped;
gradients go through it all the same. Values cross the waist channels last wherever the model has them.

A model that ends in softmax (or sigmoid) and is declared to give logits is asked for what it has before it: the last
activation is set aside while we look. A probability hides how sure a model is where it is sure, and its logarithm
is infinite where float32 ends; the value before it is exact.
"""

# Keras is untyped: unknown types are its own.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownParameterType=false, reportMissingImports=false, reportAttributeAccessIssue=false

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, final

import numpy as np

from innerview import renames
from innerview.adapters.changes import Evidence, Take, gather
from innerview.adapters.checks import (
    check_batch_size,
    check_precision,
    check_shape,
    check_weights,
    enter,
    refuse_weights_only,
)
from innerview.adapters.endings import Found, check_taken_off
from innerview.adapters.engine import Engine, Passes, Tap
from innerview.adapters.failure_location import FailureLocation
from innerview.adapters.failures import AXES_MAY_BE_WRONG, BACK, made_ours
from innerview.adapters.picking import evident, pick, taken
from innerview.adapters.positions import Order, Placed, place
from innerview.adapters.precisions import lowest, named, note, widened
from innerview.adapters.wiring import Wiring, wired
from innerview.errors import MissingExtra, ModelError
from innerview.model import (
    HALVES,
    RENAMED,
    UNITS,
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

try:
    import keras
except Exception as error:
    raise MissingExtra("looking into a Keras model", "keras", error) from error

from innerview.adapters.keras.calls import (
    LOCK,
    Survey,
    named_variables,
    no_such_convolution,
    observing,
    precisions,
    require_one_input,
)
from innerview.adapters.keras.calls import precision as waist_precision
from innerview.adapters.keras.copies import canonical, in_precision
from innerview.adapters.keras.endings import Ending, find_ending, last_operation, set_aside
from innerview.adapters.keras.state import unchanged
from innerview.adapters.keras.wiring import Following

DRY_RUN: Final = 3
"""Images in the dry run: unlike 1 or 2, hardly ever the length of another axis by chance."""

ENGINES: Final[Mapping[str, tuple[str, str, bool]]] = {
    "tensorflow": ("innerview.adapters.keras.tensorflow_engine", "TensorFlowEngine", False),
    "torch": ("innerview.adapters.torch.engine", "TorchEngine", True),
    "jax": ("innerview.adapters.jax.engine", "JaxEngine", False),
}
"""For each backend the engine, and whether it is made for one model."""


@renames.attributes(**RENAMED)
@final
class KerasModel:
    """A Keras model as it is: no copy is made, and a change of its weights is seen at the next pass.

    Args:
        model: any Keras 3 model or layer, built, from one batch of images to a batch of outputs.
        input: what it takes; the layout is "HWC" for almost every Keras model.
        output: what it gives; `key` where the model returns a dict or a tuple. With kind "logits" and a model that
            ends in softmax, or "sigmoid" and one that ends in sigmoid, the values before that are taken.
        precision: to compute in: "float16" and "bfloat16" as Keras's mixed policies do, with float32 weights, "float32"
            or "float64". Where the model is of another, a copy of it is wrapped. None: as it is.
        batch_size: images in one pass; None for as many as are fastest.
        weights_only: accept weights that are not finite; the model can then be looked at, but not run.

    Raises:
        ModelError: the model can't be run as declared, or a weight is not finite.
    """

    def __init__(
        self,
        model: Any,
        input: InputSpec,  # noqa: A002 the waist's name for it
        output: OutputSpec,
        *,
        allow_nonfinite: bool = False,
        precision: str | None = None,
        batch_size: int | None = None,
    ) -> None:
        check_batch_size(batch_size)
        _check_runnable(model)
        if precision is not None:
            model = _converted(model, named(precision))
        self._model, self._weights_only = model, allow_nonfinite
        self._engine = _engine(model)
        self._kinds = precisions(model)
        dtype = waist_precision(self._kinds)
        names = {id(variable): name for name, variable in named_variables(model).items()}
        self._survey = survey = Survey(names, DRY_RUN)
        self._ending: Ending | None = None
        self._last: Found = ""
        self._picked: str | int | None = None
        if not allow_nonfinite:
            check_weights(self.weights())
            self._ending = self._dry_run(survey, input, output, dtype)
        self._passes = Passes(
            self._engine, input, output, dtype, self._find, lowest(self._kinds, dtype.name), batch_size
        )
        if self._ending:
            black = np.zeros((DRY_RUN, *input.shape), dtype)
            own = self.forward(black).outputs
            check_taken_off(self._ending.name, widened(self._given), own, output, UNITS[self.precision])

    def __repr__(self) -> str:
        return model_in_short(self)

    @property
    def model(self) -> Any:
        """The Keras model itself."""
        return self._model

    @property
    def set_aside(self) -> Any:
        """The layer whose last operation is set aside; None for none."""
        return self._ending.layer if self._ending else None

    @property
    def ending(self) -> Found:
        """The operation that gives the outputs, where a layer shows it."""
        return "" if self._ending else self._last

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
        """Precision of its answers: that in which it computes, float32 for half precisions."""
        return self._passes.dtype

    @property
    def precision(self) -> str:
        """Name of the precision in which it computes, the roughest of them if there are several."""
        return lowest(self._kinds, self.dtype.name)

    @property
    def layers(self) -> tuple[Layer, ...]:
        """One per call of a layer that holds no others."""
        return self._passes.layers

    @property
    def orders(self) -> Mapping[str, Order]:
        """By a layer's name, how its own axes behind the batch are turned for the waist."""
        return self._passes.orders

    @property
    def batch_size(self) -> int:
        """Images in one pass, by their size."""
        return self._passes.batch_size

    @property
    def notes(self) -> tuple[str, ...]:
        """What was found in the model and should be known by whoever reads its results."""
        return ((self._ending.words,) if self._ending else ()) + taken(self._picked) + note(self.precision)

    @property
    def fingerprint(self) -> str:
        """Hash of specification, architecture and weights, as they are now; precision and given names are not in it."""
        description = {
            "input": self.input.described(),
            "output": self.output.described(),
            "model": canonical(self._model),
        }
        values = self.weights().values()
        return fingerprint_of(description, {str(place): value.astype(np.float64) for place, value in enumerate(values)})

    def weights(self) -> dict[str, Array]:
        """Copies of all weights ("conv1/kernel"), as Keras has them: kernels are height × width × input × output."""
        with self._engine.looking(self._model, np.dtype(np.float64)):
            found = named_variables(self._model).items()
            return {name: widened(np.array(keras.ops.convert_to_numpy(variable.value))) for name, variable in found}

    def astype(self, dtype: np.dtype[np.floating] | type[np.floating]) -> KerasModel:
        """A copy of the model in another precision, made from its configuration and its weights.

        Raises:
            ModelError: Keras can't make the model from its configuration, as of some that are subclassed.
        """
        wanted = check_precision(dtype)
        with LOCK, self._engine.looking(self._model, wanted):
            model = in_precision(self._model, wanted.name)
        batch = self._passes.batch
        return KerasModel(model, self.input, self.output, allow_nonfinite=self._weights_only, batch_size=batch)

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

    def _ours(self, images: Images) -> AbstractContextManager[None]:
        self.input.check(images)
        doing = f"the model failed on {len(images)} image{'s' * (len(images) != 1)}"
        return made_ours(doing, partial(self._locate, images), back=BACK)

    def _locate(self, images: Images) -> FailureLocation | None:
        """Run once more, on images that a run has failed on, to see where; None where it runs now."""
        place = FailureLocation()
        try:
            with self._looking(), observing(self._model, _unseen, place):
                self._engine.forward(self._run_plain, enter(self.input, images, self.dtype), frozenset())
        except Exception:  # noqa: BLE001 it was raised before, and is being told of
            return place
        return None

    def _run_plain(self, inputs: Any, _tap: Tap) -> Any:
        return pick(self._model(inputs, training=False), self.output.output, keras.ops.is_tensor)

    @contextmanager
    def _looking(self) -> Generator[None, None, None]:
        with LOCK, unchanged(self._model), self._engine.looking(self._model, self.dtype), ExitStack() as stack:
            if self._ending:
                stack.enter_context(set_aside(self._ending))
            yield

    def _find(self) -> Placed:
        """Find out the axes of the layers."""

        def run(images: Array, take: Take) -> None:
            def tap(name: str, value: Any) -> Any:
                if keras.ops.is_tensor(value):
                    take(name, lambda: widened(np.asarray(keras.ops.convert_to_numpy(value))))
                return value

            self._run(keras.ops.convert_to_tensor(enter(self.input, images, self.dtype)), tap)

        with self._looking():
            layers = wired(self._survey.layers, self._follow())
            return place(layers, gather(Evidence(*self.input.shape), layers, run))

    def _follow(self) -> Wiring | None:
        """Find out in one run how the layers hang together."""
        following, images = Following(), np.full((1, *self.input.shape), 0.5, self.dtype)
        entering = keras.ops.convert_to_tensor(enter(self.input, images, self.dtype))
        try:
            with (
                following.operations(self._model),
                observing(self._model, lambda _name, _layer, result: result, following=following),
            ):
                self._model(entering, training=False)
        except MemoryError:
            raise
        except Exception:  # noqa: BLE001 it ran before, so this is the following's fault
            return None
        return following.end()

    def _run(self, inputs: Any, tap: Tap) -> Any:
        return _run(self._model, self.output, inputs, tap)

    def _dry_run(
        self,
        survey: Survey,
        taken: InputSpec,
        output: OutputSpec,
        dtype: np.dtype[np.floating],
    ) -> Ending | None:
        """Run black images once, to see the calls, the ending, and whether the model runs at all as declared."""
        black = enter(taken, np.zeros((survey.batch, *taken.shape), dtype), dtype)
        given, place = list[Any](), FailureLocation()

        def run(inputs: Any, _tap: Tap) -> Any:
            with observing(self._model, survey, place):
                result = self._model(inputs, training=False)
                self._picked = None if output.output is not None else evident(result, keras.ops.is_tensor)
                given.append(pick(result, output.output, keras.ops.is_tensor))
            return given[-1]

        doing = f"the model failed on {survey.batch} black images, shape {black.shape}"
        with made_ours(doing, lambda: place, after=AXES_MAY_BE_WRONG), LOCK, unchanged(self._model):
            try:
                with self._engine.looking(self._model, dtype):
                    values = self._engine.forward(run, black, frozenset())
            except Exception as error:
                if said := no_such_convolution(place, error):
                    raise ModelError(said).of("layout", found="channels_first", layer=place.layer) from error
                raise
        self._given = next(iter(values.values()))
        check_shape(self._given.shape, survey.batch, output)
        layer = survey.results.get(id(given[-1]), (None, None))[0]
        self._last = last_operation(layer)
        return find_ending(layer, survey.calls_of(layer), output)


def _run(model: Any, output: OutputSpec, inputs: Any, tap: Tap) -> Any:
    """From the model's input to the output that was declared, in evaluation mode."""

    def seen(name: str, layer: Any, result: Any) -> Any:  # noqa: ARG001 as it is called
        return tap(name, result)

    with observing(model, seen):
        found = pick(model(inputs, training=False), output.output, keras.ops.is_tensor)
    return found if keras.backend.standardize_dtype(found.dtype) not in HALVES else keras.ops.cast(found, "float32")


def _converted(model: Any, name: str) -> Any:
    """The model in another precision, itself where it has that."""
    policy = f"mixed_{name}" if name in HALVES else name
    if (name in HALVES and lowest(precisions(model), "float32") == name) or precisions(model) == [name]:
        return model
    with LOCK:
        return in_precision(model, policy)


def _unseen(name: str, layer: Any, result: Any) -> Any:  # noqa: ARG001 as it is called
    return result


def _engine(model: Any) -> Engine:
    backend = keras.backend.backend()
    if backend not in ENGINES:
        raise ModelError(
            f"Keras runs on {backend!r}; there are gradients on {', '.join(ENGINES)}: set KERAS_BACKEND"
        ).of("backend", found=backend, known=ENGINES)
    module, name, of_model = ENGINES[backend]
    make: Callable[..., Engine] = getattr(import_module(module), name)
    return make(model) if of_model else make()


def _check_runnable(model: Any) -> None:
    """Refuse what would only fail later, with less to go by."""
    if not getattr(model, "built", False):
        raise ModelError(
            "the Keras model has no weights yet; call it on one batch of images, or give it a keras.Input, first"
        ).of("weights", found="none yet")
    require_one_input(model)


if not TYPE_CHECKING:  # checkers would take every name for known
    __getattr__ = renames.of_module(__name__, {"KerasNetwork": "KerasModel"})
