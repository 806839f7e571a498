"""Each check passes a solution and names each known wrong answer; both are written anew here."""

from __future__ import annotations

import numpy as np
import pytest
from contract import (  # noqa: F401
    pytest_generate_tests,
    test_at_least_three_wrong_answers_are_known_and_three_hints,
    test_solution_passes,
    test_wrong_answer_is_rejected_with_its_own_message,
)
from scipy.linalg import orthogonal_procrustes
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors

from aunce_lib.checks import (
    check_integrated_gradients,
    check_pca,
    check_procrustes,
    check_purity,
)


def purity(points, values, k, metric="cosine", own=False, last=False):
    found = NearestNeighbors(n_neighbors=len(points), metric=metric).fit(points)
    order = found.kneighbors(points, return_distance=False)
    rows = [row if own else row[row != i] for i, row in enumerate(order)]
    near = np.array([row[-k:] if last else row[:k] for row in rows])
    share = (values[near] == values[:, None]).mean()
    counts = np.unique(values, return_counts=True)[1]
    return share, (counts * (counts - 1)).sum() / (len(values) * (len(values) - 1))


def by_dot_product(points, values, k):
    similarity = points @ points.T - 1e9 * np.eye(len(points))
    near = (-similarity).argsort(axis=1)[:, :k]
    return (values[near] == values[:, None]).mean(), purity(points, values, k)[1]


def chance_with_itself(points, values, k):
    shares = np.unique(values, return_counts=True)[1] / len(values)
    return purity(points, values, k)[0], (shares**2).sum()


def pca(points, n_axes):
    return -PCA(n_axes).fit_transform(points)


def uncentred(points, n_axes):
    u, s, _ = np.linalg.svd(points, full_matrices=False)
    return u[:, :n_axes] * s[:n_axes]


def standardised(points, n_axes):
    return pca((points - points.mean(0)) / points.std(0), n_axes)


def whitened(points, n_axes):
    return pca(points, n_axes) / np.linalg.norm(pca(points, n_axes), axis=0)


def least_axes(points, n_axes):
    values, axes = np.linalg.eigh(np.cov(points.T))
    return (points - points.mean(0)) @ axes[:, :n_axes]


def columns_of_vt(points, n_axes):
    return (points - points.mean(0)) @ np.linalg.svd(points - points.mean(0))[2][:, :n_axes]


def procrustes(moving, fixed, change=lambda r: r, back=True):
    a, b = moving - moving.mean(0), fixed - fixed.mean(0)
    return a @ change(orthogonal_procrustes(a, b)[0]) + back * fixed.mean(0)


def without_mirror(moving, fixed):
    a, b = moving - moving.mean(0), fixed - fixed.mean(0)
    z = (a[:, 0] + 1j * a[:, 1]).conj() @ (b[:, 0] + 1j * b[:, 1])  # the best turn, as a number
    turned = (a[:, 0] + 1j * a[:, 1]) * z / abs(z)
    return np.stack([turned.real, turned.imag], 1) + fixed.mean(0)


def stretched(moving, fixed):
    a, b = moving - moving.mean(0), fixed - fixed.mean(0)
    r, s = orthogonal_procrustes(a, b)
    return a @ r * s / (a**2).sum() + fixed.mean(0)


def sheared(moving, fixed):
    a, b = moving - moving.mean(0), fixed - fixed.mean(0)
    return a @ np.linalg.pinv(a) @ b + fixed.mean(0)


def integrated(gradient, x, baseline, steps, alphas=None, start=None):
    alphas = [(2 * m + 1) / (2 * steps) for m in range(steps)] if alphas is None else alphas
    start = baseline if start is None else start
    total = sum(gradient(start + a * (x - start)) for a in alphas)
    return total / len(alphas) * (x - baseline)


SOLUTIONS = {
    check_purity: purity,
    check_pca: pca,
    check_procrustes: procrustes,
    check_integrated_gradients: integrated,
}

WRONG = [
    (check_purity, "own nearest neighbour", lambda p, v, k: purity(p, v, k, own=True)),
    (check_purity, "random *other* face", chance_with_itself),
    (
        check_purity,
        "1 / number of values",
        lambda p, v, k: (purity(p, v, k)[0], 1 / len(set(v.tolist()))),
    ),
    (check_purity, "favours long embeddings", by_dot_product),
    (check_purity, "*least* similar", lambda p, v, k: purity(p, v, k, last=True)),
    (check_purity, "changed places", lambda p, v, k: purity(p, v, k)[::-1]),
    (check_pca, "subtract it first", uncentred),
    (check_pca, "centred too", lambda p, k: p @ PCA(k).fit(p).components_.T),
    (check_pca, "this is U alone", whitened),
    (check_pca, "divided by its spread", standardised),
    (check_pca, "the axes are its rows", columns_of_vt),
    (check_pca, "take the last axes", least_axes),
    (check_procrustes, "were not centred", lambda a, b: a @ orthogonal_procrustes(a, b)[0]),
    (check_procrustes, "turns the other way", lambda a, b: procrustes(a, b, np.transpose)),
    (check_procrustes, "add the mean", lambda a, b: procrustes(a, b, back=False)),
    (check_procrustes, "mirroring was excluded", without_mirror),
    (check_procrustes, "stretched", stretched),
    (check_procrustes, "shear", sheared),
    (
        check_integrated_gradients,
        "multiplied by the difference",
        lambda g, x, b, n: integrated(g, x, b, n) / (x - b),
    ),
    (check_integrated_gradients, "at x alone", lambda g, x, b, n: g(x) * (x - b)),
    (
        check_integrated_gradients,
        "x − baseline, not x",
        lambda g, x, b, n: integrated(g, x, b, n) / (x - b) * x,
    ),
    (
        check_integrated_gradients,
        "must begin at the baseline",
        lambda g, x, b, n: integrated(g, x, b, n, start=0 * x),
    ),
    (
        check_integrated_gradients,
        "were summed",
        lambda g, x, b, n: sum([integrated(g, x, b, n)] * n),
    ),
    (
        check_integrated_gradients,
        "beginning of each step",
        lambda g, x, b, n: integrated(g, x, b, n, [m / n for m in range(n)]),
    ),
    (
        check_integrated_gradients,
        "both ends",
        lambda g, x, b, n: integrated(g, x, b, n, [m / (n - 1) for m in range(n)]),
    ),
    (
        check_integrated_gradients,
        "sign is lost",
        lambda g, x, b, n: abs(integrated(g, x, b, n)),
    ),
]


def test_the_sign_of_a_principal_axis_is_free():
    assert check_pca(lambda points, n: pca(points, n) * np.where(np.arange(n) % 2, 1, -1)).passed


@pytest.mark.parametrize("answer", [lambda *a: None, lambda *a: "text", lambda *a: [[]]])
@pytest.mark.parametrize("check", SOLUTIONS, ids=lambda check: check.__name__)
def test_an_answer_of_another_kind_is_told_apart_without_an_error(check, answer):
    assert not check(answer).passed
