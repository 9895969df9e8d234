"""Classifiers of transformers, of eight families with `wrap(model)` alone, pipelines, folders, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from PIL import Image as Pillow

from innerview.adapters import wrap
from innerview.adapters.hubs import folder_hub, open_hub
from innerview.adapters.hubs.transformers_models import made_up_photo
from innerview.data.fitting import preprocess
from innerview.data.image import Image
from innerview.errors import DataError, ModelError, UsageError
from innerview.model import OUTPUT
from raising import raises

pytestmark = pytest.mark.torch

SMALL = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 24}
FAMILIES: dict[str, dict[str, Any]] = {
    "vit": {**SMALL, "image_size": 32, "patch_size": 8},
    "dinov2": {**SMALL, "image_size": 28, "patch_size": 14},
    "beit": {**SMALL, "image_size": 32, "patch_size": 8},
    "swin": {
        "image_size": 32,
        "patch_size": 4,
        "embed_dim": 8,
        "depths": [1, 1],
        "num_heads": [2, 2],
        "window_size": 4,
    },
    "convnext": {"image_size": 32, "hidden_sizes": [8, 8, 8, 8], "depths": [1, 1, 1, 1]},
    "resnet": {"embedding_size": 8, "hidden_sizes": [8, 8], "depths": [1, 1], "layer_type": "basic"},
    "mobilevit": {"image_size": 64, "hidden_sizes": [8, 8, 8], "neck_hidden_sizes": [4, 4, 4, 8, 8, 8, 16]},
    "siglip": {"vision_config": {**SMALL, "image_size": 32, "patch_size": 8}},
}


def made(kind: str, **more: Any) -> Any:
    torch.manual_seed(0)
    config = transformers.CONFIG_MAPPING[kind](**FAMILIES[kind], **more)
    return transformers.AutoModelForImageClassification.from_config(config).eval()


def usual(model: Any) -> Any:
    """The processor that `wrap` finds."""
    from innerview.adapters.hubs.transformers_models import _processor

    return _processor(model, "")


@pytest.mark.parametrize("kind", FAMILIES)
def test_a_model_is_wrapped_alone_and_gives_the_librarys_numbers(kind: str) -> None:
    """The logits of the processor and the model on a photo, to what a level of rounding does; autograd's gradient."""
    model = made(kind, id2label={0: "cat", 1: "dog", 2: "owl"}, label2id={"cat": 0, "dog": 1, "owl": 2})
    wrapped = wrap(model)
    assert wrapped.output.class_names == ("cat", "dog", "owl")
    entering = usual(model)(images=made_up_photo(), return_tensors="pt")["pixel_values"].requires_grad_()
    outputs = model(entering).logits
    photo = Image("photo", made_up_photo().astype(np.float32) / np.float32(255))
    image = preprocess(photo, wrapped.input).pixels[None]
    spread = float((outputs - model(torch.zeros_like(entering)).logits).abs().max())
    np.testing.assert_allclose(wrapped.forward(image).outputs, outputs.detach().numpy(), rtol=0, atol=0.01 * spread)
    order = slice(None, None, -1) if wrapped.input.channel_order == "BGR" else slice(None)
    exact = torch.tensor(
        ((image * wrapped.input.scale + wrapped.input.offset)[..., order]).transpose(0, 3, 1, 2).astype(np.float32)
    ).requires_grad_()
    (expected,) = torch.autograd.grad(model(exact).logits[0, 1], exact)
    found = wrapped.vjp(image, {OUTPUT: lambda values: np.eye(3, dtype=values.dtype)[None, [1]]}).input_gradients
    by_pixel = expected[0].permute(1, 2, 0).numpy()[..., order] * wrapped.input.scale
    np.testing.assert_allclose(found[0, 0], by_pixel, rtol=0, atol=1e-4 * np.abs(by_pixel).max())


def test_blue_first_is_read_from_the_processor() -> None:
    assert wrap(made("mobilevit")).input.channel_order == "BGR"
    assert wrap(made("vit")).input.channel_order == "RGB"


def test_several_labels_are_independent_questions() -> None:
    assert wrap(made("vit", problem_type="multi_label_classification")).output.kind == "sigmoid"


def test_a_pipeline_is_its_model_and_its_processor() -> None:
    model = made("vit")
    processor = transformers.ViTImageProcessor(
        size={"height": 32, "width": 32}, image_mean=[0.1] * 3, image_std=[0.7] * 3
    )
    pipeline = transformers.pipeline("image-classification", model=model, image_processor=processor)
    assert wrap(pipeline).input.mean == (0.1,) * 3
    assert wrap(model, processor=processor).input.std == (0.7,) * 3


