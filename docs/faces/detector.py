"""What the measurements of this folder share: random faces of the corpus, and a small detector."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from aunce_lib.baselines import WeightedBCE, class_weights
from aunce_lib.encoder import Encoder
from aunce_lib.faces import People, Population, Scenes, draw_action_units, draw_scenes, render
from aunce_lib.views import Views

SIZE = 64  #: pixels


@dataclass
class Frames:
    """N random frames of the `benchmark` corpus, before they are drawn.

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
    """`conv-small` with weighted cross-entropy: the package's encoder and supervised baseline."""

    def __init__(self, labels: Tensor):
        super().__init__()
        n_aus = labels.shape[1]
        self.encoder = Encoder(n_aus)
        self.criterion = WeightedBCE(n_aus, self.encoder.dim, class_weights(labels))

    @torch.inference_mode()
    def scores(self, images: Tensor) -> np.ndarray:
        """Logits (N, J) of uint8 images (N, 3, 64, 64)."""
        self.eval()
        parts = [
            (self.encoder(part.float() / 255) * self.criterion.weight).sum(-1)
            for part in images.split(256)
        ]
        return torch.cat(parts).numpy()


def train_detector(images: Tensor, labels: Tensor, epochs: int, seed: int = 0) -> Detector:
    """Trains on two views of each face, as `aunce_lib.training` does with the quick preset.

    Args:
        images: uint8 (N, 3, 64, 64).
        labels: (N, J) of 0 and 1.
        epochs: Passes over the faces.
        seed: Of weights, batches and views.
    """
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    detector = Detector(labels).to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(detector.parameters(), lr=2e-3, weight_decay=1e-4)
    views, batch = Views(SIZE, strength=0.3, hue=False), 64
    steps = epochs * (len(images) // batch)
    rate = torch.optim.lr_scheduler.LambdaLR(
        optimizer,
        lambda step: min(1, 20 * (step + 1) / steps) * 0.5 * (1 + math.cos(math.pi * step / steps)),
    )
    detector.train()
    for _ in range(epochs):
        order = torch.randperm(len(images), generator=generator)
        for rows in order[: len(order) // batch * batch].split(batch):
            z0, z1 = (detector.encoder(view) for view in views(images[rows], generator))
            loss = detector.criterion(z0, z1, labels[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            rate.step()
    return detector
