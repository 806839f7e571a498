"""How embeddings lie on the sphere, without a probe: alignment, uniformity, collapse.

Alignment and uniformity are those of Wang & Isola, "Understanding Contrastive Representation
Learning through Alignment and Uniformity on the Hypersphere", ICML 2020, per action unit. An
encoder that sends every face to one point has perfect alignment, so read them together.

All take embeddings (N, J, D), which are normalised to unit length here, and return the mean over
the action units, or with reduction="none" one number for each, (J,).
"""

from __future__ import annotations

import numpy as np

from .inputs import as_embeddings, same_length


def alignment(z0, z1, reduction: str = "mean") -> float | np.ndarray:
    """How far positives are apart: E ‖z0 - z1‖² over pairs.

    Args:
        z0: Embeddings (N, J, D).
        z1: Embeddings (N, J, D); row i is a positive of row i of z0, for instance the other view.
        reduction: "mean" over the AUs, or "none".

    Returns:
        0 (every pair at one point) to 4 (opposite); 2 for pairs that have nothing in common.

    Raises:
        TypeError: If embeddings are not floating.
        ValueError: If shapes differ, or an embedding is not finite or is zero.
    """
    z0, z1 = _unit(z0, "z0"), _unit(z1, "z1")
    if z0.shape != z1.shape:
        raise ValueError(f"z0 and z1 must have one shape, got {z0.shape} and {z1.shape}")
    return _reduce(((z0 - z1) ** 2).sum(-1).mean(0), reduction)


def uniformity(
    embeddings, t: float = 2.0, max_faces: int = 1024, seed: int = 0, reduction: str = "mean"
) -> float | np.ndarray:
    """How evenly faces spread over the sphere: log E exp(-t ‖z_a - z_b‖²) over pairs a ≠ b.

    Args:
        embeddings: (N, J, D), at least 2 faces.
        t: Sharpness, above 0; 2 is the published value.
        max_faces: With more faces, this many are drawn (all pairs are compared).
        seed: Seed of that draw.
        reduction: "mean" over the AUs, or "none".

    Returns:
        0 (all faces at one point) down to -2 t N / (N - 1); about -2 t = -4 when spread evenly
        over many dimensions. Lower is more even.

    Raises:
        TypeError: If embeddings are not floating.
        ValueError: If the shape is wrong, an embedding is not finite or is zero, or t ≤ 0.
    """
    z = _unit(embeddings, "embeddings")
    if len(z) < 2 or not t > 0 or max_faces < 2:
        raise ValueError(
            "uniformity needs at least 2 faces, t above 0 and max_faces of 2 or more, "
            f"got {len(z)}, {t} and {max_faces}"
        )
    if len(z) > max_faces:
        z = z[np.random.default_rng(seed).choice(len(z), max_faces, replace=False)]
    upper = np.triu_indices(len(z), k=1)
    values = []
    for points in z.swapaxes(0, 1):  # one AU at a time: (N, N) is the largest thing in memory
        distances = 2 - 2 * (points @ points.T)[upper]
        values.append(np.log(np.exp(-t * distances).mean()))
    return _reduce(np.array(values), reduction)


def collapse(embeddings, reduction: str = "mean") -> float | np.ndarray:
    """How near an encoder is to giving one answer to all: ‖E z‖², the mean cosine of two faces.

    Returns:
        0 (faces balanced around the centre) to 1 (all at one point: nothing can be told apart).
        Two opposite poles for active and inactive, which is what one wishes for, give
        (1 - 2 rate)², so a rare AU is allowed a high value: judge beside the probe's F1.

    Raises:
        TypeError: If embeddings are not floating.
        ValueError: If the shape is wrong, or an embedding is not finite or is zero.
    """
    z = _unit(embeddings, "embeddings")
    return _reduce((z.mean(0) ** 2).sum(-1), reduction)


def dimensions_used(embeddings, reduction: str = "mean") -> float | np.ndarray:
    """Participation ratio of the variances λ along the principal axes: (Σ λ)² / Σ λ².

    Returns:
        1 (all faces on one line, as with two poles) to D (spread alike in every direction); NaN
        where all faces are at one point. Blind to how small the spread is: `collapse` tells that.

    Raises:
        TypeError: If embeddings are not floating.
        ValueError: If the shape is wrong, or an embedding is not finite or is zero.
    """
    z = _unit(embeddings, "embeddings")
    values = []
    for points in z.swapaxes(0, 1):
        centred = points - points.mean(0)
        covariance = centred.T @ centred / len(points)  # (D, D); Σ λ is its trace
        total = np.trace(covariance)
        values.append(total**2 / (covariance**2).sum() if total > 1e-12 else np.nan)
    return _reduce(np.array(values), reduction)


def _unit(embeddings, name: str) -> np.ndarray:
    z = as_embeddings(embeddings, name).astype(np.float64)
    same_length(**{name: z})
    length = np.linalg.norm(z, axis=-1, keepdims=True)
    if not length.all():
        raise ValueError(f"{name} must have a direction, but an embedding is zero")
    return z / length


def _reduce(values: np.ndarray, reduction: str) -> float | np.ndarray:
    if reduction not in ("mean", "none"):
        raise ValueError(f'reduction must be "mean" or "none", got {reduction!r}')
    return float(values.mean()) if reduction == "mean" else values
