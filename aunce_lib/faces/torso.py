"""Neck and clothes."""

from __future__ import annotations

import torch
from torch import Tensor

from aunce_lib.faces.curves import per_face, soft
from aunce_lib.faces.light import Lamps
from aunce_lib.faces.people import People


def dress(
    picture: Tensor, x: Tensor, y: Tensor, grain: Tensor, people: People, lamps: Lamps
) -> tuple[Tensor, Tensor]:
    """The picture with neck and clothes, and the neck's mask (N, S, S).

    Args:
        picture: (N, 3, S, S).
        x, y: Coordinates in the plane of the head, (N, S, S) each.
        grain: (N, S, S) noise for the weave.
        people: N people.
        lamps: Their light.
    """
    collar, v_depth, half_width = (per_face(v) for v in people.neckline.unbind(1))
    ax = x.abs()
    below = (-0.92 - y).clamp_(min=0)
    flare = below.sqrt().mul_(below).mul_(0.9)  # the neck widens into the shoulders, as below^1.5
    nx = (x / (half_width + flare + 0.02)).clamp(-0.98, 0.98)
    nz = (1 - nx * nx).sqrt()
    neck = soft(half_width + flare - ax, 0.012).mul_(soft(-0.45 - y, 0.03))
    # the jaw keeps the light from the neck
    dim = 0.42 + 0.45 * soft(-1.10 - y + 0.10 * nx * nx, 0.06)
    skin = lamps.on(nx, -0.1 * nz, nz).mul_(people.skin[:, :, None, None]).mul_(dim[:, None])
    picture = torch.lerp(picture, skin, neck[:, None])

    shoulder = -0.96 - 0.30 * (ax - half_width).clamp(min=0)
    opening = collar + 0.35 * ax * ax - v_depth * (1 - ax / half_width).clamp(min=0)
    cloth = soft(torch.minimum(shoulder, opening) - y, 0.012)
    rim = 1 - 0.35 * soft(y - opening + 0.035, 0.008)
    weave = (rim * (0.95 + 0.05 * grain))[:, None]
    nx = 0.6 * x
    fabric = lamps.on(nx, 0.3, 0.8).mul_(people.clothes[:, :, None, None]).mul_(weave)
    return picture.lerp_(fabric, cloth[:, None]), neck
