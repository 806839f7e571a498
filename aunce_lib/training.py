"""The training loop: two views of each face, one step, an epoch at a time, resumable to the bit.

Every random number of an epoch comes from (seed, epoch) alone, so a run that was killed goes on
from its last checkpoint exactly as if nothing had happened.
"""

from __future__ import annotations

import logging
import math
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from lightning_fabric import Fabric
from safetensors import SafetensorError
from safetensors.numpy import load_file, save
from torch import Tensor, nn
from tqdm.auto import tqdm

from aunce_lib.baselines import HCL, NTXent, SupCon, WeightedBCE, class_weights
from aunce_lib.centroids import CentroidLoss
from aunce_lib.checkpoint import latest_checkpoint, load_checkpoint, save_checkpoint
from aunce_lib.config import TrainConfig
from aunce_lib.corpora.atomic import atomic_path
from aunce_lib.corpora.frames import FrameTable
from aunce_lib.corpora.untrusted import action_units
from aunce_lib.encoder import Encoder
from aunce_lib.evaluation.embed import embed
from aunce_lib.evaluation.geometry import alignment, collapse, uniformity
from aunce_lib.evaluation.metrics import per_au
from aunce_lib.evaluation.probe import knn_scores
from aunce_lib.loss import AUNCELoss
from aunce_lib.pretrained import encoder_with, start_encoder
from aunce_lib.sampler import BalancedBatchSampler, PositiveSampler
from aunce_lib.views import Views


@dataclass(frozen=True, eq=False)
class Run:
    """A training run and the folder that holds it.

    Attributes:
        folder: config.yaml, history.csv, checkpoints/, embeddings/.
        config: The settings.
        aus: The action units, in the order of axis 1 of the embeddings.
        encoder: The encoder after the last epoch, in evaluation mode, on the CPU.
        history: One row an epoch: loss, alignment, uniformity, collapse, knn_f1, seconds.
    """

    folder: Path
    config: TrainConfig
    aus: tuple[int, ...]
    encoder: Encoder
    history: pd.DataFrame

    @classmethod
    def load(cls, folder: str | Path) -> Run:
        """Open a run from its folder, at its newest checkpoint.

        Raises:
            FileNotFoundError: If the folder holds no run, or none with a whole checkpoint.
            ValueError: If the weights do not fit the settings.
        """
        folder = Path(folder)
        found = latest_checkpoint(folder / "checkpoints")
        if not (folder / "config.yaml").is_file() or found is None:
            raise FileNotFoundError(
                f"{folder} holds no trained run (config.yaml and checkpoints/); "
                "train one, for instance with `aunce demo`"
            )
        config, (path, state) = TrainConfig.load(folder / "config.yaml"), found
        prefix = "encoder."
        try:
            aus, history = action_units(state["aus"]), pd.DataFrame(state["history"])
            weights = {
                name.removeprefix(prefix): torch.from_numpy(tensor)
                for name, tensor in load_file(path / "model.safetensors").items()
                if name.startswith(prefix)
            }
            encoder = encoder_with(weights, config, len(aus))
        except (SafetensorError, KeyError, TypeError, ValueError, AttributeError) as error:
            raise ValueError(
                f"the weights in {path} do not fit the encoder that {folder / 'config.yaml'} "
                f"describes ({error}): they are of another version of aunce_lib or another config; "
                "train again"
            ) from error
        return cls(folder, config, aus, encoder.eval(), history)

    def embeddings(self, epoch: int) -> tuple[np.ndarray, np.ndarray]:
        """Embeddings (n, J, D) kept at an epoch, and the rows (n,) of the store they belong to.

        Raises:
            FileNotFoundError: If none were kept at that epoch; `config.keep_epochs` says which.
        """
        path = self.folder / "embeddings" / f"epoch_{epoch:04d}.safetensors"
        if not path.is_file():
            raise FileNotFoundError(f"{path} is not there: kept were {self.config.keep_epochs}")
        tensors = load_file(path)
        return tensors["embeddings"], tensors["rows"]


