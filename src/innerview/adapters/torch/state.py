"""What of PyTorch's and of a model's state a pass may change, and how it comes back as it was.

Of weights nothing is copied but what is known to change: a weight that the model puts another tensor in place of is put
back by reference, and a change in place shows in the tensor's version. Buffers, and tensors that a model keeps as plain
attributes, are copied: they are small, and observers, counters and moving averages live there.
"""

# PyTorch is only partly typed: unknown types are its own.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownParameterType=false, reportUnknownLambdaType=false, reportMissingImports=false
# pyright: reportPrivateImportUsage=false, reportPrivateUsage=false

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, Final, cast

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from innerview.adapters.keeping import LARGEST, Kept, Restore, draw, random_numbers
from innerview.errors import ModelError

SETTINGS: Final[tuple[tuple[Any, Any], ...]] = (
    (torch.is_grad_enabled, torch._C._set_grad_enabled),  # noqa: SLF001 torch.set_grad_enabled is an object
    (torch.get_default_dtype, torch.set_default_dtype),
    (torch.get_default_device, lambda device: torch.set_default_device(None if device.type == "cpu" else device)),
    (
        lambda: (torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()),
        lambda asked: torch.use_deterministic_algorithms(asked[0], warn_only=asked[1]),
    ),
    (torch.get_float32_matmul_precision, torch.set_float32_matmul_precision),
    (torch.get_num_threads, torch.set_num_threads),
    (
        lambda: (torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled()),
        lambda asked: torch.set_anomaly_enabled(*asked),
    ),
    (torch.backends.mha.get_fastpath_enabled, torch.backends.mha.set_fastpath_enabled),
    (lambda: torch.backends.cudnn.benchmark, lambda asked: setattr(torch.backends.cudnn, "benchmark", asked)),
    (lambda: torch.backends.cudnn.deterministic, lambda asked: setattr(torch.backends.cudnn, "deterministic", asked)),
)
"""Settings of the whole process that a model's code may change, as pairs of asking and setting."""


def settings() -> Restore:
    """Take down PyTorch's settings; only what was changed is set again."""
    table: tuple[tuple[Any, Any], ...] = cast("Any", SETTINGS)  # each pair has a type of its own
    before = [(ask, put, ask()) for ask, put in table]

    def restore() -> None:
        for ask, put, value in before:
            if ask() != value:
                put(value)

    return restore


def random_draws() -> Iterator[Restore]:
    """Take down every generator that a model may draw from, and give each pass numbers of its own."""
    yield random_numbers()
    processor = torch.get_rng_state()
    yield lambda: torch.set_rng_state(processor)
    torch.default_generator.manual_seed(draw())
    if torch.cuda.is_available() and torch.cuda.is_initialized():
        cards = torch.cuda.get_rng_state_all()
        yield lambda: torch.cuda.set_rng_state_all(cards)
        torch.cuda.manual_seed_all(draw())


def flags(model: nn.Module) -> Iterator[Restore]:
    """Take down modes and which weights want gradients, and switch both off.

    Not model.eval(): people override it, and some modules may be in evaluation mode on purpose.
    """
    modes = [(module, module.training) for module in model.modules()]
    wanted = [(parameter, parameter.requires_grad) for parameter in model.parameters()]

    def restore() -> None:
        for module, mode in modes:
            module.training = mode
        for parameter, flag in wanted:
            if parameter.requires_grad != flag:
                parameter.requires_grad_(flag)

    yield restore


def freeze(model: nn.Module) -> None:
    """Evaluation mode everywhere, and weights that want no gradients; `flags` puts both back."""
    for module in model.modules():
        module.training = False
    for parameter in model.parameters():
        if parameter.requires_grad:
            parameter.requires_grad_(False)  # noqa: FBT003 its name differs from version to version


