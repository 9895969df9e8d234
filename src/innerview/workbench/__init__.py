"""The use cases: alone in joining the rooms below, and the same for the command line, notebooks and programs."""

from innerview.session.request import Request
from innerview.workbench.info import info
from innerview.workbench.look.look import Written, look
from innerview.workbench.path import path
from innerview.workbench.weights import weights

__all__ = ["Request", "Written", "info", "look", "path", "weights"]
