"""Which faces a step sees: the batches of an epoch, each process' share, the store read ahead.

Everything is drawn for the whole batch and on every process alike; each then takes its share. So a
run does not depend on how many processes there are: same faces, same views, same kinds of positive.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext

import numpy as np
import torch
from torch import Tensor

from aunce_lib.config import TrainConfig
from aunce_lib.corpora.frames import FrameTable
from aunce_lib.distributed import local_rows, world
from aunce_lib.sampler import BalancedBatchSampler
from aunce_lib.views import Views


def epoch_batches(labels: Tensor, config: TrainConfig, epoch: int) -> list[np.ndarray]:
    """Rows of each batch of an epoch: balanced, or a plain shuffle; a last short one is dropped."""
    if config.balanced_batches:
        sampler = BalancedBatchSampler(labels, config.batch_size, config.seed)
        sampler.set_epoch(epoch)
        return [np.array(batch) for batch in sampler]
    order = np.random.default_rng((config.seed, epoch)).permutation(len(labels))
    n_batches = len(labels) // config.batch_size
    return list(order[: n_batches * config.batch_size].reshape(n_batches, -1))


def share_of(batch_size: int) -> slice:
    """This process' part of a batch.

    Raises:
        ValueError: If the batch can't be shared out evenly.
    """
    _, n_processes = world()
    if batch_size % n_processes:
        raise ValueError(
            f"batch_size, the faces of a step on all processes together, must be a multiple of "
            f"their number, {n_processes}; got {batch_size}"
        )
    return local_rows(batch_size // n_processes)


def read_ahead(
    table: FrameTable, batches: Sequence[np.ndarray], device: torch.device
) -> Iterator[tuple[np.ndarray, Tensor]]:
    """Rows and images (b, 3, H, W) of each batch, on the device.

    For another device than the processor a thread reads the next batch while this one is trained
    on; close the iterator to end it. On the processor it would only take time from the step.
    """
    elsewhere = device.type != "cpu"
    with ThreadPoolExecutor(1) if elsewhere else nullcontext() as reader:
        coming = reader.submit(table.images, batches[0]) if elsewhere and len(batches) else None
        for number, rows in enumerate(batches):
            if not elsewhere:
                yield rows, table.images(rows)
                continue
            images = coming.result()
            if number + 1 < len(batches):
                coming = reader.submit(table.images, batches[number + 1])
            yield rows, images.to(device)


def two_views(
    views: Views, images: Tensor, generator: torch.Generator, n: int, share: slice
) -> list[Tensor]:
    """Two views of this process' images, drawn as those of all n images of the batch."""
    drawn = [views.draw(n, generator)[share].to(images.device) for _ in range(2)]
    return [views.apply(images, parameters) for parameters in drawn]
