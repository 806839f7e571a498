"""Twins differ where their action unit is, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest

from aunce_lib.inspection import Twins, draw_twins


def test_brows_move_above_and_lips_below_the_middle():
    brow, mouth = draw_twins(1, n=2, image_size=32), draw_twins(12, n=2, image_size=32)
    assert brow.change[:, :16].sum() > 5 * brow.change[:, 16:].sum()
    assert mouth.change[:, 16:].sum() > 5 * mouth.change[:, :16].sum()


def test_the_same_seed_draws_the_same_people_whatever_the_action_unit():
    brow, mouth = draw_twins(1, n=2, image_size=32), draw_twins(12, n=2, image_size=32)
    same = (brow.acting == mouth.acting).all(axis=1)
    assert same[:, :, :3].mean() > 0.95  # the wall
    other = draw_twins(1, n=2, image_size=32, seed=7)
    assert (other.acting == brow.acting).mean() < 0.5


def test_a_weaker_movement_changes_less():
    strong, weak = (draw_twins(12, n=2, image_size=32, intensity=i) for i in (1.0, 0.2))
    assert weak.change.sum() < strong.change.sum()


def test_moved_pixels_are_those_an_eye_can_see():
    resting = np.zeros((1, 3, 2, 2), np.uint8)
    acting = resting.copy()
    acting[0, :, 0, 0], acting[0, :, 1, 1] = 60, 3
    twins = Twins(12, acting, resting)
    assert twins.moved.tolist() == [[[True, False], [False, False]]]
    assert twins.change[0, 0, 0] == pytest.approx(60 / 255)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"au": 99}, "no action unit 99"),
        ({"au": 12, "intensity": 0}, "intensity must be above 0"),
        ({"au": 12, "intensity": np.nan}, "intensity must be above 0"),
        ({"au": 12, "difficulty": "easy"}, "difficulty must be one of"),
        ({"au": 12, "n": 0}, "at least one row"),
    ],
)
def test_bad_input_is_refused_by_name(arguments, says):
    with pytest.raises(ValueError, match=says):
        draw_twins(**arguments)
