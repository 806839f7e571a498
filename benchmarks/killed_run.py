"""The run that `benchmarks.kills` kills, in a process of its own."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import torch
from tqdm.auto import tqdm

from aunce_lib.config import TrainConfig
from aunce_lib.corpora import FrameStore, FrameTable
from aunce_lib.interruption import TrainingStopped
from aunce_lib.training import fit

CONFIG = TrainConfig(epochs=6, batch_size=32, dim=8, image_size=32, keep_epochs=(0, 3))


def train(folder: Path, tables: tuple[Path, Path]) -> None:
    """Train on tables of people to learn from and people to watch; go on if it was killed."""
    torch.set_num_threads(1)
    tqdm.set_lock(threading.RLock())  # its own, between processes, would outlive a killed one
    images = FrameStore.open(tables[0].with_suffix(".store"))
    learners, watched = (FrameTable.load(path, images) for path in tables)
    try:
        fit(learners, CONFIG, folder, validation=watched, resume=True, progress=False)
    except TrainingStopped as stop:  # as `aunce train` ends
        sys.exit(128 + stop.signal)
