"""Skin: its colour, its grain, and the light on its relief."""

from __future__ import annotations

from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

from aunce_lib.faces.curves import per_face
from aunce_lib.faces.people import People, Scenes


@lru_cache(maxsize=4)
def grain_texture(device: str) -> Tensor:
    """Three channels of noise over four octaves, (1, 3, 192, 192): patches, hair, pores."""
    generator = torch.Generator().manual_seed(7)
    octaves = ((6, 0.35), (16, 0.40), (48, 0.45), (96, 0.50))
    noise = (
        strength
        * F.interpolate(
            torch.randn(1, 3, cells, cells, generator=generator),
            192,
            mode="bicubic",
            align_corners=True,
        )
        for cells, strength in octaves
    )
    return sum(noise).to(device)


def sample_grain(x: Tensor, y: Tensor, people: People) -> Tensor:
    """The person's own piece of the grain, which rides on the skin, (N, 3, S, S)."""
    where = 0.6 * torch.stack([x, y], -1) + 0.2 * people.grain[:, None, None]
    texture = grain_texture(str(x.device)).expand(len(people), -1, -1, -1)
    return F.grid_sample(texture, where, padding_mode="reflection", align_corners=True)


def skin_colour(people: People, dark: Tensor, red: Tensor, shadow: Tensor, grain: Tensor) -> Tensor:
    """Colour of the skin in even light, (N, 3, S, S)."""
    depth = torch.exp(0.02 - dark - 0.03 * grain[:, 0] - 0.34 * shadow.clamp(0, 2.2))
    red = red + 0.05 * grain[:, 1]
    tint = torch.stack([1 + 0.25 * red, 1 - 0.45 * red, 1 - 0.40 * red], 1)
    return people.skin[:, :, None, None] * (tint * depth[:, None])


def shade(
    relief: Tensor, x: Tensor, y: Tensor, scenes: Scenes, pixel: float
) -> tuple[Tensor, Tensor]:
    """Light on the relief: how much per colour (N, 3, S, S), and the highlight (N, S, S)."""
    sin_yaw, cos_yaw = per_face(scenes.pose[:, 0].sin()), per_face(scenes.pose[:, 0].cos())
    sin_pitch, cos_pitch = per_face(scenes.pose[:, 1].sin()), per_face(scenes.pose[:, 1].cos())
    depth = relief * (cos_pitch * cos_yaw) - 0.9 * (sin_yaw * x + sin_pitch * y)
    slope_x, slope_y = torch.zeros_like(depth), torch.zeros_like(depth)
    slope_x[..., 1:-1] = (depth[..., 2:] - depth[..., :-2]).div_(2 * pixel).clamp_(-2.2, 2.2)
    slope_y[:, 1:-1] = (depth[:, :-2] - depth[:, 2:]).div_(2 * pixel).clamp_(-2.2, 2.2)
    length = torch.rsqrt(1 + slope_x * slope_x + slope_y * slope_y)

    def facing(direction: Tensor) -> Tensor:
        """Cosine between the surface's normal and a direction (N, 3)."""
        lx, ly, lz = (per_face(v) for v in direction.unbind(1))
        return (lz - slope_x * lx - slope_y * ly) * length

    towards_light = facing(scenes.light)
    between = F.normalize(scenes.light + scenes.light.new_tensor([0.0, 0.0, 1.0]), dim=1)
    shine = facing(between).clamp(min=0) ** 24 * per_face(scenes.shine)
    ambient = per_face(scenes.ambient)
    direct = ambient + (1.15 - ambient) * towards_light.clamp(min=0)
    # red light wanders under the skin and comes out past the edge of the shadow
    wrapped = ambient + (1.15 - ambient) * (0.92 * towards_light + 0.08).clamp(min=0)
    return torch.stack([wrapped, direct, direct], 1), shine
