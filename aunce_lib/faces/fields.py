"""From the muscle table to blend fields: pictures of displacement, height and shade on one grid.

Everything that deforms or colours a face is LINEAR in its strengths. So a face is a weighted sum
of fixed fields, and a batch of faces is one matrix product per kind of field:

    move  (2 * AUs, 3, G, G)   skin displacement dx, dy and height of an AU at intensity 1
    fold  (2 * AUs, 2, G, G)   height and shadow of its furrows (own rows: they grow differently)
    warp  (16, 2, G, G)        displacement dx, dy of a person's proportions
    skin  (24, 5, G, G)        height, darkness, redness, hair, head contour of the resting skin

Rows 2 k and 2 k + 1 of `move` and `fold` are the left and right half of the k-th AU of `AUS`.
The grid covers x in +-1.3 and y in -.12 +- 1.3, row 0 at the chin (see `anatomy.py` for the axes).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from aunce_lib.faces.anatomy import ACTIONS, AUS
from aunce_lib.faces.brushes import gaussian, groove
from aunce_lib.faces.muscles import Action, Bump, Furrow, Pull
from aunce_lib.faces.resting import skin_fields, warp_fields

HALF = 1.3  #: half side of the square that the grid covers, face units
CENTRE_Y = -0.12


@dataclass(frozen=True)
class Fields:
    """The blend fields, flattened for matrix products: move, fold, warp, skin (rows, C * G * G)."""

    grid: int
    move: Tensor
    fold: Tensor
    warp: Tensor
    skin: Tensor


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


# ------------------------------------------------------------------------- all of it
def canonical_grid(grid: int, device: torch.device | str = "cpu") -> tuple[Tensor, Tensor]:
    """Coordinates x, y of the grid's nodes, (G, G) each; y grows with the row."""
    t = torch.linspace(-HALF, HALF, grid, device=device)
    y, x = torch.meshgrid(t + CENTRE_Y, t, indexing="ij")
    return x, y


@lru_cache(maxsize=8)
def blend_fields(grid: int, device: str = "cpu") -> Fields:
    """The blend fields on a grid of `grid` x `grid` nodes; built once per size and device."""
    x, y = canonical_grid(grid)
    move, fold = au_fields(x, y)
    parts = (move, fold, warp_fields(x, y), skin_fields(x, y))
    for part in parts:
        part[part.abs() < 1e-9] = (
            0  # tails of Gaussians underflow, and slow matrix products 20-fold
        )
    return Fields(grid, *(part.flatten(1).contiguous().to(device) for part in parts))
