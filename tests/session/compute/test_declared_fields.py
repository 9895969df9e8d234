"""What a computation reads of a query is what it declares: its key leaves nothing out."""

from __future__ import annotations

import base64
import dataclasses
import pkgutil
import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from attending import AttendingModel
from innerview import allcnn
from innerview.data.samples import example_image
from innerview.session import compute
from innerview.session.compute.attention import ATTENTION
from innerview.session.compute.computation import IMAGE, Computation
from innerview.session.compute.evidence import EVIDENCE
from innerview.session.progress import NullListener
from innerview.session.query import Query
from innerview.session.session import OpenedModel, Session
from models import MODELS, numpy_model

FIELDS = frozenset(Query.__dataclass_fields__)
ALL = {
    name: found
    for module in pkgutil.iter_modules(compute.__path__)
    for name, found in vars(import_module(f"innerview.session.compute.{module.name}")).items()
    if isinstance(found, Computation)
}
SMALL = numpy_model(MODELS["mixed"], MODELS["mixed"].weights(), np.float32)
ASKED = Query(
    tolerance=0.5, n_steps=2, regions=2, fills=("black",), alphas=(0.5,), curve_fractions=(0.5,), n_random=1,
    mask=base64.b64encode(b"\x80").decode(), cells=(2, 2), n_placebos=1,
)  # fmt: skip


def opened(computation: Computation[object]) -> tuple[Session, Query]:
    model = AttendingModel(SMALL) if computation is ATTENTION else SMALL
    if computation is EVIDENCE:  # needs an end that has some
        model = allcnn.load_pretrained()
    session = Session([OpenedModel("m", model)])  # type: ignore[arg-type]
    photo = session.add(example_image("cat"), "sample")
    return session, replace(ASKED, image=photo.image_hash, model=model.fingerprint)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Watched(Query):
    """A query that may be asked for some of its fields; making another one of it reads all."""

    may = FIELDS

    def __getattribute__(self, name: str) -> object:
        reader = sys._getframe(1)
        making = reader.f_globals["__name__"] == "dataclasses" or reader.f_code.co_name == "__post_init__"
        if name in FIELDS and name not in Watched.may and not making:
            raise AssertionError(f"{name} was read, which is not declared")
        return super().__getattribute__(name)


def watch(computation: Computation[object], session: Session, query: Query) -> None:
    """Work it out with the fields that it declares, and whatever it asks the session for, with its own."""
    known = session.result

    def result(other: Computation[object], asked: Query, listener: NullListener) -> object:
        other.key(asked)
        before, Watched.may = Watched.may, FIELDS
        try:
            return known(other, asked, listener)
        finally:
            Watched.may = before

    try:
        session.result = result  # type: ignore[method-assign, assignment]
        Watched.may = computation.fields
        computation.work(
            session, Watched(**{name: getattr(query, name) for name in computation.fields}), NullListener()
        )
    finally:
        Watched.may = FIELDS


@pytest.mark.parametrize("computation", ALL.values(), ids=ALL)
def test_no_computation_reads_what_it_does_not_declare(computation: Computation[object]) -> None:
    watch(computation, *opened(computation))


@pytest.mark.parametrize("name", ["TRUTH", "EFFECTS", "PARTS"])
def test_nor_where_files_and_data_sets_are_asked_for(name: str, tmp_path: Path) -> None:
    height, width, channels = SMALL.input.shape
    for number in range(3):
        (tmp_path / "data" / str(number)).mkdir(parents=True)
        pixels = np.random.default_rng(number).integers(0, 256, (height, width, channels), dtype=np.uint8)
        Pillow.fromarray(pixels).save(tmp_path / "data" / str(number) / "0.png")
    mask = np.zeros((height, width), np.uint8)
    mask[2:6, 2:6] = 255
    Pillow.fromarray(mask).save(tmp_path / "mask.png")
    session, query = opened(ALL[name])
    more = {"region": (1, 1, 4, 4), "masks": str(tmp_path / "mask.png")}
    watch(ALL[name], session, replace(query, data=tmp_path / "data", fills=("data",), seed=3, **more))


def test_one_that_does_is_seen_here_and_gets_nothing_of_it_elsewhere() -> None:
    careless = Computation[object](IMAGE, lambda _source, query, _listener: query.seed, lambda _found: 1)
    session, query = opened(careless)
    with pytest.raises(AssertionError, match="seed was read"):
        watch(careless, session, query)
    assert session.result(careless, replace(query, seed=5), NullListener()) == Query.seed
