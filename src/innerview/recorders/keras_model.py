"""A Keras model as a recorder sees it, on any backend.

Inside `fit` nobody sees the gradients of the batches. So what is recorded are those of the model's own loss on the
labelled probe images, in evaluation mode: the same images every time, and nothing of the training is touched.
They are had on TensorFlow only.
"""

# Keras and TensorFlow are untyped: unknown types are their own.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownParameterType=false, reportMissingImports=false, reportMissingModuleSource=false
# pyright: reportAttributeAccessIssue=false, reportUntypedBaseClass=false

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, SupportsFloat, cast, final

import numpy as np

from innerview.adapters import wrap
from innerview.adapters.changes import Evidence, Take, gather
from innerview.adapters.checks import enter
from innerview.adapters.engine import to_waist
from innerview.adapters.positions import Order, Placed, channels_in_front, place, place_by_last_axis
from innerview.errors import MissingExtra, ModelError
from innerview.model import Layer
from innerview.recorders.chances import same_chances
from innerview.recorders.probe_config import ProbeConfig, chosen_layers
from innerview.recorders.saturation import channel_statistics, flat_outputs
from innerview.recorders.watched import Measure, Seen, one_number
from innerview.types import Array

try:
    import keras
except Exception as error:
    raise MissingExtra("recording a Keras model", "keras", error) from error

from innerview.adapters.keras.calls import LOCK, Survey, named_variables, observing
from innerview.adapters.keras.model import KerasModel


def watch(model: Any, config: ProbeConfig) -> WatchedKeras:
    """Make a Keras model fit to be watched; see `innerview.recorders.watched.watch`."""
    return WatchedKeras(model, config)


