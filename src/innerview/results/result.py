"""What every result can do: give itself with its arrays as tensors of another framework, and in NumPy again.

The arrays of a result are NumPy's, or all of one other kind, as of the tensor that was explained. One of another kind
is of a class made from its own (`isinstance`, `match`, `dataclasses.replace`, copies and pickles hold), that keeps the
frozen NumPy result inside, `numpy`: whatever is asked of it is answered by that one, and converted then. Nothing that
was converted is kept. It is made of tensors again, as a result of NumPy is made of arrays.

Type checkers know a result by its arrays: `Gradient` is one of NumPy, `Gradient[torch.Tensor]` one of PyTorch.
"""

# What users give, and what arrays come back, may be anything: unknown types are theirs.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import FrozenInstanceError, fields
from functools import cache, wraps
from typing import (
    TYPE_CHECKING,
    Any,
    Final,
    Generic,
    Literal,
    TypeAlias,
    TypeVar,
    cast,
    get_args,
    get_type_hints,
    overload,
)

import jaxtyping
import numpy as np

from innerview import renames
from innerview.arrays import Framework, Kind, named_kind, read_array
from innerview.errors import UsageError
from innerview.reprs import cut
from innerview.types import Array

Channels: TypeAlias = Literal["first", "last"]
"""Where arrays with height, width and channel have the channel."""

N_co = TypeVar("N_co", covariant=True)
"""A result with its arrays in NumPy."""

if TYPE_CHECKING:
    from typing_extensions import TypeVar as TypeVarWithDefault

    A_co = TypeVarWithDefault("A_co", bound=Any, default=Array, covariant=True)

    class _OfArrays(Generic[N_co, A_co]):
        """What type checkers see: a class of two types, what it is in NumPy and what its arrays are."""

else:
    A_co = np.ndarray  # results are checked while testing as they are made: in NumPy

    class _OfArrays:
        """The same class, whatever its arrays are said to be."""

        def __class_getitem__(cls, _: object) -> type:
            return cls


@renames.attributes(
    map="heatmap",
    gap="convergence_delta",
    relative_gap="relative_convergence_delta",
    estimated_error="error",
    estimated_channel_error="channel_error",
    evaluations="n_evaluations",
    profile="path",
    history="convergence",
    spread="std",
    shares="fractions",
    pictures="n_images",
    snapshots="checkpoints",
)
class Result(_OfArrays[N_co, A_co]):
    """Base of all results, which are frozen dataclasses.

    Every result is declared as `class Gradient(Result["Gradient[Array]", A_co])`, and its arrays by `A_co`.
    """

    @property
    def numpy(self) -> N_co:
        """The result with its arrays in NumPy, channels last."""
        return cast("N_co", self)

    @overload
    def to(self, kind: Literal["numpy"]) -> N_co: ...
    @overload
    def to(self, kind: Framework, *, channels: Channels = "last") -> Any: ...
    def to(self, kind: Literal["numpy"] | Framework, *, channels: Channels = "last") -> Any:
        """Give the result with its arrays as tensors of a framework, or in NumPy.

        Args:
            kind: "numpy", "torch", "jax" or "tensorflow". Each array keeps its precision (JAX has float64 only if it is
                switched on) and lies on the framework's usual device.
            channels: "first" puts them in front of height and width; of tensors only.

        Raises:
            UsageError: there is no such kind; channels first were asked for in NumPy.
            MissingExtra: the framework is not installed.
        """
        if kind != "numpy":
            return in_kind(self.numpy, named_kind(kind), channels)
        if channels == "first":
            raise UsageError("channels first were asked for of NumPy, which has them last; use numpy.moveaxis").of(
                "channels", found="numpy"
            )
        return self.numpy


R = TypeVar("R")


def in_kind(result: R, kind: Kind, channels: Channels = "last") -> R:
    """Give a result of NumPy with its arrays of another kind; lists of results likewise."""
    return _give(result, kind, channels, placed=False)


def as_numpy(value: R) -> R:
    """Give a result with its arrays in NumPy; anything else as it is."""
    return cast("R", value.numpy) if isinstance(value, Result) else value


def kind_of(result: Result[object, object]) -> tuple[Kind, Channels] | None:
    """The kind of a result's arrays, and where they have their channels; None in NumPy."""
    return (result.tensor_kind, result.tensor_channels) if isinstance(result, _OfKind) else None


