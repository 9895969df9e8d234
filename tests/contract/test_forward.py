"""What every model answers to a forward pass, whatever the adapter."""

from __future__ import annotations

import numpy as np
import pytest

from contract.closeness import assert_close
from innerview.errors import ImageError, ModelError, UsageError
from innerview.model import Model
from models import OUTPUT_SPEC, Subject
from raising import raises
from typecheck import unchecked


def test_outputs_are_those_of_the_formula(known: Subject, dtype) -> None:
    images = known.images(5, dtype)
    wanted, _ = known.model.known(images, known.model.weights())
    assert_close(known.build(dtype).forward(images).outputs, wanted, dtype)


def test_it_is_a_model_and_says_what_it_is(subject: Subject, dtype) -> None:
    model = subject.build(dtype)
    assert isinstance(model, Model)
    assert model.output == OUTPUT_SPEC
    assert model.input.shape == subject.model.input.shape
    assert model.dtype == dtype
    assert model.batch_size >= 1


def test_layers_have_the_shapes_that_they_declare(subject: Subject) -> None:
    model, images = subject.build(), subject.images(2)
    names = [layer.name for layer in model.layers]
    assert names == ([] if subject.adapter == "function" else [step.name for step in subject.model.operations])
    activations = model.forward(images, names).activations
    for layer in model.layers:
        assert activations[layer.name].shape == (2, *layer.shape)
        assert len(layer.axes.split()) == len(layer.shape)
        assert set(layer.parameters) <= set(model.weights())


def test_weights_are_those_that_were_given(subject: Subject) -> None:
    found = subject.build().weights()
    wanted = subject.own_weights()
    assert found.keys() == wanted.keys()
    assert all(np.array_equal(found[name], wanted[name].astype(found[name].dtype)) for name in wanted)


def test_a_row_alone_is_a_row_in_a_batch(subject: Subject, dtype) -> None:
    model, images = subject.build(dtype), subject.images(4, dtype)
    layers = [layer.name for layer in model.layers]
    together = model.forward(images, layers)
    for row in range(4):
        alone = model.forward(images[[row]], layers)
        assert_close(alone.outputs, together.outputs[[row]], dtype)
        for name in layers:
            assert_close(alone.activations[name], together.activations[name][[row]], dtype)


def test_answers_are_copies(subject: Subject) -> None:
    model, images = subject.build(), subject.images()
    layers = [layer.name for layer in model.layers]
    first = model.forward(images, layers)
    wanted, before = first.outputs.copy(), model.fingerprint
    for array in (first.outputs, *first.activations.values(), *model.weights().values()):
        array[...] = np.nan
    assert np.array_equal(model.forward(images, layers).outputs, wanted)
    assert model.fingerprint == before


def test_layers_don_t_share_memory(subject: Subject) -> None:
    model = subject.build()
    answer = model.forward(subject.images(), [layer.name for layer in model.layers])
    arrays = [answer.outputs, *answer.activations.values()]
    assert not any(np.shares_memory(a, b) for i, a in enumerate(arrays) for b in arrays[:i])


def test_the_images_are_only_read(subject: Subject) -> None:
    images = subject.images()
    before = images.copy()
    images.flags.writeable = False
    subject.build().forward(images)
    assert np.array_equal(images, before)


def test_images_of_any_float_and_any_strides_are_taken(subject: Subject) -> None:
    model, images = subject.build(np.float32), subject.images(4, np.float32)
    wanted = model.forward(images).outputs
    assert np.array_equal(model.forward(images.astype(np.float64)).outputs, wanted)
    strided = np.repeat(images, 2, axis=0)[::2]
    assert np.array_equal(model.forward(np.asfortranarray(strided)).outputs, wanted)


def test_pixels_outside_0_and_1_are_legal(subject: Subject) -> None:
    assert np.isfinite(subject.build().forward(subject.images() * 6 - 3).outputs).all()


def test_no_image_at_all_is_an_empty_answer(subject: Subject) -> None:
    assert subject.build().forward(subject.images(0)).outputs.shape == (0, 3)


@pytest.mark.parametrize("wrong", [np.s_[0], np.s_[:, 1:], np.s_[..., [0, 0]], np.s_[..., None]])
def test_a_wrong_shape_is_refused_with_both_shapes(subject: Subject, wrong) -> None:
    images = subject.images()[wrong]
    with unchecked(), pytest.raises(ModelError) as caught:
        subject.build().forward(images)
    height, width, channels = subject.model.input.shape
    assert f"{height} × {width} × {channels}" in str(caught.value)
    assert str(images.shape) in str(caught.value)


class Tensor:
    """Something of a framework that looks like an array."""

    ndim, shape, dtype = 4, (1, 3, 4, 3), "float32"


@pytest.mark.parametrize("given", [Tensor(), [[[[0.0]]]]], ids=["tensor", "list"])
def test_what_is_no_numpy_array_is_refused_with_the_line_that_makes_one(subject: Subject, given: object) -> None:
    with unchecked(), raises(ImageError, "image") as refused:
        subject.build().forward(given)
    assert type(given).__name__ in refused.value.found


@pytest.mark.parametrize("kind", [np.uint8, np.int64, bool])
def test_pixels_that_are_no_floats_are_refused(subject: Subject, kind) -> None:
    with unchecked(), raises(ModelError, "dtype", found=np.dtype(kind).name):
        subject.build().forward(subject.images().astype(kind))


def test_an_unknown_layer_is_refused_and_the_others_listed(subject: Subject) -> None:
    model = subject.build()
    with pytest.raises(UsageError) as caught:
        model.forward(subject.images(), ["nowhere"])
    assert "nowhere" in str(caught.value)
    assert all(layer.name in str(caught.value) for layer in model.layers)


def test_the_same_images_give_the_same_bits(subject: Subject) -> None:
    model, images = subject.build(np.float32), subject.images(dtype=np.float32)
    assert np.array_equal(model.forward(images).outputs, model.forward(images).outputs)
