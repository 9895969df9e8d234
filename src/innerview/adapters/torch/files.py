"""Opening PyTorch's files: weights, which hold no code and need no trust, and whole models, which are pickles and do.

Weights are read by the part of PyTorch that knows tensors and nothing else (`weights_only`); what a file claims to
unpack to is checked before.
"""

# PyTorch is only partly typed: unknown types are its own.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingImports=false, reportPrivateImportUsage=false

from __future__ import annotations

import re
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, cast

from innerview.errors import DataError, InnerviewError, MissingExtra, ModelError, UsageError
from innerview.files.archives import allowed, archive, is_archive
from innerview.files.combined import PREFIXES
from innerview.files.regular import brief, opened, reading, size_of
from innerview.files.tensors import INDEX, read_header, read_shards
from innerview.files.weights import Stored, stored
from innerview.types import Array

try:
    import torch
except Exception as error:
    raise MissingExtra("opening a PyTorch model", "torch", error) from error

WHAT: Final = "the weights"

INSIDE: Final = ("state_dict", "model_state_dict", "model", "net", "weights", "params")
"""Under what name a checkpoint keeps its weights."""

PARTS: Final = ("_orig", "_mask", "_g", "_v", "_u")

CODE: Final = (
    "if you trust where it came from, add --trust-code. Safer: weights in safetensors and a function that builds the "
    "model, "
    "--model file.py:build --weights FILE"
)


def load_state(model: Any, path: Path) -> tuple[str, ...]:
    """Put the weights of a file, safetensors or a state dict of torch.save, into a PyTorch module.

    A checkpoint of a trainer (Lightning, timm) holds the state dict among other things, and puts a word in front of
    all names; both are seen through.

    Returns:
        What was done besides, in words.

    Raises:
        ModelError: the model is none of PyTorch's, or names and shapes don't match.
        DataError: the file can't be read.
    """
    if not isinstance(model, torch.nn.Module):
        raise ModelError(
            f"weights were given for a {type(model).__name__}; only into a PyTorch module can a state dict be loaded"
        ).of("weights", found=type(model).__name__)
    held, said = _held(path)
    wanted: dict[str, torch.Tensor] = model.state_dict()
    fitting, notes = _named_as(held, wanted)
    if problem := _misfit(fitting, wanted):
        raise ModelError(
            f"the weights {path.name} don't fit the {type(model).__name__}: {problem}{_way(held) or OTHER_MODEL}"
        ).of("weights", path=path, found=problem)
    try:
        model.load_state_dict(fitting)
    except Exception as error:
        raise ModelError(
            f"the weights {path.name} don't fit the model: {' '.join(str(error).split())[:600].rstrip('.')}{_way(held)}"
        ).of("weights", path=path) from error
    return (*said, *notes)


OTHER_MODEL: Final = (
    ". Name the model that they were trained in; of a hub's model, --classes FILE or N makes it with so many classes"
)

AHEAD: Final = (*PREFIXES, "model.", "net.", "network.", "backbone.", "encoder.")
"""What wrapped models and trainers' modules put in front of the names of the model inside."""


def _named_as(
    held: Mapping[str, torch.Tensor], wanted: Mapping[str, object]
) -> tuple[dict[str, torch.Tensor], list[str]]:
    """The same weights by the model's own names, where a wrapper's word stands in front of those; and what was done."""
    names, notes = dict(held), list[str]()
    while names and not wanted.keys() <= names.keys():
        inside = {ahead: {name for name in names if name.startswith(ahead)} for ahead in AHEAD}
        useful = [
            ahead
            for ahead, some in inside.items()
            if sum(name.removeprefix(ahead) in wanted for name in some) > len(wanted.keys() & names.keys())
            or (len(some) == len(names) and not wanted.keys() & names.keys())
        ]
        if not useful:
            break
        ahead = useful[0]
        left = [name for name in names if name not in inside[ahead]]
        names = {name.removeprefix(ahead): names[name] for name in names if name in inside[ahead]}
        beside = f"; left out, without it: {brief(', '.join(left))}" if left else ""
        notes.append(f"of the file's names of weights {ahead!r} was taken off{beside}")
    return names, notes


