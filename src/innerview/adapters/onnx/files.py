"""Reading an ONNX file: a graph and numbers, never code, and nothing is believed that a header claims.

What a file can have wrong is found before any runtime sees it: cut short, weights beside it that are missing or lead
out of the folder, tensors that claim more than they hold, an operator set of the future. What the graph says of the
image that it takes (size, layout) and of its classes is kept with it; ranges and normalisation are not in such a file.

Weights that lie beside the graph's file stay there: they are mapped where they are read, and ONNX Runtime reads them by
their path. One message holds 2 GiB at most, and a model that is larger has no other form.
"""

# onnx is only partly typed: unknown types are its own.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingImports=false, reportMissingTypeStubs=false, reportAttributeAccessIssue=false

from __future__ import annotations

import ast
import json
import math
import shutil
import tempfile
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any, Final, Literal

import numpy as np

from innerview.errors import DataError, MissingExtra, ModelError
from innerview.files.regular import brief, opened, reading, size_of
from innerview.types import Array

try:
    import onnx
    from onnx import external_data_helper, helper, numpy_helper
except Exception as error:
    raise MissingExtra("opening an ONNX model", "onnx", error) from error

WHAT: Final = "the model"

LARGEST: Final = 2**31
"""Bytes of the graph's own file: no more can be written as one message. Weights beside it may be larger."""

SMALL: Final = 64
"""Numbers of a tensor beside the file up to which it is read into the graph: shapes, which others are told by, are."""

FILLED: Final = 2**28
"""Numbers that a graph may ask to be filled in from a shape alone, at most."""

STARTS: Final = {
    b"PK\x03\x04": "it is a ZIP archive, as of PyTorch or Keras",
    b"version https://git-lfs": "it is a pointer of Git LFS, and not the file; fetch it with git lfs pull",
    b"\x89HDF": "it is an HDF5 file, as of Keras",
    b"<": "it is a web page",
}
"""What other files begin with."""

DOMAINS: Final = ("", "ai.onnx")

FLOATS: Final = {onnx.TensorProto.FLOAT: "float32", onnx.TensorProto.DOUBLE: "float64"}
FLOAT16: Final = onnx.TensorProto.FLOAT16

NAMES: Final = ("names", "class_names", "classes", "labels", "id2label", "character")
"""Under which keys those who write ONNX files keep the names of classes."""


