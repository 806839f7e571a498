"""Embeddings of a corpus by a frozen encoder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    from aunce_lib.corpora.frames import FrameTable
    from aunce_lib.encoder import Encoder


@torch.no_grad()
def embed(encoder: Encoder, table: FrameTable, batch_size: int | None = None) -> np.ndarray:
    """Embed every frame of a table, unaugmented, with the encoder in evaluation mode.

    The encoder's mode is put back afterwards. Precision is the encoder's own (float32), so that
    an embedding does not depend on the machine's units. Images of another size than the encoder's
    are resized to it, or cropped to their middle, as the encoder says (`Encoder.sized`).

    Args:
        encoder: A trained `Encoder`.
        table: N frames with images.
        batch_size: Frames at a time; changes memory and speed, not the result. By default 512 of
            64 pixels, fewer of larger ones.

    Returns:
        float32 (N, J, D), unit length.

    Raises:
        ValueError: If there are no frames, or a batch would have none.
    """
    if batch_size is None:
        batch_size = max(1, min(512, 512 * 64**2 // encoder.image_size**2))
    if not len(table) or batch_size < 1:
        raise ValueError(f"embed needs frames and a batch_size, got {len(table)} and {batch_size}")
    training, device = encoder.training, next(encoder.parameters()).device
    encoder.eval()
    try:
        parts = []
        for start in range(0, len(table), batch_size):
            positions = np.arange(start, min(start + batch_size, len(table)))
            images = table.images(positions).to(device).float() / 255
            parts.append(encoder(encoder.sized(images)).cpu())
        return torch.cat(parts).numpy()
    finally:
        encoder.train(training)
