"""The training loop: two views of each face, one step, an epoch at a time, resumable to the bit.

Every random number of an epoch comes from (seed, epoch) alone, so a run that was killed goes on
from its last checkpoint exactly as if nothing had happened. Several processes are one training:
each takes its share of every batch, the first one watches, writes and tells.
"""

from __future__ import annotations

import math
import signal
import time
import zlib
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from lightning_fabric import Fabric
from torch import Tensor
from tqdm.auto import tqdm

from aunce_lib.batches import epoch_batches, read_ahead, share_of, two_views
from aunce_lib.checkpoint import latest_checkpoint, load_checkpoint, save_checkpoint
from aunce_lib.config import TrainConfig
from aunce_lib.corpora.atomic import atomic_path
from aunce_lib.corpora.frames import FrameTable
from aunce_lib.devices import (
    fabric_for,
    launch,
    on_first,
    random_state,
    set_random_state,
    with_global_norms,
)
from aunce_lib.distributed import gather, global_sum
from aunce_lib.interruption import StopRequest, TrainingStopped, stop_requests
from aunce_lib.loss import AUNCELoss
from aunce_lib.micro_batch import compare_in_parts
from aunce_lib.optimisation import Objective, criterion_for, optimizer_for, set_rate
from aunce_lib.pretrained import start_encoder
from aunce_lib.run import Run, claim
from aunce_lib.views import Views
from aunce_lib.watching import keep_embeddings, told, watch


def fit(
    train: FrameTable,
    config: TrainConfig,
    folder: str | Path,
    *,
    validation: FrameTable | None = None,
    resume: bool = False,
    progress: bool = True,
    on_epoch: Callable[[pd.DataFrame], None] | None = None,
    fabric: Fabric | None = None,
    save_minutes: float = 30.0,
) -> Run:
    """Train an encoder.

    Args:
        train: Faces to learn from, with images.
        config: Settings.
        folder: Where the run goes. A folder with a run in it is refused unless `resume` is set.
        validation: Other people's faces, to watch the embeddings of (a kNN probe's F1 per epoch);
            nothing is learned from them. Without them `knn_f1` is NaN.
        resume: Go on with the run in the folder, from its last whole checkpoint; starts one if
            there is none. The finished run is the same, bit for bit, as one never stopped; on
            another number of devices, but for rounding and what they draw for themselves.
        progress: Print a line per epoch, and a bar where there is a terminal.
        on_epoch: Called with the history so far after each epoch, for instance
            `inspection.LiveHistory()`, to draw it.
        fabric: Where to train, see `devices.fabric_for`; one device if not given.
        save_minutes: The longest time between two checkpoints; each epoch ends with one anyway.

    Returns:
        The finished run.

    Raises:
        ValueError: If the tables don't fit each other or the config, or the folder's run has
            other settings or other faces.
        FileExistsError: If the folder holds a run and `resume` is not set.
        FloatingPointError: If the loss is no longer finite; the batch is kept as a table.
        OSError: If the folder can't be written.
        TrainingStopped: After SIGTERM or SIGINT, when the step in flight is done and kept.
        FailedElsewhere: On all processes but the first, if that one raised one of the others.
    """
    fabric = fabric or fabric_for(config)
    launch(fabric)
    on_first(fabric, _check_tables, train, validation, config)
    gpus = [fabric.device] if fabric.device.type == "cuda" else []
    with torch.random.fork_rng(gpus):  # the caller's random numbers stay as they were
        training = _Training(fabric, train, validation, config, Path(folder), progress)
        training.begin(resume, 60 * save_minutes)
        with stop_requests() as request:
            while training.at.epoch <= config.epochs:
                training.run_epoch(request)
                on_first(fabric, training.finish_epoch, on_epoch)
                training.at = _Position(training.at.epoch + 1)
                training.stop_if_asked(request)
    return Run.load(folder)


@dataclass
class _Position:
    """How far a run is in the epoch in flight; with weights and random states, all to go on by."""

    epoch: int
    step: int = 0  # done
    losses: list[float] = field(default_factory=list)
    alignments: list[float] = field(default_factory=list)
    seconds: float = 0.0


