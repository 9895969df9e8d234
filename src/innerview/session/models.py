"""Someone's own model, as named on a command line: opened, described and wrapped, or refused in one sentence.

Nothing is guessed: what a model takes and gives is declared (on the line, or in a model.toml beside the model), or
found in the model. And nothing that could run code opens unasked: code that is named on the line is the user's own
choice; code that a file brings along needs --trust-code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any, Final, cast

from innerview.adapters import FILES, check_rows, wrap
from innerview.adapters.endings import check_meaning
from innerview.adapters.hubs import HUBS, HubModel, folder_hub, hub_of, open_hub
from innerview.allcnn import NAMES
from innerview.errors import UsageError
from innerview.files.documents import read_toml
from innerview.files.regular import brief, exists, is_folder, size_of
from innerview.model import Model, OutputSpec
from innerview.session.checkpoints import divide_name, open_checkpoint
from innerview.session.declarations import ORDER, declare_input, declare_output, read_classes, words_of
from innerview.session.factories import build, split
from innerview.session.images import open_built_in
from innerview.typing import ModelLike

SIDE: Final = "model.toml"
"""Beside a model, it holds everything that would stand on the line."""

SAYS: Final = frozenset({"model", "weights", "classes", "input", "output"})
"""What can stand in it; trust can't."""

KERAS: Final = frozenset({".keras", ".h5", ".hdf5"})
ONNX: Final = ".onnx"
COMPILED: Final = {
    ".tflite": "TensorFlow Lite",
    ".xml": "OpenVINO",
    ".engine": "TensorRT",
    ".plan": "TensorRT",
    ".mlmodel": "Core ML",
    ".mlpackage": "Core ML",
    ".param": "ncnn",
}
"""Files for a runtime that gives no more than outputs, by their ending."""

PICKLED: Final = frozenset({".pt", ".pth", ".pt2", ".bin", ".ckpt", ".pkl"})


ENDINGS: Final = KERAS | PICKLED | COMPILED.keys() | {ONNX, ".safetensors", ".toml"}
"""Of names that are of a model, whether the file is there or not."""


@dataclass(frozen=True)
class ModelRequest:
    """A model as it stands on a command line.

    Attributes:
        model: a built-in model, a checkpoint ("RUN@STEP", see `session.checkpoints`), "module:factory",
            "file.py:factory", a hub's ("timm:NAME", see `adapters.hubs`), or a file or folder.
        weights: of the module that a factory builds, in safetensors or as torch.save wrote them; empty for none.
        classes: a file with one class name a line, or a number of classes; empty where it is declared elsewhere.
        input: words such as "224x224x3 range=0..1 mean=… std=… layout=CHW".
        output: words such as "logits temperature=0.2 output=logits".
        trust: whether files may run code.
        pretrained: a hub's model comes with its weights; else with random ones.
        device: where PyTorch runs it: "cpu", "cuda", "cuda:1", "mps"; of an ONNX file the execution provider; empty
            for where it is.
        batch_size: images in one pass; 0 for what is fastest and fits.
        precision: to compute in, "bfloat16" say; empty for as it is.
    """

    model: str = "allcnn"
    weights: str = ""
    classes: str = ""
    input: str = ""
    output: str = ""
    trust: bool = False
    pretrained: bool = True
    device: str = ""
    batch_size: int = 0
    precision: str = ""


def open_model(request: ModelRequest) -> Model | str:
    """Open and wrap a model; the name of a built-in model is given back as it is.

    Raises:
        UsageError: there is no such model, a declaration is missing, or it would run code that was not trusted.
        DataError: a file of it can't be read.
        ModelError: it can't be opened, or not run as declared.
    """
    named = divide_name(request.model)
    if named is not None:
        _check_built_in(replace(request, model=named[0] if named[0] in NAMES else NAMES[0]))
        return open_checkpoint(*named)
    if request.model in NAMES or not _is_a_model(request.model):
        _check_built_in(request)
        return request.model  # a name that is none is refused with the names that there are, where it is opened
    declared, folder = _beside(request)
    name, by_file = _chosen(request, declared, folder)
    if by_file and _runs_code(name) and not request.trust:
        raise UsageError(
            f"{folder / SIDE} names the code {name}, which opening the model would run; if you trust where it came "
            "from, add --trust-code"
        ).of("trust_code", asked=name, path=folder / SIDE)
    hub = "" if exists(Path(name)) and not is_folder(Path(name)) else hub_of(name) or folder_hub(Path(name))
    if hub:
        if hub == "hf" and "{" in request.classes:
            zero_shot = import_module("innerview.adapters.hubs").open_texts
            known = zero_shot(name.removeprefix("hf:"), request.classes, request.pretrained, request.trust)
            return _declared(known.model, replace(request, classes=""), {}, folder, known)
        weights = request.weights or declared.get("weights")
        named = request.classes or _names(folder, declared.get("classes"))
        known = open_hub(
            hub,
            name.removeprefix(f"{hub}:"),
            pretrained=request.pretrained and not weights,
            trust=request.trust,
            classes=len(read_classes(named, None)) if weights and named else 0,
        )
        return _declared(known.model, request, declared, folder, known)
    if not request.pretrained:
        raise UsageError(
            f"--no-weights is for a model of {', '.join(f'{one}:' for one in HUBS)}, and {name} is none"
        ).of("no_weights", asked=name)
    model = _open(name, trust=request.trust)
    if MEMBERS.issubset(dir(cast("object", type(model)))):
        return _as_it_is(model, request, declared)
    return _declared(model, request, declared, folder, None)


