"""Answers to the exercises of notebook 06: purity, PCA, Procrustes, integrated gradients."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

import numpy as np

from .result import CheckResult, check


def check_purity(answer: Callable, strict: bool = False) -> CheckResult:
    """`purity(points, values, k)`: share of the k nearest with one's own value, and by chance."""

    def on_circle(*degrees, lengths=1.0):
        angle = np.radians(degrees)
        return np.stack([np.cos(angle), np.sin(angle)], axis=1) * np.reshape(lengths, (-1, 1))

    uneven = on_circle(61, 66, 80, 93, 96, 118, 170, lengths=[2, 2, 4, 1, 3, 2, 3])
    cases = {
        "two tight groups, one neighbour": (on_circle(0, 1, 90, 91), np.array([1, 1, 0, 0]), 1),
        "a rare label, two neighbours": (
            on_circle(0, 4, 10, 60, 75, 95, 120),
            np.array([1, 1, 0, 0, 0, 0, 0]),
            2,
        ),
        "names of three people": (
            on_circle(0, 3, 9, 100, 104, 111, 200),
            np.array(["Ann", "Ann", "Bob", "Bob", "Bob", "Cem", "Cem"]),
            2,
        ),
        "embeddings of different lengths": (uneven, np.array([1, 0, 1, 1, 0, 0, 1]), 2),
    }

    def unit(points):
        return points / np.linalg.norm(points, axis=1, keepdims=True)

    def share(points, values, k, similarity=lambda z: z @ z.T, itself=False):
        s = similarity(points)
        if not itself:
            np.fill_diagonal(s, -np.inf)
        near = np.argsort(-s, axis=1, kind="stable")[:, :k]
        return np.mean(values[near] == values[:, None])

    def chance(values, itself=False):
        alike = values[:, None] == values[None]
        n = len(values)
        return (alike.sum() - (0 if itself else n)) / (n * (n if itself else n - 1))

    def right(points, values, k):
        return share(unit(points), values, k), chance(values)

    wrong = {
        "a face was its own nearest neighbour: put −∞ on the diagonal before you sort.": (
            lambda p, v, k: (share(unit(p), v, k, itself=True), chance(v))
        ),
        "chance counts the face itself too: a random *other* face is meant, of N − 1.": (
            lambda p, v, k: (share(unit(p), v, k), chance(v, itself=True))
        ),
        "chance is not 1 / number of values: a common value is met more often.": (
            lambda p, v, k: (share(unit(p), v, k), 1 / len(np.unique(v)))
        ),
        "the dot product favours long embeddings: divide each by its length first.": (
            lambda p, v, k: (share(p, v, k), chance(v))
        ),
        "these are the *least* similar faces: sort from the largest similarity down.": (
            lambda p, v, k: (share(unit(p), v, k, lambda z: -(z @ z.T)), chance(v))
        ),
        "share and chance changed places.": lambda p, v, k: right(p, v, k)[::-1],
    }
    hints = (
        "Normalise, then `similarity = z @ z.T`. What stands on its diagonal, and must it stay?",
        "`np.argsort(-similarity, axis=1)[:, :k]` are the neighbours; compare `values` of them "
        "with `values[:, None]`.",
        "Chance: alike = values[:, None] == values; of its N² entries leave out the N on the "
        "diagonal, (alike.sum() - n) / (n * (n - 1)).",
    )
    return check("Purity and chance", answer, right, cases, wrong, hints, strict)