@dataclass(frozen=True)
class OnnxFile:
    """A model as it stands in a file.

    Attributes:
        path: of the file; its name alone where the model came as an object.
        proto: what is in it, weights included but for those beside it.
        folder: where the weights beside it are; None where it has none.
    """

    path: Path
    proto: Any
    folder: Path | None = None

    @cached_property
    def _entry(self) -> Any:
        held = {one.name for one in self.proto.graph.initializer}
        entries = [one for one in self.proto.graph.input if one.name not in held]
        if len(entries) != 1:
            listed = ", ".join(f"{brief(one.name)} {_shown(one)}" for one in entries) or "none"
            raise ModelError(
                f"{self.path.name} takes {len(entries)} inputs ({listed}), but an explanation is of one image; export "
                "it with the others fixed"
            ).of("inputs", found=len(entries), path=self.path)
        kind = entries[0].type.tensor_type.elem_type
        if len(_dimensions(entries[0])) != 4 or kind not in {*FLOATS, FLOAT16}:
            raise ModelError(
                f"{self.path.name} takes {brief(entries[0].name)} {_shown(entries[0])} of "
                f"{onnx.TensorProto.DataType.Name(kind).lower()}; a batch of images of floats has four axes"
            ).of("inputs", found=_shown(entries[0]), path=self.path)
        return entries[0]

    @property
    def entry(self) -> str:
        """Name of the input."""
        return str(self._entry.name)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of what it takes."""
        return np.dtype(FLOATS.get(self._entry.type.tensor_type.elem_type, "float16"))

    @property
    def batch(self) -> int:
        """Images in a batch, where the graph fixes their number; 0 for any number."""
        return _dimensions(self._entry)[0] or 0

    @property
    def layout(self) -> Literal["HWC", "CHW", ""]:
        """Where the channels stand, 1 or 3 of them; empty where both places could be theirs, or none."""
        _, first, _, last = _dimensions(self._entry)
        told = (first in {1, 3}, last in {1, 3})
        return {(True, False): "CHW", (False, True): "HWC"}.get(told, "")  # pyright: ignore[reportReturnType] of these

    def found_input(self) -> tuple[str, str]:
        """Size and layout in the words of a command line; empty where the graph leaves them open."""
        shape = self.shape
        return ("x".join(map(str, shape)) if None not in shape else "", self.layout)

    @property
    def shape(self) -> tuple[int | None, int | None, int | None]:
        """Height, width and channels; None for what the graph leaves open."""
        _, *sides = _dimensions(self._entry)
        if not self.layout:
            return None, None, None
        channels, height, width = sides if self.layout == "CHW" else (sides[2], sides[0], sides[1])
        return height, width, channels

    @property
    def outputs(self) -> dict[str, tuple[int | None, ...]]:
        """Names and shapes of what it gives."""
        return {one.name: _dimensions(one) for one in self.proto.graph.output}

    @property
    def output_shape(self) -> tuple[int | None, ...]:
        """Of its one output; empty where there are several, or none of a fixed number of classes."""
        shapes = [one for one in self.outputs.values() if len(one) == 2 and one[1]]
        return shapes[0] if len(shapes) == 1 else ()

    @property
    def class_names(self) -> tuple[str, ...]:
        """What its metadata call the classes, where they name as many as it has; else their numbers, or nothing."""
        count = (self.output_shape or (0, 0))[1] or 0
        kept = {one.key: one.value for one in self.proto.metadata_props}
        for key in NAMES:
            names = _names(kept.get(key, ""))
            if names and len(names) == count:
                return names
        return tuple(map(str, range(count)))

    @property
    def source(self) -> str:
        """Who says what the classes are called."""
        named = self.class_names != tuple(map(str, range(len(self.class_names))))
        return f"the metadata of {self.path.name}" if named else f"the shape of {self.path.name}'s output"

    def weights(self) -> dict[str, Array]:
        """All floats that the graph holds, by their names there; those in half precision as float32.

        A single number that stands among the operators (the 2 of a square) is none.
        """
        kinds, held = {*FLOATS, FLOAT16, onnx.TensorProto.BFLOAT16}, {one.name for one in self.proto.graph.initializer}
        found = {
            name: one
            for name, one in _tensors(self.proto.graph)
            if one.data_type in kinds and (name in held or math.prod(one.dims) > 1)
        }
        return {name: _wide(self.array(one)) for name, one in found.items()}

    def array(self, tensor: Any) -> Array:
        """A tensor's values, not to be written to; one that lies beside the file is mapped, and takes no memory."""
        if tensor.data_location != onnx.TensorProto.EXTERNAL or self.folder is None:
            return numpy_helper.to_array(tensor)
        kind = np.dtype(helper.tensor_dtype_to_np_dtype(tensor.data_type))
        if kind.name in PACKED:
            return numpy_helper.to_array(tensor, base_dir=str(self.folder))
        place, start, _ = _place(tensor.name, tensor, self.path, self.folder)
        with reading(place, "the weights"):
            return np.asarray(np.memmap(place, kind.newbyteorder("<"), "r", start, tuple(tensor.dims)))

    @contextmanager
    def written(self, proto: Any) -> Generator[Any]:
        """A model for a library that takes an object or a path: by its path where it has weights beside it.

        They may have more bytes than an object can be written with. A link would do for the library, and onnx follows
        none; so they are copied, into a folder that is gone when the block ends.
        """
        if self.folder is None:
            yield proto
            return
        outside = [one for one in proto.graph.initializer if one.data_location == onnx.TensorProto.EXTERNAL]
        places = {_place(one.name, one, self.path, self.folder)[0] for one in outside}
        with tempfile.TemporaryDirectory(prefix="innerview-") as made:
            for place in places:
                copy = Path(made) / place.relative_to(self.folder)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(place, copy)
            path = Path(made) / max(("graph", *(one.name for one in places)), key=len)
            path = path.with_name(f"{path.name}.onnx")
            path.write_bytes(proto.SerializeToString())
            yield path


def _wide(values: Array) -> Array:
    return np.asarray(values) if values.dtype.itemsize > 2 else np.array(values, np.float32)


def of_proto(proto: Any) -> OnnxFile:
    """A model that is open already, checked as one of a file."""
    if not isinstance(proto, onnx.ModelProto):
        raise ModelError(f"a {type(proto).__name__} of onnx is no model; give a ModelProto, or the file").of(
            "model", found=type(proto).__name__
        )
    found = OnnxFile(Path("the model"), proto)
    _check(found, None)
    held = sum(len(one.raw_data) for one in proto.graph.initializer)
    if held >= LARGEST:
        raise ModelError(
            f"the weights in this ModelProto have {held:,} bytes, and a message holds {LARGEST:,} at most; write it "
            "with onnx.save_model(model, 'model.onnx', save_as_external_data=True), and give that file"
        ).of("size", found=held, limit=LARGEST)
    return found


