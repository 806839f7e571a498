"""Answers to the exercises of notebook 01: labels from codes, weights, phi, folds, and a guess."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .result import CheckResult, Row, check

NAN = np.nan


def check_codes_to_labels(answer: Callable, strict: bool = False) -> CheckResult:
    """`codes_to_labels(codes, threshold, unknown)`: 1, 0, or NaN where the code is `unknown`."""
    cases = {
        "occurrence, as in BP4D: 0, 1 and 9": (np.array([0, 1, 9, 1]), 1, 9),
        "intensities, as in DISFA: active from 2 on": (np.array([0, 1, 2, 3, 5]), 2, 9),
        "intensities with a gap": (np.array([0, 9, 1, 2]), 2, 9),
        "another code for unknown, as in Aff-Wild2: −1": (np.array([-1, 0, 1]), 1, -1),
        "several action units at once, (3, 2)": (np.array([[0, 9], [1, 0], [3, 2]]), 2, 9),
    }

    def right(codes, threshold, unknown):
        return np.where(codes == unknown, NAN, codes >= threshold)

    wrong = {
        "9 is at least the threshold too, so unknown became active. Look for it first.": (
            lambda codes, threshold, unknown: (codes >= threshold).astype(float)
        ),
        "unknown became inactive. Nobody said that nothing moved: it must be NaN.": (
            lambda codes, threshold, unknown: ((codes >= threshold) & (codes != unknown)).astype(
                float
            )
        ),
        "the threshold itself counts as active: use ≥ instead of >.": (
            lambda codes, threshold, unknown: np.where(codes == unknown, NAN, codes > threshold)
        ),
        "the threshold is not used: every code above 0 became active.": (
            lambda codes, threshold, unknown: np.where(codes == unknown, NAN, codes >= 1)
        ),
        "the intensities are still there: a label is only 0 or 1.": (
            lambda codes, threshold, unknown: np.where(
                codes == unknown, NAN, np.where(codes >= threshold, codes, 0)
            )
        ),
        "9 is not always the code for unknown: compare with the argument.": (
            lambda codes, threshold, unknown: np.where(codes == 9, NAN, codes >= threshold)
        ),
    }
    hints = (
        "Two questions, one after the other: is the label known? And if so, is it active?",
        "np.where(condition, a, b) answers the first: NaN where the code is unknown.",
        "np.where(codes == unknown, np.nan, codes >= threshold)",
    )
    return check("From codes to labels", answer, right, cases, wrong, hints, strict)


def check_class_weights(answer: Callable, strict: bool = False) -> CheckResult:
    """`class_weights(labels)`: inverse rates among the known labels, scaled to mean 1, (J,)."""
    cases = {
        "two AUs, one rare": (np.array([[1, 0], [1, 0], [0, 0], [0, 1.0]]),),
        "three AUs": (np.array([[1, 1, 0], [1, 0, 0], [1, 0, 1], [1, 1, 0.0]]),),
        "unknown labels": (np.array([[1, NAN], [NAN, 1], [0, 0], [NAN, 0], [0, 0]]),),
        "all AUs equally frequent": (np.array([[1, 0], [0, 1.0]]),),
    }

    def inverse_rates(labels):
        known = ~np.isnan(labels)
        return known.sum(axis=0) / (labels == 1).sum(axis=0)

    def right(labels):
        return inverse_rates(labels) / inverse_rates(labels).mean()

    def unknown_as_inactive(labels):
        inverse = len(labels) / (labels == 1).sum(axis=0)
        return inverse / inverse.mean()

    def spreading(labels):
        inverse = 1 / labels.mean(axis=0)
        return inverse / inverse.mean()

    def rates(labels):
        rate = 1 / inverse_rates(labels)
        return rate / rate.mean()

    wrong = {
        "unknown labels were counted as inactive: divide by the number of known ones.": (
            unknown_as_inactive
        ),
        "one NaN made everything NaN: leave unknown labels out, for instance with np.nanmean.": (
            spreading
        ),
        "common AUs got the larger weights: take 1 / rate.": rates,
        "the weights are inverse rates, but not scaled: divide by their mean.": inverse_rates,
        "the weights sum to 1: they should have mean 1, so that the loss keeps its size.": (
            lambda labels: right(labels) / len(right(labels))
        ),
    }
    hints = (
        "First the rate of each AU, over the frames where it is known.",
        "np.nanmean(labels, axis=0) is the rate: a mean of zeros and ones that leaves NaN out.",
        "inverse = 1 / np.nanmean(labels, axis=0), and then inverse / inverse.mean()",
    )
    return check("Class weights", answer, right, cases, wrong, hints, strict)


def check_phi(answer: Callable, strict: bool = False) -> CheckResult:
    """`phi(a, b)`: correlation of two label columns over the frames where both are known."""
    cases = {
        "always together": (np.array([1, 0, 1, 0.0]), np.array([1, 0, 1, 0.0])),
        "never together": (np.array([1, 0, 1, 0.0]), np.array([0, 1, 0, 1.0])),
        "nothing to do with each other": (np.array([1, 1, 0, 0.0]), np.array([1, 0, 1, 0.0])),
        "in part": (np.array([1, 1, 1, 0, 0, 0, 0.0]), np.array([1, 1, 0, 0, 0, 0, 1.0])),
        "unknown labels": (
            np.array([1, NAN, 1, 0, 0, 0, 1.0]),
            np.array([1, 1, 0, 0, NAN, 0, 1.0]),
        ),
    }

    def correlation(a, b):
        covariance = np.mean(a * b) - a.mean() * b.mean()
        return covariance / np.sqrt(a.var() * b.var())

    def known(function):
        def on_known(a, b):
            both = ~np.isnan(a) & ~np.isnan(b)
            return function(a[both], b[both])

        return on_known

    wrong = {
        "one NaN made the result NaN: keep only the frames where both are known.": correlation,
        "unknown labels were counted as inactive: leave those frames out.": (
            lambda a, b: correlation(np.nan_to_num(a), np.nan_to_num(b))
        ),
        "this is the covariance: divide by both standard deviations.": known(
            lambda a, b: np.mean(a * b) - a.mean() * b.mean()
        ),
        "this is the share of frames where both labels agree, which two rare AUs reach too.": (
            known(lambda a, b: np.mean(a == b))
        ),
        "this is how often b is active when a is. Phi is the same both ways round.": known(
            lambda a, b: np.sum(a * b) / np.sum(a)
        ),
        "this is the overlap of the active frames (Jaccard). Phi counts both kinds of frame.": (
            known(lambda a, b: np.sum(a * b) / np.sum((a + b) > 0))
        ),
    }
    hints = (
        "Find the frames where both labels are known, and forget the others.",
        "Phi is the ordinary correlation of two columns of zeros and ones.",
        "both = ~np.isnan(a) & ~np.isnan(b), and then np.corrcoef(a[both], b[both])[0, 1]",
    )
    return check("Phi", answer, known(correlation), cases, wrong, hints, strict)


def check_fold_of_frame(answer: Callable, strict: bool = False) -> CheckResult:
    """`fold_of_frame(subjects, n_folds)`: person k in alphabetical order is in fold k % n_folds."""
    cases = {
        "three people, two folds": (np.array(["Ann", "Ann", "Bob", "Bob", "Cem", "Cem"]), 2),
        "frames in no order": (np.array(["Dea", "Ann", "Cem", "Bob", "Ann", "Dea", "Bob"]), 3),
        "one person has most frames": (np.array(["Bob"] * 5 + ["Ann", "Cem"]), 2),
    }

    def right(subjects, n_folds):
        people = sorted(set(subjects.tolist()))
        return np.array([people.index(name) % n_folds for name in subjects.tolist()])

    def as_they_come(subjects, n_folds):
        people = list(dict.fromkeys(subjects.tolist()))
        return np.array([people.index(name) % n_folds for name in subjects.tolist()])

    def people_only(subjects, n_folds):
        return np.arange(len(set(subjects.tolist()))) % n_folds

    def not_wrapped(subjects, n_folds):
        return np.unique(subjects, return_inverse=True)[1]

    wrong = {
        "frames were dealt out one by one, so one person is in several folds: a leak.": (
            lambda subjects, n_folds: np.arange(len(subjects)) % n_folds
        ),
        "frames were cut into equal blocks, and a cut goes through a person: a leak.": (
            lambda subjects, n_folds: np.arange(len(subjects)) * n_folds // len(subjects)
        ),
        "people were numbered as they appear; then another order of frames gives other folds.": (
            as_they_come
        ),
        "this is a fold for each person: give one for each frame.": people_only,
        "every person got a fold of their own: there are only n_folds, so take k % n_folds.": (
            not_wrapped
        ),
    }
    hints = (
        "Deal out people, not frames. How does a frame find out the number of its person?",
        "np.unique(subjects, return_inverse=True) returns the sorted names and, for each frame, "
        "the number of its name.",
        "number = np.unique(subjects, return_inverse=True)[1], and then number % n_folds",
    )
    return check("Folds of people", answer, right, cases, wrong, hints, strict)


def check_guess(
    guess: Callable[[], float], truth: float, near: float = 0.05, strict: bool = False
) -> CheckResult:
    """A guess made before running: close, too high, too low, or in another unit.

    Args:
        guess: Returns a number from 0 to 1.
        truth: What came out.
        near: How far off still counts as close.
        strict: Raise CheckFailed if it is not close.
    """
    title, what = "Your guess", f"within {near:g} of what came out"
    try:
        value = float(guess())
    except NotImplementedError:
        return CheckResult(title, (Row(what, "grey"),)).strictly(strict)
    except Exception as error:
        row = Row(what, "red", f"{truth:.2f}", repr(error), "a guess is one number from 0 to 1.")
        return CheckResult(title, (row,)).strictly(strict)
    if abs(value - truth) <= near:
        cause = ""
    elif not 0 <= value <= 1:
        cause = "F1 goes from 0 to 1: write 0.5, not 50."
    elif value < truth:
        cause = "you guessed too low: knowing the people helped more than you thought."
    else:
        cause = "you guessed too high: knowing the people helped less than you feared."
    state = "red" if cause else "green"
    row = Row(what, state, f"{truth:.2f}", f"{value:.2f}", cause)
    return CheckResult(title, (row,)).strictly(strict)
