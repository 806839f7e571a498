"""The camera: turns and their inverse, rays against closed forms, film."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from aunce_lib.faces import draw_scenes
from aunce_lib.faces.camera import PIVOT, Turn, camera_plane, trace


def turned(*degrees: tuple[float, float]):
    """Scenes with these (yaw, pitch), head in the middle, no zoom."""
    n = len(degrees)
    pose = torch.cat([torch.tensor(degrees) * torch.pi / 180, torch.zeros(n, 1)], 1)
    return dataclasses.replace(
        draw_scenes(n), pose=pose, shift=torch.zeros(n, 2), zoom=torch.ones(n)
    )


def ball(x, y, radius=0.7):
    """The front of a ball about the axis of the turn."""
    return (
        PIVOT + (radius**2 - x * x - y * y).clamp(min=0).sqrt() - 2.0 * (x * x + y * y > radius**2)
    )


def plate_with_a_post(x, y):
    """Flat, with a tall soft post in the middle: the post hides what is behind it."""
    return 0.1 + 0.55 * torch.exp(-(x * x + y * y) / 0.02)


def test_head_is_the_inverse_of_seen():
    turn = Turn.of(draw_scenes(10, 2))
    x, y, z = torch.randn(3, 10, 4, 4)
    for found, given in zip(turn.head(*turn.seen(x, y, z)), (x, y, z), strict=True):
        torch.testing.assert_close(found, given, atol=1e-5, rtol=0)


def test_turning_keeps_lengths_and_moves_the_nose_where_the_pose_says():
    turn = Turn.of(turned((25.0, 0.0), (0.0, 15.0)))
    zero = torch.zeros(2, 1, 1)
    x, y, depth = turn.seen(zero, zero, zero + PIVOT + 1)
    torch.testing.assert_close(x * x + y * y + depth * depth, torch.ones(2, 1, 1))
    assert x[0] > 0.4  # yaw above 0: to the right of the picture
    assert y[1] > 0.2  # pitch above 0: upwards


def test_a_direction_towards_the_camera_is_seen_from_the_turned_head():
    turn = Turn.of(turned((90.0, 0.0)))
    x, y, z = turn.direction(torch.tensor([[0.0, 0.0, 1.0]]))
    found = torch.stack([x, y, z]).flatten()
    torch.testing.assert_close(found, torch.tensor([-1.0, 0.0, 0.0]), atol=1e-6, rtol=0)


@pytest.mark.parametrize("pose", [(0.0, 0.0), (30.0, 0.0), (-30.0, 20.0), (0.0, -20.0)])
def test_rays_meet_a_ball_where_the_closed_form_says(pose):
    """A ball looks the same from everywhere, so the depth seen is that of the unturned ball."""
    scenes = turned(pose)
    turn = Turn.of(scenes)
    x, y = camera_plane(scenes, 48)
    hit = trace(x, y, ball, turn)
    depth = turn.seen(*hit)[2]
    inside = (x * x + y * y < 0.3**2) & (hit[2] > PIVOT + 0.1)
    expected = (0.7**2 - x * x - y * y).clamp(min=0).sqrt()
    assert (depth - expected)[inside].abs().max() < 0.01
    seen = turn.seen(*hit)
    assert (seen[0] - x)[inside].abs().max() < 1e-5
    assert (seen[1] - y)[inside].abs().max() < 1e-5


def test_rays_that_miss_end_far_behind_the_face():
    scenes = turned((0.0, 0.0), (30.0, 0.0), (-30.0, -20.0))
    x, y = camera_plane(scenes, 32)
    _, _, z = trace(x, y, lambda x, y: ball(x, y, 0.4), Turn.of(scenes))
    assert (z[(x * x + y * y) > 0.9**2] < -0.4).all()


def test_a_post_hides_what_lies_behind_it():
    """Against an oracle that walks each ray in a thousand small steps."""
    scenes = turned((30.0, 0.0), (-25.0, 15.0))
    turn = Turn.of(scenes)
    x, y = camera_plane(scenes, 40)
    found = turn.seen(*trace(x, y, plate_with_a_post, turn))[2]
    expected = torch.full_like(x, float("nan"))
    for t in torch.linspace(0.85, -1.25, 1000).tolist():
        px, py, pz = turn.head(x, y, torch.full_like(x, t))
        expected = torch.where(expected.isnan() & (pz <= plate_with_a_post(px, py)), t, expected)
    seen = expected.isfinite() & (x.abs() < 0.7) & (y.abs() < 0.7)
    error = (found - expected)[seen].abs()
    assert error.median() < 0.004
    assert (error < 0.03).float().mean() > 0.97
    straight = trace(x, y, plate_with_a_post, Turn.of(turned((0.0, 0.0), (0.0, 0.0))))
    torch.testing.assert_close(straight[0], x)
