"""A Gaussian copula: hidden normal numbers whose thresholded labels have given rates and phi.

Every frame has one hidden normal number z per AU; the AU is active where z passes a threshold, and
the further it passes, the stronger. Three tables of a `Statistics` fix the model:

* rates: the threshold t of each AU, P(z > t) = rate;
* phi, the correlation of two 0/1 labels: the correlation of their z;
* spread: how much of z is the person's own, z = spread * person + sqrt(1 - spread^2) * moment.

The person's part is a permuted grid of normal quantiles, no draw: 41 people hit the rates as
exactly as a million would, and the most and the least expressive are always among them. What the
moment's part does in time is told in `events`.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from aunce_lib.faces.anatomy import AUS
from aunce_lib.faces.draw import Draw
from aunce_lib.faces.statistics import BP4D, Statistics


def both_active(threshold: np.ndarray, other: np.ndarray, correlation: np.ndarray) -> np.ndarray:
    """P(z1 > t1, z2 > t2) of two normal numbers, elementwise.

    Plackett: its derivative in the correlation is the bivariate density at (t1, t2), so
    P(r) = P(0) + integral of the density from 0 to r, here by 40-point Gauss-Legendre.
    """
    from scipy.special import ndtr

    nodes, weights = np.polynomial.legendre.leggauss(40)
    r = correlation[..., None] * (nodes + 1) / 2
    a, b = threshold[..., None], other[..., None]
    rest = 1 - r * r
    density = np.exp(-(a * a - 2 * r * a * b + b * b) / (2 * rest)) / (2 * np.pi * np.sqrt(rest))
    return ndtr(-threshold) * ndtr(-other) + (density * weights).sum(-1) * correlation / 2


def latent_correlation(rate: np.ndarray, other: np.ndarray, phi: np.ndarray) -> np.ndarray:
    """Correlation of two hidden numbers whose thresholded labels have these rates and this phi.

    Found by bisection, as P(both active) grows with the correlation. A phi that no correlation
    reaches ends at +-.99.
    """
    from scipy.special import ndtri

    wanted = rate * other + phi * np.sqrt(rate * (1 - rate) * other * (1 - other))
    t1, t2 = -ndtri(rate), -ndtri(other)
    low, high = np.full(rate.shape, -0.99), np.full(rate.shape, 0.99)
    for _ in range(40):
        middle = (low + high) / 2
        too_low = both_active(t1, t2, middle) < wanted
        low, high = np.where(too_low, middle, low), np.where(too_low, high, middle)
    return (low + high) / 2


def listed_phi(statistics: Statistics) -> tuple[np.ndarray, np.ndarray]:
    """Which pairs of AUs have a listed phi, bool (AUs, AUs), and what it is."""
    phi = np.full((len(AUS), len(AUS)), np.nan)
    for first, second, value in statistics.phi:
        if first in AUS and second in AUS:
            i, j = AUS.index(first), AUS.index(second)
            phi[i, j] = phi[j, i] = value
    return ~np.isnan(phi), np.nan_to_num(phi)


@lru_cache(maxsize=16)
def fit_correlations(statistics: Statistics) -> np.ndarray:
    """Correlations of the hidden numbers, (AUs, AUs), positive definite, published phi held.

    Alternating projections: onto the positive definite matrices, and back onto the published
    entries (unlisted ones stay within their bounds).

    Raises:
        ValueError: If the published phi contradict each other.
    """
    rate, n = np.array(statistics.per_au("rates")), len(AUS)
    rows, columns = np.broadcast_to(rate[:, None], (n, n)), np.broadcast_to(rate, (n, n))
    bound = np.full((n, n), statistics.unlisted)
    upper = latent_correlation(rows, columns, bound)
    lower = latent_correlation(rows, columns, -bound)
    listed, phi = listed_phi(statistics)
    exact = latent_correlation(rows, columns, phi)
    upper, lower = np.where(listed, exact, upper), np.where(listed, exact, lower)

    wanted = np.where(listed, exact, 0.0)
    np.fill_diagonal(wanted, 1.0)
    for _ in range(500):
        values, vectors = np.linalg.eigh(wanted)
        definite = (vectors * values.clip(min=0.01)) @ vectors.T
        wanted = definite.clip(lower, upper)
        np.fill_diagonal(wanted, 1.0)
    if np.linalg.eigvalsh(wanted)[0] < 0.005:
        raise ValueError("the phi table contradicts itself: no hidden correlations reproduce it")
    return wanted


def person_effects(n_people: int, seed: int, statistics: Statistics = BP4D) -> Tensor:
    """How inclined each person is to each AU: a permuted grid of normal quantiles.

    Every column holds the same n_people quantiles (mean 0, variance 1) in another order; the
    orders are such that the columns are correlated like the AUs themselves (Iman & Conover's
    method: rank numbers that have been given the wanted correlation).

    Returns:
        (n_people, AUs) float64.

    Example:
        >>> grid = person_effects(41, seed=0)
        >>> bool(torch.equal(grid[:, 0].sort().values, grid[:, 5].sort().values))
        True
    """
    draw = Draw(n_people, seed, stream=3)
    grid = torch.special.ndtri((torch.arange(n_people, dtype=torch.float64) + 0.5) / n_people)
    grid = grid / grid.pow(2).mean().sqrt().clamp(min=1e-9)
    wanted = torch.linalg.cholesky(torch.from_numpy(shared_correlation(statistics)))
    effects = draw.normal(len(AUS)).double()
    for _ in range(5):  # ranking disturbs the correlation a little: do it again
        effects = _whiten(effects) @ wanted.T
        effects = grid[effects.argsort(0).argsort(0)]
    return effects


def _whiten(x: Tensor) -> Tensor:
    """Takes the correlation between columns out; directions without variance stay as they are."""
    values, vectors = torch.linalg.eigh(x.T @ x / len(x))
    return x @ (vectors * values.clamp(min=0.05).rsqrt()) @ vectors.T


def shared_correlation(statistics: Statistics) -> np.ndarray:
    """Correlation that the person's and the moment's part both need, (AUs, AUs).

    If both parts have correlation c, the sum has c * (s1 s2 + sqrt(1 - s1^2) sqrt(1 - s2^2)).
    """
    s = np.array(statistics.per_au("spread"))
    keep = np.sqrt(1 - s * s)
    shared = fit_correlations(statistics) / (np.outer(s, s) + np.outer(keep, keep))
    values, vectors = np.linalg.eigh(shared)
    shared = (vectors * values.clip(min=0.005)) @ vectors.T
    return shared / np.sqrt(np.outer(shared.diagonal(), shared.diagonal()))
