"""Two processes are one if they gather, and are not if they do not."""

from __future__ import annotations

import pytest
import torch

from aunce_lib.inspection import loss_by_processes


def test_distributed_loss_and_gradient_are_those_of_one_process_if_gathered():
    torch.manual_seed(0)
    z0, z1 = torch.nn.functional.normalize(torch.randn(2, 12, 3, 8), dim=-1)
    labels = torch.randint(0, 2, (12, 3)).float()
    table = loss_by_processes(z0, z1, labels)
    assert list(table.index) == ["one process", "2 processes", "2 processes, each alone"]
    assert list(table.faces) == [12, 6, 6]
    for column in ("loss", "gradient"):
        one, gathered, alone = table[column]
        assert gathered == pytest.approx(one, rel=1e-5)
        assert abs(alone / one - 1) > 0.01


@pytest.mark.parametrize(("n", "n_processes"), [(5, 2), (4, 1), (4, 0)])
def test_a_batch_that_cannot_be_shared_out_is_refused(n, n_processes):
    z = torch.randn(n, 3, 8)
    with pytest.raises(ValueError, match=f"{n} faces .* {n_processes} processes"):
        loss_by_processes(z, z, torch.zeros(n, 3), n_processes)
