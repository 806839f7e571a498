"""Which action units occur, how often, together with which, and in whom.

Every frame has one hidden normal number z per AU; the AU is active where z passes a threshold, and
the further it passes, the stronger (a Gaussian copula). Three published tables fix the model:

* rates: the threshold t of each AU, P(z > t) = rate;
* phi, the correlation of two 0/1 labels: the correlation of their z;
* spread: how much of z is the person's own, z = spread * person + sqrt(1 - spread^2) * moment.

The person's part is a permuted grid of normal quantiles, no draw: 41 people hit the rates as
exactly as a million would, and the most and the least expressive are always among them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from aunce_lib.faces.anatomy import AUS
from aunce_lib.faces.difficulty import Difficulty, difficulty_named
from aunce_lib.faces.draw import Draw


@dataclass(frozen=True)
class Statistics:
    """Published statistics of a corpus.

    Attributes:
        rates: (AU, share of frames in which it is active), 2 % for AUs left out.
        phi: (AU, AU, correlation of their labels), the published pairs.
        spread: (AU, share 0..1 of the person in the hidden number); AUs left out have .45.
        unlisted: Bound on the phi of pairs that are not published; they go where they must
            so that all published ones can hold at once.
    """

    rates: tuple[tuple[int, float], ...]
    phi: tuple[tuple[int, int, float], ...]
    spread: tuple[tuple[int, float], ...] = ()
    unlisted: float = 0.20


#: BP4D: rates and phi over its 146,847 labelled frames. The AUs that it does not label (5, 9, 20,
#: 25, 26, 43, 45) have plausible numbers of our own; the spread follows its range between subjects.
BP4D = Statistics(
    rates=(
        *((1, 0.211), (2, 0.171), (4, 0.203), (6, 0.461), (7, 0.549), (10, 0.594), (12, 0.562)),
        *((14, 0.466), (15, 0.169), (17, 0.343), (23, 0.165), (24, 0.151)),
        *((5, 0.08), (9, 0.05), (20, 0.05), (25, 0.35), (26, 0.15), (43, 0.04), (45, 0.06)),
    ),
    phi=(
        *((1, 2, 0.46), (6, 7, 0.54), (6, 10, 0.50), (6, 12, 0.54), (7, 10, 0.39), (7, 12, 0.35)),
        *((10, 12, 0.53), (6, 14, 0.25), (10, 14, 0.26), (12, 14, 0.23), (14, 24, 0.23)),
        *((15, 17, 0.29), (15, 23, 0.24), (15, 24, 0.17), (17, 23, 0.27), (17, 24, 0.42)),
        *((23, 24, 0.26), (4, 12, -0.26)),
        *((25, 26, 0.22), (12, 25, 0.19), (24, 25, -0.13), (2, 5, 0.12), (9, 10, 0.08)),
        (5, 7, -0.15),
    ),
    spread=((1, 0.55), (2, 0.50), (7, 0.50), (24, 0.35)),
)


# ------------------------------------------------------------------------- fitting the copula
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


@lru_cache(maxsize=16)
def fit_correlations(statistics: Statistics) -> np.ndarray:
    """Correlations of the hidden numbers, (AUs, AUs), positive definite, published phi held.

    Alternating projections: onto the positive definite matrices, and back onto the published
    entries (unlisted ones stay within their bounds).

    Raises:
        ValueError: If the published phi contradict each other.
    """
    rate = np.array([dict(statistics.rates).get(au, 0.02) for au in AUS])
    n = len(AUS)
    rows, columns = np.broadcast_to(rate[:, None], (n, n)), np.broadcast_to(rate, (n, n))
    bound = np.full((n, n), statistics.unlisted)
    upper = latent_correlation(rows, columns, bound)
    lower = latent_correlation(rows, columns, -bound)
    phi = np.zeros((n, n))
    for first, second, value in statistics.phi:
        i, j = AUS.index(first), AUS.index(second)
        phi[i, j] = phi[j, i] = value
    exact = latent_correlation(rows, columns, phi)
    published = phi != 0
    upper, lower = np.where(published, exact, upper), np.where(published, exact, lower)

    wanted = np.where(published, exact, 0.0)
    np.fill_diagonal(wanted, 1.0)
    for _ in range(500):
        values, vectors = np.linalg.eigh(wanted)
        definite = (vectors * values.clip(min=0.01)) @ vectors.T
        wanted = definite.clip(lower, upper)
        np.fill_diagonal(wanted, 1.0)
    if np.linalg.eigvalsh(wanted)[0] < 0.005:
        raise ValueError("the phi table contradicts itself: no hidden correlations reproduce it")
    return wanted


def _spread(statistics: Statistics) -> np.ndarray:
    """Share of the person in each AU's hidden number, (AUs,)."""
    own = dict(statistics.spread)
    return np.array([own.get(au, 0.45) for au in AUS])