class Tensors:
    """Tensors that were taken down, and what was found changed in them.

    Args:
        model: whose buffers are copied, whatever their size.
        weights: weights that are copied as well, since they are known to change, or to find out whether they do.
    """

    def __init__(self, model: nn.Module, weights: Collection[torch.Tensor] = ()) -> None:
        self._buffers = {id(value) for value in model.buffers()}
        self._weights = {id(weight) for weight in weights}
        self._names = {id(weight): name for name, weight in model.named_parameters()}
        self.changed: list[torch.Tensor] = []
        self.lost: list[str] = []
        # A scripted model's tensors are in no attribute of Python.
        self._held = [*model.buffers(), *model.parameters()]
        self._kept = Kept(model.modules(), self._keep, (nn.Module,), values=self._held)

    def restore(self) -> None:
        """Put all back."""
        self._kept.restore()

    def _keep(self, value: Any) -> Restore | None:
        if isinstance(value, torch.Generator):
            state = value.get_state()
            return lambda: value.set_state(state)
        if not isinstance(value, torch.Tensor):
            return None
        if is_lazy(value) or value.is_meta or value.layout != torch.strided:
            return lambda: None
        if isinstance(value, nn.Parameter) and id(value) not in self._buffers:
            return self._keep_weight(value)
        small = id(value) in self._buffers or value.numel() * value.element_size() <= LARGEST
        return _copied(value) if small else (lambda: None)

    def _keep_weight(self, weight: nn.Parameter) -> Restore:
        gradient, data, version = weight.grad, weight.detach(), _version(weight)
        copy = weight.detach().clone() if id(weight) in self._weights else None

        def restore() -> None:
            if weight.grad is not gradient:
                weight.grad = gradient
            if weight.data_ptr() != data.data_ptr() or weight.shape != data.shape:
                weight.data = data
            if copy is not None and not _same(weight, copy):
                _write(weight, copy)
                self.changed.append(weight)
            elif copy is None and _version(weight) != version:
                self.lost.append(self._names.get(id(weight), "a weight"))

        return restore


def _version(value: torch.Tensor) -> int:
    return -1 if value.is_inference() else value._version  # noqa: SLF001 it is documented for this use


def _copied(value: torch.Tensor) -> Restore:
    """Copy a tensor; put back what was written into it, or put in place of what it held."""
    data, copy, wanted, gradient = value.detach(), value.detach().clone(), value.requires_grad, value.grad_fn

    def restore() -> None:
        if value.data_ptr() != data.data_ptr() or value.shape != data.shape:
            value.data = data
        if not _same(value, copy):
            _write(value, copy)
        if gradient is None and value.is_leaf and value.requires_grad != wanted:
            value.requires_grad_(wanted)

    return restore


def _same(value: torch.Tensor, copy: torch.Tensor) -> bool:
    return value.shape == copy.shape and bool(torch.equal(value.detach(), copy))


def _write(value: torch.Tensor, copy: torch.Tensor) -> None:
    with torch.inference_mode(value.is_inference()), torch.no_grad():
        value.detach().copy_(copy)


def check_usable(model: nn.Module) -> None:
    """Raise ModelError for weights that hold no numbers, or that can take part in no gradient."""
    tensors = {**dict(model.named_parameters()), **dict(model.named_buffers())}
    for name, value in tensors.items():
        if is_lazy(value):
            raise ModelError(
                f"{name} has no values yet, since the model is lazy (LazyConv2d, LazyLinear); run it once "
                "on a batch of images first"
            ).of("weights", asked=name, found="lazy")
        if value.is_meta:
            raise ModelError(f"{name} is on the meta device, which holds no numbers; load the weights first").of(
                "weights", asked=name, found="meta"
            )
        if value.is_inference():
            raise ModelError(
                f"{name} was made inside torch.inference_mode(), so that no gradient can pass it; make the model "
                "outside, or wrap a copy made outside: copy.deepcopy(model)"
            ).of("weights", asked=name, found="inference")