def _misfit(held: Mapping[str, torch.Tensor], wanted: Mapping[str, torch.Tensor]) -> str:
    """The first name that is missing, the first that the model does not have, the first of another shape; or nothing.

    Names that PyTorch itself passes over (counters of batches, which old checkpoints lack) are its affair.
    """
    missing = [name for name in wanted if name not in held and not name.endswith("num_batches_tracked")]
    more = [name for name in held if name not in wanted]
    known = [name for name in wanted if name in held and not torch.nn.parameter.is_lazy(wanted[name])]
    sizes = [name for name in known if held[name].shape != wanted[name].shape]
    words = [
        f"{len(names)} {'is' if len(names) == 1 else 'are'} {what}, the first {names[0]}"
        for names, what in ((missing, "missing"), (more, "unexpected"))
        if names
    ]
    if sizes:
        first = sizes[0]
        words.append(
            f"{len(sizes)} of another shape, the first {first}: {tuple(held[first].shape)} in the file, "
            f"{tuple(wanted[first].shape)} in the model"
        )
    return "; ".join(words)


def _held(path: Path) -> tuple[dict[str, torch.Tensor], list[str]]:
    """The tensors of a file of weights, in the types in which they are stored, and what else the file holds."""
    from safetensors.torch import load_file

    if path.name.endswith(INDEX):
        return {name: torch.from_numpy(values) for name, values in read_shards(path, WHAT).items()}, []
    size_of(path, WHAT)
    if path.suffix == ".safetensors" or not _is_pickle(path):
        read_header(path, WHAT)  # every failure in our words, before PyTorch allocates anything
        with reading(path, WHAT):
            return load_file(path), []
    return _state(path)


def _is_pickle(path: Path) -> bool:
    with opened(path, WHAT) as file:
        head = file.read(4)
    return head == b"PK\x03\x04" or head[:1] == b"\x80"


def _way(held: Mapping[str, object]) -> str:
    """What helps where names don't fit."""
    if any(f"{name.removesuffix('_orig')}_mask" in held for name in held if name.endswith("_orig")):
        return (
            ". They are pruned: make it permanent before saving (torch.nn.utils.prune.remove), or prune in the factory"
        )
    return ""


def read_state(path: Path) -> Stored:
    """Read the weights that torch.save wrote, without running anything; bfloat16, float8 and quantised ones as float32.

    Raises:
        DataError: it can't be read, holds more than weights, or claims to be far larger than it is.
    """
    state, notes = _state(path)
    arrays = dict[str, Array]()
    for name, tensor in state.items():
        if tensor.is_meta:
            notes.append(f"{name} is left out: the file holds its shape and no values")
            continue
        arrays[name] = _array(tensor)
    quantised = [name for name, tensor in state.items() if tensor.is_quantized]
    if quantised:
        notes.append(f"quantised, shown with their scales: {brief(', '.join(quantised))}")
    found = stored(arrays, path)
    return Stored(found.weights, (*notes, *found.notes))


def _array(tensor: torch.Tensor) -> Array:
    whole = tensor.dequantize() if tensor.is_quantized else tensor.to_dense() if tensor.is_sparse else tensor
    known = whole.dtype in KNOWN
    return (whole if known else whole.to(torch.float32)).detach().cpu().resolve_conj().resolve_neg().numpy().copy()


KNOWN: Final = frozenset(
    {torch.float64, torch.float32, torch.float16, torch.complex64, torch.complex128, torch.bool, torch.uint8}
    | {torch.int8, torch.int16, torch.int32, torch.int64}
)
"""Types that NumPy has as well; the values of all others that hold numbers are float32 values too."""


def _state(path: Path) -> tuple[dict[str, torch.Tensor], list[str]]:
    """The state dict in a file, and what else the file holds."""
    found = _plain(path)
    if not isinstance(found, Mapping):
        raise DataError(f"{WHAT} {path} can't be read: it holds a {type(found).__name__}; save model.state_dict()").of(
            "weights", path=path, found=type(found).__name__
        )
    told, notes = cast("Mapping[Any, Any]", found), list[str]()
    while not _tensors(told):
        inner = [name for name in INSIDE if isinstance(told.get(name), Mapping) and _tensors(told[name])]
        if len(inner) != 1:
            raise DataError(
                f"{WHAT} {path} can't be read: the file holds {brief(', '.join(map(str, told)))}, and which of them "
                "are the weights is not clear; save model.state_dict() alone"
            ).of("weights", path=path, found=tuple(map(str, told)))
        others = [str(name) for name in told if name != inner[0]]
        notes.append(f"of the file, {inner[0]!r} is read, and {brief(', '.join(others)) or 'nothing else'} left out")
        told = cast("Mapping[Any, Any]", told[inner[0]])
    strange = [str(name) for name, value in told.items() if not isinstance(value, torch.Tensor)]
    if strange:
        notes.append(f"no tensors, left out: {brief(', '.join(strange))}")
    state = {str(name): value for name, value in told.items() if isinstance(value, torch.Tensor)}
    claimed = sum(value.numel() * value.element_size() for value in state.values())
    if claimed > allowed(path.stat().st_size):
        raise DataError(
            f"{WHAT} {path} would become {claimed:,} bytes, from {path.stat().st_size:,}; save them anew"
        ).of("size", path=path, found=claimed)
    return state, notes


