"""Movement in time: smooth where heads drift, in steps where eyes jump."""

from __future__ import annotations

import pytest

from aunce_lib.faces.draw import Draw
from aunce_lib.faces.motion import jump, wander


def test_wandering_numbers_are_standard_normal_at_every_frame():
    values = wander(Draw(4000, 0, 0), 50, 2, scale=20)
    assert values.shape == (4000, 50, 2)
    assert values.mean(0).abs().max() < 0.08
    assert (values.std(0) - 0.97).abs().max() < 0.06  # knots are cut off at 2.5


@pytest.mark.parametrize("scale", [5.0, 40.0])
def test_wandering_takes_steps_as_small_as_its_scale_is_long(scale):
    steps = wander(Draw(200, 1, 0), 200, 1, scale).diff(dim=1)
    assert steps.abs().max() < 6 / scale * 2.5
    assert steps.std() > 0.5 / scale


def test_jumping_numbers_stay_for_about_the_scale():
    values = jump(Draw(200, 2, 0), 300, 1, scale=15)
    stays = (values.diff(dim=1) == 0).float().mean().item()
    assert stays == pytest.approx(1 - 1 / 15, abs=0.01)
    assert values.std().item() == pytest.approx(1, abs=0.1)


def test_channels_of_a_jump_move_together():
    moved = jump(Draw(10, 3, 0), 100, 2, scale=10).diff(dim=1) != 0
    # but for two values in a row that are both cut off
    assert (moved[..., 0] != moved[..., 1]).float().mean() < 0.01
