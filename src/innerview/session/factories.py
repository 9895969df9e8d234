"""Code that a user names to get a model from, "file.py:factory" or "module:factory": run as Python would run it there.

While a file is run and its factory is called, the modules beside it are found, as they are when Python is called with
it; relative imports work where they stand. Afterwards the search path is as it was; only what code beside a model
imports later (in `forward`), and Python finds nowhere else, is still looked for beside it. Modules of one name that lie
beside two files are two modules.
"""

from __future__ import annotations

import ast
import hashlib
import importlib
import importlib.util
import inspect
import sys
import weakref
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from innerview.errors import InnerviewError, ModelError, UsageError
from innerview.files.regular import exists, read_text

OURS: Final = frozenset(
    {"innerview", "numpy", "torch", "torchvision", "tensorflow", "keras", "jax", "jaxlib", "h5py", "safetensors", "PIL"}
)
"""Packages that are never put aside for a folder of their name: they can't be imported twice."""

CODE: Final = 16 * 2**20
"""Bytes of a Python file, at most."""


def split(name: str) -> tuple[str, str]:
    """Where a model comes from, and the name of its factory; empty where the name is that of a file or folder.

    A colon may stand anywhere in a path: behind a drive's letter, in a folder's name. It is the factory's where a
    Python name is behind it, and no file has the whole name.
    """
    home, colon, factory = name.rpartition(":")
    if not colon or exists(Path(name)) or not (factory.isidentifier() or not factory):
        return name, ""
    if factory and (home.endswith(".py") or all(part.isidentifier() for part in home.split("."))):
        return home, factory
    return (home, factory) if exists(Path(home)) else (name, "")


def build(name: str) -> Any:
    """Call the factory that "module:factory" or "file.py:factory" names.

    Raises:
        UsageError: nothing is named, or there is no such module or function.
        ModelError: the function failed.
    """
    home, factory = split(name)
    if not home or not factory:
        of = (home.rstrip(":") or "net.py") if home.rstrip(":").endswith(".py") else "net.py"
        raise UsageError(
            f"{name!r} names no model: say which function gives it, called without arguments, such as "
            f"--model {of}:build"
        ).of("model", asked=name, found="no function")
    path = Path(home) if home.endswith(".py") else None
    if path is not None and not exists(path):
        raise UsageError(f"the model {path} is not there").of("model", asked=str(path), found=None)
    path = path and path.resolve()
    with neighbours(path.parent if path else Path.cwd()):
        make = _function(home, path, factory)
        try:
            return make()
        except (Exception, SystemExit) as error:
            raise ModelError(f"{name} failed: {type(error).__name__}: {error}").of(
                "factory", asked=name, found=type(error).__name__
            ) from error


def _function(home: str, path: Path | None, factory: str) -> Callable[[], Any]:
    try:
        module = import_module(home) if path is None else _of_file(path)
    except InnerviewError:
        raise
    except (Exception, SystemExit) as error:  # a script that reads its own command line ends the program
        raise UsageError(f"{home} can't be imported: {type(error).__name__}: {error}").of(
            "import", asked=home, found=type(error).__name__
        ) from error
    make: Callable[[], Any] | None = getattr(module, factory, None)
    if not callable(make):
        raise UsageError(
            f"there is no function {factory!r} in {home}; it is called without arguments and gives the model"
        ).of("factory", asked=factory, found=home)
    return make


def _of_file(path: Path) -> ModuleType:
    """Run a Python file as a module; as one of its package if it imports from there by dots."""
    tree = ast.parse(read_text(path, "the model", CODE), str(path))
    if any(isinstance(node, ast.ImportFrom) and node.level for node in ast.walk(tree)):
        return _of_package(path)
    mark = hashlib.sha256(str(path).encode(errors="surrogateescape")).hexdigest()[:8]
    found = importlib.util.spec_from_file_location(f"innerview_model_{mark}_{path.stem}", path)
    if found is None or found.loader is None:
        raise UsageError(f"{path} is no Python file").of("file", asked=str(path))
    module = importlib.util.module_from_spec(found)
    sys.modules[found.name] = module  # dataclasses, pickles and the like look their module up
    try:
        found.loader.exec_module(module)
    except BaseException:
        del sys.modules[found.name]
        raise
    return module


