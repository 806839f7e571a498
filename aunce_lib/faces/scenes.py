"""How people are photographed: pose, light, camera, backdrop."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from aunce_lib.faces.difficulty import Difficulty, difficulty_named
from aunce_lib.faces.draw import Draw
from aunce_lib.faces.people import Scenes

#: Walls of rooms and studios: greys, beiges, muted blues and greens.
WALLS = torch.tensor(
    [
        *([0.74, 0.73, 0.71], [0.55, 0.55, 0.56], [0.34, 0.35, 0.37], [0.80, 0.76, 0.69]),
        *([0.62, 0.57, 0.50], [0.47, 0.53, 0.58], [0.53, 0.58, 0.53], [0.42, 0.38, 0.35]),
    ]
)


def draw_scenes(n: int, seed: int = 0, difficulty: str | Difficulty = "benchmark") -> Scenes:
    """Draws n pictures: pose, light, camera and backdrop.

    Args:
        n: How many.
        seed: 0..2**48 - 1.
        difficulty: A preset's name or a `Difficulty`; its pose, light, camera and occlusion matter.

    Raises:
        ValueError: If a number is out of range.

    Example:
        >>> draw_scenes(2).pose.shape
        torch.Size([2, 3])
    """
    hard = difficulty_named(difficulty)
    draw = Draw(n, seed, stream=2)
    normal, uniform = draw.normal, draw.uniform
    azimuth = 0.75 * hard.light * normal(limit=1.8)
    elevation = 0.50 + 0.45 * hard.light * normal(limit=2.2)
    light = [azimuth.sin() * elevation.cos(), elevation.sin(), azimuth.cos() * elevation.cos()]
    warmth = 0.035 * hard.light * normal(1) * torch.tensor([1.0, 0.0, -1.4])
    return Scenes(
        pose=normal(3, limit=2.0) * torch.tensor([0.17, 0.11, 0.07]) * hard.pose,
        shift=0.05 * hard.pose * normal(2, limit=2.0),
        zoom=1 + hard.pose * (0.03 + 0.07 * normal(limit=2.0)),
        light=F.normalize(torch.stack(light, 1), dim=1),
        softness=(0.5 + hard.light * (uniform() - 0.5)).clamp(0, 1),
        warmth=0.06 * hard.light * normal(limit=2.0),
        ambient=(0.48 + 0.36 * hard.light * (uniform() - 0.5)).clamp(0.2, 0.8),
        fill=0.25 * hard.light * uniform() ** 2,
        shine=0.30 * uniform(),
        exposure=1 + 0.12 * hard.light * normal(limit=2.5),
        balance=1 + warmth + 0.012 * hard.light * normal(3),
        contrast=1 + 0.12 * hard.camera * normal(limit=2.0),
        saturation=(0.92 + 0.18 * hard.camera * normal(limit=2.0)).clamp(0, 1.25),
        gaze=normal(2, limit=2.5) * torch.tensor([0.028, 0.014]),
        backdrop=_draw_backdrops(draw),
        blur=0.8 * hard.camera * uniform(),
        noise=(0.006 + 0.020 * uniform()) * hard.camera,
        occluder=torch.cat(
            [
                draw.chance(hard.occlusion)[:, None],
                uniform(2) * 1.8 - torch.tensor([0.9, 1.1]),
                0.15 + 0.2 * uniform(2),
                uniform(1),
            ],
            1,
        ),
    )


def _draw_backdrops(draw: Draw) -> Tensor:
    """A wall of one muted colour with the light falling off across it, (n, 3, 2, 2)."""
    wall = WALLS[torch.randint(len(WALLS), (draw.n,), generator=draw.generator)]
    wall = (wall + 0.02 * draw.normal(3)) * (0.15 + 1.25 * draw.uniform(1))
    falloff = 1 + 0.22 * draw.normal(1, 2, 2, limit=1.8)
    return (wall[:, :, None, None] * falloff).clamp(0.02, 0.98)
