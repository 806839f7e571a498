"""Around the face, back to front: wall, neck, hair, ears, face, glasses, occluder."""

from __future__ import annotations

import torch
from torch import Tensor

from aunce_lib.faces import hair
from aunce_lib.faces.camera import HALF_VIEW, VIEW_Y, Turn
from aunce_lib.faces.curves import View, above_zero, line, per_face, ramp, soft, those_with
from aunce_lib.faces.glasses import put_on_glasses
from aunce_lib.faces.light import Lamps
from aunce_lib.faces.people import People, Scenes
from aunce_lib.faces.torso import dress


def compose(
    face: Tensor,
    plane: tuple[Tensor, Tensor],
    view: View,
    skin_at: tuple[Tensor, Tensor],
    depth: Tensor,
    people: People,
    scenes: Scenes,
) -> Tensor:
    """Puts a face into a picture, (N, 3, S, S).

    Args:
        face: (N, 3, S, S) the lit face, wherever a ray meets the head or not.
        plane: Coordinates of the pixels before the head turns, from `camera_plane`.
        view: Face coordinates with the person's proportions taken out.
        skin_at: Coordinates that ride on the skin.
        depth: (N, S, S) where the ray meets the head, far behind where it misses.
        people: N people.
        scenes: N scenes.
    """
    lamps, turn, size = Lamps.of(scenes), Turn.of(scenes), face.shape[-1]
    picture = wall(scenes.backdrop, size)
    # skull and hair lie behind the axis of the turn, so they go the other way than the face
    x, y = plane[0] + 0.50 * turn.sin_yaw, plane[1] + 0.45 * turn.sin_pitch
    strand = hair.strands(x, y, people)
    hair_colour = hair.hair_colour(x, y, strand, people, lamps)

    neck_x = plane[0] + 0.30 * turn.sin_yaw * soft(plane[1] + 1.1, 0.15)
    neck, low = torch.zeros_like(x), slice(int(0.45 * size), size)  # nothing of it higher up
    picture[:, :, low], neck[:, low] = dress(
        picture[:, :, low], neck_x[:, low], plane[1][:, low], strand[:, low], people, lamps
    )
    around = hair.around_the_head(x, y, strand, people)
    throat = neck * soft(-0.45 - y, 0.05) * soft(0.50 - x.abs(), 0.03)
    around = around * (1 - throat * (1 - per_face(people.scarf)))
    picture.lerp_(hair_colour, around[:, None])

    # the steep sides of the head: seen from the front their whole depth falls into a pixel or two
    tilt = (turn.sin_yaw**2 + turn.sin_pitch**2).sqrt()
    head = soft(depth + 0.32, 0.2 * view.pixel / (tilt + 0.04))
    on_face = hair.on_the_face(*skin_at, depth, strand, people)
    face = torch.lerp(face, hair_colour, on_face[:, None])
    picture.lerp_(face, head[:, None])
    covered = around * soft(-0.12 - per_face(people.hair_shape[:, 0]), 0.05)
    covered = torch.maximum(covered, per_face(people.scarf).expand_as(covered))
    for side, half in ((-1, slice(0, size // 2)), (1, slice(size // 2, size))):
        at = plane[0][..., half], plane[1][..., half]
        ear, mask = _ear(side, *at, head[..., half], people, turn, lamps)
        mask *= 1 - covered[..., half]
        picture[..., half] = torch.lerp(picture[..., half], ear, mask[:, None])
    picture = put_on_glasses(picture, plane, view, head * (1 - on_face), people, scenes)
    return _occluder(picture, scenes, people)


def wall(backdrop: Tensor, size: int) -> Tensor:
    """Colours on a coarse grid (N, 3, h, w) -> (N, 3, size, size), linear between its nodes."""

    def share(nodes: int) -> Tensor:  # of each node in each pixel of a row, (size, nodes)
        place = torch.linspace(0, nodes - 1, size, device=backdrop.device)[:, None]
        node = torch.arange(nodes, device=backdrop.device)
        return (1 - (place - node).abs()).clamp(min=0)

    height, width = backdrop.shape[-2:]
    return share(height) @ (backdrop @ share(width).T)


def _ear(
    side: int,
    x: Tensor,
    y: Tensor,
    head: Tensor,
    people: People,
    turn: Turn,
    lamps: Lamps,
) -> tuple[Tensor, Tensor]:
    """An ear: behind the cheek when seen from the front, whole when turned to us, else hidden.

    Args:
        side: -1 for the ear in the left half of the picture, 1 for the other.
        x, y: (N, H, W) coordinates of the pixels of that half, from `camera_plane`.
        head: (N, H, W) mask of the head.
        people: N people.
        turn, lamps: Of their scenes.

    Returns:
        Its colour (N, 3, H, W) and its mask (N, H, W), hair and scarf left out of account.
    """
    half_height, out, lobe = (per_face(v) for v in people.ear.unbind(1))
    width = 0.84 * per_face(1 + 0.07 * people.warp[:, 0])
    root_x, root_y, _ = turn.seen(side * width, torch.full_like(width, -0.03), -0.10)
    towards_us = -side * turn.sin_yaw  # above 0 where the head shows this side
    half_width = out + 0.16 * towards_us.clamp(min=0)
    v = (y - root_y) / half_height
    u = ((x - root_x) * (side / half_width)).sub_(0.45).sub_(v, alpha=0.22)  # leans back
    length = (1 - 0.12 * lobe * v.clamp(-2, 2)).mul_(v).mul_(v).addcmul_(u, u)
    narrow = (u - 0.2).mul_(above_zero(-v))  # below the middle
    shape = length.sqrt_().add_(narrow, alpha=0.12)
    helix = line(shape - 0.84, 0.10)
    bowl = line((u + 0.15).square_().add_((v + 0.12).square_()).sqrt_(), 0.38)
    relief = 0.86 + 0.22 * helix - 0.38 * bowl - 0.25 * soft(-0.55 - u, 0.12)
    facing = (side * 0.45 + (side * 0.5) * u.clamp_(-1, 1), 0.15 * v.clamp_(-1, 1), 0.75)
    tint = people.skin * people.skin.new_tensor([1.04, 0.93, 0.92])
    ear = (lamps.on(*facing) * relief[:, None]).mul_(tint[:, :, None, None])
    behind, turned_away = 1 - ramp(6 * towards_us - 0.3), ramp(-5 * towards_us)
    hidden = torch.maximum(head * behind, turned_away)
    return ear, soft(1 - shape, 0.05).mul_(1 - hidden)


def _occluder(picture: Tensor, scenes: Scenes, people: People) -> Tensor:
    """A blurred blob of about the skin's colour, as a hand that passes."""
    size, hidden = picture.shape[-1], those_with(scenes.occluder[:, 0])
    _, x, y, half_width, half_height, shade_ = (
        per_face(v) for v in scenes.occluder[hidden].unbind(1)
    )
    t = ((torch.arange(size, device=picture.device) + 0.5) / size * 2 - 1) * HALF_VIEW
    distance = ((t - x) / half_width) ** 2 + ((VIEW_Y - t[:, None] - y) / half_height) ** 2
    hand = people.skin[hidden, :, None, None] * 0.8 * shade_[:, None] + 0.1
    picture[hidden] = torch.lerp(picture[hidden], hand, soft(1 - distance, 0.1)[:, None])
    return picture
