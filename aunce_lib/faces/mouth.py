"""The mouth: lips, the line between them, teeth, tongue and the dark inside."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from aunce_lib.faces.curves import Opening, View, colour, line, per_face, ramp, soft
from aunce_lib.faces.people import People

MOUTH_Y = -0.58
UPPER_TEETH_Y = -0.625  #: lower edge of the upper teeth, which stay with the skull
LOWER_TEETH_Y = -0.640  #: upper edge of the lower teeth, which go with the jaw

PALE_LIP, RED_LIP = (0.93, 0.80, 0.78), (0.88, 0.45, 0.48)  #: times the colour of the skin
TOOTH, MOUTH_CAVITY, TONGUE = (0.80, 0.77, 0.70), (0.20, 0.06, 0.06), (0.50, 0.20, 0.19)


@dataclass
class Lips:
    """The curves of a mouth, all (N, H, W): heights y over the place along the mouth.

    Attributes:
        s: 0 at the midline, 1 at the corner.
        half_width: From the midline to the corner.
        line: Where the lips meet when they are closed.
        upper_outer, upper_inner: Edges of the upper lip's red.
        lower_inner, lower_outer: Edges of the lower lip's red.
        drop: (N, 2) how far the jaw takes the lower lip down.
    """

    s: Tensor
    half_width: Tensor
    line: Tensor
    upper_outer: Tensor
    upper_inner: Tensor
    lower_inner: Tensor
    lower_outer: Tensor
    drop: Tensor


def lip_curves(view: View, effects: dict[str, Tensor], people: People) -> Lips:
    """Where the lips are."""
    width, upper, lower, corner_rest, middle_rest, _, cupid = people.mouth[:, :, None].unbind(1)
    upper, lower = upper * effects["upper_lip"], lower * effects["lower_lip"]
    parted, drop, down, opening = _opening(effects)
    raised = effects["upper_lip_up"]

    # corners are held by the cheeks: however many muscles pull, they go so far and no further
    half_width = view.sides(width * torch.exp(0.7 * torch.tanh(effects["corner_out"] / 0.19)))
    s = view.x.abs() / half_width
    s2 = (s * s).clamp(max=1)
    root = (1 - s2).sqrt()
    fourth = root.sqrt()
    flat, round_ = root * fourth.sqrt(), root * fourth  # (1 - s^2)^.625, (1 - s^2)^.75
    beside = line(s - 0.43, 0.31)  # where the levator pulls
    middle = line(s, 0.15)  # Cupid's bow and the tubercle below it
    thinned = 1 - view.sides(effects["corner_thin"].clamp(max=0.9)) * s2
    corner_up = corner_rest + effects["corner_up"]

    lip_line = (
        MOUTH_Y
        + view.sides(effects["line_up"] + middle_rest) * (1 - s2)
        + view.sides(corner_up) * s2 * (0.55 + 0.45 * s2)
        - 0.006 * middle
    )
    wing = view.sides(raised) * beside * root  # the upper lip rises like a gull's wing
    lip_line = lip_line + 0.3 * wing
    upper_inner = lip_line + view.sides(0.35 * parted + 0.04 * drop) * root
    upper_inner = upper_inner + view.sides(0.3 * ramp(opening / 0.05)) * wing
    lower_inner = lip_line - view.sides(0.65 * parted + 0.96 * drop) * root
    lower_inner = lower_inner - view.sides(down) * fourth
    upper_red = view.sides(upper) * round_ * thinned * (1 - per_face(cupid[:, 0]) * middle)
    upper_red = upper_red + 0.5 * wing * root
    lower_red = view.sides(lower) * flat * thinned
    return Lips(
        s,
        half_width,
        lip_line,
        upper_inner + upper_red,
        upper_inner,
        lower_inner,
        lower_inner - lower_red,
        drop,
    )


def draw_mouth(
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
    curves = lip_curves(view, effects, people)
    s, half_width, lip_line = curves.s, curves.half_width, curves.line
    upper_outer, upper_inner = curves.upper_outer, curves.upper_inner
    lower_inner, lower_outer = curves.lower_inner, curves.lower_outer

    inside = soft(1 - s, 2.75 * pixel)
    lips = soft(upper_outer - view.y, edge).mul_(soft(view.y - lower_outer, edge)).mul_(inside)
    # nothing shows where the lips are closer than a pixel: no teeth in a closed mouth
    gate = ((upper_inner - lower_inner) / (0.8 * pixel)).clamp(0, 1)
    mask = soft(upper_inner - view.y - 0.25 * pixel, 0.8 * edge)
    mask *= soft(view.y - lower_inner - 0.25 * pixel, 0.8 * edge)
    mask.mul_(inside).mul_(gate)

    red, dark = people.lips[:, :, None, None, None].unbind(1)
    tint = torch.lerp(colour(PALE_LIP, skin), colour(RED_LIP, skin), red) * torch.exp(-dark)
    tint = people.skin[:, :, None, None] * tint
    tone = (-0.25 * shadow).exp_().mul_(0.88 + 0.12 * soft(lip_line - view.y, edge))
    skin = torch.lerp(skin, tint * tone[:, None], (0.92 * lips)[:, None])

    seam = line(view.y - lip_line, 0.010 + 0.35 * pixel).mul_(soft(1.04 - s, 0.05))
    seam.mul_(view.sides(0.55 + 0.55 * effects["lip_line"])).mul_(1 - mask)
    from_corner = (view.x.abs() - half_width).square_().add_((view.y - lip_line).square_())
    corner = from_corner.mul_(-700).clamp_(min=-40).exp_()
    corner *= view.sides(0.22 + effects["corner_shadow"])
    skin *= (1 - seam.clamp_(max=0.85)).mul_(1 - corner.clamp_(max=0.8))[:, None]

    # each lip is a cushion: a parabola across its red, the higher the broader
    upper_red, lower_red = upper_outer - upper_inner, lower_inner - lower_outer
    cushion = (upper_outer - view.y).mul_(view.y - upper_inner).clamp_(min=0).div_(upper_red + 0.02)
    below = (lower_inner - view.y).mul_(view.y - lower_outer).clamp_(min=0).div_(lower_red + 0.02)
    bulge = view.sides(4 * people.mouth[:, 5:6] * (1 + effects["lip_out"]).clamp(0, 2))
    relief = cushion.add_(below).mul_(bulge).mul_(inside).add_(lips, alpha=0.012).mul_(1 - mask)
    inner = _mouth_cavity(view, s, upper_inner, view.sides(0.9 * curves.drop))
    return skin, Opening(mask, inner), relief


def _opening(effects: dict[str, Tensor]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """How far lips part, the jaw drops, the lower lip is pulled down, and all of it; (N, 2) each.

    Lips are soft and cling: a twitch of the jaw does not open the mouth yet.
    """
    gap = effects["gap"]
    dropped = 0.45 * torch.tanh(effects["drop"] / 0.45)  # as far as a jaw goes
    pulls = effects["part"] * gap, dropped * gap.clamp(min=0.3), effects["lower_lip_down"] * gap
    total = sum(pulls)
    open_ = total / (total + 0.03)
    parted, drop, down = (pull * open_ for pull in pulls)
    return parted, drop, down, total * open_


def _mouth_cavity(view: View, s: Tensor, upper_inner: Tensor, jaw: Tensor) -> Tensor:
    """Teeth and tongue before the dark inside of the mouth, (N, 3, H, W)."""
    edge = 0.55 * view.pixel
    arch = s.clamp(max=1) ** 2
    lower_edge = LOWER_TEETH_Y - jaw
    upper_teeth, lower_teeth = soft(view.y - UPPER_TEETH_Y, edge), soft(lower_edge - view.y, edge)
    teeth = torch.maximum(upper_teeth, 0.75 * lower_teeth) * soft(0.87 - s, 0.06)
    tongue = 0.8 * soft(lower_edge + 0.13 * (0.7 - 1.6 * arch) - view.y, 0.02)
    single_teeth = 0.88 + 0.12 * torch.cos(70 * view.x).abs()
    shine = single_teeth * (1 - 0.35 * arch)
    cavity = torch.lerp(colour(MOUTH_CAVITY, s), colour(TONGUE, s), tongue[:, None])
    cavity.lerp_(colour(TOOTH, s) * shine[:, None], teeth[:, None])
    lip_shadow = 1 - 0.45 * ((upper_inner - view.y) / -0.03).clamp_(max=0).exp_()
    return cavity.mul_(lip_shadow[:, None])
