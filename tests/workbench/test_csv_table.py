"""Tables that are written: no name is run as a formula by a spreadsheet, and what was meant can be read back."""

from __future__ import annotations

import csv
import math

import pytest

from innerview.workbench.csv_table import csv_table, meant


@pytest.mark.parametrize(
    "name", ["=HYPERLINK(1)", "+a", "-rm", "@SUM(1)", "\tx", "'=quoted", "'plain", "a=b", "", "-0.5", "+1e3"]
)
def test_a_name_is_no_formula_and_is_read_back(name: str) -> None:
    rows = list(csv.reader(csv_table([name], [[name, 1]]).decode().splitlines(keepends=True)))
    for cell in (rows[0][0], rows[1][0]):
        assert not cell.startswith(("=", "@", "\t", "\r", "+a", "-r"))
        assert meant(cell) == name


def test_numbers_stay_and_what_is_none_is_empty() -> None:
    assert (
        csv_table(["a", "b", "c", "d"], [[-2, -0.5, math.nan, None], ["-0.5", "−", True, 0]])
        == b"a,b,c,d\n-2,-0.5,,\n-0.5,\xe2\x88\x92,True,0\n"
    )
