"""Figures of what happens inside an encoder."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch

from ..facs import ACTION_UNITS
from .style import PALETTE, dot, legend_below, new_axes

#: Where an AU shows, in three parts of the face.
PARTS = {
    "upper face": ("brow", "eyelids"),
    "middle": ("cheeks", "nose"),
    "lower face": ("mouth", "chin", "jaw"),
}
PART_COLOURS = (PALETTE["sky"], PALETTE["yellow"], PALETTE["orange"])
MORE, LESS = PALETTE["blue"], PALETTE["vermilion"]


def plot_tokens(image, values=None, title: str = "", ax: Axes | None = None) -> Axes:
    """A face, the grid of its tokens over it, and what each token says as a tint.

    Args:
        image: uint8 (H, W, 3) or (3, H, W).
        values: (T,) of 0 or more, T a square number, in reading order; None draws numbers 0 … 15.
        title: The message.
        ax: Where to draw.

    Raises:
        ValueError: If the values are not those of a square grid.
    """
    image = np.asarray(image)
    image = image.transpose(1, 2, 0) if image.shape[0] == 3 else image
    numbered = values is None
    values = np.zeros(16) if numbered else np.asarray(values, float)
    side = math.isqrt(values.size)
    if values.ndim != 1 or side**2 != values.size or not side:
        raise ValueError(f"values must be (T,), T a square number, got {values.shape}")
    ax = ax or new_axes(2.6, 2.8)
    ax.imshow(image, extent=(0, side, side, 0))
    if numbered:
        for token in range(values.size):
            place = (token % side + 0.08, token // side + 0.08)
            style = {"color": "white", "fontsize": 8, "ha": "left", "va": "top", "weight": "bold"}
            ax.text(*place, str(token), bbox={"fc": "black", "ec": "none", "pad": 1}, **style)
    else:
        strength = values.reshape(side, side) / max(values.max(), 1e-12)
        tint = np.zeros((side, side, 4))
        tint[..., :3] = np.array([213, 94, 0]) / 255  # vermilion
        tint[..., 3] = 0.8 * strength
        ax.imshow(tint, extent=(0, side, side, 0))
    for line in range(side + 1):
        ax.axhline(line, color="white", linewidth=0.7)
        ax.axvline(line, color="white", linewidth=0.7)
    ax.set(xlim=(0, side), ylim=(side, 0), xticks=[], yticks=[], title=title)
    ax.spines[:].set_visible(False)
    return ax


def plot_au_graph(
    weights,
    aus: Sequence[int],
    n_edges: int = 16,
    directed: bool = False,
    title: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Action units on a circle, joined by the strongest of their ties.

    Args:
        weights: (J, J), row to column, −1 to 1; the diagonal is not drawn. Undirected ties are the
            mean of both directions.
        aus: The J action units.
        n_edges: How many ties are drawn, the strongest; the wider the line, the stronger.
        directed: Draw arrows, from each AU to the one that its row names.
        title: The message.
        ax: Where to draw.

    Raises:
        ValueError: If the weights are not (J, J) numbers.
    """
    weights = np.asarray(weights, float)
    if weights.shape != (len(aus), len(aus)) or not np.isfinite(weights).all():
        raise ValueError(f"weights must be (J, J) = ({len(aus)}, {len(aus)}), got {weights.shape}")
    ax = ax or new_axes(4.6, 5.0)
    angle = np.pi / 2 - 2 * np.pi * np.arange(len(aus)) / len(aus)  # clockwise, from the top
    xy = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    if not directed:
        weights = np.triu(weights + weights.T, 1) / 2
    np.fill_diagonal(weights := weights.copy(), 0)
    strongest = np.argsort(-np.abs(weights), axis=None, kind="stable")[:n_edges]
    for row, col in zip(*np.unravel_index(strongest[::-1], weights.shape), strict=True):
        weight = weights[row, col]
        if abs(weight) < 1e-9:
            continue
        ax.add_patch(
            FancyArrowPatch(
                xy[row],
                xy[col],
                arrowstyle="-|>" if directed else "-",
                connectionstyle=f"arc3,rad={0.12 if directed else 0}",
                mutation_scale=11,
                shrinkA=16,
                shrinkB=16,
                linewidth=0.6 + 4 * abs(weight),
                linestyle="-" if weight > 0 else (0, (2, 1.5)),
                color=MORE if weight > 0 else LESS,
                alpha=0.35 + 0.6 * min(abs(weight), 1),
            )
        )
    for au, place in zip(aus, xy, strict=True):
        colour = _part_colour(au)
        ax.text(*place, str(au), ha="center", va="center", fontsize=10, weight="bold", zorder=4)
        ax.scatter(*place, s=480, color=colour, edgecolor="black", linewidth=0.8, zorder=3)
    ax.set(xlim=(-1.2, 1.2), ylim=(-1.2, 1.2), title=title)
    ax.set_aspect("equal")
    ax.set_axis_off()
    used = {_part_colour(au) for au in aus}
    pairs = zip(PARTS, PART_COLOURS, strict=True)
    handles = [dot(ax, part, colour) for part, colour in pairs if colour in used]
    legend_below(ax, handles, drop=0)
    return ax


def _part_colour(au: int) -> str:
    region = ACTION_UNITS[au].region
    (found,) = (number for number, regions in enumerate(PARTS.values()) if region in regions)
    return PART_COLOURS[found]
