"""What a linear rule reads: planted information is found, noise is not, in both directions."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest

from aunce_lib.inspection import content, plot_content, readable

RNG = np.random.default_rng(0)
GROUPS = np.arange(120) % 6
LABEL = RNG.integers(0, 2, 120)
NUMBER = RNG.normal(size=120)
NOISE = RNG.normal(size=(120, 8))
PLANTED = NOISE + np.column_stack([6 * LABEL, 5 * NUMBER, *np.zeros((6, 120))])


def test_planted_label_and_number_are_read_and_noise_is_not():
    assert readable(PLANTED, LABEL, GROUPS) > 0.95
    assert readable(PLANTED, NUMBER, GROUPS) > 0.9
    assert readable(NOISE, LABEL, GROUPS) < 0.3
    assert readable(NOISE, NUMBER, GROUPS) < 0.1


def test_a_number_is_scored_by_r_squared_of_groups_left_out():
    from sklearn.linear_model import LinearRegression
    from sklearn.metrics import r2_score

    predicted = np.empty(120)
    for left_out in ({0, 1}, {2, 3}, {4, 5}):
        test = np.isin(GROUPS, list(left_out))
        model = LinearRegression().fit(PLANTED[~test], NUMBER[~test])
        predicted[test] = model.predict(PLANTED[test])
    assert readable(PLANTED, NUMBER, GROUPS) == pytest.approx(r2_score(NUMBER, predicted), abs=0.02)


def test_what_is_known_of_the_groups_only_does_not_count():
    # each group has a place and a label of its own: nothing of it holds in another group
    places = np.eye(6)[GROUPS] * 9 + 0.1 * RNG.normal(size=(120, 6))
    assert readable(places, GROUPS % 2, GROUPS) < 0.2
    assert readable(places, GROUPS % 2, np.arange(120) // 20) > 0.9


def test_classes_weigh_the_same():
    rare = (np.arange(120) % 12 == 0).astype(int)
    assert readable(np.zeros((120, 2)) + 1e-6 * NOISE[:, :2], rare, np.arange(120) // 20) < 0.35
    assert readable(5 * rare[:, None] + 0.1 * NOISE, rare, np.arange(120) // 20) > 0.95


def test_unknown_values_are_left_out_and_one_value_is_not_readable():
    some = np.where(np.arange(120) < 20, np.nan, LABEL)
    assert readable(PLANTED, some, GROUPS) > 0.9
    assert np.isnan(readable(PLANTED, np.ones(120), GROUPS))


def test_the_table_has_a_row_an_embedding_and_the_figure_its_numbers():
    table = content({"planted": PLANTED, "noise": NOISE}, {"label": (LABEL, GROUPS)})
    assert table.loc["planted", "label"] > table.loc["noise", "label"]
    axes = plot_content(table, "a title")
    texts = [text.get_text() for text in axes.texts]
    assert texts == [f"{value:.2f}" for value in table.label]
    plt.close("all")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((PLANTED[:, None], LABEL, GROUPS), r"points must be \(N, D\)"),
        ((PLANTED, LABEL[:9], GROUPS), r"values and groups \(N,\)"),
        ((PLANTED, LABEL, np.zeros(120)), "groups must be at least 2"),
    ],
)
def test_bad_input_is_refused_by_name(arguments, says):
    with pytest.raises(ValueError, match=says):
        readable(*arguments)
