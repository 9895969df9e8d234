"""timm's models, of twelve families, with `wrap(model)` alone; weights are random, the code is timm's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import timm
import timm.data
import torch
from PIL import Image as Pillow

import innerview
from innerview.adapters import wrap
from innerview.adapters.hubs import open_hub
from innerview.data.fitting import preprocess
from innerview.data.samples import example_image, example_names
from innerview.errors import DataError, ModelError, UsageError
from innerview.model import OUTPUT, InputSpec
from innerview.session.models import ModelRequest, open_model
from raising import raises

pytestmark = pytest.mark.torch

FAMILIES = {
    "ViT": ("test_vit", {}),
    "DeiT": ("deit_tiny_distilled_patch16_224", {"depth": 3}),
    "Swin": ("swin_tiny_patch4_window7_224", {"depths": (1, 1, 1, 1), "embed_dim": 24}),
    "ConvNeXt": ("test_convnext", {}),
    "MaxViT": ("maxvit_nano_rw_256", {"depths": (1, 1, 1, 1), "embed_dim": (32, 32, 32, 64)}),
    "EfficientNet": ("test_efficientnet", {}),
    "MobileNetV3": ("mobilenetv3_small_050", {}),
    "ResNet": ("test_resnet", {}),
    "RegNet": ("regnetx_002", {}),
    "MobileViT": ("mobilevit_xxs", {}),
    "EVA": ("eva02_tiny_patch14_224", {"num_classes": 10, "depth": 3}),
    "EfficientFormer": ("efficientformer_l1", {"depths": (1, 1, 1, 3), "embed_dims": (16, 24, 32, 48)}),
}


def made(family: str) -> Any:
    name, options = FAMILIES[family]
    torch.manual_seed(0)
    return timm.create_model(name, **options).eval()


@pytest.mark.parametrize("family", FAMILIES)
def test_a_model_is_wrapped_alone_and_gives_the_librarys_numbers(family: str) -> None:
    """The logits of timm's own pipeline on a photo, and autograd's gradient by the pixels, in float64.

    Of two images, since PyTorch's gradient of EfficientFormer by one image alone is wrong (2.13), in float64 too: by
    finite differences its batches are right.
    """
    model = made(family)
    wrapped = wrap(model)
    config = timm.data.resolve_model_data_config(model)
    transform = timm.data.create_transform(**config, is_training=False)
    photo = example_image(example_names()[0])
    entering = transform(Pillow.fromarray(photo.levels()))[None]
    outputs = model(entering).detach()
    image = preprocess(photo, wrapped.input).pixels[None]
    np.testing.assert_allclose(
        wrapped.forward(image).outputs,
        outputs.numpy(),
        rtol=0,
        atol=1e-4 * float(outputs.abs().max()),
    )
    exact = entering.double().repeat(2, 1, 1, 1).requires_grad_()
    (expected,) = torch.autograd.grad(made(family).double()(exact)[0, 3], exact)
    found = wrapped.vjp(image, {OUTPUT: lambda values: np.eye(values.shape[1], dtype=values.dtype)[None, [3]]})
    by_pixel = expected[0].permute(1, 2, 0).numpy() * wrapped.input.scale
    np.testing.assert_allclose(found.input_gradients[0, 0], by_pixel, rtol=0, atol=1e-4 * np.abs(by_pixel).max())


def test_every_family_says_its_own_mean_and_std() -> None:
    """Some ViTs take 0.5 and not ImageNet's."""
    vit = open_hub("timm", "vit_tiny_patch16_224", pretrained=False).input
    resnet = open_hub("timm", "resnet18", pretrained=False).input
    assert (vit.mean, vit.std) == ((0.5,) * 3, (0.5,) * 3)
    assert resnet.mean == (0.485, 0.456, 0.406)
    assert resnet.source == "timm's pretrained_cfg of resnet18.a1_in1k"


@pytest.mark.parametrize(("name", "height", "registers"), [("test_vit", 10, 1), ("vit_small_patch16_dinov3", 16, 5)])
def test_tokens_of_a_block_lie_on_the_grid_and_others_stand_apart(name: str, height: int, registers: int) -> None:
    wrapped = wrap(timm.create_model(name, num_classes=4, depth=2).eval())
    (grid,) = {layer.tokens for layer in wrapped.layers if layer.name == "blocks.1.norm1"}
    assert grid is not None
    assert (grid.height, grid.width, grid.start) == (height, height, registers)


