"""What a framework can't do on every processor, asked of the bare framework before a test needs it.

A capability is one call of the framework, without innerview, and the errors by which it says that it lacks just that.
Nothing else counts: a framework that is missing or broken raises what it raises, and the test fails.

    if why := lacks("convolution with channels in front"): …
    need("convolution with channels in front")      skips the test, with what the framework said as the reason
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib import import_module

import pytest


@dataclass(frozen=True)
class Capability:
    """`ask` fails with an error of one of `lacking` ("module:name", imported only if it fails) where it is lacking."""

    ask: Callable[[], object]
    lacking: tuple[str, ...]


def _convolution() -> object:
    import keras

    return keras.ops.conv(keras.ops.zeros((1, 1, 3, 3)), keras.ops.zeros((2, 2, 1, 1)), data_format="channels_first")


def _transposed_convolution() -> object:
    import keras

    given, kernel = keras.ops.zeros((1, 1, 3, 3)), keras.ops.zeros((2, 2, 1, 1))
    return keras.ops.conv_transpose(given, kernel, 1, data_format="channels_first")


LACKING = "this processor has no"
"""Begins every reason, so that a run that was read from outside tells these skips from others."""

_OF_TENSORFLOW = ("tensorflow.errors:UnimplementedError", "tensorflow.errors:InvalidArgumentError")

CAPABILITIES: Mapping[str, Capability] = {
    "convolution with channels in front": Capability(_convolution, _OF_TENSORFLOW),
    "transposed convolution with channels in front": Capability(_transposed_convolution, _OF_TENSORFLOW),
}


@cache
def lacks(name: str) -> str:
    """Why this processor lacks a capability, in the framework's words; empty where it is there."""
    capability = CAPABILITIES[name]
    try:
        capability.ask()
    except Exception as error:
        if type(error) not in _errors(capability):
            raise
        return f"{LACKING} {name}: {type(error).__name__}: {' '.join(str(error).split())[:300]}"
    return ""


def need(name: str) -> None:
    """Skip the test where this processor lacks a capability."""
    if why := lacks(name):
        pytest.skip(why)


def _errors(capability: Capability) -> set[type]:
    found = set[type]()
    for place in capability.lacking:
        module, name = place.split(":")
        with suppress(ModuleNotFoundError):  # another backend: then its errors are none of these
            found.add(getattr(import_module(module), name))
    return found
