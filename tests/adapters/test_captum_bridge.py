"""Methods of Captum through the bridge: the numbers are Captum's own and known, and the model comes back as it was."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from captum import attr
from torch import nn

from adapters.torch_models import in_the_middle_of_training, same, state
from innerview.adapters.captum.bridge import captum_attribution
from innerview.adapters.captum.refusals import share_out
from innerview.adapters.torch.model import TorchModel
from innerview.errors import ImageError, ModelError, UsageError
from innerview.methods import grad_cam, gradient, gradient_input, integrated_gradients, occlusion
from innerview.model import InputSpec, OutputSpec
from innerview.pictures import attribution_figure
from innerview.targets import Contrast, Logit, Margin, Probability
from models import Subject
from raising import raises
from typecheck import unchecked

SPEC = InputSpec(6, 8, mean=(0.4, 0.5, 0.6), std=(0.2, 0.3, 0.25), layout="CHW")
CLASSES = OutputSpec(("a", "b", "c"))
IMAGE = np.random.default_rng(1).random(SPEC.shape).astype(np.float32)
BASELINE = np.random.default_rng(2).random(SPEC.shape).astype(np.float32)
MEAN = np.broadcast_to(np.float32([0.4, 0.5, 0.6]), SPEC.shape).copy()


def wrapped(activation: type[nn.Module] = nn.ReLU, output: OutputSpec = CLASSES, wrapping=None) -> TorchModel:
    """Convolution, activation, pooling to 3 × 4 places, their mean, a dense layer."""
    torch.manual_seed(0)
    steps = (nn.Conv2d(3, 5, 3, padding=1), activation(), nn.AvgPool2d(2), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    model = nn.Sequential(*steps, nn.Linear(5, 3))
    return TorchModel(model if wrapping is None else wrapping(model), SPEC, output)


def linear() -> TorchModel:
    torch.manual_seed(0)
    return TorchModel(nn.Sequential(nn.Flatten(), nn.Linear(6 * 8 * 3, 3)), SPEC, CLASSES)


def close(found: np.ndarray, wanted: np.ndarray) -> None:
    """The bar of parity: 1e-5 of the largest value, in float32."""
    assert found.shape == wanted.shape
    assert np.abs(found - wanted).max() <= 1e-5 * np.abs(wanted).max()


@pytest.mark.parametrize("target", [Logit(1), Logit(), Contrast(2), Margin(0, 1), Probability(1)], ids=str)
def test_gradients_are_per_unit_of_pixel_value_whatever_the_target(target) -> None:
    ours = gradient(wrapped(), IMAGE, target)
    theirs = captum_attribution(wrapped(), "Saliency", IMAGE, target)
    close(theirs.attribution, ours.gradient)
    assert (theirs.unit, theirs.meaning) == (f"{target.unit} per unit of pixel value", "sensitivity")
    assert theirs.provenance.target == ours.provenance.target
    assert theirs.score == pytest.approx(ours.score)
    assert theirs.n_evaluations == 1


def test_integrated_gradients_take_images_as_baselines() -> None:
    ours = integrated_gradients(wrapped(nn.ELU), IMAGE, Logit(0), baseline=BASELINE, n_steps=20)
    theirs = captum_attribution(
        wrapped(nn.ELU), "IntegratedGradients", IMAGE, Logit(0), baselines=BASELINE, n_steps=20, method="gausslegendre"
    )
    close(theirs.attribution, ours.attribution)
    assert (theirs.unit, theirs.meaning, theirs.target) == ("logit", "contribution", 0)


def test_their_input_is_the_difference_from_the_mean_colour() -> None:
    theirs = captum_attribution(wrapped(), "InputXGradient", IMAGE, Logit(0))
    close(theirs.attribution, gradient_input(wrapped(), IMAGE, Logit(0), baseline=MEAN).attribution)
    integrated = captum_attribution(wrapped(), "IntegratedGradients", IMAGE, Logit(0))
    assert integrated.notes == ("Captum's own baseline: 0 behind the normalisation, which need not be black.",)


WEIGHTS = linear().weights()["1.weight"].reshape(3, 3, 6, 8).transpose(0, 2, 3, 1) / np.float32(SPEC.std)
EXACT = {
    "DeepLift": {"baselines": BASELINE},
    "IntegratedGradients": {"baselines": BASELINE, "n_steps": 3},
    "GradientShap": {"baselines": BASELINE, "stdevs": 0.0},
    "DeepLiftShap": {"baselines": np.stack([BASELINE, BASELINE])},
    "FeatureAblation": {"baselines": BASELINE},
    "ShapleyValueSampling": {"baselines": BASELINE, "n_samples": 1},
}


@pytest.mark.parametrize(("method", "arguments"), EXACT.items(), ids=EXACT)
@pytest.mark.parametrize("target", [Logit(1), Contrast(1)], ids=str)
def test_of_a_linear_model_contributions_are_exact(method, arguments, target) -> None:
    weights = WEIGHTS[1] if isinstance(target, Logit) else WEIGHTS[1] - (WEIGHTS[0] + WEIGHTS[2]) / 2
    close(captum_attribution(linear(), method, IMAGE, target, **arguments).attribution, weights * (IMAGE - BASELINE))


def test_deeplift_adds_up_to_the_change_of_the_score() -> None:
    subject = wrapped()
    for target in (Logit(0), Contrast(0)):
        found = captum_attribution(subject, attr.DeepLift, IMAGE, target, baselines=BASELINE)
        before = target.score(subject.forward(BASELINE[None]).outputs)[0]
        assert found.heatmap.sum() == pytest.approx(found.score - before, rel=1e-4)


def test_masks_are_images_of_regions() -> None:
    mask = np.zeros((6, 8), int)
    mask[3:] = 1
    found = captum_attribution(linear(), "FeatureAblation", IMAGE, Logit(0), baselines=BASELINE, feature_mask=mask)
    exact = WEIGHTS[0] * (IMAGE - BASELINE)
    close(found.attribution[:3], np.full((3, 8, 3), exact[:3].sum()))
    assert found.n_evaluations == 3


def test_occlusion_is_ours_times_the_pixels_of_the_window() -> None:
    ours = occlusion(wrapped(), IMAGE, Logit(0), fill=BASELINE, window=(2, 4)).heatmap
    theirs = captum_attribution(
        wrapped(), "Occlusion", IMAGE, Logit(0), baselines=BASELINE, sliding_window_shapes=(3, 2, 4), strides=(3, 2, 4)
    )
    close(theirs.attribution, np.repeat(8 * ours[..., None], 3, axis=2))


def test_layers_are_laid_over_the_image() -> None:
    theirs = captum_attribution(wrapped(), "LayerGradCam", IMAGE, Logit(0), layer="name:2")
    close(theirs.heatmap, grad_cam(wrapped(), IMAGE, Logit(0), "name:2").heatmap)
    assert theirs.meaning == "contribution"
    with raises(ModelError, "map", asked="LayerActivation", found=(1, 5)):
        captum_attribution(wrapped(), "LayerActivation", IMAGE, None, layer="4")


@pytest.mark.parametrize(("height", "width"), [(2, 3), (5, 7), (6, 8)])
def test_places_are_shared_out_to_the_last_bit_of_their_sum(height: int, width: int) -> None:
    places = np.random.default_rng(0).normal(size=(height, width))
    pixels = share_out(places, 6, 8)
    assert pixels.sum() == pytest.approx(places.sum())
    assert len(np.unique(pixels.round(12))) == places.size
    with raises(ModelError, "layer", found=(height, width), limit=(1, 2)):
        share_out(places, 1, 2)


@pytest.mark.parametrize("method", ["GuidedBackprop", "Deconvolution"])
def test_guided_gradients_need_relu(method) -> None:
    guided = captum_attribution(wrapped(), method, IMAGE, Logit(0))
    assert np.abs(guided.attribution - gradient(wrapped(), IMAGE, Logit(0)).gradient).max() > 1e-4
    with raises(UsageError, "activations", found="ELU"):
        captum_attribution(wrapped(nn.ELU), method, IMAGE, Logit(0))
    with raises(UsageError, "activations"):
        captum_attribution(linear(), method, IMAGE, Logit(0))
    with raises(UsageError, "activations", asked="GuidedGradCam", found="ELU"):
        captum_attribution(wrapped(nn.ELU), "GuidedGradCam", IMAGE, Logit(0), layer="name:2")


def test_a_model_with_relu_and_others_is_told_of() -> None:
    mixed = wrapped(lambda: nn.Sequential(nn.ReLU(), nn.ELU()))
    assert captum_attribution(mixed, "GuidedBackprop", IMAGE, Logit(0)).notes == (
        "Only ReLU is changed on the way back; ELU pass gradients as they are.",
    )


def test_a_function_may_make_the_method() -> None:
    found = captum_attribution(
        wrapped(),
        lambda model: attr.NoiseTunnel(attr.Saliency(model)),
        IMAGE,
        Logit(0),
        stdevs=0.0,
        nt_samples=3,
        abs=False,
    )
    close(found.attribution, gradient(wrapped(), IMAGE, Logit(0)).gradient)
    assert (found.method, found.n_evaluations) == ("Captum: NoiseTunnel of Saliency", 3)
    spread = captum_attribution(
        wrapped(), lambda model: attr.NoiseTunnel(attr.Saliency(model)), IMAGE, Logit(0), nt_type="vargrad", stdevs=0.5
    )
    assert (spread.unit, spread.meaning) == ("(logit per unit of pixel value)²", "spread")
    assert spread.heatmap.min() >= 0


def test_a_seed_decides_and_no_generator_is_moved() -> None:
    def run(seed: int) -> np.ndarray:
        arguments = {"baselines": np.stack([BASELINE, IMAGE]), "n_samples": 2}
        return captum_attribution(wrapped(), "GradientShap", IMAGE, Logit(0), seed=seed, **arguments).attribution

    subject = wrapped()
    before = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    captum_attribution(subject, "GradientShap", IMAGE, Logit(0), baselines=np.stack([BASELINE, IMAGE]))
    assert torch.equal(torch.get_rng_state(), before[0])
    np.testing.assert_array_equal(np.random.get_state()[1], before[1])  # noqa: NPY002
    np.testing.assert_array_equal(run(3), run(3))
    assert (run(3) != run(4)).any()


@pytest.mark.parametrize("method", ["Saliency", "InputXGradient", "GuidedBackprop", "FeatureAblation"])
def test_a_model_comes_back_as_it_was(method) -> None:
    module = in_the_middle_of_training()
    subject = TorchModel(module, InputSpec(6, 8, layout="CHW"), CLASSES)
    before, hanging = state(module), held(module)
    captum_attribution(subject, method, IMAGE, Logit(0))
    assert same(state(module), before)
    assert held(module) == hanging


def held(module: nn.Module) -> dict[str, set[str]]:
    """What hangs on each part of a model, by name."""
    return {name: set(vars(part)) for name, part in module.named_modules()}


class Flat(nn.Module):
    """As `wrapped`, with nothing that LRP has no rule for."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.conv, self.relu, self.dense = nn.Conv2d(3, 5, 3), nn.ReLU(), nn.Linear(120, 3)

    def forward(self, value: torch.Tensor) -> torch.Tensor:
        return self.dense(self.relu(self.conv(value)).flatten(1))


