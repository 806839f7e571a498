"""Figures of studies: that what they show is what they were given."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from test_studies import invented

from aunce_lib.inspection.studies import paired_differences
from aunce_lib.inspection.study_plots import (
    plot_curves,
    plot_differences,
    plot_grid,
    plot_per_au,
    plot_signal,
)


def names(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_curves_go_through_the_means_and_show_what_needs_no_look():
    results = invented(noises=(0.2, 0.0, 0.1))
    ax = plot_curves(results, title="title")
    assert names(ax) == ["A", "B", "all active, without looking"]
    line = ax.get_lines()[1]
    wanted = results[results.loss == "B"].groupby("noise").macro_f1.mean()
    np.testing.assert_allclose(line.get_xdata(), [0, 0.1, 0.2])
    np.testing.assert_allclose(line.get_ydata(), wanted)
    assert ax.get_lines()[2].get_ydata()[0] == pytest.approx(0.4)
    assert "F1" in ax.get_ylabel()


def test_curves_are_drawn_along_any_number():
    ax = plot_curves(invented(noises=[0.0]), "imbalance", ax=plt.figure().subplots())
    assert "rates in training" in ax.get_xlabel()


def test_two_corpora_or_kinds_of_noise_in_one_line_are_refused():
    with pytest.raises(ValueError, match=r"of one corpus, got \['c', 'd'\]"):
        plot_curves(pd.concat([invented(), invented().assign(corpus="d")]))
    missed = invented(noises=[0.2]).assign(noise_kind="missed")
    with pytest.raises(ValueError, match="of one noise_kind, got"):
        plot_curves(pd.concat([invented(), missed]))


def test_a_ninth_loss_has_no_colour():
    with pytest.raises(ValueError, match="1 to 8 losses, got 9"):
        plot_curves(invented(losses="ABCDEFGHI"))


def test_the_grid_holds_the_means_in_order():
    tables = [
        invented(["A"], noises=[0.0], beta_active=a, beta_inactive=b)
        for a in (1.2, 0.8)
        for b in (1.0, 0.8)
    ]
    for number, table in enumerate(tables):
        table["macro_f1"] += number
    ax = plot_grid(pd.concat(tables))
    mean = tables[0].macro_f1.mean()
    shown = ax.get_images()[0].get_array()
    np.testing.assert_allclose(shown, mean + np.array([[3, 2], [1, 0]]))
    assert [text.get_text() for text in ax.get_yticklabels()] == ["0.8", "1.2"]
    assert [text.get_text() for text in ax.texts][0] == f"{mean + 3:.3f}"


def test_the_cross_corpus_matrix_keeps_the_order_of_the_corpora():
    tables = [
        invented(["A"], noises=[0.0]).assign(corpus=a, tested_on=b)
        for a in ("z", "a")
        for b in ("z", "a")
    ]
    ax = plot_grid(pd.concat(tables), "corpus", "tested_on")
    assert [text.get_text() for text in ax.get_yticklabels()] == ["z", "a"]
    assert (ax.get_ylabel(), ax.get_xlabel()) == ("trained on", "tested on")


def test_a_grid_of_two_losses_is_refused():
    with pytest.raises(ValueError, match="of one loss, got"):
        plot_grid(invented(noises=[0.0], beta_active=1.0, beta_inactive=1.0))


def test_bars_have_the_height_of_the_means_rare_units_first():
    units = {"f1_AU1": 0.5, "rate_AU1": 0.4, "f1_AU2": 0.3, "rate_AU2": 0.1}
    results = invented(noises=[0.0], **units)
    results.loc[results.loss == "B", "f1_AU2"] = [0.2, 0.4, 0.6, 0.8]
    ax = plot_per_au(results)
    np.testing.assert_allclose([bar.get_height() for bar in ax.patches], [0.3, 0.5, 0.5, 0.5])
    assert [t.get_text() for t in ax.get_xticklabels()] == ["AU2\n10 %", "AU1\n40 %"]
    marks = ax.collections[-1].get_segments()  # all active: 2 r / (1 + r)
    np.testing.assert_allclose([mark[0][1] for mark in marks], [0.2 / 1.1, 0.8 / 1.4])


def test_bars_of_two_noises_are_refused():
    with pytest.raises(ValueError, match="of one noise, got"):
        plot_per_au(invented(f1_AU1=0.5, rate_AU1=0.4))


def test_differences_stand_where_they_are_and_are_named_by_what_varies():
    results = invented(losses="ABC")
    table = pd.concat([paired_differences(results, loss, "A") for loss in "BC"])
    ax = plot_differences(table)
    np.testing.assert_allclose(ax.containers[0].lines[0].get_xdata(orig=False), table.difference)
    shown = [text.get_text() for text in ax.get_yticklabels()]
    assert shown[:2] == ["B - A, noise 0, none", "B - A, noise 0.2, flip"]


def gradients(**changed):
    """Two losses, two units, three shares of flips; loss B keeps the square of what A keeps."""
    rows = [
        {"loss": loss, "noise": share, "rate": rate, "signal": (1 - 2 * share) ** power}
        for power, loss in ((1, "A"), (2, "B"))
        for share in (0.0, 0.2, 0.4)
        for rate in (0.1, 0.5)
    ]
    return pd.DataFrame(rows).assign(**changed)


def test_signal_is_the_mean_along_the_flips_and_a_point_a_unit():
    _, (left, right) = plot_signal(gradients())
    along = {line.get_label(): line for line in left.get_lines()}
    np.testing.assert_allclose(along["B"].get_xdata(), [0, 0.2, 0.4])
    np.testing.assert_allclose(along["B"].get_ydata(), [1, 0.36, 0.04])
    np.testing.assert_allclose(right.get_lines()[-1].get_xdata(), [0.1, 0.5])
    np.testing.assert_allclose(right.get_lines()[-1].get_ydata(), 0.36)
    named = {text.get_text() for text in left.figure.legends[0].get_texts()}
    assert {"A", "B", "one label"} < named


def test_signal_of_a_pair_is_what_counting_labels_gives():
    """The grey curve against an average over flipped labels of many made-up faces."""
    rng, rate, flips = np.random.default_rng(0), 0.1, 0.2
    truth = rng.random(400_000) < rate
    called = truth ^ (rng.random(truth.size) < flips)
    other = truth[called].mean() - truth[~called].mean()
    own = np.where(called, 1.0, -1.0)
    kept = (own[truth].mean() - own[~truth].mean()) / 2 * other
    _, (_, right) = plot_signal(gradients(), flips)
    curve = next(line for line in right.get_lines() if line.get_label().startswith("a pair"))
    drawn = np.interp(rate, curve.get_xdata(), curve.get_ydata())
    assert drawn == pytest.approx(kept, abs=0.005)


def test_signal_of_another_table_or_share_of_flips_is_refused():
    with pytest.raises(ValueError, match="must have the columns"):
        plot_signal(gradients().drop(columns="rate"))
    with pytest.raises(ValueError, match=r"no rows with noise 0.3; there are \[0.0, 0.2, 0.4\]"):
        plot_signal(gradients(), noise=0.3)
