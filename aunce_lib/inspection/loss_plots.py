"""What a loss does: its forces on faces, which negatives it minds, and where it takes points."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor, nn

from ..loss import explain
from ..sampler import Positive
from .pair_plots import plot_strongest
from .style import ACTIVE, INACTIVE, PALETTE, legend_below, new_axes, quiet


def plot_forces(
    z0, z1, labels, images, anchor: int, au: int, kind: str = "mean", shown: int = 7, **options
) -> tuple[Figure, np.ndarray]:
    """The faces that pull an anchor most, and below those that push it most.

    Above each stands |dL/ds|, in percent: how much the loss changes with this one similarity.

    Args:
        z0, z1: (B, J, D) embeddings of two views.
        labels: (B, J) of 0, 1, NaN.
        images: uint8 (2B, 3, H, W), view 0, then view 1.
        anchor: Row of the anchor, 0 .. 2B - 1.
        au: Index of the action unit.
        kind: A `Positive`, by name.
        shown: Most faces in a row.
        **options: Those of `loss.explain`.
    """
    kinds = torch.full((z0.shape[1],), int(Positive[kind.upper()]))
    found = explain(z0, z1, labels, kinds, **options)
    strength, beta = found.strength[anchor, au], found.beta[anchor, au]
    rows = [
        ("pulled by", "same label", strength * found.positive[au, anchor]),
        ("pushed by", "other label", strength * beta * found.negative[au, anchor]),
    ]
    return plot_strongest(images, anchor, rows, shown, "{:.1f}")


def effective_negatives(
    z0, z1, labels, temperatures: Sequence[float], betas: Sequence[float]
) -> pd.DataFrame:
    """How many negatives an anchor minds: e to the entropy of their shares q, averaged.

    Args:
        z0, z1: (B, J, D) embeddings of two views.
        labels: (B, J) of 0, 1, NaN.
        temperatures: Values of τ.
        betas: Values of β, for active and inactive anchors alike.

    Returns:
        A row for each τ, a column for each β; from 1 (only the hardest) to all negatives.
    """
    kinds = torch.zeros(z0.shape[1], dtype=torch.long)
    table = pd.DataFrame(index=pd.Index(temperatures, name="τ"), columns=list(betas), dtype=float)
    for tau in temperatures:
        for beta in betas:
            options = {"temperature": tau, "beta_active": beta, "beta_inactive": beta}
            q = explain(z0, z1, labels, kinds, **options).negative  # (J, 2B, 2B)
            table.loc[tau, beta] = torch.special.entr(q).sum(dim=-1).exp().nanmean().item()
    return table.rename_axis(columns="β")


def push_and_pull(z0, z1, labels, kind: str = "mean", **options) -> pd.DataFrame:
    """What an anchor feels in all, on average over anchors: push σβ and pull σ.

    Args:
        z0, z1: (B, J, D) embeddings of two views.
        labels: (B, J) of 0, 1, NaN.
        kind: A `Positive`, by name.
        **options: Those of `loss.explain`.

    Returns:
        A row for each AU (index from 0) and label of the anchor; columns push, pull.
    """
    kinds = torch.full((z0.shape[1],), int(Positive[kind.upper()]))
    found = explain(z0, z1, labels, kinds, **options)
    y, rows = torch.as_tensor(labels).repeat(2, 1), {}
    for au in range(z0.shape[1]):
        for label in (0, 1):
            here = (y[:, au] == label) & ~found.losses[:, au].isnan()
            pull, beta = found.strength[here, au], found.beta[here, au]
            rows[au, label] = {"push": (beta * pull).mean().item(), "pull": pull.mean().item()}
    return pd.DataFrame(rows).T.rename_axis(["au", "label"])


def settle(
    loss: Callable, labels: Tensor, steps: int = 300, rate: float = 0.05, seed: int = 0
) -> np.ndarray:
    """Let a loss move points on a circle, as if there were no pictures and no network.

    Args:
        loss: (z0, z1, labels) → scalar, such as those of `baselines`; its parameters learn too.
        labels: (B,) of 0 and 1.
        steps: Steps of Adam.
        rate: Learning rate, in radians.
        seed: Where the points begin.

    Returns:
        (steps + 1, 2B) angles in radians, view 0, then view 1.
    """
    generator = torch.Generator().manual_seed(seed)
    first = 2 * torch.pi * torch.rand(len(labels), generator=generator)
    second = first + 0.3 * torch.randn(len(labels), generator=generator)
    angles = torch.cat([first, second]).requires_grad_()
    learned = list(loss.parameters()) if isinstance(loss, nn.Module) else []
    optimiser = torch.optim.Adam([angles, *learned], rate)
    path = [angles.detach().clone()]
    for _ in range(steps):
        z0, z1 = torch.stack([angles.cos(), angles.sin()], dim=-1)[:, None].chunk(2)  # (B, 1, 2)
        optimiser.zero_grad()
        loss(z0, z1, labels[:, None]).backward()
        optimiser.step()
        path.append(angles.detach().clone())
    return torch.stack(path).numpy()


def plot_settled(
    places: Mapping[str, np.ndarray], labels, images=None
) -> tuple[Figure, np.ndarray]:
    """Points on circles side by side: dots are active, triangles inactive, a line joins two views.

    Args:
        places: What a circle shows → angles (2B,) in radians, view 0, then view 1.
        labels: (B,) of 0 and 1.
        images: uint8 (B, 3, H, W) faces, to stand where the points of view 0 are, in their colour.
    """
    columns = min(len(places), 5)
    rows = -(-len(places) // columns)
    wide = 2.5 if images is None else 4.0
    size = (wide * columns, (wide + 0.25) * rows)
    figure, axes = plt.subplots(rows, columns, figsize=size, layout="constrained", squeeze=False)
    labels = np.asarray(labels)
    spread = 0.07 if images is None else 0.2  # points at one place stay visible
    radius = 1 + spread * (np.arange(len(labels)) % 3 - 1)
    for ax in axes.flat:
        ax.set_axis_off()
    for ax, (name, angles) in zip(axes.flat, places.items(), strict=False):
        around = np.linspace(0, 2 * np.pi, 200)
        ax.plot(np.cos(around), np.sin(around), color="#DDDDDD", lw=1, zorder=0)
        views = [radius * [np.cos(a), np.sin(a)] for a in np.split(angles, 2)]  # (2, B) each
        if images is None:
            _draw_points(ax, views, labels)
        else:
            _draw_faces(ax, views[0], labels, images)
        ax.set(xlim=(-1.45, 1.45) if images is not None else (-1.25, 1.25), title=name)
        ax.set(ylim=ax.get_xlim(), aspect="equal")
    return figure, axes


def _draw_points(ax: Axes, views: list[np.ndarray], labels: np.ndarray) -> None:
    for label, colour, marker in ((0, INACTIVE, "^"), (1, ACTIVE, "o")):
        here = labels == label
        ax.plot(*np.stack([v[:, here] for v in views], axis=1), color=colour, lw=1)
        for view in views:
            style = {"color": colour, "marker": marker, "s": 34, "edgecolor": "white"}
            ax.scatter(*view[:, here], linewidth=0.4, zorder=2, **style)


def _draw_faces(ax: Axes, places: np.ndarray, labels: np.ndarray, images, half: float = 0.21):
    for (x, y), label, face in zip(places.T, labels, np.asarray(images), strict=True):
        order = 3 if label else 2  # where they overlap, the active ones stay visible
        box = (x - half, x + half, y - half, y + half)
        ax.imshow(face.transpose(1, 2, 0), extent=box, zorder=order)
        style = {"edgecolor": ACTIVE if label else INACTIVE, "ls": "-" if label else "--"}
        frame = Rectangle((x - half, y - half), 2 * half, 2 * half, fill=False, lw=2.5, **style)
        ax.add_patch(frame).set_zorder(order)


def plot_softplus(title: str = "", ax: Axes | None = None) -> Axes:
    """L = log(1 + e^d) and its slope σ(d), over d = log N − log P."""
    ax = ax or new_axes(6, 3.2)
    d = torch.linspace(-5, 5, 201)
    style = {"color": PALETTE["blue"], "lw": 2, "label": "loss L = log(1 + e to the d)"}
    handles = ax.plot(d, nn.functional.softplus(d), **style)
    style = {"color": PALETTE["vermilion"], "lw": 2, "ls": "--", "label": "its slope σ(d)"}
    handles += ax.plot(d, d.sigmoid(), **style)
    ax.set(xlabel="d: by how much the wrong answers outweigh the right one", title=title)
    ax.set(xlim=(-5, 5), ylim=(0, 5))
    quiet(ax)
    legend_below(ax, handles, drop=3.4)
    return ax
