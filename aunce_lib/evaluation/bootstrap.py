"""F1 and AUC from counts of each person, and what other people would have given: the bootstrap.

Frames of one person are nearly copies of each other, so a thousand frames of ten people are ten
observations and not a thousand. Resampling frames would give intervals that are far too short;
here people are drawn, with all their frames.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ..facs import column
from .inputs import as_labels, as_subjects, same_length

MACRO = "macro"


def confusion(labels: np.ndarray, predictions: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """True positives, false positives and false negatives of each person and AU.

    Args:
        labels: Float (N, J) of 0, 1, NaN.
        predictions: Float (N, J) of 0, 1, NaN. A known face without an answer makes the person's
            counts for that AU NaN.
        codes: Whose face it is, int (N,), 0 to S - 1.

    Returns:
        Counts, float64 (S, J, 3).
    """
    known = ~np.isnan(labels)
    silent = np.where(known & np.isnan(predictions), np.nan, 0.0)
    events = ((labels == 1) & (predictions == 1), (labels == 0) & (predictions == 1))
    events = (*events, (labels == 1) & (predictions == 0))
    events = np.stack(events, axis=-1) + silent[..., None]  # (N, J, 3)
    counts = np.zeros((codes.max() + 1, *events.shape[1:]))
    np.add.at(counts, codes, events)
    return counts


def f1_score(tp: np.ndarray, fp: np.ndarray, fn: np.ndarray) -> np.ndarray:
    """F1 = 2 TP / (2 TP + FP + FN), 0 to 1; NaN where there is no active face (TP + FN = 0)."""
    return np.where(tp + fn > 0, ratio(2 * tp, 2 * tp + fp + fn), np.nan)


def bootstrap_f1(counts: np.ndarray, n_resamples: int = 1000, seed: int = 0) -> np.ndarray:
    """F1 in imagined repetitions of the test: as many people, drawn again with replacement.

    A repetition is a count of how often each person was drawn, so all of them together are one
    matrix product. The same seed and number of people draw the same people: differences of two
    models pair up.

    Args:
        counts: TP, FP, FN of each person, (S, J, 3), from `confusion`.
        n_resamples: Number of repetitions.
        seed: Seed of the draws.

    Returns:
        F1 (n_resamples, J + 1), the macro mean last; all NaN for fewer than 2 people, of whom
        nothing can be said about others.
    """
    people, n_aus = counts.shape[:2]
    if people < 2:
        return np.full((n_resamples, n_aus + 1), np.nan)
    totals = _drawn(people, n_resamples, seed) @ counts.reshape(people, -1)  # (n_resamples, J * 3)
    f1 = f1_score(*np.moveaxis(totals.reshape(n_resamples, n_aus, 3), -1, 0))
    return np.concatenate([f1, nanmean(f1, axis=1)[:, None]], axis=1)


def pair_wins(labels: np.ndarray, scores: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """How often an active face of one person scores above an inactive face of another.

    Args:
        labels: 0, 1 or NaN (unknown, left out), (N,).
        scores: (N,); a known face without an answer (NaN) makes everything NaN.
        codes: Whose face it is, int (N,), 0 to S - 1.

    Returns:
        Wins and pairs, float64 (S, S) each: row the person of the active face, column that of the
        inactive one; a tie is half a win. AUC = wins.sum() / pairs.sum().
    """
    people = codes.max() + 1
    active, inactive = labels == 1, labels == 0
    counts = [np.bincount(codes[some], minlength=people) for some in (active, inactive)]
    pairs = np.outer(*counts).astype(float)
    if np.isnan(scores[active | inactive]).any():
        return np.full_like(pairs, np.nan), pairs
    wins = np.zeros_like(pairs)
    for person in np.flatnonzero(counts[1]):
        theirs = np.sort(scores[inactive & (codes == person)])
        below = np.searchsorted(theirs, scores[active], "left")
        not_above = np.searchsorted(theirs, scores[active], "right")
        wins[:, person] = np.bincount(codes[active], (below + not_above) / 2, people)
    return wins, pairs


def bootstrap_auc(
    wins: np.ndarray, pairs: np.ndarray, n_resamples: int = 1000, seed: int = 0
) -> np.ndarray:
    """AUC of one AU in imagined repetitions of the test, (n_resamples,); see `bootstrap_f1`.

    If person p is drawn w_p times, each pair of faces of p and q counts w_p w_q times.
    """
    people = len(wins)
    if people < 2:
        return np.full(n_resamples, np.nan)
    drawn = _drawn(people, n_resamples, seed)
    return ratio(((drawn @ wins) * drawn).sum(1), ((drawn @ pairs) * drawn).sum(1))


def _drawn(people: int, n_resamples: int, seed: int) -> np.ndarray:
    """How often each person is drawn in each repetition, float64 (n_resamples, S)."""
    chances = np.full(people, 1 / people)
    return np.random.default_rng(seed).multinomial(people, chances, n_resamples).astype(float)


def paired_difference(
    labels, predictions, others, subjects, aus: Sequence[int], n_resamples: int = 1000, seed=0
) -> pd.DataFrame:
    """F1 of one model less F1 of another, on the same faces and the same draws of people.

    Two overlapping intervals do not show that two models are alike: hard people are hard for both.
    The difference, person by person drawn, is the right thing to look at.

    Args:
        labels: 0, 1 or NaN, (N, J).
        predictions: 0, 1 or NaN, (N, J), of the one model.
        others: 0, 1 or NaN, (N, J), of the other.
        subjects: Whose face it is, (N,).
        aus: The J action units.
        n_resamples: Number of bootstrap repetitions.
        seed: Seed of the draws.

    Returns:
        Index AU1 … and "macro" (over the AUs defined for both); columns difference, low and high,
        the ends of the 95 % interval. An interval without 0 is evidence of a difference.
    """
    labels = as_labels(labels, aus)
    answers = [as_labels(predictions, aus, "predictions"), as_labels(others, aus, "others")]
    same_length(labels=labels, predictions=answers[0], others=answers[1])
    codes, _ = as_subjects(subjects, len(labels))
    ours, theirs = (confusion(labels, answer, codes) for answer in answers)
    ours, theirs = ours + 0 * theirs, theirs + 0 * ours  # an AU that one lacks, neither has
    point = [f1_score(*counts.sum(axis=0).T) for counts in (ours, theirs)]
    difference = point[0] - point[1]
    draws = bootstrap_f1(ours, n_resamples, seed) - bootstrap_f1(theirs, n_resamples, seed)
    low, high = interval95(draws)
    difference = np.append(difference, nanmean(difference))
    names = [*map(column, aus), MACRO]
    return pd.DataFrame({"difference": difference, "low": low, "high": high}, index=names)


def interval95(draws: np.ndarray) -> np.ndarray:
    """The 2.5 and 97.5 % quantiles of each column, (2, J + 1), over the draws that are defined."""
    return pd.DataFrame(draws).quantile([0.025, 0.975]).to_numpy()


def nanmean(values: np.ndarray, axis: int | None = None) -> np.ndarray:
    """Mean of what is defined; NaN, without a warning, where nothing is."""
    defined = ~np.isnan(values)
    return ratio(np.where(defined, values, 0).sum(axis), defined.sum(axis))


def ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.full(np.shape(whole), np.nan), where=np.asarray(whole) > 0)