def _check_built_in(request: ModelRequest) -> None:
    """Raise UsageError where a built-in model is asked for what only others have."""
    options = (
        ("--device", request.device),
        ("--precision", request.precision),
        ("--batch-size", request.batch_size),
    )
    given = " and ".join(option for option, word in options if word)
    if given and request.model in NAMES:
        raise UsageError(
            f"{given} is for models of your own; the built-in {request.model} runs on NumPy in float32, by as many "
            "images at a time as are fastest there"
        ).of(given, asked=request.model)


def take_model(model: ModelLike) -> Model:
    """What somebody gave for a model, as one: wrapped already, to be wrapped, or a name as on a command line.

    Raises:
        UsageError: there is no model of this name, or it does not say what it takes and gives.
        DataError: a file of it can't be read.
        ModelError: it can't be run as it says.
    """
    if isinstance(model, str | Path):
        opened = open_model(ModelRequest(str(model)))
        return open_built_in(opened) if isinstance(opened, str) else opened
    return model if MEMBERS.issubset(dir(cast("object", type(model)))) else wrap(model)


def _declared(
    model: Any, request: ModelRequest, declared: Mapping[str, Any], folder: Path, known: HubModel | None
) -> Model:
    """Load weights, and wrap with what a model's hub says of it, what its model.toml says, and what the line says."""
    weights = Path(request.weights) if request.weights else _path(folder, declared.get("weights"))
    options: dict[str, Any] = {}
    if weights is not None:
        options["notes"] = import_module("innerview.adapters.torch.files").load_state(model, weights)
    if request.device and type(model).__module__ == FILES:
        options["providers"] = (request.device,)
    elif request.device:
        model = import_module("innerview.adapters.torch.memory").moved(model, request.device)
    if request.precision:
        options["precision"] = request.precision
    if request.batch_size:
        options["batch_size"] = request.batch_size
    named, output = request.classes or _names(folder, declared.get("classes")), known and known.output
    if output is None and not named and getattr(model, "class_names", ()):  # an ONNX file, which may name them
        output = OutputSpec(model.class_names, source=model.source)
    classes = output.class_names if output is not None and not named else read_classes(named, model)
    taken = words_of(declared.get("input")) | words_of(request.input, ORDER["input"])
    given = words_of(declared.get("output")) | words_of(request.output, ORDER["output"])
    declarations = declare_input(taken, model, known and known.input), declare_output(given, classes, output)
    try:
        return wrap(model, input=declarations[0], output=declarations[1], **options)
    except UsageError as error:
        if error.about != "options":
            raise
        raise _without_options(error, request, model) from error


def _without_options(error: UsageError, request: ModelRequest, model: object) -> UsageError:
    """What an adapter said of options that it does not have, in the words of a command line."""
    words = ("--precision" if name == "precision" else name for name in error.asked)
    return UsageError(
        f"{', '.join(words)} was given for {request.model}, a {type(model).__name__}, which has no such choice: an "
        "ONNX file computes as its graph says, a function as it is written. Leave it out"
    ).of("options", asked=error.asked, found=type(model).__name__)


MEMBERS: Final = frozenset({"input", "output", "dtype", "fingerprint", "layers", "batch_size", "weights", "forward"})
"""What every model of innerview has (`Model`); a factory may give one, also one of another package."""


def _as_it_is(model: Model, request: ModelRequest, declared: Mapping[str, Any]) -> Model:
    """Take a model that was wrapped already, with what it says of itself."""
    options = (
        ("--device", request.device),
        ("--precision", request.precision),
        ("--batch-size", request.batch_size),
        ("--weights", request.weights),
        ("--classes", request.classes),
        ("--input-spec", request.input),
        ("--output-spec", request.output),
    )
    given = [option for option, word in options if word]
    given += [f"{name} in {SIDE}" for name in declared if name != "model"]
    if given:
        raise UsageError(
            f"{request.model} gives a model of innerview, which says itself what it takes and gives; leave out "
            f"{', '.join(given)}"
        ).of("options", asked=tuple(given))
    check_rows(model)
    check_meaning(model)
    return model


def _is_a_model(name: str) -> bool:
    return ":" in name or exists(Path(name)) or Path(name).suffix in ENDINGS


