"""From what JSON and an array file hold back to frozen results: by the types of their fields, and by nothing else.

Every value is checked against its field: a number where a number belongs, one of the words that are allowed, an array
of the stated shape and kind, axes of one name of one length within a result. What a result has no field for is kept and
told, since a newer version may have written it.
"""

from __future__ import annotations

import enum
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, field, fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias, Union, cast, get_args, get_origin, get_type_hints

import jaxtyping
import numpy as np

from innerview.errors import DataError, InnerviewError
from innerview.files.regular import brief
from innerview.model import InputSpec, Layer, OutputSpec, TokenGrid
from innerview.results.activation_distances import ActivationDistances
from innerview.results.attention import Attention
from innerview.results.class_evidence import ClassEvidence
from innerview.results.comparison import Comparison
from innerview.results.inside import Activations, WeightHistograms
from innerview.results.intervals import Intervals
from innerview.results.maps import Attribution, Gradient, IntegratedGradients
from innerview.results.masking import MaskingCurve
from innerview.results.parts import Parts
from innerview.results.path import InteriorGradients, PathFrames, PathPredictions, PathProfile
from innerview.results.provenance import Prediction, Provenance
from innerview.results.region_effects import RegionEffects
from innerview.results.shapley import ShapleyValues
from innerview.results.truth import ImagePart, RegionTruth
from innerview.results.verdict import Verdict
from innerview.spec import Resize
from innerview.types import Array

TYPE: Final = "$type"
"""The key under which a result says what it is."""

ARRAY: Final = frozenset({"array", "shape", "dtype"})
"""The keys of what stands for an array."""

KINDS: Final[Mapping[str, type[Any]]] = {
    kind.__name__: kind
    for kind in (
        ActivationDistances, Activations, Attention, Attribution, ClassEvidence, Comparison, Gradient, ImagePart,
        InputSpec, IntegratedGradients, InteriorGradients, Intervals, Layer, MaskingCurve, OutputSpec, Parts,
        PathFrames, PathPredictions, PathProfile, Prediction, Provenance, RegionEffects, RegionTruth, Resize,
        ShapleyValues, TokenGrid, Verdict, WeightHistograms,
    )
}  # fmt: skip
"""What can be read back, by name; a file can ask for nothing else to be made."""

NUMBERS: Final[Mapping[str, float]] = {"nan": float("nan"), "inf": float("inf"), "-inf": float("-inf")}
"""How numbers are written that JSON lacks."""

Type: TypeAlias = Any
"""A type as it stands at a field: a class, a union, a generic, an array with named axes."""


class Misfit(Exception):
    """A value does not fit the type that is tried."""


