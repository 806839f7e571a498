"""The threshold explorer: counts as scikit-learn counts, and a slider over them."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix, f1_score, precision_score, recall_score

from aunce_lib.widgets.thresholds import ThresholdExplorer, tally

AUS = (1, 6, 12)


def some(n, seed):
    """Labels with unknown ones, and scores that know something; AU12 is never active."""
    rng = np.random.default_rng(seed)
    labels = (rng.random((n, len(AUS))) < 0.3).astype(float)
    scores = np.clip(0.3 + 0.3 * labels + 0.2 * rng.normal(size=labels.shape), 0, 1)
    labels[rng.random(labels.shape) < 0.1] = np.nan
    labels[:, 2] = np.where(np.isnan(labels[:, 2]), np.nan, 0)
    return labels, scores


VALIDATION, TEST = some(200, 0), some(300, 1)


@pytest.fixture(scope="module")
def only_explorer():
    return ThresholdExplorer(VALIDATION, TEST, AUS)


@pytest.fixture
def explorer(only_explorer):
    only_explorer.au.value, only_explorer.threshold.value = 1, 0.5
    return only_explorer


@pytest.mark.parametrize("threshold", [0.0, 0.3, 0.5, 0.8])
def test_counts_and_scores_are_those_of_scikit_learn(threshold):
    known = ~np.isnan(VALIDATION[0][:, 0])
    labels, scores = VALIDATION[0][known, 0], VALIDATION[1][known, 0]
    calls = scores >= threshold
    one = tally(VALIDATION[0][:, 0], VALIDATION[1][:, 0], threshold)
    assert [[one.tn, one.fp], [one.fn, one.tp]] == confusion_matrix(labels, calls).tolist()
    assert one.f1 == pytest.approx(f1_score(labels, calls))
    assert one.precision == pytest.approx(precision_score(labels, calls))
    assert one.recall == pytest.approx(recall_score(labels, calls))


def test_what_is_undefined_is_nan_and_not_zero():
    none_called = tally([1, 0], [0.2, 0.1], 0.9)
    assert np.isnan(none_called.precision)
    assert (none_called.recall, none_called.f1) == (0, 0)
    none_active = tally([0, 0], [0.2, 0.95], 0.9)
    assert none_active.fp == 1
    assert np.isnan(none_active.recall)
    assert np.isnan(none_active.f1)
    nothing = tally([np.nan], [0.5], 0.5)
    assert (nothing.tp, nothing.fp, nothing.fn, nothing.tn) == (0, 0, 0, 0)
    assert np.isnan(nothing.f1)


def test_a_score_at_the_threshold_is_called_active():
    assert tally([1], [0.5], 0.5).tp == 1


def test_the_slider_moves_state_picture_and_words(explorer):
    before = explorer.picture.value
    explorer.threshold.value = 0.3
    for side, (labels, scores) in {"validation": VALIDATION, "test": TEST}.items():
        expected = tally(labels[:, 0], scores[:, 0], 0.3)
        assert explorer.state[side]["f1"] == expected.f1
        assert explorer.state[side]["tp"] == expected.tp
        assert f"F1 <b>{expected.f1:.2f}</b>" in explorer.caption.value
    assert explorer.picture.value != before


def test_the_button_finds_what_no_other_place_of_the_slider_beats_by_much(explorer):
    explorer.best.click()
    labels, scores = VALIDATION[0][:, 0], VALIDATION[1][:, 0]
    everywhere = [tally(labels, scores, step / 100).f1 for step in range(101)]
    assert explorer.state["validation"]["f1"] > max(everywhere) - 0.01
    assert explorer.threshold.value != 0.5
    explorer.half.click()
    assert explorer.threshold.value == 0.5


def test_choosing_never_looks_at_the_test():
    unlike = (TEST[0], 1 - TEST[1])
    chosen = []
    for test in (TEST, unlike):
        explorer = ThresholdExplorer(VALIDATION, test, AUS)
        explorer.best.click()
        chosen.append(explorer.threshold.value)
    assert chosen[0] == chosen[1]


def test_a_unit_without_active_faces_has_no_f1_and_no_best(explorer):
    explorer.au.value = 12
    assert explorer.state["validation"]["f1"] is None
    assert explorer.best.disabled
    explorer._choose()
    assert explorer.threshold.value == 0.5
    explorer.au.value = 6
    assert not explorer.best.disabled


def test_labels_that_are_all_unknown_are_shown_as_nothing():
    unknown = (np.full((4, 1), np.nan), np.full((4, 1), np.nan))
    state = ThresholdExplorer(unknown, unknown, (4,)).state
    assert state["test"]["tn"] == 0
    assert state["test"]["f1"] is None


def test_no_face_and_one_face_are_shown():
    nothing, one = (np.zeros((0, 1)), np.zeros((0, 1))), ([[1]], [[0.7]])
    state = ThresholdExplorer(one, nothing, (4,)).state
    assert (state["validation"]["tp"], state["test"]["tp"]) == (1, 0)


@pytest.mark.parametrize(
    ("validation", "error", "message"),
    [
        (([[2]], [[0.5]]), ValueError, "validation labels must be 0, 1 or NaN"),
        (([[1]], [[1.5]]), ValueError, "validation scores must lie in 0..1, got 1.5"),
        (([[1]], [[np.nan]]), ValueError, "validation scores of AU4 hold NaN where the label"),
        (([[1]], [[1]]), TypeError, "validation scores must be floating"),
        (([[1]], [[0.5], [0.5]]), ValueError, "one row a face is needed"),
        (([[1, 0]], [[0.5, 0.5]]), ValueError, "validation labels must be .* J = 1 columns"),
    ],
)
def test_bad_input_is_refused(validation, error, message):
    with pytest.raises(error, match=message):
        ThresholdExplorer(validation, ([[1]], [[0.5]]), (4,))


def test_the_figure_shows_both_sides_and_stays_closed(explorer):
    import matplotlib.pyplot as plt

    open_before = plt.get_fignums()
    figure = explorer.figure()
    titles = [axes.get_title() for axes in figure.axes[:2]]
    assert titles[0].startswith("validation, to choose on: F1")
    assert titles[1].startswith("test, other people: F1")
    assert figure.get_suptitle() == "AU1 inner brow raiser, threshold 0.50"
    assert plt.get_fignums() == open_before


def test_the_curve_passes_through_the_f1_of_every_threshold(explorer):
    curve = explorer.figure().axes[2].lines[0]
    x, y = (np.asarray(values) for values in (curve.get_xdata(), curve.get_ydata()))
    for threshold in (0.11, 0.42, 0.63):
        place = np.flatnonzero(x >= threshold)[-1]  # x falls: the lowest score still called active
        expected = tally(VALIDATION[0][:, 0], VALIDATION[1][:, 0], threshold).f1
        assert y[place] == pytest.approx(expected)


def test_every_control_carries_a_class_and_a_name(explorer):
    for name in ("au", "threshold", "best", "half", "picture", "caption"):
        assert f"aunce-thresholds-{name}" in getattr(explorer, name)._dom_classes
    controls = (explorer.au, explorer.threshold, explorer.best, explorer.half)
    assert all(control.description for control in controls)
