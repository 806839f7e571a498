"""Figures of a training: that what they show is what they were given."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from aunce_lib.inspection.training_plots import plot_plane, plot_sphere

POLES = np.array([[1.0, 0.0], [-1.0, 0.0], [1.0, 0.0], [-1.0, 0.0]])
HISTORY = pd.DataFrame({"alignment": [0.3, 0.2, 0.1], "uniformity": [-0.1, -1.0, -2.0]})


def test_labels_have_their_marks_and_uniformity_is_written_below_the_title():
    ax = plot_sphere(POLES, [0, 1, 0, 1], "two poles")
    inactive, active = (dots.get_offsets() for dots in ax.collections)
    assert (inactive[:, 0] > 0).all()
    assert (active[:, 0] < 0).all()
    expected = np.log((2 + 4 * np.exp(-8)) / 6)  # of 6 pairs 2 are at one point, 4 opposite
    assert ax.get_title() == f"two poles\nuniformity {expected:.2f}"


@pytest.mark.parametrize(
    ("points", "labels", "message"),
    [(np.ones((4, 3)), None, "points"), (POLES, [0, 1], "labels must be")],
)
def test_wrong_shapes_are_refused(points, labels, message):
    with pytest.raises(ValueError, match=message):
        plot_sphere(points, labels)


def test_every_training_is_a_path_whose_last_epoch_is_the_largest():
    ax = plot_plane({"AUNCE": HISTORY, "other": HISTORY / 2}, "two")
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["AUNCE", "other"]
    dots = ax.collections[0]
    np.testing.assert_allclose(dots.get_offsets(), HISTORY[["uniformity", "alignment"]])
    assert dots.get_sizes().argmax() == 2


@pytest.mark.parametrize(
    ("histories", "message"),
    [
        ({}, "1 to 8, got 0"),
        ({str(n): HISTORY for n in range(9)}, "1 to 8, got 9"),
        ({"AUNCE": HISTORY[["alignment"]]}, "'AUNCE' must have the columns"),
    ],
)
def test_what_is_no_history_is_refused(histories, message):
    with pytest.raises(ValueError, match=message):
        plot_plane(histories)
