"""A package that is there and can't be imported, as where builds do not fit together: what was found, and a way out."""

from __future__ import annotations

import subprocess
import sys

import pytest

PLACES = {
    "torch": ("torch", "import innerview.adapters.torch.model"),
    "a PyTorch file": ("torch", "import innerview.adapters.torch.files"),
    "regions": ("torch", "import innerview.adapters.torch.regions"),
    "detections": ("torch", "import innerview.adapters.torch.detections"),
    "training": ("torch", "import innerview.training"),
    "recording PyTorch": ("torch", "import innerview.recorders.torch"),
    "keras": ("keras", "import innerview.adapters.keras.model"),
    "a Keras file": ("keras", "import innerview.adapters.keras.files"),
    "recording Keras": ("keras", "import innerview.recorders.keras"),
    "a recorded Keras model": ("keras", "import innerview.recorders.keras_model"),
    "jax": ("jax", "import innerview.adapters.jax"),
    "captum": ("captum", "import innerview.adapters.captum.calls"),
    "onnx": ("onnx", "import innerview.adapters.onnx.files"),
    "onnxruntime": ("onnxruntime", "import innerview.adapters.onnx.model"),
    "onnx2torch": ("onnx2torch", "import innerview.adapters.onnx.gradients"),
    "timm": (
        "timm",
        OPEN := "from innerview.adapters.hubs import open_hub; open_hub(package, 'name', pretrained=False)",
    ),
    "inside timm": ("timm.data", OPEN.replace("package", "'timm'")),
    "torchvision": ("torchvision", OPEN),
    "inside torchvision": ("torchvision.models", OPEN.replace("package", "'torchvision'")),
    "transformers": ("transformers", OPEN.replace("package", "'hf'")),
    "keras.applications": ("keras", OPEN),
    "torch.hub": ("torch", OPEN.replace("package", "'torch.hub'")),
    "zarr": ("zarr", "from innerview.results.zarr_store import require_zarr; require_zarr()"),
    "shap": ("shap", "from innerview.results.shap_explanation import explanation; explanation()"),
    "pyarrow": ("pyarrow", "from innerview.workbench.survey.shards import arrow; arrow()"),
    "tensorboardX": ("tensorboardX", "from innerview.training.tensorboard import tensorboardx; tensorboardx()"),
}
"""Every place that imports what an extra brings: the package that fails, and how one comes there."""

WITH = """
import sys
from types import ModuleType

class Failing:
    def find_spec(self, name, path=None, target=None):
        if name == package:
            raise {kind}('the operator nms does not exist')

package = {package!r}
if '.' in package:
    sys.modules[package.partition('.')[0]] = parent = ModuleType(package.partition('.')[0])
    parent.__path__ = []
sys.meta_path.insert(0, Failing())
from innerview.errors import MissingExtra
try:
    {code}
except MissingExtra as error:
    print(error.about, error.found, error.command)
    print(error)
"""


def told(package: str, code: str, kind: str) -> list[str]:
    program = WITH.format(package=package, code=code, kind=kind)
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout.splitlines()


@pytest.mark.parametrize("place", PLACES)
def test_an_import_that_fails_is_told_as_that(place: str) -> None:
    package, code = PLACES[place]
    kind = ("RuntimeError", "OSError", "ImportError", "AttributeError")[len(place) % 4]
    fields, message = told(package, code, kind)
    assert fields.startswith(f"extra {kind} pip install --force-reinstall 'innerview[")
    assert f"is installed and can't be imported ({kind}: the operator nms does not exist)" in message


@pytest.mark.parametrize("place", ["torch", "onnx2torch", "timm", "zarr"])
def test_one_that_is_not_there_is_told_as_that(place: str) -> None:
    fields, message = told(*PLACES[place], "ModuleNotFoundError")
    assert fields.startswith("extra None pip install 'innerview[")
    assert "needs a package that is not installed" in message
