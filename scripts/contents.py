"""Compare what was built, or what was installed from it, with this checkout; part of scripts/release-check.

    python scripts/contents.py DIST                            the sdist and the wheel in a folder
    python scripts/contents.py --installed ROOT LOOK REPORT    the package that this Python has, and what it wrote

Only the standard library is used, and of innerview what is installed.
"""

from __future__ import annotations

import importlib.util
import re
import sys
import tarfile
import zipfile
from pathlib import Path

FRAMEWORKS = ("torch", "tensorflow", "keras", "jax")
LEFT_OUT = {"__pycache__", "node_modules"}
BUNDLE = {f"innerview/viewer/bundle/{name}" for name in ("viewer.js", "viewer.css", "stamp")}


def version(root: Path) -> str:
    """The version, where it is said."""
    found = re.search(
        r'^__version__ = "([^"]+)"$', (root / "src/innerview/version.py").read_text("utf-8"), re.MULTILINE
    )
    if found is None:
        sys.exit("src/innerview/version.py says no __version__")
    return found.group(1)


def files(root: Path) -> set[str]:
    """The package's files in a checkout, as they are called in a wheel; the bundle may not be built there."""
    paths = [
        path for path in (root / "src" / "innerview").rglob("*") if path.is_file() and not LEFT_OUT & set(path.parts)
    ]
    return {path.relative_to(root / "src").as_posix() for path in paths} | BUNDLE


def built(folder: Path, root: Path) -> list[str]:
    """What is wrong with what was built."""
    expected, number = files(root), version(root)
    (wheel,), (sdist,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    wrong = [f"{one.name} is not of version {number}" for one in (wheel, sdist) if f"-{number}" not in one.name]
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if name.startswith("innerview/")}
    wrong += [f"the wheel lacks {name}" for name in sorted(expected - held)]
    wrong += [f"the wheel has {name}, which the checkout has not" for name in sorted(held - expected)]
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    wrong += [f"the sdist lacks src/{name}" for name in sorted(expected) if f"src/{name}" not in names]
    wrong += [
        f"the sdist lacks {name}"
        for name in ("tests", "frontend", "docs")
        if not any(one.startswith(f"{name}/") for one in names)
    ]
    wrong += [f"the sdist has {name}" for name in sorted(names) if LEFT_OUT & set(Path(name).parts)]
    return wrong


def installed(root: Path, look: Path, report: Path) -> list[str]:
    """What is wrong with the installed package, and with what it wrote."""
    import innerview

    home = Path(str(innerview.__file__)).parent
    wrong = [f"innerview comes from {home}"] * home.is_relative_to(root)
    wrong += [f"version {innerview.__version__} is installed"] * (innerview.__version__ != version(root))
    wrong += [f"{name} came along" for name in FRAMEWORKS if importlib.util.find_spec(name) is not None]
    pages = [look / "index.html", look / "cat" / "index.html", report]
    page = next((one for one in pages if one.is_file()), report)
    wrong += [f"{one} was not written" for one in (page, report) if not one.is_file()]
    wrong += [
        f"{one} asks for something"
        for one in (page, report)
        if one.is_file() and re.search(r'(?:src|href)="(?:https?:)?//', one.read_text("utf-8"))
    ]
    return wrong


def main(arguments: list[str]) -> list[str]:
    """Do what the command line says."""
    match arguments:
        case ["--installed", root, look, report]:
            return installed(Path(root), Path(look), Path(report))
        case [folder]:
            return built(Path(folder), Path(__file__).resolve().parent.parent)
        case _:
            return [__doc__ or ""]


if __name__ == "__main__":
    sys.exit("\n".join(main(sys.argv[1:])) or None)
