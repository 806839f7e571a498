"""The face playground: what it computes, and its controls, without a browser or a kernel."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from aunce_lib.faces import AUS
from aunce_lib.widgets import playground as module
from aunce_lib.widgets.playground import ACTIVE, EXPRESSIONS, N_PEOPLE, Playground, look

SMALL = 64  # pixels: quicker to draw than what learners see
HALF = SMALL // 2
UPPER, LOWER = slice(0, HALF), slice(HALF, SMALL)  # rows of the picture


@pytest.fixture(scope="module", autouse=True)
def small_pictures():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "SIZE", SMALL)
        yield


@pytest.fixture(scope="module")
def playground(small_pictures):
    return Playground()


@pytest.fixture
def at_rest(playground):
    """One playground for all tests, put back to rest, since a drawing takes most of a second."""
    playground.person.value, playground.side.value = 0, "both sides"
    playground.show({})
    return playground


# ---------------------------------------------------------------------------------- look


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
    ],
)
def test_bad_input_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        look(*arguments)


def test_every_expression_is_drawn_and_labelled_as_such():
    for aus in EXPRESSIONS.values():
        assert set(aus) <= set(AUS)
        assert tuple(sorted(aus)) == aus


# ---------------------------------------------------------------------------- playground


def test_a_slider_moves_the_state_and_the_picture(at_rest):
    before = at_rest.picture.value
    at_rest.sliders[12].value = 1.0
    assert at_rest.state["intensities"] == {12: 1.0}
    assert at_rest.state["active"] == [12]
    assert at_rest.state["changed"] > 0.01
    assert at_rest.picture.value != before


def test_a_button_shows_its_expression_and_puts_the_rest_to_rest(at_rest):
    at_rest.sliders[43].value = 1.0
    at_rest.buttons["surprise"].click()
    assert at_rest.state["active"] == [1, 2, 5, 26]
    assert at_rest.sliders[43].value == 0
    at_rest.buttons["at rest"].click()
    assert at_rest.state["active"] == []


def test_an_expression_is_drawn_once_not_once_a_slider(at_rest, monkeypatch):
    drawn = []
    monkeypatch.setattr(module, "look", lambda *a: drawn.append(a) or look(*a))
    at_rest.buttons["joy"].click()
    assert len(drawn) == 1
    at_rest.sliders[4].value = 0.5  # the sliders still answer afterwards
    assert len(drawn) == 2


def test_person_and_side_redraw_with_the_same_muscles(at_rest):
    at_rest.show({12: 1.0})
    first = at_rest.picture.value
    at_rest.person.value = 1
    second = at_rest.picture.value
    at_rest.side.value = "left of the picture"
    assert len({first, second, at_rest.picture.value}) == 3
    assert at_rest.state["person"] == 1
    assert at_rest.state["side"] == "left of the picture"
    assert at_rest.state["intensities"] == {12: 1.0}


def test_the_picture_is_a_png_of_face_and_change(at_rest):
    at_rest.show({12: 1.0})
    picture = np.asarray(Image.open(io.BytesIO(at_rest.picture.value)))
    assert picture.shape == (2 * SMALL, 2 * (2 * SMALL + 8), 3)
    face, change = picture[:, : 2 * SMALL], picture[:, 2 * SMALL + 16 :]
    assert face.mean() > change.mean()  # most pixels did not move: dark


def test_the_caption_says_what_is_labelled_and_what_is_too_weak(at_rest):
    at_rest.show({12: 1.0, 25: 0.1})
    caption = at_rest.caption.value
    assert "<b>AU12 lip corner puller</b>" in caption
    assert "too weakly for a label: AU25 lips part" in caption
    assert "synthetic" in caption
    assert "AU12<br><b>1</b>" in caption
    assert "AU1<br><b>0</b>" in caption


def test_refused_input_moves_no_slider(at_rest):
    at_rest.show({12: 1.0})
    with pytest.raises(ValueError, match="0..1"):
        at_rest.show({4: 2.0})
    assert at_rest.sliders[12].value == 1.0
    assert at_rest.state["intensities"] == {12: 1.0}


def test_every_control_carries_a_class_and_a_name(at_rest):
    controls = [*at_rest.sliders.values(), *at_rest.buttons.values(), at_rest.person, at_rest.side]
    classes = [name for control in controls for name in control._dom_classes]
    assert len(set(classes)) == len(controls)
    assert all(name.startswith("aunce-playground-") for name in classes)
    assert "aunce-playground-au12" in classes
    assert all(control.description for control in controls)


def test_sliders_wait_for_the_hand_to_let_go(at_rest):
    assert not any(slider.continuous_update for slider in at_rest.sliders.values())


def test_the_figure_shows_the_same_face_and_stays_closed(at_rest):
    import matplotlib.pyplot as plt

    at_rest.show({6: 1.0, 12: 1.0})
    open_before = plt.get_fignums()
    figure = at_rest.figure()
    face, change = (axes.images[0].get_array() for axes in figure.axes[:2])
    np.testing.assert_array_equal(face, at_rest.look.face)
    np.testing.assert_array_equal(change, at_rest.look.change)
    assert "AU6 cheek raiser, AU12 lip corner puller" in figure.get_suptitle()
    assert plt.get_fignums() == open_before