@dataclass(frozen=True)
class Rebuilder:
    """Rebuilds the values of one file.

    Attributes:
        file: that they stand in, for messages.
        arrays: gives an array by its key, its shape and its type as JSON states them; raises DataError.
        unknown: what no field was found for, by its place; filled while values are rebuilt.
    """

    file: Path
    arrays: Callable[[str, tuple[int, ...], str], Array]
    unknown: dict[str, object] = field(default_factory=dict[str, object])

    def value(self, told: object, path: str) -> object:
        """Rebuild a value that nobody has declared: a result by its name, anything else as it stands.

        Raises:
            DataError: what it says of itself is not true.
        """
        match told:
            case {"$type": str(name)} if name in KINDS:
                return self._result(KINDS[name], cast("Mapping[str, object]", told), path)
            case Mapping() if stands_for_array(cast("Mapping[str, object]", told)):
                return self._array(cast("Mapping[str, Any]", told), path)
            case Mapping():
                if TYPE in told:
                    self.unknown[path] = f"a {told[TYPE]}"
                pairs = cast("Mapping[str, object]", told).items()
                return {key: self.value(one, f"{path}.{key}") for key, one in pairs}
            case list():
                items = cast("list[object]", told)
                return tuple(self.value(one, f"{path}.{place}") for place, one in enumerate(items))
            case _:
                return told

    def _result(self, kind: type[Any], told: Mapping[str, object], path: str) -> object:
        declared, types_of = {one.name: one for one in fields(kind) if one.init}, _hints(kind)
        given: dict[str, Any] = {}
        for name, value in told.items():
            place = f"{path}.{name}"
            if name in declared:
                given[name] = self._field(value, types_of[name], place)
            elif name != TYPE and name not in {one.name for one in fields(kind)}:
                self.unknown[place] = self.value(value, place)
        missing = [name for name, one in declared.items() if name not in given and _required(one)]
        if missing:
            raise self._wrong(path, f"it has no {', '.join(missing)}, which a {kind.__name__} needs")
        self._check_axes(given, types_of, path)
        try:
            return kind(**given)
        except InnerviewError as problem:
            raise self._wrong(path, str(problem)) from problem

    def _check_axes(self, given: Mapping[str, object], types_of: Mapping[str, Type], path: str) -> None:
        """Raise DataError unless the arrays of one result agree about the lengths of their axes."""
        with cast("Any", jaxtyping).jaxtyped("context"):
            for name, value in given.items():
                arms = [arm for arm in _arms(types_of[name]) if _is_axes(arm)]
                if isinstance(value, np.ndarray) and arms and not any(isinstance(value, arm) for arm in arms):
                    found = cast("Array", value)
                    wanted = " or ".join(f"{arm.dtype.__name__} {arm.dim_str.strip()}" for arm in arms)
                    raise self._wrong(
                        f"{path}.{name}",
                        f"it is {found.dtype} of shape {found.shape}; {wanted} is needed, of the same lengths as "
                        "in the arrays beside it",
                    )

    def _field(self, told: object, kind: Type, path: str) -> object:
        arms = _arms(kind)
        for arm in arms:
            try:
                return self._arm(told, arm, path)
            except Misfit:
                continue
        raise self._wrong(path, f"it is {brief(told)}; {' or '.join(dict.fromkeys(map(_words, arms)))} is needed")

    def _arm(self, told: object, kind: Type, path: str) -> object:
        origin = get_origin(kind)
        if origin is np.ndarray or _is_axes(kind):
            return self._array(_mapping(told), path)
        if origin is Literal:
            return _one_of(told, get_args(kind))
        if origin is tuple:
            return self._tuple(told, get_args(kind), path)
        if origin is not None and issubclass(origin, Mapping):
            inner = get_args(kind)[1]
            return {key: self._field(one, inner, f"{path}.{key}") for key, one in _mapping(told).items()}
        if is_dataclass(kind):
            named = _mapping(told)
            if named.get(TYPE, cast("type[Any]", kind).__name__) != cast("type[Any]", kind).__name__:
                raise Misfit
            return self._result(cast("type[Any]", kind), named, path)
        if isinstance(kind, type) and issubclass(kind, enum.Enum):
            return _member(told, kind)
        return _plain(told, kind)

    def _tuple(self, told: object, inner: tuple[Type, ...], path: str) -> object:
        if not isinstance(told, list):
            raise Misfit
        items = cast("list[object]", told)
        each = [inner[0]] * len(items) if inner[-1] is Ellipsis else list(inner)
        if len(each) != len(items):
            raise Misfit
        return tuple(
            self._field(one, kind, f"{path}.{place}") for place, (one, kind) in enumerate(zip(items, each, strict=True))
        )

    def _array(self, told: Mapping[str, Any], path: str) -> Array:
        match told:
            case {"array": str(name), "shape": list(), "dtype": str(dtype)}:
                lengths = cast("list[object]", told["shape"])
                if not all(type(one) is int and one >= 0 for one in lengths):
                    raise self._wrong(path, f"its shape is {brief(lengths)}")
                return self.arrays(name, tuple(cast("list[int]", lengths)), dtype)
            case _:
                raise Misfit

    def _wrong(self, path: str, words: str) -> DataError:
        return DataError(f"the result {self.file} is damaged, or not a result: at {path}, {words}").of(
            path, path=self.file, found=words
        )


def stands_for_array(told: Mapping[str, object]) -> bool:
    """Whether a table of names stands for an array."""
    return len(told) == len(ARRAY) and ARRAY.issuperset(told)


@cache
def _hints(kind: type[Any]) -> Mapping[str, Type]:
    return get_type_hints(kind)


def _required(one: Field[Any]) -> bool:
    return one.default is MISSING and one.default_factory is MISSING


def _arms(kind: Type) -> Sequence[Type]:
    """The types of a union; of anything else itself."""
    return get_args(kind) if get_origin(kind) in {Union, types.UnionType} else (kind,)


def _is_axes(kind: Type) -> bool:
    """Whether it is an array with named axes."""
    return isinstance(kind, type) and issubclass(kind, jaxtyping.AbstractArray)


def _mapping(told: object) -> Mapping[str, Any]:
    if not isinstance(told, Mapping):
        raise Misfit
    return cast("Mapping[str, Any]", told)


def _one_of(told: object, known: Sequence[object]) -> object:
    if told not in known:
        raise Misfit
    return told


def _member(told: object, kind: type[enum.Enum]) -> enum.Enum:
    name = str(_mapping(told).get("name", "")).upper()
    if name not in kind.__members__:
        raise Misfit
    return kind[name]


def _plain(told: object, kind: Type) -> object:
    """A text, a number, true or false, nothing; true is no number, and whole numbers are numbers too."""
    if kind is float:
        if isinstance(told, str) and told in NUMBERS:
            return NUMBERS[told]
        if isinstance(told, int | float) and not isinstance(told, bool):
            return float(told)
    elif type(told) is kind:
        return told
    raise Misfit


def _words(kind: Type) -> str:
    """A type for people."""
    named = {str: "a text", int: "a whole number", float: "a number", bool: "true or false", types.NoneType: "nothing"}
    if kind in named:
        return named[kind]
    origin = get_origin(kind)
    if origin is np.ndarray or _is_axes(kind):
        return "an array"
    if origin is Literal:
        return "one of " + ", ".join(map(str, get_args(kind)))
    if origin is tuple:
        return "a list of so many parts" if get_args(kind)[-1] is not Ellipsis else "a list"
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return "one of " + ", ".join(name.lower() for name in kind.__members__)
    return f"a {cast('type[Any]', kind).__name__}" if kind in KINDS.values() else "a table of names"