# ------------------------------------------------------------------------- drawing
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
    wanted = torch.linalg.cholesky(torch.from_numpy(_shared(statistics)))
    effects = draw.normal(len(AUS)).double()
    for _ in range(5):  # ranking disturbs the correlation a little: do it again
        effects = _whiten(effects) @ wanted.T
        effects = grid[effects.argsort(0).argsort(0)]
    return effects


def _whiten(x: Tensor) -> Tensor:
    """Takes the correlation between columns out; directions without variance stay as they are."""
    values, vectors = torch.linalg.eigh(x.T @ x / len(x))
    return x @ (vectors * values.clamp(min=0.05).rsqrt()) @ vectors.T


def _shared(statistics: Statistics) -> np.ndarray:
    """Correlation that the person's and the moment's part both need, (AUs, AUs).

    If both parts have correlation c, the sum has c * (s1 s2 + sqrt(1 - s1^2) sqrt(1 - s2^2)).
    """
    s = _spread(statistics)
    keep = np.sqrt(1 - s * s)
    shared = fit_correlations(statistics) / (np.outer(s, s) + np.outer(keep, keep))
    values, vectors = np.linalg.eigh(shared)
    shared = (vectors * values.clip(min=0.005)) @ vectors.T
    return shared / np.sqrt(np.outer(shared.diagonal(), shared.diagonal()))


def draw_action_units(
    persons: Tensor,
    n_people: int,
    seed: int = 0,
    difficulty: str | Difficulty = "benchmark",
    statistics: Statistics = BP4D,
) -> tuple[Tensor, Tensor]:
    """Draws the action units of N frames.

    Args:
        persons: (N,) int64, who is in the frame, 0..n_people - 1.
        n_people: How many people the corpus has.
        seed: 0..2**48 - 1.
        difficulty: A preset's name or a `Difficulty`; its threshold and margin matter here.
        statistics: The corpus to imitate.

    Returns:
        intensities: (N, AUs, 2) float 0..1, left and right half. The stronger half carries the
            intensity; the weaker is a little weaker, much weaker at times for AU14.
        active: (N, AUs) bool, the label: the stronger half reaches the corpus' threshold.

    Raises:
        TypeError: If `persons` is not int64.
        ValueError: If a person or another number is out of range.

    Example:
        >>> intensities, active = draw_action_units(torch.arange(41).repeat(100), 41)
        >>> round(active[:, AUS.index(12)].float().mean().item(), 1)
        0.6
    """
    if not isinstance(persons, Tensor) or persons.dtype != torch.int64:
        given = getattr(persons, "dtype", type(persons).__name__)
        raise TypeError(f"persons must be an int64 tensor, got {given}")
    if persons.ndim != 1 or not bool(((persons >= 0) & (persons < n_people)).all()):
        raise ValueError(
            f"persons must be (N,) with values in 0..n_people - 1 = {n_people - 1}, "
            f"got shape {tuple(persons.shape)}"
        )
    hard = difficulty_named(difficulty)
    draw = Draw(len(persons), seed, stream=4)
    spread = torch.from_numpy(_spread(statistics))
    mixing = torch.linalg.cholesky(torch.from_numpy(_shared(statistics)))
    moment = draw.normal(len(AUS), limit=6.0).double() @ mixing.T
    person = person_effects(n_people, seed, statistics)[persons.cpu()]
    rank = torch.special.ndtr(spread * person + (1 - spread**2).sqrt() * moment)  # (N, AUs)

    rate = torch.tensor([dict(statistics.rates).get(au, 0.02) for au in AUS], dtype=torch.float64)
    active = rank > 1 - rate
    above, below = (rank - (1 - rate)) / rate, rank / (1 - rate)  # each uniform in 0..1
    weakest, strongest_inactive = hard.weakest_active, hard.strongest_inactive
    strength = torch.where(active, weakest + (1 - weakest) * above, strongest_inactive * below)

    lopsided = 0.15 * draw.normal(len(AUS)).double()
    lopsided[:, AUS.index(14)] *= 3.0
    lopsided[:, AUS.index(12)] *= 1.3
    weaker = 1 - torch.stack([lopsided, -lopsided], -1).clamp(0, 0.8)
    return (strength[..., None] * weaker).float(), active