def test_attention_is_what_timm_computes_unfused_and_windows_are_refused() -> None:
    """timm's own plain attention, seen at its dropout; here the fused one runs as the model has it."""
    model = made("ViT")
    photo = example_image(example_names()[0])
    wrapped = wrap(model)
    image = preprocess(photo, wrapped.input).pixels
    found = innerview.attention(wrapped, image, layer="blocks.2.attn")
    attend = model.blocks[2].attn
    assert attend.fused_attn
    seen = list[torch.Tensor]()
    attend.fused_attn = False
    handle = attend.attn_drop.register_forward_hook(lambda _, __, weights: seen.append(weights))
    values = (image - wrapped.input.mean) / wrapped.input.std
    with torch.no_grad():
        model(torch.from_numpy(values.astype(np.float32)).permute(2, 0, 1)[None])
    handle.remove()
    np.testing.assert_allclose(found.weights, seen[0][0].numpy(), atol=1e-5)
    assert found.heatmap.shape == image.shape[:2]


def test_a_rollout_over_windows_is_refused_and_the_last_layer_that_sees_all_is_shown() -> None:
    """Swin's last stage has one window of 7 × 7, which is all of its tokens."""
    swin = wrap(made("Swin"))
    image = preprocess(example_image(example_names()[0]), swin.input).pixels
    with raises(UsageError, "rollout", layer="layers.0.blocks.0.attn"):
        innerview.attention_rollout(swin, image)
    found = innerview.attention(swin, image)
    assert (found.grid.height, found.grid.width, found.query) == (7, 7, "all tokens")


def test_class_names_are_imagenets_where_there_are_as_many() -> None:
    assert open_hub("timm", "resnet18", pretrained=False).output.class_names[0] == "tench"
    assert wrap(timm.create_model("test_resnet", num_classes=7)).output.class_names == tuple("0123456")


@pytest.mark.parametrize(
    ("name", "about", "near"),
    [("rsnet18", "model", "resnet18"), ("resnet18.a9_in1k", "weights", "resnet18.a1_in1k")],
)
def test_unknown_names_come_with_the_nearest(name: str, about: str, near: str) -> None:
    with raises(UsageError, about) as refused:
        open_hub("timm", name)
    assert refused.value.asked in name
    assert near in refused.value.known


def test_a_model_of_features_and_a_letterbox_are_refused() -> None:
    with raises(ModelError, "classes", found=0):
        wrap(timm.create_model("test_resnet", num_classes=0))
    model = timm.create_model("test_resnet")
    model.pretrained_cfg["crop_mode"] = "border"
    with raises(ModelError, "crop_mode", found="border"):
        wrap(model)


def test_weights_that_can_not_be_fetched_are_one_sentence_with_the_ways_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(*_: object, **__: object) -> None:
        raise OSError("no network")

    monkeypatch.setattr(timm, "create_model", offline)
    with raises(DataError, "weights", asked="timm:resnet18", found="OSError"):
        open_hub("timm", "resnet18")


def test_weights_of_ones_own_fetch_nothing_and_bring_their_own_classes(tmp_path: Path) -> None:
    """`--weights` with `--classes`: the head has so many classes, and the library's weights are not asked for."""
    trained = timm.create_model("test_resnet", num_classes=3).eval()
    torch.save(
        {"state_dict": {f"model.{name}": one for name, one in trained.state_dict().items()}}, tmp_path / "a.ckpt"
    )
    (tmp_path / "names.txt").write_text("cat\ndog\nowl\n")
    asked = ModelRequest("timm:test_resnet", weights=str(tmp_path / "a.ckpt"), classes=str(tmp_path / "names.txt"))
    found = open_model(asked)
    assert not isinstance(found, str)
    assert found.output.class_names == ("cat", "dog", "owl")
    assert found.fingerprint == wrap(trained, output=found.output).fingerprint
    with raises(ModelError, "weights", file="a.ckpt"):
        open_model(replace(asked, classes=""))


def test_one_line_explains_a_photo_with_a_model_as_it_is(tmp_path: Path) -> None:
    model = timm.create_model("test_resnet", num_classes=3).eval()
    query = innerview.Query(rule="midpoint", n_steps=2, judge=False, alphas=(1.0,), fractions=(0.5,))
    written = innerview.explain("cat", model, query, output=tmp_path / "out")
    assert (written.folders[0] / "result.json").is_file()
    assert written.lines[0].startswith("cat: ")


def test_a_folder_that_timm_wrote_opens_by_its_own_configuration(tmp_path: Any) -> None:
    from timm.models import save_for_hf

    model = timm.create_model("test_resnet", num_classes=3).eval()
    save_for_hf(model, tmp_path, model_config={"label_names": ["cat", "dog", "owl"]}, safe_serialization=True)
    found = open_hub("timm", str(tmp_path))
    assert found.output.class_names == ("cat", "dog", "owl")
    values = torch.rand(1, 3, 160, 160)
    assert torch.equal(found.model.eval()(values), model(values))
    assert isinstance(found.input, InputSpec)
