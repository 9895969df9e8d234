"""`innerview ask`: sentences, files, and refusals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import innerview
from innerview.cli import main


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_regions_and_masks_are_answered_and_kept(capsys: pytest.CaptureFixture[str]) -> None:
    mask = np.zeros((32, 32), np.uint8)
    mask[8:24, 8:24] = 255
    Image.fromarray(mask).save("head.png")
    asked = ["cat", "--region", "8,8,16,16", "--mask", "head.png", "--placebos", "4", "--fill", "black", "-o", "asked"]
    assert main(["ask", *asked]) == 0
    said = capsys.readouterr().out
    assert "Without the region 8,8,16,16 (25 % of the image) the score (log-odds of 3 cat) falls by" in said
    assert "Without the region head.png (25 % of the image)" in said
    assert "One fill was asked (black)" in said
    found = innerview.load_result("asked")["effects"]
    assert found.sentences[0] in said
    # The same pixels in two rows of one batch, which a processor may add up in another order.
    np.testing.assert_allclose(found.removed[0], found.removed[1], rtol=1e-5)
    with Image.open("asked/regions.png") as chart:
        assert min(chart.size) > 300


def test_tries_in_the_folder_are_counted_of_the_same_image_alone(capsys: pytest.CaptureFixture[str]) -> None:
    def tries(*asked: str) -> tuple[int, str]:
        assert main(["ask", *asked, "--placebos", "4", "--fill", "black", "-o", "asked"]) == 0
        return innerview.load_result("asked")["effects"].tries, capsys.readouterr().out

    assert tries("cat", "--region", "8,8,16,16")[0] == 2
    count, said = tries("cat", "--region", "1,2,4,4", "--region", "20,20,4,4")
    assert count == 6
    assert "corrected for 6 tries" in said
    assert "2 earlier tries on this image, of which asked tells, are counted." in said
    assert tries("cat", "--region", "8,8,16,16")[0] == 6  # asked before: no further tries
    count, said = tries("moose", "--region", "8,8,16,16")
    assert count == 2
    assert "was about another image or model" in said


def test_superpixels_are_asked_about_one_by_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ask", "cat", "--region", "superpixels:3", "--placebos", "0", "-o", "asked"]) == 0
    found = innerview.load_result("asked")["effects"]
    assert len(found.regions) == 3
    assert all(sentence in capsys.readouterr().out for sentence in found.sentences[:1])
    assert found.provenance.regions.endswith("merged to 3 by colour)")
    assert main(["ask", "cat", "--region", "superpixels:3", "--region", "8,8,4,4"]) == 2
    assert "ask about superpixels alone" in capsys.readouterr().err


def test_an_image_file_is_a_fill(capsys: pytest.CaptureFixture[str]) -> None:
    Image.fromarray(np.full((40, 50, 3), 200, np.uint8)).save("wall.png")
    assert main(["ask", "cat", "--region", "8,8,4,4", "--placebos", "0", "--fill", "wall.png", "--target", "dog"]) == 0
    assert "log-odds of 5 dog" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ([], "no region was given"),
        (["--region", "1,2,3"], "write left,top,width,height"),
        (["--region", "30,0,4,4"], "ends at 34, 4"),
        (["--region", "0,0,32,32"], "the whole image"),
        (["--region", "1,1,2,2", "--fill", "green"], "there is no fill 'green'"),
        (["--region", "1,1,2,2", "--target", "unicorn"], "there is no class 'unicorn'"),
    ],
)
def test_what_has_no_meaning_is_wrong_usage(asked: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ask", "cat", *asked]) == 2
    assert said in capsys.readouterr().err


def test_a_mask_of_another_size_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    Image.fromarray(np.full((30, 40), 255, np.uint8)).save("mask.png")
    assert main(["ask", "cat", "--mask", "mask.png"]) == 1
    assert "has 40 × 30 pixels (width × height); the model sees 32 × 32" in capsys.readouterr().err
