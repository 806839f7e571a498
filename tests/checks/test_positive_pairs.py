"""Each check of notebook 02 passes a solution and names each known wrong answer."""

from __future__ import annotations

import numpy as np
import torch
from contract import (  # noqa: F401
    pytest_generate_tests,
    test_at_least_three_wrong_answers_are_known_and_three_hints,
    test_solution_passes,
    test_wrong_answer_is_rejected_with_its_own_message,
)

from aunce_lib.checks import (
    check_allowed_changes,
    check_log_positive,
    check_no_lesson,
    check_same_and_other,
    check_true_share,
)


def same_and_other(labels):
    y = torch.as_tensor(labels).repeat(2)
    known = y.isfinite()
    same = (y[:, None] == y) & ~torch.eye(len(y), dtype=torch.bool)
    return same.numpy(), ((y[:, None] != y) & known & known[:, None]).numpy()


def same_and_other_of(y, same=None, other=None):
    own = np.eye(len(y), dtype=bool)
    return ((y[:, None] == y) & ~own if same is None else same), (
        np.abs(y[:, None] - y) == 1 if other is None else other
    )


def log_positive(s, same, mate, kind):
    if kind == "self":
        return s[mate]
    kept = torch.tensor(s[same])
    return (kept.max() if kind == "nearest" else kept.logsumexp(0) - np.log(len(kept))).item()


def with_kind(kind, rule):
    return lambda s, same, mate, k: rule(s, same) if k == kind else log_positive(s, same, mate, k)


def true_share(rate, flipped):
    return 1 / (1 + (1 - rate) * flipped / (rate * (1 - flipped)))


def no_lesson(rate, n):
    return rate**n + (1 - rate) ** n


SOLUTIONS = {
    check_allowed_changes: lambda: ["grey", "mirrored", "brighter"],
    check_same_and_other: same_and_other,
    check_log_positive: log_positive,
    check_true_share: true_share,
    check_no_lesson: no_lesson,
}

WRONG = [
    (check_allowed_changes, "brighter is allowed", lambda: {"grey", "mirrored"}),
    (check_allowed_changes, "either side", lambda: {"grey", "brighter"}),
    (check_allowed_changes, "no action unit is a matter", lambda: {"mirrored", "brighter"}),
    (check_allowed_changes, "nobody can see", lambda: [*SOLUTIONS[check_allowed_changes](),
                                                       "mouth cut off"]),
    (check_allowed_changes, "fine folds", lambda: [*SOLUTIONS[check_allowed_changes](),
                                                   "strong blur"]),
    (check_allowed_changes, "upside down", lambda: [*SOLUTIONS[check_allowed_changes](),
                                                    "upside down"]),
    (check_allowed_changes, "are called", lambda: [*SOLUTIONS[check_allowed_changes](), "gray"]),
    (check_allowed_changes, "return a set", lambda: 3),
    (check_same_and_other, "its own Same", lambda x: same_and_other_of(
        y := np.tile(x, 2), same=y[:, None] == y)),
    (check_same_and_other, "NaN differs", lambda x: same_and_other_of(
        y := np.tile(x, 2), other=y[:, None] != y)),
    (check_same_and_other, "as inactive", lambda x: same_and_other(np.nan_to_num(x))),
    (check_same_and_other, "another order", lambda x: same_and_other_of(np.repeat(x, 2))),
    (check_same_and_other, "(B, B)", same_and_other_of),
    (check_same_and_other, "mate is missing", lambda x: same_and_other_of(
        y := np.tile(x, 2), same=(y[:, None] == y) & np.tile(1 - np.eye(len(x)), (2, 2)) .astype(
            bool))),
    (check_same_and_other, "changed places", lambda x: same_and_other(x)[::-1]),
    (check_log_positive, "overflows", with_kind("mean", lambda s, m: np.log(np.exp(s[m]).mean()))),
    (check_log_positive, "mean of s", with_kind("mean", lambda s, m: s[m].sum() / m.sum())),
    (check_log_positive, "the sum", with_kind(
        "mean", lambda s, m: torch.tensor(s[m]).logsumexp(0).item())),
    (check_log_positive, "divided by all rows", with_kind(
        "mean", lambda s, m: torch.tensor(s[m]).logsumexp(0).item() - np.log(len(s)))),
    (check_log_positive, "missing its log", lambda *args: np.exp(log_positive(*args))),
    (check_log_positive, "labels are not looked at", lambda s, same, mate, kind: log_positive(
        s, np.arange(len(s)) > 0, mate, kind)),
    (check_log_positive, "least similar", with_kind("nearest", lambda s, m: min(s[m]))),
    (check_log_positive, "anchor itself", with_kind("nearest", lambda s, m: max(s))),
    (check_log_positive, "is the row", with_kind(
        "nearest", lambda s, m: np.flatnonzero(m)[s[m].argmax()])),
    (check_true_share, "*all* labels", lambda r, e: 1 - e),
    (check_true_share, "labelled active: which", lambda r, e: r + e - 2 * r * e),
    (check_true_share, "among *all* faces", lambda r, e: r - r * e),
    (check_true_share, "share of wrong ones", lambda r, e: 1 - true_share(r, e)),
    (check_true_share, "(1 − r) ε of all", lambda r, e: r * (1 - e) / (r * (1 - e) + e)),
    (check_true_share, "*inactive* labels", lambda r, e: true_share(1 - r, e)),
    (check_no_lesson, "all active is missing", lambda r, n: (1 - r) ** n),
    (check_no_lesson, "all inactive is missing", lambda r, n: r**n),
    (check_no_lesson, "does have both", lambda r, n: 1 - no_lesson(r, n)),
    (check_no_lesson, "take a power", lambda r, n: n * (1 - r) + n * r),
    (check_no_lesson, "do not multiply", lambda r, n: (r - r * r) ** n),
    (check_no_lesson, "for *one* active", lambda r, n: n * r * (1 - r) ** (n - 1)),
]  # fmt: skip
