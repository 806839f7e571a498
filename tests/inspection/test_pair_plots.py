"""Positives on faces and the share of false ones, against counts by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
import torch.nn.functional as F

from aunce_lib.inspection import (
    false_positives,
    mate_shares,
    plot_batches,
    plot_false_positives,
    plot_positives,
    plot_roles,
    plot_truth,
)


@pytest.fixture
def batch():
    """Two views (6, 2, 5) of which mates are the most alike, and their labels."""
    generator = torch.Generator().manual_seed(0)
    z = F.normalize(torch.randn(6, 2, 5, generator=generator), dim=-1)
    near = z + 0.01 * torch.randn(6, 2, 5, generator=generator)
    return z, near, torch.tensor([[1, 0], [1, 1], [0, 0], [0, 1], [1, 0], [0, 1.0]])


FACES = np.random.default_rng(0).integers(0, 256, (12, 3, 8, 8), np.uint8)


def test_roles_are_drawn_as_frames_and_named_below():
    roles = ["anchor", "same label", "other label", ""]
    figure, axes = plot_roles(FACES[:4], roles, columns=2)
    assert axes.shape == (2, 2)
    assert [text.get_text() for text in figure.legends[0].texts] == roles[:3]
    assert axes[0, 0].axison
    assert not axes[1, 1].axison


@pytest.mark.parametrize("roles", [["anchor"], ["anchor", "friend"]])
def test_unknown_roles_are_refused(roles):
    with pytest.raises(ValueError, match="roles must be 2 of"):
        plot_roles(FACES[:2], roles)


def test_positives_of_an_anchor_stand_in_a_row_for_each_kind(batch):
    _, axes = plot_positives(*batch, FACES, anchor=0, au=0, shown=4)
    titles = np.array([[ax.get_title() for ax in row] for row in axes])
    assert titles[:, 0].tolist() == ["self", "nearest", "mean"]
    assert titles[:2, 1].tolist() == ["100 %", "100 %"]
    assert (titles[:2, 2:] == "").all()
    assert np.array_equal(axes[0, 1].get_images()[0].get_array(), FACES[6].transpose(1, 2, 0))


def test_alike_mates_are_nearest_and_take_more_of_a_colder_mean(batch):
    shares = mate_shares(*batch, (0.05, 0.5))
    assert shares.nearest.tolist() == [1, 1]
    assert 1 / 5 < shares["mean"][0.5] < shares["mean"][0.05] <= 1  # 5 share an anchor's label


def test_no_positive_is_false_when_labels_are_true(batch):
    found = false_positives(*batch, batch[2], batch_size=6)
    assert found.share.tolist() == [0] * 12
    assert found.n.sum() == 3 * 2 * 12  # kinds, AUs, rows


def test_false_positives_are_counted_by_the_true_label_of_both(batch):
    z0, z1, truth = batch
    one = torch.ones_like(z0)  # all alike: each positive of a mean weighs the same
    labels = truth.clone()
    labels[2, 0] = 1  # wrongly active: 3 of 4 active images are
    found = false_positives(one, one, labels, truth, batch_size=6).set_index(
        ["kind", "au", "label"]
    )
    # an anchor that is active meets 2 of 7 rows that are not; the wrong one 6 of 7 that are
    assert found.share["mean", 0, 1] == pytest.approx((6 * 2 / 7 + 2 * 6 / 7) / 8)
    assert found.share["self", 0, 1] == 0
    assert found.share["mean", 0, 0] == 0
    assert found.n["mean", 0, 1] == 8


def test_anchors_without_a_label_or_a_negative_are_not_counted(batch):
    z0, z1, truth = batch
    labels = truth.clone()
    labels[:, 0] = torch.nan
    labels[:, 1] = 1
    assert false_positives(z0, z1, labels, truth, batch_size=6).n.sum() == 0


def test_false_positives_draws_a_line_for_each_kind_and_the_blind_one():
    shares = pd.DataFrame({"self": [0, 0], "nearest": [0, 0.1], "mean": [0, 0.3]}, [0, 0.2])
    ax = plot_false_positives(shares, pd.Series([0, 0.4], [0, 0.2]), "title")
    assert [line.get_label() for line in ax.lines[:4]] == [
        "self", "nearest", "mean", "any face with that label",
    ]  # fmt: skip
    assert ax.lines[2].get_ydata().tolist() == [0, 30]


def test_truth_is_drawn_with_the_rates_that_are_named():
    curves = pd.DataFrame({0.1: [0.3, 0.9], 0.2: [0.2, 0.8]}, [0.05, 0.6])
    ax = plot_truth(curves, pd.Series({"AU1": 0.2}), "title")
    assert [text.get_text() for text in ax.texts] == ["AU1"]
    assert [text.get_text() for text in ax.get_legend().texts] == ["10% flipped", "20% flipped"]


def test_batches_are_bars_in_percent():
    ax = plot_batches(pd.DataFrame({"random": [0.25, 0], "balanced": [0, 0]}, ["AU1", "AU2"]))
    assert [bar.get_height() for bar in ax.patches] == [25, 0, 0, 0]
