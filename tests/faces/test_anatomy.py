"""The muscle table: complete, consistent with FACS, and within the face."""

from __future__ import annotations

import pytest

from aunce_lib.faces.anatomy import ACTIONS, AUS
from aunce_lib.faces.muscles import ADDED, FOLD, SCALED
from aunce_lib.facs import ACTION_UNITS, AU_SETS


def points(action):
    for pull in action.pulls:
        yield pull.centre
    for bump in action.bumps:
        yield bump.centre
    for furrow in action.furrows:
        yield from (furrow.start, furrow.bend, furrow.end)


def test_aus_are_sorted_and_known_to_facs():
    assert list(AUS) == sorted(set(AUS))
    assert set(AUS) <= set(ACTION_UNITS)


@pytest.mark.parametrize("corpus", sorted(AU_SETS))
def test_every_corpus_can_be_drawn(corpus):
    assert set(AU_SETS[corpus]) <= set(AUS)


@pytest.mark.parametrize("au", AUS)
def test_action_does_something_inside_the_head(au):
    action = ACTIONS[au]
    assert action.pulls or action.bumps or action.furrows or action.jaw or action.curves
    for x, y in points(action):
        assert -0.1 <= x <= 0.8
        assert -1.07 <= y <= 0.8


@pytest.mark.parametrize("au", AUS)
def test_curve_effects_have_documented_names_and_sane_sizes(au):
    for name, value in ACTIONS[au].curves.items():
        assert (name in ADDED) != (name in SCALED)
        assert -0.95 <= value <= 1.3


@pytest.mark.parametrize("au", AUS)
def test_furrows_stay_thin_enough_to_look_like_skin(au):
    for furrow in ACTIONS[au].furrows:
        assert 0 < furrow.depth <= 1.7
        assert 0 < furrow.width <= 1.3 * FOLD


@pytest.mark.parametrize("au", AUS)
def test_upper_face_aus_leave_the_mouth_alone_and_lower_ones_the_eyes(au):
    lips = {"corner_out", "corner_up", "line_up", "part", "drop", "lip_line", "corner_shadow"}
    lips |= {"upper_lip", "lower_lip", "gap", "lower_lip_down", "lip_out", "corner_thin"}
    lids = {"upper_lid", "lower_lid", "lid_fold", "lids_meet"}
    region, curves = ACTION_UNITS[au].region, set(ACTIONS[au].curves)
    if region in ("brow", "eyelids", "cheeks"):
        assert not curves & lips
    if region in ("mouth", "chin", "jaw"):
        assert not curves & lids
