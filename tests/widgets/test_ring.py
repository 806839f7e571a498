"""The ring widget: its controls, questions and words, without a browser or a kernel."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from aunce_lib.widgets import EmbeddingRing, ring_forces


@pytest.fixture
def widget():
    return EmbeddingRing()


def turn(widget, point, degrees):
    angles = list(widget.circle.angles)
    angles[point] = float(degrees)
    widget.circle.angles = angles


def test_state_and_picture_are_those_of_the_pure_function(widget):
    expected = ring_forces()
    assert widget.state["loss"] == expected.loss
    assert widget.state["turns"] == expected.turns.tolist()
    points = widget.circle.shown["points"]
    assert [point["turn"] for point in points] == expected.turns.tolist()
    assert [point["name"] for point in points] == expected.names


def test_dragging_a_face_changes_the_loss_and_the_arrows(widget):
    before = widget.state
    turn(widget, 4, 200)
    after = widget.state
    assert after["angles"][4] == 200
    assert after["loss"] < before["loss"]  # a negative far away
    assert after["turns"] != before["turns"]


@pytest.mark.parametrize(
    ("control", "value"),
    [
        *(("temperature", 0.1), ("beta_active", 2.0), ("kind", "nearest"), ("label", False)),
        *(("variant", "official"), ("whose", "all")),
    ],
)
def test_every_setting_reaches_the_loss(widget, control, value):
    before = widget.state["loss"]
    getattr(widget, control).value = value
    expected = ring_forces(**widget.options)
    assert widget.state["loss"] == expected.loss != before


def test_beta_inactive_counts_for_inactive_anchors(widget):
    before = widget.state["loss"]
    widget.beta_inactive.value = 1.5
    assert widget.state["loss"] == before
    widget.label.value = False
    assert widget.state["loss"] == ring_forces(active=False, beta_inactive=1.5).loss


def test_each_answer_to_the_hand_is_news(widget):
    """An equal picture would not be sent, and the front end would wait for it in vain."""
    first = dict(widget.circle.shown)
    widget._on_change(None)
    second = dict(widget.circle.shown)
    assert first.pop("answer") != second.pop("answer")
    assert first == second


@pytest.mark.parametrize("whose", ["anchor", "all"])
def test_steps_go_down_the_loss(widget, whose):
    widget.whose.value = whose
    losses = [widget.state["loss"]]
    for _ in range(8):
        widget.step.click()
        losses.append(widget.state["loss"])
    assert losses[-1] < losses[0]
    moved = np.abs((np.array(widget.circle.angles) - ring_forces().angles + 180) % 360 - 180)
    assert 0 < moved.max() <= 80


def test_the_right_negative_is_praised_with_its_reason(widget):
    widget.ask.click()
    assert widget.state["asking"]
    best = widget.ring.hardest
    widget.circle.chosen = best
    assert (widget.state["right"], widget.state["asked"]) == (1, 1)
    assert widget.answer.value.count(f"Yes: {widget.ring.names[best]} has") == 1
    assert "1 of 1 right" in widget.answer.value
    assert not widget.state["asking"]


def test_a_wrong_negative_is_set_beside_the_right_one(widget):
    widget.ask.click()
    best = widget.ring.hardest
    wrong = next(i for i in range(4, 8) if i != best)
    widget.circle.chosen = wrong
    assert (widget.state["right"], widget.state["asked"]) == (0, 1)
    for i in (best, wrong):
        assert f"{widget.ring.names[i]} has {widget.ring.shares[i]:.0%}" in widget.answer.value


def test_a_positive_is_no_answer(widget):
    widget.ask.click()
    widget.circle.chosen = 2
    assert "no negative" in widget.answer.value
    assert widget.state["asking"]
    assert widget.state["asked"] == 0


def test_nothing_is_judged_unless_asked(widget):
    widget.circle.chosen = 5
    assert widget.state["asked"] == 0


def test_an_answer_does_not_outlive_its_picture(widget):
    widget.ask.click()
    widget.circle.chosen = 5
    turn(widget, 5, 10)
    assert widget.answer.value == ""


def test_questions_are_seeded_and_keep_faces_apart():
    first, second, other = EmbeddingRing(seed=3), EmbeddingRing(seed=3), EmbeddingRing(seed=4)
    for _ in range(5):
        for widget in (first, second, other):
            widget.ask.click()
        assert first.state["angles"] == second.state["angles"] != other.state["angles"]
        circle = np.array(first.state["angles"])
        gaps = np.abs((circle[1:4, None] - circle[None] + 180) % 360 - 180)  # of what attracts
        assert (gaps + 360 * np.eye(3, len(circle), 1)).min() >= 7.9


def test_names_in_the_questions_do_not_tell_the_answer():
    widget, answers = EmbeddingRing(seed=1), set()
    for _ in range(12):
        widget.ask.click()
        answers.add(widget.ring.hardest)
    assert len(answers) >= 3


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"negatives": ()}, "no negatives"),
        ({"anchor": math.nan}, "angles must be degrees"),
    ],
)
def test_what_cannot_be_shown_is_said_in_the_widget(arguments, words):
    widget = EmbeddingRing(**arguments)
    assert words in widget.caption.value
    assert "role='alert'" in widget.caption.value
    assert widget.ring is None
    assert math.isnan(widget.state["loss"])
    widget.figure()
    widget.step.click()


def test_it_recovers_from_what_cannot_be_shown(widget):
    turn(widget, 0, math.nan)
    assert widget.ring is None
    turn(widget, 0, 90)
    assert widget.state["loss"] == ring_forces().loss
    assert "role='status'" in widget.caption.value


def test_what_goes_to_the_browser_is_plain(widget):
    widget.kind.value, widget.variant.value = "mean", "official"
    json.dumps(widget.circle.shown)
    assert "the anchor itself" in widget.caption.value.lower()


def test_every_control_carries_a_class_and_a_name(widget):
    assert "aunce-ring" in widget._dom_classes
    names = [
        "temperature",
        "beta_active",
        "beta_inactive",
        "label",
        "kind",
        "variant",
        "whose",
        "ask",
        "step",
    ]
    for name in names:
        control = getattr(widget, name)
        assert f"aunce-ring-{name.replace('_', '-')}" in control._dom_classes
        assert control.description
    assert "Try" in widget.children[0].value


def test_the_figure_shows_the_same_faces_and_stays_closed(widget):
    import matplotlib.pyplot as plt

    open_before = plt.get_fignums()
    (axes,) = widget.figure().axes
    words = [text.get_text() for text in axes.texts]
    assert f"loss {widget.ring.loss:.3f}" in words
    assert f"neg 1\n{widget.ring.shares[4]:.0%}" in words
    marks = np.array([line.get_xydata()[0] for line in axes.lines])
    angles = np.radians(widget.ring.angles)
    np.testing.assert_allclose(marks, np.stack([np.cos(angles), np.sin(angles)], 1), atol=1e-12)
    assert plt.get_fignums() == open_before
