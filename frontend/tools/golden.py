# ruff: noqa: INP001
"""Write tests/golden.json: what the Python side paints, rounds and writes, for the front end's tests to equal.

python frontend/tools/golden.py
"""

import json
from pathlib import Path

import numpy as np

from innerview.pictures.overlay import overlay
from innerview.pictures.ramps import entry, ramp
from innerview.pictures.scale import Scale, own_limit, round_up
from innerview.pictures.words import error, limit, number, place, probability, share

NUMBERS = [
    0.0213,
    -1234.0,
    1.234e-5,
    0.5,
    -0.5,
    999.9,
    1234567.0,
    1e-4,
    0.000099999,
    0.1,
    100.0,
    99.95,
    12345.6,
    3e9,
    -7e-12,
]
ERRORS = [0.00831, 0.0084, 0.018, 0.0999, 1.234, 0.5, 0.000012345, 0.029999999999999999, 0.007, 0.1, 0.123]
CHANCES = [0.6131, 0.0001, 0.9999, 0.5, 0.001, 0.999, 0.25, 0.123]
ALPHAS = [0.0, 1e-5, 2e-4, 0.00125, 0.025, 0.1, 1.0]


def maps() -> list[np.ndarray]:
    """Small maps of several kinds."""
    random = np.random.default_rng(6)
    heavy = random.standard_cauchy(64) * 0.01
    return [random.normal(size=n).astype(np.float32) for n in (16, 64, 1000)] + [
        heavy.astype(np.float32),
        np.zeros(16, np.float32),
        np.eye(1, 256, 7, dtype=np.float32)[0] * 0.3,
        np.array([np.nan, np.inf, -0.2, 0.1], np.float32),
    ]


def main() -> None:
    """Write the file."""
    random = np.random.default_rng(7)
    image = random.integers(0, 256, (4, 4, 3))
    values = random.normal(size=(4, 4)).astype(np.float32)
    found = {
        "ramps": {
            f"{name} {theme}": ramp(name, theme).ravel().tolist()
            for name in ("evidence", "value", "amount")
            for theme in ("light", "dark")
        },
        "entries": [
            [
                float(v),
                [int(e) for e in (entry(np.array([v]), 0.7, "value")[0], entry(np.array([v]), 0.7, "amount")[0])],
            ]
            for v in np.linspace(-1, 1, 41)
        ],
        "round_up": [[v, round_up(v)] for v in (1e-9, 0.0011, 0.00125, 0.3, 0.8, 0.81, 1, 1.0000001, 7, 9.99, 123456)],
        "maps": [
            {
                "values": [str(v) for v in m.astype(np.float64)],
                "limit": own_limit(m),
                "beyond": Scale(own_limit(m)).beyond(m),
            }
            for m in maps()
        ],
        "overlay": {
            "image": image.ravel().tolist(),
            "values": values.astype(np.float64).ravel().tolist(),
            **{
                style: overlay(image / 255, values, 1.25, style=style).ravel().tolist()
                for style in ("tint", "half", "map", "image")
            },
        },
        "numbers": [[v, number(v), number(v, signed=True)] for v in NUMBERS],
        "limits": [[v, limit(v)] for v in (0.02, 1.25, 400.0, 2e-5, 0.8)],
        "errors": [[v, error(v)] for v in ERRORS],
        "probabilities": [[v, probability(v), share(v)] for v in CHANCES],
        "places": [[v, place(v)] for v in ALPHAS],
    }
    path = Path(__file__).parents[1] / "tests" / "golden.json"
    path.write_text(json.dumps(found, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
