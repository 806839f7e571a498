"""Answers to the exercises of notebook 07: F1, thresholds, the bootstrap, paired differences."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .result import CheckResult, check

NAN = np.nan


def _f1(labels, predictions) -> float:
    known = ~np.isnan(labels)
    labels, predictions = labels[known], predictions[known]
    tp = np.sum((labels == 1) & (predictions == 1))
    wrong = np.sum(labels != predictions)
    return 2 * tp / (2 * tp + wrong) if (labels == 1).any() else NAN


def check_f1(answer: Callable, strict: bool = False) -> CheckResult:
    """`f1(labels, predictions)`: NaN labels left out; NaN if no face is active."""
    cases = {
        "two found, one missed, one false alarm": (
            np.array([1, 1, 1, 0, 0.0]),
            np.array([1, 1, 0, 1, 0.0]),
        ),
        "many true negatives, which F1 does not count": (
            np.array([1, 1, 0, 0, 0, 0, 0, 0.0]),
            np.array([1, 0, 0, 0, 0, 0, 0, 0.0]),
        ),
        "unknown labels": (np.array([1, NAN, 0, NAN, 1.0]), np.array([1, 1, 1, 0, 0.0])),
        "nothing is called active, although something is": (
            np.array([1, 0, 0.0]),
            np.array([0, 0, 0.0]),
        ),
        "nothing is active: nothing can be measured": (
            np.array([0, 0, NAN, 0.0]),
            np.array([0, 1, 0, 0.0]),
        ),
        "nothing is active and nothing is called active": (np.zeros(3), np.zeros(3)),
    }

    def parts(labels, predictions):
        known = ~np.isnan(labels)
        y, p = labels[known], predictions[known]
        return np.sum((y == 1) & (p == 1)), np.sum((y == 0) & (p == 1)), np.sum((y == 1) & (p == 0))

    def or_else(value):
        def with_default(labels, predictions):
            found = _f1(labels, predictions)
            return value(labels, predictions) if np.isnan(found) else found

        return with_default

    def precision(labels, predictions):
        tp, fp, _ = parts(labels, predictions)
        return tp / (tp + fp)

    def recall(labels, predictions):
        tp, _, fn = parts(labels, predictions)
        return tp / (tp + fn)

    wrong = {
        "this is accuracy: it counts the many true negatives, and F1 does not.": (
            lambda y, p: np.mean((y == p)[~np.isnan(y)])
        ),
        "this is recall: false alarms cost nothing in it.": recall,
        "this is precision: missed faces cost nothing in it.": precision,
        "this is the ordinary mean of precision and recall: F1 is the harmonic one, "
        "2TP / (2TP + FP + FN).": lambda y, p: (precision(y, p) + recall(y, p)) / 2,
        "unknown labels were counted: leave those faces out first.": (
            lambda y, p: _f1(np.nan_to_num(y), p)
        ),
        "where no face is active you say 0. Nothing was there to be found, so nothing was "
        "measured: NaN.": or_else(lambda y, p: 0.0),
        "where no face is active you say 1. Nothing was there to be found, so nothing was "
        "measured: NaN.": or_else(lambda y, p: 1.0),
        "0 / 0 is only half of the case: without an active face F1 is NaN, false alarms or not.": (
            or_else(lambda y, p: 0.0 if np.nansum(p[~np.isnan(y)]) else NAN)
        ),
        "where nothing is called active F1 is a real 0: there was something to be found.": (
            lambda y, p: _f1(y, p) if np.sum(p[~np.isnan(y)]) else NAN
        ),
    }
    hints = (
        "Three cases, one after the other: unknown labels, no active face, all others.",
        "known = ~np.isnan(labels) marks the faces that count. Return np.nan if none is active.",
        "2 * tp / (2 * tp + fp + fn) with tp = ((labels == 1) & (predictions == 1)).sum() …",
    )
    return check("F1", answer, _f1, cases, wrong, hints, strict)


def check_test_f1(answer: Callable, strict: bool = False) -> CheckResult:
    """`test_f1(val_labels, val_scores, test_labels, test_scores)`: threshold from validation."""
    drift = np.array([0.1, 0.2, 0.35, 0.6, 0.7])
    cases = {
        "scores are lower on other people": (
            np.array([0, 0, 1, 1.0]),
            np.array([0.2, 0.4, 0.6, 0.8]),
            np.array([0, 0, 1, 1, 1.0]),
            np.array([0.1, 0.3, 0.5, 0.7, 0.6]),
        ),
        "the best threshold is far below a half": (
            np.array([0, 0, 1, 0, 1.0]),
            drift,
            np.array([0, 1, 0, 1, 1.0]),
            np.array([0.2, 0.4, 0.3, 0.36, 0.9]),
        ),
        "a score that equals the threshold": (
            np.array([0, 1, 1.0]),
            np.array([0.1, 0.3, 0.9]),
            np.array([0, 1, 0.0]),
            np.array([0.1, 0.3, 0.2]),
        ),
        "a rare label, and eight or nine faces": (
            np.array([0, 1, 0, 0, 0, 0, 1, 0.0]),
            np.array([0.26, 0.41, 0.48, 0.48, 0.16, 0.03, 0.82, 0.11]),
            np.array([0, 1, 0, 1, 0, 1, 1, 1, 0.0]),
            np.array([0.22, 0.46, 0.15, 0.41, 0.01, 0.21, 0.30, 0.61, 0.35]),
        ),
    }

    def best(labels, scores, measure=_f1):
        tried = np.unique(scores)
        return tried[int(np.argmax([measure(labels, 1.0 * (scores >= t)) for t in tried]))]

    def right(val_labels, val_scores, labels, scores):
        return _f1(labels, 1.0 * (scores >= best(val_labels, val_scores)))

    def accuracy(labels, predictions):
        return np.mean(labels == predictions)

    wrong = {
        "the threshold was chosen on the test: that score is the best of many.": (
            lambda vy, vs, y, s: _f1(y, 1.0 * (s >= best(y, s)))
        ),
        "validation and test were put together to choose: the test must take no part.": (
            lambda vy, vs, y, s: _f1(y, 1.0 * (s >= best(np.append(vy, y), np.append(vs, s))))
        ),
        "this is F1 on the validation people themselves: report it on the test.": (
            lambda vy, vs, y, s: _f1(vy, 1.0 * (vs >= best(vy, vs)))
        ),
        "the threshold .5 was taken: choose it where F1 is highest on the validation people.": (
            lambda vy, vs, y, s: _f1(y, 1.0 * (s >= 0.5))
        ),
        "a score equal to the threshold is active too: use ≥, in both places.": (
            lambda vy, vs, y, s: _f1(y, 1.0 * (s > best(vy, vs)))
        ),
        "the threshold was chosen by accuracy, which loves silence where a label is rare: choose "
        "by F1.": lambda vy, vs, y, s: _f1(y, 1.0 * (s >= best(vy, vs, accuracy))),
    }
    hints = (
        "Two steps: find one number on the validation people; then use it on the test, once.",
        "Try every validation score as a threshold: np.unique(val_scores). Keep the one with the "
        "highest f1(val_labels, val_scores >= t); of several the lowest.",
        "best = max(np.unique(val_scores), key=lambda t: f1(val_labels, val_scores >= t)); "
        "return f1(test_labels, test_scores >= best)",
    )
    return check("A threshold from validation", answer, right, cases, wrong, hints, strict)


def check_bootstrap(answer: Callable, strict: bool = False) -> CheckResult:
    """`bootstrap(labels, predictions, subjects, draws)`: 95 % interval, people drawn again."""

    def people(names, seed, quality):
        rng = np.random.default_rng(seed)
        subjects = np.repeat(names, 12)
        labels = np.tile([1.0, 0, 1, 0, 0, 1], 2 * len(names))
        kept = rng.random(len(labels)) < np.repeat(quality, 12)
        predictions = np.where(kept, labels, 1 - labels)
        draws = rng.choice(names, (80, len(names)))
        return labels, predictions, subjects, draws

    uneven = people(["Ann", "Bob", "Cem"], 3, [1.0, 0.7, 0.3])
    few = np.ones(36, bool)
    few[12:20] = False  # Bob has only four frames
    cases = {
        "three people": people(["Ann", "Bob", "Cem"], 0, [0.9, 0.8, 0.4]),
        "five people, one hard": people(["A", "B", "C", "D", "E"], 1, [0.9, 0.9, 0.9, 0.9, 0.2]),
        "one person has few frames": (*(part[few] for part in uneven[:3]), uneven[3]),
    }

    def drawn(labels, predictions, subjects, draws):
        rows = [np.concatenate([np.flatnonzero(subjects == p) for p in draw]) for draw in draws]
        return np.array([_f1(labels[r], predictions[r]) for r in rows])

    def ends(scores, low=2.5, high=97.5):
        return tuple(np.percentile(scores, [low, high]))

    def right(labels, predictions, subjects, draws):
        return ends(drawn(labels, predictions, subjects, draws))

    def each_once(labels, predictions, subjects, draws):
        rows = [np.isin(subjects, draw) for draw in draws]
        return ends([_f1(labels[r], predictions[r]) for r in rows])

    def mean_of_people(labels, predictions, subjects, draws):
        own = {
            p: _f1(labels[subjects == p], predictions[subjects == p]) for p in np.unique(subjects)
        }
        return ends([np.mean([own[p] for p in draw]) for draw in draws])

    def standard_error(labels, predictions, subjects, draws):
        scores = drawn(labels, predictions, subjects, draws)
        half = 1.96 * scores.std() / np.sqrt(len(scores))
        return scores.mean() - half, scores.mean() + half

    wrong = {
        "somebody drawn twice must count twice: np.isin counts everybody once.": each_once,
        "this is the mean of the people's own F1: pool their frames, then compute F1 once.": (
            mean_of_people
        ),
        "these are the 5 and 95 % quantiles, a 90 % interval: take 2.5 and 97.5.": (
            lambda *args: ends(drawn(*args), 5, 95)
        ),
        "divided by √(number of repetitions): the spread of the draws is the answer itself.": (
            standard_error
        ),
        "smallest and largest repetition: take the quantiles 2.5 and 97.5 %.": (
            lambda *args: ends(drawn(*args), 0, 100)
        ),
    }
    hints = (
        "One row of draws is one imagined test. Which frames are in it, and how often?",
        "np.concatenate([np.flatnonzero(subjects == who) for who in draw]) are its frames.",
        "Collect f1(labels[rows], predictions[rows]) over the draws, then "
        "np.percentile(scores, [2.5, 97.5]).",
    )
    return check("Bootstrap over people", answer, right, cases, wrong, hints, strict)


def check_paired_interval(answer: Callable, strict: bool = False) -> CheckResult:
    """`paired_interval(ours, theirs)`: mean difference and its 95 % t-interval, run by run."""
    hard_and_easy = np.array([0.50, 0.60, 0.70, 0.80, 0.90])
    cases = {
        "five seeds, hard and easy ones": (
            hard_and_easy + [0.02, 0.03, 0.01, 0.02, 0.04],
            hard_and_easy,
        ),
        "three seeds": (np.array([0.61, 0.64, 0.60]), np.array([0.62, 0.60, 0.63])),
        "a run failed (NaN)": (
            np.array([0.61, NAN, 0.58, 0.66, 0.60]),
            np.array([0.60, 0.70, 0.55, NAN, 0.61]),
        ),
    }

    def quantile(n):
        from scipy.stats import t

        return t.ppf(0.975, n - 1)

    def pairs(ours, theirs):
        both = ~np.isnan(ours) & ~np.isnan(theirs)
        return ours[both] - theirs[both]

    def interval(d, factor=quantile, ddof=1, root=True):
        half = factor(len(d)) * d.std(ddof=ddof) / (np.sqrt(len(d)) if root else 1)
        return d.mean(), d.mean() - half, d.mean() + half

    def unpaired(ours, theirs):
        a, b = (x[~np.isnan(ours) & ~np.isnan(theirs)] for x in (ours, theirs))
        half = quantile(len(a)) * np.sqrt((a.var(ddof=1) + b.var(ddof=1)) / len(a))
        return a.mean() - b.mean(), a.mean() - b.mean() - half, a.mean() - b.mean() + half

    wrong = {
        "the spread of the seeds themselves is in it: take the differences first, then their "
        "spread.": unpaired,
        "1.96 is for many runs; for few take t.ppf(.975, n − 1), which is larger.": (
            lambda a, b: interval(pairs(a, b), lambda n: 1.959964)
        ),
        "the standard deviation of a sample divides by n − 1: ddof=1.": (
            lambda a, b: interval(pairs(a, b), ddof=0)
        ),
        "this is the spread of single runs; that of their mean is smaller by √n.": (
            lambda a, b: interval(pairs(a, b), root=False)
        ),
        "the sign is turned round: ours − theirs.": lambda a, b: interval(pairs(b, a)),
        "a failed run made everything NaN: leave its pair out.": lambda a, b: interval(a - b),
        "n counts the failed runs too: count the pairs that are there.": (
            lambda a, b: (
                (d := pairs(a, b)).mean(),
                d.mean() - (h := quantile(len(a)) * d.std(ddof=1) / np.sqrt(len(a))),
                d.mean() + h,
            )
        ),
    }
    hints = (
        "Subtract first, run by run. Which pairs can't be subtracted?",
        "d.mean() ± t · d.std(ddof=1) / √n with n = len(d), the pairs that are there.",
        "t = scipy.stats.t.ppf(0.975, n - 1)",
    )

    def right(ours, theirs):
        return interval(pairs(ours, theirs))

    return check("Paired difference", answer, right, cases, wrong, hints, strict)
