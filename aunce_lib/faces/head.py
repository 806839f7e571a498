"""Around the face, back to front: wall, neck, hair, ears, face, glasses, occluder."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from aunce_lib.faces.camera import HALF_VIEW, VIEW_Y
from aunce_lib.faces.curves import View, line, per_face, soft
from aunce_lib.faces.eyes import EYE_X
from aunce_lib.faces.people import People, Scenes


def compose(
    face: Tensor,
    light: Tensor,
    contour: Tensor,
    view: View,
    skin_at: tuple[Tensor, Tensor],
    grain: Tensor,
    people: People,
    scenes: Scenes,
) -> Tensor:
    """Wall, neck, hair, ears, face, glasses and occluder, back to front, (N, 3, S, S)."""
    ux, uy = skin_at
    ax, size = view.x.abs(), view.x.shape[-1]
    skin = people.skin[:, :, None, None]
    picture = F.interpolate(scenes.backdrop, size, mode="bilinear", align_corners=True)

    lower_end, volume, curls = (per_face(v) for v in people.hair_shape.unbind(1))
    strands = 0.16 * grain[:, 1] + 0.10 * grain[:, 2]
    hair = (
        people.hair[:, :, None, None]
        * (0.45 + 0.55 * light[:, 1] + strands).clamp(0.15, 1.3)[:, None]
    )
    above = (view.y - 0.25).clamp(min=0)
    radius = ((view.x / 0.98) ** 2 + (above / 1.05) ** 2).sqrt()
    ends = view.y - lower_end + 0.05 * grain[:, 2]
    behind = soft(volume - radius + 0.045 * curls * grain[:, 0], 0.02) * soft(ends, 0.05)
    picture = torch.lerp(picture, hair, behind[:, None])

    neck = soft(0.50 - ax - 0.05 * (view.y + 1), 0.02) * soft(-0.55 - view.y, 0.03)
    under_chin = 0.55 + 0.25 * (0.50 - ax).clamp(0, 1)
    picture = torch.lerp(
        picture, skin * (per_face(scenes.ambient) * under_chin + 0.12)[:, None], neck[:, None]
    )

    ear = (((ax - 0.855) / 0.085) ** 2 + ((view.y + 0.03 - 0.25 * (ax - 0.855)) / 0.20) ** 2).sqrt()
    ear_light = (0.30 + 0.42 * light[:, 1]) * (0.80 + 0.30 * line(ear - 0.75, 0.22))
    picture = torch.lerp(picture, skin * ear_light[:, None], soft(1 - ear, 0.10)[:, None])
    over_ear = behind * soft(-0.25 - lower_end, 0.06)
    picture = torch.lerp(picture, hair, over_ear[:, None])

    fringe = soft(
        uy - per_face(people.hairline) + 0.9 * (ax - 0.55).clamp(min=0) + 0.02 * grain[:, 2], 0.025
    )
    face = torch.lerp(face, hair, fringe[:, None])
    picture = torch.lerp(picture, face, soft(0.972 - contour, 0.010)[:, None])
    picture = _glasses(picture, view, people)
    return _occluder(picture, scenes, people)


def _glasses(picture: Tensor, view: View, people: People) -> Tensor:
    """Dark frames before the eyes of those who wear glasses."""
    ax = view.x.abs()
    x, y = (ax - EYE_X) / 0.235, (view.y - 0.07) / 0.19
    distance = ((x * x) ** 2 + (y * y) ** 2).sqrt().sqrt()  # a rounded rectangle, 1 on the frame
    frame = line(distance - 1, 0.05 + 0.5 * view.pixel)
    bridge = soft(0.13 - ax, 0.01) * line(view.y - 0.10, 0.018)
    dark = 0.75 * torch.maximum(frame, bridge) * per_face(people.glasses)
    return picture * (1 - dark)[:, None]


def _occluder(picture: Tensor, scenes: Scenes, people: People) -> Tensor:
    """A blurred blob of about the skin's colour, as a hand that passes."""
    size = picture.shape[-1]
    present, x, y, half_width, half_height, shade_ = (
        per_face(v) for v in scenes.occluder.unbind(1)
    )
    t = ((torch.arange(size, device=picture.device) + 0.5) / size * 2 - 1) * HALF_VIEW
    distance = ((t - x) / half_width) ** 2 + ((VIEW_Y - t[:, None] - y) / half_height) ** 2
    hand = people.skin[:, :, None, None] * 0.8 * shade_[:, None] + 0.1
    return torch.lerp(picture, hand, (present * soft(1 - distance, 0.1))[:, None])
