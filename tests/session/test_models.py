"""--model: what opens, what is declared where, and what is refused before any of its code can run."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from innerview.adapters import wrap
from innerview.cli import main
from innerview.errors import InnerviewError, ModelError, UsageError
from innerview.methods import gradient
from innerview.model import InputSpec, Model, OutputSpec
from innerview.session.models import COMPILED, ModelRequest, open_model, take_model
from innerview.session.opening import opened_model, query_and_model
from innerview.session.query import Query
from innerview.targets import Logit
from raising import raises

FACTORY = """
from torch import nn

def build():
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3))

def broken():
    raise RuntimeError("no luck")

def leave():
    raise SystemExit(3)

def optimiser():
    from torch.optim import SGD
    return SGD(build().parameters(), 0.1)

def nothing():
    return None
"""
TAKES = "8x8 range=0..1 layout=CHW"
EVIL = "from pathlib import Path\nPath('ran').touch()\n\ndef build():\n    return None\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.py").write_text(FACTORY)
    (tmp_path / "evil.py").write_text(EVIL)
    (tmp_path / "classes.txt").write_text("ant\nbee\ncow\n")
    torch.save(module().state_dict(), tmp_path / "state.pt")
    save_file({f"module.{name}": one for name, one in module().state_dict().items()}, tmp_path / "parallel.safetensors")
    save_file(nn.Linear(2, 3).state_dict(), tmp_path / "other.safetensors")
    torch.save({**module().state_dict(), "4.weight": torch.ones(5, 4)}, tmp_path / "wider.pt")
    (tmp_path / "script.py").write_text("import sys\nsys.exit('usage')\n")
    (tmp_path / "two.txt").write_text("ant\nbee\n")
    (tmp_path / "none.txt").write_text("\n")
    return tmp_path


def opened(model: str, **declared: str | bool) -> Model:
    given = {"input": TAKES, "classes": "classes.txt"} | declared
    wrapped = open_model(ModelRequest(model, **given))  # pyright: ignore[reportArgumentType]
    assert not isinstance(wrapped, str)
    return wrapped


def module() -> nn.Sequential:
    torch.manual_seed(1)
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3))


def test_a_built_in_model_stays_a_name() -> None:
    assert open_model(ModelRequest()) == "allcnn"


@pytest.mark.parametrize("model", ["net.py:build", "net:build"])
def test_a_factory_in_a_file_or_a_module_is_called(model: str) -> None:
    wrapped = opened(model)
    assert wrapped.output.class_names == ("ant", "bee", "cow")
    assert wrapped.input.shape == (8, 8, 3)


def test_a_factory_may_give_a_model_that_is_wrapped_already(here: Path) -> None:
    (here / "own.py").write_text(
        "import numpy as np\n"
        "from innerview.adapters import FunctionModel\n"
        "from innerview.model import InputSpec, OutputSpec\n"
        "def build():\n"
        "    return FunctionModel(lambda x: x.mean((1, 2)), InputSpec(8, 8), OutputSpec(['a', 'b', 'c']))\n"
    )
    model = opened("own.py:build", classes="", input="")
    assert (model.output.class_names, model.input.shape) == (("a", "b", "c"), (8, 8, 3))
    with raises(UsageError, "options", asked=("--classes", "--input-spec")):
        opened("own.py:build")


def test_weights_are_loaded_into_what_a_factory_builds(here: Path) -> None:
    model = module()
    save_file(model.state_dict(), here / "trained.safetensors")
    wrapped = opened("net.py:build", weights="trained.safetensors")
    assert np.array_equal(wrapped.weights()["0.weight"], model[0].weight.detach().numpy())
    save_file({"other": torch.zeros(1)}, here / "other.safetensors")
    with raises(ModelError, "weights", file="other.safetensors"):
        opened("net.py:build", weights="other.safetensors")


def test_a_model_toml_holds_it_all_but_not_the_trust(here: Path) -> None:
    save_file(module().state_dict(), here / "trained.safetensors")
    (here / "model.toml").write_text(
        'model = "net.py:build"\nweights = "trained.safetensors"\nclasses = ["a", "b", "c"]\n'
        '[input]\nsize = "8x8x3"\nrange = "0..255"\nmean = [1, 2, 3]\nlayout = "CHW"\n[output]\ntemperature = 0.5\n'
    )
    with raises(UsageError, "trust_code", asked="net.py:build", file="model.toml"):
        opened("trained.safetensors", classes="", input="")
    model = opened("trained.safetensors", classes="", input="range=0..1", trust=True)
    assert (model.input.high, model.input.mean) == (1, (1, 2, 3))  # the line has the last word
    assert (model.output.class_names, model.output.temperature) == (("a", "b", "c"), 0.5)


@pytest.mark.parametrize("word", ["trust = true", 'weigths = "trained.safetensors"'])
def test_a_word_that_a_model_toml_does_not_know_is_refused(here: Path, word: str) -> None:
    """Passed over, a misspelt name of the weights would leave the model as it was drawn at random."""
    (here / "model.toml").write_text(f'model = "net.py:build"\n{word}\n')
    with raises(UsageError, "settings", asked=word.split(maxsplit=1)[0], file="model.toml"):
        opened("model.toml", trust=True)


def test_files_that_windows_wrote_are_read(here: Path) -> None:
    (here / "classes.txt").write_bytes("\ufeffant\r\nbee\r\ncow\r\n".encode())
    (here / "model.toml").write_bytes('\ufeffmodel = "net.py:build"\r\n'.encode())
    assert opened("model.toml", trust=True).output.class_names == ("ant", "bee", "cow")


def test_a_lightning_checkpoint_is_seen_through(here: Path) -> None:
    """Its state dict lies inside, with "model." in front of every name, among what else the training had."""
    held = {f"model.{name}": one for name, one in module().state_dict().items()} | {"loss.weight": torch.ones(3)}
    torch.save({"epoch": 3, "state_dict": held, "hyper_parameters": {"lr": 0.1}}, here / "last.ckpt")
    given, plain = opened("net.py:build", weights="last.ckpt"), opened("net.py:build", weights="state.pt")
    assert given.fingerprint == plain.fingerprint
    notes = " ".join(getattr(given, "notes", ()))
    assert "'state_dict' is read" in notes
    assert "'model.' was taken off; left out, without it: loss.weight" in notes


@pytest.mark.parametrize("ahead", ["module.", "_orig_mod.", "module._orig_mod.", "net."])
def test_words_in_front_of_all_names_are_taken_off(here: Path, ahead: str) -> None:
    save_file({f"{ahead}{name}": one for name, one in module().state_dict().items()}, here / "wrapped.safetensors")
    given = opened("net.py:build", weights="wrapped.safetensors")
    assert given.fingerprint == opened("net.py:build", weights="state.pt").fingerprint
    assert any("was taken off" in note for note in getattr(given, "notes", ()))


def test_a_model_is_taken_wrapped_by_name_and_as_it_is() -> None:
    wrapped = opened("net.py:build")
    assert take_model(wrapped) is wrapped
    assert take_model("allcnn").fingerprint == take_model("allcnn").fingerprint
    with raises(UsageError, "declaration", found="Sequential"):
        take_model(module())
    with raises(UsageError, "model", asked="allcn"):
        take_model("allcn")


def test_a_query_and_a_model_are_told_apart_by_what_they_are() -> None:
    query, model = Query(target="cat"), module()
    assert query_and_model(None, None) == (Query(), "allcnn")
    for given in ((query, model), (model, query)):
        assert query_and_model(*given) == (query, model)
    assert query_and_model(model, None) == (Query(), model)
    assert query_and_model(query, None) == (query, "allcnn")
    for wrong in ((query, query), (model, "allcnn")):
        with pytest.raises(UsageError, match=r"two .* were given"):
            query_and_model(*wrong)


WRONG = {
    "no such module": ("nowhere:build", {}, "nowhere can't be imported: ModuleNotFoundError"),
    "no such file": ("nowhere.py:build", {}, "nowhere.py is not there"),
    "no such function": ("net.py:biuld", {}, "no function 'biuld' in net.py"),
    "a factory that raises": ("net.py:broken", {}, "net.py:broken failed: RuntimeError: no luck"),
    "a factory that ends the program": ("net.py:leave", {}, "net.py:leave failed: SystemExit: 3"),
    "a file that ends the program": ("script.py:build", {}, "script.py can't be imported: SystemExit: usage"),
    "a file without a function": ("net.py", {}, "'net.py' names no model: say which function gives it"),
    "no function behind the colon": ("net.py:", {}, "'net.py:' names no model"),
    "a colon alone": (":", {}, "':' names no model"),
    "an address": ("https://example.org/net.pt", {}, "is an address, and nothing is fetched"),
    "a Keras file that is not there": ("none.keras", {}, "none.keras is not there"),
    "a range that is no number": ("net.py:build", {"input": "8x8 range=0..nan layout=CHW"}, "give finite numbers"),
    "a temperature that is none": ("net.py:build", {"output": "logits temperature=hot"}, '--output-spec "logits temp'),
    "weights that are not there": (
        "net.py:build",
        {"weights": "no.safetensors"},
        "no.safetensors can't be read (there is no such file)",
    ),
    "weights of another architecture": (
        "net.py:build",
        {"weights": "other.safetensors"},
        "don't fit the Sequential: 4 are missing, the first 0.weight; 2 are unexpected, the first bias. Name",
    ),
    "weights of another shape": (
        "net.py:build",
        {"weights": "wider.pt"},
        "1 of another shape, the first 4.weight: (5, 4) in the file, (3, 4) in the model",
    ),
    "a factory that gives nothing": ("net.py:nothing", {}, "a NoneType can't be called; wrap a PyTorch module"),
    "nothing declared": ("net.py:build", {"input": ""}, "not declared: size, range, layout"),
    "a range forgotten": ("net.py:build", {"input": "8x8 layout=CHW"}, "not declared: range"),
    "a size that is none": ("net.py:build", {"input": "8by8 range=0..1 layout=CHW"}, "size '8by8' is not numbers"),
    "an unknown word": ("net.py:build", {"input": TAKES + " crop=1"}, "--input-spec knows no 'crop'"),
    "an unknown kind": ("net.py:build", {"output": "logit"}, "--output-spec says 'logit'; a model gives logits"),
    "no classes": ("net.py:build", {"classes": ""}, "the classes are not declared"),
    "no such class file": ("net.py:build", {"classes": "names.txt"}, "names.txt can't be read"),
    "classes of the wrong length": ("net.py:build", {"classes": "4"}, "since 4 class names were declared"),
    "a class file of the wrong length": ("net.py:build", {"classes": "two.txt"}, "since 2 class names were declared"),
    "an empty class file": ("net.py:build", {"classes": "none.txt"}, "none.txt holds no class name"),
    "weights without a model": ("parallel.safetensors", {}, "holds weights and no model"),
    "weights without a model, of torch.save": ("state.pt", {}, "state.pt holds weights and no model"),
    "a folder without anything": (".", {}, "the folder . holds no model.toml"),
    "a drive and no such file": (r"C:\nets\net.py:build", {}, r"C:\nets\net.py is not there"),
    "a size of infinity": ("net.py:build", {"input": "infx8 range=0..1 layout=CHW"}, "whole numbers from 1 to"),
    "a size of no number": ("net.py:build", {"input": "nanx8 range=0..1 layout=CHW"}, "whole numbers from 1 to"),
    "a size beyond memory": ("net.py:build", {"input": "100000x8 range=0..1 layout=CHW"}, "whole numbers from 1 to"),
    "a size of nothing": ("net.py:build", {"input": "0x8 range=0..1 layout=CHW"}, "whole numbers from 1 to"),
    "half a pixel": ("net.py:build", {"input": "8.5x8 range=0..1 layout=CHW"}, "whole numbers from 1 to"),
    "ten billion classes": ("net.py:build", {"classes": "10000000000"}, "a model has 1 to 1,000,000"),
    "no class at all": ("net.py:build", {"classes": "0"}, "a model has 1 to 1,000,000"),
    "fewer than none": ("net.py:build", {"classes": "-1"}, "a model has 1 to 1,000,000"),
    "a name that no file can have": ("x" * 5000 + ".keras", {}, "is not there"),
}


@pytest.mark.parametrize(("model", "declared", "message"), WRONG.values(), ids=WRONG)
def test_what_is_missing_or_wrong_is_said(model: str, declared: dict[str, str], message: str) -> None:
    with pytest.raises(InnerviewError) as caught:
        opened(model, **declared)
    assert message in str(caught.value)


@pytest.mark.parametrize("ending", COMPILED)
def test_what_was_compiled_for_a_runtime_is_refused_with_its_kind(ending: str, tmp_path: Path) -> None:
    (tmp_path / f"net{ending}").write_bytes(b"")
    with raises(UsageError, "format", found=COMPILED[ending], file=f"net{ending}"):
        open_model(ModelRequest(str(tmp_path / f"net{ending}")))


def test_something_of_pytorch_that_is_no_module_is_refused() -> None:
    with raises(UsageError, "model", found="SGD"):
        opened("net.py:optimiser")


class Touch:
    """A pickle that does something when it is opened."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return Path.touch, (Path("ran"),)  # pyright: ignore[reportReturnType]