class Objective(nn.Module):
    """Encoder and loss as one module, so that devices and precision are set up for both."""

    def __init__(self, encoder: Encoder, criterion: nn.Module):
        super().__init__()
        self.encoder, self.criterion = encoder, criterion

    def forward(self, view0: Tensor, view1: Tensor, labels: Tensor) -> tuple[Tensor, ...]:
        """The loss, and the embeddings of both views; each view has its own BatchNorm batch."""
        z0, z1 = self.encoder(view0), self.encoder(view1)
        if not (z0.isfinite().all() and z1.isfinite().all()):
            return z0.new_tensor(math.nan), z0, z1  # `fit` says where and what to do
        return self.criterion(z0, z1, labels), z0, z1


class Joint(nn.Module):
    """A loss and, beside it, `weight` times another one."""

    def __init__(self, criterion: nn.Module, beside: nn.Module, weight: float):
        super().__init__()
        self.criterion, self.beside, self.weight = criterion, beside, weight

    def forward(self, z0: Tensor, z1: Tensor, labels: Tensor) -> Tensor:
        return self.criterion(z0, z1, labels) + self.weight * self.beside(z0, z1, labels)


@torch.random.fork_rng()  # the caller's random numbers stay as they were
def fit(
    train: FrameTable,
    config: TrainConfig,
    folder: str | Path,
    *,
    validation: FrameTable | None = None,
    resume: bool = False,
    progress: bool = True,
    on_epoch: Callable[[pd.DataFrame], None] | None = None,
) -> Run:
    """Train an encoder.

    Args:
        train: Faces to learn from, with images.
        config: Settings.
        folder: Where the run goes. A folder with a run in it is refused unless `resume` is set.
        validation: Other people's faces, to watch the embeddings of (a kNN probe's F1 per epoch);
            nothing is learned from them. Without them `knn_f1` is NaN.
        resume: Go on with the run in the folder, from its last whole checkpoint; starts one if
            there is none. The finished run is the same, bit for bit, as one never stopped.
        progress: Print a line per epoch, and a bar where there is a terminal.
        on_epoch: Called with the history so far after each epoch, for instance
            `inspection.LiveHistory()`, to draw it.

    Returns:
        The finished run.

    Raises:
        ValueError: If the tables don't fit each other or the config, or the folder's run has
            other settings or other faces.
        FileExistsError: If the folder holds a run and `resume` is not set.
        FloatingPointError: If the loss is no longer finite.
        OSError: If the folder can't be written.
    """
    folder = Path(folder)
    _check_tables(train, validation, config)
    labels = torch.from_numpy(train.labels)
    fabric = fabric_for(config)
    torch.manual_seed(config.seed)
    encoder = start_encoder(config, labels.shape[1])
    objective = Objective(encoder, _criterion(config, labels, encoder.dim))
    optimizer = torch.optim.AdamW(
        _parameters(objective), lr=config.learning_rate, weight_decay=config.weight_decay
    )
    objective, optimizer = fabric.setup(objective.to(memory_format=torch.channels_last), optimizer)
    _claim(folder, config, resume)  # only now: settings that fail above take no folder
    history: list[dict] = []
    faces = {"aus": list(train.aus), "labels": zlib.crc32(train.labels.tobytes())}
    found = latest_checkpoint(folder / "checkpoints")
    if found is not None:
        if any(found[1].get(name) != value for name, value in faces.items()):
            raise ValueError(
                f"{folder} holds a run on other faces or labels: "
                "resume with its own, or choose another folder"
            )
        load_checkpoint(found[0], objective.module, optimizer.optimizer)
        history = found[1]["history"]
    elif 0 in config.keep_epochs:
        _keep_embeddings(folder, 0, encoder, validation or train)

    for epoch in range(len(history) + 1, config.epochs + 1):
        started = time.perf_counter()
        row = {"epoch": epoch}
        row |= _one_epoch(fabric, objective, optimizer, train, labels, config, epoch, progress)
        row |= _watch(encoder, train, validation)
        row["seconds"] = time.perf_counter() - started
        if epoch in config.keep_epochs:
            _keep_embeddings(folder, epoch, encoder, validation or train)
        history.append(row)
        # the checkpoint comes last: what a run killed in between lacks is written again
        with atomic_path(folder / "history.csv") as temporary:
            pd.DataFrame(history).to_csv(temporary, index=False)
        state = faces | {"history": history}
        save_checkpoint(folder / "checkpoints", epoch, objective.module, optimizer.optimizer, state)
        if progress:
            print(_line(config, row), flush=True)
        if on_epoch is not None:
            on_epoch(pd.DataFrame(history))
    return Run.load(folder)


