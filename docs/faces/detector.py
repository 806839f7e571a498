"""What the measurements of this folder share: random faces of the corpus, and a small detector."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from aunce_lib.baselines import class_weights
from aunce_lib.encoder import ConvSmall
from aunce_lib.evaluation.bootstrap import bootstrap_auc, interval95, pair_wins
from aunce_lib.faces import People, Population, Scenes, draw_action_units, draw_scenes, render
from aunce_lib.views import Views

SIZE = 64  #: pixels


@dataclass
class Frames:
    """N random frames of a `benchmark` corpus, not drawn yet.

    Attributes:
        who: (N,) number of the person.
        people, scenes: N rows.
        aus: (N, AUs, 2) intensities.
        active: (N, AUs) bool, labels.
        seeds: (N,) seeds of the camera's noise.
    """

    who: Tensor
    people: People
    scenes: Scenes
    aus: Tensor
    active: Tensor
    seeds: Tensor

    def __len__(self) -> int:
        return len(self.who)

    def render(self, rows: Tensor | slice = slice(None)) -> Tensor:
        """Pictures of these rows, uint8 (n, 3, 64, 64)."""
        return render(self.people[rows], self.aus[rows], self.scenes[rows], self.seeds[rows], SIZE)


def draw_frames(n: int, n_people: int, seed: int) -> Frames:
    """n frames of n_people people, as many of each; another seed has other people."""
    who = torch.arange(n) % n_people
    aus, active = draw_action_units(who, n_people, seed)
    people = Population(n_people, seed).people[who]
    return Frames(who, people, draw_scenes(n, seed), aus, active, seed * n + torch.arange(n))


class Detector(nn.Module):
    """The package's `conv-small` and a linear rule for each action unit."""

    def __init__(self, n_aus: int):
        super().__init__()
        self.backbone = ConvSmall(SIZE)
        self.rule = nn.Linear(self.backbone.width * (SIZE // 16) ** 2, n_aus)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, 64, 64) in 0..1 -> logits (B, J)."""
        return self.rule(self.backbone(images).flatten(1))

    @torch.inference_mode()
    def scores(self, images: Tensor) -> np.ndarray:
        """Logits (N, J) of uint8 images (N, 3, 64, 64)."""
        self.eval()
        return torch.cat([self(part.float() / 255) for part in images.split(256)]).numpy()


def train_detector(
    images: Tensor, labels: Tensor, epochs: int, views: Views | None = None, seed: int = 0
) -> Detector:
    """Trains with weighted cross-entropy (`baselines.class_weights`), AdamW and a cosine.

    Args:
        images: uint8 (N, 3, 64, 64).
        labels: (N, J) of 0 and 1.
        epochs: Passes over the faces.
        views: Augmentations; without them faces are only flipped.
        seed: Of weights, batches and augmentations.
    """
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    views, batch = views or Flips(), 64
    weights, labels = class_weights(labels.float()), labels.float()
    detector = Detector(labels.shape[1]).to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(detector.parameters(), lr=2e-3, weight_decay=1e-4)
    steps = epochs * (len(images) // batch)
    rate = torch.optim.lr_scheduler.LambdaLR(
        optimizer,
        lambda step: min(1, 20 * (step + 1) / steps) * 0.5 * (1 + math.cos(math.pi * step / steps)),
    )
    detector.train()
    for _ in range(epochs):
        order = torch.randperm(len(images), generator=generator)
        for rows in order[: len(order) // batch * batch].split(batch):
            seen = views.apply(images[rows], views.draw(len(rows), generator))
            losses = F.binary_cross_entropy_with_logits(
                detector(seen), labels[rows], reduction="none"
            )
            optimizer.zero_grad()
            (losses * weights).mean().backward()
            optimizer.step()
            rate.step()
    return detector


class Flips:
    """The quickest of augmentations, called like `views.Views`."""

    def draw(self, n: int, generator: torch.Generator) -> Tensor:
        """(n, 1, 1, 1) bool: whom to flip."""
        return torch.rand(n, 1, 1, 1, generator=generator) < 0.5

    def apply(self, images: Tensor, flip: Tensor) -> Tensor:
        """uint8 -> float in 0..1, half of them mirrored."""
        flipped = torch.where(flip, images.flip(-1), images).float() / 255
        return flipped.contiguous(memory_format=torch.channels_last)


def auc(labels: Tensor, scores: np.ndarray, who: Tensor) -> tuple[float, float, float]:
    """AUC of one action unit, and its 95 % interval over people: labels, scores, who (N,)."""
    wins, pairs = pair_wins(labels.numpy().astype(float), scores, who.numpy())
    low, high = interval95(bootstrap_auc(wins, pairs)[:, None])[:, 0]
    return wins.sum() / pairs.sum(), low, high
