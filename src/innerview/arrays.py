"""Arrays of PyTorch, TensorFlow and JAX: into NumPy, and NumPy into their kind; found by what is already imported.

Into NumPy is always a copy, off the graph and on the processor: a result must not change with a tensor that is used
again, and the tensor stays as it is, requires_grad and all. Half precisions come as float32, which holds them exactly;
NumPy has no bfloat16. What comes back has the precision and the device of what was given, from float32 upwards; of a
kind that was asked for by its name alone, each array keeps its own precision.
"""

# Frameworks are untyped or partly typed: unknown types are theirs.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingImports=false, reportPrivateImportUsage=false, reportAttributeAccessIssue=false

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Final, Literal, Protocol, TypeAlias, final, get_args, runtime_checkable

import numpy as np

from innerview.errors import ImageError, MissingExtra, UsageError
from innerview.types import Array

HALVES: Final = frozenset({"float16", "bfloat16"})

Framework: TypeAlias = Literal["torch", "jax", "tensorflow"]
"""Whose arrays are taken and given, beside NumPy's."""


@runtime_checkable
class Kind(Protocol):
    """An array's framework, precision and device, without the array; it can be hashed and pickled."""

    def give(self, values: Array) -> Any:
        """Make a new array of this kind; floats in its precision, whole numbers and truths as they are."""
        ...


@final
@dataclass(frozen=True)
class TorchKind:
    """Tensors of PyTorch, of one precision on one device; None is the array's own, and PyTorch's usual one."""

    dtype: Any = None
    device: Any = None

    def give(self, values: Array) -> Any:
        """A tensor of its own, off any graph."""
        import torch

        wanted = self.dtype if np.issubdtype(values.dtype, np.floating) else None
        return torch.tensor(np.ascontiguousarray(values), dtype=wanted, device=self.device)

    def __str__(self) -> str:
        return _described("torch", str(self.dtype or "").removeprefix("torch."), str(self.device or ""))


@final
@dataclass(frozen=True)
class TensorFlowKind:
    """Tensors of TensorFlow; an empty precision is the array's own, an empty device TensorFlow's usual one."""

    dtype: str = ""
    device: str = ""

    def give(self, values: Array) -> Any:
        """A constant."""
        import tensorflow as tf

        with tf.device(self.device or None):
            return tf.constant(_as_float(values, self.dtype))

    def __str__(self) -> str:
        return _described("tensorflow", self.dtype, self.device)


@final
@dataclass(frozen=True)
class JaxKind:
    """Arrays of JAX; an empty precision is the array's own (as far as JAX allows), an empty platform the usual device.

    The device is held by its platform and number, since a device of JAX can't be pickled.
    """

    dtype: str = ""
    platform: str = ""
    number: int = 0

    def give(self, values: Array) -> Any:
        """An array on the first of the devices that the image was on."""
        import jax

        devices = jax.devices(self.platform) if self.platform else []
        device = next((one for one in devices if one.id == self.number), None)
        return jax.device_put(_as_float(values, self.dtype), device)

    def __str__(self) -> str:
        return _described("jax.numpy", self.dtype, self.platform and f"{self.platform}:{self.number}")


def _described(framework: str, dtype: str, device: str) -> str:
    return (f"{framework}.{dtype}" if dtype else framework) + (f" on {device}" if device else "")


def _as_float(values: Array, dtype: str) -> Array:
    return values.astype(dtype) if dtype and np.issubdtype(values.dtype, np.floating) else values


def _widened(dtype: str) -> str:
    """The precision for answers; images of whole numbers are refused later, for what they are."""
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
    dtype, device = value.dtype.name, min(value.devices(), key=lambda device: device.id)
    return _copied(value, dtype), JaxKind(_widened(dtype), device.platform, device.id)


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

USUAL: Final[dict[str, Kind]] = {"torch": TorchKind(), "tensorflow": TensorFlowKind(), "jax": JaxKind()}
"""The kind that a name alone stands for."""


def read_array(value: object) -> tuple[Array, Kind] | None:
    """Give a framework's array as NumPy and its kind; None for anything else.

    Raises:
        ImageError: the array holds no values that could be read (traced, symbolic, or on no device).
    """
    packages = (kind.__module__.partition(".")[0] for kind in type(value).__mro__)
    package = next((one for one in packages if one in READERS), None)
    if package is None:
        return None
    try:
        return READERS[package](value)
    except Exception as error:
        raise ImageError(
            f"the values of a {package}.{type(value).__name__} can't be read ({type(error).__name__}: "
            f"{str(error).partition(chr(10))[0]}); call innerview outside of compiled functions"
        ).of("values", found=type(value).__name__) from error


def named_kind(framework: str) -> Kind:
    """The kind that the name of a framework stands for.

    Raises:
        UsageError: there is none of this name.
        MissingExtra: the framework is not installed.
    """
    if framework not in USUAL:
        known = ("numpy", *get_args(Framework))
        raise UsageError(
            f"arrays of {framework!r} were asked for; the kinds of arrays are {', '.join(map(repr, known))}"
        ).of("framework", asked=framework, known=known)
    if find_spec(framework) is None:
        raise MissingExtra(f"a result with arrays of {framework}", framework)
    return USUAL[framework]
