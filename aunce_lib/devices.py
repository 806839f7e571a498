"""Where a training takes place: on which devices of which machines, through lightning-fabric.

It is no part of what a run is: config.yaml does not hold it, and a run goes on elsewhere.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from contextlib import contextmanager
from typing import TypeVar

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from aunce_lib.config import TrainConfig
from aunce_lib.interruption import FailedElsewhere

T = TypeVar("T")


def fabric_for(
    config: TrainConfig,
    accelerator: str = "auto",
    devices: int | str = 1,
    num_nodes: int = 1,
    strategy: str = "auto",
) -> Fabric:
    """Where to train; `training.fit` starts the processes.

    Started by torchrun, it takes as many processes as that has made. Under Slurm, state what the
    job has: `devices` tasks on each of `num_nodes` machines. Else the script that asks for several
    devices is started once more for each. All machines must see the folder of the run.

    Args:
        config: Settings; the precision is chosen by them.
        accelerator: "auto", "cpu", "cuda" or another name that Fabric knows.
        devices: How many of each machine, or "auto" for all; on "cpu", processes.
        num_nodes: Machines.
        strategy: "auto" or "ddp": every process holds the model, and a share of each batch.

    Raises:
        ValueError: If that can't be had here.
    """
    if strategy not in ("auto", "ddp"):
        raise ValueError(f'strategy must be "auto" or "ddp", got {strategy!r}')
    if devices == 1 and "LOCAL_WORLD_SIZE" in os.environ:  # torchrun has started us
        devices = int(os.environ["LOCAL_WORLD_SIZE"])
        num_nodes = int(os.environ["WORLD_SIZE"]) // devices
    if num_nodes > 1 or str(devices) not in ("1", "auto"):
        strategy = "ddp"  # in a notebook Fabric would take another one, for which fit is not made
    where = {"devices": devices, "num_nodes": num_nodes, "accelerator": accelerator}
    with _quiet_fabric():
        try:
            return Fabric(precision=_precision(config, accelerator), strategy=strategy, **where)
        except (RuntimeError, TypeError, ValueError) as error:
            asked = ", ".join(f"{name} {value}" for name, value in where.items())
            raise ValueError(f"{asked} can't be had here: {error}") from error


def launch(fabric: Fabric) -> None:
    """Start the processes, or meet those that were started; again, it does nothing.

    Raises:
        ValueError: If torchrun or Slurm has started another number of them.
    """
    if fabric.world_size == 1 and os.environ.get("SLURM_PROCID", "0") != "0":
        raise ValueError(
            f"Slurm has started task {os.environ['SLURM_PROCID']} of a training on one device: "
            "state devices and num_nodes as the job has them"
        )
    with _quiet_fabric():
        fabric.launch()


def on_first(fabric: Fabric, call: Callable[..., T], *arguments) -> T:
    """Let the first process call, and give what comes of it to all.

    Raises:
        Exception: On the first process, whatever the call raised.
        FailedElsewhere: On the others, if it raised.
    """
    if fabric.world_size == 1:
        return call(*arguments)
    result, failure = None, None
    if fabric.global_rank == 0:
        try:
            result = call(*arguments)
        except Exception as error:  # noqa: BLE001 whatever it is, nobody may wait for ever
            failure = error
    told = failure and f"{type(failure).__name__}: {failure}"
    result, told = fabric.broadcast((None if failure else result, told))
    if failure:
        raise failure
    if told:
        raise FailedElsewhere(f"the first process failed with {told}")
    return result


def with_global_norms(module: nn.Module, fabric: Fabric) -> nn.Module:
    """Let BatchNorms see the whole batch; on processors, which cannot, they see their share."""
    if fabric.world_size > 1 and fabric.device.type == "cuda":
        return nn.SyncBatchNorm.convert_sync_batchnorm(module)
    return module


def random_state(device: torch.device) -> Tensor:
    """State of torch's own random numbers, uint8 (n,), on the processor and on a GPU."""
    states = [torch.get_rng_state()]
    if device.type == "cuda":
        states.append(torch.cuda.get_rng_state(device))
    return torch.cat(states)


def set_random_state(state: Tensor, device: torch.device) -> None:
    """Put back what `random_state` has given for a device of the same type."""
    n = len(torch.get_rng_state())
    torch.set_rng_state(state[:n])
    if device.type == "cuda":
        torch.cuda.set_rng_state(state[n:], device)


def _precision(config: TrainConfig, accelerator: str = "auto") -> str:
    """What "auto" means here: bf16 where the device multiplies it natively, else it is slower."""
    if config.precision != "auto":
        return config.precision
    if accelerator != "cpu" and torch.cuda.is_available():
        return "bf16-mixed" if torch.cuda.is_bf16_supported() else "32-true"
    units = torch.cpu.get_capabilities()
    return "bf16-mixed" if units.get("avx512_bf16") or units.get("amx_bf16") else "32-true"


@contextmanager
def _quiet_fabric():
    """Without Fabric's notes on precision and processes, which it would write to stderr."""
    logger = logging.getLogger("lightning_fabric")
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(level)