class _Training:
    """A run in the making: what it learns from, what learns, and how far it is."""

    def __init__(self, fabric, train, validation, config, folder, progress):
        self.fabric, self.train, self.validation = fabric, train, validation
        self.config, self.folder, self.progress = config, folder, progress
        self.labels = torch.from_numpy(train.labels)
        self.share = share_of(config.batch_size)
        torch.manual_seed(config.seed)
        self.encoder = start_encoder(config, self.labels.shape[1])
        criterion = criterion_for(config, self.labels, self.encoder.dim)
        objective = with_global_norms(Objective(self.encoder, criterion), fabric)
        optimizer = optimizer_for(objective, config, fused=fabric.device.type == "cuda")
        if config.compile:
            self.encoder.compile()
        self.objective, self.optimizer = fabric.setup(
            objective.to(memory_format=torch.channels_last), optimizer
        )
        self.views = Views(config.image_size, config.view_strength, config.hue, config.crop_from)
        self.history: list[dict] = []
        self.at, self.random = _Position(epoch=1), None

    def begin(self, resume: bool, save_seconds: float) -> None:
        """Take the folder, and go on from what lies in it."""
        self.save_seconds, self.saved = save_seconds, time.monotonic()
        if found := on_first(self.fabric, self._take_folder, resume):
            path, state = found
            load_checkpoint(path, self.objective.module, self.optimizer.optimizer)
            self.history, self.random = state["history"], state.get("random")
            self.at = _Position(state["epoch"] + 1, **state.get("position", {}))

    def run_epoch(self, request: StopRequest) -> None:
        """All steps of an epoch, or those left of one that was stopped."""
        config, at = self.config, self.at
        started = time.perf_counter() - at.seconds
        batches = epoch_batches(self.labels, config, at.epoch)
        generator = self._random_numbers()
        self.objective.train()
        alignments = []  # stay on the device: to look at each would make it wait
        shares = [rows[self.share] for rows in batches[at.step :]]
        with closing(read_ahead(self.train, shares, self.fabric.device)) as coming:
            for rows, images in self._bar(coming, len(shares)):
                n_done = (at.epoch - 1) * len(batches) + at.step
                set_rate(self.optimizer, config, n_done, config.epochs * len(batches))
                views = two_views(self.views, images, generator, config.batch_size, self.share)
                labels = self.labels[rows].to(self.fabric.device)
                loss, z0, z1, backward = self._compare(*views, labels)
                value, asked, due = self._vote(loss, request)
                if not math.isfinite(value):
                    on_first(self.fabric, self._keep_batch, value, batches[at.step])
                self.optimizer.zero_grad()
                backward()
                self.optimizer.step()
                at.step += 1
                at.losses.append(value)
                alignments.append((z0 - z1).detach().square().sum(dim=-1).mean())
                if (asked or due) and at.step < len(batches):
                    at.alignments += self._means(alignments)
                    alignments.clear()
                    at.seconds = time.perf_counter() - started
                    self._save_part(generator)
                    self.stop_if_asked(request)
        at.alignments += self._means(alignments)
        at.seconds = time.perf_counter() - started

    def finish_epoch(self, on_epoch: Callable[[pd.DataFrame], None] | None) -> None:
        """Watch, keep and tell what an epoch has come to."""
        started, at, faces = time.perf_counter(), self.at, self.validation or self.train
        self._check_weights()
        row = {"epoch": at.epoch, "loss": float(np.mean(at.losses))}
        row["alignment"] = float(np.mean(at.alignments))
        row |= watch(self.encoder, self.train, self.validation)
        row["seconds"] = at.seconds + time.perf_counter() - started
        if at.epoch in self.config.keep_epochs:
            keep_embeddings(self.folder, at.epoch, self.encoder, faces)
        self.history.append(row)
        # the checkpoint comes last: what a run killed in between lacks is written again
        with atomic_path(self.folder / "history.csv") as temporary:
            pd.DataFrame(self.history).to_csv(temporary, index=False)
        self._save(at.epoch, {})
        if self.progress:
            print(told(self.config, row), flush=True)
        if on_epoch is not None:
            on_epoch(pd.DataFrame(self.history))

    def stop_if_asked(self, request: StopRequest) -> None:
        """Raise TrainingStopped on all processes if one of them has been asked to stop."""
        asked = torch.tensor(float(request.signal > 0), device=self.fabric.device)
        if global_sum(asked):
            number = signal.Signals(request.signal or signal.SIGTERM)
            done = f"in epoch {self.at.epoch}, step {self.at.step},"
            done = done if self.at.step else f"after {self.at.epoch - 1}"
            raise TrainingStopped(
                f"stopped by {number.name} {done} of {self.config.epochs} epochs; {self.folder} "
                "keeps what was done: go on with resume=True (aunce train: --resume true)",
                number,
            )

    # a step

    def _compare(self, view0: Tensor, view1: Tensor, labels: Tensor):
        """Loss, embeddings of both views, and what then computes all gradients."""
        if self.config.micro_batch:
            return compare_in_parts(
                self.fabric, self.objective.module, view0, view1, labels, self.config.micro_batch
            )
        loss, z0, z1 = self.objective(view0, view1, labels)
        return loss, z0, z1, lambda: self.fabric.backward(loss)

    def _vote(self, loss: Tensor, request: StopRequest) -> list[float]:
        """The global loss; whether any process was asked to stop; whether a checkpoint is due."""
        due = self.fabric.global_rank == 0 and time.monotonic() - self.saved > self.save_seconds
        mine = loss.detach().new_tensor([request.signal > 0, due])
        votes = torch.cat([loss.detach()[None] / self.fabric.world_size, mine])
        return global_sum(votes).tolist()

    def _means(self, values: list[Tensor]) -> list[float]:
        """Means over all processes of what each has found."""
        if not values:
            return []
        return (global_sum(torch.stack(values)) / self.fabric.world_size).tolist()

    def _bar(self, coming, n: int):
        quiet = not self.progress or self.fabric.global_rank > 0
        at = {"initial": self.at.step, "total": self.at.step + n, "desc": f"epoch {self.at.epoch}"}
        return tqdm(coming, leave=False, disable=True if quiet else None, **at)

    def _keep_batch(self, loss: float, rows: np.ndarray) -> None:
        """Write down which faces broke the training, and stop it."""
        path = self.folder / f"not_finite_epoch_{self.at.epoch}_step_{self.at.step}.csv"
        frames = self.train.frames.iloc[rows]
        names = ("corpus", "subject", "sequence", "frame", "path")
        with atomic_path(path) as temporary:
            frames[[name for name in names if name in frames]].to_csv(temporary, index_label="row")
        raise FloatingPointError(
            f"the loss is {loss} in epoch {self.at.epoch}, step {self.at.step}; {path} lists the "
            "frames of its batch; the last checkpoint is whole: lower learning_rate"
        )

    # random numbers

    def _random_numbers(self) -> torch.Generator:
        """The source of views and kinds, alike on all processes, and torch's own on each."""
        seed, rank = self.config.seed * 1_000_003 + self.at.epoch, self.fabric.global_rank
        generator = torch.Generator().manual_seed(seed)
        for part in self.objective.modules():
            if isinstance(part, AUNCELoss):
                part.sampler.generator = generator
        torch.manual_seed(seed + 9973 * rank + self.at.step)  # for stochastic depth
        if self.random is not None:
            shared, own = self.random
            generator.set_state(_from_hex(shared))
            if len(own) == self.fabric.world_size:
                with suppress(RuntimeError):  # of another kind of device
                    set_random_state(_from_hex(own[rank]), self.fabric.device)
            self.random = None
        return generator

    # checkpoints

    def _take_folder(self, resume: bool) -> tuple[Path, dict] | None:
        """Claim the folder; the checkpoint to go on from, if there is one."""
        claim(self.folder, self.config, resume)
        found = latest_checkpoint(self.folder / "checkpoints")
        if found is None:
            if 0 in self.config.keep_epochs:
                keep_embeddings(self.folder, 0, self.encoder, self.validation or self.train)
        elif any(found[1].get(name) != value for name, value in self._faces().items()):
            raise ValueError(
                f"{self.folder} holds a run on other faces or labels: "
                "resume with its own, or choose another folder"
            )
        return found

    def _save_part(self, generator: torch.Generator) -> None:
        """A checkpoint in the middle of an epoch."""
        own = gather(random_state(self.fabric.device).to(self.fabric.device)[None]).cpu()
        position = asdict(self.at)
        epoch = position.pop("epoch") - 1
        random = _hex(generator.get_state()), [_hex(state) for state in own]
        state = {"step": self.at.step, "position": position, "random": random}
        on_first(self.fabric, self._save, epoch, state)

    def _save(self, epoch: int, state: dict) -> None:
        self._check_weights()
        model, optimizer = self.objective.module, self.optimizer.optimizer
        state = self._faces() | {"history": self.history} | state
        save_checkpoint(self.folder / "checkpoints", epoch, model, optimizer, state)
        self.saved = time.monotonic()

    def _faces(self) -> dict:
        return {"aus": list(self.train.aus), "labels": zlib.crc32(self.train.labels.tobytes())}

    def _check_weights(self) -> None:
        if not all(weights.isfinite().all() for weights in self.objective.parameters()):
            raise FloatingPointError(
                f"weights are no longer finite in epoch {self.at.epoch}, after step {self.at.step};"
                " the last checkpoint is whole: lower learning_rate"
            )


def _check_tables(train: FrameTable, validation: FrameTable | None, config: TrainConfig) -> None:
    share_of(config.batch_size)
    if len(train) < config.batch_size:
        raise ValueError(f"train has {len(train)} frames, less than batch_size {config.batch_size}")
    if train.store is None or (validation is not None and validation.store is None):
        raise ValueError("train and validation need images: load each with its FrameStore")
    if validation is not None:
        if validation.aus != train.aus:
            raise ValueError(f"validation has the AUs {validation.aus}, train {train.aus}")
        shared = set(train.subjects) & set(validation.subjects)
        if shared:
            raise ValueError(f"people in train and validation: {sorted(shared)[:5]}; split by fold")


def _hex(state: Tensor) -> str:
    return bytes(state.tolist()).hex()


def _from_hex(text: str) -> Tensor:
    return torch.tensor(list(bytes.fromhex(text)), dtype=torch.uint8)
