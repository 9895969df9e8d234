"""AttnLRP against its rules written out in NumPy, on a small transformer and on timm's and transformers' ViT."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
import timm
import torch
import transformers

import innerview
from adapters import lrp_by_hand as hand
from adapters.hubs import test_timm_models as of_timm_families
from adapters.hubs import test_transformers_models as of_transformers_families
from adapters.test_torch_attention import ABC, HEADS, MAKERS, PATCH, SPEC, Transformer, Whole
from innerview.adapters import wrap
from innerview.adapters.torch.model import TorchModel
from innerview.errors import UsageError
from innerview.methods.registry import map_methods
from innerview.model import InputSpec
from innerview.targets import Logit
from innerview.types import Array
from raising import raises

pytestmark = pytest.mark.torch

Weights = Mapping[str, Array]

GREY = InputSpec(24, 24, mean=(0.4, 0.5, 0.6), std=(0.5, 0.25, 0.5), layout="CHW")


def linear(weights: Weights, *names: str) -> hand.Linear:
    """One dense layer, or several above each other."""
    stacked = [np.concatenate([weights[f"{name}{end}"] for name in names]) for end in ("weight", "bias")]
    return hand.Linear(stacked[0].reshape(len(stacked[0]), -1), stacked[1])


def norm(weights: Weights, name: str, eps: float) -> hand.Norm:
    return hand.Norm(weights[f"{name}.weight"], weights[f"{name}.bias"], eps)


def numbers(module: torch.nn.Module) -> dict[str, Array]:
    """The state of a module after all weights were drawn anew, so that no bias is 0."""
    torch.manual_seed(1)
    for one in module.parameters():
        one.data = torch.randn_like(one) * 0.3
    return {name: value.numpy() for name, value in module.state_dict().items()}


def small(how: str) -> tuple[Any, Callable[[float], hand.Transformer]]:
    module = Transformer(MAKERS[how]).double().eval()
    w = numbers(module)

    def layer(at: int) -> hand.Layer:
        front = f"attns.{at}."
        if isinstance(module.attns[at], Whole):
            qkv = hand.Linear(w[front + "inner.in_proj_weight"], w[front + "inner.in_proj_bias"])
            return hand.Layer(norm(w, f"norms.{at}", 1e-5), qkv, linear(w, front + "inner.out_proj."))
        return hand.Layer(norm(w, f"norms.{at}", 1e-5), linear(w, front + "qkv."), linear(w, front + "proj."))

    return TorchModel(module, SPEC, ABC), lambda gamma: hand.Transformer(
        PATCH,
        HEADS,
        linear(w, "embed."),
        w["token"][0, 0] + w["places"][0, 0],
        w["places"][0, 1:],
        [layer(0), layer(1)],
        None,
        linear(w, "head."),
        gamma,
    )


def of_timm() -> tuple[Any, Callable[[float], hand.Transformer]]:
    module = timm.create_model(
        "vit_tiny_patch16_224", img_size=24, patch_size=8, embed_dim=16, depth=2, num_heads=2, num_classes=3
    )
    w = numbers(module.double().eval())

    def layer(front: str) -> hand.Layer:
        return hand.Layer(
            norm(w, f"{front}norm1", 1e-6),
            linear(w, f"{front}attn.qkv."),
            linear(w, f"{front}attn.proj."),
            norm(w, f"{front}norm2", 1e-6),
            linear(w, f"{front}mlp.fc1."),
            linear(w, f"{front}mlp.fc2."),
        )

    return wrap(module, input=GREY), lambda gamma: hand.Transformer(
        8,
        2,
        linear(w, "patch_embed.proj."),
        w["cls_token"][0, 0] + w["pos_embed"][0, 0],
        w["pos_embed"][0, 1:],
        [layer("blocks.0."), layer("blocks.1.")],
        norm(w, "norm", 1e-6),
        linear(w, "head."),
        gamma,
    )


def of_transformers() -> tuple[Any, Callable[[float], hand.Transformer]]:
    config = transformers.ViTConfig(
        image_size=24,
        patch_size=8,
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=24,
        num_labels=3,
    )
    module = transformers.ViTForImageClassification(config)
    w = numbers(module.double().eval())

    def layer(front: str) -> hand.Layer:
        return hand.Layer(
            norm(w, f"{front}layernorm_before", 1e-12),
            linear(w, *(f"{front}attention.{one}_proj." for one in "qkv")),
            linear(w, f"{front}attention.o_proj."),
            norm(w, f"{front}layernorm_after", 1e-12),
            linear(w, f"{front}mlp.fc1."),
            linear(w, f"{front}mlp.fc2."),
        )

    return wrap(module, input=GREY), lambda gamma: hand.Transformer(
        8,
        2,
        linear(w, "vit.embeddings.patch_embeddings.projection."),
        w["vit.embeddings.cls_token"][0, 0] + w["vit.embeddings.position_embeddings"][0, 0],
        w["vit.embeddings.position_embeddings"][0, 1:],
        [layer("vit.layers.0."), layer("vit.layers.1.")],
        norm(w, "vit.layernorm", 1e-12),
        linear(w, "classifier."),
        gamma,
    )


MODELS = {
    **{how: (lambda how=how: small(how)) for how in MAKERS},
    "timm": of_timm,
    "transformers": of_transformers,
}


@pytest.mark.parametrize("gamma", [0.0, 0.25])
@pytest.mark.parametrize("which", MODELS)
def test_relevance_is_that_of_the_rules_and_none_is_lost(which: str, gamma: float) -> None:
    model, by_hand = MODELS[which]()
    image = np.random.default_rng(0).random(model.input.shape)
    reference = by_hand(gamma)
    for target in range(3):
        logits, expected = reference.explain(image * model.input.scale + model.input.offset, target)
        assert expected.sum() + reference.kept == pytest.approx(logits[target], abs=1e-9)
        found = innerview.attn_lrp(model, image, Logit(target), gamma=gamma)
        assert found.score == pytest.approx(logits[target])
        assert np.abs(expected).max() > 1e-5
        np.testing.assert_allclose(found.attribution, expected, rtol=0, atol=1e-8 * np.abs(expected).max())


PARTS_KNOWN = ["ViT", "DeiT", "Swin", "EVA", "vit", "dinov2", "beit", "swin", "siglip"]


@pytest.mark.parametrize("family", PARTS_KNOWN)
def test_it_is_for_the_families_of_transformers(family: str) -> None:
    """Their outputs are their own to the last bit, and something arrives at the pixels of every token."""
    model = wrap(of_transformers_families.made(family) if family.islower() else of_timm_families.made(family))
    image = np.random.default_rng(0).random(model.input.shape).astype(np.float32)
    assert "attn-lrp" in map_methods(model)
    found = innerview.attn_lrp(model, image, Logit(1))
    plain = model.forward(image[None]).outputs
    assert found.score == plain[0, 1]
    assert np.count_nonzero(found.attribution) > 0.9 * found.attribution.size


@pytest.mark.parametrize("family", ["ConvNeXt", "MobileNetV3", "ResNet", "convnext", "resnet"])
def test_it_is_for_no_other(family: str) -> None:
    model = wrap(of_transformers_families.made(family) if family.islower() else of_timm_families.made(family))
    assert "attn-lrp" not in map_methods(model)
    with raises(UsageError, "rules", asked="attn-lrp"):
        innerview.attn_lrp(model, np.zeros(model.input.shape, np.float32), Logit(1))
