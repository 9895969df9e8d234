"""docs/reference/error-messages.md says what is said: every message on it is made here and compared, word for word.

The tables are whole, so a message that is added here and not there fails too, and shows the table as it should be.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from data.files_made import encoded, png, random_bytes, tiff
from data.test_hostile_data import array, data_set, npz, npz_header, tar
from innerview.adapters import wrap
from innerview.allcnn.table import build, initial_weights
from innerview.data.baselines import baseline_from, make_baseline, parse_baseline
from innerview.data.cifar10 import load
from innerview.data.class_files import read_class_file
from innerview.data.files import read_bytes
from innerview.data.fitting import parse_crop, preprocess
from innerview.data.folders import open_folders
from innerview.data.reading import load_image
from innerview.data.samples import find_image
from innerview.errors import InnerviewError
from innerview.methods import (
    ask,
    grad_cam,
    insertion,
    occlusion,
    parts,
    removed_and_alone,
    sampled_shapley,
    shapley,
)
from innerview.methods.parts import place_windows
from innerview.methods.registry import read_method
from innerview.methods.verdict import judge
from innerview.model import InputSpec, Layer, OutputSpec, find_layer, require_differentiable
from innerview.quadrature import fixed_rule
from innerview.results import Prediction, Provenance
from innerview.results.io import load_result, save_result
from innerview.session.layers import choose_layers
from innerview.session.models import ModelRequest, open_model
from innerview.targets import Logit, find_class
from innerview.types import Array
from innerview.workbench import Query, compare, explain, path, weights
from typecheck import unchecked

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "error-messages.md"
SPEC = InputSpec(32, 32)
RGB = OutputSpec(("red", "green", "blue"))
COLOURS = wrap(lambda batch: batch.mean((1, 2)), input=SPEC, output=RGB)
PLAIN = np.zeros(SPEC.shape, np.float32)
BREAKING = wrap(lambda batch: np.where(batch.max(axis=(1, 2)) == 1, np.nan, batch.mean((1, 2))), input=SPEC, output=RGB)
SCORE = wrap(lambda batch: batch.mean((1, 2, 3))[:, None], input=SPEC, output=OutputSpec(["dog"], kind="scores"))
LABELS = np.repeat(np.arange(32)[:, None] // 16, 32, axis=1)
LARGE_WEBP = b"RIFF\x20\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\xbf\x12\0\xbf\x12\0"
SEQUENTIAL = [Layer(str(number), kind) for number, kind in enumerate(("convolution", "activation") * 2)]
BY_HEAD = [Layer("conv", "convolution", shape=(8, 8, 4)), Layer("heads", "other", axes="", shape=(4, 65, 16))]
ESCAPED = str.maketrans({"<": "\\<", "*": "\\*"})
LISTS = {"from1.txt": b"1 cat\n2 dog\n", "latin1.txt": b"caf\xe9\n", "kinds.json": b'["cat", 3]', "empty.txt": b"\n"}
Cases = Mapping[str, Callable[[], object]]


def spoiled() -> dict[str, Array]:
    """Weights of the built-in model's shape, small, one of the second layer's gone bad."""
    found = initial_weights(0, channels=4)
    found["conv2.weight"].flat[0] = np.nan
    return found


def written(place: str, score: float = 2) -> Path:
    """A small result in a folder."""
    source = Provenance("0123456789abcdef", "float32", 7, versions={})
    chances = Prediction(np.array([score, 1, 0], np.float32), np.array([0.7, 0.2, 0.1]), ("red", "green", "blue"))
    save_result(place, {"prediction": chances, "provenance": source})
    return Path(place)


def cut(place: str, file: str, size: int) -> Path:
    """The same with only the beginning of a file."""
    path = written(place) / file
    path.write_bytes(path.read_bytes()[:size])
    return Path(place)


def said_otherwise(place: str, words: str, others: str) -> Path:
    """The same with other words in result.json."""
    path = written(place) / "result.json"
    text = path.read_text(encoding="utf-8")
    assert words in text, text
    path.write_text(text.replace(words, others, 1), encoding="utf-8")
    return Path(place)


def mixed(place: str) -> Path:
    """The same with the arrays of another."""
    (written("other", 3) / "arrays.safetensors").replace(written(place) / "arrays.safetensors")
    return Path(place)


def saved(path: Path, content: bytes) -> Path:
    """A file with this content."""
    path.write_bytes(content)
    return path


def softmax(pixels: Array) -> Array:
    """A model that ends in softmax."""
    logits = 9 * pixels.mean((1, 2))
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


OWN = """
from innerview.adapters import FunctionModel
from innerview.model import InputSpec, OutputSpec

