"""Every benchmark whose figures are published: its command, what it needs, where the figures stand.

Words in braces stand for what is given: {data}, CIFAR-10 as class folders; {out}, the folder of results; {weights}, the
ReLU twin, which `twin` makes.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Benchmark:
    """One command.

    Attributes:
        name: for --only and for the file of what it printed.
        command: behind `python`.
        page: where its figures are published.
        minutes: about how long it takes on two cores.
        timed: it measures time, so nothing else may run beside it.
    """

    name: str
    command: str
    page: str
    minutes: float
    timed: bool = True


TABLE = (
    Benchmark("adapters", "benchmarks/adapters.py", "docs/decisions/numpy-adapter.md", 3),
    Benchmark("winograd", "benchmarks/winograd.py", "docs/decisions/numpy-adapter.md", 4),
    Benchmark("cores", "benchmarks/cores.py", "docs/decisions/numpy-adapter.md", 5),
    Benchmark("sharing", "benchmarks/sharing.py", "docs/decisions/numpy-adapter.md", 3),
    Benchmark("passes", "benchmarks/passes.py", "docs/evidence/parity.md", 5),
    Benchmark("device", "benchmarks/device.py", "docs/how-to/models.md", 2),
    Benchmark("overhead", "benchmarks/overhead.py allcnn", "docs/evidence/parity.md", 10),
    Benchmark("state", "benchmarks/state.py", "docs/evidence/parity.md", 5),
    Benchmark("agreement", "benchmarks/agreement.py", "docs/evidence/parity.md", 8, timed=False),
    Benchmark("recorder", "benchmarks/recorder.py", "docs/evidence/recording.md", 10),
    Benchmark("page", "benchmarks/page.py --data {data}", "docs/decisions/engine.md", 12),
    Benchmark("page_live", "benchmarks/page_live.py", "docs/decisions/engine.md", 20),
    Benchmark("explain", "benchmarks/explain.py --rounds 7", "README.md", 1),
    Benchmark("viewer", "benchmarks/viewer.py --rounds 15", "docs/evidence/viewer.md", 8),
    Benchmark("dataset", "benchmarks/dataset.py --rounds 15", "docs/evidence/survey.md", 8),
    Benchmark("quadrature", "benchmarks/quadrature.py --data {data}", "docs/decisions/quadrature.md", 10, timed=False),
    Benchmark("rough", "benchmarks/rough.py {out}/rough.jsonl", "docs/decisions/accuracy.md", 15),
    Benchmark("coverage", "benchmarks/coverage {out}/coverage.jsonl", "docs/evidence/quadrature.md", 600, timed=False),
    Benchmark(
        "attribution",
        "benchmarks/attribution {out}/attribution --case allcnn --data {data}",
        "docs/evidence/attribution.md",
        60,
    ),
    Benchmark(
        "tutorial2018",
        "benchmarks/attribution {out}/attribution --case tutorial2018 --data {data}",
        "docs/evidence/attribution.md",
        60,
    ),
    Benchmark(
        "twin",
        "benchmarks/attribution/twin.py {out}/twin.safetensors --data {data}",
        "docs/evidence/truth.md",
        8,
        timed=False,
    ),
    Benchmark("truth", "benchmarks/truth allcnn --data {data}", "docs/evidence/truth.md", 60, timed=False),
    Benchmark("truth-twin", "benchmarks/truth twin --data {data}", "docs/evidence/truth.md", 60, timed=False),
    Benchmark("truth-lite", "benchmarks/truth lite --images 50", "docs/evidence/truth.md", 70, timed=False),
    Benchmark("constructed", "benchmarks/truth constructed", "docs/evidence/truth.md", 10, timed=False),
    Benchmark("road", "benchmarks/truth road --data {data}", "docs/evidence/truth.md", 60, timed=False),
    Benchmark(
        "cost", "benchmarks/truth cost --data {data} --images 100", "docs/evidence/attribution.md", 20, timed=False
    ),
    Benchmark(
        "placebos",
        "benchmarks/truth/placebos.py {out}/placebos.jsonl --data {data}",
        "docs/evidence/regions.md",
        30,
        timed=False,
    ),
    Benchmark(
        "samples",
        "benchmarks/truth/samples.py {out}/samples.jsonl --data {data}",
        "docs/evidence/regions.md",
        60,
        timed=False,
    ),
    Benchmark(
        "pointing",
        "benchmarks/truth/pointing.py {out}/pointing.jsonl --data {data}",
        "docs/evidence/truth.md",
        5,
        timed=False,
    ),
    Benchmark("halves", "benchmarks/truth/halves.py {out}/halves.jsonl", "docs/evidence/regions.md", 20),
    Benchmark("filled", "benchmarks/truth/filled.py --data {data}", "docs/evidence/regions.md", 10, timed=False),
    Benchmark(
        "games",
        "benchmarks/truth/shapley_cost.py {out}/games --data {data}",
        "docs/evidence/regions.md",
        30,
        timed=False,
    ),
    Benchmark("diff", "benchmarks/survey.py diff {data} {out}/surveys", "docs/evidence/survey.md", 25, timed=False),
    Benchmark("survey-memory", "benchmarks/survey_memory.py {data}", "docs/evidence/survey.md", 5, timed=False),
    Benchmark("dynamics", "benchmarks/dynamics.py {data}", "docs/evidence/survey.md", 10, timed=False),
    Benchmark("cheats", "benchmarks/cheats {out}/cheats --data {data}", "docs/evidence/survey.md", 40, timed=False),
    Benchmark(
        "small-convnext",
        "benchmarks/training/small.py convnext {out}/small --data {data} --epochs 8",
        "docs/evidence/training.md",
        10,
        timed=False,
    ),
    Benchmark(
        "small-vit",
        "benchmarks/training/small.py vit {out}/small --data {data}",
        "docs/evidence/training.md",
        25,
        timed=False,
    ),
    Benchmark(
        "small-attention",
        "benchmarks/training/attended.py {out}/small/vit.safetensors --data {data}",
        "docs/evidence/training.md",
        1,
        timed=False,
    ),
    Benchmark(
        "training",
        "benchmarks/training/ablate.py --data {data} --runs {out}/training --epochs 1 --seeds 2",
        "docs/evidence/training.md",
        600,
        timed=False,
    ),
    Benchmark(
        "curve",
        "benchmarks/training/curve.py {out}/curve.jsonl --data {data} --runs {out}/curve",
        "docs/evidence/training.md",
        600,
        timed=False,
    ),
)

NOT_HERE = {
    "engines.py": "models for the others",
    "parity.py": "run by agreement",
    "survey.py": "its labels need a survey: see there",
    "memory.py": "run by attribution",
    "bundle.py": "makes what the package carries",
    "examine.py": "looks at one run",
}
"""Files with a command that are no rows, with the reason."""