@final
class WatchedKeras:
    """A Keras model in training, built.

    Args:
        model: any Keras 3 model with weights.
        config: what is looked at.

    Raises:
        ModelError: the model is not built, or can't be run on the probes; UnknownLayer: lists the layers.
    """

    def __init__(self, model: Any, config: ProbeConfig) -> None:
        if not model.built:
            raise ModelError(
                "the Keras model has no weights yet; call it on one batch of images, or give it a keras.Input, first"
            ).of("weights", found="none yet")
        self._model, self._config = model, config
        self._before: dict[str, Array] = {}
        self._orders: Mapping[str, Order] = {}
        self._layers: Sequence[str] = ()
        self._flats: dict[str, tuple[float, float] | None] = {}
        with self.undisturbed():
            declared = config.input is not None
            self._wrapped = (
                cast("KerasModel", wrap(model, input=config.input, output=config.output)) if declared else None
            )
            self._entering = self._enter()
            if self._entering is not None:
                self._survey(self._entering)

    @property
    def model(self) -> KerasModel | None:
        """The same model at the waist."""
        return self._wrapped

    @property
    def layout(self) -> str:
        """As Keras has it, whatever the data format."""
        return "HWIO"

    def describe(self) -> dict[str, Any]:
        """Name, framework and weights."""
        return {
            "name": type(self._model).__qualname__,
            "framework": "keras",
            "version": f"{keras.__version__} on {keras.backend.backend()}",
            "weights": {name: [int(size) for size in one.shape] for name, one in self._trained().items()},
            "layers": list(self._layers),
        }

    def weights(self) -> dict[str, Array]:
        """Copies of the trainable weights by path."""
        return {name: _array(one.value) for name, one in self._trained().items()}

    def beside(self) -> dict[str, Array]:
        """Copies of the other weights by path: moving means, and what was frozen."""
        own = self._trained()
        found = {name: one for name, one in named_variables(self._model).items() if name not in own}
        return {name: _array(one.value) for name, one in found.items()}

    def gradients(self) -> dict[str, Array]:
        """Gradients of the model's loss on the labelled probes; nothing without labels, a loss, or TensorFlow."""
        loss = _loss(self._model)
        if self._entering is None or not self._config.labels or loss is None or keras.backend.backend() != "tensorflow":
            return {}
        import tensorflow as tf

        trained = self._trained()
        with self.undisturbed(), tf.GradientTape() as tape, keras.StatelessScope(state_mapping=[]):
            outputs = self._model(self._entering, training=False)
            value = loss(self._truth(outputs), outputs)
        found = cast("list[Any]", tape.gradient(value, [one.value for one in trained.values()]))
        pairs = zip(trained, found, strict=True)
        return {name: _array(tf.convert_to_tensor(one)) for name, one in pairs if one is not None}

    def remember(self) -> None:
        """Keep a copy of the weights."""
        self._before = self.weights()

    def measure(self) -> dict[str, Measure]:
        """Measure each weight."""
        before, self._before = self._before, {}
        gradients = self.gradients()
        found = dict[str, Measure]()
        for name, weight in self.weights().items():
            gradient = gradients.get(name)
            found[name] = Measure(
                _norm(weight),
                None if gradient is None else _norm(gradient),
                _norm(weight - before[name]) if name in before else None,
                *_wrong(weight),
                *((0, 0) if gradient is None else _wrong(gradient)),
            )
        return found

    def images(self) -> Array | None:
        """The probes, as an array."""
        probes = self._config.probes
        return None if probes is None else np.array(_array(probes) if keras.ops.is_tensor(probes) else probes)

    def look(self) -> Seen | None:
        """Run the probes in evaluation mode and work out the statistics of the layers.

        A model that is declared to give logits is asked for them, also where it ends in softmax.
        """
        if self._entering is None:
            return None
        with self.undisturbed():
            outputs, values = self._run() if self._wrapped is None else self._run_declared(self._wrapped)
        return Seen(outputs, {name: channel_statistics(value, self._flats[name]) for name, value in values.items()})

    def _run(self) -> tuple[Array | None, dict[str, Array]]:
        """Outputs, if they are image × class, and the layers' values, channels last."""
        values = dict[str, Array]()

        def seen(name: str, layer: Any, result: Any) -> Any:  # noqa: ARG001 as it is called
            if name in self._layers:
                values[name] = to_waist(_array(result), self._orders[name])
            return result

        with LOCK, observing(self._model, seen):
            result = self._model(self._entering, training=False)
        plain = keras.ops.is_tensor(result) and len(result.shape) == 2
        return _array(result) if plain else None, values

    def _run_declared(self, model: KerasModel) -> tuple[Array, dict[str, Array]]:
        """The same by the declaration of input and output."""
        answer = model.forward(np.asarray(self._config.pixels, model.dtype), self._layers)
        return answer.outputs, dict(answer.activations)

    @contextmanager
    def undisturbed(self) -> Generator[None, None, None]:
        """Keep what is random in Python and NumPy; layers draw from seeds that a look in evaluation mode leaves be."""
        with same_chances():
            yield

    def hold(self, value: Any) -> SupportsFloat:
        """Keep a number; tensors of Keras never change."""
        if keras.ops.is_tensor(value) and int(np.prod(value.shape)) == 1:
            return cast("SupportsFloat", keras.ops.reshape(value, ()))
        return one_number(value)

    def _trained(self) -> dict[str, Any]:
        """The trainable weights by path, and whatever else has a gradient."""
        own = {id(one) for one in self._model.trainable_weights}
        return {name: one for name, one in named_variables(self._model).items() if id(one) in own}

    def _enter(self) -> Any:
        """The probes as the model takes them."""
        if self._config.input is not None and self._wrapped is not None and self._config.pixels is not None:
            return keras.ops.convert_to_tensor(enter(self._config.input, self._config.pixels, self._wrapped.dtype))
        if self._config.probes is None:
            return None
        return keras.ops.convert_to_tensor(self._config.probes)

    def _survey(self, entering: Any) -> None:
        """Run the probes once, to learn the layers."""
        names = {id(one): name for name, one in named_variables(self._model).items()}
        survey = Survey(names, len(entering))

        def seen(name: str, layer: Any, result: Any) -> Any:
            self._flats[name] = _flat(layer)
            return survey(name, layer, result)

        try:
            with LOCK, observing(self._model, seen):
                self._model(entering, training=False)
        except Exception as problem:
            raise ModelError(
                f"the model failed on the probe images, shape {tuple(entering.shape)}: {type(problem).__name__}: "
                f"{problem}. Give them as the model takes them, or declare input= and output= and give pixels"
            ).of("probes", found=tuple(entering.shape)) from problem
        placed = self._wrapped if self._wrapped is not None else self._place(survey.layers, entering)
        self._orders, self._layers = placed.orders, chosen_layers(placed.layers, self._config.layers)

    def _place(self, layers: Sequence[Layer], entering: Any) -> Placed:
        """Find out the layers' axes on the probes, of which only the shape is known."""
        own = _array(entering)
        if own.ndim != 4 or "float" not in keras.backend.standardize_dtype(entering.dtype):
            return place_by_last_axis(layers)
        first = channels_in_front(own.shape)
        given = to_waist(own, (1, 2, 0) if first else (0, 1, 2))

        def run(images: Array, take: Take) -> None:
            def seen(name: str, layer: Any, result: Any) -> Any:  # noqa: ARG001 as it is called
                if keras.ops.is_tensor(result):
                    take(name, lambda: _array(result))
                return result

            turned = images.transpose(0, 3, 1, 2) if first else images
            with LOCK, observing(self._model, seen):
                self._model(keras.ops.convert_to_tensor(turned, dtype=entering.dtype), training=False)

        return place(layers, gather(Evidence(*given.shape[1:]), layers, run, given))

    def _truth(self, outputs: Any) -> Any:
        """The probes' classes as the loss wants them: numbers where it is called sparse, else one column per class."""
        labels = np.asarray(self._config.labels)
        name = str(getattr(self._model.loss, "name", self._model.loss))
        return labels if "sparse" in name else np.eye(int(outputs.shape[-1]), dtype=np.float32)[labels]


def _loss(model: Any) -> Any:
    """The loss that the model was compiled with, as a function of truth and outputs; None if it has several or none."""
    given = getattr(model, "loss", None)
    if isinstance(given, str):
        # by its class, which takes the mean over the batch
        given = keras.losses.get("".join(part.title() for part in given.split("_")))
    return given if isinstance(given, keras.losses.Loss) else None


def _flat(layer: Any) -> tuple[float, float] | None:
    """Where a layer's own activation function is flat, if it has one."""
    inner = getattr(layer, "activation", None)
    name = getattr(inner, "__name__", type(layer).__name__)
    return flat_outputs(name, float(getattr(layer, "alpha", 1.0)))


def _norm(values: Array) -> float:
    return float(np.linalg.norm(values.ravel()))


def _wrong(values: Array) -> tuple[int, int]:
    return int(np.isnan(values).sum()), int(np.isinf(values).sum())


def _array(value: Any) -> Array:
    """A copy; half precision widened to what NumPy knows."""
    kind = keras.backend.standardize_dtype(value.dtype)
    wide = keras.ops.cast(value, "float32") if kind in {"float16", "bfloat16"} else value
    return np.array(keras.ops.convert_to_numpy(wide))
