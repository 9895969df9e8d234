"""The use cases: what a session worked out, written as folders, pages and tables."""

from innerview.session.kept import Kept, kept_comparison
from innerview.session.query import Query
from innerview.workbench.compare.compare import Compared, compare
from innerview.workbench.explain.explain import Written, explain
from innerview.workbench.info import info
from innerview.workbench.path import path
from innerview.workbench.survey.survey import Surveyed, survey
from innerview.workbench.weights import weights

__all__ = [
    "Compared",
    "Kept",
    "Query",
    "Surveyed",
    "Written",
    "compare",
    "explain",
    "info",
    "kept_comparison",
    "path",
    "survey",
    "weights",
]
