"""Watching a PyTorch model while it runs, without leaving a trace: its calls and its outputs.

`looking` changes what must be changed for a pass (evaluation mode, frozen weights) and puts every module and
every parameter back, one by one, whatever happens. `observing` hangs hooks on leaf modules and takes them off.
"""

# PyTorch is only partly typed: unknown types are its own.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownParameterType=false, reportMissingImports=false, reportPrivateImportUsage=false

from __future__ import annotations

import sys
import threading
from collections import Counter, deque
from collections.abc import Callable, Collection, Generator, Iterable, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Final, TypeAlias

import numpy as np
import torch
from torch import nn

from innerview.adapters import engine, picking
from innerview.adapters.failure_location import FailureLocation
from innerview.adapters.keeping import restoring
from innerview.adapters.positions import Order
from innerview.adapters.precisions import waist
from innerview.adapters.torch.state import Tensors, flags, freeze, random_draws, settings
from innerview.adapters.torch.windows import window_of
from innerview.adapters.torch.wiring import Following
from innerview.adapters.wiring import Wiring
from innerview.errors import ModelError
from innerview.model import OUTPUT, Layer
from innerview.types import Array

Seen: TypeAlias = Callable[[str, nn.Module, Any], Any]
"""Called with the name of a call, its module and its result; what it returns (unless None) takes the result's place."""

KINDS: Final = {
    "torch.nn.modules.conv": "convolution",
    "torch.nn.modules.linear": "dense",
    "torch.nn.modules.activation": "activation",
    "torch.nn.modules.batchnorm": "normalisation",
    "torch.nn.modules.instancenorm": "normalisation",
    "torch.nn.modules.normalization": "normalisation",
    "torch.nn.modules.dropout": "dropout",
    "torch.nn.modules.pooling": "pooling",
}
"""Kind of a layer by the module of PyTorch that defines its class or the nearest of its bases."""

WRAPPERS: Final = {"OptimizedModule": "_orig_mod", "DataParallel": "module", "DistributedDataParallel": "module"}
"""What stands around a model, and where in it the model is: a compiled or a parallel one runs its hooks elsewhere."""

FOLDED: Final = "_innerview_folded"
"""Set on a module that a converter made and that nobody would call a layer: it is run, and not looked at."""

_LOCK = threading.RLock()
"""Two threads that look at one model would restore each other's changes: one at a time."""


@dataclass(frozen=True)
class Look:
    """A model while it is looked at.

    Attributes:
        changed: weights that were copied and found changed when all was put back.
        again: puts back what a pass changed, before another one in the same block: taking everything down costs as much
            as a pass of a small model, putting it back next to nothing.
    """

    changed: Sequence[torch.Tensor]
    again: Callable[[], None]


@contextmanager
def looking(
    model: nn.Module, weights: Collection[torch.Tensor] = (), half: torch.dtype | None = None
) -> Generator[Look, None, None]:
    """Evaluation mode, frozen weights and the model's own precision while the block runs; then everything as it was.

    Args:
        model: that is run in the block.
        weights: weights that the model may change in place, which are copied to be put back.
        half: the precision of torch.autocast; None for none, whatever is around.

    Raises:
        ModelError: a weight that was not copied was changed in place, and could not be put back.
    """
    with _LOCK:
        kept = Tensors(model, weights)
        with restoring(chain(flags(model), [kept.restore], random_draws(), [settings()])) as put_back:

            def begin() -> None:
                freeze(model)
                torch.backends.mha.set_fastpath_enabled(False)  # fused attention calls no modules: none could be seen

            def again() -> None:
                put_back()
                begin()
                deque(random_draws(), 0)  # numbers of its own for each pass; what was before is put back in the end

            begin()
            cast = torch.autocast(device(model).type, dtype=half, enabled=half is not None, cache_enabled=False)
            with eager(), torch.inference_mode(mode=False), cast:
                yield Look(kept.changed, again)
        if kept.lost:
            raise ModelError(
                f"the model changed its weight {kept.lost[0]} in place while it ran, as it had not before, so that it "
                "could not be put back; wrap a copy, copy.deepcopy(model)"
            ).of("weights", found=kept.lost[0])