@pytest.mark.parametrize("method", ["DeepLift", "LRP"])
def test_a_model_comes_back_as_it_was_from_methods_that_change_modules(method) -> None:
    subject = TorchModel(Flat(), SPEC, CLASSES)
    before, hanging = state(subject.model), held(subject.model)
    found = captum_attribution(subject, method, IMAGE, Logit(0))
    assert same(state(subject.model), before)
    assert held(subject.model) == hanging
    assert np.abs(found.attribution).max() > 0


FAILURES = {
    "DeepLift": (in_the_middle_of_training, "RuntimeError: .* more than once"),  # one ReLU is called twice
    "LRP": (lambda: wrapped().model, "TypeError: .*Flatten"),
}


@pytest.mark.parametrize(("method", "make", "said"), [(name, *rest) for name, rest in FAILURES.items()], ids=FAILURES)
def test_what_captum_can_t_do_is_said_in_its_own_words_and_leaves_no_trace(method, make, said) -> None:
    module = make()
    subject = TorchModel(module, InputSpec(6, 8, layout="CHW"), CLASSES)
    before, hanging = state(module), held(module)
    with pytest.raises(ModelError, match=f"Captum's {method} failed with {said}"):
        captum_attribution(subject, method, IMAGE, Logit(0))
    assert same(state(module), before)
    assert held(module) == hanging


