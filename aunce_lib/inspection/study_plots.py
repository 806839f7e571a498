"""Figures of a study, drawn from its tidy table."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .studies import summarise
from .style import COLOURS, legend_below, new_axes, quiet

MARKERS = "os^DvP*X"
VALUES = {
    "macro_f1": "macro F1 on unseen people (0 to 1)",
    "macro_auc": "macro AUC on unseen people (0 to 1)",
    "macro_ap": "macro average precision (0 to 1)",
    "rare_f1": "F1 of the rare action units (0 to 1)",
}
ALONG = {
    "noise": "spoiled training labels (share)",
    "imbalance": "rates in training (share of the natural ones)",
    "temperature": "temperature τ",
    "people": "training people",
    "batch_size": "batch size (faces)",
}


def plot_curves(
    results: pd.DataFrame,
    along: str = "noise",
    value: str = "macro_f1",
    title: str = "",
    ax: Axes | None = None,
) -> Axes:
    """A line a loss: mean over runs, with its 95 % interval as a band.

    Args:
        results: From a study, of one corpus. Choose one kind of noise together with the clean runs:
            `results[results.noise_kind.isin(["none", "flip"])]`.
        along: Column of numbers on the x axis.
        value: Column on the y axis.
        title: The message.
        ax: Where to draw.

    Raises:
        ValueError: If there are several corpora or kinds of noise, or more than 8 losses.
    """
    _one(results, "corpus")
    if along == "noise":
        _one(results[results.noise > 0], "noise_kind")
    table = summarise(results, value, ["loss", along])
    losses = _losses(results)
    ax = ax or new_axes(5.6, 4.2)
    handles = []
    for loss, colour, marker in zip(losses, COLOURS, MARKERS, strict=False):
        line = table.loc[loss].dropna(subset=["mean"]).sort_index()
        x = line.index.to_numpy(float)
        style = {"color": colour, "marker": marker, "ms": 5, "label": loss}
        handles += ax.plot(x, line["mean"], **style)
        ax.fill_between(x, line.low, line.high, color=colour, alpha=0.15, linewidth=0)
    if value == "macro_f1":
        trivial = results.all_active_f1.mean()
        dashes = {"color": "black", "ls": (0, (2, 1)), "label": "all active, without looking"}
        handles.append(ax.axhline(trivial, **dashes))
    ax.set(xlabel=ALONG.get(along, along), ylabel=VALUES.get(value, value), title=title)
    ax.set_xticks(np.unique(results[along].astype(float)))
    low, high = ax.get_ylim()  # intervals of two or three runs reach where no score can be
    ax.set_ylim(max(low, 0.0), min(high, 1.0))
    quiet(ax)
    legend_below(ax, handles, drop=3.6)
    return ax


def plot_grid(
    results: pd.DataFrame,
    rows: str = "beta_active",
    columns: str = "beta_inactive",
    value: str = "macro_f1",
    title: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Means over runs as a heat map of two columns: a grid of β, or corpus × tested_on.

    Args:
        results: From a study, of one loss.
        rows: Column whose values make the rows.
        columns: Column whose values make the columns.
        value: Column that is shown, and written into each field.
        title: The message.
        ax: Where to draw.

    Raises:
        ValueError: If there are several losses (or corpora, where these are not the rows).
    """
    for name in {"loss", "corpus", "noise"} - {rows, columns}:
        _one(results, name)
    grid = summarise(results, value, [rows, columns])["mean"].unstack()
    names = {axis: list(dict.fromkeys(results[axis])) for axis in (rows, columns)}
    grid = grid.loc[_ordered(names[rows]), _ordered(names[columns])]
    ax = ax or new_axes(0.9 * grid.shape[1] + 2.4, 0.7 * grid.shape[0] + 1.4)
    image = ax.imshow(grid, cmap="Blues", aspect="auto")
    middle = (np.nanmin(grid) + np.nanmax(grid)) / 2
    for (row, col), mean in np.ndenumerate(grid.to_numpy(float)):
        if not np.isnan(mean):
            colour = "white" if mean > middle else "black"
            ax.text(col, row, f"{mean:.3f}", ha="center", va="center", color=colour, fontsize=9)
    turned = {"rotation": 30, "ha": "right"} if columns in ("corpus", "tested_on") else {}
    ax.set_xticks(range(grid.shape[1]), grid.columns, **turned)
    ax.set_yticks(range(grid.shape[0]), grid.index)
    readable = {"beta_active": "β active", "beta_inactive": "β inactive", "corpus": "trained on"}
    readable |= {"tested_on": "tested on"}
    ax.set(xlabel=readable.get(columns, columns), ylabel=readable.get(rows, rows), title=title)
    ax.tick_params(length=0)
    ax.figure.colorbar(image, ax=ax, label=VALUES.get(value, value), shrink=0.8)
    return ax