def _one_epoch(fabric, objective, optimizer, train, labels, config, epoch, progress) -> dict:
    """All steps of one epoch: mean loss, and mean alignment of the two views."""
    seed = config.seed * 1_000_003 + epoch
    generator = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)  # for stochastic depth
    for part in objective.modules():
        if isinstance(part, AUNCELoss):
            part.sampler.generator = generator
    views = Views(config.image_size, config.view_strength, config.hue)
    objective.train()
    losses, alignments = [], []
    batches = _batches(labels, config, epoch)
    bar = tqdm(batches, leave=False, disable=None if progress else True, desc=f"epoch {epoch}")
    for step, rows in enumerate(bar):
        _set_rate(
            optimizer, config, (epoch - 1) * len(batches) + step, config.epochs * len(batches)
        )
        images = train.images(rows).to(fabric.device)
        loss, z0, z1 = objective(*views(images, generator), labels[rows].to(fabric.device))
        losses.append(loss.item())
        if not math.isfinite(losses[-1]):
            raise FloatingPointError(
                f"the loss is {losses[-1]} in epoch {epoch}, step {step}, on the frames with rows "
                f"{train.rows[rows].tolist()}; the last checkpoint is whole: lower learning_rate"
            )
        optimizer.zero_grad()
        fabric.backward(loss)
        optimizer.step()
        alignments.append(alignment(z0.detach().float().cpu(), z1.detach().float().cpu()))
    return {"loss": float(np.mean(losses)), "alignment": float(np.mean(alignments))}


def _watch(encoder: Encoder, train: FrameTable, validation: FrameTable | None) -> dict:
    """How embeddings of faces not trained on lie, and what a kNN probe makes of them."""
    n = 1024  # enough to watch by, and the same faces every epoch

    def some(table: FrameTable) -> FrameTable:
        return table.take(np.linspace(0, len(table) - 1, min(n, len(table))).astype(int))

    seen = some(train)
    z_train = embed(encoder, seen)
    z = z_train if validation is None else embed(encoder, some(validation))
    result = {"uniformity": uniformity(z), "collapse": collapse(z), "knn_f1": math.nan}
    if validation is not None:
        scores = knn_scores(z_train, seen.labels, z)
        guesses = np.where(np.isnan(scores), np.nan, scores >= np.nanmean(seen.labels, axis=0))
        table = per_au(some(validation).labels, scores, guesses, train.aus)
        result["knn_f1"] = float(table.loc["macro", "f1"])
    return {name: float(value) for name, value in result.items()}


def _batches(labels: Tensor, config: TrainConfig, epoch: int) -> list[np.ndarray]:
    """Rows of each batch of an epoch: balanced, or a plain shuffle; a last short one is dropped."""
    if config.balanced_batches:
        sampler = BalancedBatchSampler(labels, config.batch_size, config.seed)
        sampler.set_epoch(epoch)
        return [np.array(batch) for batch in sampler]
    order = np.random.default_rng((config.seed, epoch)).permutation(len(labels))
    n_batches = len(labels) // config.batch_size
    return list(order[: n_batches * config.batch_size].reshape(n_batches, -1))


def _set_rate(optimizer, config: TrainConfig, step: int, n_steps: int) -> None:
    """Linear rise over the warm-up, then a half cosine to 0, or constant."""
    warm = config.warmup * n_steps
    share = min(1.0, (step + 1) / warm) if warm else 1.0
    if config.cosine:
        share *= 0.5 * (1 + math.cos(math.pi * step / n_steps))
    for group, part in zip(optimizer.param_groups, (config.backbone_rate, 1.0), strict=True):
        group["lr"] = config.learning_rate * part * share


