"""Draws the action units of frames: single ones, or sequences in which they come and go.

An action unit rises, peaks and fades. In a sequence the moment's part of each hidden number (see
`copula`) is therefore smooth in time: white noise through a filter with two time scales, a fast one
of the AU's own and a slow one that all share (the task or topic, which makes some stretches busy
and leaves others empty). Where it passes its threshold there is an event, from onset over apex to
offset, as strong as it passes it.

The published lengths are medians over a few hundred events, so a draw would miss them by 10 %, and
rates and phi by .02 and .05. As with people, nothing is left to luck: the hidden numbers are
ranked, so that rates are exact, and fast scales and correlations are adjusted until the drawn
events are as long, and come together as often, as the published ones.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from aunce_lib.faces.anatomy import AUS
from aunce_lib.faces.copula import (
    fit_correlations,
    listed_phi,
    person_effects,
    shared_correlation,
)
from aunce_lib.faces.difficulty import Difficulty, difficulty_named
from aunce_lib.faces.draw import Draw
from aunce_lib.faces.motion import wander
from aunce_lib.faces.statistics import BP4D, Statistics

SLOW = 0.6  #: share of the slow scale; about as many events as in BP4D then have its lengths
SLOW_FRAMES = 300.0  #: scale of the slow part, frames
ROUNDS = 12  #: at most so many adjustments of scales and correlations
CLOSE_LENGTH = 0.08  #: a median length this near to the wanted one, as a share, is near enough
CLOSE_PHI = 0.03  #: and a phi this near


def draw_action_units(
    persons: Tensor,
    n_people: int,
    seed: int = 0,
    difficulty: str | Difficulty = "benchmark",
    statistics: Statistics = BP4D,
) -> tuple[Tensor, Tensor]:
    """Draws the action units of N single frames.

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
    _check_persons(persons, n_people)
    draw = Draw(len(persons), seed, stream=4)
    spread = torch.tensor(statistics.per_au("spread"), dtype=torch.float64)
    mixing = torch.linalg.cholesky(torch.from_numpy(shared_correlation(statistics)))
    moment = draw.normal(len(AUS), limit=6.0).double() @ mixing.T
    person = person_effects(n_people, seed, statistics)[persons.cpu()]
    rank = torch.special.ndtr(spread * person + (1 - spread**2).sqrt() * moment)  # (N, AUs)
    return _intensities(rank, draw.normal(len(AUS)), difficulty, statistics)


def draw_sequences(
    persons: Tensor,
    n_frames: int,
    n_people: int,
    seed: int = 0,
    difficulty: str | Difficulty = "benchmark",
    statistics: Statistics = BP4D,
) -> tuple[Tensor, Tensor]:
    """Draws the action units of S sequences of T frames each.

    Over all frames together the rates of the statistics hold exactly.

    Args:
        persons: (S,) int64, who is in each sequence, 0..n_people - 1.
        n_frames: Length T of the sequences.
        n_people, seed, difficulty, statistics: As in `draw_action_units`.

    Returns:
        intensities: (S, T, AUs, 2) float 0..1.
        active: (S, T, AUs) bool.

    Raises:
        TypeError: If `persons` is not int64.
        ValueError: If a person or another number is out of range.

    Example:
        >>> intensities, active = draw_sequences(torch.arange(6), 100, n_people=6)
        >>> tuple(active.shape) == (6, 100, len(AUS))
        True
    """
    _check_persons(persons, n_people)
    if isinstance(n_frames, bool) or not isinstance(n_frames, int) or n_frames < 1:
        raise ValueError(f"n_frames must be a whole number from 1, got {n_frames!r}")
    draw = Draw(len(persons), seed, stream=5)
    effects = person_effects(n_people, seed, statistics).numpy()
    z = _hidden_numbers(draw, persons.cpu().numpy(), n_frames, effects, statistics)
    rank = torch.from_numpy(_ranks(z))  # (S, T, AUs)
    lopsided = wander(draw, n_frames, len(AUS), scale=SLOW_FRAMES / 10)
    return _intensities(rank, lopsided, difficulty, statistics)


