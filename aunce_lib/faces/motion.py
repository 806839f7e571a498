"""How things move from frame to frame: heads drift, eyes jump."""

from __future__ import annotations

import torch
from torch import Tensor

from aunce_lib.faces.draw import Draw


def wander(draw: Draw, n_frames: int, channels: int, scale: float) -> Tensor:
    """Smooth standard normal numbers: every row a sequence, (n, n_frames, channels).

    Knots of normal numbers every `scale` frames, and between them sine-weighted sums of the two
    neighbours, which have variance 1 everywhere.

    Args:
        draw: n rows of randomness.
        n_frames: Length of the sequences.
        channels: Independent numbers a frame.
        scale: Frames between two knots.
    """
    position = torch.arange(n_frames) / scale
    knot = position.long()
    knots = draw.normal(int(knot[-1]) + 2, channels, limit=2.5)
    turn = (position - knot)[:, None] * (torch.pi / 2)
    return turn.cos() * knots[:, knot] + turn.sin() * knots[:, knot + 1]


def jump(draw: Draw, n_frames: int, channels: int, scale: float) -> Tensor:
    """Standard normal numbers that stay and then jump, as eyes do, (n, n_frames, channels).

    They stay for `scale` frames on average.
    """
    jumps = (draw.uniform(n_frames) < 1 / scale).long().cumsum(1)  # (n, T)
    values = draw.normal(int(jumps.max()) + 1, channels, limit=2.0)
    return values[torch.arange(draw.n)[:, None], jumps]
