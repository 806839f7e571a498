"""Glasses: a rigid frame before the eyes, its arms along the temples, a faint reflection."""

from __future__ import annotations

import torch
from torch import Tensor

from aunce_lib.faces.camera import PIVOT, Turn
from aunce_lib.faces.curves import View, line, per_face, soft, those_with
from aunce_lib.faces.eyes import EYE_X
from aunce_lib.faces.people import People, Scenes

BEFORE_THE_EYES = 0.74  #: depth of the plane of the lenses


def put_on_glasses(
    picture: Tensor,
    plane: tuple[Tensor, Tensor],
    view: View,
    head: Tensor,
    people: People,
    scenes: Scenes,
) -> Tensor:
    """The picture, in place, with glasses for those who wear them; the others cost nothing.

    Args:
        picture: (N, 3, S, S).
        plane: Coordinates of the pixels from `camera_plane`.
        view: Face coordinates of the pixels, for the arms.
        head: (N, S, S) mask of the bare head, which the arms do not leave.
        people: N people.
        scenes: N scenes.
    """
    worn = those_with(people.glasses)
    frame, glint = _glasses(
        (plane[0][worn], plane[1][worn]),
        View(view.x[worn], view.y[worn], view.right[worn], view.pixel),
        head[worn],
        people[worn],
        scenes[worn],
    )
    glazed = picture[worn]
    glazed = torch.lerp(glazed, glazed.new_tensor(1.0), glint[:, None])
    picture[worn] = glazed.mul_(1 - frame[:, None])
    return picture


def _glasses(
    plane: tuple[Tensor, Tensor], view: View, head: Tensor, people: People, scenes: Scenes
) -> tuple[Tensor, Tensor]:
    """Masks of the frame, as dark as it is, and of the light on the lenses, (N, S, S) each."""
    turn, pixel = Turn.of(scenes), view.pixel
    z = BEFORE_THE_EYES - PIVOT
    # the lenses are a plane, so the rotation has a closed inverse
    x = (plane[0] - turn.sin_yaw * z) / turn.cos_yaw
    y = (plane[1] - turn.sin_pitch * (z * turn.cos_yaw - turn.sin_yaw * x)) / turn.cos_pitch
    half_width, half_height, square, thickness, darkness, reflection = (
        per_face(v) for v in people.frame.unbind(1)
    )
    ax = x.abs()
    across, up = (ax - EYE_X) / half_width, (y - 0.06 + 0.04 * (ax - EYE_X)) / half_height
    across2, up2 = across * across, up * up
    round_ = (across2 + up2).sqrt()
    boxy = (across2 * across2 + up2 * up2).sqrt().sqrt()
    distance = torch.lerp(round_, boxy, square)  # 1 on the rim
    size = 0.5 * (half_width + half_height)
    width = (0.5 * thickness + 0.4 * pixel) / size
    cover = thickness / (thickness + 0.5 * pixel)  # a rim thinner than a pixel only veils it
    rim = line(distance - 1, width)
    bridge = soft(EYE_X - half_width - ax, 0.01) * line(y - 0.10, 0.5 * thickness + 0.4 * pixel)
    arm_from = EYE_X + half_width
    arm = soft(view.x.abs() - arm_from, 0.03) * line(view.y - 0.12, 0.6 * thickness + 0.4 * pixel)
    frame = torch.maximum(torch.maximum(rim, bridge), arm * head * soft(ax - arm_from, 0.02))
    band = line(across + 0.7 * up - 0.5, 0.18) + 0.5 * line(across + 0.7 * up + 0.1, 0.08)
    glint = reflection * soft(1 - distance, 0.03) * (0.25 + band)
    return darkness * cover * frame, glint
