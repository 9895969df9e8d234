"""Opening a Keras model from a file without running what is in it: only what is made of Keras's own layers opens.

A file names classes and functions, and opening it calls them; Lambda layers carry code. So its configuration is read
first, as plain JSON, and every name in it must be a class of Keras itself that computes and does nothing else.
"""

# Keras is untyped: unknown types are its own.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingImports=false, reportAttributeAccessIssue=false, reportMissingModuleSource=false

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, cast

from innerview.errors import DataError, MissingExtra, ModelError, UsageError
from innerview.files.archives import allowed, archive, is_archive, read_entry
from innerview.files.documents import parse_json
from innerview.files.regular import reading, size_of

try:
    import keras
except Exception as error:
    raise MissingExtra("opening a Keras model", "keras", error) from error

from innerview.adapters.keras.calls import require_one_input

REFUSED: Final = frozenset(
    {"Lambda", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer", "TextVectorization", "StringLookup"}
    | {"IntegerLookup", "IndexLookup"}
)
"""Layers of Keras itself that run code or read files named in their configuration."""

WHAT: Final = "the Keras model"
WAY: Final = "give a file that model.save wrote, .keras or .h5"

PARTS: Final = 100_000
"""Groups and arrays in a file of weights, at most: what is linked in a circle has no end."""

MODELS: Final = frozenset({"Functional", "Sequential", "Model"})
PLAIN: Final = frozenset(
    {"DTypePolicy", "__keras_tensor__", "__tuple__", "__slice__", "__ellipsis__", "CategoricalDtype"}
)


def open_keras(path: Path, *, trust: bool) -> Any:
    """Open a .keras or .h5 file.

    Args:
        path: of the file.
        trust: open it whatever it holds; opening then runs what the file says.

    Raises:
        UsageError: it holds something else than Keras's own layers, and is not trusted.
        ModelError: Keras can't open it.
        DataError: it is no Keras file, is damaged, or claims to be far larger than it is.
    """
    held = {**_configuration(path), "compile_config": None}  # what it was trained with is not opened (compile=False)
    with reading(path, WHAT):  # nested too deeply
        foreign = ", ".join(sorted(set(_foreign(held))))
    if foreign and not trust:
        raise UsageError(
            f"{path.name} holds {foreign}, and opening it would run code from the file; if you trust where it came "
            "from, add --trust-code, or name a function of your own that builds it: --model file.py:build"
        ).of("trust_code", path=path, found=foreign)
    try:
        return keras.saving.load_model(path, compile=False, safe_mode=not trust)
    except Exception as error:
        needs = f"; it holds {foreign}, which Keras has to find" if foreign else ""
        raise ModelError(
            f"Keras can't open {path.name}{needs} ({type(error).__name__}: {' '.join(str(error).split())[:300]}). If "
            "it needs classes of your own, name a function that imports them and loads it: --model file.py:build"
        ).of("model", path=path, found=type(error).__name__) from error


def open_saved_model(path: Path) -> Any:
    """Open a TensorFlow SavedModel as a function from images to outputs; nothing but its answers can be had.

    Raises:
        ModelError: it can't be read, or Keras runs on something else than TensorFlow.
    """
    if keras.backend.backend() != "tensorflow":
        raise ModelError(
            f"the SavedModel {path.name} can be opened by TensorFlow alone, but Keras runs on "
            f"{keras.backend.backend()} here; set KERAS_BACKEND=tensorflow"
        ).of("backend", path=path, found=keras.backend.backend(), known=("tensorflow",))
    try:
        layer = keras.layers.TFSMLayer(str(path), call_endpoint="serving_default")
    except Exception as error:
        raise ModelError(f"the SavedModel {path.name} can't be opened ({error})").of("model", path=path) from error

    def function(images: Any) -> Any:
        found = layer(images)
        values = list(cast("Mapping[str, Any]", found).values()) if isinstance(found, Mapping) else [found]
        if len(values) > 1:
            raise ModelError(
                f"the SavedModel gives {len(values)} outputs; export one that gives the class scores alone"
            ).of("outputs", found=len(values))
        return keras.ops.convert_to_numpy(values[0])

    return function


def found_input(model: Any) -> tuple[int, int, int, str] | None:
    """Height, width, channels and layout that a model was built for; None where it was left open.

    Raises:
        ModelError: it was built for several inputs, so there is no size to be declared.
    """
    require_one_input(model)
    shape = getattr(model, "input_shape", None)
    if not isinstance(shape, tuple) or len(shape) != 4 or None in shape[1:]:
        return None
    _, first, second, third = cast("tuple[Any, int, int, int]", shape)
    if third in {1, 3}:
        return first, second, third, "HWC"
    return (second, third, first, "CHW") if first in {1, 3} else None


CONFIGURATION: Final = 16 * 2**20
"""Bytes of a configuration that is read, at most; those of keras.applications have up to 1 MB."""


def _configuration(path: Path) -> dict[str, Any]:
    """Read what a file says that the model is made of, once it is known that it unpacks to no more than it should.

    Raises:
        DataError: it is no such file, is damaged, or claims to be far larger than it is.
    """
    if is_archive(path, WHAT):
        with archive(path, WHAT) as found:
            text = read_entry(found, "config.json", CONFIGURATION)
            for name in found.namelist():
                if name.endswith(".h5"):
                    _check_weights(io.BytesIO(found.read(name)), path)
    else:
        size_of(path, WHAT)
        with reading(path, WHAT, WAY):
            text = _check_weights(path, path)
    return parse_json(text, path, WHAT)


def _check_weights(held: Path | io.BytesIO, path: Path) -> bytes:
    """Raise DataError unless the arrays of an HDF5 file may be read; give the configuration that is in it, if one is.

    An array takes no room in the file while it holds one value alone, and hardly any when it is packed.
    """
    import h5py

    claimed, sizes, count = 0, allowed(path.stat().st_size), 0
    with reading(path, WHAT, WAY), h5py.File(held, "r") as file:
        waiting: list[Any] = [file]
        while waiting:
            group = waiting.pop()
            for name in group:
                link = group.get(name, getlink=True)
                if not isinstance(link, h5py.HardLink):
                    raise DataError(f"{WHAT} {path} is not opened: its part {name!r} lies in another file or place").of(
                        "part", path=path, found=name
                    )
                one, count = group[name], count + 1
                if isinstance(one, h5py.Group):
                    waiting.append(one)
                elif isinstance(one, h5py.Dataset):
                    claimed += one.nbytes
                if claimed > sizes or count > PARTS:
                    raise DataError(
                        f"{WHAT} {path} is not opened: its {path.stat().st_size:,} bytes would become {claimed:,} or "
                        f"more in {count:,} parts; at most {sizes:,} in {PARTS:,}"
                    ).of("size", path=path, found=claimed, limit=sizes)
        config = file.attrs["model_config"] if isinstance(held, Path) else b""
    return config if isinstance(config, bytes) else str(config).encode()


def _foreign(value: Any) -> Iterator[str]:
    """Name everything in a configuration that is not Keras's own, or runs code."""
    match value:
        case {"class_name": str(name)}:
            found = cast("dict[str, Any]", value)
            if not _is_stock(name, found):
                yield f"{found.get('module') or ''}.{name}".removeprefix(".")
            for one in found.values():
                yield from _foreign(one)
        case Mapping():
            for one in cast("Mapping[str, Any]", value).values():
                yield from _foreign(one)
        case list():
            for one in cast("list[Any]", value):
                yield from _foreign(one)
        case _:
            return


def _is_stock(name: str, found: Mapping[str, Any]) -> bool:
    module = found.get("module") or "keras"
    registered = found.get("registered_name")
    if name in PLAIN:
        return True
    if name == "function":
        return module in {"builtins", "keras.activations"} and str(found.get("config")) in dir(keras.activations)
    if not (module == "keras" or str(module).startswith("keras.")) or name in REFUSED:
        return False
    if registered not in {None, name}:
        return False
    if name in MODELS:
        return True
    homes = (keras.layers, keras.initializers, keras.regularizers, keras.constraints)
    homes += (keras.optimizers, keras.losses, keras.metrics)  # models inside a model may bring theirs
    return any(isinstance(getattr(home, name, None), type) for home in homes)
