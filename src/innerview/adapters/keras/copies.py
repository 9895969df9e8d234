"""Copies of a Keras model in another precision, and what of its configuration makes it the model that it is."""

# Keras is untyped: unknown types are its own.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingImports=false, reportAttributeAccessIssue=false

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any, cast

import keras
import numpy as np

from innerview.adapters.keras.calls import parts, require_precision
from innerview.adapters.precisions import widened
from innerview.errors import ModelError


def in_precision(model: Any, policy: str) -> Any:
    """Make the model again, computing as a policy of Keras says ("float64", "mixed_bfloat16"), with the same weights.

    Raises:
        ModelError: Keras can't make it from its configuration, or has no such precision on this backend.
    """
    full = policy if policy in {"float32", "float64"} else "float32"
    require_precision(np.dtype(full))
    custom = {type(layer).__name__: type(layer) for layer in model._flatten_layers()}  # noqa: SLF001
    try:
        configuration = _with_precision(keras.saving.serialize_keras_object(model), full, policy)
        # The user's own model, which runs here already: nothing is opened that did not run before.
        with _default(full, policy):
            copy = keras.saving.deserialize_keras_object(configuration, custom_objects=custom, safe_mode=False)
        copy.set_weights(
            [widened(np.asarray(keras.ops.convert_to_numpy(variable.value))) for variable in model.weights]
        )
    except Exception as error:
        raise ModelError(
            f"Keras can't copy the model into {policy} from its configuration ({type(error).__name__}: {error}); "
            f"build it after keras.config.set_dtype_policy({policy!r}) and wrap that"
        ).of("dtype", asked=policy, found=type(error).__name__) from error
    return copy


@contextmanager
def _default(name: str, policy: str) -> Generator[None, None, None]:
    """Give models themselves the precision: their configuration has none, and they cast what they are given."""
    before, precision = keras.config.dtype_policy(), keras.config.floatx()
    keras.config.set_floatx(name)
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_floatx(precision)
        keras.config.set_dtype_policy(before)


def _with_precision(value: Any, name: str, policy: str) -> Any:
    """Put `policy` wherever a configuration has one, and `name` wherever it names a precision."""
    match value:
        case {"class_name": "DTypePolicy", **rest}:
            return {**rest, "class_name": "DTypePolicy", "config": {"name": policy}}
        case Mapping():
            found = cast("Mapping[str, Any]", value)
            return {
                key: name
                if key == "dtype" and isinstance(one, str) and "float" in one
                else _with_precision(one, name, policy)
                for key, one in found.items()
            }
        case list() | tuple():
            items = cast("list[Any]", value)
            return type(items)(_with_precision(one, name, policy) for one in items)
        case _:
            return value


def canonical(model: Any) -> Any:
    """The configuration without precisions, and with numbers for given names ("dense_7" says when it was built).

    Where Keras has no configuration of the whole, it is that of each layer.
    """
    layers = model._flatten_layers()  # noqa: SLF001
    numbers = {layer.name: f"#{place}" for place, layer in enumerate(layers)}
    try:
        whole = keras.saving.serialize_keras_object(model)
    except Exception:  # noqa: BLE001 what a user's get_config raises is anything
        whole = [_alone(layer) for _, layer in parts(model).values()]
    return _canonical(whole, numbers)


def _alone(layer: Any) -> Any:
    try:
        return keras.saving.serialize_keras_object(layer)
    except Exception:  # noqa: BLE001 the same
        return f"{type(layer).__module__}.{type(layer).__qualname__}"


def _canonical(value: Any, numbers: Mapping[str, str]) -> Any:
    match value:
        case Mapping():
            found = cast("Mapping[str, Any]", value)
            return {
                str(key): _canonical(one, numbers)
                for key, one in found.items()
                if key not in {"dtype", "build_config", "compile_config"}
            }
        case list() | tuple():
            return [_canonical(one, numbers) for one in cast("list[Any]", value)]
        case str():
            return numbers.get(value, value)
        case None | bool() | int() | float():
            return value
        case _:
            return type(cast("object", value)).__qualname__
