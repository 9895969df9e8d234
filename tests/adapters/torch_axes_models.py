"""Small modules of the shapes that image models are made of, with what is right for each of their layers.

Written for these tests: a convolution whose channels are normalised in front and behind, windows, heads, tokens with
and without a class, tokens across channels, squares in which every axis has one length.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from innerview.model import InputSpec, OutputSpec, TokenGrid

CLASSES = OutputSpec(("a", "b", "c"))
IMAGE = "height width channel"
TOKENS = "token channel"


@dataclass(frozen=True)
class Case:
    """A model, and by layer its axes and its shape at the waist (and grid).

    `unknown` are layers that must have no positions; what is in neither is not asked.
    """

    build: Callable[[], nn.Module]
    layers: dict[str, tuple[str, tuple[int, ...]]]
    grid: TokenGrid | None = None
    unknown: tuple[str, ...] = ()
    input: InputSpec = field(default=InputSpec(24, 36, layout="CHW"))


class InFront(nn.LayerNorm):
    """Layer normalisation of channels that stand in front."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 its name in PyTorch
        return super().forward(input.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class InFrontByHand(nn.LayerNorm):
    """The same without a permute, by functional calls."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002
        mean, spread = input.mean(1, keepdim=True), input.var(1, unbiased=False, keepdim=True)
        scaled = (input - mean) / torch.sqrt(spread + self.eps)
        return scaled * self.weight[:, None, None] + self.bias[:, None, None]


class Permute(nn.Module):
    def __init__(self, *axes: int) -> None:
        super().__init__()
        self.axes = axes

    def forward(self, value: Tensor) -> Tensor:
        return value.permute(*self.axes)


class Pooled(nn.Module):
    """A trunk, the mean over some axes, and a dense layer."""

    def __init__(self, trunk: nn.Module, channels: int, axes: tuple[int, ...] = (2, 3)) -> None:
        super().__init__()
        self.trunk, self.axes, self.head = trunk, axes, nn.Linear(channels, 3)

    def forward(self, value: Tensor) -> Tensor:
        return self.head(self.trunk(value).mean(self.axes))


class Attention(nn.Module):
    """Self-attention by heads, with modules on the tensors by head."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.q_norm, self.k_norm = nn.LayerNorm(width // heads), nn.Identity()
        self.weights_drop = nn.Dropout(0.1)
        self.sharp = 4.0

    def forward(self, value: Tensor) -> Tensor:
        batch, tokens, width = value.shape
        parts = self.qkv(value).reshape(batch, tokens, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        query, key, content = self.q_norm(parts[0]), self.k_norm(parts[1]), parts[2]
        weights = self.weights_drop((self.sharp * query @ key.transpose(-2, -1) / query.shape[-1] ** 0.5).softmax(-1))
        return self.proj((weights @ content).transpose(1, 2).reshape(batch, tokens, width))


class Block(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm1, self.attention, self.norm2 = nn.LayerNorm(width), Attention(width, heads), nn.LayerNorm(width)
        self.fc1, self.act, self.fc2 = nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width)

    def forward(self, value: Tensor) -> Tensor:
        value = value + self.attention(self.norm1(value))
        return value + self.fc2(self.act(self.fc1(self.norm2(value))))


class Tokens(nn.Module):
    """A transformer over patches; `front` and `behind` say how many tokens stand beside the grid."""

    def __init__(
        self,
        front: int = 1,
        behind: int = 0,
        size: tuple[int, int] = (24, 36),
        patch: int = 6,
        width: int = 16,
        depth: int = 2,
        heads: int = 4,
    ) -> None:
        super().__init__()
        grid = size[0] // patch * (size[1] // patch)
        self.patches = nn.Conv2d(3, width, patch, stride=patch)
        self.drop = nn.Dropout(0.1)
        self.front = nn.Parameter(torch.randn(1, front, width))
        self.behind = nn.Parameter(torch.randn(1, behind, width))
        self.places = nn.Parameter(0.5 * torch.randn(1, front + grid + behind, width))
        self.blocks = nn.Sequential(*(Block(width, heads) for _ in range(depth)))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, 3)

    def forward(self, value: Tensor) -> Tensor:
        value = self.patches(value).flatten(2).transpose(1, 2)
        around = [part.expand(len(value), -1, -1) for part in (self.front, self.behind)]
        value = self.norm(self.blocks(self.drop(torch.cat([around[0], value, around[1]], 1) + self.places)))
        return self.head(value[:, 0] if self.front.shape[1] else value.mean(1))


class Mixer(nn.Module):
    """Dense layers across tokens, then across channels."""

    def __init__(self, width: int = 10, patch: int = 6) -> None:
        super().__init__()
        grid = 24
        self.patches = nn.Conv2d(3, width, patch, stride=patch)
        self.norm1, self.across1, self.act = nn.LayerNorm(width), nn.Linear(grid, 30), nn.GELU()
        self.across2, self.norm2, self.dense = nn.Linear(30, grid), nn.LayerNorm(width), nn.Linear(width, width)
        self.turned, self.head = nn.Identity(), nn.Linear(width, 3)

    def forward(self, value: Tensor) -> Tensor:
        value = self.patches(value).flatten(2).transpose(1, 2)
        mixed = self.across2(self.act(self.across1(self.norm1(value).transpose(1, 2))))
        value = value + mixed.transpose(1, 2)
        self.turned(value.transpose(1, 2))
        return self.head((value + self.dense(self.norm2(value))).mean(1))


class Windows(nn.Module):
    """Channels behind, cut into windows that stand in the batch, or beside it."""

    def __init__(self, side: int = 3, *, in_batch: bool = True) -> None:
        super().__init__()
        self.side, self.in_batch = side, in_batch
        self.patches, self.norm = nn.Conv2d(3, 8, 4, stride=4), nn.LayerNorm(8)
        self.inside, self.after, self.head = nn.Linear(8, 8), nn.Dropout(), nn.Linear(8, 3)

    def forward(self, value: Tensor) -> Tensor:
        value = self.norm(self.patches(value).permute(0, 2, 3, 1))
        batch, height, width, channels = value.shape
        side = self.side
        cut = value.view(batch, height // side, side, width // side, side, channels).transpose(2, 3)
        whole = (-1, side * side, channels) if self.in_batch else (batch, -1, side * side, channels)
        inside = self.inside(cut.reshape(whole))
        cut = inside.view(batch, height // side, width // side, side, side, channels).transpose(2, 3)
        return self.head(self.after(cut.reshape(batch, height, width, channels)).mean((1, 2)))


class Squeeze(nn.Module):
    """Squeeze and excite."""

    def __init__(self, channels: int = 8) -> None:
        super().__init__()
        self.conv, self.pool = nn.Conv2d(3, channels, 3, stride=4, padding=1), nn.AdaptiveAvgPool2d(1)
        self.reduce, self.act = nn.Conv2d(channels, 4, 1), nn.ReLU()
        self.expand, self.gate = nn.Conv2d(4, channels, 1), nn.Sigmoid()
        self.scaled = nn.Identity()

    def forward(self, value: Tensor) -> Tensor:
        value = self.conv(value)
        return self.scaled(value * self.gate(self.expand(self.act(self.reduce(self.pool(value))))))


class Attended(nn.Module):
    """PyTorch's own encoder layer, batch in front or tokens in front."""

    def __init__(self, *, batch_first: bool) -> None:
        super().__init__()
        self.first = batch_first
        self.patches = nn.Conv2d(3, 8, 12, stride=12)
        self.layer = nn.TransformerEncoderLayer(8, 2, 12, batch_first=batch_first)
        self.head = nn.Linear(8, 3)

    def forward(self, value: Tensor) -> Tensor:
        value = self.patches(value).flatten(2).permute(*((0, 2, 1) if self.first else (2, 0, 1)))
        return self.head(self.layer(value).mean(1 if self.first else 0))


def conv(*more: nn.Module, channels: int = 5) -> nn.Module:
    return Pooled(nn.Sequential(nn.Conv2d(3, channels, 4, stride=4), *more), channels)


def tokens(front: int = 1, behind: int = 0, **more: object) -> Case:
    built = Tokens(front, behind, **more)
    count, width = built.places.shape[1], built.places.shape[2]
    down, across = 24 // built.patches.kernel_size[0], 36 // built.patches.kernel_size[1]
    blocks = range(len(built.blocks))
    known = {f"blocks.{block}.{name}": (TOKENS, (count, width)) for block in blocks for name in ("norm1", "norm2")}
    known |= {
        "patches": (IMAGE, (down, across, width)),
        "drop": (TOKENS, (count, width)),
        "norm": (TOKENS, (count, width)),
    }
    known |= {f"blocks.{block}.attention.qkv": (TOKENS, (count, 3 * width)) for block in blocks}
    known |= {f"blocks.{block}.{name}": (TOKENS, (count, 2 * width)) for block in blocks for name in ("fc1", "act")}
    by_head = tuple(
        f"blocks.{block}.attention.{name}" for block in blocks for name in ("q_norm", "k_norm", "weights_drop")
    )
    return Case(lambda: Tokens(front, behind, **more), known, TokenGrid(count, front, down, across), by_head)


SIX, BEHIND, FRONT = (6, 9, 5), (0, 2, 3, 1), (0, 3, 1, 2)

CASES: dict[str, Case] = {
    "plain": Case(
        lambda: conv(nn.ReLU()), {"trunk.0": (IMAGE, SIX), "trunk.1": (IMAGE, SIX), "head": ("channel", (3,))}
    ),
    "normalised in front": Case(lambda: conv(InFront(5)), {"trunk.1": (IMAGE, SIX)}),
    "normalised in front by hand": Case(lambda: conv(InFrontByHand(5), nn.GELU()), {"trunk.1": (IMAGE, SIX)}),
    "permute, norm, permute": Case(
        lambda: conv(Permute(*BEHIND), nn.LayerNorm(5), nn.GELU(), Permute(*FRONT), nn.Dropout()),
        {f"trunk.{place}": (IMAGE, SIX) for place in range(6)},
    ),
    "behind to the end": Case(
        lambda: Pooled(
            nn.Sequential(nn.Conv2d(3, 5, 4, stride=4), Permute(*BEHIND), nn.Identity(), nn.Linear(5, 7), nn.GELU()),
            7,
            (1, 2),
        ),
        {"trunk.2": (IMAGE, SIX), "trunk.3": (IMAGE, (6, 9, 7)), "trunk.4": (IMAGE, (6, 9, 7))},
    ),
    "width before height": Case(lambda: conv(Permute(0, 1, 3, 2), nn.Tanh()), {"trunk.2": (IMAGE, SIX)}),
    "all of one length": Case(
        lambda: conv(nn.BatchNorm2d(6), Permute(*BEHIND), nn.LayerNorm(6), Permute(*FRONT), channels=6),
        {f"trunk.{place}": (IMAGE, (6, 6, 6)) for place in range(5)},
        input=InputSpec(24, 24, layout="CHW"),
    ),
    "depthwise": Case(
        lambda: conv(nn.Conv2d(5, 5, 7, padding=3, groups=5), InFront(5), nn.GELU()),
        {f"trunk.{place}": (IMAGE, SIX) for place in range(4)},
    ),
    "one channel": Case(lambda: conv(nn.ReLU(), channels=1), {"trunk.0": (IMAGE, (6, 9, 1))}),
    "two by three": Case(
        lambda: Pooled(nn.Sequential(nn.Conv2d(3, 4, 12, stride=12), nn.ReLU(), InFront(4)), 4),
        {f"trunk.{place}": (IMAGE, (2, 3, 4)) for place in range(3)},
    ),
    "one position": Case(
        lambda: Pooled(nn.Sequential(nn.Conv2d(3, 6, (24, 36)), nn.ReLU(), nn.BatchNorm2d(6)), 6),
        {f"trunk.{place}": (IMAGE, (1, 1, 6)) for place in range(3)},
    ),
    "one row": Case(lambda: conv(nn.AdaptiveAvgPool2d((1, 9)), nn.ReLU()), {"trunk.1": (IMAGE, (1, 9, 5))}),
    "flattened": Case(
        lambda: nn.Sequential(nn.Conv2d(3, 5, 4, stride=4), nn.Flatten(), nn.Linear(270, 3)),
        {"1": ("channel", (270,)), "2": ("channel", (3,))},
    ),
    "flattened to tokens": Case(
        lambda: Pooled(nn.Sequential(nn.Conv2d(3, 5, 4, stride=4), nn.Flatten(2), nn.ReLU()), 5, (2,)),
        {"trunk.1": (TOKENS, (54, 5)), "trunk.2": (TOKENS, (54, 5))},
        TokenGrid(54, 0, 6, 9),
    ),
    "the other way round": Case(
        lambda: Pooled(nn.Sequential(nn.Conv2d(3, 5, 4, stride=4), Flipped(), nn.ReLU()), 5), {}, unknown=("trunk.2",)
    ),
    "class token": tokens(1),
    "distilled token": tokens(2),
    "registers": tokens(5),
    "registers behind": tokens(0, 4),
    "no token beside": tokens(0),
    "as many tokens as channels": tokens(0, patch=12, width=6, heads=2),
    "as many heads as rows": tokens(0, patch=6, width=24, heads=4),
    "across tokens": Case(
        Mixer,
        {
            "norm1": (TOKENS, (24, 10)),
            "norm2": (TOKENS, (24, 10)),
            "dense": (TOKENS, (24, 10)),
            "turned": (TOKENS, (24, 10)),
        },
        TokenGrid(24, 0, 4, 6),
        ("across1", "act"),
    ),
    "windows in the batch": Case(Windows, {"norm": (IMAGE, (6, 9, 8)), "after": (IMAGE, (6, 9, 8))}),
    "windows beside it": Case(
        lambda: Windows(in_batch=False), {"norm": (IMAGE, (6, 9, 8)), "after": (IMAGE, (6, 9, 8))}, unknown=("inside",)
    ),
    "squeeze and excite": Case(
        lambda: Pooled(Squeeze(), 8), {"trunk.conv": (IMAGE, (6, 9, 8)), "trunk.scaled": (IMAGE, (6, 9, 8))}
    ),
    "encoder layer": Case(lambda: Attended(batch_first=True), {"layer.norm1": (TOKENS, (6, 8))}, TokenGrid(6, 0, 2, 3)),
    "encoder layer, tokens in front": Case(lambda: Attended(batch_first=False), {"patches": (IMAGE, (2, 3, 8))}),
    "channels behind throughout": Case(
        lambda: Pooled(nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.LayerNorm(4)), 4, (1, 2)),
        {f"trunk.{place}": (IMAGE, (24, 36, 4)) for place in range(3)},
        input=InputSpec(24, 36),
    ),
}


class Flipped(nn.Module):
    def forward(self, value: Tensor) -> Tensor:
        return value.flip(2)
