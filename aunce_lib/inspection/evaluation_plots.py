"""Figures about scores: thresholds, trivial answers, people, resampling, published tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from ..evaluation.metrics import ranking
from ..facs import column
from .style import COLOURS, PALETTE, legend_below, new_axes, quiet

MARKERS = "os^DvP*X"


def plot_all_active(
    rates,
    scores: Mapping[str, Sequence[float]],
    names=None,
    title: str = "",
    ax: Axes | None = None,
) -> Axes:
    """F1 against how often an action unit is active, above the curve that needs no look at a face.

    Args:
        rates: Rate of each action unit in the test, (J,), 0 to 1.
        scores: Name of a model → its F1, (J,).
        names: What to write at the points of the first model, (J,).
        title: The message.
        ax: Where to draw.
    """
    ax = ax or new_axes(6, 4)
    r = np.linspace(0, 1, 201)
    lines = [ax.plot(r, 2 * r / (1 + r), color="black", lw=2, label="all active: 2r / (1 + r)")[0]]
    lines += ax.plot(
        r, r, color="#777777", lw=1.2, ls="--", label="by chance, at the right rate: r"
    )
    for (model, f1), colour, marker in zip(scores.items(), COLOURS, MARKERS, strict=False):
        style = {"color": colour, "marker": marker, "ls": "", "ms": 6, "label": model}
        lines += ax.plot(rates, f1, **style)
    if names is not None:
        _name_points(ax, rates, next(iter(scores.values())), names)
    ax.set(xlim=(0, 1), ylim=(0, 1), title=title)
    ax.set(xlabel="r: share of the test faces in which it is active", ylabel="F1 (0 to 1)")
    quiet(ax)
    legend_below(ax, lines, drop=3.6)
    return ax


def _name_points(ax: Axes, x, y, names: Sequence[str]) -> None:
    """Names beside points, to whichever side is still free of other names."""
    taken = []  # where names stand, in shares of axes that go from 0 to 1
    for place in zip(x, y, names, strict=True):
        sides = [(0.015, 0.012), (0.015, -0.04), (-0.075, 0.012), (-0.075, -0.04), (0.015, 0.05)]
        spots = [(place[0] + dx, place[1] + dy) for dx, dy in sides]
        free = [
            spot
            for spot in spots
            if all(abs(spot[0] - a) > 0.08 or abs(spot[1] - b) > 0.04 for a, b in taken)
        ]
        taken.append((free or spots)[0])
        ax.text(*taken[-1], place[2], fontsize=8)


def f1_curve(labels, scores) -> tuple[np.ndarray, np.ndarray]:
    """F1 of "score ≥ threshold" at every threshold that makes a difference.

    Args:
        labels: 0, 1 or NaN (left out), (N,), at least one 1.
        scores: (N,), no NaN.

    Returns:
        Thresholds, ascending, and their F1, both (M,).
    """
    labels, scores = np.asarray(labels, float), np.asarray(scores, float)
    if labels.ndim != 1 or labels.shape != scores.shape:
        raise ValueError(f"labels and scores must be (N,), got {labels.shape}, {scores.shape}")
    known = ~np.isnan(labels)
    if not (labels == 1).any():
        raise ValueError("labels must hold an active face: without one there is no F1")
    thresholds, tp, fp = ranking(labels[known], scores[known])
    return thresholds[::-1], (2 * tp / (tp + fp + (labels == 1).sum()))[::-1]


def plot_thresholds(
    groups: Mapping[str, tuple[np.ndarray, np.ndarray]], title: str = "", ax: Axes | None = None
) -> Axes:
    """F1 against the threshold for several groups of people; a mark where each is highest.

    Args:
        groups: Name → (labels (N,), scores (N,)), for instance validation people and test people.
        title: The message.
        ax: Where to draw.
    """
    ax = ax or new_axes(6, 3.6)
    handles = []
    for (name, given), colour, marker in zip(groups.items(), COLOURS, MARKERS, strict=False):
        threshold, f1 = f1_curve(*given)
        best = f1.argmax()
        label = f"{name}: highest at {threshold[best]:.2f}"
        handles += ax.plot(threshold, f1, color=colour, lw=1.8, label=label)
        ax.plot(threshold[best], f1[best], color=colour, marker=marker, ms=9, mec="black")
        ax.axvline(threshold[best], color=colour, lw=1, ls=":")
    ax.set(xlim=(0, 1), ylim=(0, 1), title=title)
    ax.set(xlabel="threshold of the probe's score (0 to 1)", ylabel="F1 (0 to 1)")
    quiet(ax)
    legend_below(ax, handles, drop=3.6)
    return ax


def plot_people(f1, aus: Sequence[int], title: str = "", ax: Axes | None = None) -> Axes:
    """F1 of each person, a dot each, and of all together, a dash.

    Args:
        f1: (S + 1, J): S people, then everybody's frames together; NaN where undefined.
        aus: The J action units.
        title: The message.
        ax: Where to draw.
    """
    f1 = np.asarray(f1, float)
    ax = ax or new_axes(max(6, 0.65 * len(aus) + 1), 3.4)
    sideways = np.linspace(-0.22, 0.22, len(f1) - 1)[:, None]
    x = np.arange(len(aus)) + np.random.default_rng(0).permutation(sideways)
    style = {"color": PALETTE["blue"], "marker": "o", "ls": "", "ms": 4.5, "alpha": 0.8}
    handles = ax.plot(x.ravel(), f1[:-1].ravel(), label="one person", **style)
    dash = {"color": "black", "marker": "_", "ls": "", "ms": 22, "mew": 2}
    handles += ax.plot(range(len(aus)), f1[-1], label="all frames together", **dash)
    counts = (~np.isnan(f1[:-1])).sum(axis=0)
    names = [f"{column(au)}\n{n} of {len(f1) - 1}" for au, n in zip(aus, counts, strict=True)]
    ax.set_xticks(range(len(aus)), names, fontsize=9)
    ax.set(ylim=(-0.02, 1.02), ylabel="F1 (0 to 1)", title=title)
    ax.set_xlabel("action unit, and the number of people who show it", labelpad=2)
    quiet(ax)
    legend_below(ax, handles, drop=4.8)
    return ax


def plot_draws(
    draws: Mapping[str, np.ndarray], value: float, title: str = "", ax: Axes | None = None
) -> Axes:
    """What imagined repetitions of the test would have given: a histogram and interval each.

    Args:
        draws: What was drawn → the scores of the repetitions, (n,).
        value: The score of the test itself.
        title: The message.
        ax: Where to draw.
    """
    ax = ax or new_axes(6.4, 3.4)
    everything = np.concatenate([np.asarray(d) for d in draws.values()])
    bins = np.linspace(np.nanmin(everything), np.nanmax(everything), 50)
    handles, top = [], 0
    for (name, scores), colour in zip(draws.items(), COLOURS, strict=False):
        low, high = np.nanquantile(scores, [0.025, 0.975])
        style = {"color": colour, "alpha": 0.55, "label": f"{name}: {low:.3f} to {high:.3f}"}
        counts, _, bars = ax.hist(scores, bins, **style)
        handles.append(bars.patches[0])
        top = max(top, counts.max())
    for number, ((_, scores), colour) in enumerate(zip(draws.items(), COLOURS, strict=False)):
        ends = np.nanquantile(scores, [0.025, 0.975])
        ax.plot(ends, [top * (1.08 + 0.07 * number)] * 2, color=colour, lw=4)
    ax.axvline(value, color="black", lw=1.5)
    ax.set(xlabel="macro F1 (line: the test itself)", ylabel="repetitions", title=title)
    quiet(ax)
    legend_below(ax, handles, "95 % interval if we draw again", drop=3.6)
    return ax


def plot_published(
    table: pd.DataFrame,
    trivial: float,
    ours: str = "AUNCE",
    title: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Macro F1 that papers report on a real corpus, a line each, from the lowest to the highest.

    Args:
        table: From `studies.published`: index method, column macro; rows of single folds too, if
            there are any, which are drawn as strokes.
        trivial: What calling every face active reaches there.
        ours: The method to pick out.
        title: The message.
        ax: Where to draw.
    """
    fold = table["fold"] if "fold" in table else pd.Series(np.nan, table.index)
    whole, parts = table[fold.isna()], table[fold.notna()]
    whole = whole.sort_values("macro", kind="stable")
    ax = ax or new_axes(6.4, 0.19 * len(whole) + 1.2)
    y = np.arange(len(whole))
    colours = [COLOURS[3] if name == ours else COLOURS[0] for name in whole.index]
    ax.hlines(y, trivial, whole.macro, color="#DDDDDD", lw=2)
    ax.scatter(whole.macro, y, c=colours, s=28, zorder=4)
    place = {name: number for number, name in enumerate(whole.index)}
    known = parts[parts.index.isin(whole.index)]
    rows = [place[name] for name in known.index]
    ax.scatter(known.macro, rows, s=60, color="black", marker="|", zorder=3)
    ax.axvline(trivial, color="black", lw=2, ls=(0, (2, 1)))
    ax.text(trivial, len(whole) - 0.3, " all active", va="bottom", fontsize=8)
    ax.set_yticks(y, whole.index, fontsize=8)
    ax.set(ylim=(-0.7, len(whole) + 0.6), title=title)
    ax.set_xlabel("macro F1 as reported (strokes: single folds)")
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(axis="x", color="#E5E5E5", linewidth=0.8)
    ax.set_axisbelow(True)
    return ax
