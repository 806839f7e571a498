"""What an embedding has kept: how well a linear rule reads something from it, on unseen groups.

A map can hide what is there. If a linear rule finds it, it is there.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from .style import COLOURS, legend_below, new_axes, quiet

FOLDS = 3
STRENGTHS = np.logspace(-2, 4, 7)  # of the ridge penalty; leave-one-out in the training chooses


def readable(points, values, groups) -> float:
    """How well `values` can be read from `points` by a linear rule, tested on groups left out.

    Args:
        points: Floating (N, D), finite.
        values: (N,). Floating numbers with more than two values are predicted (ridge regression);
            anything else is a class (ridge classifier, classes weighing the same). NaN is left out.
        groups: (N,), at least 2. Whole groups are left out in turn, at most 3 times: people for
            what must hold for strangers, recordings for who a person is.

    Returns:
        0 (nothing; never below) to 1 (all of it). For numbers R²; for K classes
        (balanced accuracy - 1/K) / (1 - 1/K). NaN if only one value is known.

    Raises:
        ValueError: If a shape is wrong or there are fewer than 2 groups.
    """
    from sklearn.linear_model import RidgeClassifierCV, RidgeCV
    from sklearn.metrics import balanced_accuracy_score, r2_score
    from sklearn.model_selection import GroupKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    x, values, groups = np.asarray(points), np.asarray(values), np.asarray(groups)
    if x.ndim != 2 or not len(x) == len(values) == len(groups):
        raise ValueError(
            "points must be (N, D), values and groups (N,), got "
            f"{x.shape}, {values.shape}, {groups.shape}"
        )
    known = ~pd.isna(values)
    x, values, groups = x[known], values[known], groups[known]
    found, n_groups = len(pd.unique(values)), len(pd.unique(groups))
    if found < 2:
        return float("nan")
    if n_groups < 2:
        raise ValueError(
            f"groups must be at least 2, to learn from one and test on another, got {n_groups}"
        )
    number = values.dtype.kind == "f" and found > 2
    model = RidgeCV(STRENGTHS) if number else RidgeClassifierCV(STRENGTHS, class_weight="balanced")
    folds = GroupKFold(min(FOLDS, n_groups))
    predicted = cross_val_predict(
        make_pipeline(StandardScaler(), model), x, values, groups=groups, cv=folds
    )
    if number:
        return max(0.0, float(r2_score(values, predicted)))
    accuracy = float(balanced_accuracy_score(values, predicted))
    return max(0.0, (accuracy - 1 / found) / (1 - 1 / found))


def content(
    points: Mapping[str, np.ndarray], targets: Mapping[str, tuple[np.ndarray, np.ndarray]]
) -> pd.DataFrame:
    """What several embeddings of the same faces have kept.

    Args:
        points: Name of an embedding → (N, D).
        targets: What → (values, groups), see `readable`.

    Returns:
        A row an embedding, a column a target, 0 (nothing) to 1 (all).
    """
    rows = {
        name: {what: readable(x, *target) for what, target in targets.items()}
        for name, x in points.items()
    }
    return pd.DataFrame(rows).T


def plot_content(table: pd.DataFrame, title: str = "", ax: Axes | None = None) -> Axes:
    """What embeddings have kept: a group of bars for each target.

    Args:
        table: From `content`.
        title: The message.
        ax: Where to draw.
    """
    ax = ax or new_axes(max(5.5, 1.6 * table.shape[1] + 1.5), 3.2)
    width, handles = 0.8 / len(table), []
    for number, (name, row) in enumerate(table.iterrows()):
        x = np.arange(table.shape[1]) + (number - (len(table) - 1) / 2) * width
        style = {"color": COLOURS[number], "label": name}
        handles.append(ax.bar(x, row, 0.92 * width, **style))
        for place, height in zip(x, row, strict=True):
            text = "n/a" if np.isnan(height) else f"{height:.2f}"
            ax.text(place, np.nan_to_num(height) + 0.01, text, ha="center", fontsize=8)
    ax.set_xticks(range(table.shape[1]), table.columns)
    ax.set(ylim=(0, 1.05), ylabel="readable, linearly\n(0 nothing, 1 all)", title=title)
    quiet(ax)
    legend_below(ax, handles, drop=2.6)
    return ax
