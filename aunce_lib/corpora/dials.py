"""Spoils tables on purpose: label noise, careless coders, imbalance, missing labels, fewer people.

Truth is known only where faces are drawn, so only there can one turn a dial and see what a method
loses. Every dial takes a FrameTable and a seed and returns another; dials compose. Labels that a
dial changes keep the clean one beside them (`AU12_true`, never overwritten by a second dial),
unknown labels stay unknown, and each dial leaves a note in `table.spoiled`, which the table shows.

    noisy = flip_labels(table, 0.2, seed=0)
    hard = hide_labels(scale_rates(noisy, 0.5, seed=1), 0.3, seed=2)
"""

from __future__ import annotations

import numpy as np

from ..facs import column
from .errors import CorpusError
from .frames import FrameTable


def flip_labels(table: FrameTable, rate: float, seed: int = 0) -> FrameTable:
    """Symmetric noise: every known label is flipped with the same probability.

    Args:
        table: Any table.
        rate: Probability of a flip, 0..1.
        seed: Which labels.

    Example:
        >>> from aunce_lib.corpora import synthetic
        >>> noisy = flip_labels(synthetic.labels(size="tiny"), 0.2)
        >>> noisy.spoiled
        ('20 % of the labels flipped (seed 0)',)
    """
    rate, rng = _share("rate", rate), np.random.default_rng(seed)
    flipped = rng.random(table.labels.shape) < rate
    labels = np.where(flipped, 1 - table.labels, table.labels)  # 1 - NaN stays NaN
    return table.with_labels(labels, f"{_percent(rate)} of the labels flipped (seed {seed})")


def miss_weak_events(table: FrameTable, rate: float, seed: int = 0) -> FrameTable:
    """Asymmetric noise: a coder overlooks events, weak ones rather than strong ones.

    An event is a run of active frames of a sequence. It is missed as a whole: all its labels become
    inactive. The weakest event of an AU is nearly always missed and the strongest hardly ever: with
    u in 0..1 for the rank of an event's highest intensity, it is missed with the probability
    (1 - u) ** ((1 - rate) / rate), which is `rate` on average.

    Args:
        table: A table with AU<number>_intensity columns, such as an embedded corpus.
        rate: Share of events missed, 0..1.
        seed: Which events.

    Raises:
        CorpusError: If there are no intensities.
    """
    rate, rng = _share("rate", rate), np.random.default_rng(seed)
    frames, labels = table.frames, table.labels
    order = np.lexsort((frames["frame"], _sequences(table)))
    sequence = _sequences(table)[order]
    for j, au in enumerate(table.aus):
        name = f"{column(au)}_intensity"
        if name not in frames or frames[name][labels[:, j] == 1].isna().any():
            raise CorpusError(
                f"miss_weak_events needs the intensity of every active AU{au}, but column {name!r} "
                "is missing or has gaps; use flip_labels for tables without intensities"
            )
        active = labels[order, j] == 1
        begins = active & np.r_[True, ~active[:-1] | (sequence[1:] != sequence[:-1])]
        event = np.cumsum(begins)[active] - 1  # number of the event of each active frame
        peak = np.zeros(begins.sum())
        np.maximum.at(peak, event, frames[name].to_numpy()[order][active])
        missed = rng.random(len(peak)) < _missing_chance(peak, rate)
        labels[order[active][missed[event]], j] = 0
    note = f"{_percent(rate)} of the events missed, weak ones first (seed {seed})"
    return table.with_labels(labels, note)


def _missing_chance(peak: np.ndarray, rate: float) -> np.ndarray:
    """Probability (events,) of missing events with these peaks; `rate` on average."""
    if rate in (0.0, 1.0):
        return np.full(len(peak), rate)
    strength = (peak.argsort(kind="stable").argsort() + 0.5) / max(len(peak), 1)
    return (1 - strength) ** ((1 - rate) / rate)


def careless_coder(table: FrameTable, share: float, rate: float = 0.4, seed: int = 0) -> FrameTable:
    """One coder did a share of the sequences, and flips labels; the others make no mistakes.

    Args:
        table: Any table.
        share: Share of the sequences that the coder did, 0..1, rounded to whole sequences.
        rate: Probability that the coder gets a label wrong, 0..1.
        seed: Which sequences and which labels.
    """
    share, rate = _share("share", share), _share("rate", rate)
    rng = np.random.default_rng(seed)
    sequence = _sequences(table)
    all_of_them = np.unique(sequence)
    count = round(share * len(all_of_them))
    careless = np.isin(sequence, rng.permutation(all_of_them)[:count])
    flipped = careless[:, None] & (rng.random(table.labels.shape) < rate)
    labels = np.where(flipped, 1 - table.labels, table.labels)
    note = (
        f"{count} of {len(all_of_them)} sequences by a careless coder who flipped "
        f"{_percent(rate)} of the labels (seed {seed})"
    )
    return table.with_labels(labels, note)


