"""The run that test_training.py kills, in a process of its own."""

from __future__ import annotations

import threading
from pathlib import Path

import torch
from tqdm.auto import tqdm

from aunce_lib.config import TrainConfig
from aunce_lib.corpora import FrameStore, FrameTable
from aunce_lib.training import fit

CONFIG = TrainConfig(epochs=5, batch_size=32, dim=8, keep_epochs=(0, 2))


def train(folder: Path, tables: tuple[Path, Path], store: Path) -> None:
    """Train on tables of people to learn from and people to watch."""
    torch.set_num_threads(1)
    tqdm.set_lock(threading.RLock())  # its own, between processes, would outlive a killed one
    images = FrameStore.open(store)
    learners, watched = (FrameTable.load(path, images) for path in tables)
    fit(learners, CONFIG, folder, validation=watched, progress=False)
