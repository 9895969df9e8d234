"""A hub's model on the command line: what is a hub's name, what its words override, and BGR."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from innerview.adapters.checks import by_pixels, enter
from innerview.adapters.function import FunctionModel
from innerview.adapters.hubs import HUBS, folder_hub, hub_of
from innerview.errors import MissingExtra, ModelError, UsageError
from innerview.model import InputSpec, OutputSpec
from innerview.session.declarations import declare_input, declare_output, words_of
from innerview.session.models import ModelRequest, open_model
from innerview.spec import Resize
from raising import raises
from typecheck import unchecked

KNOWN = InputSpec(
    224, 224, mean=(0.5,) * 3, std=(0.5,) * 3, layout="CHW", resize=Resize(256, "bicubic", "floor"), source="somebody's"
)


@pytest.mark.parametrize(
    ("name", "hub"),
    [("timm:resnet18", "timm"), ("torch.hub:a/b:c", "torch.hub"), ("timm:", ""), ("net.py:build", ""), ("hf", "")],
)
def test_what_is_a_hubs_name(name: str, hub: str) -> None:
    assert hub_of(name) == hub


def test_every_hubs_example_is_its_own() -> None:
    assert {hub_of(row.example) for row in HUBS.values()} == set(HUBS)


@pytest.mark.parametrize(
    ("config", "hub"),
    [('{"architectures": ["ViT"]}', "hf"), ('{"architecture": "resnet18", "pretrained_cfg": {}}', "timm"), ("{}", "")],
)
def test_a_folder_is_known_by_its_configuration(config: str, hub: str, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(config)
    assert folder_hub(tmp_path) == hub


@pytest.mark.parametrize(
    ("words", "changed"),
    [
        ("mean=0.1,0.2,0.3", {"mean": (0.1, 0.2, 0.3)}),
        ("range=0..255", {"value_range": (0.0, 255.0)}),
        ("order=BGR", {"channel_order": "BGR"}),
        ("resize=240", {"resize": Resize(240, "bicubic", "floor")}),
        ("resize=squeeze interpolation=lanczos", {"resize": Resize(None, "lanczos", "floor")}),
        ("112x112", {"height": 112, "width": 112, "resize": Resize(128, "bicubic", "floor")}),
    ],
)
def test_a_word_of_the_line_replaces_its_part_alone(words: str, changed: dict[str, object]) -> None:
    found = declare_input(words_of(words, "size"), None, KNOWN)
    for name in ("height", "width", "mean", "std", "value_range", "layout", "channel_order", "resize"):
        assert getattr(found, name) == changed.get(name, getattr(KNOWN, name)), name
    assert found.source.startswith("somebody's; ")


@pytest.mark.parametrize("words", ["order=GRB", "resize=tall", "interpolation=magic", "layout=WHC"])
def test_words_without_a_meaning_are_refused(words: str) -> None:
    with pytest.raises(UsageError, match="--input-spec says"):
        declare_input(words_of(words, "size"), None, KNOWN)


def test_an_output_keeps_what_the_line_does_not_say() -> None:
    known = OutputSpec(("cat", "dog"), kind="sigmoid", output="logits", source="somebody's")
    assert declare_output({}, known.class_names, known) == known
    assert declare_output({"kind": "logits"}, known.class_names, known).output == "logits"


def test_no_weights_is_for_hubs_alone(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text("def build(): ...\n")
    with raises(UsageError, "no_weights"):
        open_model(ModelRequest(f"{tmp_path / 'net.py'}:build", pretrained=False))


def test_code_of_torch_hub_runs_only_where_it_is_trusted(tmp_path: Path) -> None:
    (tmp_path / "hubconf.py").write_text("raise SystemExit('it ran')\n")
    with raises((UsageError, MissingExtra), "trust_code"):
        open_model(ModelRequest(f"torch.hub:{tmp_path}:net"))


def test_blue_first_is_the_same_model_on_turned_channels() -> None:
    """Pixels stay red first everywhere; mean and std too; only the model meets blue first."""
    random = np.random.default_rng(0)
    images = random.random((2, 3, 4, 3)).astype(np.float32)
    spec = InputSpec(3, 4, mean=(1, 2, 3), std=(4, 5, 6), value_range=(0, 255), layout="CHW", channel_order="BGR")
    entered = enter(spec, images, np.dtype(np.float32))
    expected = ((images * 255 - [1, 2, 3]) / [4, 5, 6])[..., ::-1].transpose(0, 3, 1, 2)
    np.testing.assert_allclose(entered, expected, rtol=1e-5)
    model = FunctionModel(lambda values: values.mean(axis=(2, 3)), spec, OutputSpec(3))
    turned = InputSpec(3, 4, mean=(1, 2, 3), std=(4, 5, 6), value_range=(0, 255), layout="CHW")
    plain = FunctionModel(lambda values: values.mean(axis=(2, 3))[:, ::-1], turned, OutputSpec(3))
    np.testing.assert_array_equal(model.forward(images).outputs, plain.forward(images).outputs)
    assert model.fingerprint != plain.fingerprint
    gradients = random.random((1, 2, 3, 4, 3))
    np.testing.assert_allclose(by_pixels(spec, gradients), gradients[..., ::-1] * spec.scale)


@pytest.mark.parametrize("given", [{"channel_order": "GRB"}, {"channels": 1, "channel_order": "BGR"}])
def test_orders_that_are_none_are_refused(given: dict[str, object]) -> None:
    with unchecked(), raises(ModelError, "channel_order"):
        InputSpec(3, 4, **given)  # type: ignore[arg-type]


def test_a_source_makes_no_other_model() -> None:
    assert InputSpec(3, 4, source="a") == InputSpec(3, 4, source="b")
    assert InputSpec(3, 4, source="a").described() == InputSpec(3, 4).described()
