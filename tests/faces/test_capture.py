"""Capture conditions: what stays in a sequence, what moves, and how the corpora differ."""

from __future__ import annotations

from dataclasses import fields

import pytest
import torch

from aunce_lib.faces import Capture, Difficulty, Scenes, draw_shots
from aunce_lib.faces.capture import CONVERSATION, ONE_ROOM, STREET, STUDIO

TURNED = torch.tensor([30.0, 20.0, 20.0]) + 1e-3  # degrees


def test_only_pose_place_gaze_and_hand_change_within_a_sequence():
    shots = draw_shots(3, 40, capture=STREET)
    frames = shots.at(torch.full((40,), 1), torch.arange(40))
    for f in fields(Scenes):
        values = getattr(frames, f.name).reshape(40, -1)
        moves = f.name in ("pose", "shift", "gaze", "occluder")
        assert (not torch.equal(values, values[:1].expand_as(values))) == moves, f.name


def test_heads_move_smoothly_and_eyes_jump():
    shots = draw_shots(50, 100, capture=CONVERSATION)
    step = torch.rad2deg(shots.pose[..., 0].diff(dim=1).abs())
    assert step.max() < 6  # degrees from a frame to the next
    assert (shots.gaze.diff(dim=1) == 0).float().mean() > 0.8


def test_heads_of_a_conversation_turn_up_to_30_degrees_and_those_of_a_studio_rarely():
    talking, studio = (draw_shots(300, 60, capture=c).pose for c in (CONVERSATION, STUDIO))
    assert (torch.rad2deg(talking.abs()).amax((0, 1)) <= TURNED).all()
    assert torch.rad2deg(talking[..., 0].abs().max()) > 28
    assert talking[..., 0].std() > 1.5 * studio[..., 0].std()
    assert torch.rad2deg(studio[..., 0].std()) < 9


def test_in_one_room_everybody_has_the_same_light_camera_and_wall_but_an_own_pose():
    scenes = draw_shots(20, 5, capture=ONE_ROOM).scenes
    for name in ("light", "ambient", "exposure", "balance", "backdrop", "blur", "noise"):
        values = getattr(scenes, name)
        assert torch.equal(values, values[:1].expand_as(values)), name
    assert len(scenes.pose.unique(dim=0)) == 20


def test_the_street_is_darker_brighter_blurred_and_covered():
    street, studio = (draw_shots(400, 1, capture=c).scenes for c in (STREET, STUDIO))
    assert street.exposure.log().std() > 2 * studio.exposure.log().std()
    assert street.blur.mean() > 1.3 * studio.blur.mean()
    assert street.occluder[:, 0].mean().item() == pytest.approx(0.15, abs=0.06)
    assert studio.occluder[:, 0].sum() == 0
    texture = street.backdrop.std((2, 3)).mean()
    assert texture > 1.3 * studio.backdrop.std((2, 3)).mean()


def test_no_backdrop_is_candy_coloured():
    backdrop = draw_shots(300, 1, capture=STREET).scenes.backdrop
    assert backdrop.min() >= 0
    assert backdrop.max() <= 1
    assert (backdrop.amax(1) - backdrop.amin(1)).mean() < 0.15


def test_conditions_scale_the_difficulty_within_its_limits():
    capture = Capture(pose=1.5, light=0.5, camera=2.0, occlusion=0.5)
    hard = capture.applied(Difficulty(pose=1.0, light=1.0, camera=1.5, occlusion=0.5))
    assert (hard.pose, hard.light, hard.camera) == (1.5, 0.5, 2.0)
    assert hard.occlusion == 0.75


def test_same_seed_same_shots_other_seed_others():
    one, again, other = (draw_shots(4, 10, seed) for seed in (1, 1, 2))
    assert torch.equal(one.pose, again.pose)
    assert torch.equal(one.scenes.backdrop, again.scenes.backdrop)
    assert not torch.equal(one.pose, other.pose)


def test_no_sequences_are_refused():
    with pytest.raises(ValueError, match="at least one row"):
        draw_shots(0, 10)