def original(model: nn.Module) -> nn.Module:
    """Find the model that was compiled or made parallel; its layers have the names that people know."""
    while type(model).__name__ in WRAPPERS:
        model = getattr(model, WRAPPERS[type(model).__name__])
    return model


def eager() -> AbstractContextManager[object]:
    """A context in which nothing is compiled and nothing compiled is used: hooks inside it would not be called."""
    # where nobody has compiled anything, importing the compiler would take seconds
    stance = getattr(torch.compiler, "set_stance", None) if "torch._dynamo" in sys.modules else None
    return nullcontext() if stance is None else stance("force_eager")


@contextmanager
def observing(
    model: nn.Module, seen: Seen, place: FailureLocation | None = None, following: Following | None = None
) -> Generator[None, None, None]:
    """Call `seen` after every call of a layer while the block runs; `place`, `following` hear of it too."""
    names = _layers(model)
    calls = Counter[nn.Module]()

    def hook(module: nn.Module, arguments: Any, result: Any) -> Any:  # noqa: ARG001 PyTorch's signature
        calls[module] += 1
        name = _call_name(names[module], calls[module])
        if place is not None:
            place.leave(name, _shapes([result]))
        if following is not None:
            following.leave(name, result)
        return seen(name, module, result)

    def entering(module: nn.Module, given: tuple[Any, ...], named: dict[str, Any]) -> None:
        name = _call_name(names[module], calls[module] + 1)
        if place is not None:
            place.enter(name, type(module).__name__, _shapes([*given, *named.values()]))
        if following is not None:
            following.enter(name, [given, named])

    with ExitStack() as hooks:
        for module in names:
            hooks.callback(module.register_forward_hook(hook).remove)
            if place is not None or following is not None:
                hooks.callback(module.register_forward_pre_hook(entering, with_kwargs=True).remove)
        yield


def _shapes(values: Iterable[Any]) -> list[tuple[int, ...]]:
    return [tuple(value.shape) for value in values if isinstance(value, torch.Tensor)]


def device(model: nn.Module) -> torch.device:
    """Where the first weight of a model is; the processor if it has none."""
    tensors = (*model.parameters(), *model.buffers())
    return tensors[0].device if tensors else torch.device("cpu")


def precisions(model: nn.Module) -> list[torch.dtype]:
    """Types of the model's floats, that of its first weight in front; PyTorch's usual one if it has none."""
    tensors = (*model.parameters(), *model.buffers())
    return list(dict.fromkeys(one.dtype for one in tensors if one.is_floating_point())) or [torch.get_default_dtype()]


def precision(model: nn.Module) -> np.dtype[np.floating]:
    """float32 or float64: of the answers. ModelError if the weights' types are unknown or don't go together."""
    found = waist([name_of(kind) for kind in precisions(model)])
    if found is None:
        tensors = {**dict(model.named_parameters()), **dict(model.named_buffers())}
        first = {one.dtype: name for name, one in reversed(tensors.items()) if one.is_floating_point()}
        listed = ", ".join(f"{name} is {name_of(kind)}" for kind, name in first.items())
        raise ModelError(
            f"models compute in float32, float16 and bfloat16, or in float64 throughout; {listed}. Wrap a copy: "
            "copy.deepcopy(model).float()"
        ).of("dtype", found=listed)
    return found


def name_of(kind: torch.dtype) -> str:
    """A type's name: "bfloat16"."""
    return str(kind).removeprefix("torch.")


def pick(result: Any, key: str | int | None) -> torch.Tensor:
    """Take the tensor that `key` names from what a model returned, or raise ModelError with the keys there are."""
    return picking.pick(result, key, lambda value: isinstance(value, torch.Tensor))


