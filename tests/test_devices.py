"""Where a training takes place: what is refused, and what processes tell each other."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from aunce_lib import devices
from aunce_lib.config import TrainConfig
from aunce_lib.devices import fabric_for, launch, on_first, random_state, set_random_state
from aunce_lib.interruption import FailedElsewhere

CONFIG = TrainConfig()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"accelerator": "abacus"}, "accelerator abacus.* can't be had here"),
        ({"strategy": "fsdp"}, 'strategy must be "auto" or "ddp"'),
        ({"devices": 0}, "devices 0.* can't be had here"),
        ({"devices": "many", "accelerator": "cpu"}, "devices many.* can't be had here"),
        ({"num_nodes": 0}, "num_nodes 0.* can't be had here"),
    ],
)
def test_what_is_not_there_is_refused_by_name(settings, message):
    with pytest.raises(ValueError, match=message):
        fabric_for(CONFIG, **settings)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match=r"devices 4.*accelerator cuda.* can't be had here"):
        fabric_for(CONFIG, "cuda", 4)


def test_one_device_is_the_default_and_launching_it_does_nothing():
    fabric = fabric_for(CONFIG, "cpu")
    launch(fabric)
    launch(fabric)
    assert fabric.world_size == 1
    assert not torch.distributed.is_initialized()


def test_a_task_of_slurm_that_would_train_by_itself_is_refused(monkeypatch):
    fabric = fabric_for(CONFIG, "cpu")
    monkeypatch.setenv("SLURM_PROCID", "3")
    with pytest.raises(ValueError, match="task 3 .*state devices and num_nodes"):
        launch(fabric)


class TwoProcesses:
    """A Fabric as one of two processes sees it; what the first one tells is a value."""

    world_size, told = 2, None

    def __init__(self, rank):
        self.global_rank = rank

    def broadcast(self, value):
        if self.global_rank == 0:
            TwoProcesses.told = value
        return TwoProcesses.told


def test_what_the_first_process_finds_all_have_and_only_it_looks():
    looked = []
    for rank in (0, 1):
        found = on_first(TwoProcesses(rank), lambda n: looked.append(n) or 2 * n, 21)
        assert found == 42
    assert looked == [21]


def test_what_fails_on_the_first_process_ends_all():
    def fail():
        raise FileExistsError("taken")

    with pytest.raises(FileExistsError, match="taken"):
        on_first(TwoProcesses(0), fail)
    with pytest.raises(FailedElsewhere, match="FileExistsError: taken"):
        on_first(TwoProcesses(1), fail)


def test_random_numbers_go_on_from_a_state():
    state = random_state(torch.device("cpu"))
    first = torch.rand(3)
    set_random_state(state, torch.device("cpu"))
    assert torch.equal(torch.rand(3), first)


def test_norms_become_global_on_several_gpus_with_their_names_as_they_were(monkeypatch):
    fabric = TwoProcesses(0)
    fabric.device = torch.device("cuda")
    module = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    names = [*module.state_dict()]
    assert isinstance(devices.with_global_norms(module, fabric)[1], nn.SyncBatchNorm)
    assert [*module.state_dict()] == names
    fabric.device = torch.device("cpu")
    module = nn.Sequential(nn.BatchNorm1d(2))
    assert type(devices.with_global_norms(module, fabric)[0]) is nn.BatchNorm1d
