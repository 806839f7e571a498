"""What a training step costs: bytes and seconds, measured on a few faces and scaled to the batch.

The bytes are counted, not read off the machine: all that the forward pass keeps for the backward
pass, which grows by so much a face. The seconds are those of real steps.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from aunce_lib.config import TrainConfig
from aunce_lib.corpora.frames import FrameTable
from aunce_lib.devices import fabric_for
from aunce_lib.optimisation import Objective, optimizer_for
from aunce_lib.views import Views

SMALL = 2  # faces that any machine has room for
TIMED = 3  # steps, after one to warm up
PATIENCE = 5.0  # seconds for one of them: the more of a batch it holds, the closer the estimate


@dataclass(frozen=True)
class Footprint:
    """What a step of a whole batch would cost.

    Attributes:
        memory: Bytes on the device: weights, gradients, AdamW, activations, loss, faces and views.
        step: Seconds of a step.
        look: Seconds to embed a face.
        timed_batch: Faces in the steps that were timed.
        device: That would train, in words.
    """

    memory: dict[str, int]
    step: float
    look: float
    timed_batch: int
    device: str


def footprint(model: Objective, config: TrainConfig, faces: FrameTable) -> Footprint:
    """Train a model for some small steps, on the device that `training.fit` would take.

    Args:
        model: It changes, and moves to the device.
        config: Settings.
        faces: To learn from.
    """
    return _Trainer(model, config, faces).measure()


class _Trainer:
    """A model on its device, with all that a step needs."""

    def __init__(self, model: Objective, config: TrainConfig, faces: FrameTable):
        self.model, self.config, self.faces = model, config, faces
        self.labels = torch.from_numpy(faces.labels)
        self.fabric = fabric_for(config)
        fused = self.fabric.device.type == "cuda"
        optimizer = optimizer_for(model, config, fused)
        channels_last = model.to(memory_format=torch.channels_last)
        self.objective, self.optimizer = self.fabric.setup(channels_last, optimizer)
        self.views = Views(config.image_size, config.view_strength, config.hue, config.crop_from)
        self.generator = torch.Generator().manual_seed(config.seed)

    def measure(self) -> Footprint:
        batch = self.config.batch_size
        small = min(SMALL, batch)
        memory = self._memory(small, batch)
        seconds = self._time(lambda: self._step(small), 1)  # with what is done only once
        if seconds < PATIENCE:
            seconds = self._time(lambda: self._step(small), 1)
        n = max(small, min(batch, int(PATIENCE / seconds * small)))
        if n > small:
            self._step(n)
        step, update = self._time(lambda: self._step(n)), self._time(self.optimizer.step)
        return Footprint(
            memory=memory,
            step=update + max(0.0, step - update) * batch / n * self._passes(),
            look=self._time(lambda: self._look(n), 1) / n,
            timed_batch=n,
            device=self._device(),
        )

    def _passes(self) -> float:
        """Micro-batches embed all faces once more: four passes, of which two are the backward."""
        return 4 / 3 if (self.config.micro_batch or math.inf) < self.config.batch_size else 1.0

    def _memory(self, small: int, batch: int) -> dict[str, int]:
        parameters = sum(p.nbytes for p in self.model.parameters())
        side, stored = self.config.image_size, self.faces.store.height
        return {
            "weights": parameters + sum(b.nbytes for b in self.model.buffers()),
            "gradients": parameters,
            "AdamW": 2 * parameters,
            "activations": self._activations(small, min(batch, self.config.micro_batch or batch)),
            "loss": self._loss_bytes(batch),
            "faces and views": 4 * 3 * batch * (2 * side**2 + stored**2),
        }

    def _batch(self, n: int) -> tuple[torch.Tensor, ...]:
        """Two views of n faces, and their labels."""
        rows = torch.randperm(len(self.faces), generator=self.generator)[:n].numpy()
        images = self.faces.images(rows).to(self.fabric.device)
        return *self.views(images, self.generator), self.labels[rows].to(self.fabric.device)

    def _step(self, n: int) -> None:
        self.objective.train()
        loss, *_ = self.objective(*self._batch(n))
        self.optimizer.zero_grad()
        self.fabric.backward(loss)
        self.optimizer.step()

    @torch.no_grad()
    def _look(self, n: int) -> None:
        """What `embed` does: one view, no gradients, full precision."""
        view, *_ = self._batch(n)
        self.model.encoder.eval()(view)

    def _activations(self, small: int, batch: int) -> int:
        """Bytes that a batch keeps for the backward pass: a constant, and so much a face."""
        half = small // 2
        if not half:
            return self._kept(lambda: self.objective(*self._batch(1)))
        few, more = (self._kept(lambda n=n: self.objective(*self._batch(n))) for n in (half, small))
        return round(more + (more - few) / (small - half) * (batch - small))

    def _loss_bytes(self, batch: int) -> int:
        """Bytes that the loss keeps: they grow with the square of the batch."""
        n = min(batch, 256, len(self.labels))
        z = torch.randn(2, n, self.labels.shape[1], self.model.encoder.dim).to(self.fabric.device)
        z = nn.functional.normalize(z, dim=-1).requires_grad_()
        labels = self.labels[:n].to(self.fabric.device)
        return round(self._kept(lambda: self.model.criterion(*z, labels)) * (batch / n) ** 2)

    def _kept(self, forward: Callable) -> int:
        """Bytes of all tensors that a forward pass keeps, the model's own left out, each once."""
        own = {t.untyped_storage().data_ptr() for t in self.model.state_dict().values()}
        kept: dict[int, int] = {}

        def keep(tensor: torch.Tensor) -> torch.Tensor:
            storage = tensor.untyped_storage()
            if storage.data_ptr() not in own:
                kept[storage.data_ptr()] = storage.nbytes()
            return tensor

        self.objective.train()
        with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
            result = forward()  # alive until all is counted: no address is used twice
        del result
        return sum(kept.values())

    def _time(self, work: Callable, times: int = TIMED) -> float:
        """Median seconds."""
        taken = []
        for _ in range(times):
            self._wait()
            started = time.perf_counter()
            work()
            self._wait()
            taken.append(time.perf_counter() - started)
        return float(np.median(taken))

    def _wait(self) -> None:
        if self.fabric.device.type == "cuda":
            torch.cuda.synchronize()

    def _device(self) -> str:
        device, precision = self.fabric.device, self.fabric.strategy.precision.precision
        if device.type == "cuda":
            room = torch.cuda.get_device_properties(device).total_memory
            return f"{torch.cuda.get_device_name(device)} ({size_text(room)}, {precision})"
        if device.type != "cpu":
            return f"{device.type} ({precision})"
        room = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        return f"the CPU ({torch.get_num_threads()} threads, {size_text(room)}, {precision})"


def size_text(n: float) -> str:
    """Bytes, in decimal units.

    >>> size_text(1_340_000_000)
    '1.34 GB'
    """
    for unit in ("B", "kB", "MB", "GB"):
        if n < 999.5:
            return f"{n:.3g} {unit}"
        n /= 1000
    return f"{n:.1f} TB"
