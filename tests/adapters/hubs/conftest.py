"""timm and transformers import torchvision, which may need a word first."""

from __future__ import annotations

import os
from importlib.util import find_spec

import torchvision_operators

if find_spec("torchvision") and "INNERVIEW_TEST_BACKEND" not in os.environ:
    torchvision_operators.declare()
