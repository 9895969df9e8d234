"""How a PyTorch model ends, and what stands before its ending: whether that is a module or a call of a function.

While a model runs, softmax and sigmoid are watched where they are called, in any way that Python has (module,
`torch.softmax`, `functional`, a method, in place). The one whose very result is the output is the ending; nothing of
the model is changed for it. What is done to the result afterwards and only reshapes it is done to both. A scripted or
exported model shows nothing of this; its outputs do (see `endings`).
"""

# PyTorch is only partly typed: unknown types are its own.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownParameterType=false, reportMissingImports=false, reportPrivateImportUsage=false

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import torch
from torch.overrides import TorchFunctionMode

from innerview.adapters.endings import Found
from innerview.errors import ModelError

ENDINGS: Final[Mapping[str, Found]] = {
    "softmax": "softmax",
    "special_softmax": "softmax",
    "log_softmax": "log_softmax",
    "special_log_softmax": "log_softmax",
    "sigmoid": "sigmoid",
    "sigmoid_": "sigmoid",
    "special_expit": "sigmoid",
    "logsigmoid": "log_sigmoid",
}
"""By the name under which PyTorch knows the function, whatever module it is called from."""

RESHAPING: Final = frozenset(
    {
        "view",
        "reshape",
        "flatten",
        "squeeze",
        "unsqueeze",
        "contiguous",
        "clone",
        "to",
        "float",
        "double",
        "__getitem__",
    }
)

UNBOUNDED: Final = frozenset({"Addmm", "Mm", "Addbmm", "Baddbmm", "Bmm", "Convolution", "MkldnnConvolution"})
"""Operations of a graph that give any number at all."""

PASSING: Final = frozenset(
    {
        "View",
        "UnsafeView",
        "Reshape",
        "ReshapeAlias",
        "Squeeze",
        "Unsqueeze",
        "Clone",
        "ToCopy",
        "Alias",
        "Slice",
        "Select",
    }
)
"""Operations of a graph that leave the numbers as they are."""


@dataclass(frozen=True)
class _Ended:
    """A result that may be the output; it is held, so that its identity stays its own."""

    result: torch.Tensor
    name: Found
    before: torch.Tensor


class Watch(TorchFunctionMode):
    """Remembers what stood before each softmax and sigmoid whose result is as large as the outputs.

    Args:
        size: numbers in the outputs; larger and smaller results are inside the model.
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        self._size, self._ended = size, dict[int, _Ended]()

    def __torch_function__(
        self, func: Callable[..., Any], types: Iterable[type], args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        """Run the function, and note it where it may be the last."""
        given, name = kwargs or {}, getattr(func, "__name__", "")
        source = args[0] if args else given.get("input")
        if not isinstance(source, torch.Tensor) or source.numel() != self._size:
            return func(*args, **given)
        if name in ENDINGS:
            before = source.clone() if name.endswith("_") else source
            return self._note(func(*args, **given), ENDINGS[name], before)
        known = self._ended.get(id(source)) if name in RESHAPING else None
        result = func(*args, **given)
        if known is None or not isinstance(result, torch.Tensor):
            return result
        return self._note(result, known.name, func(known.before, *args[1:], **given) if args else known.before)

    def _note(self, result: Any, name: Found, before: torch.Tensor) -> Any:
        if isinstance(result, torch.Tensor):
            self._ended[id(result)] = _Ended(result, name, before)
        return result

    def ending(self, output: torch.Tensor) -> tuple[Found, torch.Tensor]:
        """How `output` came to be, and what stood before that; ("", output) where it is no ending."""
        found = self._ended.get(id(output))
        return ("", output) if found is None else (found.name, found.before)


def before(watch: Watch, output: torch.Tensor, expected: Found) -> torch.Tensor:
    """What stood before the ending that was found in the dry run.

    Raises:
        ModelError: this time the model ends otherwise.
    """
    found, value = watch.ending(output)
    if found != expected:
        raise ModelError(
            f"the model ended in {expected} in the dry run, and for these images in {found or 'something else'}; "
            "wrap one that always ends in the same way"
        ).of("ending", asked=expected, found=found)
    return value


def last_operation(output: torch.Tensor) -> Found:
    """What the graph says of the last operation: "linear", an ending, or "" where it says neither."""
    node: Any = output.grad_fn
    while node is not None:
        name = node.name().partition("Backward")[0]
        if name not in PASSING:
            return "linear" if name in UNBOUNDED else GRAPH.get(name, "")
        node = node.next_functions[0][0]
    return ""


GRAPH: Final[Mapping[str, Found]] = {
    "Softmax": "softmax",
    "LogSoftmax": "log_softmax",
    "Sigmoid": "sigmoid",
    "LogSigmoid": "log_sigmoid",
}
"""Endings as the graph calls them."""