def plot_per_au(
    results: pd.DataFrame, score: str = "f1", title: str = "", ax: Axes | None = None
) -> Axes:
    """A bar for each action unit and loss: mean over runs, 95 % interval; rare AUs first.

    Args:
        results: From a study, of one corpus and condition.
        score: "f1", "auc" or "ap".
        title: The message.
        ax: Where to draw.

    Raises:
        ValueError: If there are several corpora or noises, or more than 8 losses.
    """
    for name in ("corpus", "tested_on", "noise", "noise_kind"):
        _one(results, name)
    losses = _losses(results)
    rates = results.filter(regex="^rate_AU").mean().dropna().sort_values()
    aus = [name.removeprefix("rate_") for name in rates.index]
    ax = ax or new_axes(max(6, 0.75 * len(aus) + 1), 3.8)
    width, handles = 0.8 / len(losses), []
    for number, loss in enumerate(losses):
        tables = [summarise(results, f"{score}_{au}", ["loss"]) for au in aus]
        bars = pd.concat([table.loc[[(loss,)]] for table in tables])
        x = np.arange(len(aus)) + (number - (len(losses) - 1) / 2) * width
        error = np.abs(bars[["low", "high"]].to_numpy().T - bars["mean"].to_numpy())
        style = {"color": COLOURS[number], "label": loss}
        handles.append(ax.bar(x, bars["mean"], 0.92 * width, **style))
        ax.errorbar(x, bars["mean"], error, fmt="none", ecolor="#222222", elinewidth=1)
    if score == "f1":
        place = np.arange(len(aus))
        trivial = 2 * rates / (1 + rates)
        dashes = {"color": "black", "lw": 2, "ls": (0, (2, 1)), "label": "all active"}
        handles.append(ax.hlines(trivial, place - 0.45, place + 0.45, **dashes))
    names = [f"{au}\n{100 * rate:.0f} %" for au, rate in zip(aus, rates, strict=True)]
    ax.set_xticks(range(len(aus)), names)
    label = {"f1": "F1 (0 to 1)", "auc": "AUC (0 to 1)", "ap": "average precision (0 to 1)"}
    ax.set(ylim=(0, 1), ylabel=label[score], title=title)
    ax.set_xlabel("action unit, and how often it is active in the test", labelpad=2)
    quiet(ax)
    legend_below(ax, handles, drop=4.8)
    return ax


def plot_differences(
    differences: pd.DataFrame, xlabel: str = "difference in macro F1", title: str = "", ax=None
) -> Axes:
    """Paired differences as points with their intervals; a line where there is none.

    Args:
        differences: From `paired_differences`; several of them by `pd.concat([…])`.
        xlabel: What was compared.
        title: The message.
        ax: Where to draw.
    """
    levels = differences.index.names
    varying = [name for name in levels if differences.index.unique(name).size > 1]
    names = []
    for row in differences.index.to_frame(index=False)[varying].to_dict("records"):
        parts = (v if isinstance(v, str) else f"{name} {v:g}" for name, v in row.items())
        names.append(", ".join(parts))
    ax = ax or new_axes(8, 0.4 * len(differences) + 1.2)
    y = np.arange(len(differences))
    error = np.abs(differences[["low", "high"]].to_numpy().T - differences.difference.to_numpy())
    ax.axvline(0, color="black", lw=1)
    ax.errorbar(differences.difference, y, xerr=error, fmt="o", color=COLOURS[0], capsize=3)
    ax.set_yticks(y, names)
    ax.invert_yaxis()
    ax.set(xlabel=f"{xlabel} (95 % interval)", title=title)
    quiet(ax)
    return ax


