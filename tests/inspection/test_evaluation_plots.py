"""Figures about scores show the numbers they were given."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import f1_score

from aunce_lib.inspection import (
    f1_curve,
    plot_all_active,
    plot_draws,
    plot_people,
    plot_published,
    plot_thresholds,
    published,
)


def labels_and_scores(n=60, seed=0):
    rng = np.random.default_rng(seed)
    labels = (rng.random(n) < 0.3).astype(float)
    return labels, np.clip(0.3 * labels + 0.5 * rng.random(n), 0, 1).round(2)


def names_of(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_f1_at_every_threshold_equals_scikit_learns():
    labels, scores = labels_and_scores()
    thresholds, values = f1_curve(labels, scores)
    np.testing.assert_array_equal(thresholds, np.unique(scores))
    np.testing.assert_allclose(values, [f1_score(labels, scores >= t) for t in thresholds])


def test_unknown_labels_have_no_say():
    labels, scores = labels_and_scores()
    more = np.append(labels, np.nan), np.append(scores, 0.99)
    for one, other in zip(f1_curve(labels, scores), f1_curve(*more), strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_best_threshold_of_each_group_is_named():
    groups = {"validation": labels_and_scores(seed=1), "test": labels_and_scores(seed=2)}
    ax = plot_thresholds(groups, "a title")
    for name, text in zip(groups, names_of(ax), strict=True):
        thresholds, values = f1_curve(*groups[name])
        assert text == f"{name}: highest at {thresholds[values.argmax()]:.2f}"


def test_the_curve_of_the_blind_answers_is_there():
    ax = plot_all_active([0.1, 0.5], {"ours": [0.3, 0.7]}, ["AU1", "AU12"])
    curve = ax.lines[0]
    np.testing.assert_allclose(np.interp(0.5, *curve.get_data()), 2 / 3, atol=1e-4)
    assert [text.get_text() for text in ax.texts] == ["AU1", "AU12"]


def test_people_without_the_action_unit_are_not_counted():
    ax = plot_people([[0.2, np.nan], [0.4, 0.5], [0.3, 0.5]], (1, 12))
    labels = [text.get_text() for text in ax.get_xticklabels()]
    assert labels == ["AU1\n2 of 2", "AU12\n1 of 2"]


def test_intervals_of_draws_are_their_quantiles():
    draws = np.linspace(0, 1, 1001)
    ax = plot_draws({"people": draws}, 0.5)
    assert names_of(ax) == ["people: 0.025 to 0.975"]


def test_published_methods_are_sorted_and_single_folds_make_no_line():
    table = published("bp4d")
    ax = plot_published(table, 0.48)
    names = [text.get_text() for text in ax.get_yticklabels()]
    whole = table[table.fold.isna()].macro
    assert len(names) == len(whole)
    assert whole[names].is_monotonic_increasing


def test_a_table_without_folds_is_drawn():
    table = pd.DataFrame({"macro": [0.5, 0.4]}, index=["b", "a"])
    names = [text.get_text() for text in plot_published(table, 0.3).get_yticklabels()]
    assert names == ["a", "b"]


@pytest.mark.parametrize(
    ("labels", "scores", "says"),
    [
        (np.zeros(4), np.zeros(4), "an active face"),
        (np.ones(4), np.zeros(3), r"must be \(N,\)"),
    ],
)
def test_bad_input_is_refused_by_name(labels, scores, says):
    with pytest.raises(ValueError, match=says):
        f1_curve(labels, scores)
