"""Opening PyTorch models from files: safetensors into a module that someone built, and pickles only when trusted."""

# PyTorch is only partly typed: unknown types are its own.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingImports=false, reportPrivateImportUsage=false

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any, Final

from safetensors import SafetensorError

from innerview.errors import MissingExtra, NetworkError

try:
    import torch
except ImportError as error:
    raise MissingExtra("opening a PyTorch model", "torch") from error


PREFIXES: Final = ("module.", "_orig_mod.", "model.")
"""What parallel, compiled and training wrappers put in front of every name."""


def load_state(model: Any, path: Path) -> None:
    """Put the weights of a safetensors file into a PyTorch module.

    Raises:
        NetworkError: the file can't be read, the model is none of PyTorch's, or names and shapes don't match.
    """
    from safetensors.torch import load_file

    if not isinstance(model, torch.nn.Module):
        raise NetworkError(
            f"weights were given for a {type(model).__name__}; only into a PyTorch module can a state dict be loaded"
        )
    try:
        held = load_file(path)
    except (SafetensorError, OSError, ValueError) as error:
        raise NetworkError(
            f"the weights {path.name} can't be read ({error}); give a safetensors file, such as "
            "safetensors.torch.save_file(model.state_dict(), 'weights.safetensors') writes"
        ) from error
    try:
        model.load_state_dict(held)
    except Exception as error:
        ahead = next((one for one in PREFIXES if all(name.startswith(one) for name in held)), "")
        way = f". All names begin with {ahead!r}, as of a wrapped model: save the one inside" if ahead else ""
        raise NetworkError(
            f"the weights {path.name} don't fit the model: {' '.join(str(error).split())[:600].rstrip('.')}{way}"
        ) from error


def open_pickle(path: Path) -> Any:
    """Open a whole model on the processor: what torch.save, torch.jit.save or torch.export.save (.pt2) wrote.

    This runs what the file says. A scripted or exported model holds no modules that could be tapped.

    Raises:
        NetworkError: it can't be opened, or holds no module.
    """
    try:
        found = _open(path)
    except Exception as error:
        raise NetworkError(f"PyTorch can't open {path.name} ({type(error).__name__}: {error})") from error
    if not isinstance(found, torch.nn.Module):
        raise NetworkError(
            f"{path.name} holds a {type(found).__name__} and no model; write the weights with "
            "safetensors.torch.save_file, and name a function that builds the model: "
            "--model file.py:build --weights FILE"
        )
    return found


def _open(path: Path) -> Any:
    if path.suffix == ".pt2":
        return torch.export.load(path).module()
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            scripted = any(name.endswith("/constants.pkl") for name in archive.namelist())
        if scripted:
            return torch.jit.load(path, map_location="cpu")
    return torch.load(path, map_location="cpu", weights_only=False)
