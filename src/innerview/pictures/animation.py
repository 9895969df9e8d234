"""A moving figure: frames of one size, and for how long each stands."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image

from innerview.errors import UsageError


@dataclass(frozen=True)
class Animation:
    """Frames and their durations; `save` writes it as GIF, WebP or animated PNG.

    Attributes:
        frames: at least one, all of one size.
        milliseconds: for which each frame stands, above 0; GIF rounds to hundredths of a second.
    """

    frames: list[Image.Image]
    milliseconds: list[int]

    def __post_init__(self) -> None:
        if not self.frames or len(self.frames) != len(self.milliseconds) or min(self.milliseconds) < 1:
            raise UsageError(
                f"{len(self.frames)} frames and {len(self.milliseconds)} durations were given; "
                "give at least one frame, and a duration above 0 ms for each"
            ).of("durations", asked=len(self.frames), found=tuple(self.milliseconds))
        sizes = {frame.size for frame in self.frames}
        if len(sizes) > 1:
            raise UsageError(f"frames of the sizes {sorted(sizes)} were given; all frames have one size").of(
                "size", found=tuple(sorted(sizes))
            )
