"""Someone's own model, as named on a command line: opened, described and wrapped, or refused in one sentence.

Nothing is guessed: what a model takes and gives is declared (on the line, or in a model.toml beside the model), or
found in the model. And nothing that could run code opens unasked: code that is named on the line is the user's own
choice; code that a file brings along needs --trust.
"""

from __future__ import annotations

import importlib.util
import sys
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Final, cast

from innerview.adapters import wrap
from innerview.allcnn import NAMES
from innerview.errors import InnerviewError, NetworkError, UsageError
from innerview.network import Network
from innerview.workbench.declarations import ORDER, declare_input, declare_output, read_classes, words_of

SIDE: Final = "model.toml"
"""Beside a model, it holds everything that would stand on the line."""

SAYS: Final = frozenset({"model", "weights", "classes", "input", "output"})
"""What can stand in it; trust can't."""

KERAS: Final = frozenset({".keras", ".h5", ".hdf5"})
PICKLED: Final = frozenset({".pt", ".pth", ".pt2", ".bin", ".ckpt", ".pkl"})


@dataclass(frozen=True)
class ModelRequest:
    """A model as it stands on a command line.

    Attributes:
        model: a built-in network, "module:factory", "file.py:factory", "keras:Name", or a file or folder.
        weights: a safetensors state dict for the module that a factory builds; empty for none.
        classes: a file with one class name a line, or a number of classes; empty where it is declared elsewhere.
        input: words such as "224x224x3 range=0..1 mean=… std=… layout=CHW".
        output: words such as "logits temperature=0.2 key=logits".
        trust: whether files may run code.
    """

    model: str = "allcnn"
    weights: str = ""
    classes: str = ""
    input: str = ""
    output: str = ""
    trust: bool = False


def open_model(request: ModelRequest) -> Network | str:
    """Open and wrap a model; the name of a built-in network is given back as it is.

    Raises:
        UsageError: there is no such model, a declaration is missing, or it would run code that was not trusted.
        NetworkError: it can't be opened, or not run as declared.
    """
    if request.model in NAMES or not _is_a_model(request.model):
        return request.model  # a name that is none is refused with the names that there are, where it is opened
    declared, folder = _beside(request)
    name, by_file = _chosen(request, declared, folder)
    if by_file and ":" in name and not name.startswith("keras:") and not request.trust:
        raise UsageError(
            f"{folder / SIDE} names the code {name}, which opening the model would run; if you trust where it came "
            "from, add --trust"
        )
    model = _open(name, trust=request.trust)
    weights = Path(request.weights) if request.weights else _path(folder, declared.get("weights"))
    if weights is not None:
        import_module("innerview.adapters.torch_files").load_state(model, weights)
    classes = read_classes(request.classes or _names(folder, declared.get("classes")), model)
    return wrap(
        model,
        input=declare_input(words_of(declared.get("input")) | words_of(request.input, ORDER["input"]), model),
        output=declare_output(words_of(declared.get("output")) | words_of(request.output, ORDER["output"]), classes),
    )


def _is_a_model(name: str) -> bool:
    return ":" in name or Path(name).exists() or Path(name).suffix in KERAS | PICKLED | {".safetensors", ".toml"}


def _beside(request: ModelRequest) -> tuple[Mapping[str, Any], Path]:
    """Read the model.toml beside a model that is a file, or that is named itself."""
    path = Path(request.model.partition(":")[0] if ".py:" in request.model else request.model)
    folder = path if path.is_dir() and (path / SIDE).is_file() else path.parent
    side = path if path.suffix == ".toml" else folder / SIDE
    if not path.exists() or not side.is_file():
        return {}, folder
    try:
        found = tomllib.loads(side.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{side} can't be read: {error}") from error
    unknown = ", ".join(sorted(set(found) - SAYS))
    if unknown:  # "weigths" passed over would leave the model untrained
        raise UsageError(f"{side} says {unknown}, which has no meaning there; it says {', '.join(sorted(SAYS))}")
    return found, folder


def _chosen(request: ModelRequest, declared: Mapping[str, Any], folder: Path) -> tuple[str, bool]:
    """What is to be opened, and whether a file says so rather than the line."""
    path = Path(request.model)
    named = str(declared.get("model", ""))
    if named and (path.suffix in {".toml", ".safetensors"} or path.is_dir()):
        return named if named.startswith("keras:") else str(folder / named), True
    if path.suffix == ".safetensors":
        raise UsageError(
            f"{path.name} holds weights and no model; name a function that builds the module, "
            f"--model file.py:build --weights {path.name}, or write both into {SIDE} beside it"
        )
    return request.model, False


def _open(name: str, *, trust: bool) -> Any:
    if name.startswith("keras:"):
        return _keras().application(name.removeprefix("keras:"))
    if "://" in name:
        raise UsageError(f"{name} is an address, and nothing is fetched; save it as a file, and name that")
    path = Path(name)
    if path.suffix in KERAS:
        _there(path)  # before Keras is imported, which takes seconds
        return _keras().open_keras(path, trust=trust)
    if path.suffix in PICKLED or (path / "saved_model.pb").is_file():
        _there(path)
        if not trust:
            raise UsageError(
                f"opening {path.name} runs code that is in it; if you trust where it came from, add --trust. Safer: "
                "weights in safetensors and a function that builds the model, --model file.py:build --weights FILE"
            )
        if path.is_dir():
            return _keras().open_saved_model(path)
        return import_module("innerview.adapters.torch_files").open_pickle(path)
    return _build(name)


def _build(name: str) -> Any:
    """Call the factory that "module:factory" or "file.py:factory" names."""
    home, _, factory = name.rpartition(":")
    if not home or not factory:
        of = home or factory
        raise UsageError(
            f"{name!r} names no model: say which function gives it, called without arguments, such as "
            f"--model {of if of.endswith('.py') else 'net.py'}:build"
        )
    try:
        module = _module_of(_there(Path(home))) if home.endswith(".py") else _installed(home)
    except InnerviewError:
        raise
    except (Exception, SystemExit) as error:  # a script that reads its own command line ends the program
        raise UsageError(f"{home} can't be imported: {type(error).__name__}: {error}") from error
    make: Callable[[], Any] | None = getattr(module, factory, None)
    if not callable(make):
        raise UsageError(
            f"there is no function {factory!r} in {home}; it is called without arguments and gives the model"
        )
    try:
        return make()
    except (Exception, SystemExit) as error:
        raise NetworkError(f"{name} failed: {type(error).__name__}: {error}") from error


def _installed(name: str) -> Any:
    """Import a module that is installed, or that lies where the command is called."""
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.append(here)
    return import_module(name)


def _module_of(path: Path) -> Any:
    found = importlib.util.spec_from_file_location(f"innerview_model_{path.stem}", path)
    if found is None or found.loader is None:
        raise UsageError(f"{path} is no Python file")
    module = importlib.util.module_from_spec(found)
    sys.modules[found.name] = module  # dataclasses and the like look their module up
    found.loader.exec_module(module)
    return module


def _keras() -> Any:
    return import_module("innerview.adapters.keras_files")


def _there(path: Path) -> Path:
    if not path.exists():
        raise UsageError(f"the model {path} is not there")
    return path


def _path(folder: Path, named: object) -> Path | None:
    return None if named is None else folder / str(named)


def _names(folder: Path, declared: object) -> str | tuple[str, ...]:
    """The classes of a model.toml: a list, a number, or a file beside it."""
    if isinstance(declared, list):
        return tuple(str(one) for one in cast("list[object]", declared))
    return "" if declared is None else str(declared) if str(declared).isdecimal() else str(folder / str(declared))
