"""Random numbers from an explicit seed."""

from __future__ import annotations

import torch
from torch import Tensor


class Draw:
    """Random tensors of n rows from one seed; `stream` keeps uses of the same seed apart."""

    def __init__(self, n: int, seed: int, stream: int) -> None:
        if isinstance(n, bool) or not isinstance(n, int) or n < 1:
            raise ValueError(f"at least one row is needed, got n = {n!r}")
        if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**48:
            raise ValueError(f"seed must be a whole number in 0..2**48 - 1, got {seed!r}")
        self.n = n
        self.generator = torch.Generator().manual_seed(seed * 1009 + stream)

    def normal(self, *shape: int, limit: float = 3.0) -> Tensor:
        """Standard normal numbers (n, *shape), cut off at +-limit."""
        return torch.randn(self.n, *shape, generator=self.generator).clamp(-limit, limit)

    def uniform(self, *shape: int) -> Tensor:
        """Numbers in 0..1, (n, *shape)."""
        return torch.rand(self.n, *shape, generator=self.generator)

    def chance(self, share: float | Tensor) -> Tensor:
        """1 with probability `share`, else 0, (n,)."""
        return (self.uniform() < share).float()

    def spread_evenly(self) -> Tensor:
        """A permuted grid of quantiles in 0..1, (n,): even a few people cover the whole range."""
        order = torch.randperm(self.n, generator=self.generator)
        return (order + 0.5) / self.n