def check_pca(answer: Callable, strict: bool = False) -> CheckResult:
    """`pca(points, n_axes)`: coordinates (N, n_axes); the sign of an axis is free."""
    rng = np.random.default_rng(0)
    turn = np.linalg.qr(rng.normal(size=(5, 5)))[0]
    cloud = rng.normal(size=(12, 5)) * [5, 3, 1, 0.5, 0.1] @ turn
    cases = {
        "points along a slanted line": (np.outer([-2.0, -1, 0, 3], [3.0, 4.0]), 1),
        "far from the origin": (np.outer([-2.0, -1, 0, 3], [3.0, 4.0]) + [40, -10], 2),
        "a flat cloud in five dimensions": (cloud, 2),
        "the same, somewhere else": (cloud + 7, 3),
    }

    def turned(function):
        """The sign of each axis made the same for all: its largest coordinate is positive."""

        @wraps(function)
        def with_fixed_signs(points, n_axes):
            placed = function(points, n_axes)
            if np.ndim(placed) != 2 or not np.size(placed):
                return placed
            placed = np.asarray(placed, float)
            largest = np.abs(placed.round(9)).argmax(axis=0)
            signs = np.sign(placed[largest, np.arange(placed.shape[1])])
            return placed * np.where(signs == 0, 1, signs)

        return with_fixed_signs

    def along(points, axes, n_axes):
        return points @ axes[:n_axes].T

    def axes_of(points):
        return np.linalg.svd(points - points.mean(axis=0), full_matrices=False)[2]

    def right(points, n_axes):
        return along(points - points.mean(axis=0), axes_of(points), n_axes)

    def unscaled(points, n_axes):
        return np.linalg.svd(points - points.mean(axis=0), full_matrices=False)[0][:, :n_axes]

    def standardised(points, n_axes):
        scaled = (points - points.mean(axis=0)) / points.std(axis=0)
        return along(scaled, axes_of(scaled), n_axes)

    def smallest(points, n_axes):
        centred = points - points.mean(axis=0)
        return centred @ np.linalg.eigh(centred.T @ centred)[1][:, :n_axes]

    def not_centred(points, n_axes):
        return along(points, np.linalg.svd(points, full_matrices=False)[2], n_axes)

    wrong = {
        "the mean is still there, and the first axis points at it: subtract it first.": not_centred,
        "the axes are right, but the points must be centred too before they are projected.": (
            lambda points, n_axes: along(points, axes_of(points), n_axes)
        ),
        "this is U alone, every axis equally long: multiply by the singular values.": unscaled,
        "each dimension was divided by its spread: then a dull dimension counts as much as a "
        "lively one. PCA here keeps the distances.": standardised,
        "the columns of Vᵀ were taken: the axes are its rows.": (
            lambda points, n_axes: (points - points.mean(axis=0)) @ axes_of(points)[:, :n_axes]
        ),
        "eigh sorts from the smallest eigenvalue up: take the last axes, not the first.": smallest,
    }
    hints = (
        "Which point should lie at the origin of the new axes?",
        "`u, s, vt = np.linalg.svd(centred, full_matrices=False)`: the rows of vt are the axes.",
        "centred @ vt[:n_axes].T, which is the same as u[:, :n_axes] * s[:n_axes]",
    )
    wrong = {cause: turned(function) for cause, function in wrong.items()}
    return check("PCA", turned(answer), turned(right), cases, wrong, hints, strict)


def check_procrustes(answer: Callable, strict: bool = False) -> CheckResult:
    """`procrustes(moving, fixed)`: the first map turned, mirrored and shifted onto the second."""
    angle = np.radians(40)
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    shape = np.array([[0.0, 0], [4, 0], [4, 1], [0, 2], [1, 5]])
    mirror = np.array([[-1.0, 0], [0, 1]])
    noise = np.random.default_rng(1).normal(size=shape.shape)
    cases = {
        "turned by 40 degrees": (shape - shape.mean(0), (shape - shape.mean(0)) @ rotation),
        "turned and shifted": (shape, shape @ rotation + [30, -5]),
        "mirrored": (shape + 2, shape @ mirror + [3, 1]),
        "twice as large, which must stay so": (2 * shape, shape @ rotation),
        "another seed: only roughly the same map": (shape @ rotation + noise, shape - 1),
    }

    def aligned(moving, fixed, rule=lambda u, s, v: u @ v, centre=True, back=True):
        a, b = moving.mean(axis=0), fixed.mean(axis=0)
        if not centre:
            a = b = np.zeros(2)
        u, s, v = np.linalg.svd((moving - a).T @ (fixed - b))
        return (moving - a) @ rule(u, s, v) + (b if back else 0)

    def no_mirror(u, s, v):
        return u @ np.diag([1, np.sign(np.linalg.det(u @ v))]) @ v

    def scaled(moving, fixed):
        centred = moving - moving.mean(axis=0)
        turned = aligned(moving, fixed) - fixed.mean(axis=0)
        s = np.linalg.svd(centred.T @ (fixed - fixed.mean(axis=0)))[1]
        return turned * s.sum() / (centred**2).sum() + fixed.mean(axis=0)

    wrong = {
        "the maps were not centred: a shift then spoils the rotation. Subtract both means.": (
            lambda moving, fixed: aligned(moving, fixed, centre=False)
        ),
        "this turns the other way: R = U Vᵀ for points in rows, not its transpose.": (
            lambda moving, fixed: aligned(moving, fixed, lambda u, s, v: (u @ v).T)
        ),
        "the turned map is centred at 0: add the mean of the fixed one.": (
            lambda moving, fixed: aligned(moving, fixed, back=False)
        ),
        "mirroring was excluded. On a map left and right mean nothing, so it is allowed.": (
            lambda moving, fixed: aligned(moving, fixed, no_mirror)
        ),
        "the map was stretched too. Only turn, mirror and shift it.": scaled,
        "the least-squares matrix may shear the map: keep only its rotation, U Vᵀ.": (
            lambda moving, fixed: (
                (c := moving - moving.mean(axis=0))
                @ np.linalg.lstsq(c, fixed - fixed.mean(axis=0), rcond=None)[0]
                + fixed.mean(axis=0)
            )
        ),
    }
    hints = (
        "First bring both maps to the same centre. Which rotation is then best?",
        "`u, s, vt = np.linalg.svd(a.T @ b)` of the centred maps a (moving) and b (fixed).",
        "a @ (u @ vt) + fixed.mean(axis=0)",
    )
    return check("Procrustes", answer, aligned, cases, wrong, hints, strict)


