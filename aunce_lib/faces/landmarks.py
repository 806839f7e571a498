"""Landmarks: where brows, lids, nose, lips and chin of a drawn face are in its picture.

The way of a pixel, the other way round. `render` takes a pixel p back to the resting face,
u = q - action(q), q = p - person(p); here a point of the resting face goes forwards, by fixed-point
iteration. Lids and lips are curves drawn at q, and are read off there.
"""

from __future__ import annotations

import torch
from torch import Tensor

from aunce_lib.faces.camera import HALF_VIEW, HEIGHT, VIEW_Y, WIDTH, Turn
from aunce_lib.faces.curves import View, curve_effects
from aunce_lib.faces.eyes import EYE_X, lid_curves
from aunce_lib.faces.fields import blend_fields
from aunce_lib.faces.mouth import lip_curves
from aunce_lib.faces.people import People, Scenes
from aunce_lib.faces.render import blend, given_way, head_relief, sample
from aunce_lib.faces.resting import fall

ALONG_BROW = (-0.8, 0.0, 0.8)  # from the inner end to the tail
ALONG_EYE = (-0.95, -0.45, 0.0, 0.45, 0.95)  # from the inner to the outer corner
ALONG_LIPS = (-0.97, -0.6, -0.3, 0.0, 0.3, 0.6, 0.97)  # from corner to corner
#: Points that ride on the skin: tip and wings of the nose, cheeks, chin, between the brows.
ON_SKIN = (
    *((0.0, -0.24), (-0.14, -0.27), (0.14, -0.27)),
    *((-0.45, -0.15), (0.45, -0.15), (0.0, -1.0), (-0.25, -0.9), (0.25, -0.9), (0.0, 0.3)),
)
N_LANDMARKS = 2 * len(ALONG_BROW) + 4 * len(ALONG_EYE) + 4 * len(ALONG_LIPS) + len(ON_SKIN)


@torch.inference_mode()
def landmarks(people: People, aus: Tensor, scenes: Scenes) -> Tensor:
    """Places of the landmarks, those too that the head itself hides.

    Args:
        people, aus, scenes: As for `render`, N rows each.

    Returns:
        (N, K, 2) x to the right and y down, -1 to 1 from edge to edge of the picture.
    """
    effort = given_way(aus * people.gain)
    person, action, resting = blend(people, effort, blend_fields(96, str(aus.device)))
    effects = curve_effects(effort)
    rest_x, rest_y = _resting_points(people)
    q = _forwards(rest_x, rest_y, action)
    curves = (_lids(people, effects, scenes.gaze), _lips(people, effects))
    x, y = (torch.cat([on_skin, *of], 1) for on_skin, *of in zip(q, *curves, strict=True))
    x, y = _forwards(x, y, person)
    height, contour = sample(head_relief(person, action, resting), x[:, None], y[:, None]).unbind(1)
    depth = (height - fall(contour))[:, 0]
    turn = Turn.of(scenes)
    x, y, _ = turn.seen(x[:, None], y[:, None], depth[:, None])
    return _in_picture(x[:, 0], y[:, 0], scenes)


def _forwards(x: Tensor, y: Tensor, field: Tensor) -> tuple[Tensor, Tensor]:
    """The points that `field` (N, 2 or more, G, G) takes back to x and y (N, K)."""
    to_x, to_y = x, y
    for _ in range(6):
        dx, dy = sample(field[:, :2], to_x[:, None], to_y[:, None])[:, :, 0].unbind(1)
        to_x, to_y = x + dx, y + dy
    return to_x, to_y


def _resting_points(people: People) -> tuple[Tensor, Tensor]:
    """Brows and points on the skin of the resting face, (N, K) each."""
    _, _, arch, slope, rise, start, end, peak, _ = people.brow[:, :, None].unbind(1)
    along = people.brow.new_tensor(ALONG_BROW)
    bend = along - peak
    height = rise + arch * (0.45 - torch.where(bend < 0, 0.38, 1.05) * bend * bend) + slope * along
    at = (start + end) / 2 + along * (end - start) / 2
    skin = people.brow.new_tensor(ON_SKIN).expand(len(people), -1, -1)
    return (
        torch.cat([-at, at, skin[..., 0]], 1),
        torch.cat([height, height, skin[..., 1]], 1),
    )


def _window(x: Tensor) -> View:
    """A window of one row of points x (N, K)."""
    x = x[:, None]
    return View(x, torch.zeros_like(x), (x > 0).float(), 0.01)


def _lids(people: People, effects: dict, gaze: Tensor) -> tuple[Tensor, Tensor]:
    along = people.eye.new_tensor(ALONG_EYE)
    x = EYE_X + along * people.eye[:, :1]  # |x|, (N, K)
    x = torch.cat([-x, x], 1)
    lids = lid_curves(_window(x), effects, people, gaze)
    return torch.cat([x, x], 1), torch.cat([lids.upper[:, 0], lids.lower[:, 0]], 1)


def _lips(people: People, effects: dict) -> tuple[Tensor, Tensor]:
    along = people.mouth.new_tensor(ALONG_LIPS).expand(len(people), -1)
    half_width = lip_curves(_window(along), effects, people).half_width[:, 0]
    x = along * half_width
    lips = lip_curves(_window(x), effects, people)
    heights = (lips.upper_outer, lips.upper_inner, lips.lower_inner, lips.lower_outer)
    return torch.cat([x] * 4, 1), torch.cat([height[:, 0] for height in heights], 1)


def _in_picture(x: Tensor, y: Tensor, scenes: Scenes) -> Tensor:
    """The inverse of `camera.camera_plane`: its coordinates (N, K) -> (N, K, 2) in -1..1."""
    roll, zoom = scenes.pose[:, 2:], scenes.zoom[:, None]
    cos, sin = roll.cos() / zoom, roll.sin() / zoom
    x, y = WIDTH * x, HEIGHT * (y + 0.1) + scenes.shift[:, 1:]
    x, y = cos * x - sin * y + scenes.shift[:, :1], sin * x + cos * y - 0.1
    return torch.stack([x, VIEW_Y - y], -1) / HALF_VIEW
