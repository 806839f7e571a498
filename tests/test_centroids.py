"""The centroid loss against its formula written out face by face, and what it promises."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from aunce_lib.centroids import CentroidLoss

TAU = 0.3


def two_views(n=6, n_aus=3, dim=4, seed=0):
    draw = torch.Generator().manual_seed(seed)
    z = F.normalize(torch.randn(2, n, n_aus, dim, generator=draw, dtype=torch.float64), dim=-1)
    labels = (torch.rand(n, n_aus, generator=draw) < 0.5).float()
    labels[0], labels[1] = 0, 1  # both sides of every AU
    return z[0], z[1], labels


def by_hand(z0, z1, labels, rates):
    """The docstring's formula with NumPy, from a memory of this batch alone."""
    z, y = np.concatenate([z0, z1]), np.concatenate([labels, labels])
    total, weight = 0.0, 0.0
    for j in range(z.shape[1]):
        c1, c0 = (z[y[:, j] == side, j].mean(axis=0) for side in (1, 0))
        u = (c1 - c0) / np.linalg.norm(c1 - c0)
        for a, label in zip(z[:, j], y[:, j], strict=True):
            if not math.isnan(label):
                sign, w = (1, 1 / (2 * rates[j])) if label else (-1, 1 / (2 - 2 * rates[j]))
                total += w * math.log1p(math.exp(-2 * sign * (a - (c1 + c0) / 2) @ u / TAU))
                weight += w
    return total / weight


def test_the_first_batch_gives_the_formula():
    z0, z1, labels = two_views()
    labels[2, 1] = math.nan
    rates = np.nanmean(labels.numpy(), axis=0)
    loss = CentroidLoss(labels, 4, TAU)(z0, z1, labels)
    expected = by_hand(z0.numpy(), z1.numpy(), labels.numpy().astype(float), rates)
    assert loss.item() == pytest.approx(expected, abs=1e-5)


def test_the_memory_is_the_mean_of_what_was_seen():
    labels = two_views()[2]
    loss, seen, sums, counts = CentroidLoss(labels, 4, TAU, momentum=0.5), [], 0, 0
    for seed in range(3):
        z0, z1, _ = two_views(seed=seed)
        loss(z0, z1, labels)
        seen.append(torch.cat([z0, z1]))
    active = torch.cat([labels, labels])
    for step, z in enumerate(seen):  # the last batch counts ½, the one before ¼, the first ⅛
        share = 0.5 ** (3 - step)
        sums = sums + share * (active[..., None] * z).sum(0)
        counts = counts + share * active.sum(0)[:, None]
    torch.testing.assert_close(loss.centroids[1].double(), sums / counts, atol=1e-6, rtol=0)


def test_in_evaluation_nothing_is_remembered():
    z0, z1, labels = two_views()
    loss = CentroidLoss(labels, 4, TAU)
    loss(z0, z1, labels)
    before = loss.centroids.clone()
    loss.eval()(z1.flip(0), z0, labels)
    assert torch.equal(loss.centroids, before)


def test_the_gradient_pulls_to_the_own_centroid():
    z0, z1, labels = two_views()
    loss = CentroidLoss(labels, 4, TAU)
    z0, z1 = z0.requires_grad_(), z1.requires_grad_()
    loss(z0, z1, labels).backward()
    inactive, active = loss.centroids.double()
    step = (-z0.grad * (active - inactive)).sum(-1)  # (B, J)
    assert (step[labels == 1] > 0).all()
    assert (step[labels == 0] < 0).all()


def test_a_rare_side_weighs_as_much_as_the_common_one():
    labels = torch.zeros(100, 1)
    labels[:4] = 1
    weights = CentroidLoss(labels, 4, TAU).weights[:, 0]
    torch.testing.assert_close(weights, torch.tensor([1 / 1.92, 1 / 0.08]))


def test_labels_that_are_unknown_take_no_part():
    z0, z1, labels = two_views()
    labels[3:] = math.nan
    whole, part = CentroidLoss(labels, 4, TAU), CentroidLoss(labels, 4, TAU)
    torch.testing.assert_close(
        whole(z0, z1, labels), part(z0[:3], z1[:3], labels[:3]), atol=1e-6, rtol=1e-6
    )


def test_nothing_known_is_no_loss_and_no_nan():
    z0, z1, labels = two_views()
    nothing = torch.full_like(labels, math.nan)
    z0.requires_grad_()
    loss = CentroidLoss(labels, 4, TAU)(z0, z1, nothing)
    loss.backward()
    assert loss.item() == 0
    assert z0.grad.isfinite().all()


@pytest.mark.parametrize(
    ("settings", "words"),
    [({"temperature": 0.0}, "temperature"), ({"temperature": 1.0, "momentum": 1.0}, "momentum")],
)
def test_settings_that_make_no_sense_are_told(settings, words):
    with pytest.raises(ValueError, match=words):
        CentroidLoss(torch.tensor([[0.0], [1.0]]), 4, **settings)
