"""Projections: seeded, kept on disk, honest about what cannot be placed."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import pdist
from sklearn.decomposition import PCA

from aunce_lib.inspection import projection
from aunce_lib.inspection.projection import project

METHODS = ("pca", "tsne", "umap")


def two_groups(n=40, dim=8, seed=0):
    points = np.random.default_rng(seed).normal(size=(n, dim)).astype(np.float32)
    points[: n // 2, 0] += 12
    return points


def test_pca_equals_that_of_scikit_learn_up_to_the_sign_of_an_axis():
    points = two_groups()
    expected = PCA(2).fit_transform(points)
    placed = project(points)
    np.testing.assert_allclose(np.abs(placed), np.abs(expected), atol=1e-4)
    np.testing.assert_allclose(pdist(placed), pdist(expected), atol=1e-4)


def test_pca_does_not_depend_on_the_order_of_points():
    points = two_groups()
    order = np.random.default_rng(1).permutation(len(points))
    np.testing.assert_allclose(project(points[order]), project(points)[order], atol=1e-5)


@pytest.mark.parametrize("method", METHODS)
def test_a_seed_gives_one_picture_of_the_agreed_form_with_the_groups_apart(method):
    points = two_groups()
    placed = project(points, method, seed=3)
    assert placed.shape == (40, 2)
    assert placed.dtype == np.float32
    np.testing.assert_array_equal(placed, project(points, method, seed=3))
    first, second = placed[:20], placed[20:]
    gap = np.linalg.norm(first.mean(0) - second.mean(0))
    assert gap > first.std(0).max() + second.std(0).max()


@pytest.mark.parametrize("method", ["tsne", "umap"])
def test_seed_and_neighbours_change_the_picture(method):
    points = two_groups()
    usual = project(points, method)
    assert not np.array_equal(usual, project(points, method, neighbours=4))
    if method == "umap":  # t-SNE starts from PCA: its seed has little to decide
        assert not np.array_equal(usual, project(points, method, seed=1))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("n", [1, 2, 4, 5, 6])
def test_few_points_are_placed(method, n):
    placed = project(two_groups()[:n], method)
    assert placed.shape == (n, 2)
    assert np.isfinite(placed).all()


@pytest.mark.parametrize("method", METHODS)
def test_points_on_a_line_and_twins_are_placed(method):
    for points in (two_groups(dim=1), np.repeat(two_groups(n=2), 10, axis=0)):
        assert np.isfinite(project(points, method)).all()


@pytest.mark.parametrize("method", METHODS)
def test_a_collapsed_encoder_is_one_point(method):
    np.testing.assert_array_equal(project(np.full((30, 4), 0.5), method), 0)


def test_the_cache_answers_without_computing_again(tmp_path, monkeypatch):
    points = two_groups()
    placed = project(points, "tsne", cache=tmp_path)
    assert len(list(tmp_path.iterdir())) == 1
    monkeypatch.setattr(projection, "_place", None)  # calling it would fail
    np.testing.assert_array_equal(project(points, "tsne", cache=tmp_path), placed)


def test_the_cache_tells_points_and_settings_apart(tmp_path):
    points = two_groups()
    for number, (given, settings) in enumerate(
        [
            (points, {}),
            (points + 1e-3, {}),
            (points.astype(float), {}),
            (points.reshape(-1, 4), {}),
            (points, {"method": "tsne"}),
            (points, {"method": "tsne", "seed": 1}),
            (points, {"method": "tsne", "neighbours": 5}),
        ]
    ):
        project(given, cache=tmp_path, **settings)
        assert len(list(tmp_path.iterdir())) == number + 1


@pytest.mark.parametrize("damage", ["cut", "empty", "text", "other shape", "nan"])
def test_a_damaged_cache_is_made_again(tmp_path, damage):
    points = two_groups()
    placed = project(points, cache=tmp_path)
    (path,) = tmp_path.iterdir()
    whole = path.read_bytes()
    if damage == "other shape":
        np.save(path, placed[:3])
    elif damage == "nan":
        np.save(path, placed * np.float32("nan"))
    else:
        path.write_bytes({"cut": whole[:-9], "empty": b"", "text": b"hello"}[damage])
    np.testing.assert_array_equal(project(points, cache=tmp_path), placed)
    assert path.read_bytes() == whole


def test_a_cache_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(OSError, match="file"):
        project(two_groups(), cache=tmp_path / "file")


@pytest.mark.parametrize(
    ("points", "settings", "error", "says"),
    [
        (np.ones((0, 4)), {}, ValueError, r"at least one point, got \(0, 4\)"),
        (np.ones((4, 2, 3)), {}, ValueError, r"take one AU, z\[:, j\]"),
        (np.ones((4, 3), int), {}, TypeError, "points must be floating, got int64"),
        (np.array([[1.0], [np.nan]]), {}, ValueError, "1 of 2 hold NaN.*row 1"),
        (np.ones((4, 3)), {"method": "mds"}, ValueError, "method must be one of"),
        (np.ones((4, 3)), {"neighbours": 5}, ValueError, "not for pca"),
        (np.ones((4, 3)), {"method": "tsne", "neighbours": 1}, ValueError, "2 or more"),
    ],
)
def test_bad_input_is_refused_by_name(points, settings, error, says):
    with pytest.raises(error, match=says):
        project(points, **settings)
