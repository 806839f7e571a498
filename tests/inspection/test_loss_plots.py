"""Forces, minded negatives and settling points, against autograd and against known ends."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from aunce_lib import Positive, aunce_loss
from aunce_lib.baselines import NTXent, WeightedBCE
from aunce_lib.inspection import (
    effective_negatives,
    plot_forces,
    plot_settled,
    plot_softplus,
    push_and_pull,
    settle,
)

LABELS = torch.tensor([[1.0], [0], [0], [1], [0]])
FACES = np.random.default_rng(0).integers(0, 256, (10, 3, 8, 8), np.uint8)


@pytest.fixture
def views():
    generator = torch.Generator().manual_seed(1)
    return tuple(torch.randn(5, 1, 4, generator=generator).double() for _ in range(2))


def mean_loss(z0, z1, labels):
    return aunce_loss(z0, z1, labels, torch.tensor([Positive.MEAN]))


def test_forces_are_the_gradient_of_the_loss(views):
    _, axes = plot_forces(*views, LABELS, FACES, anchor=0, au=0, shown=3)
    titles = [[ax.get_title() for ax in row] for row in axes]
    s = (F.normalize(torch.cat(views)[:, 0], dim=-1)[[0]] @ F.normalize(
        torch.cat(views)[:, 0], dim=-1).T / 0.5)[0].requires_grad_()  # fmt: skip
    y = LABELS[:, 0].repeat(2) == 1
    same = y & (torch.arange(10) != 0)
    F.softplus((1.2 * s[~y]).logsumexp(0) - s[same].logsumexp(0) + np.log(3)).backward()
    pulls = sorted((-100 * s.grad[same]).tolist(), reverse=True)
    pushes = sorted((100 * s.grad[~y]).tolist(), reverse=True)
    assert titles[0] == ["pulled by", *(f"{value:.1f}" for value in pulls)]
    assert titles[1] == ["pushed by", *(f"{value:.1f}" for value in pushes[:3])]


def test_alike_negatives_are_all_minded_and_a_cold_loss_minds_one(views):
    one = torch.ones(5, 1, 4)
    assert effective_negatives(one, one, LABELS, (0.5,), (1.0,)).loc[0.5, 1.0] == pytest.approx(
        (4 * 6 + 6 * 4) / 10  # 4 active rows have 6 negatives, 6 inactive ones 4
    )
    table = effective_negatives(*views, LABELS, (1.0, 0.001), (0.8, 1.2))
    assert table.loc[0.001, 1.2] == pytest.approx(1, abs=0.01)
    assert (table[1.2] <= table[0.8]).all()


def test_push_is_beta_times_pull(views):
    forces = push_and_pull(*views, LABELS, beta_active=1.5, beta_inactive=0.5)
    assert forces.push[0, 1] == pytest.approx(1.5 * forces.pull[0, 1])
    assert forces.push[0, 0] == pytest.approx(0.5 * forces.pull[0, 0])
    assert forces.pull.between(0, 1).all()


def test_anchors_without_negatives_feel_nothing(views):
    assert push_and_pull(*views, torch.ones(5, 1)).isna().all().all()


def test_settling_brings_labels_to_opposite_poles():
    angles = settle(mean_loss, LABELS[:, 0], seed=1)[-1]
    points = np.stack([np.cos(angles), np.sin(angles)])
    active = np.tile(LABELS[:, 0] == 1, 2)
    centres = points[:, active].mean(axis=1), points[:, ~active].mean(axis=1)
    assert centres[0] @ centres[1] == pytest.approx(-1, abs=0.05)


def test_settling_by_nt_xent_joins_views_and_parts_faces():
    angles = settle(NTXent(), LABELS[:, 0])[-1]
    assert np.cos(angles[:5] - angles[5:]) == pytest.approx(1, abs=0.01)
    around = np.sort(np.mod(angles[:5], 2 * np.pi))
    assert np.diff(around).min() > 0.8  # 2π / 5 = 1.26 apart when even


def test_settling_is_repeatable_and_keeps_the_whole_path():
    paths = [settle(mean_loss, LABELS[:, 0], steps=4, seed=3) for _ in range(2)]
    assert paths[0].shape == (5, 10)
    assert np.array_equal(*paths)


def test_settling_trains_the_parameters_of_a_loss():
    loss = WeightedBCE(1, 2)
    before = loss.weight.detach().clone()
    settle(loss, LABELS[:, 0], steps=2)
    assert not torch.equal(before, loss.weight)


def test_settled_points_are_drawn_a_circle_each():
    figure, axes = plot_settled({"a": np.zeros(10), "b": np.ones(10)}, LABELS[:, 0])
    assert [ax.get_title() for ax in axes.flat] == ["a", "b"]
    assert sum(len(dots.get_offsets()) for dots in axes[0, 0].collections) == 10


def test_settled_faces_stand_at_their_angle_in_the_colour_of_their_label():
    images = np.random.default_rng(0).integers(256, size=(5, 3, 8, 8), dtype=np.uint8)
    angles = np.array([0, 1, 2, 3, 4, 0, 0, 0, 0, 0.0])
    labels = np.array([1.0, 0, 0, 1, 0])
    _, axes = plot_settled({"a": angles}, labels, images)
    faces, frames = axes[0, 0].get_images(), axes[0, 0].patches
    assert len(faces) == len(frames) == 5
    for face, image, angle in zip(faces, images, angles, strict=False):
        assert np.array_equal(face.get_array(), image.transpose(1, 2, 0))
        left, right, low, high = face.get_extent()
        assert np.arctan2(low + high, left + right) % (2 * np.pi) == pytest.approx(angle)
    colours = [frame.get_edgecolor() for frame in frames]
    assert colours[0] == colours[3] != colours[1] == colours[2] == colours[4]


def test_softplus_is_drawn_with_its_slope():
    loss, slope = plot_softplus().lines[:2]
    assert np.gradient(loss.get_ydata(), loss.get_xdata())[1:-1] == pytest.approx(
        slope.get_ydata()[1:-1], abs=1e-3
    )
