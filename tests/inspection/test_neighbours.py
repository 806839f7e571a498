"""Neighbours and purity, against scikit-learn and counting by hand."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.colors import to_rgba
from sklearn.neighbors import NearestNeighbors

from aunce_lib.inspection import nearest, plot_neighbours, plot_purity, purity, purity_table
from aunce_lib.inspection.style import ACTIVE, INACTIVE, UNKNOWN


def cloud(n=30, dim=6, seed=0):
    return np.random.default_rng(seed).normal(size=(n, dim))


def on_circle(*degrees):
    angle = np.radians(degrees)
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


def test_neighbours_equal_those_of_scikit_learn():
    points = cloud()
    found = NearestNeighbors(n_neighbors=6, metric="cosine").fit(points)
    expected = found.kneighbors(points, return_distance=False)[:, 1:]
    np.testing.assert_array_equal(nearest(points, k=5), expected)


def test_length_does_not_count():
    points = cloud()
    longer = points * np.linspace(1, 9, len(points))[:, None]
    np.testing.assert_array_equal(nearest(longer), nearest(points))


def test_with_groups_neighbours_come_from_other_groups_only():
    points, groups = cloud(), np.array(["Ann", "Bob", "Cem"]).repeat(10)
    near = nearest(points, 4, groups)
    assert (groups[near] != groups[:, None]).all()
    assert (groups[nearest(points, 4)] == groups[:, None]).any()


def test_purity_is_counted_by_hand():
    # 0 and 10 degrees are each other's nearest, 90 and 110 too; 60 lies nearest to 90
    values = np.array([1, 1, 0, 0, 1])
    share, chance = purity(nearest(on_circle(0, 10, 90, 110, 60), k=1), values)
    assert share == pytest.approx(4 / 5)
    assert chance == pytest.approx((3 * 2 + 2 * 1) / (5 * 4))


def test_groups_change_the_chance_too():
    values, groups = np.array([1, 1, 0, 0]), np.array(["Ann", "Bob", "Ann", "Bob"])
    near = nearest(on_circle(0, 10, 90, 110), 1, groups)
    share, chance = purity(near, values, groups)
    assert (share, chance) == (1.0, 0.5)


def test_unknown_values_are_left_out():
    near = nearest(on_circle(0, 10, 90, 110, 60), k=1)
    known = purity(near, np.array([1, 1, 0, 0, np.nan]))
    assert known == pytest.approx((1.0, 1 / 3))
    assert np.isnan(purity(near, np.full(5, np.nan))).all()


def test_the_table_has_a_row_an_au_and_value_and_finds_a_planted_label():
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 2, (60, 2)).astype(float)
    z = rng.normal(size=(60, 2, 5))
    z[:, 1, 0] += 12 * labels[:, 1]  # only AU12's embedding knows its label
    people = np.arange(60) % 6
    table = purity_table(
        z, (1, 12), {"label": labels, "person": people}, k=5, groups={"label": people}
    )
    assert list(table.au) == ["AU1", "AU1", "AU12", "AU12"]
    above = table.set_index(["au", "by"]).above_chance
    assert above["AU12", "label"] > 0.8
    assert abs(above["AU1", "label"]) < 0.3
    axes = plot_purity(table, "a title")
    assert axes.get_title() == "a title"
    assert [text.get_text() for text in axes.get_xticklabels()] == ["AU1", "AU12"]


def test_faces_are_framed_by_their_label():
    images = np.zeros((5, 3, 8, 8), np.uint8)
    near = nearest(on_circle(0, 10, 90, 110, 60), k=2)
    labels = np.array([1, 0, np.nan, 0, 1])
    _, axes = plot_neighbours(images, near, [0, 4], labels, "AU12")
    assert axes.shape == (2, 3)
    shown = np.column_stack([[0, 4], near[[0, 4]]]).ravel()
    looks = {1.0: ACTIVE, 0.0: INACTIVE}
    for ax, face in zip(axes.flat, shown, strict=True):
        assert ax.spines["left"].get_edgecolor() == to_rgba(looks.get(labels[face], UNKNOWN))


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: nearest(cloud(4), k=4), ValueError, "at most 3.*got 4"),
        (lambda: nearest(cloud(4), k=0), ValueError, "at least 1"),
        (lambda: nearest(cloud(4), 3, [0, 0, 1, 1]), ValueError, "at most 2"),
        (lambda: nearest(cloud(4), 1, [0, 1]), ValueError, r"groups must be \(4,\)"),
        (lambda: nearest(cloud().astype(int)), TypeError, "floating, got int64"),
        (lambda: nearest(np.zeros((4, 2, 3))), ValueError, "points must be"),
        (lambda: purity(np.zeros((4, 1), int), np.zeros(3)), ValueError, r"values \(N,\)"),
        (
            lambda: plot_neighbours(np.zeros((2, 3, 8, 8), np.uint8), [[1], [0]], [], [0, 1]),
            ValueError,
            "at least one face",
        ),
    ],
)
def test_bad_input_is_refused_by_name(call, error, says):
    with pytest.raises(error, match=says):
        call()
