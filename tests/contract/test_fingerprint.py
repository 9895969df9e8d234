"""Identities and precisions: what makes two models the same, whatever the adapter."""

from __future__ import annotations

import re

import numpy as np
import pytest

from contract.closeness import assert_close
from innerview.errors import ModelError
from innerview.model import OUTPUT
from models import Subject
from raising import raises
from typecheck import unchecked


def test_the_same_weights_have_the_same_identity(subject: Subject) -> None:
    model = subject.build()
    assert re.fullmatch("[0-9a-f]{16}", model.fingerprint)
    assert subject.build().fingerprint == model.fingerprint


def test_use_and_misuse_don_t_change_it(subject: Subject) -> None:
    model = subject.build()
    before = model.fingerprint
    model.forward(subject.images())
    with pytest.raises(ModelError):
        model.forward(subject.images()[:, 1:])
    assert model.fingerprint == before


def test_any_weight_changes_it(subject: Subject) -> None:
    before = subject.build().fingerprint
    for name, value in subject.model.weights().items():
        weights = subject.model.weights()
        weights[name].flat[value.size // 2] += 0.01
        assert subject.build(weights=weights).fingerprint != before


@pytest.mark.float64
def test_more_digits_keep_it(differentiable: Subject) -> None:
    model = differentiable.build(np.float32)
    assert model.astype(np.float64).fingerprint == model.fingerprint


def test_a_copy_in_another_precision_is_the_same_model(differentiable: Subject, dtype) -> None:
    model, images = differentiable.build(np.float32), differentiable.images()
    other = model.astype(dtype)
    assert other is not model
    assert (other.dtype, model.dtype) == (dtype, np.float32)
    assert_close(other.forward(images).outputs.astype(np.float32), model.forward(images).outputs, np.float32)
    gradients = other.vjp(images, {OUTPUT: lambda value: np.ones((1, *value.shape))}).input_gradients
    assert gradients.dtype == dtype


@pytest.mark.parametrize("other", [np.float16, np.int32])
def test_other_precisions_are_refused(differentiable: Subject, other) -> None:
    with unchecked(), raises(ModelError, "dtype"):
        differentiable.build().astype(other)
