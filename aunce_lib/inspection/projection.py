"""Embeddings on a plane: PCA, t-SNE, UMAP. Seeded, and kept on disk since the last two are slow.

PCA keeps distances as well as two directions can. t-SNE and UMAP keep neighbours, at the price of
distances: sizes of clusters and gaps between them mean nothing, and another seed draws another
picture.
"""

from __future__ import annotations

import hashlib
from importlib.metadata import version
from pathlib import Path

import numpy as np

from ..corpora.atomic import atomic_path

#: How many neighbours a point attends to: perplexity of t-SNE, n_neighbors of UMAP.
NEIGHBOURS = {"pca": None, "tsne": 30.0, "umap": 15.0}
_PACKAGES = {"pca": "numpy", "tsne": "scikit-learn", "umap": "umap-learn"}
_FEWEST = 5  # fewer points have no neighbourhoods to keep
_DIMENSIONS = 50  # t-SNE and UMAP see at most so many principal axes: the rest is slow and noise


def project(
    points,
    method: str = "pca",
    seed: int = 0,
    cache: str | Path | None = None,
    neighbours: float | None = None,
) -> np.ndarray:
    """Place points on a plane.

    Args:
        points: Floating (N, D), finite, N ≥ 1: the embeddings of one action unit, or of all,
            flattened.
        method: "pca", "tsne" or "umap".
        seed: Seed of t-SNE and UMAP; the same seed on the same machine draws the same picture.
        cache: Folder to keep the result in, found again by the content of `points` and the
            settings; None keeps nothing.
        neighbours: How many neighbours a point attends to, 2 or more: perplexity for t-SNE (30 if
            None), n_neighbors for UMAP (15 if None); lowered where there are too few points.

    Returns:
        float32 (N, 2), without unit. Fewer than 5 points are placed by PCA, whatever the method;
        points that are all alike, as of a collapsed encoder, all lie at (0, 0).

    Raises:
        TypeError: If points are not floating.
        ValueError: If the shape, the method or `neighbours` is wrong, or a value is not finite.
        OSError: If the cache folder cannot be written.

    Example:
        >>> project(np.array([[0.0, 0.0, 1.0], [0.0, 0.0, -1.0]]))[:, 0]
        array([ 1., -1.], dtype=float32)
    """
    points = _checked(points)
    if method not in NEIGHBOURS:
        raise ValueError(f"method must be one of {tuple(NEIGHBOURS)}, got {method!r}")
    if neighbours is not None and (method == "pca" or not neighbours >= 2):
        raise ValueError(f"neighbours must be 2 or more, and not for pca; got {neighbours}")
    neighbours = neighbours or NEIGHBOURS[method]
    if cache is None:
        return _place(points, method, seed, neighbours)
    package = _PACKAGES[method]  # another version may draw another picture
    settings = (method, seed, neighbours, points.shape, points.dtype.str, version(package))
    digest = hashlib.sha256(repr(settings).encode() + points.tobytes()).hexdigest()
    path = Path(cache) / f"projection-{method}-{digest[:24]}.npy"
    placed = _read(path, len(points))
    if placed is None:
        placed = _place(points, method, seed, neighbours)
        with atomic_path(path) as temporary, open(temporary, "wb") as file:
            np.save(file, placed)
    return placed


def _checked(points) -> np.ndarray:
    points = np.ascontiguousarray(points)
    if points.dtype.kind != "f":
        raise TypeError(f"points must be floating, got {points.dtype}")
    if points.ndim != 2 or 0 in points.shape:
        raise ValueError(
            f"points must be (N, D), at least one point, got {points.shape}; "
            "of embeddings (N, J, D) take one AU, z[:, j], or all, z.reshape(len(z), -1)"
        )
    finite = np.isfinite(points).all(axis=1)
    if not finite.all():
        raise ValueError(
            f"points must be finite, but {(~finite).sum()} of {len(points)} hold NaN or infinity, "
            f"the first at row {int(finite.argmin())}"
        )
    return points


def _read(path: Path, n_points: int) -> np.ndarray | None:
    """What the cache holds; None if nothing, or nothing that can be trusted: it is made again."""
    try:
        placed = np.load(path, allow_pickle=False)
    except (FileNotFoundError, EOFError, ValueError):  # not there, empty, damaged
        return None
    whole = placed.shape == (n_points, 2) and placed.dtype == np.float32
    return placed if whole and np.isfinite(placed).all() else None


def _place(points: np.ndarray, method: str, seed: int, neighbours: float | None) -> np.ndarray:
    from threadpoolctl import threadpool_limits

    if (points == points[0]).all():
        return np.zeros((len(points), 2), np.float32)
    # One thread: on a busy machine t-SNE with many took 37 s where one took 1.5 s.
    with threadpool_limits(1):
        if method == "pca" or len(points) < _FEWEST:
            return _pca(points, 2).astype(np.float32)
        points = _pca(points, _DIMENSIONS)
        if method == "tsne":
            from sklearn.manifold import TSNE

            perplexity = min(neighbours, (len(points) - 1) / 3)
            model = TSNE(perplexity=perplexity, init=_start(points), random_state=seed, n_jobs=1)
        else:
            from umap import UMAP  # here, since importing it takes seconds

            count = int(min(neighbours, len(points) - 1))
            model = UMAP(n_neighbors=count, random_state=seed, n_jobs=1)
        return model.fit_transform(points.astype(np.float32)).astype(np.float32)


def _pca(points: np.ndarray, n_axes: int) -> np.ndarray:
    """Coordinates along the principal axes, float64 (N, n_axes), zero where there are too few."""
    centred = points - points.mean(axis=0, dtype=np.float64)
    u, s, v = np.linalg.svd(centred, full_matrices=False)
    # The sign of an axis is free; its largest loading decides, so that it is always the same.
    largest = np.take_along_axis(v, np.abs(v).argmax(axis=1, keepdims=True), axis=1)
    signed = u * s * np.where(largest < 0, -1.0, 1.0).T
    placed = np.zeros((len(points), n_axes))
    placed[:, : signed.shape[1]] = signed[:, :n_axes]
    return placed


def _start(points: np.ndarray) -> np.ndarray:
    """Where t-SNE begins: the first two principal axes, small, as its authors advise."""
    return (points[:, :2] / points[:, 0].std() * 1e-4).astype(np.float32)
