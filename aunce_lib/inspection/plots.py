"""The figures of reports, notebooks and lectures: one message each, colours for all eyes.

Functions draw on `ax` and return it; without `ax` they make a figure of their own. Grids return
(figure, axes). Nothing is shown or saved here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..evaluation.bootstrap import nanmean
from ..evaluation.inputs import as_labels
from ..facs import column
from .style import ACTIVE, COLOURS, INACTIVE, UNKNOWN, dot, legend_below, new_axes, quiet

if TYPE_CHECKING:
    from ..evaluation import Evaluation

MARKERS = "os^DvP"
MOST_NAMED = 12  # categories that a legend can hold

#: What a column of a training history says, and which way is good.
HISTORY = {
    "loss": "loss, its own for each method\nlower is better",
    "alignment": "alignment, 0 to 4\nlower: positives closer",
    "uniformity": "uniformity\nlower: spread more evenly",
    "collapse": "collapse, 0 to 1\n1: all faces at one point",
    "knn_f1": "kNN macro F1, 0 to 1\nhigher is better",
}


def plot_projection(
    xy, values=None, title: str = "", name: str = "", ax: Axes | None = None
) -> Axes:
    """Points on a plane, coloured by a label, a number or a category.

    Args:
        xy: Positions (N, 2), from `project`.
        values: (N,) or None. Numbers that are only 0, 1 or NaN are drawn as inactive, active and
            unknown; other numbers by a colour bar, NaN in grey; text as categories (past 12 of
            them without a legend: then the figure shows whether they mix, not who is who).
        title: The message.
        name: What the values are, for instance "AU12" or "person".
        ax: Where to draw.

    Raises:
        ValueError: If a shape is wrong.
    """
    xy = np.asarray(xy)
    if xy.ndim != 2 or xy.shape[1] != 2:
        raise ValueError(f"xy must be (N, 2), from `project`, got {xy.shape}")
    values = np.zeros(len(xy), "U1") if values is None else np.asarray(values)
    if values.shape != (len(xy),):
        raise ValueError(f"values must be ({len(xy)},), one a point, got {values.shape}")
    ax = ax or new_axes(4.8, 5.2)
    # Mixed, so that no class hides another just because it was drawn last.
    order = np.random.default_rng(0).permutation(len(xy))
    xy, values = xy[order], values[order]
    size = float(np.clip(24_000 / max(len(xy), 1), 4, 50))
    dots = {"s": size, "linewidths": 0, "alpha": 0.8}
    numeric = values.dtype.kind in "biuf"
    known = ~np.isnan(values.astype(float)) if numeric else np.ones(len(xy), bool)
    ax.scatter(*xy[~known].T, color=UNKNOWN, **{**dots, "s": size / 2})
    if numeric and not np.isin(values[known], (0, 1)).all():
        points = ax.scatter(*xy[known].T, c=values[known].astype(float), cmap="viridis", **dots)
        ax.figure.colorbar(points, ax=ax, label=name, shrink=0.7)
    elif numeric:
        active = values[known] == 1
        ax.scatter(*xy[known].T, c=np.where(active, ACTIVE, INACTIVE), **dots)
        counts = {"active": active.sum(), "inactive": (~active).sum(), "unknown": (~known).sum()}
        colours = zip(counts.items(), (ACTIVE, INACTIVE, UNKNOWN), strict=True)
        handles = [dot(ax, f"{kind} ({n:,})", colour) for (kind, n), colour in colours if n]
        if handles:
            legend_below(ax, handles, name, drop=0.5)
    else:
        _scatter_categories(ax, xy, values.astype(str), name, dots)
    ax.set(xticks=[], yticks=[], title=title)
    ax.set_aspect("equal", adjustable="datalim")
    ax.spines[:].set_color("#DDDDDD")
    return ax


def _scatter_categories(ax: Axes, xy: np.ndarray, values: np.ndarray, name: str, dots) -> None:
    names, codes = np.unique(values, return_inverse=True)
    colour = [COLOURS[code % len(COLOURS)] for code in range(len(names))]
    shape = np.arange(len(names)) // len(COLOURS) % len(MARKERS)  # 48 looks before one repeats
    for number in np.unique(shape):
        here = shape[codes] == number
        ax.scatter(*xy[here].T, c=np.array(colour)[codes[here]], marker=MARKERS[number], **dots)
    if 1 < len(names) <= MOST_NAMED:
        looks = zip(names, colour, shape, strict=True)
        handles = [dot(ax, label, colour, MARKERS[number]) for label, colour, number in looks]
        legend_below(ax, handles, name, drop=0.5)
    elif len(names) > MOST_NAMED:
        note = f"{name or 'categories'}: {len(names)}, a colour and shape each"
        ax.set_xlabel(note, fontsize=9)


def plot_f1_bars(
    evaluations: Mapping[str, Evaluation], title: str = "", ax: Axes | None = None
) -> Axes:
    """F1 of each action unit and their mean, with 95 % intervals, against "all active".

    Args:
        evaluations: Name of a model -> its Evaluation, all on the same faces; at most 8.
        title: The message.
        ax: Where to draw.

    Raises:
        ValueError: If there is none, or they do not have the same AUs and faces.
    """
    if not 1 <= len(evaluations) <= len(COLOURS):
        raise ValueError(f"evaluations must be 1 to {len(COLOURS)}, got {len(evaluations)}")
    first = next(iter(evaluations.values()))
    for model, evaluation in evaluations.items():
        if not evaluation.table.support.equals(first.table.support):
            raise ValueError(f"evaluations must be on the same faces and AUs, {model!r} is not")
    names = list(first.table.index)
    ax = ax or new_axes(max(6, 0.75 * len(names) + 2), 3.6)
    place = np.arange(len(names)) + np.where(np.array(names) == "macro", 0.4, 0)
    width = 0.8 / len(evaluations)
    handles = []
    for number, (model, evaluation) in enumerate(evaluations.items()):
        table = evaluation.table
        x = place + (number - (len(evaluations) - 1) / 2) * width
        error = np.abs(table[["low", "high"]].to_numpy().T - table.f1.to_numpy())
        label = f"{model}: macro {_interval(evaluation.macro_f1, *evaluation.ci95)}"
        style = {"color": COLOURS[number], "label": label}
        handles.append(ax.bar(x, table.f1, 0.92 * width, **style))
        ax.errorbar(x, table.f1, error, fmt="none", ecolor="#222222", elinewidth=1, capsize=2)
        for position in x[table.f1.isna()]:
            ax.text(position, 0.02, "n/a", ha="center", rotation=90, fontsize=8, color="#666666")
    trivial = first.baselines["all_active"].f1
    label = f"all active, without looking: macro {_interval(trivial['macro'])}"
    dashes = {"color": "black", "lw": 2, "ls": (0, (2, 1)), "label": label}
    handles.append(ax.hlines(trivial, place - 0.45, place + 0.45, **dashes))
    ax.set(xticks=place, xticklabels=names, ylim=(0, 1), ylabel="F1 (0 to 1)", title=title)
    ax.set_xlim(place[0] - 0.6, place[-1] + 0.6)
    quiet(ax)
    legend_below(ax, handles)
    return ax


def _interval(value: float, low: float = np.nan, high: float = np.nan) -> str:
    if np.isnan(value):
        return "n/a"
    return f"{value:.2f}" + ("" if np.isnan(low) else f" ({low:.2f} – {high:.2f})")


def plot_groups(
    groups: pd.DataFrame, measure: str = "auc", title: str = "", ax: Axes | None = None
) -> Axes:
    """How well a model reads each group of people: the macro mean with its interval, and each AU.

    Args:
        groups: From `evaluation.fairness.by_group`.
        measure: "auc" or "f1".
        title: The message.
        ax: Where to draw.

    Raises:
        ValueError: If there is no such measure.
    """
    if measure not in ("auc", "f1"):
        raise ValueError(f'measure must be "auc" or "f1", got {measure!r}')
    names = list(dict.fromkeys(groups.group))
    ax = ax or new_axes(max(3.2, 1.1 * len(names) + 1.2), 3.4)
    single = groups[groups.au != "macro"]
    sideways = single.groupby("au", sort=False).ngroup() / max(single.au.nunique() - 1, 1) - 0.5
    x = single.group.map(names.index) + 0.5 * sideways
    dots = ax.scatter(x, single[measure], s=9, color=UNKNOWN, label="one AU each")
    macro = groups[groups.au == "macro"].set_index("group").loc[names]
    error = np.abs(macro[[f"{measure}_low", f"{measure}_high"]].T.to_numpy() - macro[measure].array)
    style = {"color": COLOURS[0], "label": "mean over AUs, 95 % interval over people"}
    bars = ax.errorbar(range(len(names)), macro[measure], error, fmt="o", capsize=4, **style)
    for place in np.flatnonzero(macro[measure].isna()):
        ax.text(place, 0.5, "n/a", ha="center", va="center", color="#666666")
    people = [f"{name}\n{n} people" for name, n in zip(names, macro.n_people, strict=True)]
    ax.set_xticks(range(len(names)), people, parse_math=False)
    label = {"auc": "AUC (.5 is chance, 1 perfect)", "f1": "F1 (0 to 1)"}[measure]
    lowest = min(0.5, single[measure].min() - 0.02) if measure == "auc" else 0
    ax.set(ylim=(lowest, 1), xlim=(-0.6, len(names) - 0.4), ylabel=label, title=title)
    quiet(ax)
    legend_below(ax, [bars, dots], drop=3.6)
    return ax


def plot_history(history: pd.DataFrame | Mapping[str, pd.DataFrame]) -> tuple[Figure, np.ndarray]:
    """How training went: a small panel for each of loss, alignment, uniformity, collapse, kNN F1.

    Args:
        history: Columns epoch and any of loss, alignment, uniformity, collapse, knn_f1; or several
            of them by name, at most 8. A panel that nobody has numbers for is left out.

    Raises:
        ValueError: If a history has no epochs, or nothing to draw.
    """
    runs = {"": history} if isinstance(history, pd.DataFrame) else dict(history)
    if not 1 <= len(runs) <= len(COLOURS) or any("epoch" not in run for run in runs.values()):
        raise ValueError(f"history must be 1 to {len(COLOURS)} tables with a column epoch")
    filled = {key for run in runs.values() for key in run if run[key].notna().any()}
    shown = [key for key in HISTORY if key in filled]
    if not shown:
        raise ValueError(f"history must hold numbers in one of {', '.join(HISTORY)}")
    size = (2.5 * len(shown) + 0.3, 2.7)
    figure, axes = plt.subplots(1, len(shown), figsize=size, layout="constrained", squeeze=False)
    for key, ax in zip(shown, axes[0], strict=True):
        for (name, run), colour in zip(runs.items(), COLOURS, strict=False):
            if key in run:
                line = run.dropna(subset=[key])
                style = {"marker": "o" if len(line) < 30 else None, "ms": 3, "label": name}
                ax.plot(line.epoch, line[key], color=colour, **style)
        ax.set_title(HISTORY[key], fontsize=9)
        ax.set_xlabel("epoch")
        ax.xaxis.get_major_locator().set_params(integer=True)
        quiet(ax)
    if len(runs) > 1:
        axes[0, 0].legend(frameon=False, fontsize=9)
    return figure, axes[0]


def face_grid(
    images, titles: Sequence[str] | None = None, columns: int = 8, scale: float = 1.3
) -> tuple[Figure, np.ndarray]:
    """Faces side by side.

    Args:
        images: uint8 (n, 3, H, W) or (n, H, W, 3), at least one.
        titles: A line above each, or None.
        columns: Faces in a row.
        scale: Inches a face.

    Raises:
        TypeError: If images are not uint8.
        ValueError: If a shape or number is wrong.
    """
    images = np.asarray(images)
    if images.dtype != np.uint8:
        raise TypeError(f"images must be uint8, got {images.dtype}")
    if images.ndim != 4 or 3 not in (images.shape[1], images.shape[-1]) or not len(images):
        raise ValueError(f"images must be (n, 3, H, W) or (n, H, W, 3), got {images.shape}")
    if images.shape[-1] != 3:
        images = images.transpose(0, 2, 3, 1)
    if columns < 1 or (titles is not None and len(titles) != len(images)):
        raise ValueError(f"one title for each of {len(images)} faces, and at least one column")
    columns = min(columns, len(images))
    rows = math.ceil(len(images) / columns)
    size = (scale * columns, rows * (scale + (0.25 if titles is not None else 0)))
    figure, axes = plt.subplots(rows, columns, figsize=size, layout="constrained", squeeze=False)
    for ax in axes.flat:
        ax.set_axis_off()
    for number, (ax, image) in enumerate(zip(axes.flat, images, strict=False)):
        ax.imshow(image)
        if titles is not None:
            ax.set_title(titles[number], fontsize=8, pad=2, parse_math=False)
    return figure, axes


def plot_cooccurrence(labels, aus: Sequence[int], title: str = "", ax: Axes | None = None) -> Axes:
    """How often one action unit is active when another is, beside how often it is at all.

    Args:
        labels: 0, 1 or NaN, (N, J); a pair counts the faces where both are known.
        aus: The J action units.
        title: The message.
        ax: Where to draw.
    """
    labels = as_labels(labels, aus)
    ax = ax or new_axes(0.5 * len(aus) + 2, 0.5 * len(aus) + 1)
    active, known = (labels == 1).astype(float), (~np.isnan(labels)).astype(float)
    given = active.T @ known  # (J, J): faces where the row is active and the column is known
    share = np.divide(active.T @ active, given, out=np.full(given.shape, np.nan), where=given > 0)
    np.fill_diagonal(share, nanmean(labels.astype(float), axis=0))  # itself: always 1, says nothing
    cmap = plt.get_cmap("Blues").with_extremes(bad="#DDDDDD")
    image = ax.imshow(100 * share, cmap=cmap, vmin=0, vmax=100)
    for row, col in np.argwhere(~np.isnan(share)):
        style = {"color": "white" if share[row, col] > 0.6 else "black"}
        if row == col:
            style |= {"weight": "bold", "bbox": {"fc": "none", "ec": style["color"], "pad": 1.5}}
        text = f"{100 * share[row, col]:.0f}"
        ax.text(col, row, text, ha="center", va="center", fontsize=8, **style)
    names = [column(au) for au in aus]
    ax.set_xticks(range(len(aus)), names, rotation=90)
    ax.set_yticks(range(len(aus)), names)
    ax.set(xlabel="… this is active too (framed: in all faces)", ylabel="When this is active …")
    ax.set_title(title)
    ax.tick_params(length=0)
    ax.figure.colorbar(image, ax=ax, label="faces (%)", shrink=0.7)
    return ax


def plot_rates(rates: pd.DataFrame, title: str = "", ax: Axes | None = None) -> Axes:
    """How often each action unit is active, and how often nobody knows.

    Args:
        rates: From `FrameTable.rates()`: index AU1 …; columns rate, active, inactive, unknown.
        title: The message.
        ax: Where to draw.
    """
    ax = ax or new_axes(max(5, 0.55 * len(rates) + 1.5), 3.2)
    counts = rates[["active", "inactive", "unknown"]]
    share = 100 * counts.div(counts.sum(axis=1), axis=0)
    handles = [ax.bar(rates.index, share.active, color=ACTIVE, label="active")]
    if counts.unknown.any():
        style = {"color": "#DDDDDD", "hatch": "///", "edgecolor": "white"}
        bottom = 100 - share.unknown
        handles.append(ax.bar(rates.index, share.unknown, bottom=bottom, label="unknown", **style))
    for position, (rate, height) in enumerate(zip(rates.rate, share.active, strict=True)):
        if not np.isnan(rate):
            ax.text(position, height + 1, f"{height:.0f}", ha="center", fontsize=9)
    ax.set(ylim=(0, 100), ylabel="share of faces (%)", title=title)
    quiet(ax)
    legend_below(ax, handles)
    return ax
