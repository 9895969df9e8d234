"""Small modules, one for each way in which layers are wired, with what is right for each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional


@dataclass(frozen=True)
class Wired:
    """A model; by layer what it is made from; and after which layer each number ends."""

    build: Callable[[], nn.Module]
    sources: dict[str, tuple[str, ...]]
    ends: tuple[str, ...]


def conv(before: int = 4, after: int = 4) -> nn.Conv2d:
    return nn.Conv2d(before, after, 3, padding=1)


class Head(nn.Module):
    """The mean over all positions and a dense layer, behind what a subclass does."""

    def __init__(self, channels: int = 4) -> None:
        super().__init__()
        self.head = nn.Linear(channels, 3)

    def forward(self, value: Tensor) -> Tensor:
        return self.head(self.trunk(value).mean((2, 3)))

    def trunk(self, value: Tensor) -> Tensor:
        raise NotImplementedError


class Chain(Head):
    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.norm, self.act, self.drop = conv(3), nn.BatchNorm2d(4), nn.ReLU(inplace=True), nn.Dropout()
        self.pool, self.conv2, self.late = nn.MaxPool2d(2), conv(), nn.ReLU()

    def trunk(self, value: Tensor) -> Tensor:
        value = self.pool(self.drop(self.act(self.norm(self.conv1(value)))))
        return self.late(functional.avg_pool2d(self.conv2(value), 2))


class Residual(Head):
    def __init__(self, *, in_place: bool) -> None:
        super().__init__()
        self.in_place = in_place
        self.stem, self.act = conv(3), nn.ReLU(inplace=True)
        self.conv1, self.norm1, self.conv2, self.norm2 = conv(), nn.BatchNorm2d(4), conv(), nn.BatchNorm2d(4)

    def trunk(self, value: Tensor) -> Tensor:
        value = self.act(self.stem(value))
        more = self.norm2(self.conv2(self.act(self.norm1(self.conv1(value)))))
        if self.in_place:
            more += value
        else:
            more = more + value
        return self.act(more)


class Branches(Head):
    """Two branches of one input, called one after the other; the second one's activation is another's."""

    def __init__(self) -> None:
        super().__init__(8)
        self.stem, self.left, self.right = conv(3), conv(), conv()
        self.norm_right, self.act_right, self.act_left = nn.BatchNorm2d(4), nn.ReLU(), nn.Tanh()

    def trunk(self, value: Tensor) -> Tensor:
        value = self.stem(value)
        right, left = self.right(value), self.left(value)
        return torch.cat([self.act_left(left), self.act_right(self.norm_right(right))], 1)


class Shared(Head):
    def __init__(self) -> None:
        super().__init__()
        self.stem, self.conv, self.act = conv(3), conv(), nn.ReLU()

    def trunk(self, value: Tensor) -> Tensor:
        return self.act(self.conv(self.act(self.conv(self.act(self.stem(value))))))


class Squeeze(Head):
    def __init__(self) -> None:
        super().__init__()
        self.stem, self.pool, self.reduce, self.act = conv(3), nn.AdaptiveAvgPool2d(1), nn.Conv2d(4, 2, 1), nn.ReLU()
        self.expand, self.gate, self.after = nn.Conv2d(2, 4, 1), nn.Sigmoid(), nn.ReLU()

    def trunk(self, value: Tensor) -> Tensor:
        value = self.stem(value)
        return self.after(value * self.gate(self.expand(self.act(self.reduce(self.pool(value))))))


class Gated(Head):
    """x · sigmoid(x): the sigmoid is not what follows the convolution, since the product takes it too."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.gate = conv(3), nn.Sigmoid()

    def trunk(self, value: Tensor) -> Tensor:
        value = self.conv(value)
        return value * self.gate(value)


class Dense(Head):
    def __init__(self) -> None:
        super().__init__(11)
        self.conv1, self.norm, self.act, self.conv2 = conv(3), nn.BatchNorm2d(7), nn.ReLU(), conv(7)

    def trunk(self, value: Tensor) -> Tensor:
        first = self.conv1(value)
        both = torch.cat([value, first], 1)
        return torch.cat([both, self.conv2(self.act(self.norm(both)))], 1)