@pytest.mark.parametrize("name", ["model.pt", "model.pth", "model.pt2"])
def test_a_pickle_does_not_open_without_trust(here: Path, name: str) -> None:
    torch.save(Touch(), here / name)
    with raises(UsageError, "trust_code"):
        opened(name)
    assert not (here / "ran").exists()


def test_a_trusted_pickle_opens_on_the_processor(here: Path) -> None:
    torch.save(module(), here / "model.pt")
    assert opened("model.pt", trust=True).input.shape == (8, 8, 3)
    torch.save(module().state_dict(), here / "state.pt")
    model = opened("net.py:build", weights="state.pt")  # weights hold no code, so nobody is asked to trust them
    assert np.array_equal(model.weights()["0.weight"], module()[0].weight.detach().numpy())


class Doubling(nn.Module):
    """Something to be scripted and exported, with a part that works in place and is used twice."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.relu, self.dense = nn.Conv2d(3, 4, 3), nn.ReLU(inplace=True), nn.Linear(4, 3)

    def forward(self, value: torch.Tensor) -> torch.Tensor:
        return self.dense(self.relu(2 * self.relu(self.conv(value)) - 0.1).mean((2, 3)))


def script(model: nn.Module, path: Path) -> None:
    torch.jit.script(model).save(str(path))


def export(model: nn.Module, path: Path, *, batch: int | None = None) -> None:
    example = (torch.zeros(batch or 2, 3, 8, 8),)
    shapes = None if batch else ({0: torch.export.Dim("batch")},)
    torch.export.save(torch.export.export(model, example, dynamic_shapes=shapes), path)


@pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning")
@pytest.mark.parametrize(("write", "name"), [(script, "model.pt"), (export, "model.pt2")], ids=["scripted", "exported"])
def test_a_scripted_or_exported_model_has_the_same_gradients_and_nothing_to_tap(here: Path, write, name: str) -> None:
    torch.manual_seed(2)
    model = Doubling().eval()
    write(model, here / name)
    with raises(UsageError, "trust_code"):
        opened(name)
    found, image = opened(name, trust=True), np.random.default_rng(0).random((8, 8, 3), np.float32)
    plain = wrap(model, input=found.input, output=found.output)
    assert not {layer.kind for layer in found.layers} & {"convolution", "dense"}
    known, again = (gradient(one, image, Logit(1)) for one in (plain, found))
    np.testing.assert_allclose(again.gradient, known.gradient, atol=1e-7)
    assert np.abs(known.gradient).sum() > 0


def test_a_model_that_was_exported_for_one_batch_size_is_told_so(here: Path) -> None:
    export(Doubling().eval(), here / "model.pt2", batch=1)
    with pytest.raises(ModelError, match=r"failed on 3 black images.*size\(\)\[0\] == 1"):
        opened("model.pt2", trust=True)


def from_a_gpu(path: Path) -> None:
    """Turn a file of torch.save into one that was written on a machine with CUDA: its tensors say where they lay."""
    with zipfile.ZipFile(path) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in held.items():
            archive.writestr(name, content.replace(b"X\x03\x00\x00\x00cpu", b"X\x06\x00\x00\x00cuda:0"))


def test_a_checkpoint_from_a_gpu_opens_on_the_processor(here: Path) -> None:
    torch.save(module(), here / "model.pt")
    from_a_gpu(here / "model.pt")
    with pytest.raises(RuntimeError, match="CUDA"):  # so it is one
        torch.load(here / "model.pt", weights_only=False)
    model = opened("model.pt", trust=True)
    assert np.array_equal(model.weights()["0.weight"], module()[0].weight.detach().numpy())


def test_a_factory_that_opens_a_checkpoint_from_a_gpu_is_told_the_way(here: Path) -> None:
    torch.save(module().state_dict(), here / "state.pth")
    from_a_gpu(here / "state.pth")
    (here / "net.py").write_text("import torch\ndef build():\n    return torch.load('state.pth')\n")
    with raises(ModelError, "factory", asked="net.py:build", found="RuntimeError"):
        opened("net.py:build")


def test_weights_that_are_not_finite_are_named(here: Path) -> None:
    state = module().state_dict()
    state["4.bias"][2] = torch.inf
    save_file(state, here / "trained.safetensors")
    with raises(ModelError, "weights", asked="4.bias", found=1):
        opened("net.py:build", weights="trained.safetensors")


def test_a_saved_model_does_not_open_without_trust(here: Path) -> None:
    (here / "saved").mkdir()
    (here / "saved" / "saved_model.pb").touch()
    with raises(UsageError, "trust_code", file="saved"):
        opened("saved")


def keras_file(path: Path, layer: dict[str, object]) -> None:
    config = {"module": "keras", "class_name": "Sequential", "config": {"name": "m", "layers": [layer]}}
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", json.dumps(config))


FOREIGN = {
    "a Lambda": {"module": "keras.layers", "class_name": "Lambda", "config": {}, "registered_name": None},
    "a class of someone": {"module": "evil", "class_name": "Dense", "config": {}, "registered_name": "evil>Dense"},
    "a function of Python": {"module": "os", "class_name": "function", "config": "system", "registered_name": "system"},
    "a function of Keras that fetches": {"module": "keras.utils", "class_name": "get_file", "config": {}},
    "a lambda inside a stock layer": {
        "module": "keras.layers",
        "class_name": "Dense",
        "config": {"activation": {"class_name": "__lambda__", "config": {"value": "…"}}},
    },
}


@pytest.mark.keras
@pytest.mark.parametrize("layer", FOREIGN.values(), ids=FOREIGN)
def test_a_keras_file_with_anything_but_stock_layers_does_not_open(here: Path, layer: dict[str, object]) -> None:
    keras_file(here / "model.keras", layer)
    with raises(UsageError, "trust_code", file="model.keras"):
        opened("model.keras")
    assert not (here / "ran").exists()


def test_a_model_is_described_and_explained_from_the_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    line = ["--model", "net.py:build", "--classes", "classes.txt", "--input-spec", TAKES]
    assert main(["info", "moose", *line]) == 0
    assert "1 bee" in capsys.readouterr().out
    assert main(["explain", "moose", *line, "--no-judge", "--n-steps", "2", "--alphas", "1"]) == 0
    assert main(["weights", *line]) == 0


def test_a_model_is_called_what_people_call_it() -> None:
    module = nn.Sequential(nn.Flatten(), nn.Linear(12, 3))
    assert opened_model(wrap(module, input=InputSpec(2, 2, 3), output=OutputSpec(3))).name == "Sequential"
    assert opened_model("allcnn").name == "allcnn"
