"""The run-time type checker that tests put on every function and dataclass of innerview.

`install` is called before innerview is imported: from then on each of its functions is checked by beartype against its
annotations when it is called (the first few hundred times, then now and then), with the names of axes that jaxtyping
gives bound anew for each call. jaxtyping has a hook of its own, which takes twice to four times as long for a call, and
seven times for an import.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import is_dataclass
from functools import cache, wraps
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from inspect import isgeneratorfunction
from types import FunctionType, ModuleType, SimpleNamespace
from typing import Any, TypeVar, get_type_hints

from beartype import BeartypeConf, beartype
from jaxtyping import TypeCheckError, config, jaxtyped

Checked = TypeVar("Checked", bound=Callable[..., Any])

# As everywhere in Python's typing, an int is welcome where a float is asked for (PEP 484).
_CHECKS = beartype(conf=BeartypeConf(is_pep484_tower=True, violation_type=TypeCheckError))
_CHECKED = "__checked__"

# What is called hundreds of times is called millions of times by some tests: from then on one in so many is checked.
_OFTEN = 300
_rate = SimpleNamespace(every=16)


def checked(thing: Checked) -> Checked:
    """Check what a function, or the construction of a dataclass, is given and gives.

    The code that checks is written when it is called first: most functions are never called in one process.
    """
    if isinstance(thing, type):
        if is_dataclass(thing) and not hasattr(thing.__init__, _CHECKED):
            thing.__init__ = checked(thing.__init__)
        return thing
    checks, count = cache(lambda: _written(thing)), 0

    @wraps(thing)
    def called(*arguments: Any, **named: Any) -> Any:
        nonlocal count
        count += 1
        if config.jaxtyping_disable or (count > _OFTEN and count % _rate.every):
            return thing(*arguments, **named)
        return checks()(*arguments, **named)

    setattr(called, _CHECKED, True)
    return called  # type: ignore[return-value]


def _written(function: Callable[..., Any]) -> Callable[..., Any]:
    resolved = _resolved(function)
    checks = _CHECKS(resolved)
    written = [str(annotation) for annotation in resolved.__annotations__.values()]
    if any("{" in one for one in written):  # an axis whose size an argument says is looked up among the arguments
        return jaxtyped(checks, typechecker=None)
    if not any("jaxtyping" in one for one in written):  # where no axis has a name, none is to be bound anew
        return checks

    def bound(*arguments: Any, **named: Any) -> Any:
        with jaxtyped("context"):
            return checks(*arguments, **named)

    return bound


def _resolved(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same function with its annotations as types; those are left out that only type checkers can read."""
    copy = FunctionType(
        function.__code__, function.__globals__, function.__name__, function.__defaults__, function.__closure__
    )
    copy.__kwdefaults__, copy.__module__ = function.__kwdefaults__, function.__module__
    copy.__qualname__, copy.__annotations__ = function.__qualname__, {}
    for name, annotation in function.__annotations__.items():
        with suppress(Exception):
            alone = SimpleNamespace(__annotations__={name: annotation})
            copy.__annotations__ |= get_type_hints(alone, function.__globals__, include_extras=True)
    return _at_once(copy) if isgeneratorfunction(copy) else copy


def _at_once(generator: Callable[..., Any]) -> Callable[..., Any]:
    """A generator whose arguments are checked when it is called, and not among the names of who asks it first."""

    @wraps(generator)
    def called(*arguments: Any, **named: Any) -> Any:
        return generator(*arguments, **named)

    return called


class _Checking(ast.NodeTransformer):
    """Writes @typecheck.checked on every function, innermost, and on every class, outermost: after @dataclass."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.decorator_list.append(_decorator(node))
        return self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        node.decorator_list.insert(0, _decorator(node))
        return self.generic_visit(node)


def _decorator(node: ast.stmt) -> ast.expr:
    name = ast.parse("__import__('typecheck').checked", mode="eval").body
    for part in ast.walk(name):
        ast.copy_location(part, node)
    return name


class _Loader(SourceFileLoader):
    """Compiles a module with the checks, and keeps what it compiled in files of its own."""

    def source_to_code(self, data: Any, path: Any, *, _optimize: int = -1) -> Any:
        tree = _Checking().visit(ast.parse(data, path))
        return compile(tree, path, "exec", dont_inherit=True, optimize=_optimize)

    def get_data(self, path: str) -> bytes:
        return super().get_data(_own(path))

    def set_data(self, path: str, data: Any, **named: Any) -> None:
        super().set_data(_own(path), data, **named)


def _own(path: str) -> str:
    return path.removesuffix(".pyc") + ".checked.pyc" if path.endswith(".pyc") else path


class _Finder(MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname.partition(".")[0] != "innerview":
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = _Loader(spec.loader.name, spec.loader.path)
        return spec


def install() -> None:
    """Check all of innerview from now on; it must not be imported yet. Asked again it does nothing."""
    if any(type(one).__name__ == _Finder.__name__ for one in sys.meta_path):
        return
    if "innerview" in sys.modules:
        raise RuntimeError("innerview is imported already, without the checks")
    sys.meta_path.insert(0, _Finder())


@contextmanager
def unchecked() -> Iterator[None]:
    """Call innerview as users do, without the checker, to see what it says itself to a wrong shape or type."""
    config.update("jaxtyping_disable", True)
    try:
        yield
    finally:
        config.update("jaxtyping_disable", False)


@contextmanager
def every_call() -> Iterator[None]:
    """Check every call, also of what was called often."""
    before, _rate.every = _rate.every, 1
    try:
        yield
    finally:
        _rate.every = before