def read_onnx(path: Path) -> OnnxFile:
    """Read a model; large weights beside it are checked, and stay there.

    Raises:
        DataError: it is no ONNX file, is cut short, or something of it is missing or claims too much.
        ModelError: it is of an operator set that is not known here.
    """
    size_of(path, WHAT, LARGEST)
    with opened(path, WHAT, LARGEST) as file:
        content = file.read()
    for start, words in STARTS.items():
        if content.lstrip()[: len(start)] == start:
            raise DataError(f"{WHAT} {path} is no ONNX file: {words}").of("format", path=path)
    proto = onnx.ModelProto()
    try:
        proto.ParseFromString(content)
    except Exception as error:
        raise DataError(
            f"{WHAT} {path} is no ONNX file, or is cut short after {len(content):,} bytes; fetch or export it anew"
        ).of("length", path=path, found=len(content)) from error
    found = OnnxFile(path, proto)
    _check(found, path.parent)
    beside = any(one.data_location == onnx.TensorProto.EXTERNAL for one in proto.graph.initializer)
    return replace(found, folder=path.parent.absolute()) if beside else found


def _check(found: OnnxFile, folder: Path | None) -> None:
    proto, path = found.proto, found.path
    if not proto.ir_version or not proto.graph.node or not proto.graph.output:
        raise DataError(f"{WHAT} {path} is no ONNX model: it holds no graph of operators; export it anew").of(
            "graph", path=path
        )
    known = onnx.defs.onnx_opset_version()
    versions = [one.version for one in proto.opset_import if one.domain in DOMAINS]
    if not versions or not 1 <= max(versions) <= known:
        raise ModelError(
            f"{path.name} is of operator set {max(versions, default=0)}, and onnx {onnx.__version__} knows 1 to "
            f"{known}; export it with opset_version={known} or lower, or update onnx and onnxruntime"
        ).of("opset", found=max(versions, default=0), limit=known, path=path)
    for name, tensor in _tensors(proto.graph):
        _check_tensor(name, tensor, path, folder)
    if folder is not None:
        with reading(path, WHAT):
            _read_small(proto.graph, folder)
    _check_fillings(found)


def _read_small(graph: Any, folder: Path) -> None:
    """Read into the graph what lies beside it and is small, or stands among the operators."""
    few = (one for one in graph.initializer if math.prod(one.dims) <= SMALL)
    for tensor in (*few, *(one for _, one in _of_nodes(graph))):
        if tensor.data_location == onnx.TensorProto.EXTERNAL:
            external_data_helper.load_external_data_for_tensor(tensor, str(folder))
            tensor.data_location = onnx.TensorProto.DEFAULT
            del tensor.external_data[:]


def _tensors(graph: Any) -> Iterator[tuple[str, Any]]:
    """All tensors of a graph and of those inside it, by a name for each."""
    for tensor in graph.initializer:
        yield tensor.name, tensor
    yield from _of_nodes(graph)


def _of_nodes(graph: Any) -> Iterator[tuple[str, Any]]:
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                yield (node.output[0] if node.output else node.name) or attribute.name, attribute.t
            if attribute.HasField("g"):
                yield from _tensors(attribute.g)
            for inner in attribute.graphs:
                yield from _tensors(inner)


def _check_tensor(name: str, tensor: Any, path: Path, folder: Path | None) -> None:
    """Raise DataError unless a tensor holds as many bytes as its shape claims; nothing is allocated for it."""
    dims = list(tensor.dims)
    if tensor.data_type in {onnx.TensorProto.UNDEFINED, onnx.TensorProto.STRING} or min(dims, default=0) < 0:
        if tensor.data_type == onnx.TensorProto.STRING and min(dims, default=0) >= 0:
            return
        raise DataError(f"{WHAT} {path} is damaged: {brief(name)} has the shape {dims} and type {tensor.data_type}").of(
            "tensor", asked=name, found=dims, path=path
        )
    with reading(path, WHAT):
        kind = helper.tensor_dtype_to_np_dtype(tensor.data_type)
    claimed = math.prod(dims)
    if tensor.data_location == onnx.TensorProto.EXTERNAL:
        held = _place(name, tensor, path, folder)[2] // kind.itemsize
    elif tensor.HasField("raw_data"):
        held = len(tensor.raw_data) // kind.itemsize
    else:
        fields = ("float_data", "double_data", "int32_data", "int64_data", "uint64_data")
        held = max(len(getattr(tensor, field)) for field in fields)
    if held < claimed and kind.name not in PACKED:
        raise DataError(
            f"{WHAT} {path} is damaged: {brief(name)} of shape {dims} claims {claimed:,} numbers, and holds {held:,}; "
            "fetch or export it anew"
        ).of("size", asked=name, found=held, path=path)


