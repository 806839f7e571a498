"""The way the reference computes, from the formulas: what our speed is measured against."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from aunce_lib.sampler import Positive


def full_tensor_loss(z0: Tensor, z1: Tensor, labels: Tensor, kinds: Tensor) -> Tensor:
    """The official loss by one (2B, 2B, J) tensor of scores, exp, two pow and masks.

    Args:
        z0, z1: (B, J, D), normalised here.
        labels: (B, J) of 0 and 1.
        kinds: (J,), of SELF, NEAREST, MEAN.
    """
    z = F.normalize(torch.cat([z0, z1]), dim=-1)
    n = len(z)
    y = labels.repeat(2, 1)
    scores = torch.exp(torch.einsum("ajd,bjd->abj", z, z) / 0.5)  # (2B, 2B, J)
    same = y[:, None] == y[None]
    powered = torch.where(y[:, None] == 1, scores.pow(1.2), scores.pow(0.8))
    negative = (powered * ~same).sum(dim=1)  # (2B, J)
    positive = scores * same
    rows = torch.arange(n)
    by_kind = {
        Positive.SELF: scores[rows, (rows + n // 2) % n],
        Positive.NEAREST: positive.amax(dim=1),
        Positive.MEAN: positive.sum(dim=1) / n,
    }
    stacked = torch.stack([by_kind[kind] for kind in sorted(by_kind)])  # (3, 2B, J)
    positive = stacked.gather(0, kinds.expand(1, n, -1))[0]
    return -torch.log(positive / (positive + negative)).mean()


class LoopedHead(nn.Module):
    """`AUFeatures` as J linear blocks called one after another."""

    def __init__(self, n_aus: int, width: int):
        super().__init__()
        self.blocks = nn.ModuleList(
            nn.ModuleList([nn.Linear(width, width), nn.BatchNorm1d(width)]) for _ in range(n_aus)
        )

    def forward(self, tokens: Tensor) -> Tensor:
        features = []
        for linear, norm in self.blocks:
            x = linear(tokens)  # (B, T, C)
            x = F.relu(norm(x.transpose(1, 2)).transpose(1, 2))
            features.append(x.mean(dim=1))
        return torch.stack(features, dim=1)
