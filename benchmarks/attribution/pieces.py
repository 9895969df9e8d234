"""What is measured. Each piece adds rows to the store, one for each picture, and goes on where it was ended."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from cases import Case
from others import CAPTUM_STEPS, PAIR_STEPS, captum, pair, tuned_module
from store import Row, Store, say

from innerview.methods import integrated_gradients
from innerview.methods.tolerance import integrate_jobs
from innerview.methods.walk import Job
from innerview.results import IntegratedGradients
from innerview.targets import Contrast, Logit, Probability, Target
from innerview.types import Array, Image

TOLERANCE, BUDGET = 0.01, 513
FINER, MOST = 20, 4097
"""A reference is so many times finer than what it judges, or as fine as so many evaluations make it."""

LADDER = (8, 16, 24, 32, 40, 48, 64, 96, 128, 192)
METHODS = ("gausslegendre", "riemann_middle")
RECIPE_STEPS = 3000
REPEATS, THROUGHPUT_PICTURES, BATCHES, ROUNDS = 12, 8, (8, 16), 3
LEVELS = (13, 25, 49, 97, 193)
FINEST = 2e-5
RULES = ("riemann-left", "trapezoid", "gauss-legendre")
HERE = Path(__file__).parent


def job(case: Case, picture: Image, *targets: Target) -> Job:
    """A picture's question from the case's baseline."""
    return Job(picture, targets or (Logit(),), (case.baseline(picture),))


def explained(
    case: Case, pictures: Sequence[Image], tolerance: float, budget: int, *targets: Target
) -> list[tuple[IntegratedGradients, ...]]:
    """Results for all pictures, which share their batches."""
    jobs = [job(case, picture, *targets) for picture in pictures]
    return [
        found
        for _, found in sorted(
            integrate_jobs(case.model, jobs, tolerance=tolerance, max_evaluations=budget), key=lambda pair: pair[0]
        )
    ]


def relative(found: Array, exact: Array) -> float:
    """Relative L1 error."""
    return float(np.abs(found - exact).sum() / np.abs(exact).sum())


def groups(named: Sequence[tuple[str, Image]], size: int) -> list[Sequence[tuple[str, Image]]]:
    """Pictures a few at a time: they fill batches together, and little is lost when the work is ended."""
    return [named[start : start + size] for start in range(0, len(named), size)]


def together(case: Case) -> int:
    """Pictures that fill the model's batches."""
    return min(max(case.model.batch_size // 4, 1), 16)


def described(result: IntegratedGradients) -> Row:
    """What a result says of itself."""
    return {
        "evaluations": result.n_evaluations,
        "status": result.status.name,
        "stated": result.error,
        "stated_channels": result.channel_error,
        "gap": result.relative_convergence_delta,
        "rule": result.rule,
        "target": result.target,
    }


def cost(case: Case, store: Store, count: int) -> None:
    """Evaluations to a checked map of 1 %."""
    for part in groups(store.missing("cost", case.take(count)), together(case)):
        for (name, _), (result,) in zip(
            part, explained(case, [picture for _, picture in part], TOLERANCE, BUDGET), strict=True
        ):
            store.add("cost", {"picture": name, **described(result)})
        say(case.name, "cost", len(store.rows("cost")))


def reference(case: Case, store: Store, name: str, picture: Image) -> tuple[Array, Row]:
    """The integral, twenty times finer than what it is to judge; kept, since it costs most."""
    path = store.folder / f"reference-{name.replace('/', '-')}.npz"
    if not path.exists():
        ((result,),) = explained(case, [picture], max(case.sizes.tolerance / FINER, FINEST), MOST)
        row = {
            "reference_evaluations": result.n_evaluations,
            "reference_stated": result.error,
            "reference_stated_channels": result.channel_error,
            "target": result.target,
        }
        np.savez(path, attribution=result.attribution, row=json.dumps(row))
    with np.load(path) as file:
        return file["attribution"], json.loads(str(file["row"]))


def coverage(case: Case, store: Store, count: int) -> None:
    """True errors beside stated ones, of whole maps and of pixels."""
    for name, picture in store.missing("coverage", case.take(count)):
        exact, row = reference(case, store, name, picture)
        ((result,),) = explained(case, [picture], case.sizes.tolerance, BUDGET, Logit(row["target"]))
        assert result.pixel_error is not None
        wrong = np.abs(result.heatmap - exact.sum(axis=2))
        store.add(
            "coverage",
            {
                "picture": name,
                **described(result),
                **row,
                "true": relative(result.heatmap, exact.sum(axis=2)),
                "true_channels": relative(result.attribution, exact),
                "pixels": float(np.mean(wrong <= result.pixel_error)),
            },
        )
        say(case.name, "coverage", name, row["reference_evaluations"], result.n_evaluations)


def rules(case: Case, store: Store, count: int) -> None:
    """What the fixed rules of other libraries are off by, as they come and at the numbers that a tuner would try."""
    for name, picture in store.missing("rules", case.take(count)):
        exact, known = reference(case, store, name, picture)
        target = known["target"]
        ladder = LADDER if case.model.batch_size > 1 else ()  # large pictures: too dear to try them all

        def off(found: Array, exact: Array = exact) -> float:
            return relative(found.sum(axis=2), exact.sum(axis=2))

        def tried(steps: int, method: str, picture: Image = picture, target: int = target) -> Array:
            return captum(case, [picture], [target], steps, method, case.model.batch_size)[0]

        row: Row = {
            "picture": name,
            "captum": off(tried(CAPTUM_STEPS, "gausslegendre")),
            "pair": off(pair(case, picture, target, batch=PAIR_STEPS)),
        }
        for method in METHODS:
            row[method] = {steps: off(tried(steps, method)) for steps in ladder}
        store.add("rules", row)
        say(case.name, "rules", name)


def steps(case: Case, store: Store, count: int) -> None:
    """The recipe's 3000 steps: right Riemann sums."""
    for name, picture in store.missing("steps", case.take(count)):
        exact, known = reference(case, store, name, picture)
        result = integrated_gradients(
            case.model,
            picture,
            Logit(known["target"]),
            baseline=case.baseline(picture),
            rule="riemann-right",
            n_steps=RECIPE_STEPS,
        )
        error = relative(result.heatmap, exact.sum(axis=2))
        store.add("steps", {"picture": name, "error": error, "gap": result.relative_convergence_delta})
        say(case.name, "steps", name, error)


def tuned_of(rows: Sequence[Row]) -> tuple[str, int] | None:
    """Captum's cheapest method and number of steps that keep 95 % of the measured pictures within 1 %."""
    good = [
        (int(steps), method)
        for method in METHODS
        for steps in (rows[0][method] if rows else ())
        if np.quantile([row[method][steps] for row in rows], 0.95) <= TOLERANCE
    ]
    return (min(good)[1], min(good)[0]) if good else None


def timed(work: Callable[[], Any]) -> tuple[float, float, Any]:
    """Wall time and processor time of some work, in seconds, and what it gave."""
    wall, processor = time.perf_counter(), time.process_time()
    answer = work()
    return time.perf_counter() - wall, time.process_time() - processor, answer


def speed(case: Case, store: Store, count: int = REPEATS) -> None:
    """Seconds for one picture's map, innerview to 1 % and Captum in turn; evaluations a second."""
    pictures = [picture for _, picture in case.take(max(count, THROUGHPUT_PICTURES))]
    targets = [int(case.model.forward(picture[None]).outputs[0].argmax()) for picture in pictures]
    best = tuned_of(store.rows("rules"))
    for number in range(count):
        one, target = pictures[number], targets[number]

        def ours(picture: Image = one, target: int = target) -> IntegratedGradients:
            return explained(case, [picture], TOLERANCE, BUDGET, Logit(target))[0][0]

        ways: dict[str, Callable[[], Any]] = {
            "innerview": ours,
            "captum": lambda picture=one, target=target: captum(case, [picture], [target]),
        }
        if best:
            method, least = best
            ways["captum tuned"] = lambda picture=one, target=target, least=least, method=method: captum(
                case, [picture], [target], least, method, case.model.batch_size
            )
        row: Row = {"picture": number}
        for way in list(ways)[:: 1 if number % 2 else -1]:
            row[way], row[f"{way} processor"], answer = timed(ways[way])
            if way == "innerview":
                row["evaluations"] = answer.n_evaluations
        store.add("speed", row)
        say(case.name, "speed", row)
    if case.model.batch_size < THROUGHPUT_PICTURES:
        return  # a batch is less than one picture's evaluations: there is nothing to fill
    throughput(case, store, pictures[:THROUGHPUT_PICTURES], targets[:THROUGHPUT_PICTURES])


def throughput(case: Case, store: Store, some: list[Image], named: list[int]) -> None:
    """Evaluations a second, batches filled over pictures; Captum as it comes and tuned by hand."""
    modules = {"captum": case.module, "captum tuned": tuned_module(case)}
    for size in BATCHES * ROUNDS:
        wall, processor, found = timed(
            lambda size=size: list(
                integrate_jobs(
                    case.model,
                    [job(case, one) for one in some],
                    tolerance=TOLERANCE,
                    max_evaluations=BUDGET,
                    batch_size=size,
                )
            )
        )
        spent = sum(result.n_evaluations for _, (result,) in found)
        row = {"batch": size, "innerview": spent / wall, "innerview processor": spent / processor}
        spent = CAPTUM_STEPS * len(some)
        for who, module in modules.items():
            wall, processor, _ = timed(
                lambda size=size, module=module: captum(case, some, named, batch=max(size, len(some)), module=module)
            )
            row |= {who: spent / wall, f"{who} processor": spent / processor}
        store.add("throughput", row)
        say(case.name, "throughput", row)


def memory(case: Case, store: Store, arguments: Sequence[str]) -> None:
    """Peak memory of a fresh process, by the budget that it may spend; Captum's beside it, by its steps."""
    for who, amounts in (("innerview", (50, 3000)), ("innerview-16", (50, 3000)), ("captum", (50, 500))):
        for amount in amounts:
            command = [sys.executable, str(HERE / "memory.py"), who, str(amount), case.name, *arguments]
            row = json.loads(
                subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1]
            )
            store.add("memory", row)
            say(case.name, "memory", row)


def targets(case: Case, store: Store, count: int) -> None:
    """The winning class's logit, its contrast and its probability: cost, change of the score, and how maps differ."""
    asked: Mapping[str, Target] = MappingProxyType(
        {"logit": Logit(), "contrast": Contrast(), "probability": Probability()}
    )
    for part in groups(store.missing("targets", case.take(count)), together(case)):
        found = {
            name: [results[0] for results in explained(case, [one for _, one in part], TOLERANCE, BUDGET, target)]
            for name, target in asked.items()
        }
        for place, (name, _) in enumerate(part):
            row: Row = {"picture": name}
            plain = found["logit"][place].heatmap
            for kind, results in found.items():
                result = results[place]
                drawn = result.heatmap
                row[kind] = {
                    **described(result),
                    "change": result.score - result.baseline_score,
                    "sum": float(np.abs(drawn).sum()),
                    "positive": float(drawn[drawn > 0].sum() / np.abs(drawn).sum()),
                    "correlation": float(np.corrcoef(ranks(plain), ranks(drawn))[0, 1]),
                    "same_sign": float(np.mean(np.sign(plain) == np.sign(drawn))),
                    "share": float(np.abs(drawn / np.abs(drawn).sum() - plain / np.abs(plain).sum()).sum()),
                }
            store.add("targets", row)
        say(case.name, "targets", len(store.rows("targets")))


def ranks(values: Array) -> Array:
    """The place of each pixel in the order of its values."""
    return np.argsort(np.argsort(values, axis=None)).astype(float)


def convergence(case: Case, store: Store, count: int) -> None:
    """Estimated and true error at every level, and the true error of the classical rules with as many evaluations."""
    for name, picture in store.missing("convergence", case.take(count)):
        ((finest,),) = explained(case, [picture], FINEST, 2049)
        exact, target = finest.attribution, finest.target
        row: Row = {"picture": name, "levels": {}, "rules": {rule: {} for rule in RULES}}
        for budget in LEVELS:
            ((result,),) = explained(case, [picture], FINEST, budget, Logit(target))
            row["levels"][result.n_evaluations] = {
                "stated": result.error if np.isfinite(result.error or np.inf) else None,
                "true": relative(result.heatmap, exact.sum(axis=2)),
                "gap": result.relative_convergence_delta,
            }
            for rule in RULES:
                found = integrated_gradients(
                    case.model,
                    picture,
                    Logit(target),
                    baseline=case.baseline(picture),
                    rule=rule,
                    n_steps=budget,
                )
                row["rules"][rule][budget] = relative(found.heatmap, exact.sum(axis=2))
        store.add("convergence", row)
        say(case.name, "convergence", name)
