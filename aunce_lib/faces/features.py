"""Brows, eyes and mouth: drawn as curves, because a warp cannot open what is closed.

All functions work on a window of the picture. Curves are given as heights y over x; a mask is the
product of soft steps "below the upper curve" and "above the lower curve", so edges are smooth at
every size. Values that differ between the face's halves are (N, 2), left and right.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from aunce_lib.faces.anatomy import ACTIONS, ADDED, AUS, SCALED
from aunce_lib.faces.people import People

EYE_X, EYE_Y = 0.36, 0.10
MOUTH_Y = -0.58
UPPER_TEETH_Y = -0.625  #: lower edge of the upper teeth, which stay with the skull
LOWER_TEETH_Y = -0.640  #: upper edge of the lower teeth, which go with the jaw

PALE_LIP, RED_LIP = (0.92, 0.62, 0.62), (0.88, 0.45, 0.48)  #: times the colour of the skin
TOOTH, MOUTH_CAVITY, SCLERA = (0.80, 0.77, 0.70), (0.20, 0.06, 0.06), (0.80, 0.775, 0.75)


@dataclass
class View:
    """Where each pixel of a window lies on the face, with the width of one pixel in face units.

    Attributes:
        x, y: (N, H, W) face coordinates with the person's proportions taken out.
        right: (N, H, W) 1 on the right half, 0 on the left, soft in between.
        pixel: Width of one pixel.
    """

    x: Tensor
    y: Tensor
    right: Tensor
    pixel: float

    def sides(self, value: Tensor) -> Tensor:
        """(N, 2) values of the left and right half -> (N, H, W)."""
        left, right = per_face(value[:, 0]), per_face(value[:, 1])
        return left + (right - left) * self.right


@dataclass
class Opening:
    """What shows between two lids or lips: mask (N, H, W) and colour (N, 3, H, W)."""

    mask: Tensor
    colour: Tensor


def per_face(values: Tensor) -> Tensor:
    """(N,) -> (N, 1, 1), to meet the pixels."""
    return values[:, None, None]


def soft(distance: Tensor, width: float) -> Tensor:
    """A soft step: 0 far below zero, 1 far above."""
    return torch.sigmoid(distance / width)


def ramp(t: Tensor) -> Tensor:
    """A smooth gate: 0 up to t = 0, 1 from t = 1 on, 3 t^2 - 2 t^3 between."""
    t = t.clamp(0, 1)
    return t * t * (3 - 2 * t)


def line(distance: Tensor, width: float) -> Tensor:
    """A line with Gaussian profile."""
    return torch.exp(-0.5 * (distance / width) ** 2)


def colour(rgb: tuple[float, float, float], like: Tensor) -> Tensor:
    """A colour as (1, 3, 1, 1) beside the pixels of `like`."""
    return torch.tensor(rgb, device=like.device).view(1, 3, 1, 1)


def curve_effects(effort: Tensor) -> dict[str, Tensor]:
    """What the AUs do to lips and lids: effort (N, AUs, 2) -> name: (N, 2), see `anatomy.ADDED`.

    Factors multiply, so many AUs at once narrow an eye ever more but never turn it inside out.
    """
    effects = {}
    for name in ADDED:
        effects[name] = torch.zeros_like(effort[:, 0])
    for name in SCALED:
        effects[name] = torch.ones_like(effort[:, 0])
    for k, au in enumerate(AUS):
        for name, value in ACTIONS[au].curves.items():
            if name in ADDED:
                effects[name] = effects[name] + value * effort[:, k]
            else:
                effects[name] = effects[name] * (1 + value * effort[:, k]).clamp(min=0.05)
    return effects


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
def eyes(
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


# ------------------------------------------------------------------------- mouth
def mouth(
    view: View, skin: Tensor, shadow: Tensor, effects: dict[str, Tensor], people: People
) -> tuple[Tensor, Opening, Tensor]:
    """Draws the lips on the skin; teeth and the inside of the mouth show through the opening.

    Args:
        view: The window.
        skin: (N, 3, H, W) colours, not changed.
        shadow: (N, H, W) shadow of the AUs' furrows, which also darkens the lips.
        effects: From `curve_effects`.
        people: N people.

    Returns:
        The skin with lips, the opening, and the lips' relief (N, H, W) for the light.
    """
    pixel, edge = view.pixel, 0.55 * view.pixel
    width, upper, lower, corner_rest, middle_rest = people.mouth[:, :, None].unbind(1)  # (N, 1)
    parted = effects["part"] * effects["gap"]
    drop = effects["drop"] * effects["gap"].clamp(min=0.3)
    opening, raised = parted + drop, effects["upper_lip_up"]

    half_width = view.sides(width + effects["corner_out"])
    s = view.x.abs() / half_width  # 0 at the midline, 1 at the corner
    s2 = (s * s).clamp(max=1)
    root = (1 - s2).sqrt()
    fourth = root.sqrt()
    flat, round_ = root * fourth.sqrt(), root * fourth  # (1 - s^2)^.625, (1 - s^2)^.75
    beside = line(s - 0.43, 0.31)  # where the levator pulls
    corner_up = corner_rest + effects["corner_up"]

    lip_line = (
        MOUTH_Y
        + view.sides(effects["line_up"] + middle_rest) * (1 - s2)
        + view.sides(corner_up) * s2 * (0.55 + 0.45 * s2)
        - 0.006 * line(s, 0.22)
    )
    upper_inner = lip_line + view.sides(0.2 * opening) * round_
    upper_inner = upper_inner + view.sides(0.55 * raised * ramp(opening / 0.05)) * beside * root
    lower_inner = lip_line - view.sides(0.8 * opening) * flat
    cupid = 1 - 0.22 * line(s, 0.13)
    upper_outer = upper_inner + view.sides(upper * effects["upper_lip"]) * round_ * cupid
    upper_outer = upper_outer + view.sides(0.75 * raised) * (1 - s2) * beside
    lower_outer = lower_inner - view.sides(lower * effects["lower_lip"]) * flat

    inside = soft(1 - s, 2.75 * pixel)
    lips = soft(upper_outer - view.y, edge) * soft(view.y - lower_outer, edge) * inside
    # nothing shows where the lips are closer than a pixel: no teeth in a closed mouth
    gate = ((upper_inner - lower_inner) / (0.8 * pixel)).clamp(0, 1)
    mask = soft(upper_inner - view.y - 0.25 * pixel, 0.8 * edge)
    mask = mask * soft(view.y - lower_inner - 0.25 * pixel, 0.8 * edge) * inside * gate

    red = people.lips[:, None, None, None]
    tint = torch.lerp(colour(PALE_LIP, skin), colour(RED_LIP, skin), red)
    tint = people.skin[:, :, None, None] * tint
    tone = torch.exp(-0.25 * shadow) * (0.86 + 0.14 * soft(lip_line - view.y, edge))
    skin = torch.lerp(skin, tint * tone[:, None], (0.92 * lips)[:, None])

    seam = line(view.y - lip_line, 0.010 + 0.35 * pixel) * soft(1.04 - s, 0.05)
    seam = seam * view.sides(0.55 + 0.55 * effects["lip_line"]) * (1 - mask)
    corner = line(view.x.abs() - half_width, 0.028) * line(view.y - lip_line, 0.026)
    corner = corner * view.sides(0.22 + effects["corner_shadow"])
    skin = skin * ((1 - seam.clamp(max=0.85)) * (1 - corner.clamp(max=0.8)))[:, None]

    jaw = view.sides(0.85 * drop)
    inner = _mouth_cavity(view, s, upper_inner, jaw)
    return skin, Opening(mask, inner), 0.035 * lips * (1 - mask)


def _mouth_cavity(view: View, s: Tensor, upper_inner: Tensor, jaw: Tensor) -> Tensor:
    """Teeth before the dark inside of the mouth, (N, 3, H, W)."""
    edge = 0.55 * view.pixel
    upper_teeth = soft(view.y - UPPER_TEETH_Y, edge) * soft(0.92 - s, 0.05)
    lower_teeth = 0.75 * soft(LOWER_TEETH_Y - jaw - view.y, edge) * soft(0.75 - s, 0.08)
    teeth = torch.maximum(upper_teeth, lower_teeth)
    single_teeth = 0.88 + 0.12 * torch.cos(70 * view.x).abs()
    shine = single_teeth * (1 - 0.35 * s.clamp(max=1) ** 2)
    cavity = torch.lerp(colour(MOUTH_CAVITY, s), colour(TOOTH, s) * shine[:, None], teeth[:, None])
    lip_shadow = 1 - 0.45 * torch.exp(-((upper_inner - view.y) / 0.03).clamp(min=0))
    return cavity * lip_shadow[:, None]
