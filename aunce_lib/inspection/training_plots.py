"""Figures of how a training goes, beside those of `plots`."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from ..evaluation.geometry import uniformity
from .style import COLOURS, legend_below, new_axes, quiet

MARKERS = "os^DvP*X"
FEW = 30  # dots that a figure can show one by one


def plot_sphere(points, labels=None, title: str = "", ax: Axes | None = None) -> Axes:
    """Embeddings in two dimensions on their circle, and how evenly they spread.

    Args:
        points: (N, 2), of length 1, at least two.
        labels: (N,) of 0 or 1, or None.
        title: The message; the uniformity is written below it.
        ax: Where to draw.

    Raises:
        ValueError: If a shape is wrong.
    """
    points = np.asarray(points, float)
    if points.ndim != 2 or points.shape[1] != 2:
        raise ValueError(f"points must be (N, 2), got {points.shape}")
    labels = np.zeros(len(points)) if labels is None else np.asarray(labels)
    if labels.shape != (len(points),):
        raise ValueError(f"labels must be ({len(points)},), one a point, got {labels.shape}")
    ax = ax or new_axes(2.6, 3.0)
    turn = np.linspace(0, 2 * np.pi, 200)
    ax.plot(np.cos(turn), np.sin(turn), color="#BBBBBB", linewidth=1, zorder=1)
    looks = (
        (0, "#56B4E9", "o", 1.0),
        (1, "#D55E00", "^", 1.06),
    )  # two rings, so that none is hidden
    for label, colour, marker, radius in looks:
        here = radius * points[labels == label].T
        ax.scatter(*here, s=45, color=colour, marker=marker, edgecolor="white", lw=0.5, zorder=2)
    ax.set(xlim=(-1.25, 1.25), ylim=(-1.25, 1.25))
    spread = round(uniformity(points[:, None]), 2) + 0.0  # no −0.00
    ax.set_title(f"{title}\nuniformity {spread:.2f}", fontsize=10)
    ax.set_aspect("equal")
    ax.set_axis_off()
    return ax


def plot_plane(histories: Mapping[str, pd.DataFrame], title: str = "", ax: Axes | None = None):
    """Trainings as paths across the plane of uniformity and alignment, an epoch a dot.

    Args:
        histories: Name -> history with columns alignment and uniformity; at most 8.
        title: The message.
        ax: Where to draw.

    Returns:
        The Axes. The last epoch has the largest dot.

    Raises:
        ValueError: If there are none or too many histories, or a column is not there.
    """
    if not 1 <= len(histories) <= len(COLOURS):
        raise ValueError(f"histories must be 1 to {len(COLOURS)}, got {len(histories)}")
    ax = ax or new_axes(5.2, 4.2)
    handles = []
    for (name, run), colour, marker in zip(histories.items(), COLOURS, MARKERS, strict=False):
        if missing := {"alignment", "uniformity"} - {*run}:
            raise ValueError(f"the history of {name!r} must have the columns {sorted(missing)}")
        size = np.linspace(12, 90, len(run)) if len(run) < FEW else 12
        style = {"color": colour, "alpha": 0.9}
        ax.plot(run.uniformity, run.alignment, lw=1.2, **style)
        ax.scatter(run.uniformity, run.alignment, s=size, marker=marker, **style)
        handles.append(ax.plot([], [], marker=marker, label=name, **style)[0])
    ax.set(xlabel="uniformity: to the left more evenly spread", title=title)
    ax.set_ylabel("alignment: lower, views closer")
    ax.set_ylim(bottom=0)
    quiet(ax)
    legend_below(ax, handles, drop=3.6)
    return ax