class Heads(nn.Module):
    """Two heads on one trunk, averaged."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.act, self.drop = conv(3), nn.ReLU(), nn.Dropout()
        self.one, self.two = nn.Linear(4, 3), nn.Linear(4, 3)

    def forward(self, value: Tensor) -> Tensor:
        value = self.act(self.conv(value)).mean((2, 3))
        return (self.one(value) + self.two(self.drop(value))) / 2


class Turned(Head):
    """A normalisation behind a permute belongs to the convolution in front of it."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm, self.act = conv(3), nn.LayerNorm(4), nn.GELU()

    def trunk(self, value: Tensor) -> Tensor:
        return self.act(self.norm(self.conv(value).permute(0, 2, 3, 1))).permute(0, 3, 1, 2)


class Split(Head):
    """Half of the channels go their own way."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.act, self.norm = conv(3), nn.ReLU(), nn.BatchNorm2d(2)

    def trunk(self, value: Tensor) -> Tensor:
        first, second = self.conv(value).chunk(2, 1)
        return torch.cat([self.act(first), self.norm(second)], 1)


class Kept(nn.Module):
    """Holds on to what it was given before, and computes in the middle of another's call."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Tensor] = []

    def forward(self, value: Tensor) -> Tensor:
        self.seen = [*self.seen[-1:], value]
        return value + self.seen[0]


class Aside(Head):
    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.keep, self.conv2 = conv(3), Kept(), conv()

    def trunk(self, value: Tensor) -> Tensor:
        self.keep.seen = []
        return self.keep(self.conv2(self.keep(self.conv1(value))))


WIRINGS: dict[str, Wired] = {
    "chain": Wired(
        Chain,
        {
            "conv1": ("input",),
            "norm": ("conv1",),
            "act": ("norm",),
            "drop": ("act",),
            "pool": ("drop",),
            "conv2": ("pool",),
            "late": ("conv2",),
            "head": ("late",),
        },
        ("drop", "conv2", "head"),
    ),
    "residual": Wired(
        lambda: Residual(in_place=False),
        {"conv1": ("act",), "norm2": ("conv2",), "act#3": ("act", "norm2"), "head": ("act#3",)},
        ("act", "act#2", "norm2", "head"),
    ),
    "residual in place": Wired(
        lambda: Residual(in_place=True),
        {"conv1": ("act",), "norm2": ("conv2",), "act#3": ("act", "norm2"), "head": ("act#3",)},
        ("act", "act#2", "norm2", "head"),
    ),
    "branches": Wired(
        Branches,
        {
            "right": ("stem",),
            "left": ("stem",),
            "act_left": ("left",),
            "norm_right": ("right",),
            "act_right": ("norm_right",),
            "head": ("act_left", "act_right"),
        },
        ("stem", "act_right", "act_left", "head"),
    ),
    "shared": Wired(
        Shared,
        {"conv": ("act",), "act#2": ("conv",), "conv#2": ("act#2",), "act#3": ("conv#2",)},
        ("act", "act#2", "act#3", "head"),
    ),
    "squeeze and excite": Wired(
        Squeeze,
        {"pool": ("stem",), "reduce": ("pool",), "gate": ("expand",), "after": ("stem", "gate")},
        ("stem", "act", "gate", "head"),
    ),
    "gated by itself": Wired(Gated, {"gate": ("conv",), "head": ("conv", "gate")}, ("conv", "head")),
    "dense": Wired(
        Dense,
        {"norm": ("input", "conv1"), "conv2": ("act",), "head": ("input", "conv1", "conv2")},
        ("conv1", "conv2", "head"),
    ),
    "heads": Wired(Heads, {"one": ("act",), "drop": ("act",), "two": ("drop",)}, ("act", "one", "two")),
    "turned": Wired(Turned, {"norm": ("conv",), "act": ("norm",), "head": ("act",)}, ("act", "head")),
    "split": Wired(Split, {"act": ("conv",), "norm": ("conv",), "head": ("act", "norm")}, ("conv", "head")),
    "aside": Wired(
        Aside, {"keep": ("conv1",), "conv2": ("keep",), "keep#2": ("conv1", "conv2")}, ("conv1", "conv2", "head")
    ),
}
