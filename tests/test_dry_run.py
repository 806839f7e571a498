"""What a dry run says, against the run itself; and that it leaves nothing behind."""

from __future__ import annotations

import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch
from test_cli import call

from aunce_lib.batches import epoch_batches
from aunce_lib.config import TrainConfig
from aunce_lib.dry_run import DryRun, _duration
from aunce_lib.experiment import parts_of, train_on


@pytest.fixture(scope="module")
def prepared(tiny, tmp_path_factory):
    """A folder as `aunce prepare` leaves it, of synthetic faces."""
    folder = tmp_path_factory.mktemp("prepared")
    tiny.save(folder / "frames.parquet")
    shutil.copy(tiny.store.path, folder / "frames.store")
    return folder


CONFIG = TrainConfig(epochs=1, batch_size=32, dim=8)


def contents(folder):
    return sorted((str(path), path.stat().st_mtime_ns) for path in folder.rglob("*"))


@pytest.mark.parametrize("loss", ["aunce", "bce"])
@pytest.mark.parametrize("backbone", ["conv-small", "swin-nano"])
def test_model_data_and_checkpoint_are_those_of_the_run(prepared, tmp_path, backbone, loss):
    config = replace(CONFIG, backbone=backbone, loss=loss)
    told = DryRun.of(prepared, config, tmp_path / "run", 1)
    assert not (tmp_path / "run").exists()
    run = train_on(prepared, tmp_path / "run", config, 1)

    head = 0 if loss == "aunce" else 12 * 8 + 12  # a rule for each AU
    encoder = sum(p.numel() for p in run.encoder.parameters())
    assert sum(told.parameters.values()) == encoder + head
    assert told.parameters["loss"] == head
    checkpoint = next((run.folder / "checkpoints").glob("epoch_*"))
    size = sum(path.stat().st_size for path in checkpoint.iterdir())
    assert told.checkpoint == pytest.approx(size, rel=0.02)

    learners = parts_of(prepared, config, 1).learners
    batches = epoch_batches(torch.from_numpy(learners.labels), config, 1)
    assert told.n_batches == len(batches)
    assert told.n_left_out == len(learners) - 32 * len(batches)
    assert told.people["to learn from"] == (len(learners), len(set(learners.subjects)))
    rate = learners.labels.mean(axis=0)
    np.testing.assert_allclose(told.rates["active"], rate, rtol=1e-6)
    np.testing.assert_allclose(told.rates["absent"], (1 - rate) ** 32, rtol=1e-4)


def test_all_epochs_take_their_number_times_one(prepared, tmp_path):
    told = DryRun.of(prepared, replace(CONFIG, epochs=7), tmp_path / "run")
    assert told.seconds["total"] == pytest.approx(7 * told.seconds["epoch"])
    assert told.seconds["epoch"] > told.n_batches * told.seconds["step"]


def test_nothing_is_written_and_no_random_number_drawn(prepared, tmp_path):
    before, state = contents(prepared), torch.get_rng_state()
    DryRun.of(prepared, CONFIG, tmp_path / "deep" / "run")
    assert contents(prepared) == before
    assert contents(tmp_path) == []
    assert torch.equal(torch.get_rng_state(), state)


def test_the_command_prints_all_of_it(prepared, monkeypatch, capsys, tmp_path):
    arguments = ["--config.epochs", 1, "--config.batch_size", 32, "--dry-run"]
    assert call(monkeypatch, "train", prepared, tmp_path / "run", *arguments) == 0
    told = capsys.readouterr().out
    for part in ("nothing is written", "Model:", "Data:", "AU12", "Memory on the CPU", "Time on"):
        assert part in told
    assert not (tmp_path / "run").exists()


def test_a_folder_with_a_run_in_it_is_told(prepared, tmp_path):
    CONFIG.save(tmp_path / "config.yaml")
    assert "--resume true" in str(DryRun.of(prepared, CONFIG, tmp_path))


def test_weights_that_are_not_here_are_told_and_not_fetched(prepared, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    from aunce_lib import encoder

    monkeypatch.setitem(encoder.SWIN, "swin-tiny", encoder.SWIN["swin-nano"])
    monkeypatch.setitem(encoder.PRETRAINED, "swin-tiny", "aunce-tests/not-there")
    config = replace(CONFIG, backbone="swin-tiny", pretrained=True)
    notes = DryRun.of(prepared, config, tmp_path / "run").notes
    assert "not on this machine; the run downloads aunce-tests/not-there" in notes[0]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"batch_size": 5000}, "less than batch_size 5000"),
        ({"crop_from": 128}, "--size 128"),
        ({"init": "nobody"}, "no pretrained model 'nobody'"),
        ({"backbone": "swin-tiny", "image_size": 224, "pretrained": "/nowhere"}, "at /nowhere"),
    ],
)
def test_what_the_run_would_refuse_is_refused(prepared, tmp_path, changes, message):
    with pytest.raises((ValueError, OSError), match=message):
        DryRun.of(prepared, replace(CONFIG, **changes), tmp_path / "run")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.5, "500 ms"), (59.9, "59.9 s"), (3599, "59 min 59 s"), (90_000, "1 d 1 h")],
)
def test_durations_are_read_easily(seconds, text):
    assert _duration(seconds) == text