def test_a_folder_opens_by_its_own_configuration(tmp_path: Path) -> None:
    model = made("convnext", id2label={0: "cat", 1: "dog"}, label2id={"cat": 0, "dog": 1})
    model.save_pretrained(tmp_path)
    transformers.ConvNextImageProcessor(size={"shortest_edge": 32}, crop_pct=0.8).save_pretrained(tmp_path)
    assert folder_hub(tmp_path) == "hf"
    found = open_hub("hf", str(tmp_path))
    assert found.output.class_names == ("cat", "dog")
    assert found.input.resize is not None
    assert found.input.resize.short_side == 40
    values = torch.rand(1, 3, 32, 32)
    assert torch.equal(found.model(values).logits, model(values).logits)


def test_a_folder_without_its_processor_is_refused(tmp_path: Path) -> None:
    """The usual one of its kind would show the model other images in silence."""
    made("vit").save_pretrained(tmp_path)
    with raises(DataError, "processor", found="OSError"):
        open_hub("hf", str(tmp_path))


def test_a_processor_that_does_more_is_refused() -> None:
    class Darker(transformers.ViTImageProcessor):
        def preprocess(self, images: Any, *args: Any, **kwargs: Any) -> Any:
            found = super().preprocess(images, *args, **kwargs)
            found["pixel_values"] = [value * 0.5 for value in found["pixel_values"]]
            return found

    with raises(ModelError, "processor", found="Darker of ViTConfig"):
        wrap(made("vit"), processor=Darker(size={"height": 32, "width": 32}))


def test_code_of_a_folder_runs_only_where_it_is_trusted(tmp_path: Path) -> None:
    made("vit").save_pretrained(tmp_path)
    config = tmp_path / "config.json"
    config.write_text(config.read_text().replace("{", '{"auto_map": {"AutoConfig": "evil.Evil"},', 1))
    (tmp_path / "evil.py").write_text("raise SystemExit('it ran')\n")
    with raises(UsageError, "trust_code"):
        open_hub("hf", str(tmp_path))


def test_what_is_no_classifier_is_refused() -> None:
    with raises(ModelError, "model", asked="bert", found="BertConfig"):
        open_hub("hf", "bert", pretrained=False)
    with raises(DataError, "weights", asked="hf:./nothing-here", found="OSError"):
        open_hub("hf", "./nothing-here")


def test_evident_logits_are_taken_and_said() -> None:
    """Where the output was not declared by name."""
    from innerview.model import InputSpec, OutputSpec

    model = made("vit")
    wrapped = wrap(model, input=InputSpec(32, 32, layout="CHW"), output=OutputSpec(2))
    assert any("logits" in note for note in wrapped.notes)


def test_images_are_given_by_name_where_they_are_not_the_first_argument() -> None:
    from innerview.model import InputSpec, OutputSpec

    class Texts(torch.nn.Module):
        def forward(self, input_ids: Any = None, pixel_values: Any = None) -> Any:
            assert input_ids is None
            return pixel_values.mean(dim=(2, 3))

    wrapped = wrap(Texts(), input=InputSpec(4, 5, layout="CHW"), output=OutputSpec(3))
    image = np.random.default_rng(0).random((1, 4, 5, 3)).astype(np.float32)
    np.testing.assert_allclose(wrapped.forward(image).outputs, image.mean(axis=(1, 2)), rtol=1e-5)


def test_the_photo_of_the_check_is_one_that_pillow_takes() -> None:
    assert Pillow.fromarray(made_up_photo()).size == (420, 300)


@pytest.mark.parametrize("kind", ["vit", "dinov2"])
def test_attention_is_what_transformers_gives_itself(kind: str) -> None:
    """Its own attentions, computed eagerly when asked; here the model runs as it was made, with the fused one."""
    model = made(kind, num_labels=3)
    wrapped = wrap(model)
    image = np.random.default_rng(0).random(wrapped.input.shape).astype(np.float32)
    found = wrapped.attend(image[None])  # type: ignore[attr-defined] of a PyTorch model
    values = (image * wrapped.input.scale + wrapped.input.offset).astype(np.float32).transpose(2, 0, 1)
    model.set_attn_implementation("eager")
    with torch.no_grad():
        own = model(torch.from_numpy(values)[None], output_attentions=True).attentions
    assert len(found.layers) == len(own) == 2
    for one, expected in zip(found.layers, own, strict=True):
        np.testing.assert_allclose(one.weights, expected.numpy(), atol=1e-5)
