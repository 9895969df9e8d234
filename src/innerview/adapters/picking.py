"""Which of several outputs is meant: the same words for every framework whose models return dicts and tuples."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, cast

from innerview.errors import ModelError

LOGITS: Final = "logits"
"""What many models call their outputs, those of transformers among them."""


def evident(result: object, is_tensor: Callable[[Any], bool]) -> str | int | None:
    """The key of the output that nobody needs to name: what is called logits, or the one tensor there is.

    Args:
        result: a mapping (a ModelOutput too), tuple, list or named tuple; of anything else there is no key.
        is_tensor: whether something is a tensor of the framework.
    """
    tensors = {name: value for name, value in _entries(result).items() if is_tensor(value)}
    if LOGITS in tensors:
        return LOGITS
    return next(iter(tensors)) if len({id(value) for value in tensors.values()}) == 1 else None


def taken(key: str | int | None) -> tuple[str, ...]:
    """What to say of an output that was taken as evident; nothing where none was."""
    if key is None:
        return ()
    what = "its logits are explained" if key == LOGITS else f"the one tensor, output {key!r}, is explained"
    return (f"of what the model returns, {what}",)


def pick(result: Any, key: str | int | None, is_tensor: Callable[[Any], bool]) -> Any:
    """Take the tensor that `key` names from what a model returned.

    Args:
        result: a tensor, or a mapping, tuple, list or named tuple with tensors in it.
        key: as in OutputSpec; None where it is `evident`.
        is_tensor: whether something is a tensor of the framework.

    Raises:
        ModelError: with the keys there are, and the shape that each leads to.
    """
    if is_tensor(result):
        if key is not None:
            raise ModelError(
                f"the model gives one tensor, so output={key!r} has no meaning; leave it out of OutputSpec"
            ).of("output", asked=key, found="one tensor")
        return result
    tensors = {name: value for name, value in _entries(result).items() if is_tensor(value)}
    key = evident(result, is_tensor) if key is None else key
    if key not in tensors:
        listed = ", ".join(f"{name!r} of shape {tuple(value.shape)}" for name, value in tensors.items()) or "no tensor"
        raise ModelError(
            f"the model gives a {type(result).__name__} with {listed}; output={key!r} names none of them: "
            "say which one is the output, OutputSpec(…, output=…) or --output-spec output=…"
        ).of("output", asked=key, found=listed)
    return tensors[key]


def _entries(result: object) -> dict[str | int, Any]:
    if isinstance(result, Mapping):
        return dict(cast("Mapping[str | int, Any]", result))
    if isinstance(result, tuple | list):
        values = cast("tuple[Any, ...]", result)
        fields: tuple[str, ...] = getattr(values, "_fields", ())
        return {**dict(enumerate(values)), **dict(zip(fields, values, strict=False))}
    return {}
