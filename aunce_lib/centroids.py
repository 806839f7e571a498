"""Centroids of a whole training in place of pairs of a batch: the loss of this project's recipe.

Not the published loss, and never sold as it. What is AUNCE's: one embedding per AU, a positive
(the kind CENTROID) against a negative, and weights that make up for rare AUs. What differs: both
are remembered over batches, c_1 and c_0, the mean embeddings of active and inactive faces so far.

Why. Two noisy labels of a pair agree with the truth far less often than one does: with flips of
probability ε a pair carries (1 − 2ε)² of the signal, a face against a mean of many carries 1 − 2ε.
At ε = .2 that is .36 against .60 (`docs/results.md` measures it).

With m = (c_1 + c_0) / 2, u = (c_1 − c_0) / |c_1 − c_0| and y' = 1 for active, −1 for inactive:

    L(a) = w(a) · softplus(−2 y' (z_a − m)·u / τ)
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from aunce_lib.batch import check_labels, check_views, stack_views


class CentroidLoss(nn.Module):
    """Each face is pulled to the centroid of its label and pushed from the other one, per AU.

    Args:
        labels: (N, J) of the training faces, 0, 1, NaN: their rates r give an active face the
            weight 1 / 2r and an inactive one 1 / 2(1 − r), so that rare AUs, and both sides of
            each, count alike.
        dim: D.
        temperature: τ > 0.
        momentum: Share of the memory that a batch leaves as it was, 0..1.

    Raises:
        ValueError: If a setting is out of range, or a label is not 0, 1 or NaN.
    """

    def __init__(self, labels: Tensor, dim: int, temperature: float, momentum: float = 0.9):
        super().__init__()
        if not temperature > 0:
            raise ValueError(f"temperature must be above 0, got {temperature}")
        if not 0 <= momentum < 1:
            raise ValueError(f"momentum must lie in 0..1, below 1, got {momentum}")
        active = check_labels(labels).nanmean(dim=0).nan_to_num(0.0)
        rates = torch.stack([1 - active, active])  # (2, J): of inactive, of active
        self.temperature, self.momentum = temperature, momentum
        self.register_buffer("weights", torch.where(rates > 0, 1 / (2 * rates), 0.0))
        self.register_buffer("sums", torch.zeros(2, len(active), dim))
        self.register_buffer("counts", torch.zeros(2, len(active), 1))

    @property
    def centroids(self) -> Tensor:
        """(2, J, D) mean embeddings of inactive (0) and active (1) faces; first all 0."""
        return self.sums / self.counts.clamp(min=1e-6)

    def forward(self, z0: Tensor, z1: Tensor, labels: Tensor) -> Tensor:
        """Mean loss of two views (B, J, D) each; remembers them while in training mode."""
        y = check_views(z0, z1, labels).T  # (J, 2B)
        with torch.autocast(z0.device.type, enabled=False):
            z = F.normalize(stack_views(z0, z1), dim=-1)  # (J, 2B, D)
            if self.training:
                self._remember(z.detach(), y)
            inactive, active = self.centroids.to(z.dtype)
            axis = F.normalize(active - inactive, dim=-1)  # (J, D)
            beyond = ((z - (active + inactive)[:, None] / 2) * axis[:, None]).sum(dim=-1)  # (J, 2B)
            known = ~y.isnan()
            side = (y == 1).long()
            losses = F.softplus((2 - 4 * side) * beyond / self.temperature)
            weights = self.weights.T.gather(1, side) * known  # (J, 2B)
            return (losses * weights).sum() / weights.sum().clamp(min=1e-12)

    def _remember(self, z: Tensor, y: Tensor) -> None:
        """Exponential means of sums and counts, so that every face of a label weighs the same."""
        for label in (0, 1):
            here = (y == label).to(z.dtype)[:, None]  # (J, 1, 2B)
            for memory, new in ((self.sums, here @ z), (self.counts, here.sum(-1, keepdim=True))):
                memory[label].lerp_(new[:, 0].to(memory.dtype), 1 - self.momentum)
