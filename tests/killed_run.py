"""The run that test_training.py kills, in a process of its own."""

from __future__ import annotations

from pathlib import Path

import torch

from aunce_lib.config import TrainConfig
from aunce_lib.corpora import FrameStore, FrameTable
from aunce_lib.training import fit

CONFIG = TrainConfig(epochs=5, batch_size=32, dim=8, keep_epochs=(0, 2))


def train(folder: Path, tables: tuple[Path, Path], store: Path, started) -> None:
    """Train or go on training; sets the event `started` just before."""
    torch.set_num_threads(1)
    images = FrameStore.open(store)
    learners, watched = (FrameTable.load(path, images) for path in tables)
    started.set()
    fit(learners, CONFIG, folder, validation=watched, resume=True, progress=False)
