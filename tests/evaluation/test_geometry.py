"""Alignment, uniformity and collapse against closed forms."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from aunce_lib.evaluation.geometry import alignment, collapse, dimensions_used, uniformity


def cloud(n=50, n_aus=3, dim=8, seed=0):
    return np.random.default_rng(seed).normal(size=(n, n_aus, dim))


def poles(active, inactive):
    """One AU, D = 4: active faces at one point, inactive ones opposite."""
    z = np.zeros((active + inactive, 1, 4), np.float32)
    z[:, 0, 0] = np.repeat([1, -1], [active, inactive])
    return z


def test_alignment_of_equal_opposite_and_orthogonal_pairs():
    x, y = np.eye(4)[None, :1], np.eye(4)[None, 1:2]
    assert alignment(x, x) == 0
    assert alignment(x, -x) == 4
    assert alignment(x, y) == pytest.approx(2)


def test_alignment_equals_the_formula_of_wang_and_isola():
    z0, z1 = (torch.nn.functional.normalize(torch.tensor(cloud(seed=s)), dim=-1) for s in (0, 1))
    expected = (z0 - z1).norm(dim=-1).pow(2).mean(dim=0)  # (J,)
    np.testing.assert_allclose(alignment(z0, z1, reduction="none"), expected)
    assert alignment(z0, z1) == pytest.approx(expected.mean().item())


def test_uniformity_equals_the_formula_of_wang_and_isola():
    z = torch.nn.functional.normalize(torch.tensor(cloud()), dim=-1)
    expected = [torch.pdist(z[:, j]).pow(2).mul(-2).exp().mean().log().item() for j in range(3)]
    np.testing.assert_allclose(uniformity(z, reduction="none"), expected)


def test_uniformity_reaches_both_ends_of_its_range():
    assert uniformity(np.ones((5, 2, 3))) == pytest.approx(0)
    simplex = (np.eye(5) - 1 / 5)[:, None]  # the most even five points there are
    assert uniformity(simplex, t=2) == pytest.approx(-2 * 2 * 5 / 4)


def test_uniformity_of_a_sample_is_near_that_of_all_and_seeded():
    z = cloud(1500)
    assert uniformity(z, max_faces=500) == pytest.approx(uniformity(z, max_faces=1500), abs=0.05)
    assert uniformity(z, max_faces=500, seed=1) == uniformity(z, max_faces=500, seed=1)
    assert uniformity(z, max_faces=500, seed=1) != uniformity(z, max_faces=500, seed=2)


def test_collapse_is_one_at_a_point_and_nil_for_balanced_poles():
    assert collapse(np.ones((5, 2, 3))) == pytest.approx(1)
    assert collapse(poles(10, 10)) == 0
    assert collapse(poles(2, 8)) == pytest.approx((1 - 2 * 0.2) ** 2)


def test_collapse_is_the_mean_cosine_of_two_faces():
    z = cloud()
    unit = z / np.linalg.norm(z, axis=-1, keepdims=True)
    expected = np.einsum("ajd,bjd->jab", unit, unit).mean(axis=(1, 2))
    np.testing.assert_allclose(collapse(z, reduction="none"), expected)


def test_dimensions_used_counts_the_axes_in_use():
    assert dimensions_used(poles(5, 5)) == pytest.approx(1)
    axes = np.concatenate([np.eye(6)[:4], -np.eye(6)[:4]])[:, None]  # 4 of 6 axes, both ways
    assert dimensions_used(axes) == pytest.approx(4)
    assert np.isnan(dimensions_used(np.ones((5, 1, 3))))


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000))
def test_rotation_length_and_order_of_faces_do_not_matter(seed):
    z = cloud(seed=seed)
    rng = np.random.default_rng(seed)
    rotation = np.linalg.qr(rng.normal(size=(8, 8)))[0]
    other = (z @ rotation * rng.uniform(0.1, 9, (50, 3, 1)))[rng.permutation(50)]
    for measure in (uniformity, collapse, dimensions_used):
        np.testing.assert_allclose(measure(z, reduction="none"), measure(other, reduction="none"))


@pytest.mark.parametrize("measure", [uniformity, collapse, dimensions_used])
def test_bad_embeddings_are_refused_by_name(measure):
    with pytest.raises(TypeError, match="embeddings must be floating"):
        measure(np.ones((4, 2, 3), int))
    with pytest.raises(ValueError, match=r"embeddings must be \(N, J, D\)"):
        measure(np.ones((4, 3)))
    with pytest.raises(ValueError, match="1 of 4 faces hold NaN.*row 2"):
        measure(np.where(np.arange(4)[:, None, None] == 2, np.nan, np.ones((4, 2, 3))))
    with pytest.raises(ValueError, match="an embedding is zero"):
        measure(np.zeros((4, 2, 3)))
    with pytest.raises(ValueError, match="at least one face"):
        measure(np.ones((0, 2, 3)))
    with pytest.raises(ValueError, match='"mean" or "none"'):
        measure(np.ones((4, 2, 3)), reduction="sum")


def test_alignment_and_uniformity_refuse_what_does_not_fit():
    with pytest.raises(ValueError, match="one shape"):
        alignment(cloud(4), cloud(5))
    with pytest.raises(ValueError, match="at least 2 faces"):
        uniformity(cloud(1))
    with pytest.raises(ValueError, match="t above 0"):
        uniformity(cloud(4), t=0)
