"""What the first screen asks: evidence that adds up, a truth that is the method's own, and verdicts on maps."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from innerview import allcnn
from innerview.data.samples import example_image
from innerview.errors import UsageError
from innerview.methods import shapley
from innerview.results import RegionTruth
from innerview.session.progress import NullListener
from innerview.session.query import Query, read_query
from innerview.session.session import OpenedModel, Session
from innerview.targets import LogOdds
from innerview.viewer.payload import Payload, decode
from models import MODELS, function_model

MODEL = allcnn.load_pretrained()


@pytest.fixture(scope="module")
def session() -> Session:
    made = Session([OpenedModel("allcnn", MODEL)])
    made.add(example_image("cat"), "sample")
    return made


def ask(session: Session, kind: str, **keys: object) -> Payload:
    image = session.hello()["samples"][0]["image"]
    return decode(session.answer(read_query({"kind": kind, "image": image, **keys}), NullListener()).blob)


def test_evidence_adds_up_to_every_output(session: Session) -> None:
    found, subject = ask(session, "evidence"), ask(session, "subject")
    evidence, classes = found.arrays["evidence"], found.arrays["classes"]
    logits = subject.arrays["logits"][classes]
    np.testing.assert_allclose(evidence.sum(axis=(1, 2), dtype=np.float64), logits, atol=1e-4)
    np.testing.assert_allclose(found.arrays["outputs"], logits, atol=1e-4)


def test_a_model_without_such_an_end_is_told_so() -> None:
    model = MODELS["linear"]
    session = Session([OpenedModel("opaque", function_model(model, model.weights(), np.float32))])
    session.add(example_image("cat"), "sample")
    with pytest.raises(UsageError, match="does not end in"):
        ask(session, "evidence")


def test_the_truth_is_what_the_method_gives_alone(session: Session) -> None:
    found = ask(session, "truth", target=3)
    image = session.photo(Query(image=found.metadata["image"])).image
    alone = shapley(MODEL, image, LogOdds(3), regions=9)
    np.testing.assert_allclose(found.arrays["values"], alone.values, atol=1e-5)
    np.testing.assert_array_equal(found.arrays["labels"], alone.labels)
    assert found.json("n_evaluations") == alone.n_evaluations
    verdicts = found.json("verdicts")
    assert list(verdicts) == ["class-evidence", "integrated-gradients"]
    assert all(one["says"] for one in verdicts.values())
    for part in found.json("parts"):
        assert part["says"].split(" (")[0] in MODEL.output.class_names


def test_another_method_gets_its_own_verdict_and_the_truth_is_worked_out_once(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = ask(session, "truth", target=3)

    def again(*_: object, **__: object) -> RegionTruth:
        raise AssertionError("the truth does not depend on the method")

    monkeypatch.setattr("innerview.session.compute.truth.shapley", again)
    other = ask(session, "truth", target=3, method="gradient-input")
    assert "gradient-input" in other.json("verdicts")
    np.testing.assert_array_equal(first.arrays["values"], other.arrays["values"])


def test_the_photo_is_as_sharp_as_it_was_found(session: Session) -> None:
    photo = ask(session, "subject").arrays["photo"]
    with Image.open(io.BytesIO(photo.tobytes())) as opened:
        assert opened.format == "JPEG"
        assert max(opened.size) == 300  # the crop's own size


def test_no_photo_is_sent_where_nothing_finer_is_known() -> None:
    from innerview.data.image import Image as Loaded

    session = Session([OpenedModel("allcnn", MODEL)])
    session.add(Loaded("small", np.random.default_rng(0).random((32, 32, 3)).astype(np.float32)), "upload")
    name = next(iter(session._guests._held))
    blob = session.answer(read_query({"kind": "subject", "image": name}), NullListener()).blob
    assert "photo" not in decode(blob).arrays