def plot_signal(results: pd.DataFrame, noise: float = 0.2) -> tuple[Figure, np.ndarray]:
    """What of a gradient step survives flipped labels: along the flips, and for rare units.

    Grey lines are what is left to one label, 1 − 2ε, and to a pair of an anchor with the faces
    called active and inactive, (1 − 2ε) k; see `_pair_signal`.

    Args:
        results: `data/results/gradients.csv`, or some losses of it: columns loss, noise (share of
            labels flipped), rate (of the action unit) and signal (1: as on true labels).
        noise: The share of flips in the panel on the right.

    Returns:
        Figure and its two axes: mean signal along the flips, and a point an action unit.

    Raises:
        ValueError: If a column or that share of flips is not there, or there are more than 8
            losses.
    """
    if missing := [name for name in ("loss", "noise", "rate", "signal") if name not in results]:
        raise ValueError(f"results must have the columns {missing}; is it gradients.csv?")
    flipped = sorted(set(results.noise.tolist()))
    if noise not in flipped:
        raise ValueError(f"no rows with noise {noise}; there are {flipped}")
    losses = _losses(results)
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.8), layout="constrained")
    flips, rates = np.linspace(0, flipped[-1]), np.linspace(0, 1, 101)
    grey = {"color": "#777777", "lw": 1.5, "zorder": 1}
    left.plot(flips, 1 - 2 * flips, **grey, label="one label")
    left.plot(flips, _pair_signal(0.5, flips), ls="--", **grey, label="a pair, rate ½")
    right.axhline(1 - 2 * noise, **grey)
    pair = "a pair, at each rate"
    right.plot(rates, _pair_signal(rates, noise), ls=":", **grey, label=pair)
    for loss, colour, marker in zip(losses, COLOURS, MARKERS, strict=False):
        some = results[results.loss == loss]
        means = some.groupby("noise").signal.mean()
        left.plot(means.index, means, color=colour, marker=marker, ms=6, label=loss)
        here = some[some.noise == noise]
        right.plot(here.rate, here.signal, marker, color=colour, ms=6, alpha=0.85)
    left.set(xlabel="share ε of labels flipped", ylabel="signal left in a step (1 is all)")
    left.set(title="mean over action units", ylim=(-0.02, 1.02))
    right.set(xlabel="rate of the action unit", ylim=(-0.02, 1.02), xlim=(0, 1))
    right.set_title(f"at ε = {noise:g}, a point an action unit")
    for ax in (left, right):
        quiet(ax)
    figure.legend(loc="outside lower center", ncols=3, frameon=False)
    return figure, np.array([left, right])


def _pair_signal(rate: float | np.ndarray, flips: float | np.ndarray) -> np.ndarray:
    """(1 − 2ε) k, with k the difference in truly active faces between both sides as called.

    A share a = r (1 − ε) + (1 − r) ε of faces is called active, and k = r (1 − ε) / a − r ε /
    (1 − a). At ε = ½ nothing is left; where nobody is ever called active neither is there a pair.
    """
    called = rate * (1 - flips) + (1 - rate) * flips
    with np.errstate(divide="ignore", invalid="ignore"):
        k = rate * (1 - flips) / called - rate * flips / (1 - called)
    return (1 - 2 * flips) * k


def _losses(results: pd.DataFrame) -> list[str]:
    losses = list(dict.fromkeys(results.loss))
    if not 1 <= len(losses) <= len(COLOURS):
        raise ValueError(f"results must be of 1 to {len(COLOURS)} losses, got {len(losses)}")
    return losses


def _one(results: pd.DataFrame, name: str) -> None:
    found = list(results[name].unique())
    if len(found) > 1:
        raise ValueError(f"results must be of one {name}, got {found}; choose one first")


def _ordered(values: Sequence) -> list:
    """Numbers by size, names as they came."""
    return sorted(values) if all(not isinstance(value, str) for value in values) else list(values)
