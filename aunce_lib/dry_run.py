"""What a training would take, told before a day is spent on it: `aunce train … --dry-run`.

The model is built, a few real steps on a few real faces are measured on the device that would
train (`footprint`), and scaled up to the epochs. Nothing is written.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
import torch
from torch import nn

from aunce_lib.config import TrainConfig
from aunce_lib.corpora.frames import FrameTable
from aunce_lib.encoder import PRETRAINED, Encoder
from aunce_lib.experiment import Parts, parts_of
from aunce_lib.footprint import TIMED, footprint, size_text
from aunce_lib.optimisation import Objective, criterion_for
from aunce_lib.pretrained import start_encoder
from aunce_lib.protocols import Protocol
from aunce_lib.training import _check_tables

WATCHED = 1024  # faces of either side that `fit` looks at after an epoch
HEADER = 110  # bytes that safetensors writes beside a tensor, about


@dataclass(frozen=True, eq=False)
class DryRun:
    """What a training would be; `print` shows it.

    Attributes:
        title: Settings in a line.
        notes: On the weights it starts from, on the protocol, on the folder.
        parameters: Of each part of the model.
        people: Faces and people to learn from, to watch, to be tested on.
        rates: A row an AU of the faces to learn from: active (share), unknown (faces), absent
            (share of random batches without an active face).
        n_batches: Of an epoch.
        n_left_out: Faces of an epoch that fill no batch; others each time.
        device: What it was measured on.
        memory: Bytes on the device: weights, gradients, AdamW, activations, loss, views.
        seconds: Of a step, an epoch, and all epochs.
        timed_batch: Faces in the steps that were timed; times are scaled from these.
        checkpoint: Bytes of one; two are kept, and a third stands beside them while it is written.
    """

    title: str
    notes: tuple[str, ...]
    parameters: dict[str, int]
    people: dict[str, tuple[int, int]]
    rates: pd.DataFrame
    n_batches: int
    n_left_out: int
    device: str
    memory: dict[str, int]
    seconds: dict[str, float]
    timed_batch: int
    checkpoint: int

    @classmethod
    def of(
        cls,
        prepared: str | Path,
        config: TrainConfig,
        out: str | Path,
        fold: int = 1,
        protocol: Protocol | None = None,
    ) -> DryRun:
        """Measure what `experiment.train_on` would do with the same arguments.

        Raises:
            ValueError, OSError: As `experiment.train_on` would, as far as can be told beforehand.
        """
        parts = parts_of(prepared, config, fold, protocol)
        learners = parts.learners
        _check_tables(learners, parts.watched, config)
        with torch.random.fork_rng():
            torch.manual_seed(config.seed)
            encoder, start = _start(config, len(learners.aus))
            criterion = criterion_for(config, torch.from_numpy(learners.labels), encoder.dim)
            model = Objective(encoder, criterion)
            measured = footprint(model, config, learners)
        n_batches, n_left_out = divmod(len(learners), config.batch_size)
        watched = min(WATCHED, len(learners))
        watched += min(WATCHED, len(parts.watched)) if parts.watched is not None else 0
        epoch = n_batches * measured.step + watched * measured.look
        compared = [] if protocol is None else protocol.compare(learners, parts.test, fold, config)
        checkpoint = _checkpoint_bytes(model)
        return cls(
            title=f"{config.backbone}, {config.image_size} px, {config.loss}, {len(learners.aus)} "
            f"AUs, embeddings of {encoder.dim}, batch {config.batch_size}, {config.epochs} epochs",
            notes=(start, *compared, *_folder_notes(Path(out), 3 * checkpoint)),
            parameters=_parameters_by_part(model),
            people={
                verb: (len(table), len(set(table.subjects)))
                for verb, table in _verbs(parts).items()
            },
            rates=_rates(learners, config.batch_size),
            n_batches=n_batches,
            n_left_out=n_left_out,
            device=measured.device,
            memory=measured.memory,
            seconds={"step": measured.step, "epoch": epoch, "total": config.epochs * epoch},
            timed_batch=measured.timed_batch,
            checkpoint=checkpoint,
        )

    def __str__(self) -> str:
        total = sum(self.parameters.values())
        rates = self.rates.assign(
            active=(100 * self.rates.active).map("{:.1f} %".format),
            absent=(100 * self.rates.absent).map("{:.1f} %".format),
        ).rename(columns={"absent": "batches without an active face"})
        return "\n".join(
            [
                "Dry run: nothing is written.",
                self.title,
                *(f"  {note}" for note in self.notes),
                "",
                f"Model: {total:,} parameters",
                *(f"  {part:<18}{n:>14,}" for part, n in self.parameters.items()),
                "",
                f"Data: {self.n_batches:,} batches an epoch, {self.n_left_out:,} faces left over "
                "(others in each epoch)",
                *(
                    f"  {verb:<18}{faces:>14,} faces of {people} people"
                    for verb, (faces, people) in self.people.items()
                ),
                *(f"  {line}" for line in rates.to_string().splitlines()),
                "",
                f"Memory on {self.device}: about {size_text(sum(self.memory.values()))}",
                *(f"  {part:<18}{size_text(n):>14}" for part, n in self.memory.items()),
                "  kernels' workspace and the program itself come on top",
                "",
                f"Time on {self.device}, from {TIMED} steps of {self.timed_batch} faces: about",
                *(f"  {what:<18}{_duration(s):>14}" for what, s in self.seconds.items()),
                "",
                f"Disk: checkpoints of {size_text(self.checkpoint)}; two are kept, three "
                "while one is written",
            ]
        )


def _start(config: TrainConfig, n_aus: int) -> tuple[Encoder, str]:
    """The encoder, and where its weights come from; what is not on this machine is not fetched."""
    if config.pretrained is True:
        from huggingface_hub import try_to_load_from_cache

        name = PRETRAINED.get(config.backbone)
        if name and not try_to_load_from_cache(name, "model.safetensors"):
            encoder = start_encoder(replace(config, pretrained=False), n_aus)
            return encoder, (
                f"ImageNet weights: not on this machine; the run downloads {name}. Without a "
                "network: --config.pretrained FOLDER with config.json and model.safetensors of it"
            )
    encoder = start_encoder(config, n_aus)
    source = PRETRAINED[config.backbone] if config.pretrained is True else config.pretrained
    if source:
        return encoder, f"ImageNet weights: {source}, read and found whole"
    return encoder, f"backbone: {f'weights of {config.init}' if config.init else 'fresh weights'}"


def _folder_notes(out: Path, needed: int) -> list[str]:
    """On the folder that the run would go to."""
    there = next(path for path in (out.absolute(), *out.absolute().parents) if path.is_dir())
    free = shutil.disk_usage(there).free
    notes = [f"folder: {out}, {size_text(free)} free, {size_text(needed)} needed for checkpoints"]
    if free < needed:
        notes.append("NOT ENOUGH SPACE: free some, or choose another folder")
    if (out / "config.yaml").is_file():
        notes.append(f"{out} holds a run already: --resume true goes on with it")
    return notes


def _parameters_by_part(model: Objective) -> dict[str, int]:
    encoder = model.encoder
    parts = {
        "backbone": (encoder.backbone,),
        "block of all AUs": (encoder.shared, encoder.shared_norm),
        "blocks of the AUs": (encoder.per_au,),
        "AU graph": (encoder.graph,),
        "projection": (encoder.projection,),
        "loss": (model.criterion,),
    }
    return {
        name: sum(p.numel() for module in modules for p in module.parameters())
        for name, modules in parts.items()
    }


def _checkpoint_bytes(model: nn.Module) -> int:
    """Weights and buffers, and two moments and a step count of each parameter."""
    state, parameters = model.state_dict().values(), list(model.parameters())
    moments = sum(2 * p.nbytes + 4 for p in parameters)
    return sum(t.nbytes for t in state) + moments + HEADER * (len(state) + 3 * len(parameters))


def _verbs(parts: Parts) -> dict[str, FrameTable]:
    verbs = {"to learn from": parts.learners, "to watch by": parts.watched, "to test": parts.test}
    return {verb: table for verb, table in verbs.items() if table is not None}


def _rates(table: FrameTable, batch_size: int) -> pd.DataFrame:
    rates = table.rates()
    share = (rates.active / len(table)).fillna(0)
    return pd.DataFrame(
        {"active": rates.rate, "unknown": rates.unknown, "absent": (1 - share) ** batch_size}
    )


def _duration(seconds: float) -> str:
    """Seconds as one reads them.

    >>> _duration(0.042), _duration(7.5), _duration(75), _duration(200_000)
    ('42 ms', '7.5 s', '1 min 15 s', '2 d 7 h')
    """
    if seconds < 1:
        return f"{1000 * seconds:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    for unit, n, smaller, m in (("d", 86400, "h", 3600), ("h", 3600, "min", 60)):
        if seconds >= n:
            return f"{seconds // n:.0f} {unit} {seconds % n // m:.0f} {smaller}"
    return f"{seconds // 60:.0f} min {seconds % 60:.0f} s"
