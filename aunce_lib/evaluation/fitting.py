"""The two ways to fit a probe: ours, to convergence, and the papers'."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence

import numpy as np

from .metrics import ranking

STRENGTHS = (0.001, 0.01, 0.1, 1.0, 10.0)  # scikit-learn's C: the larger, the freer
N_FOLDS = 3


def choose_threshold(labels: np.ndarray, scores: np.ndarray) -> float:
    """The threshold, halfway between two scores, at which F1 is highest.

    Args:
        labels: 0 or 1, (n,), at least one 1.
        scores: (n,), 0 to 1; "active" will mean score ≥ threshold.
    """
    distinct, tp, fp = ranking(labels, scores)
    best = int(np.argmax(2 * tp / (tp + fp + labels.sum())))  # TP + FP + TP + FN
    return float(distinct[best] + np.append(distinct, 0)[best + 1]) / 2


def fit_logistic(
    z: np.ndarray, labels: np.ndarray, learnable: np.ndarray, codes: np.ndarray, seed: int
) -> tuple[np.ndarray, ...]:
    """Weight (J, D), bias, threshold and strength (J,), float32, chosen on people held out.

    Args:
        z: Embeddings, floating (N, J, D).
        labels: Float (N, J) of 0, 1, NaN.
        learnable: Whether both classes are there, bool (J,).
        codes: Whose face it is, int (N,), 0 to S - 1.
        seed: Deals people to validation.
    """
    from threadpoolctl import threadpool_limits

    n_aus, dim = z.shape[1:]
    weight = np.zeros((n_aus, dim), np.float32)
    bias, threshold, strength = np.zeros((3, n_aus), np.float32)
    fold = _deal(codes, seed)
    # The matrices are small: more threads only wait for each other.
    with threadpool_limits(1), warnings.catch_warnings():
        # Embeddings that are all alike end Newton's search at once; lbfgs then takes over.
        warnings.filterwarnings("ignore", message=".*resort to lbfgs")
        for j in np.flatnonzero(learnable):
            known = ~np.isnan(labels[:, j])
            x, y = z[known, j].astype(np.float64), labels[known, j]
            strength[j], threshold[j] = _validate(x, y, fold[known])
            weight[j], bias[j] = next(_regress(x, y, strengths=strength[[j]].astype(float)))
    return weight, bias, threshold, strength


def _deal(codes: np.ndarray, seed: int) -> np.ndarray:
    """The validation fold of each face: people shuffled, then dealt out in turn."""
    people = codes.max() + 1
    order = np.random.default_rng(seed).permutation(people)
    return (order % min(N_FOLDS, people))[codes]


def _validate(x: np.ndarray, y: np.ndarray, fold: np.ndarray) -> tuple[float, float]:
    """Strength and threshold of one AU, chosen on people who were held out in turn.

    Where no fold leaves both classes to learn from (one person has all the active faces), nothing
    can be chosen: strength 1 and threshold .5, the customary values.
    """
    logits = np.full((len(STRENGTHS), len(y)), np.nan)
    for number in np.unique(fold):
        test = fold == number
        if len(np.unique(y[~test])) == 2:
            for row, (weight, bias) in enumerate(_regress(x[~test], y[~test], STRENGTHS)):
                logits[row, test] = x[test] @ weight + bias
    tested = ~np.isnan(logits[0])
    if len(np.unique(y[tested])) < 2:
        return 1.0, 0.5
    y, logits = y[tested], logits[:, tested]
    best = int(np.argmin([_balanced_loss(y, row) for row in logits]))
    return STRENGTHS[best], choose_threshold(y, sigmoid(logits[best]).astype(np.float32))


def _balanced_loss(y: np.ndarray, logits: np.ndarray) -> float:
    """Cross-entropy, both classes weighing the same.

    Ranking alone (AUC, average precision) would not notice scores that all crowd around 0.5.
    """
    return np.logaddexp(0, -logits[y == 1]).mean() + np.logaddexp(0, logits[y == 0]).mean()


def _regress(x, y, strengths: Sequence[float]) -> Iterator[tuple[np.ndarray, float]]:
    """Weight (D,) and bias of a logistic regression for each strength, each from the one before."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(
        class_weight="balanced", solver="newton-cholesky", warm_start=True, max_iter=1000
    )
    for strength in strengths:
        model.set_params(C=strength).fit(x, y)
        yield model.coef_[0].copy(), float(model.intercept_[0])


def fit_published(z: np.ndarray, labels: np.ndarray, seed: int) -> tuple[np.ndarray, ...]:
    """Weight (J, D), bias, threshold and strength (J,), float32, by the papers' protocol.

    All AUs are trained at once; `seed` initialises and shuffles. Arguments as in `fit_logistic`.
    """
    import torch
    import torch.nn.functional as F

    n_aus, dim = z.shape[1:]
    generator = torch.Generator().manual_seed(seed)
    bound = dim**-0.5  # as torch.nn.Linear begins
    weight, bias = torch.empty(n_aus, dim, 2), torch.empty(n_aus, 1, 2)
    for parameter in (weight, bias):
        parameter.uniform_(-bound, bound, generator=generator).requires_grad_()
    optimiser = torch.optim.Adam([weight, bias], lr=1e-3, weight_decay=1e-6)
    z = torch.from_numpy(z).float().transpose(0, 1).contiguous()  # (J, N, D)
    target = np.where(np.isnan(labels), -100, labels).T  # (J, N); -100 takes no part in the loss
    target = torch.from_numpy(target).long().contiguous()
    for _ in range(100):
        for batch in torch.randperm(z.shape[1], generator=generator).split(256):
            if (target[:, batch] < 0).all():  # no label is known: nothing to learn
                continue
            logits = torch.baddbmm(bias, z.index_select(1, batch), weight)  # (J, b, 2)
            loss = F.cross_entropy(logits.flatten(0, 1), target.index_select(1, batch).flatten())
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    # The softmax over two logits is the sigmoid of their difference.
    rule = (weight.detach().diff(dim=-1).squeeze(-1), bias.detach().diff(dim=-1).flatten())
    rule = [tensor.numpy().copy() for tensor in rule]
    return *rule, np.full(n_aus, 0.5, np.float32), np.full(n_aus, np.nan, np.float32)


def sigmoid(x: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-x)), without overflow; NaN stays NaN."""
    with np.errstate(invalid="ignore"):
        return np.exp(-np.logaddexp(0, -x))
