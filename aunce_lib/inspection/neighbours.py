"""Nearest neighbours by embedding: whom a face lies next to, and whether that is more than chance.

A map on a plane can invent neighbours. Here they are counted where they are: on the sphere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..evaluation.bootstrap import nanmean
from ..evaluation.inputs import as_embeddings
from ..facs import column
from .plots import face_grid
from .style import ACTIVE, COLOURS, INACTIVE, UNKNOWN, legend_below, new_axes, quiet


def nearest(points, k: int = 10, groups=None) -> np.ndarray:
    """The k other faces that are most similar to each face, by cosine.

    Args:
        points: Floating (N, D), finite: the embeddings of one action unit, z[:, j].
        k: Number of neighbours, at least 1.
        groups: (N,) or None. Neighbours then come from other groups only: with
            `groups=table.subjects` from other people.

    Returns:
        Positions int64 (N, k), the nearest first; a face is never its own neighbour.

    Raises:
        TypeError: If points are not floating.
        ValueError: If a shape is wrong, a value is not finite, or a face has fewer than k others.

    Example:
        >>> angles = np.array([0.0, 0.1, 0.3, 2.0])
        >>> nearest(np.stack([np.cos(angles), np.sin(angles)], axis=1), k=1)[:, 0]
        array([1, 0, 1, 2])
    """
    z = as_embeddings(np.asarray(points)[:, None], "points")[:, 0]
    if z.ndim != 2:
        raise ValueError(f"points must be (N, D), for instance z[:, j], got {np.shape(points)}")
    other = _others(len(z), groups)
    if k < 1 or other.sum(axis=1).min(initial=len(z)) < k:
        raise ValueError(
            f"k must be at least 1 and at most {other.sum(axis=1).min(initial=len(z))}, the number "
            f"of other faces (outside the group) that every face has, got {k}"
        )
    z = z / np.maximum(np.linalg.norm(z, axis=1, keepdims=True), 1e-12)
    similarity = np.where(other, z @ z.T, -np.inf)
    return np.argsort(-similarity, axis=1, kind="stable")[:, :k]


def purity(neighbours, values, groups=None) -> tuple[float, float]:
    """How often a neighbour has the value of the face itself, and how often a random face has.

    Args:
        neighbours: Positions (N, k), from `nearest`.
        values: (N,), a label, a name or a class; NaN is unknown, and such pairs are left out.
        groups: The same as in `nearest`: the random face too then comes from another group.

    Returns:
        Share and chance, 0 to 1, each the mean over faces; NaN if nothing is known.

    Raises:
        ValueError: If there is not one value a face.
    """
    neighbours, values = np.asarray(neighbours), np.asarray(values)
    if neighbours.ndim != 2 or values.shape != (len(neighbours),):
        raise ValueError(
            f"neighbours must be (N, k) and values (N,), got {neighbours.shape}, {values.shape}"
        )
    known = ~pd.isna(values)
    same = values[:, None] == values[None]  # (N, N)
    counted = known[:, None] & known[None]
    row = np.arange(len(values))[:, None]
    share = _mean_where(same[row, neighbours], counted[row, neighbours])
    chance = _mean_where(same, counted & _others(len(values), groups))
    both = ~np.isnan(share) & ~np.isnan(chance)
    share, chance = (nanmean(np.where(both, x, np.nan)) for x in (share, chance))
    return float(share), float(chance)


def purity_table(
    embeddings, aus: Sequence[int], values: Mapping[str, np.ndarray], k: int = 10, groups=None
) -> pd.DataFrame:
    """Purity of the neighbours by each action unit's embedding.

    Args:
        embeddings: Floating (N, J, D).
        aus: The J action units.
        values: What → (N,), or (N, J) for labels that differ from AU to AU.
        k: Number of neighbours.
        groups: What → (N,), the groups to leave out for it, as in `nearest`; or None. Whether a
            neighbour shares a *label* is a fair question only among other people.

    Returns:
        Columns au, by (what), share, chance, above_chance = (share - chance) / (1 - chance): 0 for
        random neighbours, 1 if all are of one kind, below 0 if they avoid each other.
    """
    z, groups = as_embeddings(embeddings), groups or {}
    rows = []
    for j, au in enumerate(aus):
        for what, value in values.items():
            value, apart = np.asarray(value), groups.get(what)
            mine = value[:, j] if value.ndim == 2 else value
            share, chance = purity(nearest(z[:, j], k, apart), mine, apart)
            above = (share - chance) / (1 - chance) if chance < 1 else np.nan
            rows.append((column(au), what, share, chance, above))
    return pd.DataFrame(rows, columns=["au", "by", "share", "chance", "above_chance"])


def plot_purity(table: pd.DataFrame, title: str = "", ax: Axes | None = None) -> Axes:
    """How much more than chance neighbours have in common, a column of dots for each AU.

    Args:
        table: From `purity_table`.
        title: The message.
        ax: Where to draw.
    """
    aus = list(dict.fromkeys(table.au))
    ax = ax or new_axes(max(6, 0.6 * len(aus) + 1), 3.4)
    handles = []
    for (what, rows), colour, marker in zip(
        table.groupby("by", sort=False), COLOURS, "os^DvP*X", strict=False
    ):
        x = [aus.index(au) for au in rows.au]
        style = {"color": colour, "marker": marker, "label": what, "ls": "", "ms": 7}
        handles += ax.plot(x, rows.above_chance, **style)
    ax.axhline(0, color="black", lw=1)
    ax.set_xticks(range(len(aus)), aus)
    top = max(1.0, table.above_chance.max())
    ax.set(ylim=(min(-0.05, table.above_chance.min() - 0.05), top), title=title)
    ax.set_ylabel("purity above chance\n(0 random, 1 all alike)")
    quiet(ax)
    legend_below(ax, handles, drop=2.6)
    return ax


def plot_neighbours(
    images, neighbours, rows: Sequence[int], labels, name: str = "", scale: float = 1.05
) -> tuple[Figure, np.ndarray]:
    """Some faces, each beside its nearest neighbours; the frame's colour is the label.

    Args:
        images: uint8 (N, 3, H, W) of all faces.
        neighbours: Positions (N, k), from `nearest`.
        rows: Whose neighbours to show.
        labels: 0, 1 or NaN, (N,).
        name: Of the label, for instance "AU12".
        scale: Inches a face.

    Raises:
        ValueError: If there are no rows.
    """
    if not len(rows):
        raise ValueError("rows must name at least one face to show")
    neighbours, labels = np.asarray(neighbours), np.asarray(labels, float)
    shown = np.column_stack([rows, neighbours[rows]])  # (rows, 1 + k)
    titles = [""] * shown.size
    titles[: shown.shape[1]] = ["asked", *map(str, range(1, shown.shape[1]))]
    pictures = np.asarray(images)[shown.ravel()]
    figure, axes = face_grid(pictures, titles, columns=shown.shape[1], scale=scale)
    colours = {1.0: ACTIVE, 0.0: INACTIVE}
    for ax, position in zip(axes.flat, shown.ravel(), strict=True):
        colour = colours.get(labels[position], UNKNOWN)
        ax.set_axis_on()
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set(color=colour, linewidth=3)
    figure.suptitle(
        f"Synthetic faces and their nearest by {name or 'embedding'}; "
        "frame: orange active, blue inactive",
        fontsize=10,
    )
    return figure, axes


def _others(n: int, groups) -> np.ndarray:
    """Whose neighbour a face may be, bool (N, N): never its own, never of its own group."""
    if groups is None:
        return ~np.eye(n, dtype=bool)
    codes = pd.factorize(np.asarray(groups))[0]
    if codes.shape != (n,):
        raise ValueError(f"groups must be ({n},), one a face, got {codes.shape}")
    return codes[:, None] != codes[None]


def _mean_where(values: np.ndarray, counted: np.ndarray) -> np.ndarray:
    """Mean of each row over what counts, NaN where nothing does."""
    return nanmean(np.where(counted, values.astype(float), np.nan), axis=1)
