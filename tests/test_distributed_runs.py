"""`aunce train` on two processes: the run that one process does, stopped and resumed on either."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from frozen_aunce import stop_at
from safetensors.torch import load_file
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from aunce_lib.config import TrainConfig
from aunce_lib.corpora import FrameTable
from aunce_lib.experiment import train_on
from aunce_lib.interruption import TrainingStopped
from aunce_lib.pretrained import start_encoder
from aunce_lib.training import Run

# from a backbone whose BatchNorms know faces: else embeddings are nearly one, and rounding rules
CONFIG = TrainConfig.quick(
    epochs=2, batch_size=24, dim=8, learning_rate=2e-4, precision="32-true", keep_epochs=(0, 1)
)
N_STEPS = 5  # of an epoch


@pytest.fixture(scope="module")
def prepared(tiny, tmp_path_factory) -> Path:
    """A corpus as `aunce prepare` leaves it."""
    folder = tmp_path_factory.mktemp("prepared")
    (folder / "frames.store").symlink_to(tiny.store.path)
    tiny.save(folder / "frames.parquet")
    return folder


@pytest.fixture
def frozen(monkeypatch):
    monkeypatch.setattr(_BatchNorm, "train", lambda self, mode=True: nn.Module.train(self, False))


@pytest.fixture(scope="module")
def alone(prepared, tmp_path_factory) -> Run:
    """The run of one process, never stopped."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_BatchNorm, "train", lambda self, mode=True: nn.Module.train(self, False))
        return train_on(prepared, tmp_path_factory.mktemp("alone") / "run", CONFIG)


def aunce_train(prepared, out, *more, **environment) -> subprocess.CompletedProcess:
    """`aunce train` on two processes."""
    script = Path(__file__).with_name("frozen_aunce.py")
    CONFIG.save(out.parent / "mine.yaml")
    command = [sys.executable, script, "train", prepared, out, "--devices", "2"]
    command += ["--accelerator", "cpu", "--config", out.parent / "mine.yaml", *more]
    return subprocess.run(
        list(map(str, command)),
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=600,
    )


def assert_same_run(run: Run, alone: Run) -> None:
    """But for rounding, which grows from step to step."""
    assert run.config == alone.config
    columns = ["epoch", "loss", "alignment", "uniformity", "collapse"]
    np.testing.assert_allclose(run.history[columns], alone.history[columns], rtol=5e-3, atol=2e-3)
    np.testing.assert_allclose(run.history.loss, alone.history.loss, rtol=5e-4)
    torch.manual_seed(CONFIG.seed)
    start = start_encoder(CONFIG, len(run.aus)).state_dict()
    ours, theirs = run.encoder.state_dict(), alone.encoder.state_dict()
    for name in ("projection.weight", "per_au.linear.weight", "backbone.regions"):
        moved = (theirs[name] - start[name]).norm()
        assert moved > 1e-3
        assert (ours[name] - theirs[name]).norm() < 0.1 * moved, name


def checkpoints(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "checkpoints").iterdir())


def test_distributed_run_stopped_on_two_processes_goes_on_on_one(prepared, alone, tmp_path, frozen):
    folder = tmp_path / "run"
    # rank 1 alone is told: rank 0 must hear of it, and speak for both
    stopped = aunce_train(prepared, folder, STOP_RANK="1", STOP_AT=str(N_STEPS + 2))
    assert stopped.returncode == 128 + 15, stopped.stderr
    assert stopped.stdout.count("epoch  1/2") == 1  # a line an epoch, not one of each process
    (told,) = (line for line in stopped.stderr.splitlines() if line.startswith("aunce: "))
    assert "stopped by SIGTERM in epoch 2, step 2, of 2 epochs" in told
    assert "--resume true" in told
    assert "Traceback" not in stopped.stderr
    assert checkpoints(folder) == ["epoch_0001", "epoch_0001_step_0000002"]
    state = json.loads((folder / "checkpoints" / "epoch_0001_step_0000002/state.json").read_text())
    assert len(state["random"][1]) == 2
    run = train_on(prepared, folder, CONFIG, resume=True)
    assert_same_run(run, alone)


def test_distributed_run_stopped_on_one_process_goes_on_on_two(
    prepared, alone, tmp_path, frozen, monkeypatch
):
    folder = tmp_path / "run"
    with monkeypatch.context() as patch:
        patch.setattr(FrameTable, "images", FrameTable.images)  # put back afterwards
        stop_at(1 + 3)  # the first read is for the embeddings of epoch 0
        with pytest.raises(TrainingStopped, match="epoch 1, step 3") as stop:
            train_on(prepared, folder, CONFIG)
    assert stop.value.signal == 15
    assert checkpoints(folder) == ["epoch_0000_step_0000003"]
    finished = aunce_train(prepared, folder, "--resume", "true")
    assert finished.returncode == 0, finished.stderr
    assert finished.stdout.count("trained; `aunce probe") == 1
    run = Run.load(folder)
    assert_same_run(run, alone)
    assert json.loads((folder / "metrics.json").read_text())["train"]["epoch"] == 2
    assert len(run.embeddings(1)[0]) == len(alone.embeddings(1)[0])
    assert not list(folder.rglob(".*"))


def test_distributed_run_in_a_taken_folder_is_told_once_and_ends_on_all(prepared, alone):
    refused = aunce_train(prepared, alone.folder)
    assert refused.returncode == 2
    told = [line for line in refused.stderr.splitlines() if "holds a run already" in line]
    assert len(told) == 1
    assert "Traceback" not in refused.stderr
    assert pd.read_csv(alone.folder / "history.csv").epoch.tolist() == [1, 2]
    assert load_file(alone.folder / "checkpoints" / "epoch_0002" / "model.safetensors")