def _beside(request: ModelRequest) -> tuple[Mapping[str, Any], Path]:
    """Read the model.toml beside a model that is a file, or that is named itself."""
    path = Path(split(request.model)[0])
    if not exists(path):
        return {}, path.parent
    folder = path if is_folder(path) and exists(path / SIDE) else path.parent
    side = path if path.suffix == ".toml" else folder / SIDE
    if not exists(side):
        return {}, folder
    found = read_toml(side, "the settings")
    unknown = ", ".join(sorted(set(found) - SAYS))
    if unknown:  # "weigths" passed over would leave the model untrained
        raise UsageError(f"{side} says {unknown}, which has no meaning there; it says {', '.join(sorted(SAYS))}").of(
            "settings", asked=unknown, known=sorted(SAYS), path=side
        )
    for name, fits, kind in KINDS:
        if name in found and not fits(found[name]):
            raise UsageError(f"{side} says {name} = {brief(found[name])}; it is {kind}").of(
                "settings", asked=name, found=found[name], path=side
            )
    return found, folder


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value) and "\0" not in value


def _are_classes(value: object) -> bool:
    if isinstance(value, list):
        names = cast("list[object]", value)
        return bool(names) and all(isinstance(one, str) for one in names)
    return type(value) is int or _is_text(value)


def _is_table(value: object) -> bool:
    return _is_text(value) or isinstance(value, Mapping)


KINDS: Final = (
    ("model", _is_text, "a file, or a file and a function: net.py:build"),
    ("weights", _is_text, "a file"),
    ("classes", _are_classes, 'a list of names, a file, or how many: ["cat", "dog"]'),
    ("input", _is_table, "a table, or words"),
    ("output", _is_table, "a table, or words"),
)
"""What the words of a model.toml hold."""


def _chosen(request: ModelRequest, declared: Mapping[str, Any], folder: Path) -> tuple[str, bool]:
    """What is to be opened, and whether a file says so rather than the line."""
    path = Path(request.model)
    named = str(declared.get("model", ""))
    if named and (path.suffix in {".toml", ".safetensors"} or is_folder(path)):
        home, factory = split(named)
        beside = not hub_of(named) and not (factory and not home.endswith(".py"))
        return str(folder / named) if beside else named, True
    if path.suffix == ".safetensors":
        size_of(path, "the model")
        raise UsageError(
            f"{path.name} holds weights and no model; name a function that builds the module, "
            f"--model file.py:build --weights {path.name}, or write both into {SIDE} beside it"
        ).of("weights", asked=str(path))
    if is_folder(path) and not exists(path / "saved_model.pb") and not folder_hub(path):
        raise UsageError(
            f"the folder {path} holds no {SIDE} that names a model, and no SavedModel; name the model itself"
        ).of("model", asked=str(path), found="a folder")
    return request.model, False


def _runs_code(name: str) -> bool:
    return not hub_of(name) and bool(split(name)[1])


def _open(name: str, *, trust: bool) -> Any:
    if "://" in name and not exists(Path(name)):
        raise UsageError(f"{name} is an address, and nothing is fetched; save it as a file, and name that").of(
            "address", asked=name
        )
    path = Path(name)
    if split(name)[1]:
        return build(name)
    if path.suffix in COMPILED:
        raise UsageError(
            f"{brief(path.name)} is of {COMPILED[path.suffix]}, which is made to be run and not to be looked into; "
            "name the model that it was made from (of PyTorch, Keras or JAX), or an ONNX file of it"
        ).of("format", asked=name, found=COMPILED[path.suffix], path=path)
    if path.suffix in KERAS:
        size_of(_there(path), "the model")  # before Keras is imported, which takes seconds
        return _keras().open_keras(path, trust=trust)
    if exists(path / "saved_model.pb"):
        size_of(path / "saved_model.pb", "the model")
        if not trust:
            raise UsageError(f"opening the SavedModel {path.name} runs code that is in it; {CODE}").of(
                "trust_code", path=path
            )
        return _keras().open_saved_model(path)
    if path.suffix == ONNX:
        return import_module("innerview.adapters.onnx.files").read_onnx(_there(path))
    if path.suffix in PICKLED:
        size_of(_there(path), "the model")
        return import_module("innerview.adapters.torch.files").open_pickle(path, trust=trust)
    return build(name)


CODE: Final = "if you trust where it came from, add --trust-code"


def _keras() -> Any:
    return import_module("innerview.adapters.keras.files")


def _there(path: Path) -> Path:
    if not exists(path):
        raise UsageError(f"the model {path} is not there").of("model", asked=str(path), found=None)
    return path


def _path(folder: Path, named: object) -> Path | None:
    return None if named is None else folder / str(named)


def _names(folder: Path, declared: object) -> str | tuple[str, ...]:
    """The classes of a model.toml: a list, a number, or a file beside it."""
    if isinstance(declared, list):
        return tuple(str(one) for one in cast("list[object]", declared))
    return "" if declared is None else str(declared) if str(declared).isdecimal() else str(folder / str(declared))
