"""One integral in a fresh process, and how much memory that took at most: prints one line of JSON.

python benchmarks/attribution/memory.py innerview|innerview-16|captum BUDGET CASE [--data FOLDER] [--weights FILE]
"""

from __future__ import annotations

import argparse
import json
import resource
from pathlib import Path

import torch
from cases import case_of
from others import captum

from innerview.methods.tolerance import integrate_jobs
from innerview.methods.walk import Job
from innerview.targets import Logit

FINEST = 1e-5
"""The finest that single precision allows: a budget of 50 ends first, and one of 3000 is used as far as it goes."""


def main() -> None:
    """Spend, and say the peak."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("who", choices=["innerview", "innerview-16", "captum"])
    parser.add_argument("budget", type=int)
    parser.add_argument("case")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--weights", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    case = case_of(options.case, options.data, options.weights)
    ((_, picture),) = case.take(1)
    target = int(case.model.forward(picture[None]).outputs[0].argmax())
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    spent = options.budget
    if options.who == "captum":
        captum(case, [picture], [target], options.budget)
    else:
        asked = Job(picture, (Logit(target),), (case.baseline(picture),))
        batch_size = 16 if options.who == "innerview-16" else None
        found = integrate_jobs(
            case.model, [asked], tolerance=FINEST, max_evaluations=options.budget, batch_size=batch_size
        )
        ((_, (result,)),) = found
        spent = result.n_evaluations
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(
        json.dumps(
            {"who": options.who, "budget": options.budget, "evaluations": spent, "before": before, "peak": after}
        )
    )


if __name__ == "__main__":
    main()
