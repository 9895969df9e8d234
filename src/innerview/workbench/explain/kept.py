"""What a comparison found about a model, as what an explanation draws where nobody names a method."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from innerview.errors import DataError, UsageError
from innerview.methods.registry import USUAL
from innerview.model import Model
from innerview.session.methods import choose_methods
from innerview.session.opening import opened_model
from innerview.session.query import Query
from innerview.workbench.compare.keeping import kept_comparison

DEFAULT: Final = Query()


def with_kept(query: Query, model: Model | str, named: str = "") -> tuple[Query, str]:
    """Ask for the method that a comparison has found best for this model, where none was named.

    Args:
        query: with methods or baselines of its own it stays as it is.
        model: a model, or the name of a built-in one.
        named: the model as it stands on a command line: beside a file lies what is kept.

    Returns:
        The query, and what was chosen and why in a sentence; empty where nothing is kept. A file that can't be read, or
        a method that is no longer there, is told of there, and changes nothing.
    """
    if query.methods or query.baselines != DEFAULT.baselines:
        return query, ""
    opened = opened_model(model).model
    try:
        kept = kept_comparison(opened, named)
        if kept is None:
            return query, ""
        name = kept.method.partition(":")[0]
        methods = () if name == USUAL else (kept.method,)
        choose_methods(methods, opened)
    except (DataError, UsageError) as problem:
        return query, f"What was compared on this model is not used: {problem}."
    drawn = "integrated gradients are" if name == USUAL else f"{name} is drawn beside integrated gradients, both"
    start = f" from {', '.join(kept.baselines)}" if kept.baselines else ""
    told = (
        f"Of the methods compared on this model (n = {kept.n} images) {name}{start} agrees most with taking regions "
        f"away, {kept.agreement:.2f} ({kept.low:.2f} to {kept.high:.2f})"
    )
    asked = replace(query, methods=methods, baselines=kept.baselines or query.baselines)
    done = f"so {drawn}{start}" if kept.baselines else f"so {name} is drawn as well"
    return asked, f"{told}, {done}; --method and --baseline say otherwise."
