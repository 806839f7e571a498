"""How good an answer is: F1 and its kin per action unit, trivial baselines, intervals over people.

F1 alone flatters and frightens: calling every face active already reaches 2r / (1 + r) for an AU
with rate r. So each score stands beside two answers that never looked at a face, and beside an
interval. Frames of one person are nearly copies; what varies is people, so people are resampled.

NaN means undefined, never zero:

- an AU without an active face (known label 1) has no F1, AUC, AP or recall: whatever is answered,
  F1 could be only 0 or 0/0, which measures nothing; an AU without an inactive face has no AUC;
- precision is undefined where nothing is called active, but F1 is then a real 0 if an active face
  was there to be found;
- a model without an answer (NaN) for even one known face has no score for that AU: leaving the
  face out would reward silence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from ..facs import column
from .bootstrap import MACRO, bootstrap_f1, confusion, f1_score, interval95, nanmean, ratio
from .geometry import alignment, collapse, dimensions_used, uniformity
from .inputs import as_labels, as_scores, as_subjects, same_length

__all__ = [
    "Evaluation",
    "alignment",
    "as_dict",
    "average_precision",
    "collapse",
    "dimensions_used",
    "evaluate",
    "per_au",
    "ranking",
    "roc_auc",
    "trivial_baselines",
    "uniformity",
]


def per_au(labels, scores, predictions, aus: Sequence[int]) -> pd.DataFrame:
    """Scores of each action unit, and their mean.

    Args:
        labels: 0, 1 or NaN (unknown, left out), (N, J).
        scores: Floating (N, J), the higher the likelier active; for `auc` and `ap`.
        predictions: 0, 1 or NaN (no answer), (N, J); for `f1`, `precision` and `recall`.
        aus: The J action units.

    Returns:
        Index AU1 … and "macro" (the mean over the AUs that are defined; the sum for `support`).
        Columns f1, auc, ap, precision, recall, rate (0 to 1) and support (number of active faces).

    Raises:
        TypeError: If a dtype is wrong.
        ValueError: If a shape or a value is wrong.

    Example:
        >>> labels = np.array([[1], [1], [0], [np.nan]])
        >>> scores = np.array([[0.9], [0.2], [0.4], [0.8]])
        >>> per_au(labels, scores, scores > 0.5, [12]).loc["AU12", ["f1", "auc", "recall"]].round(2)
        f1        0.67
        auc       0.50
        recall    0.50
        Name: AU12, dtype: float64
    """
    labels, predictions = as_labels(labels, aus), as_labels(predictions, aus, "predictions")
    scores = as_scores(scores, aus)
    same_length(labels=labels, scores=scores, predictions=predictions)
    everyone = np.zeros(len(labels), int)
    tp, fp, fn = confusion(labels, predictions, everyone)[0].T  # (J,) each
    ranked = [_ranked(y, s) for y, s in zip(labels.T, scores.T, strict=True)]
    table = pd.DataFrame(ranked, columns=["auc", "ap"])
    table.insert(0, "f1", f1_score(tp, fp, fn))
    table["precision"] = ratio(tp, tp + fp)
    table["recall"] = ratio(tp, tp + fn)
    return _with_macro(table, labels, aus)


def trivial_baselines(labels, train_labels, aus: Sequence[int]) -> dict[str, pd.DataFrame]:
    """What answers that never look at a face reach: every score has to be read beside these.

    Args:
        labels: 0, 1 or NaN, (N, J), the labels to be tested on.
        train_labels: 0, 1 or NaN, (M, J), the labels that could be learned from.
        aus: The J action units.

    Returns:
        Two tables like `per_au`'s. "all_active" calls every face active: F1 = 2r / (1 + r).
        "by_rate" calls each face active by chance, as often as in training: its expected F1, which
        is 2rq / (r + q) for a test rate r and a training rate q, up to a relative error of about
        1 / (number of faces); precision and recall likewise.
    """
    labels = as_labels(labels, aus)
    rate = _rate(labels)
    chances = {"all_active": 1.0, "by_rate": _rate(as_labels(train_labels, aus, "train_labels"))}
    tables = {}
    for name, chance in chances.items():
        recall = np.where(rate > 0, chance, np.nan)  # active faces are called active by chance
        precision = np.where(chance > 0, rate, np.nan)
        f1 = np.where(rate > 0, ratio(2 * rate * chance, rate + chance), np.nan)
        auc = np.where((rate > 0) & (rate < 1), 0.5, np.nan)
        ap = np.where(rate > 0, rate, np.nan)
        columns = {"f1": f1, "auc": auc, "ap": ap, "precision": precision, "recall": recall}
        tables[name] = _with_macro(pd.DataFrame(columns), labels, aus)
    return tables


@dataclass(frozen=True, eq=False)
class Evaluation:
    """The scores of one model on one set of faces, with what they have to be read beside.

    Attributes:
        table: `per_au`'s table with two more columns: low and high, the 95 % interval of F1.
        baselines: Tables of "all_active" and "by_rate". Their macro rows are over the AUs for
            which the model has an F1, so that they compare.
        n_faces: Number of faces.
        n_subjects: Number of people.
    """

    table: pd.DataFrame
    baselines: dict[str, pd.DataFrame] = field(repr=False)
    n_faces: int
    n_subjects: int

    @property
    def macro_f1(self) -> float:
        """Mean F1 over the AUs where it is defined."""
        return float(self.table.loc[MACRO, "f1"])

    @property
    def ci95(self) -> tuple[float, float]:
        """95 % interval of the macro F1, over people."""
        return float(self.table.loc[MACRO, "low"]), float(self.table.loc[MACRO, "high"])

    def to_dict(self) -> dict:
        """{"macro_f1": …, "ci95": [low, high], "per_au": {"AU1": …}}; None where undefined."""
        return as_dict(self.table)

    def _repr_html_(self) -> str:
        from .card import evaluation_card

        return evaluation_card(self)


def evaluate(
    labels, scores, predictions, subjects, aus: Sequence[int], train_labels, seed: int = 0
) -> Evaluation:
    """All scores of one model, with intervals over people and the trivial baselines.

    Args:
        labels: 0, 1 or NaN, (N, J).
        scores: Floating (N, J), from `Probe.scores`.
        predictions: 0, 1 or NaN, (N, J), from `Probe.predict`.
        subjects: Whose face it is, (N,).
        aus: The J action units.
        train_labels: 0, 1 or NaN, (M, J): what the baseline "by_rate" knows.
        seed: Seed of the bootstrap (1,000 draws of people).
    """
    table = per_au(labels, scores, predictions, aus)
    labels, predictions = as_labels(labels, aus), as_labels(predictions, aus)
    codes, names = as_subjects(subjects, len(labels))
    low, high = interval95(bootstrap_f1(confusion(labels, predictions, codes), seed=seed))
    table.insert(1, "low", low)
    table.insert(2, "high", high)
    baselines = trivial_baselines(labels, train_labels, aus)
    scored = table.f1.drop(MACRO).notna().to_numpy()
    for baseline in baselines.values():
        means = baseline.drop(MACRO)[scored].drop(columns="support").mean()
        baseline.loc[MACRO, means.index] = means
    return Evaluation(table, baselines, len(labels), len(names))


def as_dict(table: pd.DataFrame) -> dict:
    """A table of scores as JSON can hold it: macro_f1, per_au and, if there, ci95."""
    f1 = {name: None if np.isnan(value) else float(value) for name, value in table.f1.items()}
    interval = {}
    if "low" in table:
        ends = table.loc[MACRO, ["low", "high"]]
        interval = {"ci95": [None if np.isnan(end) else float(end) for end in ends]}
    return {"macro_f1": f1.pop(MACRO), **interval, "per_au": f1}


def ranking(labels: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What each possible threshold finds, from the strictest to the laxest.

    Args:
        labels: 0 or 1, (n,).
        scores: (n,), no NaN.

    Returns:
        The distinct scores, descending, and the true and false positives of "score >= threshold".
    """
    order = np.argsort(-scores, kind="stable")
    descending = scores[order]
    last = np.append(np.flatnonzero(np.diff(descending)), len(scores) - 1)  # of equal scores
    tp = np.cumsum(labels[order] == 1)[last]
    return descending[last], tp, last + 1 - tp


