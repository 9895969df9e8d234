"""The use cases: what a session worked out, written as folders, pages and tables."""

from innerview.session.query import Query
from innerview.workbench.explain.explain import Written, explain
from innerview.workbench.info import info
from innerview.workbench.path import path
from innerview.workbench.weights import weights

__all__ = ["Query", "Written", "explain", "info", "path", "weights"]
