"""Of larger images something is said and drawn before all else is worked out."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from PIL import Image as Pillow
from torch import nn

from innerview.adapters.torch.model import TorchModel
from innerview.errors import UsageError
from innerview.model import InputSpec, Model, OutputSpec
from innerview.session.query import Query
from innerview.workbench import explain, network
from raising import raises

pytestmark = pytest.mark.torch

QUICK = Query(n_steps=2, alphas=(0.5,), judge=False, fractions=(0.5,))


def model(side: int) -> Model:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(3, 4, 3, 4), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3))
    return TorchModel(module.eval(), InputSpec(side, side, layout="CHW"), OutputSpec(("ant", "bee", "cow")))


def test_a_first_map_is_there_until_the_folder_is(tmp_path: Path) -> None:
    heard = list[str]()

    def first(words: str) -> None:
        heard.append(words)
        name = words.partition(":")[0]
        assert Pillow.open(tmp_path / "out" / f"{name}.first.png").size[0] > 160
        assert not (tmp_path / "out" / name).exists()

    explain(["cat", "moose"], QUICK, model=model(160), output=tmp_path / "out", first=first)
    assert [words.partition(":")[0] for words in heard] == ["cat", "moose"]
    for words in heard:
        assert "The model predicts" in words
        assert "A first map, by Grad-CAM" in words
    assert not list((tmp_path / "out").glob("*.first.png"))
    assert (tmp_path / "out" / "moose" / "index.html").is_file()


def test_of_small_images_all_is_there_as_soon(tmp_path: Path) -> None:
    heard = list[str]()
    explain(["cat"], QUICK, model=model(32), output=tmp_path / "out", first=heard.append)
    assert heard == []


def test_what_was_first_stays_where_the_rest_is_broken_off(tmp_path: Path) -> None:
    def stop(done: float, total: int, words: str) -> None:
        if done > 0:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        explain(["cat"], QUICK, model=model(160), output=tmp_path / "out", progress=stop, first=lambda _: None)
    assert (tmp_path / "out" / "cat.first.png").is_file()


def test_without_gradients_the_prediction_is_said_alone(tmp_path: Path) -> None:
    from innerview.adapters import wrap

    spec = InputSpec(160, 160)
    heard = list[str]()
    wrapped = wrap(lambda images: images.mean(axis=(1, 2)), input=spec, output=OutputSpec(3))
    explain(["cat"], QUICK, model=wrapped, output=tmp_path / "out", first=heard.append)
    assert len(heard) == 1
    assert "first map" not in heard[0]


def test_a_network_far_too_large_for_a_page_is_not_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    module = nn.Sequential(nn.Flatten(), nn.Linear(768, 10_500, bias=False), nn.Linear(10_500, 3))
    large = TorchModel(module.eval(), InputSpec(16, 16, layout="CHW"), OutputSpec(3))

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("it was followed")

    monkeypatch.setattr("innerview.adapters.torch.steps.traced", refuse)
    with raises(UsageError, "size", asked="large", limit=8):
        network.page_network(large, "large")