def roc_auc(labels: np.ndarray, scores: np.ndarray) -> float:
    """Chance that an active face scores above an inactive one; labels 0 or 1, scores (n,)."""
    _, tp, fp = ranking(labels, scores)
    return float(np.trapezoid(np.append(0, tp / tp[-1]), np.append(0, fp / fp[-1])))


def average_precision(labels: np.ndarray, scores: np.ndarray) -> float:
    """Precision averaged over the thresholds, weighted by the recall each one adds."""
    _, tp, fp = ranking(labels, scores)
    return float(np.sum(np.diff(tp, prepend=0) / tp[-1] * tp / (tp + fp)))


def _ranked(labels: np.ndarray, scores: np.ndarray) -> tuple[float, float]:
    """AUC and average precision of one AU over its known faces, NaN where undefined."""
    known = ~np.isnan(labels)
    labels, scores = labels[known], scores[known]
    if np.isnan(scores).any() or not (labels == 1).any():
        return np.nan, np.nan
    auc = roc_auc(labels, scores) if (labels == 0).any() else np.nan
    return auc, average_precision(labels, scores)


def _with_macro(table: pd.DataFrame, labels: np.ndarray, aus: Sequence[int]) -> pd.DataFrame:
    table = table.assign(rate=_rate(labels))
    table.index = [column(au) for au in aus]
    table.loc[MACRO] = table.mean()  # skips NaN
    support = np.nansum(labels, axis=0).astype(int)
    return table.assign(support=[*support, support.sum()])


def _rate(labels: np.ndarray) -> np.ndarray:
    return nanmean(labels.astype(float), axis=0)
