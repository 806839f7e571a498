"""The faces of playground and quiz: which pixels answer a muscle, in which light and pose."""

from __future__ import annotations

import numpy as np
import pytest

from aunce_lib.widgets import portrait as module
from aunce_lib.widgets.portrait import ACTIVE, N_PEOPLE, look

SMALL = 64  # pixels: quicker to draw than what learners see
HALF = SMALL // 2
UPPER, LOWER = slice(0, HALF), slice(HALF, SMALL)  # rows of the picture


@pytest.fixture(scope="module", autouse=True)
def small_pictures():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "SIZE", SMALL)
        yield


def test_a_face_at_rest_shows_no_change():
    rest = look({})
    assert rest.change.max() == 0
    assert rest.changed == 0
    assert rest.active == ()


@pytest.mark.parametrize(("au", "half", "other"), [(1, UPPER, LOWER), (15, LOWER, UPPER)])
def test_a_muscle_changes_its_own_half_of_the_face(au, half, other):
    change = look({au: 1.0}).change
    assert change[half].sum() > 10 * change[other].sum()


def test_one_side_moves_one_side():
    change = look({12: 1.0}, side="left of the picture").change
    left, right = change[:, : HALF - 4].sum(), change[:, HALF + 4 :].sum()
    assert left > 10 * right
    mirrored = look({12: 1.0}, side="right of the picture").change
    assert mirrored[:, HALF + 4 :].sum() > 10 * mirrored[:, : HALF - 4].sum()


def test_a_stronger_contraction_changes_more():
    weak, strong = look({4: 0.3}), look({4: 1.0})
    assert 0 < weak.change.sum() < strong.change.sum()


def test_the_label_starts_at_the_threshold_of_the_corpora():
    shown = look({1: ACTIVE, 2: ACTIVE - 0.01, 4: 0.0})
    assert shown.active == (1,)
    assert shown.intensities == {1: ACTIVE, 2: pytest.approx(ACTIVE - 0.01)}


def test_change_is_the_difference_from_the_same_person_at_rest():
    smile, rest = look({12: 1.0}, person=2), look({}, person=2)
    expected = np.abs(smile.face.astype(float) - rest.face.astype(float)).mean(axis=2) / 255
    np.testing.assert_allclose(smile.change, expected, atol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (({99: 1.0},), "no action unit 99"),
        (({12: 1.0}, N_PEOPLE), "person must be 0..11, got 12"),
        (({12: 1.0}, 0, "inside"), "side must be one of"),
        (({12: 1.5},), "0..1"),
        (({12: float("nan")},), "0..1"),
        (({12: (0.5, 2.0)},), "0..1"),
        (({12: 1.0}, 0, "both sides", 81), "light must lie in -80..80 degrees, got 81"),
        (({12: 1.0}, 0, "both sides", 0, float("nan")), "turn must lie in -30..30"),
    ],
)
def test_bad_input_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        look(*arguments)


def test_a_pair_moves_each_side_by_its_own_strength():
    both = look({12: (1.0, 0.5)})
    left, right = look({12: 1.0}, side="left of the picture"), look({12: (0.0, 0.5)})
    np.testing.assert_array_equal(both.face[:, : HALF - 6], left.face[:, : HALF - 6])
    np.testing.assert_array_equal(both.face[:, HALF + 6 :], right.face[:, HALF + 6 :])
    assert both.intensities == {12: 1.0}  # coded for either side
    assert right.intensities == {12: 0.5}


def test_light_comes_from_the_side_that_is_asked_for():
    for degrees in (-60, 60):
        face = look({}, light=degrees).face[24:56].astype(float)
        left, right = face[:, 16:30].mean(), face[:, 34:48].mean()
        assert (right > left) == (degrees > 0)


def test_turned_heads_look_to_that_side():
    front, right = look({}).face.astype(float), look({}, turn=25).face.astype(float)
    left = look({}, turn=-25).face.astype(float)
    assert np.abs(right - front).mean() > 5
    assert np.abs(left - right).mean() > 5
    tilted = look({}, tilt=15).face.astype(float), look({}, tilt=-15).face.astype(float)
    assert np.abs(tilted[0] - tilted[1]).mean() > 5


@pytest.mark.parametrize("scene", [{"light": 60}, {"turn": 20}, {"nod": 10}, {"tilt": -10}])
def test_change_is_measured_in_the_same_scene(scene):
    assert look({}, **scene).change.max() == 0
    shown = look({12: 1.0}, **scene)
    np.testing.assert_array_equal(shown.rest, look({}, **scene).face)
    assert 0 < shown.changed < 0.5