def hide_labels(table: FrameTable, rate: float, seed: int = 0) -> FrameTable:
    """Missing labels: every known label becomes unknown (NaN) with the same probability.

    Args:
        table: Any table.
        rate: Probability of being hidden, 0..1.
        seed: Which labels.
    """
    rate, rng = _share("rate", rate), np.random.default_rng(seed)
    labels = np.where(rng.random(table.labels.shape) < rate, np.nan, table.labels)
    return table.with_labels(labels, f"{_percent(rate)} of the labels hidden (seed {seed})")


def scale_rates(table: FrameTable, factor: float, seed: int = 0) -> FrameTable:
    """Imbalance: leaves out frames so that every AU is active `factor` times as often as before.

    No label changes. Each frame stays with a probability proportional to exp(w · labels), at most
    1, where the weights w (one an AU) are such that the expected rates are the wanted ones: of all
    ways to reach them the one that distorts the table least (exponential tilting, raking).

    Args:
        table: Any table.
        factor: New rate over old rate, the same for all AUs; below 1 for more imbalance.
        seed: Which frames.

    Raises:
        ValueError: If no choice of frames has these rates, for instance above 1.
    """
    if not len(table):
        raise ValueError("the table has no frames whose rates could be scaled")
    rates = table.rates()["rate"].fillna(0).to_numpy()
    if not np.isfinite(factor) or factor <= 0 or (factor * rates >= 1).any():
        raise ValueError(
            f"factor must be above 0 and keep every rate below 1: at most "
            f"{1 / max(rates.max(), 1e-9):.2f} for this table, got {factor}"
        )
    lacking = np.nan_to_num(table.labels.astype(float) - factor * rates)  # an unknown one: no say
    weight = np.exp(lacking @ _tilt(lacking, factor))
    kept = np.random.default_rng(seed).random(len(table)) < weight / weight.max(initial=1e-300)
    note = (
        f"rates scaled by {factor:.3g} by leaving out {(~kept).sum():,} of {len(table):,} frames "
        f"(seed {seed})"
    )
    return table.where(kept).noted(note)


def _tilt(lacking: np.ndarray, factor: float) -> np.ndarray:
    """w (J,) at which the mean of `lacking` (N, J), weighted by exp(lacking · w), is zero.

    It is the minimum of log sum exp(lacking · w), which is convex: Newton's method, damped.
    """
    w, steps = np.zeros(lacking.shape[1]), 100
    for _ in range(steps):
        p = np.exp(lacking @ w - (lacking @ w).max())
        p /= p.sum()
        mean = p @ lacking
        if np.abs(mean).max() < 1e-6:
            return w
        spread = (lacking * p[:, None]).T @ lacking - np.outer(mean, mean)
        step = np.linalg.solve(spread + 1e-9 * np.eye(len(w)), mean)
        w = w - step / max(1.0, np.abs(step).max())
    raise ValueError(f"no choice of frames scales all rates by {factor}; try a factor nearer to 1")


def fewer_people(table: FrameTable, n: int, seed: int = 0) -> FrameTable:
    """Only n people, all their frames.

    Args:
        table: Any table.
        n: How many people stay, at least 1.
        seed: Which ones.

    Raises:
        ValueError: If the table has fewer than n people.
    """
    people = np.unique(table.subjects)
    if isinstance(n, bool) or not isinstance(n, int) or not 1 <= n <= len(people):
        raise ValueError(f"n must be a whole number in 1..{len(people)} people, got {n!r}")
    chosen = np.random.default_rng(seed).permutation(people)[:n]
    note = f"only {n} of {len(people)} people (seed {seed})"
    return table.where(np.isin(table.subjects, chosen)).noted(note)


def _sequences(table: FrameTable) -> np.ndarray:
    """A number for the sequence of each frame, (N,)."""
    return table.frames.groupby(["subject", "sequence"], observed=True).ngroup().to_numpy()


def _share(name: str, value: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ValueError(f"{name} must be a number in 0..1, got {value!r}")
    return float(value)


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"
