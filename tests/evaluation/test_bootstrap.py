"""The bootstrap over people against one that really copies frames."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import f1_score as oracle

from aunce_lib.evaluation.bootstrap import (
    bootstrap_f1,
    confusion,
    f1_score,
    interval95,
    nanmean,
    paired_difference,
)

AUS = (6, 12)


def made_up(n=400, people=9, seed=0):
    rng = np.random.default_rng(seed)
    codes = np.arange(n) % people
    skill = rng.uniform(0.6, 0.95, people)[codes, None]
    labels = (rng.random((n, 2)) < 0.4).astype(float)
    predictions = np.where(rng.random((n, 2)) < skill, labels, 1 - labels)
    labels[rng.random((n, 2)) < 0.1] = np.nan
    return labels, predictions, codes


def test_each_draw_equals_f1_of_the_frames_of_the_people_drawn():
    labels, predictions, codes = made_up()
    draws = bootstrap_f1(confusion(labels, predictions, codes), n_resamples=20, seed=3)
    drawn = np.random.default_rng(3).multinomial(9, np.full(9, 1 / 9), 20)
    for draw, times in zip(draws, drawn, strict=True):
        rows = np.repeat(np.arange(len(labels)), times[codes])  # frames really copied
        for j in range(2):
            y, p = labels[rows, j], predictions[rows, j]
            assert draw[j] == pytest.approx(oracle(y[~np.isnan(y)], p[~np.isnan(y)]))
        assert draw[2] == pytest.approx(draw[:2].mean())


def test_people_who_differ_give_a_wider_interval_than_people_who_are_alike():
    labels, predictions, codes = made_up()
    by_people = interval95(bootstrap_f1(confusion(labels, predictions, codes)))
    shuffled = np.random.default_rng(0).permutation(codes)
    by_chance = interval95(bootstrap_f1(confusion(labels, predictions, shuffled)))
    assert (by_people[1] - by_people[0])[2] > 1.5 * (by_chance[1] - by_chance[0])[2]


def test_the_interval_holds_the_score_and_the_seed_decides_the_draws():
    counts = confusion(*made_up())
    low, high = interval95(bootstrap_f1(counts, seed=1))
    point = f1_score(*counts.sum(axis=0).T)
    assert (low[:2] < point).all()
    assert (point < high[:2]).all()
    assert np.array_equal(bootstrap_f1(counts, seed=1), bootstrap_f1(counts, seed=1))
    assert not np.array_equal(bootstrap_f1(counts, seed=1), bootstrap_f1(counts, seed=2))


def test_draws_without_an_active_face_are_undefined_and_left_out_of_the_interval():
    labels = np.zeros((12, 1))
    labels[0] = 1  # one person alone ever shows it
    draws = bootstrap_f1(confusion(labels, labels, np.arange(12) // 3), n_resamples=500)
    assert 0.2 < np.isnan(draws[:, 0]).mean() < 0.45  # (3/4)^4 = .32 draw that person never
    np.testing.assert_array_equal(interval95(draws), 1)


def test_one_person_says_nothing_about_others():
    labels, predictions, codes = made_up()
    assert np.isnan(bootstrap_f1(confusion(labels, predictions, codes * 0))).all()


def test_a_model_differs_from_itself_by_nothing():
    labels, predictions, codes = made_up()
    table = paired_difference(labels, predictions, predictions, codes, AUS)
    assert list(table.index) == ["AU6", "AU12", "macro"]
    assert (table == 0).all(axis=None)


def test_a_difference_in_every_person_is_seen_though_the_intervals_overlap():
    labels, predictions, codes = made_up(n=2000)
    worse = predictions.copy()
    flipped = np.random.default_rng(1).random(worse.shape) < 0.04
    worse[flipped] = 1 - worse[flipped]
    _, high_worse = interval95(bootstrap_f1(confusion(labels, worse, codes)))
    low_better, _ = interval95(bootstrap_f1(confusion(labels, predictions, codes)))
    assert low_better[2] < high_worse[2]
    table = paired_difference(labels, predictions, worse, codes, AUS)
    assert table.low["macro"] > 0
    swapped = paired_difference(labels, worse, predictions, codes, AUS)
    np.testing.assert_allclose(swapped.difference, -table.difference)
    np.testing.assert_allclose(swapped.low, -table.high)


def test_an_au_that_one_model_lacks_takes_no_part_in_the_difference():
    labels, predictions, codes = made_up()
    other = predictions.copy()
    other[:, 0] = np.nan
    table = paired_difference(labels, predictions, other, codes, AUS)
    assert table.loc["AU6"].isna().all()
    assert (table.loc[["AU12", "macro"]] == 0).all(axis=None)


def test_mean_of_nothing_is_nan():
    assert np.isnan(nanmean(np.array([np.nan])))
    assert nanmean(np.array([np.nan, 2.0])) == 2
