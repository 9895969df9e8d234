"""Everything that a pass can change in a model's Python objects, taken down before it and put back after it.

A model changes more than its registered state while it runs: counters, caches, moving averages that it keeps as plain
tensors, lists that it appends to. So what is reached from its parts is walked through: attributes, lists, tables, sets,
queues, arrays, tensors, random generators, and objects of classes that were defined beside the model's own. What cannot
change (numbers, text) costs nothing; of what can, a copy is held until the pass has ended. What a framework needs for
its tensors it gives as a `Keeper`; weights are not copied.
"""

# What a model holds may be anything: unknown types are its own.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownParameterType=false, reportUnknownLambdaType=false, reportMissingTypeArgument=false

from __future__ import annotations

import itertools
import random
from collections import OrderedDict, deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from types import CellType, FunctionType
from typing import Any, Final, TypeAlias

import numpy as np

Restore: TypeAlias = Callable[[], object]
"""Puts one thing back; called twice it does the same."""

Keeper: TypeAlias = "Callable[[Any], Restore | None]"
"""Takes one value of a framework down; None for what is not the framework's."""

ATOMS: Final = (int, float, complex, str, bytes, type(None), type, np.dtype, np.generic)

LARGEST: Final = 2**26
"""Bytes of an array, beside a model's registered state, that is still copied; a data set that it refers to is not."""

FRAMEWORKS: Final = frozenset({"torch", "tensorflow", "keras", "jax", "jaxlib", "flax", "equinox", "numpy", "builtins"})
"""Packages whose own objects are not walked through, unless they are parts: what changes in them is not the model's."""

_DRAWS: Final = itertools.count()


class Kept:
    """What was taken down, and putting it back.

    Args:
        parts: the objects of the model whose attributes are walked through.
        keeper: of the framework's tensors.
        inner: classes of the framework whose objects are parts too, wherever they are met.
        functions: whose closures, and the objects that they are methods of, are walked through.
        values: further values that may change.
    """

    def __init__(
        self,
        parts: Iterable[object],
        keeper: Keeper,
        inner: tuple[type, ...] = (),
        functions: Iterable[object] = (),
        values: Iterable[object] = (),
    ) -> None:
        self._keeper, self._inner, self._seen = keeper, inner, dict[int, object]()
        self._restores: list[Restore] = []
        self._tables = list[tuple[dict, dict]]()
        self._waiting = deque[Any](values)
        self._homes = set[str]()
        for part in parts:
            self._open(part)
        for function in functions:
            self._open_function(function)
        while self._waiting:  # of a model's thousand values most are numbers, names, empty tables, or were met before
            value = self._waiting.popleft()
            if isinstance(value, ATOMS) or id(value) in self._seen:
                continue
            if type(value) is dict or type(value) is OrderedDict:  # most of the rest: no framework's
                self._seen[id(value)] = value
                self._tables.append((value, dict(value)))
                self._waiting += value.values()
            else:
                self._take(value)

    def restore(self) -> None:
        """Put all back."""
        for table, before in self._tables:
            if table or before:
                _put_back(table, before)
        for restore in self._restores:
            restore()

    def _open(self, part: Any) -> None:
        self._seen[id(part)] = part
        self._homes |= {_home(part)} - FRAMEWORKS
        self._waiting.append(vars(part))

    def _open_function(self, function: Any) -> None:
        while isinstance(function, partial):
            self._waiting += [function.args, function.keywords]
            function = function.func
        owner = getattr(function, "__self__", None)
        if owner is not None or not isinstance(function, FunctionType):
            holder = function if owner is None else owner
            if getattr(type(holder), "__dictoffset__", 0):
                self._open(holder)
            return
        for cell in function.__closure__ or ():
            self._restores.append(_cell(cell))
            self._waiting += _held(cell)

    def _take(self, value: Any) -> None:
        self._seen[id(value)] = value
        restore = self._keeper(value)
        if restore is not None:
            self._restores.append(restore)
        elif (found := _contents(value)) is not None:
            self._restores.append(found[0])
            self._waiting += found[1]
        elif isinstance(value, tuple | frozenset):
            self._waiting += value
        elif isinstance(value, self._inner) or (_home(value) in self._homes and _is_plain(value)):
            self._waiting.append(vars(value))


def _home(value: object) -> str:
    return type(value).__module__.partition(".")[0]


def _is_plain(value: Any) -> bool:
    return bool(getattr(type(value), "__dictoffset__", 0))


def _contents(value: Any) -> tuple[Restore, Iterable[object]] | None:
    """How to put a container back, and what is in it; None for what is no container that changes."""
    match value:
        case dict():
            table = dict(value)
            return lambda: _put_back(value, table), table.values()
        case list() | deque():
            items = list(value)
            return lambda: _refill(value, items), items
        case set() | bytearray():
            copy = type(value)(value)
            return lambda: _exchange(value, copy), ()
        case np.ndarray():
            held = value.copy() if value.nbytes <= LARGEST else None
            return lambda: _copy_back(value, held), (value.tolist() if value.dtype.hasobject else ())
        case np.random.Generator():
            state = value.bit_generator.state
            return lambda: setattr(value.bit_generator, "state", state), ()
        case np.random.RandomState():
            old = value.get_state()
            return lambda: value.set_state(old), ()
        case random.Random():
            own = value.getstate()
            return lambda: value.setstate(own), ()
        case _:
            return None


def _put_back(table: dict, before: dict) -> None:
    if list(table) != list(before):  # the order too is as it was
        for key in list(table):
            if key not in before:
                del table[key]
        if list(table) != list(before):
            table.clear()
    for key, item in before.items():
        if key not in table or table[key] is not item:
            table[key] = item


def _refill(values: Any, items: list) -> None:
    if len(values) != len(items) or any(one is not other for one, other in zip(values, items, strict=True)):
        values.clear()
        values.extend(items)


def _exchange(value: Any, copy: Any) -> None:
    if isinstance(value, bytearray):
        value[:] = copy
    elif value != copy:
        value.clear()
        value.update(copy)


def _copy_back(array: Any, copy: Any) -> None:
    if copy is not None and array.flags.writeable and array.tobytes() != copy.tobytes():
        array[...] = copy


def _held(cell: CellType) -> list[object]:
    try:
        return [cell.cell_contents]
    except ValueError:  # a name that has no value yet
        return []


def _cell(cell: CellType) -> Restore:
    held = _held(cell)

    def restore() -> None:
        if held and _held(cell) != held[:0] and _held(cell)[0] is not held[0]:
            cell.cell_contents = held[0]

    return restore


@contextmanager
def restoring(restores: Iterator[Restore]) -> Generator[Callable[[], None], None, None]:
    """Run a block, then everything that `restores` gives, whatever happened; Ctrl-C on the way is waited for.

    The block is given what does all of it, for those who want it done in between too.
    """
    held = list(restores)
    try:
        yield lambda: _all(held)
    finally:
        try:
            _all(held)
        except BaseException:
            _all(held)
            raise


def _all(restores: list[Restore]) -> None:
    for restore in reversed(restores):
        restore()


def random_numbers() -> Restore:
    """Take down the generators of Python and NumPy that a model may draw from, and let each pass draw other numbers.

    Otherwise what draws them would seem to give the same at every call.
    """
    python, legacy = random.getstate(), np.random.get_state()  # noqa: NPY002 the one that models draw from unasked
    seed = draw()
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 the same

    def restore() -> None:
        random.setstate(python)
        np.random.set_state(legacy)  # noqa: NPY002 the same

    return restore


def draw() -> int:
    """A seed that no pass had before."""
    return next(_DRAWS) % 2**32
