"""A survey on Ray, a local cluster in processes of its own: the same bytes, lost workers, and what is refused."""

from __future__ import annotations

import secrets
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import innerview
from innerview.cli import main
from innerview.errors import InnerviewError, MissingExtra, UsageError
from innerview.session.models import ModelRequest, open_model
from innerview.workbench.survey.cluster import survey_on_ray
from innerview.workbench.survey.survey import survey
from raising import raises

OWNER = """
import ray, sys
found = ray.init(num_cpus=2, include_dashboard=False, object_store_memory=80 * 2**20, log_to_driver=False)
print(found.address_info["gcs_address"], flush=True)
sys.stdin.read()
"""

MODEL = """
import os, signal
from pathlib import Path
import numpy as np
from innerview import InputSpec, OutputSpec, wrap

HERE = Path(__file__).parent
calls = 0

def outputs(images):
    global calls
    calls += 1  # a few while it is opened, more than 20 in a shard
    dies = HERE / "dies"
    if calls > 20 and dies.exists() and "ray" in open(f"/proc/{os.getpid()}/cmdline").read():
        if dies.read_text() == "once":
            dies.unlink()
        os.kill(os.getpid(), signal.SIGKILL)
    means = images.mean(axis=(1, 2, 3))
    return np.stack([means, images[:, 0, 0, 0], -means], axis=1)

def build():
    return wrap(outputs, input=InputSpec(8, 8), output=OutputSpec(("cat", "dog", "frog")), batch_size=2)
"""

ASKED: dict[str, Any] = {"regions": (2, 2), "images_per_shard": 2}


@dataclass
class Cluster:
    """A cluster; `packages` is a folder in which its workers look for packages first."""

    address: str
    owner: subprocess.Popen[str]
    packages: Path


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    packages = tmp_path / "packages"
    packages.mkdir()
    monkeypatch.setenv("RAY_AUTH_MODE", "token")  # in place of the one that Ray keeps at home
    monkeypatch.setenv("RAY_AUTH_TOKEN", secrets.token_hex(16))
    monkeypatch.setenv("RAY_gcs_rpc_server_reconnect_timeout_s", "3")
    with monkeypatch.context() as of_workers:
        of_workers.setenv("PYTHONPATH", f"{packages}:{Path(innerview.__file__).parents[1]}")
        owner = subprocess.Popen(
            [sys.executable, "-c", OWNER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
    with owner:  # at its end its input is closed, and Ray ends its processes
        assert owner.stdout
        yield Cluster(owner.stdout.readline().strip(), owner, packages)


@pytest.fixture
def request_of(tmp_path: Path) -> ModelRequest:
    for number in range(12):
        place = tmp_path / "data" / ("cat", "dog", "frog")[number % 3] / f"{number}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.random.default_rng(number).integers(0, 256, (8, 8, 3), dtype=np.uint8)).save(place)
    (tmp_path / "net.py").write_text(MODEL)
    return ModelRequest(f"{tmp_path / 'net.py'}:build")


def files(folder: Path) -> dict[str, bytes]:
    return {one.name: one.read_bytes() for one in folder.iterdir()}


@pytest.mark.skipif(sys.platform != "linux", reason="how processes are told apart and killed")
def test_the_same_bytes_as_by_one_process_though_a_worker_is_killed(
    cluster: Cluster, request_of: ModelRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    survey(open_model(request_of), "data", output=tmp_path / "one", maps="occlusion:window=4", **ASKED)
    (tmp_path / "dies").write_text("once")
    told: list[str] = []
    found = survey_on_ray(
        cluster.address,
        request_of,
        "data",
        output=tmp_path / "ray",
        maps="occlusion:window=4",
        progress=lambda _done, _of, words: told.append(words),
        **ASKED,
    )
    assert not (tmp_path / "dies").exists()
    assert (found.images, found.rows, found.failed) == (12, 12, 0)
    assert files(tmp_path / "ray") == files(tmp_path / "one")
    assert len(files(tmp_path / "ray")) == 13
    assert "images, on Ray (2 at work)" in told
    with raises(UsageError, "survey", file="ray"):
        survey_on_ray(cluster.address, request_of, "data", output=tmp_path / "ray", **ASKED)
    with raises(UsageError, "question", file="ray"):
        survey_on_ray(cluster.address, request_of, "data", output=tmp_path / "ray", resume=True, limit=3)

    (tmp_path / "dies").write_text("always")
    with raises(InnerviewError, "worker") as lost:
        survey_on_ray(cluster.address, request_of, "data", output=tmp_path / "lost", workers=1, **ASKED)
    assert "lost 3 times with file" in str(lost.value)
    (tmp_path / "dies").unlink()

    # workers look into this folder first
    (cluster.packages / "innerview.py").write_text("__version__ = '0.0.1'")
    with raises(UsageError, "innerview", asked=innerview.__version__, found="0.0.1"):
        survey_on_ray(cluster.address, request_of, "data", output=tmp_path / "other", **ASKED)
    (cluster.packages / "innerview.py").write_text("raise ImportError")
    with raises(UsageError, "innerview", asked=innerview.__version__, found=""):
        survey_on_ray(cluster.address, request_of, "data", output=tmp_path / "other", **ASKED)
    assert not (tmp_path / "other").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="a cluster ends with its owner there alone")
def test_a_cluster_that_goes_away_is_told_and_resuming_goes_on(
    cluster: Cluster, request_of: ModelRequest, tmp_path: Path
) -> None:
    def end_it(done: float, _of: int, _words: str) -> None:
        if done:
            cluster.owner.kill()

    asked = {**ASKED, "regions": (4, 4)}
    with raises(InnerviewError, "ray", asked=cluster.address, file="ray") as gone:
        survey_on_ray(
            cluster.address, request_of, tmp_path / "data", output=tmp_path / "ray", progress=end_it, workers=1, **asked
        )
    assert "--resume" in str(gone.value)
    left = files(tmp_path / "ray")
    assert len(left) >= 2
    survey(open_model(request_of), tmp_path / "data", output=tmp_path / "ray", resume=True, **asked)
    survey(open_model(request_of), tmp_path / "data", output=tmp_path / "one", **asked)
    assert files(tmp_path / "ray") == files(tmp_path / "one")
    assert left.items() <= files(tmp_path / "one").items()


@pytest.mark.parametrize("address", ["data", "allcnn", "http://host", ":1", ""])
def test_what_is_no_address_is_refused(address: str, request_of: ModelRequest, tmp_path: Path) -> None:
    with raises(UsageError, "ray", asked=address):
        survey_on_ray(address, request_of, tmp_path / "data", output=tmp_path / "out")


def test_an_address_where_nobody_listens_is_told(request_of: ModelRequest, tmp_path: Path) -> None:
    with raises(InnerviewError, "ray", asked="127.0.0.1:1", found="ConnectionRefusedError"):
        survey_on_ray("127.0.0.1:1", request_of, tmp_path / "data", output=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_without_ray_one_sentence_says_what_to_install(
    request_of: ModelRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtra, match=r"pip install 'innerview\[ray\]'"):
        survey_on_ray("local", request_of, tmp_path / "data", output=tmp_path / "out")
    assert main(["survey", "allcnn", str(tmp_path / "data"), "-o", str(tmp_path / "out"), "--ray"]) == 2
    assert "a survey on Ray needs a package that is not installed" in capsys.readouterr().err
    assert main(["survey", "allcnn", "x", "--shard", "1/2", "--ray"]) == 2
    assert "give one" in capsys.readouterr().err