def build():
    return FunctionModel(lambda x: x.mean((1, 2)), InputSpec(8, 8), OutputSpec(3))
"""

PICTURES: Cases = {
    "a name that no file has": lambda: find_image("moose.jpeg"),
    "a folder": lambda: load_image("photos"),
    "a device or a pipe": lambda: load_image("/dev/null"),
    "text": lambda: load_image("notes.jpg"),
    "an empty file": lambda: load_image(b"", name="empty.png"),
    "another kind of file": lambda: load_image(b"\0\0\0\x18ftypheic" + bytes(3000), name="moose.heic"),
    "bytes of no kind": lambda: load_image(bytes(range(1, 9)) * 9, name="moose.raw"),
    "half an image": lambda: load_image(Path("photos/moose.png").read_bytes()[:5000], name="half.png"),
    "too many pixels": lambda: load_image(png(12_000, 9_000, 8, 2, b"\0"), name="map.png"),
    "too large a file": lambda: read_bytes(Path("photos/moose.png"), 100),
    "an image of one row": lambda: load_image(png(64_000_000, 1, 8, 0, b"\0"), name="row.png"),
    "nearly nothing in many pixels": lambda: load_image(png(8000, 8000, 8, 2, b"\0"), name="sheet.png"),
    "a large WebP image": lambda: load_image(LARGE_WEBP, name="map.webp"),
    "high dynamic range": lambda: load_image(
        png(1, 1, 8, 0, b"\0\0", extra=((b"cICP", bytes((9, 16, 0, 1))),)), name="sun.png"
    ),
    "channels that nobody named": lambda: load_image(
        tiff(np.zeros((4, 4, 5), np.uint8), photometric=2), name="bands.tiff"
    ),
    "a TIFF of a form that is not read": lambda: load_image(
        tiff(np.zeros((4, 4, 3), np.uint16), photometric=8), name="lab.tiff"
    ),
    "another kind of JPEG": lambda: load_image(
        encoded(Image.new("L", (8, 8)), "JPEG").replace(b"\xff\xc0", b"\xff\xc3"), name="scan.jpg"
    ),
    "another thing than an image": lambda: load_image(3),  # pyright: ignore[reportArgumentType]
    "an array with channels in front": lambda: load_image(np.zeros((3, 8, 8))),
    "an array of other numbers": lambda: load_image(np.zeros((8, 8, 3), np.int64)),
    "floats that are no brightness": lambda: load_image(np.full((8, 8, 3), 255.0)),
    "numbers that are no brightness": lambda: load_image(
        encoded(Image.fromarray(np.array([[-3, 7]], np.float32)), "TIFF"), name="heights.tiff"
    ),
}
CROPS: Cases = {
    "an unknown word": lambda: parse_crop("middle"),
    "a box that reaches outside": lambda: preprocess(load_image("photos/moose.png"), SPEC, (40, 0, 32, 32)),
}
BASELINES: Cases = {
    "an unknown word, or no such file": lambda: parse_baseline("pink"),
    "a number without a meaning": lambda: parse_baseline("blurred:-1"),
    "a blur wider than the image": lambda: make_baseline("blurred:99", SPEC, PLAIN),
    "a file of another size": lambda: make_baseline("photos/moose.png", SPEC, PLAIN),
    "an array of another size": lambda: baseline_from(np.zeros((28, 28)), SPEC),
    "bytes in place of floats": lambda: baseline_from(np.zeros((32, 32, 3), np.uint8), SPEC),
    "NaN": lambda: baseline_from(np.full((32, 32, 3), np.nan), SPEC),
}
FOLDERS: Cases = {
    "no folder": lambda: open_folders("nowhere"),
    "no class folders": lambda: open_folders("photos"),
    "nothing in it": lambda: open_folders("hollow"),
    "no such part": lambda: open_folders("parts"),
    "an image beyond the last": lambda: open_folders("data").pick("cat:7"),
    "an unknown class": lambda: open_folders("data").pick("zebra"),
    "a class that the model has twice": lambda: open_folders("data").matching(("cat", "dog", "cat")),
    "several folders that may be meant": lambda: open_folders("several"),
    "classes that the model does not know": lambda: open_folders("data").matching(("cat", "deer")),
    "no image that can be read": lambda: path("broken", output="new"),
}
NETWORKS: Cases = {
    "weights that are not finite": lambda: build(spoiled()),
    "rows that influence each other": lambda: wrap(lambda x: x.mean((1, 2)) - x.mean(), input=SPEC, output=RGB),
    "an output of another shape": lambda: wrap(lambda x: x.mean(), input=SPEC, output=RGB),
    "more outputs than names": lambda: wrap(lambda x: x.mean(1).reshape(len(x), -1), input=SPEC, output=RGB),
    "a function that fails": lambda: wrap(lambda x: x.mean((1, 2, 9)), input=SPEC, output=RGB),
    "no declaration": lambda: wrap(lambda x: x),
    "gradients of a function": lambda: require_differentiable(COLOURS),
    "logits that are probabilities already": lambda: wrap(softmax, input=SPEC, output=RGB),
    "one score that nobody explained": lambda: OutputSpec(["dog"], kind="scores").decide(np.zeros((1, 1))),
    "a factory of a wrapped model, with declarations": lambda: open_model(ModelRequest("own.py:build", classes="3")),
    "another file than safetensors": lambda: weights([Path("notes.jpg")], output="new"),
}
DATA: Cases = {
    "a pipe or a device": lambda: load(Path("/dev/null")),
    "no such file": lambda: load(Path("cifar.tar.gz")),
    "another file than a tarball": lambda: load(Path("notes.jpg")),
    "a tarball that claims too much": lambda: load(saved(Path("large.tar"), tar(("data_batch_1", 2**40, b"")))),
    "an .npz of other arrays": lambda: load(saved(Path("other.npz"), npz({"x": array(1)}))),
    "an .npz that claims more than it holds": lambda: load(
        saved(Path("claims.npz"), data_set(train_images=npz_header("(1152921504606846976, 4, 4, 3)")))
    ),
    "objects in an .npz": lambda: load(saved(Path("objects.npz"), data_set(classes=npz_header("(1,)", "|O")))),
    "class numbers that are none": lambda: load(saved(Path("halves.npz"), data_set(train_labels=array([0.5, 1])))),
}
CLASSES: Cases = {
    "lines numbered from 1": lambda: read_class_file(Path("from1.txt")),
    "another encoding": lambda: read_class_file(Path("latin1.txt")),
    "JSON of another kind": lambda: read_class_file(Path("kinds.json")),
    "no names": lambda: read_class_file(Path("empty.txt")),
    "a folder": lambda: read_class_file(Path("photos")),
    "a name that several classes have": lambda: find_class("crane", ("hen", "crane", "heron", "crane")),
}
REQUESTS: Cases = {
    "an unknown class": lambda: explain(["cat"], Query(target="hors"), output="new"),
    "an unknown layer": lambda: explain(["cat"], Query(layers=("conv12",)), output="new"),
    "a layer that is a name and a number": lambda: find_layer(SEQUENTIAL, "2"),
    "a layer that can't be drawn": lambda: choose_layers(("heads",), SimpleNamespace(layers=BY_HEAD)),
    "Grad-CAM at a layer without places": lambda: grad_cam(build(initial_weights(0, 8)), PLAIN, Logit(0), "mean"),
    "an unknown model": lambda: explain(["cat"], model="resnet", output="new"),
    "an alpha outside [0, 1]": lambda: explain(["cat"], Query(alphas=(0.5, 1.5)), output="new"),
    "a share outside [0, 1]": lambda: insertion(COLOURS, PLAIN, PLAIN[..., 0], fill=PLAIN, fractions=(-0.1,)),
    "an unknown rule": lambda: fixed_rule("simpson", 32),
    "too few evaluations for a rule": lambda: fixed_rule("trapezoid", 1),
    "an unknown target": lambda: explain(["cat"], Query(objective="loss"), output="new"),
    "a class against itself": lambda: explain(["cat"], Query(target="cat", versus="3"), output="new"),
    "a scale without a meaning": lambda: explain(["cat"], Query(vmax="0"), output="new"),
    "a pick without data": lambda: explain(["cat"], Query(select="horse:3"), output="new"),
    "a baseline that differs from image to image": lambda: path("data", baseline="blurred", output="new"),
    "an unknown method": lambda: explain(["cat"], Query(methods=("oclusion",)), output="new"),
    "a method that gives no map": lambda: explain(["cat"], Query(methods=("keep",)), output="new"),
    "an option that a method lacks": lambda: explain(["cat"], Query(methods=("occlusion:size=8",)), output="new"),
    "an option without a meaning": lambda: explain(["cat"], Query(methods=("smooth-grad:samples=1",)), output="new"),
    "a window wider than the image": lambda: explain(["cat"], Query(methods=("occlusion:window=40",)), output="new"),
    "a method that needs gradients, of a function": lambda: read_method("grad-cam").settled(COLOURS),
    "AttnLRP of what is no transformer of PyTorch": lambda: explain(
        ["cat"], Query(methods=("attn-lrp",)), output="new"
    ),
}
REGIONS: Cases = {
    "no region": lambda: ask(COLOURS, PLAIN, []),
    "a box that reaches outside": lambda: ask(COLOURS, PLAIN, (30, 2, 5, 5)),
    "a box without a pixel": lambda: ask(COLOURS, PLAIN, (4, 2, 0, 10)),
    "a box that is everything": lambda: ask(COLOURS, PLAIN, (0, 0, 32, 32)),
    "three numbers": lambda: ask(COLOURS, PLAIN, (4, 2, 12)),
    "a mask of another size": lambda: ask(COLOURS, PLAIN, np.ones((28, 28), bool)),
    "a mask with other values": lambda: ask(COLOURS, PLAIN, np.full((32, 32), 0.5)),
    "a fill that does not exist": lambda: ask(COLOURS, PLAIN, (4, 2, 12, 10), fills=("green",)),
    "a fill of another size": lambda: ask(COLOURS, PLAIN, (4, 2, 12, 10), fills=(np.zeros((28, 28, 3)),)),
    "an objective without a meaning": lambda: ask(COLOURS, PLAIN, (4, 2, 12, 10), objective="loss"),
    "earlier tries that are no p-values": lambda: ask(COLOURS, PLAIN, (4, 2, 12, 10), fills=("gray",), earlier=(1.2,)),
    "NaN where a region is taken away": lambda: ask(BREAKING, PLAIN, (4, 2, 12, 10), fills=("white",)),
    "NaN for a combination of regions": lambda: shapley(BREAKING, PLAIN, Logit(0), regions=4, fills=("white",)),
    "NaN with regions removed": lambda: removed_and_alone(BREAKING, PLAIN, Logit(0), fills=("white",)),
    "NaN in a part": lambda: parts(BREAKING, PLAIN, fills=("white",)),
    "one region": lambda: shapley(COLOURS, PLAIN, Logit(0), regions=1),
    "one region, sampled": lambda: sampled_shapley(COLOURS, PLAIN, Logit(0), regions=1),
    "more regions than can be combined": lambda: shapley(COLOURS, PLAIN, Logit(0), regions=13),
    "more regions than pixels": lambda: shapley(COLOURS, PLAIN, Logit(0), regions=2000),
    "regions in words that are none": lambda: shapley(COLOURS, PLAIN, Logit(0), regions="segments"),
    "more superpixels than pixels": lambda: sampled_shapley(COLOURS, PLAIN, Logit(0), regions="superpixels:2000"),
    "regions of another size": lambda: shapley(COLOURS, PLAIN, Logit(0), regions=np.zeros((28, 28), int)),
    "a region without a pixel": lambda: shapley(COLOURS, PLAIN, Logit(0), regions=2 * LABELS),
    "fewer passes than combinations": lambda: shapley(COLOURS, PLAIN, Logit(0), regions=4, max_evaluations=20),
    "fewer passes than the pilot": lambda: sampled_shapley(COLOURS, PLAIN, Logit(0), max_evaluations=100),
    "no fill": lambda: removed_and_alone(COLOURS, PLAIN, Logit(0), fills=()),
    "a map held against another image": lambda: judge(np.zeros((28, 28)), shapley(COLOURS, PLAIN, Logit(0), regions=2)),
    "parts of an image that has few pixels": lambda: place_windows(4, 4),
    "parts with sides of no eighths": lambda: parts(COLOURS, PLAIN, eighths=(8,)),
    "parts for a score that decides nothing": lambda: parts(SCORE, PLAIN),
    "a comparison of too few images": lambda: compare(COLOURS, "data", output="new"),
    "a comparison that names a fill twice": lambda: compare(COLOURS, "data", fills=("black", "black"), output="new"),
    "values that do not add up, for shap": lambda: occlusion(COLOURS, PLAIN, Logit(0), fill=PLAIN).to_shap(),
}
RESULTS: Cases = {
    "another folder": lambda: load_result("photos"),
    "half of result.json": lambda: load_result(cut("half", "result.json", 200)),
    "half of the arrays": lambda: load_result(cut("short", "arrays.safetensors", -20)),
    "an array of another shape": lambda: load_result(
        said_otherwise("shape", '"shape": [\n    3\n', '"shape": [\n    4\n')
    ),
    "a text for a number": lambda: load_result(said_otherwise("text", '"batch_size": 7', '"batch_size": "seven"')),
    "a schema of a newer version": lambda: load_result(said_otherwise("newer", '"schema": 5', '"schema": 9')),
    "files of two writings": lambda: load_result(mixed("mixed")),
}
OUTPUT: Cases = {
    "a file": lambda: explain(["cat"], output="moose.jpg"),
    "a folder that holds other things": lambda: explain(["cat"], output="photos"),
}
SECTIONS = {
    "Images": PICTURES,
    "Crops": CROPS,
    "Baselines": BASELINES,
    "Data in class folders": FOLDERS,
    "Data in one file": DATA,
    "Lists of classes": CLASSES,
    "What to look at": REQUESTS,
    "Regions, parts and comparisons": REGIONS,
    "The folder to write to": OUTPUT,
    "Models": NETWORKS,
    "Results that are read back": RESULTS,
}


@pytest.fixture
def _folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files and folders with fixed names, in the folder that the messages are made in."""
    place = tmp_path / "here"
    for folder in (
        "photos",
        "hollow",
        "parts/train/cat",
        "data/cat",
        "data/dog",
        "broken/cat",
        "several/animals/cat",
        "several/things/cup",
    ):
        (place / folder).mkdir(parents=True)
    monkeypatch.chdir(place)
    picture = encoded(Image.fromarray(random_bytes(48, 64)))
    for name in ("photos/moose.png", "moose.jpg", "parts/train/cat/1.png", "data/cat/1.png", "data/dog/1.png"):
        Path(name).write_bytes(picture)
    for name in ("several/animals/cat/1.png", "several/things/cup/1.png"):
        Path(name).write_bytes(picture)
    for name, content in LISTS.items():
        Path(name).write_bytes(content)
    Path("notes.jpg").write_text("The moose stood by the lake.\n" * 420, encoding="utf-8")
    Path("broken/cat/1.png").write_bytes(b"meow")
    Path("own.py").write_text(OWN, encoding="utf-8")


def raised(case: Callable[[], object]) -> InnerviewError:
    """The error that a case must end with, as users meet it."""
    with unchecked(), pytest.raises(InnerviewError) as caught:
        case()
    return caught.value


def row(given: str, error: InnerviewError) -> str:
    """A line of the page: what a program reads, then what people do."""
    return f"| {given} | `{type(error).__name__}`, `{error.about}` | {str(error).translate(ESCAPED)} |"


def table(cases: Cases) -> str:
    """A section's table, as it stands on the page; what Markdown would take for its own is escaped."""
    rows = [row(given, raised(case)) for given, case in cases.items()]
    return "\n".join(["| given | error, `about` | said |", "|---|---|---|", *rows])


@pytest.mark.usefixtures("_folders")
@pytest.mark.parametrize("section", SECTIONS)
def test_the_page_says_what_is_said(section: str) -> None:
    page = PAGE.read_text(encoding="utf-8")
    expected = f"## {section}\n\n{table(SECTIONS[section])}\n"
    assert expected in page, expected


def test_every_section_is_tested() -> None:
    sections = {line[3:] for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("## ")}
    assert sections == set(SECTIONS)
