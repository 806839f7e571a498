"""The explorer as a still figure, for print and for pages without a kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..facs import ACTION_UNITS, column
from ..inspection.plots import plot_projection

if TYPE_CHECKING:
    from .explorer import Explorer

FACES = 10  # of the selection


def explorer_figure(explorer: Explorer):
    """The maps side by side (before training above after, if known), and some selected faces."""
    import matplotlib.pyplot as plt

    moments = ["before", "after"] if explorer.before else ["after"]
    rows = [explorer.maps(moment) for moment in moments]
    chosen = explorer.positions
    faces = len(chosen) > 0 and explorer.table.store is not None
    figure = plt.figure(
        figsize=(4.6 * len(rows[0]), 4.9 * len(rows) + 1.1 * faces), layout="constrained"
    )
    heights = [4.9] * len(rows) + [1.1] * faces
    parts = np.atleast_1d(figure.subfigures(len(heights), 1, height_ratios=heights))
    values, name = _values(explorer)
    for part, maps, moment in zip(parts, rows, moments, strict=False):
        for ax, xy, encoder, method in zip(
            np.atleast_1d(part.subplots(1, len(maps))),
            maps,
            explorer.encoders,
            explorer.methods,
            strict=True,
        ):
            placed = np.isfinite(xy).all(axis=1)
            when = f", {moment} training" if explorer.before else ""
            title = f"{encoder}{when}: {_NAMES[method]}".replace("$", r"\$")
            plot_projection(xy[placed], values[placed], title, name, ax)
            mark = np.intersect1d(chosen, np.flatnonzero(placed))
            ax.scatter(*xy[mark].T, s=30, facecolors="none", edgecolors="black", linewidths=0.7)
    if faces:
        some = chosen[np.linspace(0, len(chosen) - 1, min(FACES, len(chosen))).astype(int)]
        images = explorer.table.images(some).permute(0, 2, 3, 1).numpy()
        parts[-1].suptitle(f"{len(some)} of the {len(chosen):,} selected faces (ringed)", size=10)
        for ax, image in zip(parts[-1].subplots(1, FACES), images, strict=False):
            ax.imshow(image)
        for ax in parts[-1].axes:
            ax.set_axis_off()
    au = explorer.au
    unit = f" {ACTION_UNITS[au].name.lower()}" if au in ACTION_UNITS else ""
    figure.suptitle(f"Embeddings of {column(au)}{unit}")
    plt.close(figure)  # else a notebook would show it twice
    return figure


_NAMES = {"pca": "PCA", "tsne": "t-SNE", "umap": "UMAP"}


def _values(explorer: Explorer) -> tuple[np.ndarray, str]:
    """What colours the faces, in `plot_projection`'s words."""
    name = explorer.colour
    if name not in explorer.table.frames:  # an action unit that only the encoder knows
        return np.full(len(explorer.table), np.nan), name
    series = explorer.table.frames[name]
    numeric = series.dtype.kind in "iuf"
    values = series.to_numpy(np.float64) if numeric else series.astype(str).to_numpy(str)
    return values, name.replace("$", r"\$")
