"""A batch in parts: the gradients of the whole, statistics counted once, the same random depth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from aunce_lib import training
from aunce_lib.batches import epoch_batches, two_views
from aunce_lib.config import TrainConfig
from aunce_lib.devices import fabric_for

CONFIG = TrainConfig(batch_size=12, dim=8, precision="32-true")


def gradients(table, folder, config: TrainConfig, learning: bool) -> dict[str, torch.Tensor]:
    """Loss, gradients and buffers of the first step, BatchNorms learning or frozen."""
    work = training._Training(fabric_for(config, "cpu"), table, None, config, folder, False)
    generator = work._random_numbers()
    work.objective.train()
    if not learning:
        for module in work.objective.modules():
            if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
                module.eval()
    rows = epoch_batches(work.labels, config, 1)[0]
    views = two_views(work.views, table.images(rows), generator, len(rows), slice(None))
    loss, z0, _, backward = work._compare(*views, work.labels[rows])
    backward()
    objective = work.objective.module
    found = {name: p.grad for name, p in objective.named_parameters()}
    found |= {"loss": loss.detach(), "z0": z0.detach(), "random": torch.get_rng_state()}
    buffers = {n: b for n, b in objective.named_buffers() if "num_batches" not in n}
    return found | buffers


@pytest.fixture
def table(tiny):
    return tiny.take(np.arange(0, 240, 10))


@pytest.mark.parametrize("size", [1, 5, 12, 40])
@pytest.mark.parametrize("loss", ["aunce", "supcon", "bce"])
def test_in_parts_of_any_size_gradients_are_those_of_the_batch(table, tmp_path, loss, size):
    config = replace(CONFIG, loss=loss)
    whole = gradients(table, tmp_path, config, learning=False)
    parts = gradients(table, tmp_path, replace(config, micro_batch=size), learning=False)
    scale = max(value.abs().max().item() for name, value in whole.items() if name != "random")
    for name, value in whole.items():
        torch.testing.assert_close(parts[name], value, rtol=1e-5, atol=1e-5 * min(scale, 1.0))


def test_a_part_that_is_the_batch_is_the_usual_step_with_learning_norms_and_random_depth(
    table, tmp_path
):
    config = replace(CONFIG, backbone="swin-nano", drop_path=0.5)
    whole = gradients(table, tmp_path, config, learning=True)
    parts = gradients(table, tmp_path, replace(config, micro_batch=12), learning=True)
    for name, value in whole.items():  # statistics too: counted once, though embedded twice
        torch.testing.assert_close(parts[name], value, rtol=1e-5, atol=1e-5)


def test_small_batches_added_up_would_be_another_loss(table, tmp_path):
    whole = gradients(table, tmp_path, CONFIG, learning=False)["loss"]
    z0 = gradients(table, tmp_path, replace(CONFIG, batch_size=4), learning=False)["loss"]
    assert abs(whole - z0) > 1e-2
