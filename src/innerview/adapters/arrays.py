"""Arrays of PyTorch, TensorFlow and JAX: into NumPy, and NumPy into their kind; found by what is already imported.

Into NumPy is always a copy, off the graph and on the processor: a result must not change with a tensor that is used
again, and the tensor stays as it is, requires_grad and all. Half precisions come as float32, which holds them exactly;
NumPy has no bfloat16. What comes back has the precision and the device of what was given, from float32 upwards.
"""

# Frameworks are untyped or partly typed: unknown types are theirs.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingImports=false, reportPrivateImportUsage=false, reportAttributeAccessIssue=false

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, final

import numpy as np

from innerview.errors import PictureError
from innerview.results.given import Kind
from innerview.types import Array

HALVES: Final = frozenset({"float16", "bfloat16"})


@final
@dataclass(frozen=True)
class TorchKind:
    """Tensors of PyTorch, of one precision on one device."""

    dtype: Any
    device: Any

    def give(self, values: Array) -> Any:
        """A tensor of its own, off any graph."""
        import torch

        wanted = self.dtype if np.issubdtype(values.dtype, np.floating) else None
        return torch.tensor(np.ascontiguousarray(values), dtype=wanted, device=self.device)

    def __str__(self) -> str:
        return f"{self.dtype} on {self.device}"


@final
@dataclass(frozen=True)
class TensorFlowKind:
    """Tensors of TensorFlow."""

    dtype: str
    device: str

    def give(self, values: Array) -> Any:
        """A constant."""
        import tensorflow as tf

        with tf.device(self.device):
            return tf.constant(_as_float(values, self.dtype))

    def __str__(self) -> str:
        return f"tensorflow.{self.dtype} on {self.device or 'its device'}"


@final
@dataclass(frozen=True)
class JaxKind:
    """Arrays of JAX."""

    dtype: str
    device: Any

    def give(self, values: Array) -> Any:
        """An array on the first of the devices that the picture was on."""
        import jax

        return jax.device_put(_as_float(values, self.dtype), self.device)

    def __str__(self) -> str:
        return f"jax.numpy.{self.dtype} on {self.device}"


def _as_float(values: Array, dtype: str) -> Array:
    return values.astype(dtype) if np.issubdtype(values.dtype, np.floating) else values


def _widened(dtype: str) -> str:
    """The precision for answers; pictures of whole numbers are refused later, for what they are."""
    return dtype if dtype in {"float32", "float64"} else "float32"


def _of_torch(value: Any) -> tuple[Array, Kind] | None:
    import torch

    if not isinstance(value, torch.Tensor):
        return None
    dtype = torch.promote_types(value.dtype, torch.float32)
    widened = value.to(dtype) if value.is_floating_point() else value
    return np.array(widened.numpy(force=True)), TorchKind(dtype, value.device)


def _of_tensorflow(value: Any) -> tuple[Array, Kind] | None:
    import tensorflow as tf

    if not isinstance(value, tf.Tensor | tf.Variable):
        return None
    dtype = value.dtype.name
    return _copied(value.numpy(), dtype), TensorFlowKind(_widened(dtype), value.device)


def _of_jax(value: Any) -> tuple[Array, Kind] | None:
    import jax

    if not isinstance(value, jax.Array):
        return None
    dtype = value.dtype.name
    return _copied(value, dtype), JaxKind(_widened(dtype), min(value.devices(), key=lambda device: device.id))


def _copied(value: Any, dtype: str) -> Array:
    found = np.array(value)
    return found.astype(np.float32) if dtype in HALVES else found


Reader: TypeAlias = Callable[[Any], "tuple[Array, Kind] | None"]

READERS: Final[dict[str, Reader]] = {
    "torch": _of_torch,
    "tensorflow": _of_tensorflow,
    "jax": _of_jax,
    "jaxlib": _of_jax,
}
"""By the package in which an array's class, or one of its bases, was defined: that package is imported already."""


def read_array(value: object) -> tuple[Array, Kind] | None:
    """Give a framework's array as NumPy and its kind; None for anything else.

    Raises:
        PictureError: the array holds no values that could be read (traced, symbolic, or on no device).
    """
    packages = (kind.__module__.partition(".")[0] for kind in type(value).__mro__)
    package = next((one for one in packages if one in READERS), None)
    if package is None:
        return None
    try:
        return READERS[package](value)
    except Exception as error:
        raise PictureError(
            f"the values of a {package}.{type(value).__name__} can't be read ({type(error).__name__}: "
            f"{str(error).partition(chr(10))[0]}); call innerview outside of compiled functions"
        ) from error
