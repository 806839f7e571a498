"""A start without labels: the backbone learns where brows, lids and lips are.

What ImageNet weights are to the paper's Swin, this is to our small network. It sees faces of
people who are in no corpus, with random expressions, and no action unit's label: it learns to tell
the `landmarks`, the pose, the light and who somebody is, as one could learn on real faces with a
landmark detector. Which movement is called an action unit it must find out afterwards.
"""

from __future__ import annotations

import math
import time
from dataclasses import replace
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from aunce_lib.config import TrainConfig
from aunce_lib.devices import fabric_for
from aunce_lib.encoder import ConvSmall
from aunce_lib.faces import AUS, Population, draw_scenes, render
from aunce_lib.faces.draw import Draw
from aunce_lib.faces.landmarks import N_LANDMARKS, landmarks
from aunce_lib.pretrained import FOLDER, save_backbone
from aunce_lib.views import Views

NAME = "landmarks"
FACES_PER_PERSON = 4
BATCH = 64
LEARNING_RATE = 2e-3
ACTIVE = 0.22  # share of the AUs that act in a face, each by itself: no corpus' statistics


def draw_faces(n: int, seed: int, size: int) -> tuple[Tensor, Tensor]:
    """Faces nobody labelled, and what there is to learn about them.

    Returns:
        uint8 (n, 3, size, size), and targets (n, T): landmarks, pose, light, age, sex, skin,
        glasses, gaze. Each person has `FACES_PER_PERSON` faces in a row.
    """
    people = Population(math.ceil(n / FACES_PER_PERSON), seed).people
    people = people[torch.arange(n) // FACES_PER_PERSON]
    scenes, draw = draw_scenes(n, seed), Draw(n, seed, stream=7)
    acting = draw.uniform(len(AUS), 1) < ACTIVE
    strength = torch.where(acting, 0.15 + 0.85 * draw.uniform(len(AUS), 1), 0.0)
    strength = strength + 0.15 * draw.uniform(len(AUS), 1) ** 3  # nobody keeps still
    aus = (strength * (1 + 0.15 * draw.normal(len(AUS), 2))).clamp(0, 1)
    images = render(people, aus, scenes, torch.arange(n), size)
    points = [
        landmarks(people[rows], aus[rows], scenes[rows]) for rows in torch.arange(n).split(1000)
    ]
    person = [people.age, people.male, people.melanin, people.glasses]
    scene = [scenes.pose, scenes.light, scenes.ambient[:, None], scenes.gaze]
    return images, torch.cat([torch.cat(points).flatten(1), *scene, torch.stack(person, 1)], 1)


def pretrain(
    n_faces: int = 20_000,
    epochs: int = 8,
    seed: int = 987_000,
    image_size: int = 64,
    folder: str | Path = FOLDER,
    name: str = NAME,
    progress: bool = True,
) -> Path:
    """Train the backbone "conv-small" without labels and save it for `TrainConfig.init`.

    A tenth of the people is left out to tell how well it does.

    Args:
        n_faces: Faces to draw.
        epochs: Passes over them.
        seed: Of people, faces, weights and order. That of no corpus: their people stay unseen.
        image_size: Side of the faces in pixels.
        folder, name: Where the weights go, with a card beside them.
        progress: Print a line an epoch.

    Returns:
        The path of the weights.

    Raises:
        ValueError: If there are too few faces for a batch.
        OSError: If the folder can't be written.
    """
    held_out = n_faces // 10 // FACES_PER_PERSON * FACES_PER_PERSON
    if n_faces - held_out < BATCH or not held_out:
        raise ValueError(f"n_faces must be {BATCH + BATCH // 8} or more, got {n_faces}")
    started = time.perf_counter()
    images, targets = draw_faces(n_faces, seed, image_size)
    targets = (targets - targets.mean(0)) / targets.std(0).clamp(min=1e-6)
    train, test = slice(held_out, n_faces), slice(0, held_out)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        backbone = ConvSmall(image_size)
        head = nn.Linear(len(backbone.regions) * backbone.width, targets.shape[1])
        errors = _fit(backbone, head, images, targets, train, test, epochs, seed, progress)
    explained = 1 - errors
    card = {
        "data": f"{n_faces:,} synthetic faces of {n_faces // FACES_PER_PERSON:,} people who are in "
        "no corpus, random expressions, no labels of action units",
        "recipe": f"regression of {N_LANDMARKS} landmarks, pose, light and person; {epochs} epochs",
        "seed": seed,
        "scores": {
            "landmarks, variance explained on people left out": explained[: 2 * N_LANDMARKS]
            .mean()
            .item(),
            "pose": explained[2 * N_LANDMARKS : 2 * N_LANDMARKS + 3].mean().item(),
        },
        "limits": "Drawn faces only. A start for training, no detector of anything by itself.",
        "command": f"aunce pretrain --n_faces {n_faces} --epochs {epochs} --seed {seed}",
        "seconds": time.perf_counter() - started,
    }
    return save_backbone(name, backbone, TrainConfig(image_size=image_size), card, folder)


def _fit(backbone, head, images, targets, train, test, epochs, seed, progress) -> Tensor:
    """Mean squared errors (T,) on the faces left out, targets having variance 1."""
    size = images.shape[-1]
    rows = torch.arange(train.start, train.stop)
    views, generator = Views(size, 0.3, hue=False), torch.Generator().manual_seed(seed)

    def predict(x: Tensor) -> Tensor:
        return head(backbone(x).flatten(1))

    fabric = fabric_for(TrainConfig(image_size=size))
    optimizer = torch.optim.AdamW([*backbone.parameters(), *head.parameters()], LEARNING_RATE)
    steps = epochs * (len(rows) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, steps, pct_start=0.05)
    for epoch in range(1, epochs + 1):
        backbone.train()
        for batch in rows[torch.randperm(len(rows), generator=generator)].split(BATCH):
            if len(batch) < BATCH:
                continue
            drawn = views.draw(BATCH, generator)  # pixels may change, places must not
            still = replace(
                drawn,
                shift=torch.zeros_like(drawn.shift),
                scale=torch.ones_like(drawn.scale),
                flip=torch.zeros_like(drawn.flip),
            )
            seen = views.apply(images[batch], still)
            with fabric.autocast():
                guesses = predict(seen)
            loss = F.mse_loss(guesses.float(), targets[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        backbone.eval()
        with torch.no_grad():
            guesses = torch.cat([predict(x.float() / 255) for x in images[test].split(256)])
        errors = ((guesses - targets[test]) ** 2).mean(0)
        if progress:
            points = 1 - errors[: 2 * N_LANDMARKS].mean()
            print(f"epoch {epoch}/{epochs}  landmarks explained {points:.3f}", flush=True)
    return errors
