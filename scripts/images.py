"""Draw the figures of the documentation anew into docs/images, by the tool itself, of bundled photos and drawn shapes.

A look at three photos and at the two bundled trainings, and the files below taken out of them; run it after a built-in
model changes.
"""

from __future__ import annotations

import argparse
import contextlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import blocks
import numpy as np
import taken_apart
from PIL import Image

import innerview
from innerview import pictures
from innerview.workbench.page.report import page as write_page
from innerview.workbench.run.run import run

IMAGES = Path(__file__).parent.parent / "docs" / "images"

TAKEN = {
    "moose/why.png": "why.png",
    "moose/attribution.png": "attribution.png",
    "moose/interior.png": "interior.png",
    "moose/interior.webp": "interior.webp",
    "moose/path.png": "path.png",
    "moose/masking-highest.png": "masking.png",
    "moose/layer-elu3.png": "layer3.png",
    "moose/layers.webp": "layers.webp",
    "moose/weights.png": "weights.png",
    "moose/architecture.png": "architecture.png",
    "cat/photo.png": "photo.png",
    "contact-sheet.png": "contact-sheet.png",
}
"""Where each figure lies in the folder of the look, and its name in the documentation."""

OF_RUNS = {
    "tutorial2018/ridges.png": "tutorial2018-ridges.png",
    "tutorial2018/units.png": "tutorial2018-units.png",
    "allcnn/timeline-cat.png": "allcnn-timeline.png",
    "both/curves.png": "curves.png",
}
"""The same for the bundled trainings, each looked at alone, and both together."""


def lite0() -> None:
    """Look at the coffee as docs/how-to/models.md says, and take the map on the photo."""
    from innerview.cli import main as command

    model = Path(__file__).parent.parent / "examples" / "efficientnet_lite0"
    with tempfile.TemporaryDirectory() as folder:
        line = [
            "explain",
            "coffee",
            "--model",
            str(model),
            "--trust-code",
            "--tolerance",
            "0.05",
            "--no-kept",
            "-o",
            f"{folder}/look",
        ]
        if command(line):
            sys.exit("the look failed")
        shutil.copyfile(Path(folder) / "look" / "coffee" / "photo.png", IMAGES / "lite0-photo.png")


OF_PAGES = {
    "tutorials/training.md": {"inspection/timeline-circle-0.png": "shapes-timeline.png"},
    "how-to/check-a-map.md": {"kept.png": "masking-rocket.png"},
}
"""What the code of a page leaves behind in its folder."""


def pages() -> None:
    """Do what the pages say: all Python, and of the commands those about the tutorial's shapes."""
    for page, taken in OF_PAGES.items():
        with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
            blocks.run_page(IMAGES.parent / page, command=lambda line: blocks.run(line) if "shapes" in line else None)
            for source, name in taken.items():
                shutil.copyfile(source, IMAGES / name)


def apart() -> None:
    """The photos, taken apart, and what parts of the moose say."""
    taken_apart.main()
    parts = innerview.parts(innerview.load_pretrained(), "moose")
    pictures.save(pictures.parts_strip(parts), IMAGES / "parts.png")


VIEWS = {"viewer.png": ("cat", "#/interior"), "first-screen.png": ("cat", "#/why")}
"""Views of an image's one-file page, by name in the documentation; taken where a Chromium is installed."""

BROWSER = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--virtual-time-budget=6000")


def photograph(page: Path, link: str, target: Path) -> None:
    """Take a view of the viewer as a figure, 1280 × 960."""
    browser = shutil.which("chromium")
    if browser is None:
        print(f"{target.name}: left as it is, no chromium here")
        return
    order = [browser, *BROWSER, "--window-size=1280,960", f"--screenshot={target}", f"{page.as_uri()}{link}"]
    subprocess.run(order, check=True, capture_output=True)


def views(look: Path | None = None) -> None:
    """Take the views of the viewer alone: of a look that is there, or of one that is made for it."""
    with tempfile.TemporaryDirectory() as folder:
        if look is None:
            look = Path(folder) / "look"
            innerview.explain(sorted({image for image, _ in VIEWS.values()}), innerview.Query(kept=False), output=look)
        for name, (image, link) in VIEWS.items():
            place = look / image if (look / image).is_dir() else look
            photograph(place / "view.html", link, IMAGES / name)


def dataset() -> None:
    """Survey crops of the bundled photos, cats and a moose with their classes, and take the data-set view of them."""
    random = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        lines = ["image,label"]
        for name, label in {"cat": "cat", "moose": "deer", "astronaut": "", "coffee": "", "rocket": ""}.items():
            (root / name).mkdir()
            photo = np.rint(255 * innerview.example_image(name).pixels).astype(np.uint8)
            for number in range(80):
                side = int(min(photo.shape[:2]) * random.uniform(0.45, 1))
                top, left = (int(random.integers(0, one - side + 1)) for one in photo.shape[:2])
                crop = photo[top : top + side, left : left + side]
                Image.fromarray(crop[:, ::-1] if number % 2 else crop).save(root / name / f"{number:02}.jpg")
                lines.append(f"{name}/{number:02}.jpg,{label}")
        (root / "crops.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
        innerview.survey("allcnn", root / "crops.csv", regions=None, output=root / "crops")
        write_page(survey=root / "crops", data=root / "crops.csv", output=root / "page.html")
        photograph(root / "page.html", "#/dataset?d=ok:wrong;s:-loss", IMAGES / "dataset.png")
        photograph(root / "page.html", "#/dataset?d=o:map;c:prediction;w:table", IMAGES / "dataset-map.png")


def main() -> None:
    """Look, and copy."""
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        innerview.explain(["moose", "cat", "rocket"], innerview.Query(kept=False), output=root / "look")
        for name, runs in {
            "tutorial2018": ["tutorial2018"],
            "allcnn": ["allcnn"],
            "both": ["allcnn", "tutorial2018"],
        }.items():
            run([Path(one) for one in runs], output=root / "runs" / name)
        for place, taken in (("look", TAKEN), ("runs", OF_RUNS)):
            for source, name in taken.items():
                shutil.copyfile(root / place / source, IMAGES / name)
        pages()
        apart()
        views(root / "look")
        dataset()
    for path in sorted(IMAGES.iterdir()):
        print(f"docs/images/{path.name}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    parts = {"apart": apart, "dataset": dataset, "lite0": lite0, "pages": pages, "views": views}
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("part", nargs="?", choices=sorted(parts), help="nothing but these; everything without")
    parts.get(asked.parse_args().part, main)()
