"""A small ConvNeXt and a small vision transformer for CIFAR-10, in plain PyTorch; `small.py` trains them.

Each is a factory that the command line takes as it is:

    innerview explain photo.png --model benchmarks/training/small_models.py:vit --weights OUT/vit.safetensors
        --classes classes.txt --input-spec "32x32 range=0..1 mean=0.5,0.5,0.5 std=0.25,0.25,0.25 layout=CHW"

    Z. Liu and others, "A ConvNet for the 2020s", CVPR 2022: blocks of a depthwise 7 × 7, a norm and two dense layers.
    A. Dosovitskiy and others, "An image is worth 16 × 16 words", ICLR 2021; with the class token, and with a stem of
    three convolutions in place of the patches (T. Xiao and others, "Early convolutions help transformers see better",
    NeurIPS 2021), without which it learns too slowly for a training of an hour.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

MEAN = (0.5, 0.5, 0.5)
STD = (0.25, 0.25, 0.25)
"""How pixels in [0, 1] become the input of both."""


class ChannelNorm(nn.LayerNorm):
    """A layer norm over the channels of maps with channels in front."""

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Normalise batch × channel × height × width."""
        return super().forward(maps.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class ConvNextBlock(nn.Module):
    """Depthwise convolution, norm, two 1 × 1 layers with a GELU between, added to what came in."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(channels, channels, 7, padding=3, groups=channels)
        self.norm = nn.LayerNorm(channels)
        self.widen = nn.Linear(channels, 4 * channels)
        self.gelu = nn.GELU()
        self.narrow = nn.Linear(4 * channels, channels)

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Take and give batch × channel × height × width."""
        inner = self.norm(self.depthwise(maps).permute(0, 2, 3, 1))
        return maps + self.narrow(self.gelu(self.widen(inner))).permute(0, 3, 1, 2)


class ConvNext(nn.Module):
    """Patches of 4 × 4 pixels, stages that halve the grid, the mean over positions, a dense layer."""

    def __init__(self, widths: tuple[int, ...] = (64, 128), depths: tuple[int, ...] = (3, 3)) -> None:
        super().__init__()
        stages: list[nn.Module] = [nn.Conv2d(3, widths[0], 4, 4), ChannelNorm(widths[0])]
        for place, (width, depth) in enumerate(zip(widths, depths, strict=True)):
            if place:
                stages += [ChannelNorm(widths[place - 1]), nn.Conv2d(widths[place - 1], width, 2, 2)]
            stages += [ConvNextBlock(width) for _ in range(depth)]
        self.stages = nn.Sequential(*stages)
        self.norm = nn.LayerNorm(widths[-1])
        self.head = nn.Linear(widths[-1], 10)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Give the ten logits of batch × 3 × 32 × 32."""
        return self.head(self.norm(self.stages(images).mean(dim=(2, 3))))


class Attention(nn.Module):
    """Self-attention of several heads, computed as PyTorch finds it fastest."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.project = nn.Linear(width, width)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Take and give batch × token × width."""
        batch, count, width = tokens.shape
        split = self.qkv(tokens).reshape(batch, count, 3, self.heads, width // self.heads)
        query, key, value = split.permute(2, 0, 3, 1, 4).unbind(0)
        mixed = functional.scaled_dot_product_attention(query, key, value)
        return self.project(mixed.transpose(1, 2).reshape(batch, count, width))


class Block(nn.Module):
    """Attention and two dense layers, each after a norm and added to what came in."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.attn = Attention(width, heads)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Take and give batch × token × width."""
        tokens = tokens + self.attn(self.norm1(tokens))
        return tokens + self.mlp(self.norm2(tokens))


class VisionTransformer(nn.Module):
    """A stem that makes 8 × 8 tokens, a class token before them, blocks, a dense layer on the class token.

    While it is trained, `kept` tokens of the 64 go on, drawn for each image: it costs less, and it learns from parts.
    """

    def __init__(self, width: int = 96, depth: int = 4, heads: int = 3) -> None:
        super().__init__()
        self.kept = 64
        self.stem = nn.Sequential(
            nn.Conv2d(3, width // 2, 4, 2, padding=1),
            nn.BatchNorm2d(width // 2),
            nn.GELU(),
            nn.Conv2d(width // 2, width // 2, 3, padding=1),
            nn.BatchNorm2d(width // 2),
            nn.GELU(),
            nn.Conv2d(width // 2, width, 3, 2, padding=1),
        )
        self.class_token = nn.Parameter(torch.zeros(1, 1, width))
        self.positions = nn.Parameter(torch.randn(1, 65, width) * 0.02)
        self.blocks = nn.Sequential(*(Block(width, heads) for _ in range(depth)))
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, 10)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Give the ten logits of batch × 3 × 32 × 32."""
        grid = self.stem(images).flatten(2).transpose(1, 2) + self.positions[:, 1:]
        if self.training and self.kept < grid.shape[1]:
            chosen = torch.rand(grid.shape[:2]).argsort(dim=1)[:, : self.kept, None]
            grid = grid.gather(1, chosen.expand(-1, -1, grid.shape[2]))
        first = (self.class_token + self.positions[:, :1]).expand(len(grid), -1, -1)
        tokens = torch.cat([first, grid], dim=1)
        return self.head(self.norm(self.blocks(tokens))[:, 0])


def convnext() -> nn.Module:
    """Make the ConvNeXt, untrained."""
    return ConvNext()


def vit() -> nn.Module:
    """Make the vision transformer, untrained."""
    return VisionTransformer()