def test_a_model_with_several_outputs_is_explained_at_the_declared_one() -> None:
    class Pair(nn.Module):
        def __init__(self, model: nn.Module) -> None:
            super().__init__()
            self.model = model

        def forward(self, value: torch.Tensor) -> dict[str, torch.Tensor]:
            return {"other": value.mean(), "logits": self.model(value)}

    pair = wrapped(output=OutputSpec(CLASSES.class_names, output="logits"), wrapping=Pair)
    close(
        captum_attribution(pair, "Saliency", IMAGE, Logit(0)).attribution,
        gradient(wrapped(), IMAGE, Logit(0)).gradient,
    )


def test_neurons_are_explained_without_a_target() -> None:
    found = captum_attribution(wrapped(), "NeuronGradient", IMAGE, None, layer="5", neuron_selector=1)
    close(found.attribution, gradient(wrapped(), IMAGE, Logit(1)).gradient)
    assert (found.unit, found.provenance.target) == ("activation per unit of pixel value", "a neuron of layer 5")
    with raises(UsageError, "target", found="NeuronGradient"):
        captum_attribution(wrapped(), "NeuronGradient", IMAGE, Logit(1), layer="5", neuron_selector=1)
    with raises(UsageError, "target", found="Saliency"):
        captum_attribution(wrapped(), "Saliency", IMAGE, None)


