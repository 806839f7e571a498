"""One look for all figures: a palette for all eyes, quiet axes, legends that cover nothing."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

#: Okabe & Ito's palette, told apart with every common kind of colour vision.
PALETTE = {
    "blue": "#0072B2",
    "orange": "#E69F00",
    "green": "#009E73",
    "vermilion": "#D55E00",
    "sky": "#56B4E9",
    "purple": "#CC79A7",
    "yellow": "#F0E442",
    "black": "#000000",
}
COLOURS = tuple(PALETTE.values())
ACTIVE, INACTIVE, UNKNOWN = PALETTE["vermilion"], PALETTE["sky"], "#BBBBBB"


def new_axes(width: float, height: float) -> Axes:
    """Axes in a figure of their own, of so many inches."""
    return plt.subplots(figsize=(width, height), layout="constrained")[1]


def quiet(ax: Axes) -> None:
    """Less ink: no box, faint lines to read a height by."""
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(axis="y", color="#E5E5E5", linewidth=0.8)
    ax.set_axisbelow(True)


def dot(ax: Axes, label: str, colour: str, marker: str = "o"):
    """What stands for a kind of points in a legend."""
    return ax.plot([], [], color=colour, marker=marker, ls="", label=label)[0]


def legend_below(ax: Axes, handles: Sequence, title: str = "", drop: float = 2.6) -> None:
    """A legend under the axes: it covers nothing, and panels side by side stay alike.

    Args:
        ax: The axes.
        handles: What to name.
        title: A line above the names.
        drop: How far below the axes, in heights of a letter: past the tick labels.
    """
    labels = [handle.get_label() for handle in handles]
    inches = ax.get_window_extent().width / ax.figure.dpi
    room = 17 * inches / (sum(map(len, labels)) / len(labels) + 7)  # 17 letters an inch, 7 a dot
    columns = max(1, min(3, len(labels), int(room)))
    legend = ax.legend(
        handles,
        labels,
        title=title or None,
        loc="upper center",
        bbox_to_anchor=(0.5, 0),
        borderaxespad=drop,
        ncols=columns,
        frameon=False,
        fontsize=9,
        columnspacing=1.2,
        handletextpad=0.4,
    )
    for text in legend.get_texts():
        text.set_parse_math(False)  # names come from data: a "$" in them is a "$"
