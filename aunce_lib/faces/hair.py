"""Hair: its strands, its outline around the head, its edge on the face; or a headscarf.

The mass of hair keeps its outline when the head turns, as a ball does; its edge on the face
(forehead, temples, sideburns, fringe) rides on the skin.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from aunce_lib.faces.curves import line, pair, per_face, soft, those_with
from aunce_lib.faces.light import Lamps
from aunce_lib.faces.people import People
from aunce_lib.faces.skin import grain_texture


def strands(x: Tensor, y: Tensor, people: People) -> Tensor:
    """Light and dark strands that fall from the crown, curls where hair is curly, (N, S, S)."""
    curl, parting = per_face(people.hair_shape[:, 2]), per_face(people.hair_shape[:, 3])
    dx, dy = x - 0.6 * parting, y - 1.35
    radius = (dx * dx).addcmul_(dy, dy).add_(0.01).sqrt_()
    wave = torch.add(3 * x, radius, alpha=9).sin_()
    angle = torch.atan2(dx, 0.15 - dy).addcmul_(0.05 * curl, wave)
    amount = (1.6 * curl - 0.4).clamp(0, 1)
    shift_across, shift_along = (per_face(v) for v in (0.35 * people.grain).unbind(1))
    across = torch.lerp(0.9 * angle, 0.55 * x, amount).add_(shift_across)
    along = torch.lerp(0.09 * radius, 0.55 * y, amount).add_(shift_along)
    where = pair(across, along)
    texture = grain_texture(str(x.device))[:, 1:2].expand(len(people), -1, -1, -1)
    return F.grid_sample(texture, where, padding_mode="reflection", align_corners=True)[:, 0]


def hair_colour(x: Tensor, y: Tensor, strand: Tensor, people: People, lamps: Lamps) -> Tensor:
    """Hair, or the cloth of a scarf, in the light that falls on a ball, (N, 3, S, S)."""
    nx, ny = x / 1.15, (y - 0.10) / 1.25
    nz = (1 - nx * nx).addcmul_(ny, ny, value=-1).clamp_(min=0.05).sqrt_()
    light = lamps.on(nx, ny, nz)
    light *= (1 - 0.35 * soft(-0.35 - y, 0.12))[:, None]
    scarf = per_face(people.scarf)
    crown, folds = ((x * x).addcmul_(dy, dy).sqrt_() for dy in (y - 0.75, y + 0.2))
    shine = line(crown - 0.34, 0.13).mul_((1 + strand).clamp_(0, 2)).mul_(0.03 * (1 - scarf))
    folds = torch.add(2 * x, folds, alpha=14).sin_()
    depth = (1 + (0.30 - 0.24 * scarf) * strand).addcmul_(0.20 * scarf, folds).clamp_(min=0.3)
    colour = torch.lerp(people.hair, people.clothes, people.scarf[:, None])[:, :, None, None]
    return torch.addcmul(shine[:, None], colour, depth[:, None]).mul_(light)


def around_the_head(x: Tensor, y: Tensor, strand: Tensor, people: People) -> Tensor:
    """Mask of the hair behind and beside the face, in the plane of the head, (N, S, S)."""
    end, volume, curl = (per_face(v) for v in people.hair_shape[:, :3].unbind(1))
    width = per_face(1 + 0.07 * people.warp[:, 0])
    above, below = (y - 0.20).clamp(min=0), (0.20 - y).clamp(min=0)
    # hangs down straight, or follows the head inwards where it is short
    inwards = 0.16 * soft(end + 0.6, 0.15)
    across = (x.abs() / (0.96 * width)).addcmul_(inwards, below)
    radius = across.square_().add_((above / 1.06).square_()).sqrt_()
    rough = 0.012 + 0.05 * curl
    mask = soft(torch.addcmul(volume - radius, rough, strand), 0.018)
    mask *= soft((y - end).add_(strand, alpha=0.06), 0.05)
    veiled = those_with(people.scarf)
    radius, below = radius[veiled], below[veiled]
    mask[veiled] = soft(1.02 - radius + 0.35 * (below - 1.05).clamp(min=0), 0.015)
    return mask


def on_the_face(x: Tensor, y: Tensor, depth: Tensor, strand: Tensor, people: People) -> Tensor:
    """Mask of the hair before forehead, temples and cheeks, (N, S, S).

    x, y: skin coordinates; depth: how far forward the head reaches there, below .2 on its sides.
    """
    end, volume, _, parting, opened, fringe, receding, sides = (
        per_face(v) for v in people.hair_shape.unbind(1)
    )
    ax = x.abs()
    front = per_face(people.hairline) - 0.50 * (ax - 0.50).clamp_(min=0)
    front.addcmul_(0.40 * receding, line(ax - 0.46, 0.20))
    beside_parting = ((x - parting).abs_() / 0.55).clamp_(max=1)
    open_ = (1 - opened).addcmul(opened, beside_parting)
    front.addcmul_(fringe * soft(0.74 - ax, 0.05), open_, value=-1)
    top = soft((y - front).addcmul_(0.025 + 0.06 * fringe, strand), 0.022)
    # short hair leaves the cheek at the sideburn, long hair frames it
    edge = torch.add(0.08 + 0.16 * soft(-0.3 - end, 0.1), strand, alpha=0.10)
    beside = soft(edge - depth, 0.06).mul_(sides)
    beside *= soft(y - end.clamp(max=-0.02), 0.05)
    beside *= soft(ax - 0.50, 0.04)
    mask, veiled = torch.maximum(top, beside), those_with(people.scarf)
    mask[veiled] = soft(0.36 - depth[veiled], 0.03)
    return mask


def hair_on_skin(people: People) -> Tensor:
    """Colour of brows and beard, the skin between the hairs included, (N, 3, 1, 1)."""
    return (0.72 * people.hair + 0.12 * people.skin)[:, :, None, None]


def beard_cover(hairs: Tensor, grain: Tensor) -> Tensor:
    """How much of the skin a beard covers, (N, S, S), from its density and the skin's grain."""
    uneven = (1 + 0.30 * grain[:, 1]).add_(grain[:, 2], alpha=0.25)
    return uneven.mul_(hairs).clamp_(0, 0.94)
