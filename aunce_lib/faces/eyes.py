"""Brows and eyes: hair, lids, lashes, folds, eyeballs.

The lids are curves, the skin around them is relief: the fold above the upper lid overhangs it, the
roll below the lower lid swells when the lids tighten. So an eye reads by its light, lines or not.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from aunce_lib.faces.curves import Opening, View, colour, line, per_face, ramp, soft
from aunce_lib.faces.people import People

EYE_X, EYE_Y = 0.36, 0.10
SCLERA, CARUNCLE = (0.80, 0.775, 0.75), (0.62, 0.36, 0.32)


def brows(x: Tensor, y: Tensor, grain: Tensor, people: People) -> Tensor:
    """Hair of the brows, a mask (N, H, W). x, y: coordinates that ride on the skin."""
    thickness, density, arch, slope, rise, start, end, peak, _ = (
        per_face(v) for v in people.brow.unbind(1)
    )
    along = (2 * x.abs() - start - end) / (end - start)  # -1 at the inner end, 1 at the tail
    bend = along - peak  # the arch falls gently to the inner end, steeply to the tail
    fall = bend.clamp(max=0).square_().mul_(0.38).add_(bend.clamp(min=0).square_(), alpha=1.05)
    height = torch.addcmul(rise + 0.45 * arch, slope, along).addcmul_(arch, fall, value=-1)
    width = (0.95 - 0.40 * along.clamp(-1, 1.3)).mul_(thickness)
    profile = ((y - height) / width).square_().square_().mul_(-0.5).clamp_(min=-40).exp_()
    hairs = (1 + (0.45 - 0.30 * density) * grain).clamp_(0.25, 1.5).mul_(density)
    ends = soft(1 + along, 0.10).mul_(soft(1 - along, 0.07))
    return profile.mul_(ends).mul_(hairs).clamp_(max=0.95)


# ------------------------------------------------------------------------- eyes
@dataclass
class Lids:
    """The curves of an eye, all (N, H, W): heights y over the place along the eye.

    Attributes:
        along: -1 at the inner corner, 1 at the outer one.
        upper, lower: Edges of the lids; they meet in a closed eye.
        fold: Where the skin under the brow folds over the upper lid.
        closed: 0 for an open eye, 1 for a closed one.
    """

    along: Tensor
    upper: Tensor
    lower: Tensor
    fold: Tensor
    closed: Tensor


def lid_curves(view: View, effects: dict[str, Tensor], people: People, gaze: Tensor) -> Lids:
    """Where the lids are; the upper one follows the gaze, (N, 2) shift of the irises."""
    half_width, upper, lower, slant, roundness, skew = people.eye[:, :6].unbind(1)
    fold_height, hood = people.eye[:, 6], people.eye[:, 8]
    along = (view.x.abs() - EYE_X) / per_face(half_width)
    square = (1 - along * along).clamp(min=0)
    root = square.sqrt()
    fourth = root.sqrt()
    almond, round_ = root * fourth, root * fourth.sqrt()  # (1 - e^2)^.75, (1 - e^2)^.625
    almond_upper = torch.lerp(square, round_, per_face(roundness))
    middle = EYE_Y + per_face(slant) * along

    height = (upper + 0.6 * gaze[:, 1]).clamp(min=0.02)[:, None] * effects["upper_lid"]
    lower_lid = middle - view.sides(lower[:, None] * effects["lower_lid"]) * almond * (
        1 + 0.20 * along
    )
    open_lid = middle + view.sides(height) * almond_upper * (1 + per_face(skew) * along)
    closed = view.sides(ramp(effects["lids_meet"]))
    upper_lid = torch.lerp(open_lid, lower_lid, closed)

    # the fold stays on the skull while the lid below it comes down
    above = view.sides(fold_height[:, None] * effects["lid_fold"]) * (0.55 + 0.45 * square)
    above = above - per_face(hood) * (0.4 + 0.6 * along) * square
    fold = torch.lerp(open_lid, middle + 0.045 * almond, 0.6 * closed) + above
    return Lids(along, upper_lid, lower_lid, torch.maximum(fold, upper_lid), closed)


def draw_eyes(
    view: View, skin: Tensor, effects: dict[str, Tensor], people: People, gaze: Tensor
) -> tuple[Tensor, Opening, Tensor]:
    """Draws lids, lashes and folds on the skin; the eyeball shows through the opening.

    Args:
        view: The window.
        skin: (N, 3, H, W) colours, not changed.
        effects: From `curve_effects`.
        people: N people.
        gaze: (N, 2) shift of the irises.

    Returns:
        The skin with lids drawn on it, the opening with the eyeball's colour, and the relief
        (N, H, W) of lids and folds for the light.
    """
    fold_depth, lash, bag, depth = (per_face(people.eye[:, k]) for k in (7, 9, 11, 12))
    pixel, edge = view.pixel, 0.44 * view.pixel
    lids = lid_curves(view, effects, people, gaze)
    # nothing shows where the lids are closer than a pixel: no bright line in a closed eye
    open_ = ((lids.upper - lids.lower) / (1.2 * pixel)).clamp(0, 1)
    over, under = soft(view.y - lids.upper, edge), soft(lids.lower - view.y, edge)
    mask = soft(1 - lids.along.abs(), 3.2 * pixel).mul_(open_)
    mask.mul_(1 - over).mul_(1 - under)

    within = soft(1.08 - lids.along.abs(), 0.06)
    towards_temple = 0.70 + 0.25 * lids.along.clamp(-1, 1)
    lashes = (lash + 0.15 * lids.closed) * towards_temple
    lashes *= line(view.y - lids.upper, 0.011 + 0.2 * pixel)
    lower_lashes = 0.30 * lash * line(view.y - lids.lower, 0.009 + 0.2 * pixel)
    beyond = view.y - lids.fold
    crease = line(beyond, 0.011 + 0.15 * pixel) * fold_depth * (1 - 0.85 * lids.closed)
    lid = over * soft(-beyond, edge)
    socket = depth * line(lids.along + 0.25, 0.75) * line(view.y - 0.185, 0.07)
    light = 1 - 0.25 * socket
    for shadow in (lashes, lower_lashes, crease, 0.07 * lid):
        light *= (shadow * within).neg_().add_(1)

    swelling = bag + view.sides(effects["lid_pouch"])
    swell = line(lids.along, 0.62)
    roll = swelling * line(view.y - lids.lower + 0.034, 0.019)
    cover = 0.020 * line(beyond - 0.030, 0.030) * (1 - 0.6 * lids.closed)
    ball = 0.030 * lids.closed * line(view.y - 0.10, 0.05)
    relief = (roll + cover).add_(ball).mul_(swell).sub_(socket, alpha=0.03)
    ball = _eyeball(view, lids, people, gaze)
    return skin * light[:, None], Opening(mask, ball), relief


def _eyeball(view: View, lids: Lids, people: People, gaze: Tensor) -> Tensor:
    """Sclera, iris, pupil, catchlight and the shadow of the upper lid, (N, 3, H, W)."""
    skew, size = per_face(people.eye[:, 5]), per_face(people.eye[:, 10])
    edge = 0.44 * view.pixel
    nearest = torch.where(view.x > 0, EYE_X, -EYE_X)
    dx = view.x - nearest - per_face(gaze[:, 0])
    dy = view.y - EYE_Y - 0.010 - per_face(gaze[:, 1])
    radius = (dx * dx).addcmul_(dy, dy).sqrt_()
    rounding = (1 - lids.along * lids.along).clamp_(0, 1).mul_(0.26).add_(0.74)
    iris = people.iris[:, :, None, None] * (0.75 + 7 * radius)[:, None]
    # an epicanthic fold hides the inner corner
    corner = soft(-0.74 - lids.along, 0.06).mul_((0.5 - 3 * skew).clamp(0, 1))
    ball = torch.lerp(colour(SCLERA, view.x), colour(CARUNCLE, view.x), corner[:, None])
    ball = ball.mul_(rounding[:, None]).lerp_(iris, soft(size - radius, edge)[:, None])
    pupil = 0.9 * soft(0.42 * size - radius, edge)
    ring = 0.40 * line(radius - size, 0.008 + 0.2 * view.pixel)
    lid_shadow = 0.5 * ((lids.upper - view.y) / -0.022).clamp_(max=0).exp_()
    spark = 0.009 + 0.25 * view.pixel
    catchlight = line(dx - 0.020, spark).mul_(line(dy - 0.022, spark)).mul_(0.75)
    shade = (1 - pupil).mul_(1 - ring).mul_(1 - lid_shadow)
    return torch.addcmul(catchlight[:, None], ball, shade[:, None])
