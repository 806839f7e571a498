"""From the muscle table to blend fields: pictures of displacement, height and shade on one grid.

Everything that deforms or colours a face is LINEAR in its strengths. So a face is a weighted sum
of fixed fields, and a batch of faces is one matrix product per kind of field:

    move  (2 * AUs, 3, G, G)   skin displacement dx, dy and height of an AU at intensity 1
    fold  (2 * AUs, 2, G, G)   height and shadow of its furrows (own rows: they grow differently)
    warp  (12, 2, G, G)        displacement dx, dy of a person's proportions
    skin  (18, 4, G, G)        height, darkness, redness, head contour of the resting skin

Rows 2 k and 2 k + 1 of `move` and `fold` are the left and right half of the k-th AU of `AUS`.
The grid covers x in +-1.3 and y in -.12 +- 1.3, row 0 at the chin (see `anatomy.py` for the axes).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from aunce_lib.faces.anatomy import ACTIONS, AUS, FOLD, LINE, Action, Bump, Furrow, Point, Pull

HALF = 1.3  #: half side of the square that the grid covers, face units
CENTRE_Y = -0.12

#: Proportions of a person; each a smooth displacement, weights about N(0, .8).
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
)

#: Resting skin: `base` is every face (weight 1), the others are relief, age lines, hair and blush.
SKIN_MAPS = (
    "base",
    "nose_height",
    "nose_wings",
    "brow_ridge",
    "cheekbone",
    "chin_boss",
    "eyebags",
    "nasolabial_line",
    "forehead_lines",
    "glabella_lines",
    "crows_feet",
    "marionette_lines",
    "dimple",
    "beard",
    "moustache",
    "blush",
    "freckles",
    "temple_shade",
)


@dataclass(frozen=True)
class Fields:
    """The blend fields, flattened for matrix products: move, fold, warp, skin (rows, C * G * G)."""

    grid: int
    move: Tensor
    fold: Tensor
    warp: Tensor
    skin: Tensor


# ------------------------------------------------------------------------- brushes
def gaussian(x: Tensor, y: Tensor, centre: Point, spread: Point, tilt: float = 0.0) -> Tensor:
    """exp(-(a^2 / sx^2 + b^2 / sy^2) / 2), (a, b) = offset from `centre`, turned by `tilt`."""
    dx, dy = x - centre[0], y - centre[1]
    a = math.cos(tilt) * dx + math.sin(tilt) * dy
    b = -math.sin(tilt) * dx + math.cos(tilt) * dy
    return torch.exp(-0.5 * ((a / spread[0]) ** 2 + (b / spread[1]) ** 2))


def groove(x: Tensor, y: Tensor, curve: tuple[Point, Point, Point], width: float) -> Tensor:
    """1 on a quadratic Bezier curve, a Gaussian profile of sd `width` across, tapered ends."""
    start, bend, end = curve
    deepest = torch.zeros_like(x)
    steps = 28
    for i in range(steps):
        t = i / (steps - 1)
        a, b, c = (1 - t) ** 2, 2 * t * (1 - t), t * t
        px = a * start[0] + b * bend[0] + c * end[0]
        py = a * start[1] + b * bend[1] + c * end[1]
        taper = math.sin(math.pi * (0.12 + 0.76 * t)) ** 0.7
        distance2 = (x - px) ** 2 + (y - py) ** 2
        deepest = torch.maximum(deepest, taper * torch.exp(-distance2 / (2 * width * width)))
    return deepest


# ------------------------------------------------------------------------- action units
def pull_field(x: Tensor, y: Tensor, pull: Pull) -> tuple[Tensor, Tensor]:
    """Displacement dx, dy of a `Pull`; the .05 keeps the unit vector finite at the attachment."""
    dx, dy = pull.attachment[0] - x, pull.attachment[1] - y
    size = pull.strength * gaussian(x, y, pull.centre, pull.spread)
    size = size / ((dx * dx + dy * dy).sqrt() + 0.05)
    return size * dx, size * dy


def bump_field(x: Tensor, y: Tensor, bump: Bump) -> Tensor:
    """Height of a `Bump`."""
    return bump.height * gaussian(x, y, bump.centre, bump.spread)


def furrow_field(x: Tensor, y: Tensor, furrow: Furrow) -> tuple[Tensor, Tensor]:
    """Height and shadow of a `Furrow`: a groove with a low ridge on either side."""
    curve = (furrow.start, furrow.bend, furrow.end)
    inner = groove(x, y, curve, furrow.width)
    outer = groove(x, y, curve, 2.2 * furrow.width)
    return 0.024 * furrow.depth * (0.8 * outer - 1.3 * inner), furrow.depth * inner


def action_fields(x: Tensor, y: Tensor, action: Action) -> tuple[Tensor, Tensor]:
    """Fields of one AU, its right half continued over the face: move (3, G, G), fold (2, G, G)."""
    move = torch.zeros(3, *x.shape)
    fold = torch.zeros(2, *x.shape)
    for pull in action.pulls:
        move[:2] += torch.stack(pull_field(x, y, pull))
    for bump in action.bumps:
        move[2] += bump_field(x, y, bump)
    for furrow in action.furrows:
        fold += torch.stack(furrow_field(x, y, furrow))
    # the jaw swings down as one piece: everything below the mouth line, fading towards the ears
    move[1] -= action.jaw * torch.sigmoid((-0.62 - y) / 0.07) * torch.exp(-0.5 * (x / 0.62) ** 2)
    return move, fold


def two_sides(right: Tensor, x: Tensor) -> Tensor:
    """(C, G, G) of one half -> (2, C, G, G), left and right, blended softly at the midline."""
    right = right * torch.sigmoid(x / 0.025)
    return torch.stack([right.flip(-1), right])


def au_fields(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """All AUs of `AUS`, both sides: move (2 * AUs, 3, G, G), fold (2 * AUs, 2, G, G)."""
    moves, folds = [], []
    for au in AUS:
        move, fold = (two_sides(part, x) for part in action_fields(x, y, ACTIONS[au]))
        move[0, 0] *= -1  # mirrored: what goes right on the right half goes left on the left half
        moves.append(move)
        folds.append(fold)
    return torch.cat(moves), torch.cat(folds)


# ------------------------------------------------------------------------- persons
def warp_fields(x: Tensor, y: Tensor) -> Tensor:
    """Displacement of each of `WARPS` at weight 1, (12, 2, G, G)."""
    ax, side, still = x.abs(), torch.tanh(x / 0.05), torch.zeros_like(x)
    across = {
        "face_width": 0.07 * x,
        "jaw_width": 0.10 * x * torch.sigmoid((-0.45 - y) / 0.15),
        "eye_spacing": 0.035 * side * gaussian(ax, y, (0.36, 0.12), (0.25, 0.22)),
        "nose_width": 0.03 * side * gaussian(ax, y, (0.12, -0.25), (0.09, 0.12)),
        "cheek_fat": 0.05 * side * gaussian(ax, y, (0.7, -0.35), (0.3, 0.3)),
    }
    upwards = {
        "chin_length": -0.09 * torch.sigmoid((-0.78 - y) / 0.09),
        "forehead": 0.08 * torch.sigmoid((y - 0.55) / 0.1),
        "eye_height": 0.035 * gaussian(ax, y, (0.36, 0.12), (0.35, 0.17)),
        "brow_height": 0.035 * gaussian(ax, y, (0.36, 0.36), (0.35, 0.14)),
        "brow_tilt": 0.05 * gaussian(ax, y, (0.36, 0.36), (0.35, 0.13)) * (ax - 0.33) / 0.2,
        "nose_length": -0.04 * gaussian(ax, y, (0.0, -0.24), (0.22, 0.14)),
        "mouth_height": 0.035 * gaussian(ax, y, (0.0, -0.58), (0.45, 0.16)),
    }
    return torch.stack(
        [torch.stack([across.get(name, still), upwards.get(name, still)]) for name in WARPS]
    )


def head_contour(x: Tensor, y: Tensor) -> Tensor:
    """Superellipse radius: 1 on the outline of the head, less inside."""
    vertical = torch.where(y > 0, y / 1.22, -y / 1.07)
    return ((x.abs() / 0.84) ** 2.35 + vertical**2.35) ** (1 / 2.35)


def nose_relief(x: Tensor, y: Tensor) -> Tensor:
    """Height of the nose over the face: ridge, tip and wings."""
    span = torch.sigmoid((y + 0.28) / 0.035) * torch.sigmoid((0.20 - y) / 0.07)
    ridge = (
        span * (0.10 + 0.20 * ((0.2 - y) / 0.45).clamp(0, 1)) * torch.exp(-0.5 * (x / 0.065) ** 2)
    )
    tip = 0.12 * gaussian(x, y, (0, -0.23), (0.065, 0.05))
    wings = 0.09 * gaussian(x.abs(), y, (0.105, -0.265), (0.042, 0.045))
    return ridge + tip + wings


def resting_relief(x: Tensor, y: Tensor) -> Tensor:
    """Height of a face at rest, face units towards the camera."""
    ax = x.abs()
    skull = 0.80 * (1 - head_contour(x, y).clamp(max=0.985) ** 2.2) ** 0.55
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
    return skull + nose_relief(x, y) + sum(h * gaussian(ax, y, c, s) for h, c, s in parts)


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


def beard_mask(x: Tensor, y: Tensor) -> Tensor:
    """Where a beard grows: jaw and chin, not the lips."""
    ax = x.abs()
    below = torch.sigmoid((-0.40 - y + 0.22 * (ax / 0.5).clamp(0, 1.6)) / 0.05)
    chin_or_side = torch.sigmoid((ax - 0.1 + 2.5 * (-0.62 - y)) / 0.06)
    return below * chin_or_side * (1 - 0.7 * gaussian(ax, y, (0, -0.58), (0.28, 0.09)))


def skin_fields(x: Tensor, y: Tensor) -> Tensor:
    """Each of `SKIN_MAPS` at weight 1: height, darkness, redness, contour, (18, 4, G, G)."""
    ax = x.abs()
    upper_lip = torch.exp(-0.5 * ((y + 0.44 + 0.15 * ax) / 0.038) ** 2)
    cheek = gaussian(ax, y, (0.45, -0.2), (0.17, 0.14))
    nose_tip = gaussian(ax, y, (0, -0.24), (0.09, 0.06))
    temple = gaussian(ax, y, (0.78, 0.1), (0.12, 0.45)) + gaussian(ax, y, (0.6, -0.75), (0.2, 0.2))
    height = {
        "base": resting_relief(x, y),
        "nose_height": 0.30 * nose_relief(x, y),
        "nose_wings": 0.06 * gaussian(ax, y, (0.11, -0.25), (0.05, 0.05)),
        "brow_ridge": 0.04 * gaussian(ax, y, (0.33, 0.27), (0.22, 0.06)),
        "cheekbone": 0.05 * gaussian(ax, y, (0.5, -0.08), (0.15, 0.10)),
        "chin_boss": 0.05 * gaussian(ax, y, (0, -0.93), (0.12, 0.08)),
    }
    darkness = {
        "base": resting_shade(x, y),
        "beard": 0.8 * beard_mask(x, y),
        "moustache": upper_lip * torch.sigmoid((0.30 - ax) / 0.04),
        "freckles": 0.12 * freckle_mask(x, y),
        "temple_shade": 0.20 * temple,
    }
    redness = {"base": 0.08 * (cheek + nose_tip), "blush": 0.14 * cheek + 0.07 * nose_tip}
    contour = {"base": head_contour(x, y)}
    for name, (depth, dark, where) in age_lines(x, y).items():
        height[name], darkness[name] = -depth * where, dark * where
    nothing = torch.zeros_like(x)
    channels = (height, darkness, redness, contour)
    return torch.stack([torch.stack([c.get(n, nothing) for c in channels]) for n in SKIN_MAPS])


def freckle_mask(x: Tensor, y: Tensor) -> Tensor:
    """A fixed sprinkle of spots over nose and cheeks."""
    spots = torch.rand(60, 2, generator=torch.Generator().manual_seed(3)) * 2 - 1
    mask = torch.zeros_like(x)
    for sx, sy in (spots * torch.tensor([0.55, 0.16]) + torch.tensor([0.0, -0.14])).tolist():
        mask = torch.maximum(mask, gaussian(x, y, (sx, sy), (0.016, 0.016)))
    return mask


# ------------------------------------------------------------------------- all of it
def canonical_grid(grid: int) -> tuple[Tensor, Tensor]:
    """Coordinates x, y of the grid's nodes, (G, G) each; y grows with the row."""
    t = torch.linspace(-HALF, HALF, grid)
    y, x = torch.meshgrid(t + CENTRE_Y, t, indexing="ij")
    return x, y


@lru_cache(maxsize=8)
def blend_fields(grid: int, device: str = "cpu") -> Fields:
    """The blend fields on a grid of `grid` x `grid` nodes; built once per size and device."""
    x, y = canonical_grid(grid)
    move, fold = au_fields(x, y)
    parts = (move, fold, warp_fields(x, y), skin_fields(x, y))
    return Fields(grid, *(part.flatten(1).contiguous().to(device) for part in parts))