def event_lengths(active: np.ndarray) -> np.ndarray:
    """Lengths of the runs of True in S sequences of T frames, (S, T) -> (events,).

    >>> event_lengths(np.array([[True, True, False, True], [False, True, True, True]]))
    array([2, 1, 3])
    """
    edges = np.diff(active.astype(np.int8), axis=1, prepend=0, append=0)  # (S, T + 1)
    return np.nonzero(edges == -1)[1] - np.nonzero(edges == 1)[1]


def _hidden_numbers(
    draw: Draw, persons: np.ndarray, n_frames: int, effects: np.ndarray, statistics: Statistics
) -> np.ndarray:
    """Hidden numbers (S, T, AUs) whose labels have the statistics, up to small misses."""
    noise = _Noise(draw, n_frames)
    rates, wanted = (np.array(statistics.per_au(name)) for name in ("rates", "events"))
    spread = np.array(statistics.per_au("spread"))
    rest = np.sqrt(1 - spread**2)
    present = effects[persons]  # (S, AUs)
    own = np.outer(spread, spread) * (present.T @ present / len(present))
    correlation = (fit_correlations(statistics) - own) / np.outer(rest, rest)
    listed, phi = listed_phi(statistics)
    scales = wanted * (0.45 - 0.33 * rates)  # about where the adjusting ends
    best, least = None, np.inf
    for _ in range(ROUNDS):
        moment = _standardised(noise.filtered(scales, correlation), persons)
        z = spread * present[:, None] + rest * moment
        active = z > _thresholds(z, rates)
        lengths = np.array([_median(event_lengths(active[..., k])) for k in range(len(AUS))])
        short = wanted / lengths
        lacking = np.where(listed, phi - _phi(active), 0.0)
        # a miss by one frame is none, be the event ever so short
        length_miss = np.abs(lengths - wanted) / np.maximum(wanted, 1 / CLOSE_LENGTH)
        miss = max(length_miss.max() / CLOSE_LENGTH, np.abs(lacking).max() / CLOSE_PHI)
        if miss < least:
            best, least = z, miss
        if miss <= 1:
            break
        # lengths grow with the scale about in proportion, phi with the correlation
        scales = (scales * short.clip(0.6, 1.6)).clip(1.0, n_frames)
        correlation = correlation + lacking
    return best


class _Noise:
    """White noise of S sequences, to be correlated between AUs and smoothed in time."""

    def __init__(self, draw: Draw, n_frames: int) -> None:
        from scipy.fft import next_fast_len, rfft

        # it goes round in a circle longer than the sequence, so that the end of a sequence
        # knows little of its beginning
        self.length, self.n_frames = next_fast_len(n_frames + 320, real=True), n_frames
        noise = draw.normal(self.length, len(AUS), limit=6.0).numpy()
        self.spectrum = rfft(noise, axis=1)  # (S, F, AUs)

    def filtered(self, scales: np.ndarray, correlation: np.ndarray) -> np.ndarray:
        """Moments (S, T, AUs) with a fast scale for each AU and correlations between them."""
        from scipy.fft import irfft

        response = _response(scales, self.length)  # (F, AUs)
        # AUs of different speed share less than their noise does: ask the noise for more
        shared = _response_product(response, self.length)
        mixing = np.linalg.cholesky(_definite(correlation / shared)).T
        spectrum = self.spectrum @ mixing.astype(np.float32) * response.astype(np.float32)
        return irfft(spectrum, self.length, axis=1)[:, : self.n_frames]


def _response(scales: np.ndarray, length: int) -> np.ndarray:
    """Frequency responses (F, AUs) that leave white noise its variance: two scales mixed."""
    frequency = 2 * np.pi * np.fft.rfftfreq(length)[:, None]
    power = np.zeros((len(frequency), len(scales)))
    for share, frames in ((1 - SLOW, scales), (SLOW, np.full(len(scales), SLOW_FRAMES))):
        part = np.exp(-((frequency * frames) ** 2))
        power += share * part * length / (2 * part.sum(0) - part[0])
    return np.sqrt(power)


