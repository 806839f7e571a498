"""The drawing that test_drawing.py kills, in a process of its own."""

from __future__ import annotations

import torch

from aunce_lib.corpora import drawing, synthetic

SETTINGS = {"size": "tiny", "image_size": 16}  # 240 faces
CHUNK = 32  # small, so that there are many moments to be killed at


def draw(cache, processes: int = 1) -> None:
    """Draws the corpus into a cache folder."""
    torch.set_num_threads(1)
    drawing.CHUNK = CHUNK
    synthetic.load(cache=cache, processes=processes, **SETTINGS)