def _parameters(objective: Objective) -> list[dict]:
    """Two groups: those of the backbone, which may have learned before, and all others."""
    backbone = [*objective.encoder.backbone.parameters()]
    known = set(map(id, backbone))
    others = [p for p in objective.parameters() if id(p) not in known]
    return [{"params": backbone}, {"params": others}]


def _criterion(config: TrainConfig, labels: Tensor, dim: int) -> nn.Module:
    if config.cross_entropy:
        alone = _criterion(replace(config, cross_entropy=0.0), labels, dim)
        return Joint(
            alone, WeightedBCE(labels.shape[1], dim, class_weights(labels)), config.cross_entropy
        )
    if config.loss == "aunce":
        return AUNCELoss(
            PositiveSampler(config.probabilities),
            temperature=config.temperature,
            beta_active=config.beta_active,
            beta_inactive=config.beta_inactive,
            variant=config.variant,
            positives_from=config.positives_from,
        )
    if config.loss == "centroid":
        return CentroidLoss(labels, dim, config.temperature)
    if config.loss == "bce":
        return WeightedBCE(labels.shape[1], dim, class_weights(labels))
    return {"ntxent": NTXent, "supcon": SupCon, "hcl": HCL}[config.loss](config.temperature)


def fabric_for(config: TrainConfig) -> Fabric:
    """One device, without Fabric's note on precision, which it would write to stderr."""
    logger = logging.getLogger("lightning_fabric")
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        return Fabric(devices=1, precision=_precision(config))
    finally:
        logger.setLevel(level)


def _precision(config: TrainConfig) -> str:
    """What "auto" means here: bf16 where the device multiplies it natively, else it is slower."""
    if config.precision != "auto":
        return config.precision
    if torch.cuda.is_available():
        return "bf16-mixed" if torch.cuda.is_bf16_supported() else "32-true"
    units = torch.cpu.get_capabilities()
    return "bf16-mixed" if units.get("avx512_bf16") or units.get("amx_bf16") else "32-true"


def _check_tables(train: FrameTable, validation: FrameTable | None, config: TrainConfig) -> None:
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


def _claim(folder: Path, config: TrainConfig, resume: bool) -> None:
    """Make the folder this run's own, or say whose it is."""
    path = folder / "config.yaml"
    if path.is_file():
        if not resume:
            raise FileExistsError(
                f"{folder} holds a run already: resume it (resume=True) or choose another folder"
            )
        differences = config.differences(TrainConfig.load(path))
        if differences:
            raise ValueError(
                f"{folder} holds a run with other settings ({'; '.join(differences)}): "
                "use its settings, or choose another folder"
            )
    else:
        if (folder / "checkpoints").exists():
            raise FileExistsError(
                f"{folder} holds checkpoints, but no config.yaml that says of what: "
                "choose another folder"
            )
        config.save(path)
    for leftover in folder.glob(".*.tmp"):  # of a run that was killed while it wrote
        leftover.unlink()


def _keep_embeddings(folder: Path, epoch: int, encoder: Encoder, table: FrameTable) -> None:
    with atomic_path(folder / "embeddings" / f"epoch_{epoch:04d}.safetensors") as temporary:
        content = {"embeddings": embed(encoder, table), "rows": table.rows}
        temporary.write_bytes(save(content))


def _line(config: TrainConfig, row: dict) -> str:
    watched = "" if math.isnan(row["knn_f1"]) else f"kNN F1 {row['knn_f1']:.3f}  "
    return (
        f"{config.loss:>6} epoch {row['epoch']:>2}/{config.epochs}  loss {row['loss']:.3f}  "
        f"alignment {row['alignment']:.2f}  uniformity {row['uniformity']:.2f}  "
        f"{watched}{row['seconds']:.0f} s"
    )
