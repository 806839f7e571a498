"""Brows and eyes: hair, lids, lashes, folds, eyeballs."""

from __future__ import annotations

import torch
from torch import Tensor

from aunce_lib.faces.curves import Opening, View, colour, line, per_face, ramp, soft
from aunce_lib.faces.people import People

EYE_X, EYE_Y = 0.36, 0.10
SCLERA = (0.80, 0.775, 0.75)


def brows(x: Tensor, y: Tensor, grain: Tensor, people: People) -> Tensor:
    """Hair of the brows, a mask (N, H, W). x, y: coordinates that ride on the skin."""
    thickness, density, arch, slope = (per_face(v) for v in people.brow.unbind(1))
    along = (x.abs() - EYE_X) / 0.23  # -1 at the inner end, 1 at the tail
    bend = along - 0.25
    height = 0.318 + arch * (0.45 - torch.where(bend < 0, 0.50, 1.05) * bend * bend) + slope * along
    width = thickness * (1 - 0.35 * along.clamp(-1, 1.2))
    across = ((y - height) / width) ** 2
    hairs = density * (1 + 0.18 * grain).clamp(0.3, 1.4)
    return (torch.exp(-0.5 * across * across) * soft(1 - along.abs(), 0.07) * hairs).clamp(max=0.95)


# ------------------------------------------------------------------------- eyes
def draw_eyes(
    view: View, skin: Tensor, effects: dict[str, Tensor], people: People, gaze: Tensor
) -> tuple[Tensor, Opening]:
    """Draws lids, lashes and folds on the skin; the eyeball shows through the opening.

    Args:
        view: The window.
        skin: (N, 3, H, W) colours, not changed.
        effects: From `curve_effects`.
        people: N people.
        gaze: (N, 2) shift of the irises.

    Returns:
        The skin with lids drawn on it, and the opening with the eyeball's colour.
    """
    half_width, upper, lower, slant, fold_height, fold_depth = people.eye.unbind(1)
    pixel, edge = view.pixel, 0.44 * view.pixel
    along = (view.x.abs() - EYE_X) / per_face(half_width)  # e: -1 inner corner, 1 outer corner
    root = (1 - along * along).clamp(min=0).sqrt()
    fourth = root.sqrt()
    flat, round_ = root * fourth.sqrt(), root * fourth  # (1 - e^2)^.625, (1 - e^2)^.75
    middle = EYE_Y + per_face(slant) * along

    lower_lid = middle - view.sides(lower[:, None] * effects["lower_lid"]) * round_ * (
        1 + 0.20 * along
    )
    wide_open = middle + view.sides(upper[:, None] * effects["upper_lid"]) * flat * (
        1 - 0.12 * along
    )
    closed = view.sides(ramp(effects["lids_meet"]))
    upper_lid = torch.lerp(wide_open, lower_lid, closed)
    # nothing shows where the lids are closer than a pixel: no bright line in a closed eye
    open_ = ((upper_lid - lower_lid) / (1.2 * pixel)).clamp(0, 1)
    mask = open_ * soft(upper_lid - view.y, edge) * soft(view.y - lower_lid, edge)
    mask = mask * soft(1 - along.abs(), 3.2 * pixel)

    fold = fold_height[:, None] * effects["lid_fold"]
    fold_line = torch.maximum(upper_lid, middle + 0.02 * flat)
    fold_line = fold_line + view.sides(fold) * (0.6 + 0.4 * root * root)
    within = soft(1.08 - along.abs(), 0.06)
    lashes = 0.75 * line(view.y - upper_lid, 0.012 + 0.2 * pixel)
    lower_lashes = 0.25 * line(view.y - lower_lid, 0.009 + 0.2 * pixel)
    crease = line(view.y - fold_line, 0.011 + 0.15 * pixel)
    crease = crease * per_face(0.14 + 0.28 * fold_depth) * (1 - 0.5 * closed)
    lid = 0.08 * soft(view.y - upper_lid, edge) * soft(fold_line - view.y, edge)
    light = 1.0
    for shadow in (lashes, lower_lashes, crease, lid):
        light = light * (1 - shadow * within)
    skin = skin * light[:, None]
    return skin, Opening(mask, _eyeball(view, along, upper_lid, people, gaze))


def _eyeball(view: View, along: Tensor, upper_lid: Tensor, people: People, gaze: Tensor) -> Tensor:
    """Sclera, iris, pupil, catchlight and the shadow of the upper lid, (N, 3, H, W)."""
    edge = 0.44 * view.pixel
    nearest = torch.where(view.x > 0, EYE_X, -EYE_X)
    dx = view.x - nearest - per_face(gaze[:, 0])
    dy = view.y - EYE_Y - 0.005 - per_face(gaze[:, 1])
    radius = (dx * dx + dy * dy).sqrt()
    rounding = 0.78 + 0.22 * (1 - along * along).clamp(0, 1)
    iris = people.iris[:, :, None, None] * (0.85 + 5 * radius)[:, None]
    ball = colour(SCLERA, view.x) * rounding[:, None]
    ball = torch.lerp(ball, iris, soft(0.078 - radius, edge)[:, None])
    pupil = 0.9 * soft(0.034 - radius, edge)
    lid_shadow = 0.45 * torch.exp(-((upper_lid - view.y) / 0.022).clamp(min=0))
    catchlight = 0.75 * torch.exp(-((dx - 0.02) ** 2 + (dy - 0.025) ** 2) / 0.0006)
    return ball * ((1 - pupil) * (1 - lid_shadow))[:, None] + catchlight[:, None]
