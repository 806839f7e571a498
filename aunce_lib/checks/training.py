"""Exercises of 05, training: one step, alignment, uniformity, collapse, the learning rate."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import nn

from .plot import Curve
from .result import CheckResult, check


# -------------------------------------------------------------------------- training_step
def _training_step(model, criterion, optimizer, view0, view1, labels) -> float:
    optimizer.zero_grad()
    loss = criterion(model(view0), model(view1), labels)
    loss.backward()
    optimizer.step()
    return loss.item()


def _both_at_once(model, criterion, optimizer, view0, view1, labels) -> float:
    z = model(torch.cat([view0, view1]))
    loss = criterion(z[: len(view0)], z[len(view0) :], labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


def _one_view(model, criterion, optimizer, view0, view1, labels) -> float:
    return _training_step(model, criterion, optimizer, view0, view0, labels)


def _gradients_kept(model, criterion, optimizer, view0, view1, labels) -> float:
    loss = criterion(model(view0), model(view1), labels)
    loss.backward()
    optimizer.step()
    return loss.item()


def _step_first(model, criterion, optimizer, view0, view1, labels) -> float:
    loss = criterion(model(view0), model(view1), labels)
    optimizer.step()
    optimizer.zero_grad()
    loss.backward()
    return loss.item()


def _nothing_learned(model, criterion, optimizer, view0, view1, labels) -> float:
    return criterion(model(view0), model(view1), labels).item()


def _nothing_returned(*batch) -> None:
    _training_step(*batch)


def _toy_loss(z0, z1, labels):
    """Two views together, faces of the two labels apart."""
    apart = (z0[labels == 1].mean(0) - z1[labels == 0].mean(0)).square().sum()
    return (z0 - z1).square().sum(1).mean() - 0.1 * apart


def _after(step: Callable) -> Callable[[int], np.ndarray]:
    """Number of steps → the last loss, then all weights of a toy encoder trained by `step`."""

    def weights(n_steps: int) -> np.ndarray:
        with torch.random.fork_rng():
            torch.manual_seed(0)
            model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2)).double()
            faces = torch.randn(8, 3, dtype=torch.float64)
            views = faces, 1.5 * faces + 0.5 * torch.randn(8, 3, dtype=torch.float64)
        labels = torch.tensor([1.0, 0, 1, 0, 1, 0, 0, 0])
        optimizer = torch.optim.SGD(model.parameters(), lr=0.2)
        loss = math.nan
        for _ in range(n_steps):
            told = step(model, _toy_loss, optimizer, *views, labels)
            loss = math.nan if told is None else float(told)
        return np.r_[loss, nn.utils.parameters_to_vector(model.parameters()).detach().numpy()]

    return weights


STEPS = {"one step of a toy encoder": (1,), "two steps": (2,), "five steps": (5,)}
WRONG_STEPS = {
    "the gradients of earlier batches are still there, and new ones are added to them: "
    "optimizer.zero_grad() must come before backward().": _gradients_kept,
    "step() came before backward(): it went by the gradients of the batch before.": _step_first,
    "no weight has changed: step() must find gradients. backward() makes them, and zero_grad() "
    "wipes them out, so it must not stand between the two.": _nothing_learned,
    "the views went through the encoder as one batch. Give each its own call: BatchNorm should "
    "measure each view by itself.": _both_at_once,
    "the loss compared view 0 with itself: one of the two calls needs view1.": _one_view,
    "the step is right, but returns nothing: return loss.item().": _nothing_returned,
}


def check_training_step(answer: Callable, strict: bool = False) -> CheckResult:
    """Check `training_step(model, criterion, optimizer, view0, view1, labels)` by what it does.

    A toy encoder with a BatchNorm is trained by it; its last loss and its weights are compared.

    Args:
        answer: The learner's function; returns the loss as a number.
        strict: Raise CheckFailed if it is not right.
    """
    hints = (
        "Five things to do: embed, compute the loss, forget old gradients, compute new ones, step.",
        "Embed each view by a call of its own: model(view0), model(view1).",
        "loss = criterion(model(view0), model(view1), labels); optimizer.zero_grad(); "
        "loss.backward(); optimizer.step(); return loss.item()",
    )
    wrong = {cause: _after(step) for cause, step in WRONG_STEPS.items()}
    title = "One training step (first the loss, then the weights)"
    return check(title, _after(answer), _after(_training_step), STEPS, wrong, hints, strict)


# ---------------------------------------------------------------------- points on spheres
def _points(n: int, dimensions: int, seed: int = 0) -> np.ndarray:
    z = np.random.default_rng(seed).standard_normal((n, dimensions))
    return z / np.linalg.norm(z, axis=1, keepdims=True)


POLES = np.array([[1.0, 0.0], [-1.0, 0.0]])
CROSS = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]])


# ------------------------------------------------------------------------------ alignment
def _alignment(z0: np.ndarray, z1: np.ndarray) -> float:
    return float(np.mean([np.sum((a - b) ** 2) for a, b in zip(z0, z1, strict=True)]))


PAIRS = {
    "every view where its partner is": (CROSS, CROSS),
    "every view opposite to its partner": (CROSS, -CROSS),
    "one pair together, one pair apart": (POLES, POLES[[0, 0]]),
    "a quarter of a turn": (CROSS, np.roll(CROSS, 1, axis=0)),
    "50 faces, 8 dimensions": (_points(50, 8), _points(50, 8, seed=1)),
}
WRONG_ALIGNMENT = {
    "these are distances: square them.": (lambda z0, z1: np.linalg.norm(z0 - z1, axis=1).mean()),
    "the mean was taken over the dimensions too. Add up over the dimensions (that is the squared "
    "distance), then take the mean over the faces.": lambda z0, z1: ((z0 - z1) ** 2).mean(),
    "the squared distances were added up over the faces: take their mean.": (
        lambda z0, z1: ((z0 - z1) ** 2).sum()
    ),
    "this is the mean cosine: 1 for perfect pairs. The squared distance is 2 − 2 · cosine.": (
        lambda z0, z1: (z0 * z1).sum(axis=1).mean()
    ),
    "every face was compared with every other one: only row i of z0 with row i of z1.": (
        lambda z0, z1: ((z0[:, None] - z1[None]) ** 2).sum(-1).mean()
    ),
}


def check_alignment(
    answer: Callable[[np.ndarray, np.ndarray], float], strict: bool = False
) -> CheckResult:
    """Check `alignment(z0, z1)`: the mean of ‖z0 − z1‖² over the pairs of rows.

    Args:
        answer: The learner's function of unit embeddings (N, D) of two views.
        strict: Raise CheckFailed if it is not right.
    """
    hints = (
        "For one pair: subtract, square, add up over the dimensions.",
        "((z0 - z1) ** 2).sum(axis=1) is that for all pairs, (N,).",
        "((z0 - z1) ** 2).sum(axis=1).mean()",
    )
    return check("Alignment", answer, _alignment, PAIRS, WRONG_ALIGNMENT, hints, strict)


# ----------------------------------------------------------------------------- uniformity
def _squared_distances(z: np.ndarray) -> np.ndarray:
    upper = np.triu_indices(len(z), k=1)
    return ((z[upper[0]] - z[upper[1]]) ** 2).sum(axis=1)


def _uniformity(z: np.ndarray, t: float = 2.0) -> float:
    return float(np.log(np.mean(np.exp(-t * _squared_distances(z)))))


CLOUDS = {
    "all faces at one point": (CROSS[[0, 0, 0]], 2.0),
    "two faces, opposite": (POLES, 2.0),
    "four corners": (CROSS, 2.0),
    "half of the faces at each pole": (POLES[[0, 0, 0, 1, 1, 1]], 2.0),
    "40 faces, 8 dimensions": (_points(40, 8), 2.0),
    "another t": (_points(40, 8), 0.5),
}
WRONG_UNIFORMITY = {
    "each face was compared with itself too, at distance 0: leave the pairs a = b out.": (
        lambda z, t=2.0: np.log(np.exp(-t * ((z[:, None] - z[None]) ** 2).sum(-1)).mean())
    ),
    "the logarithm came before the mean, so this is −t times the mean distance. First the mean of "
    "the exponentials, then the logarithm.": lambda z, t=2.0: (-t * _squared_distances(z)).mean(),
    "the distances are not squared.": (
        lambda z, t=2.0: np.log(np.exp(-t * np.sqrt(_squared_distances(z))).mean())
    ),
    "the logarithm is missing.": lambda z, t=2.0: np.exp(-t * _squared_distances(z)).mean(),
    "the sign is turned round: far pairs should count least, so e to the *minus* t times.": (
        lambda z, t=2.0: np.log(np.exp(t * _squared_distances(z)).mean())
    ),
    "t is not used.": lambda z, t=2.0: np.log(np.exp(-_squared_distances(z)).mean()),
    "t is always 2: use the argument.": lambda z, t=2.0: _uniformity(z, 2.0),
}


def check_uniformity(
    answer: Callable[[np.ndarray, float], float], strict: bool = False
) -> CheckResult:
    """Check `uniformity(z, t)`: log of the mean of e^(−t‖z_a − z_b‖²) over the pairs a ≠ b.

    Args:
        answer: The learner's function of unit embeddings (N, D).
        strict: Raise CheckFailed if it is not right.
    """
    hints = (
        "Which pairs? Every two different faces, once: np.triu_indices(len(z), k=1) lists them.",
        "On the unit sphere ‖a − b‖² = 2 − 2 a·b, and z @ z.T holds all the products.",
        "upper = np.triu_indices(len(z), k=1); squared = 2 - 2 * (z @ z.T)[upper]; "
        "np.log(np.exp(-t * squared).mean())",
    )
    return check("Uniformity", answer, _uniformity, CLOUDS, WRONG_UNIFORMITY, hints, strict)


# ------------------------------------------------------------------------- collapsed_loss
def _collapsed_loss(n_negatives: int, beta: float, temperature: float) -> float:
    positive = math.exp(1 / temperature)
    negatives = n_negatives * math.exp(beta / temperature)
    return -math.log(positive / (positive + negatives))


BATCHES = {
    "one negative, β = 1": (1, 1.0, 0.5),
    "40 negatives, β = 1": (40, 1.0, 0.5),
    "40 negatives of an active anchor": (40, 1.2, 0.5),
    "24 negatives of an inactive anchor": (24, 0.8, 0.5),
    "a lower temperature": (24, 1.2, 0.2),
    "no negative at all": (0, 1.2, 0.5),
}
WRONG_COLLAPSED = {
    "the positive is missing in the denominator: log(1 + …), so that no negatives give 0.": (
        lambda n, beta, tau: math.log(n) + (beta - 1) / tau if n else -math.inf
    ),
    "β is not used. Where β is not 1 the negatives weigh e^(β/τ), not e^(1/τ).": (
        lambda n, beta, tau: math.log1p(n)
    ),
    "the positive's e^(1/τ) is missing: divide the negatives by it.": (
        lambda n, beta, tau: math.log1p(n * math.exp(beta / tau))
    ),
    "the exponent has the wrong sign: β above 1 makes negatives heavier, hence the loss larger.": (
        lambda n, beta, tau: math.log1p(n * math.exp((1 - beta) / tau))
    ),
    "the temperature is not used: similarities are 1/τ, not 1.": (
        lambda n, beta, tau: math.log1p(n * math.exp(beta - 1))
    ),
    "β multiplies the number of negatives; it belongs into the exponent.": (
        lambda n, beta, tau: math.log1p(n * beta)
    ),
}


def check_collapsed_loss(
    answer: Callable[[int, float, float], float], strict: bool = False
) -> CheckResult:
    """Check `collapsed_loss(n_negatives, beta, temperature)`: AUNCE's loss of an anchor at a point.

    Args:
        answer: The learner's function.
        strict: Raise CheckFailed if it is not right.
    """
    hints = (
        "All faces are at one point, so every dot product is 1. What is every similarity?",
        "P = e^(1/τ), and N is n times e^(β/τ). The loss is −log(P / (P + N)).",
        "math.log(1 + n_negatives * math.exp((beta - 1) / temperature))",
    )
    title = "The loss of a collapsed encoder"
    curve = Curve(np.linspace(0.5, 1.5, 41), "β", "loss", lambda beta: (40, beta, 0.5))
    return check(title, answer, _collapsed_loss, BATCHES, WRONG_COLLAPSED, hints, strict, curve)


# -------------------------------------------------------------------------- learning_rate
def _rise(step: int, n_steps: int, warmup: float) -> float:
    return min(1.0, (step + 1) / (warmup * n_steps)) if warmup else 1.0


def _fall(step: int, n_steps: int) -> float:
    return 0.5 * (1 + math.cos(math.pi * step / n_steps))


def _learning_rate(step: int, n_steps: int, peak: float, warmup: float) -> float:
    return peak * _rise(step, n_steps, warmup) * _fall(step, n_steps)


def _fall_after_rise(step: int, n_steps: int, peak: float, warmup: float) -> float:
    warm = warmup * n_steps
    if step < warm:
        return peak * (step + 1) / warm
    return peak * _fall(step - warm, n_steps - warm)


WHEN = {
    "the first step": (0, 100, 0.002, 0.1),
    "half-way up": (4, 100, 0.002, 0.1),
    "the end of the warm-up": (9, 100, 0.002, 0.1),
    "a quarter of the way": (25, 100, 0.002, 0.1),
    "half of the way": (50, 100, 0.002, 0.1),
    "the last step": (99, 100, 0.002, 0.1),
    "without warm-up": (0, 50, 0.01, 0.0),
}
WRONG_RATES = {
    "there is no warm-up: multiply by the rise.": (
        lambda step, n, peak, warmup: peak * _fall(step, n)
    ),
    "it goes on rising: after the warm-up the factor stays 1. Use min.": (
        lambda step, n, peak, warmup: (
            peak * _fall(step, n) * ((step + 1) / (warmup * n) if warmup else 1)
        )
    ),
    "the first step has a rate of 0, and a batch is wasted: count steps from 1 in the rise.": (
        lambda step, n, peak, warmup: (
            peak * _fall(step, n) * (min(1, step / (warmup * n)) if warmup else 1)
        )
    ),
    "here the cosine starts only when the warm-up is over. That is in use too; but in this course "
    "it runs over all steps, and the rise multiplies it.": _fall_after_rise,
    "this falls along a straight line: the cosine stays high for longer, and lands softly.": (
        lambda step, n, peak, warmup: peak * _rise(step, n, warmup) * (1 - step / n)
    ),
    "the cosine goes down and up again: half a turn, π, over all steps, not a whole one.": (
        lambda step, n, peak, warmup: (
            peak * _rise(step, n, warmup) * 0.5 * (1 + math.cos(2 * math.pi * step / n))
        )
    ),
    "the rate rises to the peak and stays there: multiply by the half cosine.": (
        lambda step, n, peak, warmup: peak * _rise(step, n, warmup)
    ),
    "a bare cosine becomes negative in the second half, and the steps would go uphill: "
    "½(1 + cos).": lambda step, n, peak, warmup: (
        peak * _rise(step, n, warmup) * math.cos(math.pi * step / n)
    ),
}


def check_learning_rate(
    answer: Callable[[int, int, float, float], float], strict: bool = False
) -> CheckResult:
    """Check `learning_rate(step, n_steps, peak, warmup)`: linear rise times half a cosine.

    Args:
        answer: The learner's function; steps count from 0, `warmup` is a share of all steps.
        strict: Raise CheckFailed if it is not right.
    """
    hints = (
        "Two factors between 0 and 1: how far the rise has come, and how far the fall.",
        "The rise: min(1, (step + 1) / (warmup * n_steps)), and 1 where there is no warm-up.",
        "The fall: 0.5 * (1 + math.cos(math.pi * step / n_steps)). Multiply both with the peak.",
    )
    curve = Curve(range(100), "step", "learning rate", lambda step: (int(step), 100, 0.002, 0.1))
    title = "The learning rate"
    return check(title, answer, _learning_rate, WHEN, WRONG_RATES, hints, strict, curve)
