"""What users of other tools reported, as small situations of our own: one test each.

README.md beside this file is their table, and `tests/architecture/test_reported_table.py` holds it to the tests.
Expected is what is right, worked out by hand or by the framework itself, or a refusal that says what to do.
"""

from __future__ import annotations

import io
import os
import struct
import subprocess
import sys
import unicodedata
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageCms
from safetensors.torch import save_file
from torch import nn
from torch.nn.utils import prune
from torch.utils.checkpoint import checkpoint

import innerview
from data.files_made import chunk
from innerview import InputSpec, Logit, OutputSpec
from innerview.cli import main
from innerview.data.folders import open_folders
from innerview.errors import ImageError, InnerviewError, ModelError
from innerview.model import DifferentiableModel
from innerview.recorders.tensorboard import read_histograms
from innerview.session.models import ModelRequest, open_model
from innerview.viewer.sentences import says
from raising import raises
from typecheck import unchecked

ABC = OutputSpec(tuple("abc"))
PIXELS = np.random.default_rng(0).random((16, 16, 3)).astype(np.float32)
EIGHT = PIXELS[:8, :8].copy()


def wrap(
    model: nn.Module, height: int = 16, width: int = 16, output: OutputSpec = ABC, channels: int = 3
) -> DifferentiableModel:
    return innerview.wrap(model, input=InputSpec(height, width, channels, layout="CHW"), output=output)


def classifier(outputs: int, *ending: nn.Module, bias: float | list[float] = 0.0) -> nn.Sequential:
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, outputs), *ending
    )
    with torch.no_grad():
        model[4].bias.copy_(torch.tensor(bias).expand(outputs))
    return model.eval()


