"""CLIP and SigLIP as classifiers of texts: the logits and gradients of transformers' own model of both sides."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from tokenizers import Tokenizer, models, pre_tokenizers

from innerview.adapters.hubs import open_hub
from innerview.adapters.hubs.zero_shot import read_prompts
from innerview.errors import ModelError, UsageError
from innerview.model import OUTPUT
from innerview.session.models import ModelRequest, open_model
from raising import raises

pytestmark = pytest.mark.torch

SMALL = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 24}
WORDS = ("[PAD]", "[UNK]", "</s>", "a", "photo", "of", "cat", "dog", "owl")
NAMES = ("cat", "dog", "owl")
TEXTS = "a photo of a {cat, dog, owl}"


def saved(kind: str, folder: Path) -> Any:
    """A small model of both sides with its processor and a tokenizer of nine words, in a folder."""
    torch.manual_seed(0)
    text = {**SMALL, "vocab_size": len(WORDS), "max_position_embeddings": 64, "pad_token_id": 0, "eos_token_id": 2}
    text |= {"bos_token_id": 1, "projection_dim": 8, "projection_size": 16}
    vision = {**SMALL, "image_size": 32, "patch_size": 8, "projection_dim": 8}
    more = {"projection_dim": 8} if kind == "clip" else {}
    config = transformers.CONFIG_MAPPING[kind](text_config=text, vision_config=vision, **more)
    model = transformers.AutoModel.from_config(config).eval()
    with torch.no_grad():
        model.logit_scale.fill_(1.5)
        if kind == "siglip":
            model.logit_bias.fill_(-0.7)
    model.save_pretrained(folder)
    special = dict(zip(("pad_token", "unk_token", "eos_token"), WORDS, strict=False))
    words = Tokenizer(models.WordLevel({word: number for number, word in enumerate(WORDS)}, special["unk_token"]))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    transformers.PreTrainedTokenizerFast(tokenizer_object=words, **special).save_pretrained(folder)
    size = {"shortest_edge": 32} if kind == "clip" else {"height": 32, "width": 32}
    name = "CLIPImageProcessor" if kind == "clip" else "SiglipImageProcessor"
    crop = {"crop_size": {"height": 32, "width": 32}} if kind == "clip" else {}
    getattr(transformers, name)(size=size, **crop).save_pretrained(folder)
    return model


@pytest.mark.parametrize(("kind", "outputs"), [("clip", "logits"), ("siglip", "sigmoid")])
def test_the_numbers_are_those_of_both_sides(kind: str, outputs: str, tmp_path: Path) -> None:
    own = saved(kind, tmp_path)
    wrapped: Any = open_model(ModelRequest(f"hf:{tmp_path}", classes=TEXTS))
    assert (wrapped.output.class_names, wrapped.output.kind) == (NAMES, outputs)
    tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path)
    padding: Any = {"padding": "max_length", "max_length": 64} if kind == "siglip" else {"padding": True}
    given = tokenizer([f"a photo of a {name}" for name in NAMES], return_tensors="pt", **padding)
    given.pop("token_type_ids", None)
    if kind == "siglip":
        given.pop("attention_mask")
    image = np.random.default_rng(0).random((1, *wrapped.input.shape)).astype(np.float32)
    values = ((image - wrapped.input.mean) / wrapped.input.std).astype(np.float32).transpose(0, 3, 1, 2)
    entering = torch.from_numpy(values).requires_grad_()
    logits = own(**given, pixel_values=entering).logits_per_image
    np.testing.assert_allclose(wrapped.forward(image).outputs, logits.detach().numpy(), atol=1e-5)
    (expected,) = torch.autograd.grad(logits[0, 1], entering)
    found = wrapped.vjp(image, {OUTPUT: lambda v: np.eye(3, dtype=v.dtype)[None, [1]]}).input_gradients[0, 0]
    by_pixel = expected[0].permute(1, 2, 0).numpy() / wrapped.input.std
    np.testing.assert_allclose(found, by_pixel, atol=1e-4 * np.abs(by_pixel).max())
    assert wrapped.output.source.startswith("the texts 'a photo of a …'")


@pytest.mark.parametrize("kind", ["clip", "siglip"])
def test_without_texts_a_head_that_nobody_trained_is_refused(kind: str, tmp_path: Path) -> None:
    saved(kind, tmp_path)
    with raises(ModelError, "weights", found="classifier.bias"):
        open_hub("hf", str(tmp_path))


def test_a_model_without_a_head_is_refused_as_a_classifier(tmp_path: Path) -> None:
    """transformers would fill one in at random, with a warning alone."""
    config = transformers.ViTConfig(**SMALL, image_size=32, patch_size=8, num_labels=3)
    transformers.ViTModel(config).save_pretrained(tmp_path)
    transformers.ViTImageProcessor(size={"height": 32, "width": 32}).save_pretrained(tmp_path)
    with raises(ModelError, "weights", found="classifier.bias"):
        open_hub("hf", str(tmp_path))
    transformers.ViTForImageClassification(config).save_pretrained(tmp_path)
    assert open_hub("hf", str(tmp_path)).output.class_names
    with raises(ModelError, "model", found="vit"):
        open_model(ModelRequest(f"hf:{tmp_path}", classes=TEXTS))


def test_texts_are_names_between_braces() -> None:
    assert read_prompts(TEXTS) == ("a photo of a {}", ["cat", "dog", "owl"])
    assert read_prompts("{cat,black dog} in a bag") == ("{} in a bag", ["cat", "black dog"])
    for wrong in ("a {}", "a {cat", "{cat}{dog}", "{cat,cat}"):
        with raises(UsageError, "classes"):
            read_prompts(wrong)
