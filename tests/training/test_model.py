"""The model in PyTorch is the bundled one, and it starts as its description says."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from innerview.allcnn import TABLE, build, shapes
from innerview.training import Initialisation
from innerview.training.model import AllCnn, first_not_finite, initialise, whitening_filters
from innerview.training.muon import Muon, orthogonalised


@pytest.fixture
def images() -> torch.Tensor:
    return torch.rand(32, 3, 12, 12, generator=torch.Generator().manual_seed(0))


def started(how: Initialisation, images: torch.Tensor, channels: int = 24) -> AllCnn:
    model = AllCnn(channels, 10)
    initialise(model, how, images, seed=0)
    return model


def test_its_weights_have_the_names_and_shapes_of_the_bundled_ones() -> None:
    named = AllCnn(128, 10).named()
    assert {name: tuple(weight.shape) for name, weight in named.items()} == shapes()
    assert sum(weight.numel() for weight in named.values()) == 905_856


def test_it_computes_what_the_numpy_model_computes(images: torch.Tensor) -> None:
    model = started(Initialisation(), images)
    weights = {name: weight.detach().numpy() for name, weight in model.named().items()}
    expected = build(weights, size=12).forward(images.permute(0, 2, 3, 1).numpy()).outputs
    np.testing.assert_allclose(model(images).detach().numpy(), expected, atol=1e-5)


def test_black_gives_nothing(images: torch.Tensor) -> None:
    assert (started(Initialisation(), images)(torch.zeros(1, 3, 12, 12)) == 0).all()


def test_mean_free_filters_do_not_see_grey(images: torch.Tensor) -> None:
    model = started(Initialisation(mean_free=True), images)
    inside = next(model.layers(torch.full((1, 3, 12, 12), 0.7)))[:, :, 1:-1, 1:-1]
    assert float(inside.detach().abs().max()) < 1e-5


def test_whitening_filters_answer_alike_to_every_direction_of_a_patch(images: torch.Tensor) -> None:
    filters = whitening_filters(images, 128)
    assert filters.shape == (54, 3, 3, 3)
    np.testing.assert_array_equal(filters[::2].numpy(), -filters[1::2].numpy())
    answers = torch.nn.functional.conv2d(images, filters[::2]).transpose(0, 1).reshape(27, -1)
    np.testing.assert_allclose(torch.cov(answers).numpy(), np.eye(27), atol=0.03)
    assert len(whitening_filters(images, 10)) == 10


def test_standardised_pixels_are_the_models_input(images: torch.Tensor) -> None:
    mean, std = (0.5, 0.4, 0.3), (0.2, 0.3, 0.4)
    raw, standardised = AllCnn(8, 10), AllCnn(8, 10, mean, std)
    initialise(raw, Initialisation(), images, seed=0)
    standardised.take({name: weight.detach() for name, weight in raw.named().items()})
    changed = images * torch.tensor(std)[:, None, None] + torch.tensor(mean)[:, None, None]
    np.testing.assert_allclose(standardised(changed).detach().numpy(), raw(images).detach().numpy(), atol=1e-4)


def test_every_layer_starts_with_unit_variance(images: torch.Tensor) -> None:
    model = started(Initialisation(lsuv=True), images)
    for layer in model.layers(images):
        output = layer.detach()
        # the inverse of ELU gives back what went into it
        before = torch.where(output > 0, output, torch.log1p(output))
        assert float(before.std()) == pytest.approx(1, abs=1e-3)


def test_stated_deviations_are_the_weights_deviations(images: torch.Tensor) -> None:
    stds = tuple(row.std for row in TABLE)
    model = started(Initialisation(stds=stds, mean_free=False, lsuv=False), images, channels=128)
    for std, weight in zip(stds, model.weights, strict=True):
        assert float(weight.detach().std()) == pytest.approx(std, rel=0.06)
        assert abs(float(weight.detach().mean())) < 4 * std / weight.numel() ** 0.5


def test_the_layer_where_numbers_end_is_named(images: torch.Tensor) -> None:
    model = started(Initialisation(), images)
    assert first_not_finite(model, images) == "the loss itself"
    with torch.no_grad():
        model.weights[4].mul_(torch.inf)
    assert first_not_finite(model, images) == "the weights of conv5"
    with torch.no_grad():
        model.weights[4].fill_(3e38)
    assert first_not_finite(model, images) == "the output of conv5"


def moved(*, hold: bool, scale: float = 1.0) -> tuple[torch.nn.Parameter, torch.Tensor]:
    """A weight after one step of Muon along a random gradient, and what it was before."""
    random = torch.Generator().manual_seed(1)
    start = scale * torch.randn(4, 2, 3, 3, generator=random)
    weight = torch.nn.Parameter(start.clone())
    weight.grad = torch.randn(4, 2, 3, 3, generator=random)
    Muon([weight], lr=0.1, momentum=0.9, hold=hold).step()
    return weight, start


class TestMuon:
    @pytest.mark.parametrize("shape", [(8, 8), (8, 72), (72, 8)])
    def test_singular_values_come_near_one_and_directions_stay(self, shape: tuple[int, int]) -> None:
        matrix = torch.randn(shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
        update = orthogonalised(matrix)
        u, _, v = torch.linalg.svd(matrix, full_matrices=False)
        values = torch.diagonal(u.T @ update @ v.T)
        assert 0.3 < float(values.min()) <= float(values.max()) < 1.3
        np.testing.assert_allclose(update.numpy(), (u * values @ v).numpy(), atol=1e-6)

    def test_the_scale_of_a_gradient_does_not_matter(self) -> None:
        matrix = torch.randn(4, 9, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
        np.testing.assert_allclose(orthogonalised(1e3 * matrix).numpy(), orthogonalised(matrix).numpy(), atol=1e-6)

    @pytest.mark.parametrize("hold", [False, True])
    def test_no_gradient_is_no_step(self, hold: bool) -> None:
        weight = torch.nn.Parameter(torch.ones(4, 2, 3, 3))
        weight.grad = torch.zeros_like(weight)
        Muon([weight], lr=0.1, momentum=0.9, hold=hold).step()
        np.testing.assert_allclose(weight.detach().numpy(), 1, rtol=1e-6)

    def test_the_first_step_is_the_orthogonalised_gradient_at_the_weights_own_scale(self) -> None:
        weight, start = moved(hold=False)
        assert weight.grad is not None
        expected = -0.1 * orthogonalised(weight.grad.reshape(4, -1)).reshape(weight.shape) * start.norm() / 2
        np.testing.assert_allclose((weight.detach() - start).numpy(), expected.numpy(), atol=1e-6)

    def test_a_held_weight_turns_and_keeps_its_size(self) -> None:
        weight, start = moved(hold=True)
        assert weight.detach().norm().item() == pytest.approx(start.norm().item(), rel=1e-6)
        assert ((weight.detach() * start).sum() / start.norm() ** 2).item() < 1 - 1e-4

    @pytest.mark.parametrize("hold", [False, True])
    def test_a_layer_ten_times_as_large_moves_ten_times_as_far(self, hold: bool) -> None:
        (small, start), (large, start_large) = moved(hold=hold), moved(hold=hold, scale=10.0)
        np.testing.assert_allclose(
            (large.detach() - start_large).numpy(), 10 * (small.detach() - start).numpy(), rtol=1e-4, atol=1e-5
        )
