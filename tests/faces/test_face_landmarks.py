"""Landmarks lie where the picture shows them: found again in pixels, not by the same formulas."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from aunce_lib.faces import AUS, Difficulty, Population, draw_scenes, render
from aunce_lib.faces.landmarks import (
    ALONG_BROW,
    ALONG_EYE,
    ALONG_LIPS,
    N_LANDMARKS,
    ON_SKIN,
    landmarks,
)

SIZE = 192
N_BROWS = 2 * len(ALONG_BROW)
ON_THE_SKIN = N_BROWS + len(ON_SKIN)  # brows and skin come first, then lids, then lips
STILL = Difficulty(confusers=0.3, pose=0, light=0, camera=0)


def faces(aus: dict[int, float], n=6, difficulty=STILL, seed=3):
    people = Population(n, seed=seed, difficulty=difficulty).people
    people = replace(people, glasses=torch.zeros(n))
    intensities = torch.zeros(n, len(AUS), 2)
    for au, value in aus.items():
        intensities[:, AUS.index(au)] = value
    return people, intensities, draw_scenes(n, seed=seed, difficulty=difficulty)


def lids(points):
    """Upper and lower lids (N, 2 sides, along, xy)."""
    start, n = ON_THE_SKIN, len(ALONG_EYE)
    upper, lower = points[:, start : start + 2 * n], points[:, start + 2 * n : start + 4 * n]
    return upper.unflatten(1, (2, n)), lower.unflatten(1, (2, n))


def lips(points):
    """Outer and inner edges, from above, (N, 4, along, xy)."""
    start = ON_THE_SKIN + 4 * len(ALONG_EYE)
    return points[:, start : start + 4 * len(ALONG_LIPS)].unflatten(1, (4, len(ALONG_LIPS)))


def test_there_is_a_place_for_each():
    points = landmarks(*faces({}))
    assert points.shape == (6, N_LANDMARKS, 2)
    assert points.isfinite().all()
    assert points.abs().max() < 1.2


def test_a_straight_face_is_its_own_mirror():
    people, aus, scenes = faces({12: 1.0})
    people = replace(people, gain=torch.ones_like(people.gain))
    mouth = lips(landmarks(people, aus, scenes))
    middle = len(ALONG_LIPS) // 2
    axis = mouth[:, :, middle : middle + 1, 0]
    torch.testing.assert_close(
        mouth[..., 0] - axis, axis - mouth.flip(2)[..., 0], atol=0.01, rtol=0
    )


@pytest.mark.parametrize(
    ("au", "measure", "sign"),
    [
        (5, lambda p: (lids(p)[1] - lids(p)[0])[..., 2, 1].mean(1), 1),  # eyes open
        (45, lambda p: (lids(p)[1] - lids(p)[0])[..., 2, 1].mean(1), -1),  # eyes close
        (12, lambda p: lips(p)[:, 0, -1, 0] - lips(p)[:, 0, 0, 0], 1),  # mouth broadens
        (18, lambda p: lips(p)[:, 0, -1, 0] - lips(p)[:, 0, 0, 0], -1),  # and puckers
        (27, lambda p: (lips(p)[:, 2] - lips(p)[:, 1])[:, 3, 1], 1),  # mouth opens
        (2, lambda p: -p[:, :N_BROWS, 1].mean(1), 1),  # brows go up
        (4, lambda p: -p[:, :N_BROWS, 1].mean(1), -1),  # and down
    ],
)
def test_muscles_move_the_landmarks_they_move_in_anatomy(au, measure, sign):
    rest, moved = landmarks(*faces({})), landmarks(*faces({au: 1.0}))
    assert (sign * (measure(moved) - measure(rest)) > 0.004).all()


def test_an_open_mouth_is_dark_or_toothed_between_the_inner_lips():
    """Independent of the formulas: the pixels between the lips differ from those on the lips."""
    people, aus, scenes = faces({27: 1.0})
    pictures = render(people, aus, scenes, torch.arange(6), SIZE).float().mean(1)  # grey
    mouth = lips(landmarks(people, aus, scenes))[:, :, 3]  # middle, (N, 4, 2)
    at = ((mouth + 1) / 2 * SIZE - 0.5).round().long()
    for picture, (outer, inner, lower, _) in zip(pictures, at, strict=True):
        cavity = picture[inner[1] + 2 : lower[1] - 1, inner[0]]
        lip = picture[(outer[1] + inner[1]) // 2, inner[0]]
        assert len(cavity) > 4
        assert (cavity < 0.75 * lip).float().mean() > 0.4


def test_turning_shifting_and_zooming_the_camera_moves_them_along():
    people, aus, scenes = faces({})
    points = landmarks(people, aus, scenes)
    shifted = replace(scenes, shift=scenes.shift + torch.tensor([0.104, 0.0]))
    moved = landmarks(people, aus, shifted) - points
    torch.testing.assert_close(moved[..., 0], torch.full_like(moved[..., 0], 0.1))
    torch.testing.assert_close(moved[..., 1], torch.zeros_like(moved[..., 1]), atol=1e-6, rtol=0)
    near = landmarks(people, aus, replace(scenes, zoom=scenes.zoom / 2))  # half the zoom divides
    spread = near.std(1) / points.std(1)
    torch.testing.assert_close(spread, torch.full_like(spread, 2.0), atol=1e-4, rtol=0)


def test_they_lie_on_the_turned_head_as_the_camera_sees_it():
    """On a head turned to one side the tip of the nose leaves the middle of the eyes for it."""
    people, aus, scenes = faces({})
    for yaw in (-0.5, 0.5):
        pose = scenes.pose.clone()
        pose[:, 0] = yaw
        points = landmarks(people, aus, replace(scenes, pose=pose))
        eyes = lids(points)[0][..., 0].mean((1, 2))
        nose = points[:, N_BROWS, 0]
        assert ((nose - eyes) * yaw > 0.03).all()
