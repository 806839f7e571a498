"""A batch on several processes: the same loss as in one, if embeddings are gathered."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path

import pandas as pd
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from safetensors.torch import load_file, save_file
from torch import Tensor

from ..loss import AUNCELoss
from ..sampler import PositiveSampler


def loss_by_processes(z0: Tensor, z1: Tensor, labels: Tensor, n_processes: int = 2) -> pd.DataFrame:
    """The AUNCE loss of a batch in one process, and with a share of it in each of several.

    The processes are started here and talk over gloo, which needs no GPU. The kinds of positive are
    drawn alike everywhere.

    Args:
        z0, z1: (B, J, D) embeddings of the two views.
        labels: (B, J) of 0, 1, NaN.
        n_processes: How many share the batch.

    Returns:
        Columns faces, loss, gradient (length, of the loss by all embeddings of both views). Rows
        "one process"; "N processes" with embeddings gathered; "N processes, each alone".

    Raises:
        ValueError: If the batch can't be shared out evenly.
    """
    if n_processes < 2 or len(z0) % n_processes:
        raise ValueError(f"{len(z0)} faces can't be shared out evenly to {n_processes} processes")
    with tempfile.TemporaryDirectory() as folder:
        batch = {"z0": z0, "z1": z1, "labels": labels}
        save_file({k: v.detach().contiguous() for k, v in batch.items()}, f"{folder}/batch")
        mp.spawn(_process, args=(folder, n_processes), nprocs=n_processes)
        found = [load_file(f"{folder}/{rank}") for rank in range(n_processes)]
    name = f"{n_processes} processes"
    rows = {"one process": (len(z0), *_loss_and_gradients(z0, z1, labels, gather=False))}
    for row, way in ((name, "gathered"), (f"{name}, each alone", "alone")):
        losses = torch.stack([one[f"{way}/loss"] for one in found])
        gradients = torch.cat([one[f"{way}/gradients"] for one in found], dim=1) / n_processes
        rows[row] = (len(z0) // n_processes, losses.mean(), gradients)
    return pd.DataFrame(
        {
            row: {"faces": faces, "loss": loss.item(), "gradient": gradients.norm().item()}
            for row, (faces, loss, gradients) in rows.items()
        }
    ).T.astype({"faces": int})


def _process(rank: int, folder: str, n_processes: int) -> None:
    """What each process does with its share of the batch."""
    torch.set_num_threads(1)
    meeting, patience = f"file://{folder}/meeting", timedelta(minutes=5)
    dist.init_process_group("gloo", meeting, patience, n_processes, rank)
    batch = load_file(Path(folder) / "batch")
    share = [x.chunk(n_processes)[rank] for x in (batch["z0"], batch["z1"], batch["labels"])]
    found = {}
    for way, gather in (("gathered", True), ("alone", False)):
        found[f"{way}/loss"], found[f"{way}/gradients"] = _loss_and_gradients(*share, gather)
    save_file(found, f"{folder}/{rank}")
    dist.destroy_process_group()


def _loss_and_gradients(z0, z1, labels, gather: bool) -> tuple[Tensor, Tensor]:
    """The loss, and its gradients (2, B, J, D) by the embeddings of both views."""
    sampler = PositiveSampler(generator=torch.Generator().manual_seed(0))
    z = torch.stack([z0, z1]).detach().requires_grad_()
    loss = AUNCELoss(sampler, gather_distributed=gather)(*z, labels)
    (gradients,) = torch.autograd.grad(loss, z)
    return loss.detach(), gradients
