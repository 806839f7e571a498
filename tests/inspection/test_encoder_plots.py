"""Figures of an encoder's inside: that what they show is what they were given."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.colors import same_color
from matplotlib.patches import FancyArrowPatch

from aunce_lib.facs import ACTION_UNITS, AU_SETS
from aunce_lib.inspection.encoder_plots import LESS, MORE, PARTS, plot_au_graph, plot_tokens

FACE = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)


def ties(ax):
    return [patch for patch in ax.patches if isinstance(patch, FancyArrowPatch)]


def test_places_are_numbered_as_one_reads():
    ax = plot_tokens(FACE, title="places")
    numbers = [text.get_text() for text in ax.texts]
    assert numbers == [str(token) for token in range(16)]
    assert ax.texts[1].get_position()[0] > ax.texts[0].get_position()[0]
    assert ax.texts[4].get_position()[1] > ax.texts[0].get_position()[1]


def test_the_strongest_place_has_the_strongest_tint():
    values = np.arange(9.0)
    face, tint = plot_tokens(FACE.transpose(2, 0, 1), values).get_images()
    assert face.get_array().shape == (32, 32, 3)
    alpha = tint.get_array()[..., 3]
    assert alpha.shape == (3, 3)
    np.testing.assert_allclose(alpha.ravel() / alpha.max(), values / 8)


def test_no_change_at_all_is_no_tint():
    assert plot_tokens(FACE, np.zeros(4)).get_images()[1].get_array()[..., 3].max() == 0


@pytest.mark.parametrize("shape", [(5,), (4, 4), (0,)])
def test_values_must_fill_a_square(shape):
    with pytest.raises(ValueError, match="T a square number"):
        plot_tokens(FACE, np.zeros(shape))


def test_the_strongest_ties_are_drawn_and_their_sign_is_seen():
    weights = np.eye(4)
    weights[0, 1], weights[1, 0] = 0.8, 0.6
    weights[2, 3] = weights[3, 2] = -0.5
    weights[0, 2] = 0.01
    ax = plot_au_graph(weights, (1, 6, 12, 17), n_edges=2, title="ties")
    first, second = ties(ax)[::-1]
    assert same_color(first.get_edgecolor()[:3], MORE)
    assert same_color(second.get_edgecolor()[:3], LESS)
    assert first.get_linewidth() > second.get_linewidth()
    assert first.get_linestyle() != second.get_linestyle()  # told apart without colour
    assert [text.get_text() for text in ax.texts] == ["1", "6", "12", "17"]


def test_with_arrows_each_direction_is_a_tie_of_its_own():
    weights = np.array([[0, 0.8, 0], [0.6, 0, 0], [0, 0, 0]])
    assert len(ties(plot_au_graph(weights, (1, 2, 4), directed=True))) == 2
    assert len(ties(plot_au_graph(weights, (1, 2, 4)))) == 1


def test_every_action_unit_has_its_part_of_the_face():
    regions = [region for part in PARTS.values() for region in part]
    assert {unit.region for unit in ACTION_UNITS.values()} == {*regions}
    assert len(regions) == len({*regions})
    aus = AU_SETS["bp4d"]
    legend = plot_au_graph(np.eye(len(aus)), aus).get_legend()
    assert [text.get_text() for text in legend.get_texts()] == list(PARTS)


@pytest.mark.parametrize("weights", [np.zeros((2, 3)), np.zeros(3), np.full((3, 3), np.nan)])
def test_what_are_no_weights_is_refused(weights):
    with pytest.raises(ValueError, match="weights must be"):
        plot_au_graph(weights, (1, 2, 4))
