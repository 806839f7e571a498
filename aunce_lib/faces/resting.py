"""The face at rest: proportions that differ between people, relief, shade and lines of the skin."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from aunce_lib.faces.brushes import gaussian, groove
from aunce_lib.faces.muscles import FOLD, LINE

WARPS = (
    "face_width",
    "jaw_width",
    "chin_length",
    "forehead",
    "eye_spacing",
    "eye_height",
    "brow_height",
    "brow_tilt",
    "nose_width",
    "nose_length",
    "mouth_height",
    "cheek_fat",
    "cheekbone_width",
    "temple_width",
    "chin_width",
    "nose_tip_turn",
)

#: Resting skin: `base` is every face (weight 1), the others are relief, age lines, hair and blush.
SKIN_MAPS = (
    "base",
    "nose_height",
    "nose_wings",
    "nose_bridge",
    "nose_bulb",
    "brow_ridge",
    "cheekbone",
    "cheek_hollow",
    "chin_boss",
    "chin_cleft",
    "jowls",
    "eyebags",
    "nasolabial_line",
    "forehead_lines",
    "glabella_lines",
    "crows_feet",
    "marionette_lines",
    "dimple",
    "beard",
    "goatee",
    "moustache",
    "blush",
    "freckles",
    "temple_shade",
)


def warp_fields(x: Tensor, y: Tensor) -> Tensor:
    """Displacement of each of `WARPS` at weight 1, (16, 2, G, G)."""
    ax, side, still = x.abs(), torch.tanh(x / 0.05), torch.zeros_like(x)
    across = {
        "face_width": 0.07 * x,
        "jaw_width": 0.10 * x * torch.sigmoid((-0.45 - y) / 0.15),
        "eye_spacing": 0.035 * side * gaussian(ax, y, (0.36, 0.12), (0.25, 0.22)),
        "nose_width": 0.03 * side * gaussian(ax, y, (0.12, -0.25), (0.09, 0.12)),
        "cheek_fat": 0.05 * side * gaussian(ax, y, (0.7, -0.35), (0.3, 0.3)),
        "cheekbone_width": 0.05 * side * gaussian(ax, y, (0.78, -0.05), (0.3, 0.22)),
        "temple_width": 0.06 * side * gaussian(ax, y, (0.75, 0.6), (0.3, 0.35)),
        "chin_width": 0.06 * side * gaussian(ax, y, (0.35, -1.0), (0.25, 0.18)),
    }
    upwards = {
        "chin_length": -0.09 * torch.sigmoid((-0.78 - y) / 0.09),
        "forehead": 0.08 * torch.sigmoid((y - 0.55) / 0.1),
        "eye_height": 0.035 * gaussian(ax, y, (0.36, 0.12), (0.35, 0.17)),
        "brow_height": 0.035 * gaussian(ax, y, (0.36, 0.36), (0.35, 0.14)),
        "brow_tilt": 0.05 * gaussian(ax, y, (0.36, 0.36), (0.35, 0.13)) * (ax - 0.33) / 0.2,
        "nose_length": -0.04 * gaussian(ax, y, (0.0, -0.24), (0.22, 0.14)),
        "nose_tip_turn": 0.02 * gaussian(ax, y, (0.0, -0.24), (0.06, 0.05)),
        "mouth_height": 0.035 * gaussian(ax, y, (0.0, -0.58), (0.45, 0.16)),
    }
    return torch.stack(
        [torch.stack([across.get(name, still), upwards.get(name, still)]) for name in WARPS]
    )


def head_contour(x: Tensor, y: Tensor) -> Tensor:
    """Superellipse radius, narrower at the jaw: 1 on the outline of the head, less inside."""
    vertical = torch.where(y > 0, y / 1.22, -y / 1.07)
    half_width = 0.84 - 0.13 * torch.sigmoid((-0.55 - y) / 0.12)
    return ((x.abs() / half_width) ** 2.35 + vertical**2.35) ** (1 / 2.35)


def skull(contour: Tensor) -> Tensor:
    """Height of the bare face: a dome, straight on from where its sides `fall` off."""
    edge = 0.86
    dome = 0.80 * (1 - contour.clamp(max=edge) ** 2.2) ** 0.55
    return dome - 1.43 * (contour - edge).clamp(min=0)


def fall(contour: Tensor) -> Tensor:
    """How far the head falls off behind its `skull`, steeply beside the cheeks.

    Kept apart from the relief, because a grid is too coarse for it, but not for the contour.
    """
    return (contour - 0.86).clamp_(min=0).square_().mul_(34).clamp_(max=1.3)


def nose_relief(x: Tensor, y: Tensor) -> Tensor:
    """Height of the nose over the face: ridge, tip and wings."""
    span = torch.sigmoid((y + 0.275) / 0.030) * torch.sigmoid((0.20 - y) / 0.07)
    width = 0.072 + 0.022 * torch.sigmoid((-0.10 - y) / 0.06)
    ridge = (
        span * (0.08 + 0.16 * ((0.2 - y) / 0.45).clamp(0, 1)) * torch.exp(-0.5 * (x / width) ** 2)
    )
    tip = 0.11 * gaussian(x, y, (0, -0.230), (0.062, 0.055))
    wings = 0.11 * gaussian(x.abs(), y, (0.110, -0.262), (0.038, 0.040))
    return ridge + tip + wings


def resting_relief(x: Tensor, y: Tensor) -> Tensor:
    """Height of a face at rest, face units towards the camera, without its `fall`."""
    ax = x.abs()
    parts = (  # height, centre, spread
        (0.05, (0.34, 0.27), (0.22, 0.06)),  # brow ridge
        (-0.13, (0.34, 0.10), (0.15, 0.085)),  # eye socket
        (0.07, (0.36, 0.10), (0.10, 0.06)),  # eyeball
        (0.05, (0.50, -0.08), (0.16, 0.12)),  # cheekbone
        (-0.03, (0.42, -0.45), (0.12, 0.15)),  # hollow of the cheek
        (0.02, (0.07, -0.515), (0.10, 0.05)),  # upper lip
        (0.025, (0.0, -0.645), (0.13, 0.05)),  # lower lip
        (-0.05, (0.0, -0.755), (0.16, 0.04)),  # groove above the chin
        (0.07, (0.0, -0.93), (0.14, 0.09)),  # chin
        (-0.02, (0.0, -0.42), (0.02, 0.06)),  # philtrum
    )
    return (
        skull(head_contour(x, y))
        + nose_relief(x, y)
        + sum(h * gaussian(ax, y, c, s) for h, c, s in parts)
    )


def hollows(x: Tensor, y: Tensor, height: Tensor) -> Tensor:
    """How deep a place lies under its neighbourhood, 0..1: where little daylight comes to."""
    side = 2 * round(0.08 / float(x[0, 1] - x[0, 0])) + 1
    around = height[None, None]
    for _ in range(3):
        around = F.avg_pool2d(F.pad(around, (side // 2,) * 4, mode="replicate"), side, 1)
    inside = torch.sigmoid((0.80 - head_contour(x, y)) / 0.03)
    under_the_nose = 1 - 0.7 * gaussian(x, y, (0, -0.34), (0.16, 0.06))  # nostrils are drawn there
    return (4 * (around[0, 0] - height) * inside * under_the_nose).clamp(0, 1)


def resting_shade(x: Tensor, y: Tensor) -> Tensor:
    """Darkness of the skin at rest: nostrils, wings of the nose, around the eyes."""
    ax = x.abs()
    wing = ((0.155, -0.21), (0.175, -0.27), (0.10, -0.325))
    return (
        0.9 * gaussian(ax, y, (0.062, -0.298), (0.030, 0.016), tilt=0.3)
        + 0.28 * groove(ax, y, wing, 0.020)
        + 0.10 * gaussian(ax, y, (0.30, 0.06), (0.16, 0.05))
        + 0.10 * gaussian(ax, y, (0.20, 0.14), (0.05, 0.07))
    )


def age_lines(x: Tensor, y: Tensor) -> dict[str, tuple[float, float, Tensor]]:
    """Static lines: depth of the groove, darkness, where."""
    ax = x.abs()
    forehead = sum(
        groove(x, y, ((-0.5, 0.57 + up), (0, 0.63 + up), (0.5, 0.57 + up)), LINE) for up in (0, 0.1)
    )
    crows = sum(
        groove(
            ax, y, ((0.59, 0.05 * (1 + j)), (0.66, 0.05 + 0.08 * j), (0.74, 0.04 + 0.12 * j)), LINE
        )
        for j in (-1, 0, 1)
    )
    nasolabial = groove(ax, y, ((0.17, -0.25), (0.33, -0.35), (0.35, -0.57)), 0.032)
    return {
        "eyebags": (0.02, 0.22, groove(ax, y, ((0.2, 0.0), (0.36, -0.06), (0.54, 0.01)), FOLD)),
        "nasolabial_line": (0.03, 0.40, nasolabial),
        "forehead_lines": (0.02, 0.30, forehead),
        "glabella_lines": (
            *(0.02, 0.40),
            groove(ax, y, ((0.05, 0.24), (0.045, 0.33), (0.07, 0.42)), FOLD),
        ),
        "crows_feet": (0.01, 0.30, crows),
        "marionette_lines": (
            *(0.02, 0.38),
            groove(ax, y, ((0.31, -0.66), (0.35, -0.74), (0.35, -0.84)), 0.028),
        ),
        "dimple": (0.02, 0.30, gaussian(ax, y, (0.38, -0.56), (0.022, 0.05))),
    }


def beards(x: Tensor, y: Tensor) -> dict[str, Tensor]:
    """Where hair grows on a face, 0..1: jaw and cheeks, chin alone, upper lip."""
    ax = x.abs()
    lips = gaussian(ax, y, (0, -0.58), (0.26, 0.075)) + gaussian(ax, y, (0, -0.66), (0.14, 0.05))
    below = torch.sigmoid((-0.43 - y + 0.34 * (ax / 0.5).clamp(0, 1.6) ** 2) / 0.05)
    beside = torch.sigmoid((ax - 0.27 + 2.5 * (-0.64 - y)) / 0.06)
    chin = torch.sigmoid((0.24 - ax) / 0.04) * torch.sigmoid((-0.70 - y) / 0.04)
    beside_mouth = gaussian(ax, y, (0.31, -0.60), (0.05, 0.16))
    upper_lip = torch.exp(-0.5 * ((y + 0.445 + 0.22 * ax * ax) / 0.045) ** 2)
    return {
        "beard": below * beside * (1 - lips.clamp(max=1)),
        "goatee": (chin + 0.7 * beside_mouth).clamp(max=1) * (1 - lips.clamp(max=1)),
        "moustache": upper_lip * torch.sigmoid((0.30 - ax) / 0.04),
    }


def skin_fields(x: Tensor, y: Tensor) -> Tensor:
    """Each of `SKIN_MAPS` at weight 1: height, darkness, redness, hair, contour,
    (24, 5, G, G)."""
    ax = x.abs()
    cheek = gaussian(ax, y, (0.45, -0.2), (0.17, 0.14))
    nose_tip = gaussian(ax, y, (0, -0.24), (0.09, 0.06))
    temple = gaussian(ax, y, (0.78, 0.1), (0.12, 0.45)) + gaussian(ax, y, (0.6, -0.75), (0.2, 0.2))
    relief = resting_relief(x, y)
    jowl = gaussian(ax, y, (0.54, -0.80), (0.14, 0.12))
    height = {
        "base": relief,
        "nose_height": 0.30 * nose_relief(x, y),
        "nose_wings": 0.06 * gaussian(ax, y, (0.11, -0.25), (0.05, 0.05)),
        "nose_bridge": 0.06 * gaussian(ax, y, (0, 0.02), (0.07, 0.08)),
        "nose_bulb": 0.06 * gaussian(ax, y, (0, -0.23), (0.09, 0.06)),
        "brow_ridge": 0.04 * gaussian(ax, y, (0.33, 0.27), (0.22, 0.06)),
        "cheekbone": 0.06 * gaussian(ax, y, (0.5, -0.08), (0.15, 0.10)),
        "cheek_hollow": -0.06 * gaussian(ax, y, (0.5, -0.42), (0.13, 0.18)),
        "chin_boss": 0.05 * gaussian(ax, y, (0, -0.93), (0.12, 0.08)),
        "chin_cleft": -0.03 * gaussian(ax, y, (0, -0.95), (0.018, 0.06)),
        "jowls": 0.06 * jowl,
    }
    darkness = {
        "base": resting_shade(x, y) + 0.28 * hollows(x, y, relief),
        "freckles": 0.12 * freckle_mask(x, y),
        "temple_shade": 0.20 * temple,
    }
    redness = {"base": 0.08 * (cheek + nose_tip), "blush": 0.14 * cheek + 0.07 * nose_tip}
    for name, (depth, dark, where) in age_lines(x, y).items():
        height[name], darkness[name] = -depth * where, dark * where
    nothing = torch.zeros_like(x)
    channels = (height, darkness, redness, beards(x, y), {"base": head_contour(x, y)})
    return torch.stack([torch.stack([c.get(n, nothing) for c in channels]) for n in SKIN_MAPS])


def freckle_mask(x: Tensor, y: Tensor) -> Tensor:
    """A fixed sprinkle of spots over nose and cheeks."""
    spots = torch.rand(60, 2, generator=torch.Generator().manual_seed(3)) * 2 - 1
    mask = torch.zeros_like(x)
    for sx, sy in (spots * torch.tensor([0.55, 0.16]) + torch.tensor([0.0, -0.14])).tolist():
        mask = torch.maximum(mask, gaussian(x, y, (sx, sy), (0.016, 0.016)))
    return mask