def _tensors(told: Mapping[Any, Any]) -> bool:
    return any(isinstance(value, torch.Tensor) for value in told.values())


def holds_weights_alone(path: Path) -> bool:
    """Whether a file of torch.save opens without running anything: then it is no model."""
    try:
        return not isinstance(_plain(path), torch.nn.Module)
    except InnerviewError:
        return False


def _plain(path: Path) -> Any:
    """What a file holds, if that is tensors and plain values.

    Raises:
        DataError: it can't be read, or holds more.
    """
    if is_archive(path, WHAT):
        with archive(path, WHAT) as found:
            scripted = _is_scripted(found)
        if scripted:
            raise DataError(
                f"{path} holds a scripted model, not weights alone; open it as a model: --model {path} --trust-code"
            ).of("scripted", path=path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of old formats, which say nothing to whoever looks at weights
            return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged file can raise anything
        words = " ".join(str(error).split())
        if "Unsupported global" in words or "Unsupported operand" in words or "Unsupported class" in words:
            raise DataError(
                f"{WHAT} {path} hold more than weights ({_named(words)}), and opening them would run code. Save "
                "model.state_dict(); a whole model is opened as --model FILE --trust-code"
            ).of("code", path=path, found=_named(words)) from error
        raise DataError(f"{WHAT} {path} can't be read ({type(error).__name__}: {words[:200]})").of(
            "weights", path=path, found=type(error).__name__
        ) from error


def _named(words: str) -> str:
    """The name that PyTorch's message says it would have to import."""
    _, _, behind = words.partition("GLOBAL ")
    return brief(behind.split(" ", 1)[0].rstrip(".")) if behind else "something else than tensors"


def open_pickle(path: Path, *, trust: bool) -> Any:
    """Open a whole model on the processor: what torch.save, torch.jit.save or torch.export.save (.pt2) wrote.

    This runs what the file says. A scripted or exported model holds no modules that could be tapped.

    Raises:
        UsageError: it is not trusted, and opening it would run code.
        ModelError: it can't be opened, or holds no module.
        DataError: it is no file of PyTorch's, or is damaged.
    """
    size_of(path, "the model")
    if is_archive(path, "the model"):
        with archive(path, "the model"):
            pass  # what it claims to unpack to is checked
    if path.suffix != ".pt2" and holds_weights_alone(path):
        raise ModelError(
            f"{path.name} holds weights and no model; name a function that builds the model: "
            f"--model file.py:build --weights {path.name}"
        ).of("model", path=path, found="weights")
    if not trust:
        raise UsageError(f"opening {path.name} runs code that is in it; {CODE}").of("trust_code", path=path)
    try:
        found = _open(path)
    except Exception as error:
        words = " ".join(str(error).split())[:400]
        raise ModelError(f"PyTorch can't open {path.name} ({type(error).__name__}: {words}){_home(error)}").of(
            "model", path=path, found=type(error).__name__
        ) from error
    if not isinstance(found, torch.nn.Module):
        raise ModelError(
            f"{path.name} holds a {type(found).__name__} and no model; write the weights with "
            "safetensors.torch.save_file, and name a function that builds the model: "
            "--model file.py:build --weights FILE"
        ).of("model", path=path, found=type(found).__name__)
    return found


def _home(error: Exception) -> str:
    """The way out where a class was defined in the script that was run: nobody can find it under its name."""
    words = str(error)
    if not isinstance(error, AttributeError) or "__main__" not in words:
        return ""
    found = re.search(r"attribute '(\w+)'", words)
    name = found.group(1) if found else "Net"
    return (
        f". The script that saved it defined {name} itself, and in the file it is called __main__.{name}: save "
        f"model.state_dict() there, and open that with the class, --model script.py:{name} --weights state.pt (what a "
        "script does when it is run stands under if __name__ == '__main__')"
    )


def _is_scripted(found: zipfile.ZipFile) -> bool:
    return any(name.endswith("/constants.pkl") for name in found.namelist())


def _open(path: Path) -> Any:
    if path.suffix == ".pt2":
        return torch.export.load(path).module()
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as found:
            scripted = _is_scripted(found)
        if scripted:
            return torch.jit.load(path, map_location="cpu")
    return torch.load(path, map_location="cpu", weights_only=False)