@dataclass
class Survey:
    """What a dry run finds: the layers in the order of their calls, with shapes in the model's own axis order.

    Attributes:
        model: the module that is run.
        batch: how many images it is run on.
        layers: as they were called; their axes are found out later (`positions`).
    """

    model: nn.Module
    batch: int
    layers: list[Layer] = field(default_factory=list[Layer])

    def __call__(self, name: str, module: nn.Module, result: Any) -> None:
        """Take down one call; one whose result is not a float tensor with the batch in front is no layer."""
        if not isinstance(result, torch.Tensor) or not result.is_floating_point() or result.shape[:1] != (self.batch,):
            return
        names = {id(parameter): known for known, parameter in self.model.named_parameters()}
        parameters = tuple(names[id(own)] for own in module.parameters())  # of a part that is not called too
        shape, window = tuple(result.shape[1:]), window_of(module)
        self.layers.append(Layer(name, _kind(module), parameters, "", shape, window=window))


def array_of(value: torch.Tensor) -> Array:
    """A tensor's values as they lie; not a copy where NumPy can read them."""
    detached = value.detach().cpu()
    half = detached.dtype in {torch.float16, torch.bfloat16}  # NumPy has none of the second; float32 holds both
    return (detached.float() if half else detached).numpy()


def _nothing(name: str, module: nn.Module, result: Any) -> None:
    """Take no note of a call."""


def follow(model: nn.Module, run: Callable[[Callable[[torch.Tensor], None]], object]) -> Wiring | None:
    """Find out in one run how the layers hang together; None if it can't be followed.

    Args:
        model: is run.
        run: runs it, and tells what it is given which tensor is the image.
    """
    following = Following()
    try:
        with following, observing(model, _nothing, following=following):
            run(following.begin)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 what follows operations may not be nested in what a model does itself
        return None
    return following.wiring


def to_waist(value: torch.Tensor, order: Order) -> Array:
    """Copy a tensor (batch in front) into an array with the axes of the waist."""
    return engine.to_waist(array_of(value), order)


def from_waist(value: Array, like: torch.Tensor, order: Order) -> torch.Tensor:
    """Copy an array of the waist (batch in front) into a tensor like that one."""
    return torch.tensor(engine.from_waist(value, order, behind=1), dtype=like.dtype, device=like.device)


def _layers(model: nn.Module) -> dict[nn.Module, str]:
    """The modules that are looked at, by their names; a model that is one of them itself is called by its class."""
    found = dict[nn.Module, str]()
    waiting = [("", model)]
    while waiting:
        name, module = waiting.pop()
        if isinstance(module, torch.jit.ScriptModule):  # takes no hooks, so nothing in it can be seen
            continue
        if _is_layer(module):
            if getattr(module, FOLDED, False):
                continue
            found.setdefault(module, name or type(module).__name__)
        else:
            inner = [(f"{name}.{child}".removeprefix("."), one) for child, one in module.named_children()]
            waiting += reversed(inner)
    return found


def _is_layer(module: nn.Module) -> bool:
    """What holds no other modules; and a convolution, dense layer or normalisation whatever it holds.

    Someone's convolution may hold its padding, and one whose weights are normalised holds what normalises them.
    """
    return next(module.children(), None) is None or _kind(module) in {"convolution", "dense", "normalisation"}


def _call_name(name: str, number: int) -> str:
    """A first call has the module's name, unless that is taken for the output of the model."""
    return name if number == 1 and name != OUTPUT else f"{name}#{number}"


def _homes(module: nn.Module) -> list[str]:
    return [kind.__module__ for kind in type(module).__mro__]


def _kind(module: nn.Module) -> str:
    if isinstance(module, nn.Identity):  # it lives beside the dense layers
        return "other"
    return next((KINDS[home] for home in _homes(module) if home in KINDS), "other")
