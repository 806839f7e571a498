"""The re-weighting curves: numbers against loops over the formula, and the widget's controls."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from aunce_lib.facs import AU_SETS
from aunce_lib.widgets import ReweightingCurves, curves, push_curves


@pytest.fixture(scope="module")
def widget():
    return ReweightingCurves()


@pytest.mark.parametrize(("temperature", "betas"), [(0.5, (1.2, 0.8)), (0.1, (2.0, 1.0))])
def test_weights_are_exponentials_over_their_mean(temperature, betas):
    shown = push_curves(temperature, *betas)
    for side, beta in enumerate(betas):
        raw = [math.exp(beta * cosine / temperature) for cosine in shown.similarities]
        np.testing.assert_allclose(shown.weights[side], np.array(raw) / np.mean(raw), rtol=1e-6)


def test_push_is_beta_sigma_by_brute_force():
    z0, z1, labels = curves._batch([0.1, 0.4], separation=0.5, seed=3)
    z0, z1, labels = z0[:24].double(), z1[:24].double(), labels[:24]
    labels[0], labels[1] = 0, 1  # both sides are there
    options = {"temperature": 0.4, "beta_active": 1.3, "beta_inactive": 0.6}
    result = curves._mean_push((z0, z1, labels), options)
    z, y = torch.cat([z0, z1]), labels.repeat(2, 1)
    for j in range(2):
        pushes = {0: [], 1: []}
        for a in range(48):
            s = [float(z[a, j] @ z[b, j]) / 0.4 for b in range(48)]
            beta = 1.3 if y[a, j] == 1 else 0.6
            n = sum(math.exp(beta * s[b]) for b in range(48) if y[b, j] != y[a, j])
            same = [math.exp(s[b]) for b in range(48) if b != a and y[b, j] == y[a, j]]
            pushes[int(y[a, j])].append(beta * n / (n + np.mean(same)))
        assert result[:, j] == pytest.approx([np.mean(pushes[1]), np.mean(pushes[0])], rel=1e-5)


def test_a_low_temperature_leaves_the_push_to_the_most_similar():
    warm, cold = push_curves(1.0), push_curves(0.1)
    assert cold.weights[0, -1] > 5 * warm.weights[0, -1]
    assert cold.weights[0, 40] < warm.weights[0, 40]  # at similarity 0


def test_beta_one_is_the_plain_curve():
    shown = push_curves(beta_active=1.0, beta_inactive=1.0, separation=0.5)
    np.testing.assert_array_equal(shown.push, shown.plain)
    np.testing.assert_array_equal(shown.weights[0], shown.weights[1])


def test_beta_pushes_active_faces_harder_and_the_rare_ones_most():
    shown = push_curves(separation=1.0)
    assert (shown.ratio > shown.plain[0] / shown.plain[1]).all()
    assert shown.ratio[0] > shown.ratio[-1]
    assert (np.diff(shown.rates) >= 0).all()


def test_training_lets_the_push_fade():
    pushes = [push_curves(separation=s).push.mean() for s in (0.0, 0.5, 1.0, 2.0)]
    assert pushes == sorted(pushes, reverse=True)


def test_batches_have_the_rates_of_the_corpus_and_are_seeded():
    _, _, labels = curves._batch([0.25, 0.001], 0.0, seed=0)
    assert labels.mean(dim=0)[0] == 0.25
    assert labels.sum(dim=0)[1] == 1  # never without an active face
    first, second = push_curves(seed=1), push_curves(seed=1)
    np.testing.assert_array_equal(first.push, second.push)
    assert (push_curves(seed=2).push != first.push).any()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"corpus": "CK+"}, "corpus must be one of"),
        ({"temperature": 0.0}, "temperature must be above 0"),
        ({"beta_active": math.nan}, "beta_active must be above 0"),
        ({"separation": -1.0}, "separation must be 0 or more"),
        ({"separation": math.nan}, "separation must be 0 or more"),
    ],
)
def test_bad_input_is_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        push_curves(**settings)


def test_state_is_that_of_the_pure_function(widget):
    widget.au.value = 12
    expected = push_curves(separation=widget.separation.value)
    j = expected.aus.index(12)
    assert widget.state["push"] == expected.push[:, j].tolist()
    assert widget.state["ratio"] == pytest.approx(expected.push[0, j] / expected.push[1, j])


@pytest.mark.parametrize(
    ("control", "value"),
    [
        *(("temperature", 0.1), ("beta_active", 2.0), ("beta_inactive", 0.4)),
        *(("similarity", -0.5), ("separation", 1.5)),
    ],
)
def test_every_slider_moves_the_numbers_and_the_picture(control, value):
    widget = ReweightingCurves()
    before, picture = widget.state, widget.picture.value
    getattr(widget, control).value = value
    after = widget.state
    assert after["weights"] != before["weights"] or after["push"] != before["push"]
    assert widget.picture.value != picture
    assert bytes(widget.picture.value).startswith(b"\x89PNG")


def test_the_picture_depends_on_what_is_shown_alone():
    """Curves of before leave nothing behind, though the axes under them are kept."""
    moved, fresh = ReweightingCurves(), ReweightingCurves()
    for value in (0.1, 0.6, 0.5):
        moved.temperature.value = value
    assert moved.picture.value == fresh.picture.value


def test_another_corpus_brings_its_action_units_and_draws_once(monkeypatch):
    widget = ReweightingCurves()
    widget.au.value = 24  # not coded in DISFA
    drawn = []
    monkeypatch.setattr(curves, "push_curves", lambda *a: drawn.append(a) or push_curves(*a))
    widget.corpus.value = "DISFA"
    assert tuple(widget.au.options.values()) == AU_SETS["disfa"]
    assert widget.au.value in AU_SETS["disfa"]
    assert "DISFA" in widget.caption.value
    assert len(drawn) == 1
    widget.au.value = 26
    assert len(drawn) == 2


def test_what_cannot_be_shown_is_said_in_the_widget(monkeypatch):
    widget = ReweightingCurves()
    with monkeypatch.context() as patch:
        patch.setattr(curves, "push_curves", lambda *_: push_curves(temperature=-1))
        widget.temperature.value = 0.2
        assert "temperature must be above 0" in widget.caption.value
        assert widget.state["ratio"] is None
        widget.figure()
    widget.temperature.value = 0.3
    assert widget.state["ratio"] > 0


def test_the_figure_shows_the_same_numbers_and_stays_closed(widget):
    import matplotlib.pyplot as plt

    open_before = plt.get_fignums()
    left, right = widget.figure().axes
    assert f"{widget.state['ratio']:.2f}" in right.get_title()
    line = left.lines[1].get_xydata()  # after the line of the mean
    np.testing.assert_allclose(line[:, 1], widget.curves.weights[0])
    assert plt.get_fignums() == open_before


def test_every_control_carries_a_class_and_a_name(widget):
    assert "aunce-curves" in widget._dom_classes
    for name in ["temperature", "beta_active", "beta_inactive", "similarity", "separation", "au"]:
        control = getattr(widget, name)
        assert f"aunce-curves-{name.replace('_', '-')}" in control._dom_classes
        assert control.description
    assert "Try" in widget.children[0].value