PACKED: Final = frozenset({"int4", "uint4", "int2", "uint2", "float4_e2m1fn", "complex64", "complex128"})
"""Types of which several share a byte, or one takes two numbers."""


def _place(name: str, tensor: Any, path: Path, folder: Path | None) -> tuple[Path, int, int]:
    """File, first byte and length of a tensor beside the model; DataError where that is none, or leads elsewhere."""
    told: Mapping[str, str] = {one.key: one.value for one in tensor.external_data}
    place = told.get("location", "")
    inside = PurePosixPath(place.replace("\\", "/"))
    if folder is None:
        raise DataError(
            f"{brief(name)} lies in a file ({brief(place)}); name the model's file, which stands beside it"
        ).of("weights", asked=name, found=place)
    if not place or inside.is_absolute() or ".." in inside.parts or ":" in place or (folder / place).is_symlink():
        raise DataError(
            f"{WHAT} {path} is not opened: the weights {brief(name)} lead out of its folder, {brief(place)}"
        ).of("weights", asked=name, found=place, path=path)
    beside = folder / place
    if not beside.is_file():
        raise DataError(
            f"the weights of {path} lie in {brief(place)}, which is not there ({brief(name)} first); put it beside the "
            "model, under that name"
        ).of("weights", asked=name, found=place, path=path)
    size = size_of(beside, "the weights")
    with reading(path, WHAT):
        start = int(told.get("offset", 0))
        length = int(told.get("length", size - start))
    if min(start, length) < 0 or start + length > size:
        raise DataError(
            f"the weights {beside} are cut short: {brief(name)} ends at byte {start + length:,}, and the file has "
            f"{size:,}; fetch it anew"
        ).of("length", asked=name, found=size, path=beside)
    return beside, start, length


def _check_fillings(found: OnnxFile) -> None:
    """Raise ModelError for a tensor that would be made from a few bytes and fill the memory."""
    held = dict(_tensors(found.proto.graph))
    for node in found.proto.graph.node:
        shape = (
            held.get(node.input[-1]) if node.op_type in {"ConstantOfShape", "Expand", "Tile"} and node.input else None
        )
        if shape is None or math.prod(shape.dims) > FILLED:
            continue
        sides = [int(one) for one in numpy_helper.to_array(shape).ravel()]
        if min(sides, default=0) >= 0 and math.prod(sides) > FILLED:
            raise ModelError(
                f"{found.path.name} is not run: {node.op_type} {brief(node.name)} asks for {sides}, "
                f"{math.prod(sides):,} numbers; at most {FILLED:,}"
            ).of("size", found=math.prod(sides), limit=FILLED, path=found.path)


def _dimensions(value: Any) -> tuple[int | None, ...]:
    """Lengths of the axes; None for one that is left open."""
    return tuple(one.dim_value or None for one in value.type.tensor_type.shape.dim)


def _shown(value: Any) -> str:
    return " × ".join(brief(one.dim_param) or str(one.dim_value or "?") for one in value.type.tensor_type.shape.dim)


def _names(text: str) -> tuple[str, ...]:
    """Names of classes as they are kept: a list or a table as JSON or as Python writes it, or lines."""
    found: Any = None
    for read in (json.loads, ast.literal_eval):
        try:
            found = read(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
            continue
        break
    if isinstance(found, dict):
        found = _in_order(found)
    if not isinstance(found, list | tuple):
        lines = text.splitlines()
        found = [one.strip() for one in (lines if len(lines) > 1 else text.split(","))]
    return tuple(str(one) for one in found if str(one))


def _in_order(table: Mapping[Any, Any]) -> list[str]:
    """A table between numbers and names, either way round."""
    turned = all(isinstance(value, int) for value in table.values())
    pairs = {int(value): str(key) for key, value in table.items()} if turned else table
    try:
        numbered = {int(key): str(value) for key, value in pairs.items()}
    except (TypeError, ValueError):
        return []
    return [numbered[key] for key in sorted(numbered)] if sorted(numbered) == list(range(len(numbered))) else []