def _of_package(path: Path) -> ModuleType:
    """Import a file by its place in the package around it: all folders above that have an __init__.py, or its own."""
    top = path.parent
    while (top.parent / "__init__.py").is_file() and (top / "__init__.py").is_file():
        top = top.parent
    name = ".".join(path.relative_to(top.parent).with_suffix("").parts)
    with neighbours(top.parent, only=top.name):
        sys.modules.pop(name, None)  # run anew, as a file is
        return import_module(name)


@contextmanager
def neighbours(folder: Path, only: str = "") -> Generator[None, None, None]:
    """Let the modules in a folder be found first while the block runs, whatever modules of their names are loaded.

    Args:
        folder: where they lie.
        only: the one name that is made free; all of the folder's if empty.
    """
    names = {only} if only else _names_in(folder)
    aside = {name: one for name, one in list(sys.modules.items()) if _in_the_way(name, one, names, folder)}
    for name in aside:
        del sys.modules[name]
    place = str(folder)
    _LATER.folders.add(folder)
    if _LATER not in sys.meta_path:
        sys.meta_path.append(_LATER)
    sys.path.insert(0, place)
    importlib.invalidate_caches()
    try:
        yield
    finally:
        if place in sys.path:
            sys.path.remove(place)
        for name, one in aside.items():
            # what lay beside another model gives way for good, so that two of them never mix
            if sys.modules.get(name) is None or one not in _LOADED:
                sys.modules[name] = one
        _LOADED.update(one for one in list(sys.modules.values()) if type(one) is ModuleType and _lies_in(one, folder))


class _Later(MetaPathFinder):
    """Finds what lies beside a model while code from there is running; asked last of all."""

    def __init__(self) -> None:
        self.folders: set[Path] = set()

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,  # noqa: ARG002 the protocol's
    ) -> ModuleSpec | None:
        """Look in the folder of the model whose code is running, as Python does for a script that is."""
        folder = None if path is not None else self._asking()
        return None if folder is None else PathFinder.find_spec(fullname, [str(folder)])

    def _asking(self) -> Path | None:
        """The folder of the innermost code beside a model that is running; None where there is none."""
        frame = inspect.currentframe()
        while frame is not None:
            file = frame.f_globals.get("__file__")
            lies = [one for one in self.folders if isinstance(file, str) and Path(file).is_relative_to(one)]
            if lies:
                return max(lies, key=lambda one: len(one.parts))
            frame = frame.f_back
        return None


_LATER: Final = _Later()

_LOADED: weakref.WeakSet[ModuleType] = weakref.WeakSet()
"""Modules that were found beside a model."""


def _names_in(folder: Path) -> set[str]:
    """What can be imported from a folder, but for Python's own modules and what this program runs on."""
    try:
        entries = list(folder.iterdir())
    except OSError:
        return set()
    files = {one.stem for one in entries if one.suffix == ".py"}
    packages = {one.name for one in entries if one.is_dir() and any(one.glob("*.py"))}
    return {name for name in files | packages if name.isidentifier()} - sys.stdlib_module_names - OURS


def _in_the_way(name: str, module: object, names: set[str], folder: Path) -> bool:
    return name.partition(".")[0] in names and not _lies_in(module, folder)


def _lies_in(module: object, folder: Path) -> bool:
    file = getattr(module, "__file__", None)
    if not isinstance(file, str):
        places = [str(one) for one in getattr(module, "__path__", ())]
        return any(Path(one).is_relative_to(folder) for one in places)
    return Path(file).is_relative_to(folder)