def _response_product(response: np.ndarray, length: int) -> np.ndarray:
    """Correlation (AUs, AUs) that is left of the same noise after two AUs' filters."""
    twice = np.full((len(response), 1), 2.0)  # all frequencies but the first stand for two
    twice[0] = 1.0
    return (twice * response).T @ response / length


def _standardised(moment: np.ndarray, persons: np.ndarray) -> np.ndarray:
    """Moments (S, T, AUs) of mean 0 in every person (what is hers is in her effect), variance 1."""
    sums = np.zeros((persons.max() + 1, moment.shape[-1]))
    np.add.at(sums, persons, moment.mean(1))
    means = sums / np.bincount(persons).clip(min=1)[:, None]
    moment = moment - means[persons][:, None].astype(np.float32)
    return moment / np.sqrt((moment**2).mean((0, 1))).clip(min=1e-6)


def _thresholds(z: np.ndarray, rates: np.ndarray) -> np.ndarray:
    """What each AU must pass to be active as often as it should be, (AUs,)."""
    flat = z.reshape(-1, z.shape[-1])
    ranks = np.minimum(((1 - rates) * len(flat)).astype(int), len(flat) - 1)
    return np.array([np.partition(flat[:, k], rank)[rank] for k, rank in enumerate(ranks)])


def _median(lengths: np.ndarray) -> float:
    return float(np.median(lengths)) if len(lengths) else 1.0


def _phi(active: np.ndarray) -> np.ndarray:
    """Correlations of labels (S, T, AUs), 0 with an AU that never changes."""
    flat = active.reshape(-1, active.shape[-1]).astype(np.float32)
    flat -= flat.mean(0)
    covariance = (flat.T @ flat).astype(np.float64)
    deviation = np.sqrt(covariance.diagonal()).clip(min=1e-6)
    return covariance / np.outer(deviation, deviation)


def _ranks(z: np.ndarray) -> np.ndarray:
    """Ranks among all frames, evenly in 0..1, AU by AU."""
    flat = z.reshape(-1, z.shape[-1])
    ranks = np.empty(flat.shape)
    grid = (np.arange(len(flat)) + 0.5) / len(flat)
    for k in range(flat.shape[1]):
        ranks[np.argsort(flat[:, k], kind="stable"), k] = grid
    return ranks.reshape(z.shape)


def _definite(matrix: np.ndarray) -> np.ndarray:
    """The nearest thing to it that is a correlation matrix."""
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    matrix = (vectors * values.clip(min=0.005)) @ vectors.T
    return matrix / np.sqrt(np.outer(matrix.diagonal(), matrix.diagonal()))


def _intensities(
    rank: Tensor, lopsided: Tensor, difficulty: str | Difficulty, statistics: Statistics
) -> tuple[Tensor, Tensor]:
    """Intensities (…, AUs, 2) and labels (…, AUs) of ranks in 0..1, (…, AUs)."""
    hard = difficulty_named(difficulty)
    rate = torch.tensor(statistics.per_au("rates"), dtype=torch.float64)
    active = rank > 1 - rate
    above, below = (rank - (1 - rate)) / rate, rank / (1 - rate)  # each uniform in 0..1
    weakest, strongest_inactive = hard.weakest_active, hard.strongest_inactive
    idle = strongest_inactive * below**2  # muscles that do not act are mostly at rest
    strength = torch.where(active, weakest + (1 - weakest) * above, idle)
    scale = torch.tensor([{14: 0.45, 12: 0.195}.get(au, 0.15) for au in AUS])
    lopsided = lopsided.double() * scale
    weaker = 1 - torch.stack([lopsided, -lopsided], -1).clamp(0, 0.8)
    return (strength[..., None] * weaker).float(), active


def _check_persons(persons: Tensor, n_people: int) -> None:
    if not isinstance(persons, Tensor) or persons.dtype != torch.int64:
        given = getattr(persons, "dtype", type(persons).__name__)
        raise TypeError(f"persons must be an int64 tensor, got {given}")
    if persons.ndim != 1 or not bool(((persons >= 0) & (persons < n_people)).all()):
        raise ValueError(
            f"persons must be (N,) with values in 0..n_people - 1 = {n_people - 1}, "
            f"got shape {tuple(persons.shape)}"
        )
