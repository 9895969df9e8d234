"""Which of several outputs is meant: the same words for every framework whose models return dicts and tuples."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

from innerview.errors import ModelError


def pick(result: Any, key: str | int | None, is_tensor: Callable[[Any], bool]) -> Any:
    """Take the tensor that `key` names from what a model returned.

    Args:
        result: a tensor, or a mapping, tuple, list or named tuple with tensors in it.
        key: as in OutputSpec; None where there is one tensor and nothing else.
        is_tensor: whether something is a tensor of the framework.

    Raises:
        ModelError: with the keys there are, and the shape that each leads to.
    """
    if is_tensor(result):
        if key is not None:
            raise ModelError(
                f"the model gives one tensor, so output={key!r} has no meaning; leave it out of OutputSpec"
            )
        return result
    tensors = {name: value for name, value in _entries(result).items() if is_tensor(value)}
    if key not in tensors:
        listed = ", ".join(f"{name!r} of shape {tuple(value.shape)}" for name, value in tensors.items()) or "no tensor"
        raise ModelError(
            f"the model gives a {type(result).__name__} with {listed}; output={key!r} names none of them: "
            "say which one is the output, OutputSpec(…, output=…) or --output-spec output=…"
        )
    return tensors[key]


def _entries(result: object) -> dict[str | int, Any]:
    if isinstance(result, Mapping):
        return dict(cast("Mapping[str | int, Any]", result))
    if isinstance(result, tuple | list):
        values = cast("tuple[Any, ...]", result)
        fields: tuple[str, ...] = getattr(values, "_fields", ())
        return {**dict(enumerate(values)), **dict(zip(fields, values, strict=False))}
    return {}
