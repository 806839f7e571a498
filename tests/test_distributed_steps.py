"""One step of every loss: several processes, each with its share, do what one does with the batch.

BatchNorms are frozen: on processors they would normalise by the share of their process.
"""

from __future__ import annotations

import os
from dataclasses import replace
from functools import cache

import pandas as pd
import pytest
import torch
import torch.multiprocessing as mp
from frozen_aunce import freeze_batchnorms
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from aunce_lib import training
from aunce_lib.batches import epoch_batches, two_views
from aunce_lib.config import LOSSES, TrainConfig
from aunce_lib.corpora import FrameStore, FrameTable
from aunce_lib.devices import fabric_for, launch
from aunce_lib.interruption import FailedElsewhere, StopRequest

USUAL = TrainConfig(batch_size=16, dim=8, precision="32-true", temperature=0.2)
CASES = {loss: {"loss": loss} for loss in LOSSES} | {
    "official": {"variant": "official"},
    "two losses": {"cross_entropy": 0.5},
    "in chunks": {"chunk_size": 3},
    "in micro-batches": {"micro_batch": 3},
    "bce in micro-batches": {"loss": "bce", "micro_batch": 3},
    "centroid in micro-batches": {"loss": "centroid", "micro_batch": 4},
}


def one_step(table: FrameTable, config: TrainConfig, folder) -> dict[str, torch.Tensor]:
    """Loss, gradients, and weights after the step."""
    fabric = fabric_for(config, accelerator="cpu")
    launch(fabric)
    work = training._Training(fabric, table, None, config, folder, progress=False)
    work.save_seconds, work.saved = 1e9, 0.0
    objective = work.objective.module
    look_around(objective.encoder, table)
    for group in work.optimizer.param_groups:
        group["eps"] = 1e-3  # else the first step is lr · sign(g), even where g is rounding
    generator = work._random_numbers()
    work.objective.train()
    rows = epoch_batches(work.labels, config, 1)[0][work.share]
    images = table.images(rows)
    views = two_views(work.views, images, generator, config.batch_size, work.share)
    loss, z0, z1, backward = work._compare(*views, work.labels[rows])
    value, *_ = work._vote(loss, StopRequest())
    work.optimizer.zero_grad()
    backward()
    results = {
        "loss": torch.tensor(value),
        "alignment": (z0 - z1).detach().square().sum() / len(z0),
    }
    parameters = dict(objective.named_parameters())
    results |= {f"gradient {name}": p.grad.clone() for name, p in parameters.items()}
    work.optimizer.step()
    results |= {f"weight {name}": p.detach().clone() for name, p in parameters.items()}
    results |= {f"buffer {name}": b.clone() for name, b in objective.named_buffers()}
    return results


@torch.no_grad()
def look_around(encoder: nn.Module, table: FrameTable) -> None:
    """Give frozen BatchNorms the statistics of faces; without, all embeddings are nearly one."""
    norms = [module for module in encoder.modules() if isinstance(module, _BatchNorm)]
    for _ in range(3):  # those of a layer hold only when the layers below have theirs
        for norm in norms:
            norm.training, norm.momentum = True, 1.0
        encoder(table.images().float() / 255)
    for norm in norms:
        norm.training = False


def work(rank: int, n_processes: int, folder: str) -> None:
    """What each process does, as torchrun starts it."""
    torch.set_num_threads(1)
    freeze_batchnorms()
    os.environ |= {
        "RANK": str(rank), "LOCAL_RANK": str(rank), "GROUP_RANK": "0", "TORCHELASTIC_RUN_ID": "1",
        "WORLD_SIZE": str(n_processes), "LOCAL_WORLD_SIZE": str(n_processes),
    }  # fmt: skip
    table = FrameTable.load(f"{folder}/faces.parquet", FrameStore.open(f"{folder}/faces.store"))
    results = {}
    for case, settings in CASES.items():
        found = one_step(table, replace(USUAL, **settings), folder)
        results |= {f"{case}/{name}": value.contiguous() for name, value in found.items()}
    with pytest.raises(ValueError, match=f"must be a multiple of their number, {n_processes}"):
        training.share_of(n_processes + 1)
    broken = replace(USUAL, learning_rate=1e30, warmup=0.0)
    failure = FloatingPointError if rank == 0 else FailedElsewhere
    with pytest.raises(failure, match="nan in epoch 1, step 1"):
        training.fit(table, broken, f"{folder}/broken", fabric=fabric_for(broken, "cpu"))
    save_file(results, f"{folder}/{rank}.safetensors")


@pytest.fixture(scope="module")
def table(tiny) -> FrameTable:
    return tiny.take(range(0, 240, 5))


@pytest.fixture(scope="module")
def alone(table, tmp_path_factory):
    """What one process does with a batch, by case."""

    @cache
    def found(case):
        with pytest.MonkeyPatch.context() as patch:
            frozen = lambda self, mode=True: nn.Module.train(self, False)  # noqa: E731
            patch.setattr(_BatchNorm, "train", frozen)
            return one_step(table, replace(USUAL, **CASES[case]), tmp_path_factory.mktemp("alone"))

    return found


@pytest.fixture(scope="module", params=[2, pytest.param(4, marks=pytest.mark.slow)])
def processes(request, table, tmp_path_factory):
    """What each of several processes has found."""
    folder = tmp_path_factory.mktemp("processes")
    table.save(folder / "faces.parquet")
    (folder / "faces.store").symlink_to(table.store.path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MASTER_ADDR", "127.0.0.1")
        patch.setenv("MASTER_PORT", str(free_port()))
        mp.spawn(work, args=(request.param, str(folder)), nprocs=request.param)
    assert len(pd.read_csv(folder / "broken" / "not_finite_epoch_1_step_1.csv")) == USUAL.batch_size
    return [load_file(folder / f"{rank}.safetensors") for rank in range(request.param)]


def free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.mark.parametrize("case", CASES)
def test_distributed_step_is_the_step_of_one_process(case, processes, alone):
    expected = alone(case)
    largest = max(v.abs().max().item() for n, v in expected.items() if n.startswith("gradient"))
    assert largest > 1e-3
    for found in processes:
        assert {n for n in found if n.startswith(f"{case}/")} == {f"{case}/{n}" for n in expected}
        for name, value in expected.items():
            if name == "alignment":
                continue
            given = found[f"{case}/{name}"]
            atol = 1e-5 * largest if name.startswith("gradient") else 1e-5
            torch.testing.assert_close(given, value, rtol=1e-5, atol=atol, msg=f"{name} differs")


@pytest.mark.parametrize("case", ["aunce", "bce", "centroid"])
def test_distributed_processes_have_seen_different_faces(case, processes, alone):
    local = torch.stack([found[f"{case}/alignment"] for found in processes])
    assert local.std() > 1e-6
    torch.testing.assert_close(local.mean(), alone(case)["alignment"], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("case", ["in micro-batches", "in chunks"])
def test_in_parts_a_step_is_the_same(case, alone):
    for name, value in alone("aunce").items():
        torch.testing.assert_close(alone(case)[name], value, rtol=1e-5, atol=1e-5)
