"""What people may give, as types: for the annotations of code that calls innerview.

    from innerview.typing import ImageLike, TargetLike

    def explain(image: ImageLike, target: TargetLike) -> innerview.results.IntegratedGradients: ...

`innerview.typed` says what each of them is taken for. Results are generic in their arrays: `Attribution` has NumPy's,
`Attribution[torch.Tensor]` PyTorch's.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol, TypeAlias, TypeVar, runtime_checkable

from PIL.Image import Image as Pillow

from innerview.data.image import Image
from innerview.targets import Target
from innerview.types import Array


@runtime_checkable
class Tensor(Protocol):
    """An array of PyTorch, JAX or TensorFlow, by what checkers know of it without the framework."""

    @property
    def shape(self) -> Any:
        """Lengths of the axes."""
        ...

    @property
    def dtype(self) -> Any:
        """Precision."""
        ...


T = TypeVar("T", bound=Tensor)
"""The tensors of an image, and of its result."""

NumpyImageLike: TypeAlias = Array | Image | Pillow | str | Path | Sequence[Sequence[Sequence[float]]]
"""One image whose results have NumPy arrays: pixels in [0, 1] as an array or as lists (height × width × channel), what
`load_image`, `example_image` or `preprocess` gave, an open PIL image of the model's size, or the name of a file or of
an example."""

ImageLike: TypeAlias = NumpyImageLike | Tensor
"""One image: the same, or a tensor, with the channels last or first."""

BaselineLike: TypeAlias = Array | Pillow | str | Path | Tensor
"""A baseline or a fill: "black", "white", "gray", "mean", "blurred:SIGMA", "noise:SEED", a file, or an image that is no
list: a list is several baselines."""

TargetLike: TypeAlias = Target | str | int | None
"""What is explained: a class by its number or name, or a target such as `Logit(3)`; None is the class that wins."""

ModelLike: TypeAlias = Any
"""A model: wrapped; one of timm, torchvision, transformers or Keras as it is; or a name, as `--model` takes it."""

ArrayLike: TypeAlias = Array | Tensor
"""An array of NumPy or of a framework."""
