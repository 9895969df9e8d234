"""Draw the pictures of the documentation anew into docs/images: bundled photos only, by the tool itself.

One look at the moose and the cat, and the files below taken out of it; run it after the built-in network changes.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import innerview

IMAGES = Path(__file__).parent.parent / "docs" / "images"

TAKEN = {
    "moose/attribution.png": "attribution.png",
    "moose/interior.png": "interior.png",
    "moose/interior.webp": "interior.webp",
    "moose/path.png": "path.png",
    "moose/keep-highest.png": "keep.png",
    "moose/layer-elu3.png": "layer3.png",
    "moose/layers.webp": "layers.webp",
    "moose/weights.png": "weights.png",
    "moose/architecture.png": "architecture.png",
    "cat/photo.png": "photo.png",
    "contact-sheet.png": "contact-sheet.png",
}
"""Where each picture lies in the folder of the look, and its name in the documentation."""


def main() -> None:
    """Look, and copy."""
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        innerview.look(["moose", "cat", "rocket"], output=Path(folder) / "look")
        for source, name in TAKEN.items():
            shutil.copyfile(Path(folder) / "look" / source, IMAGES / name)
            print(f"docs/images/{name}: {(IMAGES / name).stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
