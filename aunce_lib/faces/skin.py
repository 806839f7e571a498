"""Skin: its colour and its grain."""

from __future__ import annotations

from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

from aunce_lib.faces.curves import pair, per_face
from aunce_lib.faces.people import People

TEXELS = 384  #: side of the grain; a texel is as wide as a pixel of a picture of 256


@lru_cache(maxsize=4)
def grain_texture(device: str) -> Tensor:
    """Four channels of noise, (1, 4, 384, 384): patches, hair, pores; spots of moles (above 0) and
    blemishes (below 0)."""
    generator = torch.Generator().manual_seed(7)

    def octave(cells: int) -> Tensor:
        noise = torch.randn(1, 3, cells, cells, generator=generator)
        return F.interpolate(noise, TEXELS, mode="bicubic", align_corners=True)

    patches, hair, pores = sum(
        torch.tensor(strengths).view(1, 3, 1, 1) * octave(cells)
        for cells, strengths in (
            (6, (0.50, 0.25, 0.15)),
            (16, (0.60, 0.30, 0.20)),
            (48, (0.35, 0.45, 0.35)),
            (120, (0.20, 0.50, 0.60)),
            (300, (0.10, 0.30, 0.50)),
        )
    ).unbind(1)
    return torch.stack([patches, hair, pores, _spots(generator)[None]], 1).to(device)


def _spots(generator: torch.Generator) -> Tensor:
    """A sprinkle of small dark moles and wider, fainter blemishes, (384, 384)."""
    t = torch.arange(TEXELS, dtype=torch.float32)
    spots = torch.zeros(TEXELS, TEXELS)
    for k in range(90):
        x, y, size = torch.rand(3, generator=generator).tolist()
        mole = k % 2 == 0
        radius = 0.9 + 1.3 * size * size if mole else 1.8 + 2.0 * size
        across = (t - x * TEXELS) ** 2 + (t[:, None] - y * TEXELS) ** 2
        spots += (1.0 if mole else -0.6) * torch.exp(-((across / radius**2) ** 2))
    return spots.clamp(-1, 1)


def sample_grain(x: Tensor, y: Tensor, people: People) -> Tensor:
    """The person's own piece of the grain, which rides on the skin, (N, 4, S, S)."""
    across, along = (per_face(v) for v in (0.35 * people.grain).unbind(1))
    where = pair(0.6 * x + across, 0.6 * y + along)
    texture = grain_texture(str(x.device)).expand(len(people), -1, -1, -1)
    return F.grid_sample(texture, where, padding_mode="reflection", align_corners=True)


def skin_colour(people: People, dark: Tensor, red: Tensor, shadow: Tensor, grain: Tensor) -> Tensor:
    """Colour of the skin in even light, (N, 3, S, S)."""
    patches, pores, spots, _ = (per_face(v) for v in people.texture.unbind(1))
    moles, blemishes = grain[:, 3].clamp(min=0), grain[:, 3].clamp(max=0)
    dark = torch.addcmul(dark, 0.04 * patches, grain[:, 0]).addcmul_(0.03 * pores, grain[:, 2])
    dark = dark.addcmul_(0.6 * spots, moles).add_(shadow.clamp(0, 2.2), alpha=0.34)
    depth = dark.neg_().exp_()
    red = torch.addcmul(red, 0.05 * patches, grain[:, 1])
    red = red.addcmul_(-0.35 * spots, blemishes).addcmul_(0.6 * spots, moles)
    even = people.skin[:, :, None, None]
    flush = people.skin.new_tensor([0.25, -0.45, -0.40]).view(3, 1, 1) * even
    return (even * depth[:, None]).addcmul_(flush, (red * depth)[:, None])