class _OfKind:
    """What the classes of results with tensors are made from, together with the result's own class."""

    tensor_kind: Kind
    tensor_channels: Channels
    _numpy: Any

    def __init__(self, *asked: Any, **named: Any) -> None:
        base = type(self).__mro__[2]
        names = [one.name for one in fields(cast("Any", base)) if one.init]
        placed = _placed(base)
        given = {**dict(zip(names, asked, strict=False)), **named}
        taken = {name: _take(value, self.tensor_channels, placed=name in placed) for name, value in given.items()}
        more = asked[len(names) :]  # too many are refused by the result itself, in Python's words
        object.__setattr__(self, "_numpy", base(*more, **taken))

    @property
    def numpy(self) -> Any:
        """The result in NumPy."""
        return self._numpy

    def __setattr__(self, name: str, value: object) -> None:
        raise FrozenInstanceError(f"cannot assign to field {name!r}")

    def __eq__(self, other: object) -> bool:
        return self._numpy == other.numpy if type(other) is type(self) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._numpy)

    def __repr__(self) -> str:
        name, opening, inside = " ".join(repr(self._numpy).split()).partition("(")
        return cut(f"{name}[{self.tensor_kind}]{opening}{inside}")

    def __reduce__(self) -> tuple[Any, ...]:
        return in_kind, (self._numpy, self.tensor_kind, self.tensor_channels)


@cache
def _class_of_kind(base: type[Any], kind: Kind, channels: Channels) -> type[Any]:
    """A result's class with tensors: every public field, property and method of it, answered by the one in NumPy."""
    placed = _placed(base)
    members = {name: _answered(name, member, placed=name in placed) for name, member in _public(base)}
    about = {"__module__": base.__module__, "__qualname__": base.__qualname__, "__doc__": base.__doc__}
    return type(base.__name__, (_OfKind, base), {**members, **about, "tensor_kind": kind, "tensor_channels": channels})


def _public(base: type[Any]) -> Iterator[tuple[str, object]]:
    """The fields, properties and methods of a result that are its own, by name."""
    own = [kind for kind in reversed(base.__mro__) if issubclass(kind, Result) and kind is not Result]
    members = {name: member for kind in own for name, member in vars(kind).items() if not name.startswith("_")}
    yield from {**members, **{one.name: None for one in fields(base)}}.items()


def _answered(name: str, member: object, *, placed: bool) -> object:
    def read(self: _OfKind) -> Any:
        return _give(getattr(self.numpy, name), self.tensor_kind, self.tensor_channels, placed=placed)

    def call(self: _OfKind, *asked: Any, **named: Any) -> Any:
        taken = {key: _take(one, self.tensor_channels, placed=False) for key, one in named.items()}
        answer = getattr(self.numpy, name)(*(_take(one, self.tensor_channels, placed=False) for one in asked), **taken)
        return _give(answer, self.tensor_kind, self.tensor_channels, placed=False)

    if isinstance(member, staticmethod | classmethod):
        return member
    return wraps(cast("Callable[..., Any]", member))(call) if callable(member) else property(read)


def _give(value: Any, kind: Kind, channels: Channels, *, placed: bool) -> Any:
    """Whatever a result holds, with tensors in place of its arrays."""
    match value:
        case np.ndarray():
            first = placed and channels == "first" and value.ndim > 2
            return kind.give(np.moveaxis(value, -1, -3) if first else value)
        case Result():
            inner = value.numpy
            made = object.__new__(_class_of_kind(type(inner), kind, channels))
            object.__setattr__(made, "_numpy", inner)
            return made
        case Mapping():
            return {key: _give(one, kind, channels, placed=placed) for key, one in value.items()}
        case tuple() | list():
            return type(value)(_give(one, kind, channels, placed=placed) for one in value)
        case _:
            return value


def _take(value: Any, channels: Channels, *, placed: bool) -> Any:
    """Whatever was given for a result to hold, with NumPy in place of tensors; NumPy has its channels last already."""
    match value:
        case Result():
            return value.numpy
        case Mapping():
            return {key: _take(one, channels, placed=placed) for key, one in value.items()}
        case tuple() | list():
            return type(value)(_take(one, channels, placed=placed) for one in value)
        case _:
            found = read_array(value)
    if found is None:
        return value
    first = placed and channels == "first" and found[0].ndim > 2
    return np.ascontiguousarray(np.moveaxis(found[0], -3, -1)) if first else found[0]


CHANNEL: Final = "channel"
"""The axis that may stand last or first; one that is not compared with those of other arrays has a _ before it."""


@cache
def _placed(base: type[Any]) -> frozenset[str]:
    """Fields and properties of a result that are declared with their channels last."""
    types = get_type_hints(base)
    types |= {
        name: get_type_hints(member.fget).get("return")
        for name, member in _public(base)
        if isinstance(member, property) and member.fget is not None
    }
    return frozenset(name for name, declared in types.items() if _ends_in_channels(declared))


def _ends_in_channels(declared: Any) -> bool:
    """Whether a type is an array, or holds arrays, whose last axis is the channel, after height and width."""
    if isinstance(declared, type) and issubclass(declared, jaxtyping.AbstractArray):
        axes = declared.dim_str.split()
        return len(axes) > 1 and axes[-1].lstrip("_") == CHANNEL
    return any(_ends_in_channels(one) for one in get_args(declared))
