"""Array aliases with named axes, one glossary for the whole package.

Axis order is always batch, height, width, channel. The axes are checked while testing (jaxtyping with beartype);
units and ranges are stated where a value is documented, since no type can carry them.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from jaxtyping import Float, Int, Shaped

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]

Image: TypeAlias = Float[np.ndarray, "height width channel"]
Images: TypeAlias = Float[np.ndarray, "batch height width channel"]
Map: TypeAlias = Float[np.ndarray, "height width"]
Bytes: TypeAlias = Shaped[np.ndarray, "height width 3"]

Logits: TypeAlias = Float[np.ndarray, "batch class"]
LogitRow: TypeAlias = Float[np.ndarray, " class"]
Scores: TypeAlias = Float[np.ndarray, " batch"]
Cotangents: TypeAlias = Float[np.ndarray, "target batch class"]
Gradients: TypeAlias = Float[np.ndarray, "target batch height width channel"]

Alphas: TypeAlias = Float[np.ndarray, " alpha"]
Counts: TypeAlias = Int[np.ndarray, "checkpoint layer bin"]