def check_integrated_gradients(answer: Callable, strict: bool = False) -> CheckResult:
    """`integrated_gradients(gradient, x, baseline, steps)`: what each input adds, (D,)."""

    def linear(x):
        return np.array([2.0, -1.0, 0.5])

    def quadratic(x):  # of x₀² + x₀ x₁
        return np.array([2 * x[0] + x[1], x[0]])

    def saturated(x):  # of tanh(4 x₀) + x₁³
        return np.array([4 / np.cosh(4 * x[0]) ** 2, 3 * x[1] ** 2])

    cases = {
        "a linear score": (linear, np.array([1.0, 2, 3]), np.zeros(3), 5),
        "a linear score, another baseline": (
            linear,
            np.array([1.0, 2, 3]),
            np.array([1.0, 0.5, -1]),
            5,
        ),
        "a curved score": (quadratic, np.array([2.0, 1]), np.array([0.5, -1]), 4),
        "a score that saturates": (saturated, np.array([2.0, 1]), np.array([0.1, 0.2]), 20),
    }

    def along(gradient, x, baseline, alphas):
        return np.mean([gradient(baseline + a * (x - baseline)) for a in alphas], axis=0)

    def midpoints(steps):
        return (np.arange(steps) + 0.5) / steps

    def right(gradient, x, baseline, steps):
        return along(gradient, x, baseline, midpoints(steps)) * (x - baseline)

    wrong = {
        "the mean gradient must be multiplied by the difference x − baseline.": (
            lambda g, x, b, n: along(g, x, b, midpoints(n))
        ),
        "this is the gradient at x alone: where the score saturates, it sees nothing. Average it "
        "along the way.": lambda g, x, b, n: g(x) * (x - b),
        "the difference to the baseline is x − baseline, not x.": (
            lambda g, x, b, n: along(g, x, b, midpoints(n)) * x
        ),
        "the way must begin at the baseline: baseline + α (x − baseline), not α x.": (
            lambda g, x, b, n: np.mean([g(a * x) for a in midpoints(n)], axis=0) * (x - b)
        ),
        "the gradients were summed: divide by the number of steps.": (
            lambda g, x, b, n: n * right(g, x, b, n)
        ),
        "α at the beginning of each step: take the middles, (m + ½) / steps, as agreed.": (
            lambda g, x, b, n: along(g, x, b, np.arange(n) / n) * (x - b)
        ),
        "α from 0 to 1 with both ends: take the middles, (m + ½) / steps, as agreed.": (
            lambda g, x, b, n: along(g, x, b, np.linspace(0, 1, n)) * (x - b)
        ),
        "the sign is lost: a pixel may speak against the action unit.": (
            lambda g, x, b, n: np.abs(right(g, x, b, n))
        ),
    }
    hints = (
        "Walk from the baseline to x in a straight line. Which point do you reach at α?",
        "alphas = (np.arange(steps) + 0.5) / steps; collect the gradient at "
        "baseline + a * (x - baseline).",
        "np.mean(gradients, axis=0) * (x - baseline)",
    )
    return check("Integrated gradients", answer, right, cases, wrong, hints, strict)
