"""What the loss does to faces on a circle: the state of the ring widget, without any interface."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from ..loss import aunce_loss, explain
from ..sampler import Positive

KINDS = [kind.name.lower() for kind in Positive]
START = {
    "anchor": 90.0,
    "other_view": 112.0,
    "positives": (150, 225),
    "negatives": (78, 45, 0, 285),
}
WHOSE = ("anchor", "all")


@dataclass(frozen=True, eq=False)
class Ring:
    """Faces on a circle and what the loss does to them; n points, anchor and other view first.

    Attributes:
        roles: "anchor", "view", "positive" or "negative", (n,).
        angles: Degrees, anti-clockwise from the right, (n,).
        loss: Of the anchor, or the mean over all faces.
        turns: −dL/dangle in radians, (n,): above 0, the loss turns the face anti-clockwise.
        shares: Each positive's and each negative's share of the weight, (n,). The anchor's own
            share is 0, unless it is one of its own positives.
        strength: σ of `loss.Explanation`: how hard the anchor is pulled to its positive.
        beta: β of the anchor: its push is β times as hard as its pull.
    """

    roles: tuple[str, ...]
    angles: np.ndarray
    loss: float
    turns: np.ndarray
    shares: np.ndarray
    strength: float
    beta: float

    @property
    def names(self) -> list[str]:
        """What each point is called: "anchor", "other view", "positive 1", "negative 1", …"""
        count, names = dict.fromkeys(self.roles, 0), []
        for role in self.roles:
            count[role] += 1
            names.append({"anchor": role, "view": "other view"}.get(role, f"{role} {count[role]}"))
        return names

    @property
    def apart(self) -> np.ndarray:
        """Angle between each point and the anchor, degrees 0..180, (n,)."""
        return np.abs((self.angles - self.angles[0] + 180) % 360 - 180)

    @property
    def hardest(self) -> int:
        """The negative that the loss turns hardest."""
        pushes = np.where(np.array(self.roles) == "negative", np.abs(self.turns), -1)
        return int(pushes.argmax())


def ring_forces(
    anchor: float = START["anchor"],
    other_view: float = START["other_view"],
    positives: Sequence[float] = START["positives"],
    negatives: Sequence[float] = START["negatives"],
    *,
    active: bool = True,
    kind: str = "mean",
    whose: str = "anchor",
    **options,
) -> Ring:
    """Embeddings with D = 2 as a batch of one AU, and the gradient of `aunce_loss` on them.

    The anchor is an image whose two views lie apart. The two views of every other image lie at the
    same place: one point stands for both.

    Args:
        anchor, other_view: Angles of the two views of the anchor's image, degrees.
        positives: Angles of the faces with the anchor's label.
        negatives: Angles of the faces with the other label, at least one.
        active: Whether the anchor and its positives are the active faces.
        kind: A `Positive` by name.
        whose: "anchor" for the loss of the anchor alone, "all" for the mean over all faces.
        **options: Of `aunce_loss`: temperature, beta_active, beta_inactive, variant …

    Raises:
        ValueError: For no negative, an angle that is no number, an unknown kind, option or whose.

    Example:
        >>> shown = ring_forces(negatives=(60, 270), temperature=0.5)
        >>> shown.names[shown.hardest], shown.shares[-2:].sum().item()
        ('negative 1', 1.0)
    """
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {KINDS}, got {kind!r}")
    if whose not in WHOSE:
        raise ValueError(f"whose must be one of {WHOSE}, got {whose!r}")
    if not len(negatives):
        raise ValueError(
            "no negatives: nothing pushes the anchor, and it takes no part in the loss; add a face "
            "with the other label"
        )
    angles = np.array([anchor, other_view, *positives, *negatives], float)
    if not np.isfinite(angles).all():
        raise ValueError(f"angles must be degrees, got {angles[~np.isfinite(angles)][0]}")
    roles = ("anchor", "view", *["positive"] * len(positives), *["negative"] * len(negatives))
    theta = torch.tensor(np.radians(angles), requires_grad=True)
    z = torch.stack([theta.cos(), theta.sin()], dim=1)[:, None]  # (n, J = 1, D = 2)
    others = torch.arange(2, len(angles))
    rows = torch.cat([torch.tensor([0]), others, torch.tensor([1]), others])  # view 0, then view 1
    z0, z1 = z[rows].chunk(2)
    is_active = torch.tensor([(role != "negative") == active for role in roles])
    batch = (
        z0,
        z1,
        is_active[rows[: len(rows) // 2], None],
        torch.tensor([Positive[kind.upper()]]),
    )
    table = aunce_loss(*batch, reduction="none", **options)  # (2B, 1)
    loss = table[0, 0] if whose == "anchor" else table.mean()
    (gradient,) = torch.autograd.grad(loss, theta)
    why = explain(*batch, **options)
    weights = (why.positive + why.negative)[0, 0]  # (2B,) of the anchor; a row has one of them
    shares = torch.zeros_like(theta).index_add(0, rows, weights)
    strength, beta = why.strength[0, 0].item(), why.beta[0, 0].item()
    turns = -gradient.numpy()
    return Ring(roles, angles, loss.item(), turns, shares.detach().numpy(), strength, beta)
