"""The face playground: what it computes, and its controls, without a browser or a kernel."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from aunce_lib.faces import AUS
from aunce_lib.widgets import playground as module
from aunce_lib.widgets import portrait
from aunce_lib.widgets.playground import APART, EXPRESSIONS, Playground, look

SMALL = 64  # pixels: quicker to draw than what learners see


@pytest.fixture(scope="module", autouse=True)
def small_pictures():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(portrait, "SIZE", SMALL)
        yield


@pytest.fixture(scope="module")
def playground(small_pictures):
    return Playground()


@pytest.fixture
def at_rest(playground):
    """One playground for all tests, put back to rest, since a drawing takes most of a second."""
    playground.person.value, playground.side.value = 0, "both sides"
    for slider in playground.angles.values():
        slider.value = 0
    playground.show({})
    return playground


def test_every_expression_is_drawn_and_labelled_as_such():
    for aus in EXPRESSIONS.values():
        assert set(aus) <= set(AUS)
        assert tuple(sorted(aus)) == aus


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


def test_the_picture_is_a_jpeg_of_face_and_change(at_rest):
    at_rest.show({12: 1.0})
    opened = Image.open(io.BytesIO(at_rest.picture.value))
    picture = np.asarray(opened)
    assert opened.format.lower() == at_rest.picture.format
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
    controls = [*at_rest.sliders.values(), *at_rest.right.values(), *at_rest.buttons.values()]
    controls += [at_rest.person, at_rest.side, *at_rest.angles.values()]
    classes = [name for control in controls for name in control._dom_classes]
    assert len(set(classes)) == len(controls)
    assert all(name.startswith("aunce-playground-") for name in classes)
    assert "aunce-playground-au12" in classes
    assert all(control.description for control in controls)


@pytest.mark.parametrize("name", ["light", "turn", "nod", "tilt"])
def test_light_and_pose_redraw_with_the_same_muscles(at_rest, name):
    at_rest.show({12: 1.0})
    before = at_rest.picture.value
    at_rest.angles[name].value = 10
    assert at_rest.picture.value != before
    assert at_rest.state[name] == 10
    assert at_rest.state["intensities"] == {12: 1.0}
    np.testing.assert_array_equal(at_rest.look.face, look({12: 1.0}, **{name: 10}).face)


def test_sides_come_apart_with_what_is_shown_and_together_again(at_rest):
    at_rest.show({12: 1.0})
    at_rest.side.value = "left of the picture"
    one_sided = at_rest.look.face
    at_rest.side.value = APART
    np.testing.assert_array_equal(at_rest.look.face, one_sided)
    assert at_rest.state["sides"] == {12: (1.0, 0.0)}
    assert at_rest.right[12].layout.display is None
    at_rest.right[12].value = 0.5
    np.testing.assert_array_equal(at_rest.look.face, look({12: (1.0, 0.5)}).face)
    at_rest.side.value = "both sides"
    assert at_rest.state["sides"] == {12: 1.0}
    assert at_rest.right[12].layout.display == "none"


def test_a_pair_brings_the_sliders_of_both_sides(at_rest):
    at_rest.show({12: (0.8, 0.2)})
    assert at_rest.state["side"] == APART
    assert (at_rest.sliders[12].value, at_rest.right[12].value) == (0.8, 0.2)
    at_rest.buttons["joy"].click()  # an expression moves both sides
    assert at_rest.state["sides"] == dict.fromkeys(EXPRESSIONS["joy"], (1.0, 1.0))


def test_the_quiz_lies_beside(at_rest):
    assert at_rest.quiz.state["asked"] == 0
    assert "Try" in at_rest.children[0].value


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