class ChannelNorm(nn.LayerNorm):
    """Channels in front, as torchvision's and timm's LayerNorm2d."""

    def forward(self, input: torch.Tensor) -> torch.Tensor:  # noqa: A002 its name in PyTorch
        return super().forward(input.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


def test_a_norm_with_channels_in_front_has_the_axes_that_it_has() -> None:
    torch.manual_seed(0)
    conv, norm, head = nn.Conv2d(3, 5, 4, stride=4), ChannelNorm(5), nn.Linear(5, 3)
    model = nn.Sequential(conv, norm, nn.AdaptiveAvgPool2d(1), nn.Flatten(), head).eval()
    image = np.random.default_rng(0).random((24, 36, 3)).astype(np.float32)
    wrapped = wrap(model, 24, 36)
    assert next(layer.shape for layer in wrapped.layers if layer.name == "1") == (6, 9, 5)
    values = norm(conv(torch.tensor(image).permute(2, 0, 1)[None])).detach().requires_grad_()
    head(values.mean((2, 3)))[0, 1].backward()
    assert values.grad is not None
    by_hand = (values.detach() * values.grad.mean((2, 3), keepdim=True)).sum(1)[0].numpy()
    found = innerview.grad_cam(wrapped, image, Logit(1), "name:1").heatmap.reshape(6, 4, 9, 4).sum((1, 3))
    np.testing.assert_allclose(found, by_hand, atol=1e-5)


class BehindAPermute(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.drop = nn.Conv2d(3, 5, 4, stride=4), nn.Dropout()
        self.norm, self.head = nn.LayerNorm(5), nn.Linear(5, 3)

    def forward(self, value: torch.Tensor) -> torch.Tensor:
        return self.head(self.norm(self.drop(self.conv(value).permute(0, 2, 3, 1))).mean((1, 2)))


def test_a_module_behind_a_permute_has_its_channels_last() -> None:
    torch.manual_seed(0)
    layer = next(one for one in wrap(BehindAPermute(), 24, 36).layers if one.name == "drop")
    assert (layer.axes, layer.shape) == ("height width channel", (6, 9, 5))


def test_one_logit_is_not_certain_of_everything() -> None:
    wrapped = wrap(classifier(1, bias=-3.0), output=OutputSpec(("dog",)))
    (found,) = innerview.predict(wrapped, PIXELS[None])
    np.testing.assert_allclose(found.probabilities, 1 / (1 + np.exp(-found.logits)), rtol=1e-5)
    assert found.probabilities[0] < 0.1


@pytest.mark.parametrize("kind", ["sigmoid", "logits"])
def test_a_model_that_ends_in_a_sigmoid_gets_no_second_one(kind: str) -> None:
    model = classifier(4, nn.Sigmoid(), bias=[-5.0, -5.0, 5.0, 5.0])
    with torch.no_grad():
        right = model(torch.tensor(PIXELS).permute(2, 0, 1)[None])[0].numpy()
    output = OutputSpec(tuple("abcd"), kind=kind)
    if kind == "logits":
        with pytest.raises(ModelError, match="sigmoid"):
            wrap(model, output=output)
    else:
        wrapped = wrap(model, output=output)
        np.testing.assert_allclose(innerview.predict(wrapped, PIXELS[None])[0].probabilities, right, atol=1e-5)


def test_one_output_at_five_per_cent_does_not_say_its_class() -> None:
    wrapped = wrap(classifier(1, bias=-3.0), output=OutputSpec(("dog",), kind="sigmoid"))
    images = np.random.default_rng(0).random((5, 16, 16, 3)).astype(np.float32)
    words = says(innerview.predict(wrapped, images)[0], 0)
    assert "not dog" in words, words
    found = innerview.path_predictions(wrapped, [(one, 0) for one in images], baseline=images[0] * 0, alphas=(1.0,))
    assert found.accuracy.tolist() == [0]


class Bytes(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(192, 3)

    def forward(self, value: torch.Tensor) -> torch.Tensor:
        return self.head((torch.round(value * 255) / 255).flatten(1))


def test_a_model_that_rounds_its_input_gets_no_error_of_zero() -> None:
    torch.manual_seed(0)
    found = innerview.integrated_gradients(wrap(Bytes(), 8, 8), EIGHT, Logit(1), baseline=EIGHT * 0, tolerance=0.01)
    assert abs(found.score - found.baseline_score) > 0.001
    assert not found.attribution.any()
    assert found.error >= 1
    assert found.status.name == "NO_GRADIENT"
    assert not any("no pixel can" in note for note in found.notes)


class Half(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.seen, self.hidden = nn.Linear(192, 3), nn.Linear(192, 3)

    def forward(self, value: torch.Tensor) -> torch.Tensor:
        return self.seen(value.flatten(1)) + 10 * self.hidden(value.detach().flatten(1))


def test_a_detached_branch_makes_no_error_below_the_gap() -> None:
    torch.manual_seed(0)
    found = innerview.integrated_gradients(wrap(Half(), 8, 8), EIGHT, Logit(1), baseline=EIGHT * 0, tolerance=0.01)
    assert found.relative_convergence_delta > 0.1
    assert found.error >= found.relative_convergence_delta
    assert any("detach" in note for note in found.notes)


@pytest.mark.filterwarnings("ignore")
def test_observers_come_back_as_they_were() -> None:
    from torch.ao.quantization import MinMaxObserver, QConfig, default_weight_observer, prepare

    model = classifier(3)
    model.qconfig = QConfig(MinMaxObserver.with_args(dtype=torch.quint8), default_weight_observer)
    model = prepare(model)
    model(torch.full((2, 3, 16, 16), 0.5))
    before = {name: value.clone() for name, value in model.state_dict().items()}
    assert any("max_val" in name for name in before)
    innerview.gradient(wrap(model), np.full((16, 16, 3), 0.5, np.float32), Logit(0))
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name]), name


class HalfPrecision(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.head = nn.Conv2d(3, 8, 3), nn.Linear(8, 3)

    def forward(self, value: torch.Tensor) -> torch.Tensor:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return self.head(self.conv(value).relu().mean((2, 3)))


def test_autocast_inside_a_model_can_be_looked_at() -> None:
    torch.manual_seed(0)
    wrapped = wrap(HalfPrecision())
    assert np.isfinite(innerview.grad_cam(wrapped, PIXELS, Logit(1), "conv").heatmap).all()
    assert innerview.activations(wrapped, PIXELS, ["conv"]).layers["conv"].shape == (14, 14, 8)


class Checkpointed(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.head = nn.Conv2d(3, 8, 3), nn.Linear(8, 3)
        self.block = nn.Sequential(nn.ReLU(), nn.Conv2d(8, 8, 3))

    def forward(self, value: torch.Tensor) -> torch.Tensor:
        return self.head(checkpoint(self.block, self.conv(value), use_reentrant=True).mean((2, 3)))


def hooked() -> nn.Module:
    model = classifier(3)
    model[1] = nn.ReLU(inplace=True)
    model[0].register_full_backward_hook(lambda *_: None)
    return model


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("make", "way"),
    [(Checkpointed, "use_reentrant=False.*occlusion"), (hooked, "take the hook off, or use inplace=False")],
)
def test_a_backward_pass_that_fails_is_told_in_our_words(make: Callable[[], nn.Module], way: str) -> None:
    wrapped = wrap(make())
    assert np.isfinite(innerview.predict(wrapped, PIXELS[None])[0].logits).all()
    with pytest.raises(ModelError, match=way):
        innerview.gradient(wrapped, PIXELS, Logit(1))


def test_weights_made_in_inference_mode_work_or_are_called_that() -> None:
    with torch.inference_mode():
        model = classifier(3)
    with raises(ModelError, "weights", asked="0.weight", found="inference") as refused:
        innerview.gradient(wrap(model), PIXELS, Logit(1))
    assert "layout=" not in str(refused.value)


def test_grey_of_16_bits_with_a_see_through_value_keeps_its_greys() -> None:
    row = struct.pack(">4H", 0, 16384, 32768, 65535)
    head = struct.pack(">IIBBBBB", 4, 1, 16, 0, 0, 0, 0)
    data = chunk(b"IDAT", zlib.compress(b"\0" + row))
    file = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"tRNS", b"\0\0") + data + chunk(b"IEND", b"")
    found = innerview.load_image(file).pixels
    np.testing.assert_allclose(found[0, :, 0], [1, 16384 / 65535, 32768 / 65535, 1], atol=1e-6)


def test_a_linear_profile_that_is_called_srgb_is_applied() -> None:
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    for at in range(132, 132 + 12 * struct.unpack(">I", profile[128:132])[0], 12):
        start, size = struct.unpack(">II", profile[at + 4 : at + 12])
        if profile[at + 1 : at + 4] == b"TRC":  # the tone curves become a straight line
            profile[start : start + size] = (b"curv" + bytes(8)).ljust(size, b"\0")
            profile[at + 8 : at + 12] = struct.pack(">I", 12)
    linear = bytes(profile).replace("sRGB built-in".encode("utf-16-be"), "Linear sRGB  ".encode("utf-16-be"))
    image, file = Image.new("RGB", (4, 4), (55, 55, 55)), io.BytesIO()
    image.save(file, "PNG", icc_profile=linear)
    srgb = ImageCms.createProfile("sRGB")
    meant = ImageCms.profileToProfile(image, ImageCms.ImageCmsProfile(io.BytesIO(linear)), srgb)
    assert meant is not None
    assert abs(innerview.load_image(file.getvalue()).pixels[0, 0, 0] * 255 - meant.getpixel((0, 0))[0]) < 2


def tiff(bits: int, form: int, samples: int, data: bytes, photometric: int) -> bytes:
    """A TIFF of 4 × 4 pixels, written by hand, in one strip."""
    tail, base = b"", 8 + 2 + 12 * 11 + 4

    def several(value: int) -> tuple[int, int]:
        nonlocal tail
        if samples < 3:
            return 1, value
        tail += struct.pack(f"<{samples}H", *[value] * samples)
        return samples, base + len(tail) - 2 * samples

    depth, kind = several(bits), several(form)
    fields = [(256, 3, 1, 4), (257, 3, 1, 4), (258, 3, *depth), (259, 3, 1, 1), (262, 3, 1, photometric)]
    fields += [(273, 4, 1, base + len(tail)), (277, 3, 1, samples), (278, 3, 1, 4), (279, 4, 1, len(data))]
    fields += [(284, 3, 1, 1), (339, 3, *kind)]
    body = b"".join(
        struct.pack("<HHI", tag, of, count)
        + (struct.pack("<HH", value, 0) if (of, count) == (3, 1) else struct.pack("<I", value))
        for tag, of, count, value in fields
    )
    return b"II*\0" + struct.pack("<IH", 8, len(fields)) + body + struct.pack("<I", 0) + tail + data


def test_a_tiff_of_floats_or_many_channels_is_read_or_refused_for_what_it_is() -> None:
    drawn = np.random.default_rng(0).random((4, 4, 3))
    floats = innerview.load_image(tiff(32, 3, 3, drawn.astype("<f4").tobytes(), 2)).pixels
    np.testing.assert_allclose(floats, drawn, atol=1e-6)
    grey = innerview.load_image(tiff(64, 3, 1, drawn[..., 0].tobytes(), 1)).pixels
    np.testing.assert_allclose(grey[..., 0], drawn[..., 0], atol=1e-6)
    with raises(ImageError, "channels", found=5, limit=3) as refused:
        innerview.load_image(tiff(8, 1, 5, bytes(80), 2))
    assert "broken" not in str(refused.value)


def test_bfloat16_weights_are_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    torch.manual_seed(0)
    save_file({"conv.weight": torch.randn(8, 4).bfloat16()}, tmp_path / "model.safetensors")
    assert main(["weights", str(tmp_path / "model.safetensors"), "-o", str(tmp_path / "out")]) == 0
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.filterwarnings("ignore")
def test_histograms_with_a_nan_among_the_values_are_not_spoiled(tmp_path: Path) -> None:
    from torch.utils.tensorboard import SummaryWriter

    values = np.random.default_rng(0).normal(size=1000)
    writer = SummaryWriter(str(tmp_path))
    writer.add_histogram("w", values, 0)
    values[3] = np.nan
    writer.add_histogram("w", values, 1)
    writer.close()
    found = read_histograms(tmp_path, bins=8)
    whole, with_nan = (found.histograms.counts[found.steps.index(step), 0] for step in (0, 1))
    assert whole.sum() == 1000
    assert with_nan.sum() == 999
    assert np.abs(whole - with_nan).sum() < 200
    assert "NaN" in found.note


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "ascii"])
def test_a_console_that_lacks_letters_is_told_every_fact(encoding: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "innerview", "info"],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": encoding},
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert b"32" in ran.stdout


