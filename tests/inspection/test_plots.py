"""Figures: that what they show is what they were given."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import same_color, to_rgba

from aunce_lib.evaluation.metrics import evaluate
from aunce_lib.inspection.plots import (
    HISTORY,
    face_grid,
    plot_cooccurrence,
    plot_f1_bars,
    plot_groups,
    plot_history,
    plot_projection,
    plot_rates,
)
from aunce_lib.inspection.style import ACTIVE, COLOURS, INACTIVE

AUS = (1, 6, 12)


def names(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def an_evaluation(seed=0, undefined=False):
    rng = np.random.default_rng(0)
    labels = (rng.random((200, 3)) < 0.4).astype(float)
    if undefined:
        labels[:, 1] = 0
    scores = np.clip(labels * 0.4 + np.random.default_rng(seed).random(labels.shape) * 0.6, 0, 1)
    return evaluate(labels, scores, scores > 0.5, np.arange(200) % 8, AUS, labels)


def test_active_and_inactive_points_have_their_colours_and_their_numbers():
    xy = np.arange(12.0).reshape(6, 2)
    ax = plot_projection(xy, [0, 1, np.nan, 0, 0, 1], "title", "AU12")
    assert names(ax) == ["active (2)", "inactive (3)", "unknown (1)"]
    assert ax.get_legend().get_title().get_text() == "AU12"
    points = ax.collections[1]
    drawn = dict(zip(map(tuple, points.get_offsets()), points.get_facecolors(), strict=True))
    assert same_color(drawn[(2.0, 3.0)][:3], to_rgba(ACTIVE)[:3])
    assert same_color(drawn[(0.0, 1.0)][:3], to_rgba(INACTIVE)[:3])
    assert (4.0, 5.0) not in drawn


def test_few_people_are_named_and_many_are_told_apart_without_a_legend():
    xy = np.random.default_rng(0).normal(size=(82, 2))
    few = plot_projection(xy, [f"P{i % 10}" for i in range(82)], name="person")
    assert names(few) == [f"P{i}" for i in range(10)]
    many = plot_projection(xy, [f"P{i % 41:02d}" for i in range(82)], name="person")
    assert many.get_legend() is None
    assert many.get_xlabel() == "person: 41, a colour and shape each"
    assert sum(len(dots.get_offsets()) for dots in many.collections) == 82


def test_numbers_get_a_colour_bar_with_their_name():
    ax = plot_projection(np.eye(2), [0.3, 7.0], name="light (degrees)")
    assert ax.figure.axes[1].get_ylabel() == "light (degrees)"


@pytest.mark.parametrize("values", [None, [], [np.nan], [True]])
def test_a_point_or_none_can_be_drawn(values):
    n = 1 if values is None else len(values)
    plot_projection(np.zeros((n, 2)), values)


def test_names_with_a_dollar_are_shown_as_they_are():
    ax = plot_projection(np.eye(2), ["$\\frac$", "<b>"])
    assert names(ax) == ["$\\frac$", "<b>"]


def test_bars_have_the_height_of_f1_and_the_marks_that_of_the_baseline():
    evaluations = {"AUNCE": an_evaluation(), "cross-entropy": an_evaluation(1)}
    ax = plot_f1_bars(evaluations, "title")
    heights = [bar.get_height() for bar in ax.patches]
    expected = [*evaluations["AUNCE"].table.f1, *evaluations["cross-entropy"].table.f1]
    np.testing.assert_allclose(heights, expected)
    marks = next(c for c in ax.collections if "all active" in str(c.get_label()))
    trivial = evaluations["AUNCE"].baselines["all_active"].f1
    np.testing.assert_allclose([line[0, 1] for line in marks.get_segments()], trivial)
    lines = [c for c in ax.collections if c is not marks]
    ends = np.array([segment[:, 1] for segment in lines[0].get_segments()])
    np.testing.assert_allclose(ends, evaluations["AUNCE"].table[["low", "high"]])
    assert [label.get_text() for label in ax.get_xticklabels()] == ["AU1", "AU6", "AU12", "macro"]
    assert f"{evaluations['AUNCE'].macro_f1:.2f}" in names(ax)[0]


def test_an_undefined_f1_is_written_and_not_drawn_as_zero():
    ax = plot_f1_bars({"AUNCE": an_evaluation(undefined=True)})
    assert [text.get_text() for text in ax.texts] == ["n/a"]
    assert np.isnan(ax.patches[1].get_height())


def test_models_on_other_faces_do_not_stand_side_by_side():
    with pytest.raises(ValueError, match="same faces and AUs, 'b' is not"):
        plot_f1_bars({"a": an_evaluation(), "b": an_evaluation(undefined=True)})
    with pytest.raises(ValueError, match="got 0"):
        plot_f1_bars({})


def test_history_draws_a_panel_for_each_column_that_somebody_has():
    one = pd.DataFrame({"epoch": [1, 2], "loss": [2.0, 1.0], "alignment": [0.5, 0.4]})
    other = pd.DataFrame({"epoch": [1, 2], "loss": [0.7, 0.6], "alignment": [np.nan, np.nan]})
    _, axes = plot_history({"AUNCE": one, "BCE": other})
    assert [ax.get_title() for ax in axes] == [HISTORY["loss"], HISTORY["alignment"]]
    np.testing.assert_array_equal(axes[0].lines[1].get_ydata(), [0.7, 0.6])
    assert axes[0].lines[1].get_color() == COLOURS[1]
    assert names(axes[0]) == ["AUNCE", "BCE"]
    _, axes = plot_history(other)
    assert len(axes) == 1


def test_history_without_epochs_or_numbers_is_refused():
    with pytest.raises(ValueError, match="column epoch"):
        plot_history(pd.DataFrame({"loss": [1.0]}))
    with pytest.raises(ValueError, match="must hold numbers in one of loss"):
        plot_history(pd.DataFrame({"epoch": [1], "loss": [np.nan]}))


def test_faces_are_shown_pixel_for_pixel_in_either_order_of_axes():
    images = np.random.default_rng(0).integers(0, 256, (5, 3, 8, 6), dtype=np.uint8)
    _, axes = face_grid(images, [f"face {i}" for i in range(5)], columns=2)
    assert axes.shape == (3, 2)
    assert axes[1, 0].get_title() == "face 2"
    shown = axes[1, 0].images[0].get_array()
    np.testing.assert_array_equal(shown, images[2].transpose(1, 2, 0))
    _, other = face_grid(images.transpose(0, 2, 3, 1))
    np.testing.assert_array_equal(other[0, 2].images[0].get_array(), shown)


@pytest.mark.parametrize(
    ("images", "settings", "error", "says"),
    [
        (np.zeros((2, 3, 8, 8)), {}, TypeError, "must be uint8"),
        (np.zeros((2, 8, 8), "u1"), {}, ValueError, "got"),
        (np.zeros((0, 3, 8, 8), "u1"), {}, ValueError, "got"),
        (np.zeros((2, 3, 8, 8), "u1"), {"titles": ["one"]}, ValueError, "one title for each"),
        (np.zeros((2, 3, 8, 8), "u1"), {"columns": 0}, ValueError, "at least one column"),
    ],
)
def test_what_is_no_set_of_faces_is_refused(images, settings, error, says):
    with pytest.raises(error, match=says):
        face_grid(images, **settings)


def test_cooccurrence_counts_where_both_are_known_and_frames_each_rate():
    labels = np.array([[1, 1, np.nan], [1, 0, np.nan], [0, 1, np.nan], [1, np.nan, np.nan]])
    ax = plot_cooccurrence(labels, AUS)
    shown = np.ma.filled(ax.images[0].get_array(), np.nan)
    np.testing.assert_allclose(shown[0], [75, 50, np.nan])  # AU6 in one of two where it is known
    np.testing.assert_allclose(shown[1], [50, 200 / 3, np.nan])
    assert np.isnan(shown[2]).all()


def test_rates_are_shares_of_all_faces_and_unknown_ones_are_shown():
    counts = {"active": [2, 0], "inactive": [6, 0], "unknown": [2, 10]}
    rates = pd.DataFrame({"rate": [0.25, np.nan], **counts}, index=["AU1", "AU2"])
    ax = plot_rates(rates)
    assert [bar.get_height() for bar in ax.patches] == [20, 0, 20, 100]
    assert [text.get_text() for text in ax.texts] == ["20"]
    assert names(ax) == ["active", "unknown"]


def test_figures_are_drawn_where_one_asks_and_none_is_left_open():
    figure, ax = plt.subplots()
    assert plot_projection(np.eye(2), [0, 1], ax=ax) is ax
    assert plt.get_fignums() == [figure.number]


def test_a_plot_refuses_positions_and_values_of_other_shapes():
    with pytest.raises(ValueError, match=r"xy must be \(N, 2\)"):
        plot_projection(np.zeros((4, 3)))
    with pytest.raises(ValueError, match=r"values must be \(4,\)"):
        plot_projection(np.zeros((4, 2)), [0, 1])


def some_groups():
    rows = [
        {"group": group, "au": au, "auc": auc, "auc_low": auc - 0.1, "auc_high": auc + 0.05}
        for group, auc in (("young", 0.8), ("old", 0.7), ("nobody", np.nan))
        for au in ("AU6", "AU12", "macro")
    ]
    return pd.DataFrame(rows).assign(n_people=5)


def test_groups_show_the_macro_mean_with_its_interval_and_say_where_there_is_none():
    ax = plot_groups(some_groups(), title="synthetic")
    line = ax.containers[0].lines[0]
    assert list(line.get_ydata()[:2]) == [0.8, 0.7]
    assert [text.get_text() for text in ax.texts] == ["n/a"]
    assert [tick.get_text() for tick in ax.get_xticklabels()][0] == "young\n5 people"
    low, high = ax.containers[0].lines[2][0].get_segments()[0][:, 1]
    assert (low, high) == (pytest.approx(0.7), pytest.approx(0.85))


def test_groups_refuse_a_measure_that_is_none():
    with pytest.raises(ValueError, match="measure must be"):
        plot_groups(some_groups(), "rate")
