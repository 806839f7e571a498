"""Who is compared with whom: positives on faces, and how many of them wrong labels make false.

All weights are those of the real loss: `loss.explain` says how strongly each positive pulls.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ..loss import explain
from ..sampler import Positive
from .plots import face_grid
from .style import PALETTE, UNKNOWN, legend_below, new_axes, quiet

#: What a face is to the anchor: colour and line of its frame.
ROLES = {
    "anchor": ("black", "-"),
    "same label": (PALETTE["blue"], "-"),
    "other label": (PALETTE["orange"], (0, (3, 1.5))),
    "no label": (UNKNOWN, ":"),
    "right label": (PALETTE["blue"], "-"),
    "wrong label": (PALETTE["vermilion"], (0, (1, 1))),
}
#: The published kinds of positive, and their line in a figure.
KINDS = {
    "self": (PALETTE["green"], "o"),
    "nearest": (PALETTE["blue"], "s"),
    "mean": (PALETTE["vermilion"], "^"),
}


def plot_roles(
    images, roles: Sequence[str], titles: Sequence[str] | None = None, columns: int = 8
) -> tuple[Figure, np.ndarray]:
    """Faces in frames that say what each one is.

    Args:
        images: uint8 (n, 3, H, W) or (n, H, W, 3).
        roles: n keys of `ROLES`, or "" for a face without a frame.
        titles: A line above each, or None.
        columns: Faces in a row.

    Raises:
        ValueError: If there is another number of roles, or an unknown one.
    """
    if len(roles) != len(images) or set(roles) - {*ROLES, ""}:
        raise ValueError(f"roles must be {len(images)} of {list(ROLES)}, got {list(roles)}")
    figure, axes = face_grid(images, titles, columns=columns, scale=1.15)
    figure.set_figheight(figure.get_figheight() + 0.7)  # room for the legend and a title
    for ax, role in zip(axes.flat, roles, strict=False):
        if role:
            colour, line = ROLES[role]
            ax.set_axis_on()
            ax.set_title(
                ax.get_title(), fontsize=8, pad=4.5, parse_math=False
            )  # clear of the frame
            ax.set(xticks=[], yticks=[])
            ax.spines[:].set(color=colour, linestyle=line, linewidth=3.5, capstyle="butt")
    used = [role for role in ROLES if role in roles]
    looks = (ROLES[role] for role in used)
    handles = [Line2D([], [], color=colour, ls=line, lw=3.5) for colour, line in looks]
    place = {"loc": "outside lower center", "ncols": len(used), "frameon": False}
    figure.legend(handles, used, handlelength=3.2, **place)
    return figure, axes


def plot_positives(
    z0, z1, labels, images, anchor: int, au: int, shown: int = 7, **options
) -> tuple[Figure, np.ndarray]:
    """The positives of one anchor, a row for each published kind, the strongest pull first.

    Args:
        z0, z1: (B, J, D) embeddings of two views.
        labels: (B, J) of 0, 1, NaN.
        images: uint8 (2B, 3, H, W), view 0, then view 1.
        anchor: Row of the anchor, 0 .. 2B - 1.
        au: Index of the action unit.
        shown: Most positives in a row.
        **options: Those of `loss.explain`.
    """
    rows = []
    for kind in KINDS:
        found = explain(z0, z1, labels, _all_of(kind, z0.shape[1]), **options)
        rows.append((kind, "same label", found.positive[au, anchor]))
    return plot_strongest(images, anchor, rows, shown, "{:.0f} %")


def plot_strongest(
    images, anchor: int, rows: Sequence[tuple[str, str, torch.Tensor]], shown: int, form: str
) -> tuple[Figure, np.ndarray]:
    """An anchor, and beside it the faces that weigh most with it; a row for each set of weights.

    Args:
        images: uint8 (2B, 3, H, W).
        anchor: Its row.
        rows: Title, role of the faces (see `plot_roles`) and their weights (2B,); 0 is not shown.
        shown: Most faces in a row.
        form: How a weight is written, in percent, such as "{:.1f}".
    """
    images = np.asarray(images)
    blank = np.full_like(images[0], 255)
    faces, titles, roles = [], [], []
    for title, role, weights in rows:
        best = [r for r in weights.argsort(descending=True)[:shown].tolist() if weights[r] > 0]
        blanks = shown - len(best)
        faces += [images[anchor], *images[best], *[blank] * blanks]
        titles += [title, *(form.format(100 * weights[r]) for r in best), *[""] * blanks]
        roles += ["anchor", *[role] * len(best), *[""] * blanks]
    return plot_roles(np.stack(faces), roles, titles, columns=shown + 1)


def mate_shares(z0, z1, labels, temperatures: Sequence[float]) -> pd.DataFrame:
    """How much of the pull goes to the other view of the anchor's own image.

    Args:
        z0, z1: (B, J, D) embeddings of two views.
        labels: (B, J) of 0, 1, NaN.
        temperatures: Values of τ.

    Returns:
        A row for each τ; columns nearest (share of anchors whose nearest positive is the mate) and
        mean (the mate's share of the pull, averaged over anchors).
    """
    rows, n = torch.arange(2 * len(z0)), len(z0)
    table = pd.DataFrame(index=pd.Index(temperatures, name="τ"), columns=["nearest", "mean"])
    for tau in temperatures:
        for kind in table:
            found = explain(z0, z1, labels, _all_of(kind, z0.shape[1]), temperature=tau)
            table.loc[tau, kind] = found.positive[:, rows, rows.roll(n)].nanmean().item()
    return table.astype(float)


def false_positives(
    z0, z1, labels, truth, batch_size: int = 64, seed: int = 0, **options
) -> pd.DataFrame:
    """Share of the pull that goes to faces whose *true* label is not the anchor's true label.

    Args:
        z0, z1: (N, J, D) embeddings of two views.
        labels: (N, J) of 0, 1, NaN: what the loss is told.
        truth: (N, J) of 0, 1.
        batch_size: Images in a batch; positives are looked for in the batch. A rest is left out.
        seed: Which images meet in a batch.
        **options: Those of `loss.explain`.

    Returns:
        A row for each kind, AU (index from 0) and label of the anchor (0, 1): share, n (anchors).
    """
    labels, truth = (torch.as_tensor(x, dtype=torch.float32) for x in (labels, truth))
    n_aus = labels.shape[1]
    order = torch.randperm(len(z0), generator=torch.Generator().manual_seed(seed))
    total = torch.zeros(len(KINDS), n_aus, 2)
    count = torch.zeros_like(total)
    for batch in order[: len(z0) // batch_size * batch_size].split(batch_size):
        y, true = labels[batch].repeat(2, 1).T, truth[batch].repeat(2, 1).T  # (J, 2B)
        differ = (true[:, :, None] != true[:, None, :]).float()
        for k, kind in enumerate(KINDS):
            found = explain(z0[batch], z1[batch], labels[batch], _all_of(kind, n_aus), **options)
            share = (found.positive * differ).sum(dim=-1)  # (J, 2B), NaN: takes no part
            for label in (0, 1):
                counted = (y == label) & ~share.isnan()
                total[k, :, label] += share.nan_to_num(0).mul(counted).sum(dim=1)
                count[k, :, label] += counted.sum(dim=1)
    index = pd.MultiIndex.from_product([list(KINDS), range(n_aus), (0, 1)])
    index.names = ["kind", "au", "label"]
    columns = {"share": (total / count).flatten(), "n": count.flatten()}
    return pd.DataFrame(columns, index).reset_index()


def plot_false_positives(
    shares: pd.DataFrame, expected: pd.Series | None = None, title: str = "", ax: Axes | None = None
) -> Axes:
    """How many positives are false as more labels are flipped, a line for each kind.

    Args:
        shares: Index: share of labels flipped; columns: kinds; values 0 to 1.
        expected: The same index: what a positive drawn blindly would give.
        title: The message.
        ax: Where to draw.
    """
    ax = ax or new_axes(4.8, 3.6)
    handles = []
    for kind in shares:
        colour, marker = KINDS[kind]
        style = {"color": colour, "marker": marker, "label": kind}
        handles += ax.plot(100 * shares.index, 100 * shares[kind], **style)
    if expected is not None:
        style = {"color": "black", "ls": "--", "lw": 1.2, "label": "any face with that label"}
        handles += ax.plot(100 * expected.index, 100 * expected, **style)
    ax.set(xlabel="labels flipped (%)", ylabel="pull towards false positives (%)", title=title)
    ax.set_ylim(-2, 54)
    quiet(ax)
    legend_below(ax, handles, drop=3.4)
    return ax


def plot_truth(curves: pd.DataFrame, rates: pd.Series, title: str = "") -> Axes:
    """How many active labels are true, against the rate of an action unit.

    Args:
        curves: Index: rate, 0 to 1; a column for each share of flipped labels, at most 4; values
            0 to 1.
        rates: Rates of some AUs, by name, marked on the axis.
        title: The message.
    """
    ax = new_axes(7.2, 3.8)
    handles = []
    looks = zip(curves.items(), PALETTE.values(), ("-", "--", "-.", ":"), strict=False)
    for (flipped, curve), colour, line in looks:
        style = {"color": colour, "ls": line, "lw": 2, "label": f"{flipped:.0%} flipped"}
        handles += ax.plot(100 * curve.index, 100 * curve, **style)
    for name, rate in rates.items():
        ax.axvline(100 * rate, color="#DDDDDD", lw=1, zorder=0)
        ax.text(100 * rate, 102, name, ha="center", fontsize=9)
    ax.axhline(50, color="black", lw=1, ls=":")
    ax.set(xlabel="faces in which the AU is active (%)", ylabel="active labels that are true (%)")
    ax.set(ylim=(0, 100), xlim=(0, 100 * curves.index[-1]))
    ax.set_title(title, pad=22)
    quiet(ax)
    legend_below(ax, handles, drop=3.4)
    return ax


def _all_of(kind: str, n_aus: int) -> torch.Tensor:
    return torch.full((n_aus,), int(Positive[kind.upper()]))


def plot_batches(table: pd.DataFrame, title: str = "", ax: Axes | None = None) -> Axes:
    """Share of batches from which a loss learns nothing, a group of bars for each action unit.

    Args:
        table: Index: names of AUs; a column for each way to make batches; values 0 to 1.
        title: The message.
        ax: Where to draw.
    """
    ax = ax or new_axes(max(5, 0.8 * len(table) + 1.5), 3.2)
    width, place = 0.8 / table.shape[1], np.arange(len(table))
    handles = []
    for number, (name, colour) in enumerate(zip(table, PALETTE.values(), strict=False)):
        x = place + (number - (table.shape[1] - 1) / 2) * width
        handles.append(ax.bar(x, 100 * table[name], 0.92 * width, color=colour, label=name))
    ax.set(xticks=place, xticklabels=table.index, ylabel="batches (%)", title=title)
    quiet(ax)
    legend_below(ax, handles)
    return ax