def test_a_file_name_of_bytes_is_explained_under_a_readable_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = os.fsencode(tmp_path) + b"/caf\xe9.png"
    Image.new("RGB", (40, 40), (90, 120, 30)).save(tmp_path / "x.png")
    (tmp_path / "x.png").rename(os.fsdecode(name))
    line = ["explain", os.fsdecode(name), "-o", str(tmp_path / "out"), "--tolerance", "0.5", "--max-evaluations", "17"]
    assert main(line) == 0
    assert "unexpected" not in capsys.readouterr().err
    assert any(path.is_dir() and path.name.isascii() for path in (tmp_path / "out").iterdir())


NET = """
import torch
from torch import nn
def build():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 2))
"""
SETTINGS = 'classes = ["cat", "dog"]\n[input]\nsize = "32x32"\nrange = "0..1"\nlayout = "CHW"\n'


@pytest.mark.parametrize("name", ["run 12.30", "run 12:30", "C:", "a:b"])
def test_a_colon_in_a_path_is_a_letter(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    folder.mkdir()
    (folder / "net.py").write_text(NET)
    (folder / "model.toml").write_text(SETTINGS)
    opened = open_model(ModelRequest(f"{folder}/net.py:build"))
    assert not isinstance(opened, str)
    assert opened.output.class_names == ("cat", "dog")
    (folder / "model.toml").write_text('model = "m.keras"\nclasses = 2\n')
    (folder / "m.keras").write_bytes(b"")
    with raises(
        InnerviewError, "file", found="OSError", file="m.keras"
    ) as refused:  # for what it is, not for code that it lacks
        open_model(ModelRequest(str(folder)))
    assert "--trust-code" not in str(refused.value)


def test_a_module_beside_the_factory_is_found(tmp_path: Path) -> None:
    (tmp_path / "blocks_beside.py").write_text(
        "from torch import nn\ndef block(): return nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU())\n"
    )
    (tmp_path / "net.py").write_text(
        "from torch import nn\nfrom blocks_beside import block\ndef build():\n"
        "    return nn.Sequential(block(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 2))\n"
    )
    request = ModelRequest(f"{tmp_path}/net.py:build", classes="2", input="32x32 range=0..1 layout=CHW")
    assert not isinstance(open_model(request), str)


SCRIPT = """
import torch
from torch import nn
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.Conv2d(3, 2, 3)
    def forward(self, x): return self.c(x).mean((2, 3))
torch.save(Net(), "whole.pt")
"""


def test_a_model_that_a_script_saved_whole_is_told_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(SCRIPT)
    subprocess.run([sys.executable, "train.py"], cwd=tmp_path, check=True)
    request = ModelRequest(str(tmp_path / "whole.pt"), classes="2", input="32x32 range=0..1 layout=CHW", trust=True)
    with raises(ModelError, "model", file="whole.pt"):
        open_model(request)


def test_a_class_folder_from_a_mac_is_the_class_of_the_list(tmp_path: Path) -> None:
    folder = tmp_path / unicodedata.normalize("NFD", "café")
    folder.mkdir()
    Image.new("RGB", (9, 9)).save(folder / "a.png")
    assert open_folders(tmp_path).matching(("dog", unicodedata.normalize("NFC", "café"))) == (1,)


def test_declarations_of_other_types_are_taken_or_refused_where_they_stand() -> None:
    with unchecked():
        several = InputSpec(16, 16, mean=np.array([0.5, 0.4, 0.3]), std=np.array([0.2, 0.2, 0.2]))
        one = InputSpec(28, 28, 1, mean=0.1307, std=0.3081)
        assert len(OutputSpec(1000).class_names) == 1000
        for wrong in (lambda: OutputSpec("cat"), lambda: OutputSpec(("cat", "dog"), kind="softmax")):
            with pytest.raises(ModelError, match=r"'cat'|softmax"):
                wrong()
    assert several.mean == (0.5, 0.4, 0.3)
    assert one.mean == (0.1307,)


def test_images_that_are_open_already_are_taken() -> None:
    image, file = Image.new("RGB", (9, 7), (1, 2, 3)), io.BytesIO()
    image.save(file, "PNG")
    for one in (image, io.BytesIO(file.getvalue()), np.asarray(image)):
        found = innerview.load_image(one)
        assert found.size == (9, 7)
        np.testing.assert_allclose(found.pixels[0, 0] * 255, [1, 2, 3], atol=1e-4)


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_pruned_weights_are_shown_as_the_model_uses_them() -> None:
    model = classifier(3)
    prune.l1_unstructured(model[0], "weight", amount=0.9)
    shown = wrap(model).weights()
    (kernel,) = (value for value in shown.values() if value.ndim == 4)
    np.testing.assert_array_equal(kernel, model[0].weight.detach().numpy())
    assert (kernel == 0).mean() > 0.85


def test_folders_of_ppm_and_of_train_and_val_are_read(tmp_path: Path) -> None:
    signs, halves = tmp_path / "signs", tmp_path / "halves"
    for number in ("00000", "00001"):
        (signs / number).mkdir(parents=True)
        Image.new("RGB", (9, 9)).save(signs / number / "00000.ppm")
    for part in ("train", "val"):
        (halves / part / "cat").mkdir(parents=True)
        Image.new("RGB", (9, 9)).save(halves / part / "cat" / "a.png")
    found = open_folders(signs)
    assert found.class_names == ("00000", "00001")
    assert found.entries[0].read().size == (9, 9)
    read = open_folders(halves)
    assert read.root == halves / "val"
    assert any("val" in note for note in read.notes)


class ViewOfAConvolution(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv, self.relu, self.fc = nn.Conv2d(channels, 10, 5), nn.ReLU(), nn.Linear(10 * 24 * 24, 3)

    def forward(self, value: torch.Tensor) -> torch.Tensor:
        value = self.relu(self.conv(value))
        return self.fc(value.view(value.size(0), -1))


@pytest.mark.parametrize("channels", [1, 3])
def test_a_view_behind_a_convolution_can_be_wrapped(channels: int) -> None:
    torch.manual_seed(0)
    model = ViewOfAConvolution(channels)
    image = np.random.default_rng(0).random((28, 28, channels)).astype(np.float32)
    given = torch.tensor(image).permute(2, 0, 1)[None].requires_grad_()
    model(given)[0, 1].backward()
    assert given.grad is not None
    found = innerview.gradient(wrap(model, 28, 28, channels=channels), image, Logit(1)).gradient
    np.testing.assert_allclose(found, given.grad[0].permute(1, 2, 0).numpy(), atol=1e-6)
