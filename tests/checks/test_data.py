"""Each check passes a solution and names each known wrong answer; both are written anew here."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from contract import (  # noqa: F401
    not_started,
    pytest_generate_tests,
    test_at_least_three_wrong_answers_are_known_and_three_hints,
    test_solution_passes,
    test_wrong_answer_is_rejected_with_its_own_message,
)

from aunce_lib.checks import (
    check_class_weights,
    check_codes_to_labels,
    check_fold_of_frame,
    check_guess,
    check_phi,
)


def codes_to_labels(codes, threshold, unknown):
    labels = (codes >= threshold).astype(float)
    labels[codes == unknown] = np.nan
    return labels


def class_weights(labels):
    inverse = 1 / np.nanmean(labels, axis=0)
    return inverse / inverse.mean()


def phi(a, b):
    return pd.Series(a).corr(pd.Series(b))


def fold_of_frame(subjects, n_folds):
    return np.unique(subjects, return_inverse=True)[1] % n_folds


def weights_of(labels):
    return 1 / pd.DataFrame(labels).mean().to_numpy()


SOLUTIONS = {
    check_codes_to_labels: codes_to_labels,
    check_class_weights: class_weights,
    check_phi: phi,
    check_fold_of_frame: fold_of_frame,
}

WRONG = [
    (check_codes_to_labels, "unknown became active", lambda c, t, u: 1.0 * (c >= t)),
    (check_codes_to_labels, "became inactive", lambda c, t, u: 1.0 * ((c >= t) & (c != u))),
    (check_codes_to_labels, "use ≥", lambda c, t, u: codes_to_labels(c, t + 1, u)),
    (check_codes_to_labels, "threshold is not used", lambda c, t, u: codes_to_labels(c, 1, u)),
    (
        check_codes_to_labels,
        "intensities are still there",
        lambda c, t, u: codes_to_labels(c, t, u) * c,
    ),
    (check_codes_to_labels, "not always the code", lambda c, t, u: codes_to_labels(c, t, 9)),
    (check_class_weights, "counted as inactive", lambda x: class_weights(np.nan_to_num(x))),
    (check_class_weights, "made everything NaN", lambda x: (w := 1 / x.mean(0)) / w.mean()),
    (check_class_weights, "take 1 / rate", lambda x: (r := np.nanmean(x, 0)) / r.mean()),
    (check_class_weights, "not scaled", weights_of),
    (check_class_weights, "sum to 1", lambda x: weights_of(x) / weights_of(x).sum()),
    (check_phi, "made the result NaN", lambda a, b: np.corrcoef(a, b)[0, 1]),
    (check_phi, "counted as inactive", lambda a, b: phi(np.nan_to_num(a), np.nan_to_num(b))),
    (
        check_phi,
        "covariance",
        lambda a, b: np.cov(np.array([a, b])[:, ~np.isnan(a + b)], ddof=0)[0, 1],
    ),
    (check_phi, "labels agree", lambda a, b: np.mean((a == b)[~np.isnan(a + b)])),
    (check_phi, "when a is", lambda a, b: np.nansum(a * b) / np.nansum(a + 0 * b)),
    (check_phi, "Jaccard", lambda a, b: np.nansum(a * b) / np.sum(a + b >= 1)),
    (check_fold_of_frame, "one by one", lambda s, n: np.arange(len(s)) % n),
    (check_fold_of_frame, "equal blocks", lambda s, n: np.arange(len(s)) * n // len(s)),
    (check_fold_of_frame, "as they appear", lambda s, n: pd.factorize(s)[0] % n),
    (check_fold_of_frame, "for each person", lambda s, n: np.arange(len(np.unique(s))) % n),
    (check_fold_of_frame, "fold of their own", lambda s, n: pd.factorize(s, sort=True)[0]),
]


@pytest.mark.parametrize(
    ("value", "state", "cause"),
    [
        (0.62, "green", ""),
        (0.4, "red", "too low"),
        (0.9, "red", "too high"),
        (60, "red", "from 0 to 1"),
        ("no idea", "red", "one number"),
        (None, "red", "one number"),
    ],
)
def test_a_guess_is_close_or_told_why_not(value, state, cause):
    result = check_guess(lambda: value, truth=0.6)
    assert result.rows[0].state == state
    assert cause in result.rows[0].cause


def test_a_guess_not_made_is_grey():
    assert check_guess(not_started, truth=0.6).rows[0].state == "grey"