@pytest.mark.parametrize("method", ["FeaturePermutation", "DataLoaderAttribution", "LLMAttribution", "Attribution"])
def test_methods_without_meaning_are_refused_with_the_reason(method) -> None:
    with raises(UsageError, "method", asked=method, found="refused"):
        captum_attribution(wrapped(), method, IMAGE, Logit(0))


def test_targets_without_meaning_are_refused() -> None:
    with raises(UsageError, "target", found="LRP"):
        captum_attribution(wrapped(), "LRP", IMAGE, Contrast(0))
    with raises(UsageError, "target", found="DeepLift"):
        captum_attribution(wrapped(), "DeepLift", IMAGE, Probability(0))


def test_bad_requests_say_asked_found_and_do() -> None:
    with raises(UsageError, "method", asked="Salience"):
        captum_attribution(wrapped(), "Salience", IMAGE, Logit(0))
    with raises(UsageError, "layer", asked="LayerGradCam", found="none was named"):
        captum_attribution(wrapped(), "LayerGradCam", IMAGE, Logit(0))
    with raises(UsageError, "layer", asked="Saliency", found="'conv1' was named"):
        captum_attribution(wrapped(), "Saliency", IMAGE, Logit(0), layer="conv1")
    with raises(UsageError, "method", found="int"):
        captum_attribution(wrapped(), lambda model: 1, IMAGE, Logit(0))
    with raises(UsageError, "arguments", asked="NoiseTunnel"):
        captum_attribution(wrapped(), "NoiseTunnel", IMAGE, Logit(0))
    with raises(UsageError, "return_convergence_delta"):
        captum_attribution(wrapped(), "DeepLift", IMAGE, Logit(0), return_convergence_delta=True)
    with pytest.raises(ModelError, match=r"Captum's Saliency failed with TypeError: .*steps"):
        captum_attribution(wrapped(), "Saliency", IMAGE, Logit(0), steps=3)
    with raises(ImageError, "baselines", found=(2, 2, 3)):
        captum_attribution(wrapped(), "DeepLift", IMAGE, Logit(0), baselines=np.zeros((2, 2, 3)))
    with raises(ImageError, "feature_mask", found=(6, 8, 1)):
        captum_attribution(wrapped(), "FeatureAblation", IMAGE, Logit(0), feature_mask=np.zeros((6, 8)))
    with unchecked(), raises(ImageError, "image", asked=(6, 8, 3), found=(2, 2, 3)):
        captum_attribution(wrapped(), "Saliency", np.zeros((2, 2, 3)), Logit(0))
    numpy = Subject("numpy", "linear")
    with raises(UsageError, "model", found="NumpyModel"):
        captum_attribution(numpy.build(), "Saliency", numpy.images(1)[0], Logit(0))


def test_our_images_draw_it() -> None:
    found = captum_attribution(wrapped(), "DeepLift", IMAGE, Logit(0), baselines=BASELINE)
    page = attribution_figure(found)
    assert page.width > 300
    assert {"captum", "torch", "numpy"} <= set(found.provenance.versions)
