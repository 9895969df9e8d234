"""One number of a convolution: the inputs that give most to it, number by number, and what all others give together."""

from __future__ import annotations

from typing import Final

import numpy as np

from innerview.methods.one_convolution import OneConvolution
from innerview.viewer.payload import Payload, counted, make_payload, numbered
from innerview.viewer.payloads.stamp import Stamp

INPUTS: Final = 6
"""Inputs that are shown by themselves, those whose products add up to most."""


def convolution_payload(found: OneConvolution, stamp: Stamp) -> Payload:
    """Show how one number comes about; the parts, the rest and the bias add up to its sum."""
    parts = found.products.sum(axis=(1, 2))
    shown: list[int] = np.argsort(-np.abs(parts), kind="stable")[:INPUTS].tolist()
    rest = float(np.delete(parts, shown).sum())
    return make_payload(
        "convolution",
        {
            "patch": numbered(found.patch[shown]),
            "kernel": numbered(found.kernel[shown]),
            "products": numbered(found.products[shown]),
            "inputs": counted([found.inputs[place] for place in shown]),
            "parts": numbered(parts[shown]),
            "sums": numbered([rest, found.bias or 0.0, found.total, found.output]),
        },
        **stamp.texts,
        layer=found.layer,
        channel=found.channel,
        position=[found.row, found.column],
        source=found.source,
        others=len(parts) - len(shown),
        biased="yes" if found.bias is not None else "",
        corner=[found.top, found.left],
        stride=found.stride,
        dilation=found.dilation,
        following=[[name, kind, value] for name, kind, value in found.following],
    )
