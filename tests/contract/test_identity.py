"""Identities and precisions: what makes two networks the same, whatever the adapter."""

from __future__ import annotations

import re

import numpy as np
import pytest

from contract.closeness import assert_close
from innerview.errors import NetworkError
from innerview.network import OUTPUT
from networks import Subject
from typecheck import unchecked


def test_the_same_weights_have_the_same_identity(subject: Subject) -> None:
    network = subject.build()
    assert re.fullmatch("[0-9a-f]{16}", network.identity)
    assert subject.build().identity == network.identity


def test_use_and_misuse_don_t_change_it(subject: Subject) -> None:
    network = subject.build()
    before = network.identity
    network.forward(subject.images())
    with pytest.raises(NetworkError):
        network.forward(subject.images()[:, 1:])
    assert network.identity == before


def test_any_weight_changes_it(subject: Subject) -> None:
    before = subject.build().identity
    for name, value in subject.model.weights().items():
        weights = subject.model.weights()
        weights[name].flat[value.size // 2] += 0.01
        assert subject.build(weights=weights).identity != before


@pytest.mark.float64
def test_more_digits_keep_it(differentiable: Subject) -> None:
    network = differentiable.build(np.float32)
    assert network.astype(np.float64).identity == network.identity


def test_a_copy_in_another_precision_is_the_same_network(differentiable: Subject, dtype) -> None:
    network, images = differentiable.build(np.float32), differentiable.images()
    other = network.astype(dtype)
    assert other is not network
    assert (other.dtype, network.dtype) == (dtype, np.float32)
    assert_close(other.forward(images).logits.astype(np.float32), network.forward(images).logits, np.float32)
    gradients = other.pullback(images, {OUTPUT: lambda value: np.ones((1, *value.shape))}).input_gradients
    assert gradients.dtype == dtype


@pytest.mark.parametrize("other", [np.float16, np.int32])
def test_other_precisions_are_refused(differentiable: Subject, other) -> None:
    with unchecked(), pytest.raises(NetworkError, match="float32 or float64"):
        differentiable.build().astype(other)
