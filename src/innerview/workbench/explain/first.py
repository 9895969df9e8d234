"""The first answer about an image, while all else is being worked out: what is predicted, and roughly where that lies.

A model of 224 × 224 takes minutes for a map to 1 % and all that is drawn around it. Grad-CAM takes one pass, so that
its picture is there first, beside the place of the image's folder; it goes when that folder is complete.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

from innerview import pictures
from innerview.data.image import Image
from innerview.errors import InnerviewError
from innerview.model import InputSpec
from innerview.pictures import Subject
from innerview.session.compute.attribution import ATTRIBUTION
from innerview.session.compute.prediction import PREDICTION
from innerview.session.progress import NullListener
from innerview.session.query import Query
from innerview.session.session import Session
from innerview.viewer import sentences

METHOD: Final = "grad-cam"

SMALL: Final = 128 * 128
"""Pixels up to which everything is there as soon as somebody would look at a first answer."""


def comes_first(taken: InputSpec) -> bool:
    """Whether images are so large that a first answer is worth its pass."""
    return taken.height * taken.width > SMALL


def first_file(folder: Path, name: str) -> Path:
    """Where the first map of an image is, until its folder is there."""
    return folder / f"{name}.first.png"


def first_answer(session: Session, item: Image, query: Query, file: Path) -> str:
    """Predict, draw Grad-CAM into `file`, and say both; of a model that has no Grad-CAM the prediction alone.

    Raises:
        ModelError: outputs are not finite.
        OutputError: the picture can't be written.
    """
    about, listener = session.about(item, query), NullListener()
    prediction = session.result(PREDICTION, about, listener)
    said = f"{item.name}: {sentences.says(prediction, item.class_number)}"
    try:
        found = session.result(ATTRIBUTION, replace(about, method=METHOD), listener)
    except InnerviewError:  # no gradients, no layer with positions: nobody asked for it
        return said
    subject = Subject(item.name, prediction, item.class_number)
    unjudged = f"{sentences.SIGNS['not judged']} Not judged yet."
    drawn = pictures.attribution_figure(found, subject=subject, style=query.overlay, verdict=unjudged)
    pictures.save(drawn, file)
    return f"{said} A first map, by Grad-CAM: {file.absolute()}. The rest takes longer."
