"""Several processes as one batch: the exact gather, its rows, the shared seed, global sums.

Anchors stay where they are; what they are compared with comes from everywhere. With one process
(or before `torch.distributed` is initialised) every function here does nothing.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable

import torch
import torch.distributed as dist
from torch import Tensor


def world() -> tuple[int, int]:
    """Rank of this process and number of processes: (0, 1) when there is just one."""
    if dist.is_available() and dist.is_initialized():
        return dist.get_rank(), dist.get_world_size()
    return 0, 1


class _Gather(torch.autograd.Function):
    """Concatenation over processes whose gradient adds up what every process says of each row."""

    @staticmethod
    def forward(ctx, x: Tensor) -> Tensor:
        parts = [torch.empty_like(x) for _ in range(dist.get_world_size())]
        dist.all_gather(parts, x)
        return torch.cat(parts)

    @staticmethod
    def backward(ctx, gradient: Tensor) -> Tensor:
        gradient = gradient.clone(memory_format=torch.contiguous_format)
        dist.all_reduce(gradient)
        return gradient.chunk(dist.get_world_size())[dist.get_rank()]


def gather(x: Tensor) -> Tensor:
    """Rows of all processes, in the order of their ranks, with exact gradients.

    Args:
        x: (B, ...) the rows of this process; every process brings as many.

    Returns:
        (world · B, ...), the same on every process.
    """
    return x if world()[1] == 1 else _Gather.apply(x.contiguous())


def local_rows(n_rows: int) -> slice:
    """Where this process' `n_rows` rows stand among the gathered ones."""
    rank, _ = world()
    return slice(rank * n_rows, (rank + 1) * n_rows)


def shared_seed(seed: int | None = None) -> int:
    """A seed that all processes have: the given one of rank 0, or a fresh one."""
    value = torch.tensor(secrets.randbelow(2**31) if seed is None else seed)
    if world()[1] > 1:
        dist.broadcast(value, src=0)
    return int(value)


def global_ratio(total: Tensor, weight: Tensor) -> Tensor:
    """Σ total / Σ weight over all processes, scaled so that gradients averaged by DDP are right.

    DDP averages gradients over the W processes, so each returns W · its total / the global weight.

    Args:
        total: Scalar of this process, carrying its gradient.
        weight: Scalar of this process. If it is 0 everywhere the ratio is total (a zero).
    """
    _, n_processes = world()
    weight = weight.detach().clone()
    if n_processes > 1:
        dist.all_reduce(weight)
    return total if weight == 0 else n_processes * total / weight


def global_sum(x: Tensor) -> Tensor:
    """Sum over all processes, the same on each, without gradient: for numbers to look at."""
    x = x.detach().clone()
    if world()[1] > 1:
        dist.all_reduce(x)
    return x


def everywhere(condition: Tensor) -> bool:
    """Whether a condition, a bool scalar, holds on every process."""
    return not global_sum((~condition).float())


def average_gradients(parameters: Iterable[Tensor]) -> None:
    """What DDP does during a backward pass, afterwards."""
    _, n_processes = world()
    if n_processes > 1:
        for parameter in parameters:
            dist.all_reduce(parameter.grad)
            parameter.grad /= n_processes
