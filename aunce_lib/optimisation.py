"""What a step minimises and how: encoder and loss as one module, AdamW, its learning rate."""

from __future__ import annotations

import math
from dataclasses import replace

import torch
from torch import Tensor, nn

from aunce_lib.baselines import HCL, NTXent, SupCon, WeightedBCE, class_weights
from aunce_lib.centroids import CentroidLoss
from aunce_lib.config import TrainConfig
from aunce_lib.distributed import everywhere, gather, world
from aunce_lib.encoder import Encoder
from aunce_lib.loss import AUNCELoss
from aunce_lib.sampler import PositiveSampler


class Objective(nn.Module):
    """Encoder and loss as one module, so that devices and precision are set up for both."""

    def __init__(self, encoder: Encoder, criterion: nn.Module):
        super().__init__()
        self.encoder, self.criterion = encoder, criterion

    def forward(self, view0: Tensor, view1: Tensor, labels: Tensor) -> tuple[Tensor, ...]:
        """The loss, and the embeddings of both views; each view has its own BatchNorm batch."""
        z0, z1 = self.encoder(view0), self.encoder(view1)
        return self.compare(z0, z1, labels), z0, z1

    def compare(self, z0: Tensor, z1: Tensor, labels: Tensor) -> Tensor:
        """The loss of embeddings; NaN if some are not finite: `fit` says where and what to do."""
        if not everywhere(z0.isfinite().all() & z1.isfinite().all()):
            return z0.new_tensor(math.nan)
        return self.criterion(z0, z1, labels)


class Joint(nn.Module):
    """A loss and, beside it, `weight` times another one."""

    def __init__(self, criterion: nn.Module, beside: nn.Module, weight: float):
        super().__init__()
        self.criterion, self.beside, self.weight = criterion, beside, weight

    def forward(self, z0: Tensor, z1: Tensor, labels: Tensor) -> Tensor:
        return self.criterion(z0, z1, labels) + self.weight * self.beside(z0, z1, labels)


def criterion_for(config: TrainConfig, labels: Tensor, dim: int) -> nn.Module:
    """The loss that the settings name, over the batch of all processes.

    Args:
        config: Settings.
        labels: (N, J) of the training faces, whose rates some losses weigh by.
        dim: D.
    """
    if config.cross_entropy:
        alone = criterion_for(replace(config, cross_entropy=0.0), labels, dim)
        beside = criterion_for(replace(config, loss="bce", cross_entropy=0.0), labels, dim)
        return Joint(alone, beside, config.cross_entropy)
    if config.loss == "aunce":
        return AUNCELoss(
            PositiveSampler(config.probabilities),
            gather_distributed=world()[1] > 1,
            temperature=config.temperature,
            beta_active=config.beta_active,
            beta_inactive=config.beta_inactive,
            variant=config.variant,
            positives_from=config.positives_from,
            chunk_size=config.chunk_size,
        )
    if config.loss == "centroid":
        criterion = CentroidLoss(labels, dim, config.temperature)
    elif config.loss == "bce":
        criterion = WeightedBCE(labels.shape[1], dim, class_weights(labels))
    else:
        kinds = {"ntxent": NTXent, "supcon": SupCon, "hcl": HCL}
        criterion = kinds[config.loss](config.temperature)
    # The baselines know nothing of processes: each computes the loss of the whole batch. It adds
    # up W equal gradients of an embedding, and DDP averages over W: those of one process.
    criterion.register_forward_pre_hook(lambda _, batch: tuple(gather(part) for part in batch))
    return criterion


def optimizer_for(objective: Objective, config: TrainConfig, fused: bool) -> torch.optim.AdamW:
    """AdamW with two groups: the backbone, which may have learned before, and all the rest."""
    backbone = [*objective.encoder.backbone.parameters()]
    known = set(map(id, backbone))
    others = [p for p in objective.parameters() if id(p) not in known]
    return torch.optim.AdamW(
        [{"params": backbone}, {"params": others}],
        lr=config.learning_rate,
        weight_decay=config.weight_decay,
        fused=fused or None,  # None leaves the choice to torch, as it was when weights were made
    )


def set_rate(optimizer, config: TrainConfig, step: int, n_steps: int) -> None:
    """Linear rise over the warm-up, then a half cosine to 0, or constant."""
    warm = config.warmup * n_steps
    share = min(1.0, (step + 1) / warm) if warm else 1.0
    if config.cosine:
        share *= 0.5 * (1 + math.cos(math.pi * step / n_steps))
    for group, part in zip(optimizer.param_groups, (config.backbone_rate, 1.0), strict=True):
        group["lr"] = config.learning_rate * part * share
