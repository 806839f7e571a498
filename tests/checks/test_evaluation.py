"""Each check passes a solution and names each known wrong answer; both are written anew here."""

from __future__ import annotations

import numpy as np
from contract import (  # noqa: F401
    pytest_generate_tests,
    test_at_least_three_wrong_answers_are_known_and_three_hints,
    test_solution_passes,
    test_wrong_answer_is_rejected_with_its_own_message,
)
from scipy import stats
from sklearn.metrics import accuracy_score, f1_score, recall_score

from aunce_lib.checks import (
    check_bootstrap,
    check_f1,
    check_paired_interval,
    check_test_f1,
)


def f1(labels, predictions, nothing=np.nan, score=f1_score):
    known = ~np.isnan(labels)
    if not (labels[known] == 1).any():
        return nothing
    return score(labels[known], predictions[known])


def undefined_only_at_zero_by_zero(labels, predictions):
    known = ~np.isnan(labels)
    return f1(labels, predictions, 0.0 if predictions[known].any() else np.nan)


def best_threshold(labels, scores, score=f1_score):
    tried = sorted(set(scores.tolist()))
    return max(tried, key=lambda t: score(labels, scores >= t))  # the first, so the lowest


def threshold_f1(vy, vs, y, s):
    return f1_score(y, s >= best_threshold(vy, vs))


def pooled(vy, vs, y, s):
    return f1_score(y, s >= best_threshold(np.r_[vy, y], np.r_[vs, s]))


def repetitions(labels, predictions, subjects, draws):
    scores = []
    for draw in draws:
        names, times = np.unique(draw, return_counts=True)
        weight = np.zeros(len(subjects))
        for name, count in zip(names, times, strict=True):
            weight[subjects == name] = count
        scores.append(f1_score(labels, predictions, sample_weight=weight))
    return np.array(scores)


def bootstrap(*args, q=(0.025, 0.975)):
    return np.quantile(repetitions(*args), q)


def once(labels, predictions, subjects, draws):
    return np.quantile(
        [f1_score(labels[np.isin(subjects, d)], predictions[np.isin(subjects, d)]) for d in draws],
        (0.025, 0.975),
    )


def own_means(labels, predictions, subjects, draws):
    def own(name):
        return f1_score(labels[subjects == name], predictions[subjects == name])

    return np.quantile([np.mean([own(name) for name in draw]) for draw in draws], (0.025, 0.975))


def too_sure(*args):
    mean, error = repetitions(*args).mean(), repetitions(*args).std() / np.sqrt(len(args[-1]))
    return mean - 1.96 * error, mean + 1.96 * error


def paired(ours, theirs, level=0.95):
    d = (ours - theirs)[~np.isnan(ours - theirs)]
    return (d.mean(), *stats.t.interval(level, len(d) - 1, d.mean(), stats.sem(d)))


def with_half(ours, theirs, half):
    d = (ours - theirs)[~np.isnan(ours - theirs)]
    return d.mean(), d.mean() - half(d), d.mean() + half(d)


def t_of(n):
    return stats.t(n - 1).ppf(0.975)


def unpaired(ours, theirs):
    both = ~np.isnan(ours - theirs)
    error = np.hypot(stats.sem(ours[both]), stats.sem(theirs[both]))
    return with_half(ours, theirs, lambda d: t_of(len(d)) * error)


SOLUTIONS = {
    check_f1: f1,
    check_test_f1: threshold_f1,
    check_bootstrap: bootstrap,
    check_paired_interval: paired,
}

WRONG = [
    (
        check_f1,
        "this is accuracy",
        lambda y, p: accuracy_score(y[~np.isnan(y)], p[~np.isnan(y)]),
    ),
    (check_f1, "this is recall", lambda y, p: f1(y, p, score=recall_score)),
    (
        check_f1,
        "this is precision",
        lambda y, p: np.mean(y[~np.isnan(y)][p[~np.isnan(y)] == 1]),
    ),
    (check_f1, "unknown labels were counted", lambda y, p: f1(np.nan_to_num(y), p)),
    (check_f1, "you say 0", lambda y, p: f1(y, p, 0.0)),
    (check_f1, "you say 1", lambda y, p: f1(y, p, 1.0)),
    (check_f1, "only half of the case", undefined_only_at_zero_by_zero),
    (
        check_f1,
        "a real 0",
        lambda y, p: f1(y, p) if p[~np.isnan(y)].any() else np.nan,
    ),
    (
        check_f1,
        "ordinary mean",
        lambda y, p: (
            np.mean(y[~np.isnan(y)][p[~np.isnan(y)] == 1]) / 2
            + np.mean(p[~np.isnan(y)][y[~np.isnan(y)] == 1]) / 2
        ),
    ),
    (check_test_f1, "chosen on the test", lambda vy, vs, y, s: threshold_f1(y, s, y, s)),
    (check_test_f1, "put together", pooled),
    (
        check_test_f1,
        "validation people themselves",
        lambda vy, vs, y, s: threshold_f1(vy, vs, vy, vs),
    ),
    (check_test_f1, "the threshold .5", lambda vy, vs, y, s: f1_score(y, s >= 0.5)),
    (check_test_f1, "use ≥", lambda vy, vs, y, s: f1_score(y, s > best_threshold(vy, vs))),
    (
        check_test_f1,
        "by accuracy",
        lambda vy, vs, y, s: f1_score(y, s >= best_threshold(vy, vs, accuracy_score)),
    ),
    (check_bootstrap, "count twice", once),
    (check_bootstrap, "pool their frames", own_means),
    (check_bootstrap, "90 % interval", lambda *args: bootstrap(*args, q=(0.05, 0.95))),
    (check_bootstrap, "number of repetitions", too_sure),
    (check_bootstrap, "smallest and largest", lambda *args: bootstrap(*args, q=(0, 1))),
    (check_paired_interval, "differences first", unpaired),
    (
        check_paired_interval,
        "for few take t.ppf",
        lambda a, b: with_half(a, b, lambda d: stats.norm.ppf(0.975) * stats.sem(d)),
    ),
    (
        check_paired_interval,
        "ddof=1",
        lambda a, b: with_half(a, b, lambda d: t_of(len(d)) * stats.sem(d, ddof=0)),
    ),
    (
        check_paired_interval,
        "smaller by √n",
        lambda a, b: with_half(a, b, lambda d: t_of(len(d)) * stats.tstd(d)),
    ),
    (check_paired_interval, "ours − theirs", lambda a, b: paired(b, a)),
    (
        check_paired_interval,
        "made everything NaN",
        lambda a, b: (
            (a - b).mean(),
            *((a - b).mean() + s * t_of(len(a)) * stats.sem(a - b) for s in (-1, 1)),
        ),
    ),
    (
        check_paired_interval,
        "counts the failed runs",
        lambda a, b: with_half(a, b, lambda d: t_of(len(a)) * stats.tstd(d) / np.sqrt(len(a))),
    ),
]
