"""Weights from a stranger: read rightly or refused by name; never code, a crash or much memory."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from hostile import Target, bytes_damaged, json_damaged, judge, tensors_damaged, yaml_damaged
from safetensors.numpy import save
from torch import nn

from aunce_lib import epochs
from aunce_lib.checkpoint import _checksums, latest_checkpoint, load_checkpoint, save_checkpoint
from aunce_lib.config import TrainConfig
from aunce_lib.evaluation.probe import Probe
from aunce_lib.pretrained import Pretrained, load_pretrained, save_pretrained
from aunce_lib.training import Run

AUS, CONFIG = (1, 12), TrainConfig(dim=4, image_size=32)
CARD = dict.fromkeys(("data", "recipe", "seed", "scores", "limits", "command"), "none")


def a_probe() -> Probe:
    return Probe(AUS, "logistic", np.ones((2, 4), np.float32), *np.full((3, 2), 0.5, np.float32))


# shipped models


def make_model(folder: Path) -> None:
    torch.manual_seed(0)
    save_pretrained("m", CONFIG.build_encoder(2).eval(), CONFIG, AUS, CARD, a_probe(), folder)


def damage_model(folder: Path, rng) -> None:
    path, card = folder / "m.safetensors", folder / "m.json"
    if rng.random() < 0.2:
        card.write_bytes(json_damaged(card.read_bytes(), rng))
        return
    path.write_bytes(tensors_damaged(path.read_bytes(), rng))
    if rng.random() < 0.8:  # who forges weights forges their card
        note = json.loads(card.read_text()) | {
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest()
        }
        card.write_text(json.dumps(note))


def check_model(model: Pretrained) -> None:
    z = model.encoder(torch.rand(2, 3, *[model.config.image_size] * 2)).shape
    assert len(model.aus) == z[1]
    assert "<script" not in model._repr_html_()


MODEL = Target(make_model, damage_model, lambda f: load_pretrained("m", f), check_model)

# probes


def damage_one(damage):
    def one(folder: Path, rng) -> None:
        (path,) = folder.iterdir()
        path.write_bytes(damage(path.read_bytes(), rng))

    return one


def check_probe(probe: Probe) -> None:
    scores = probe.scores(np.ones((1, *probe.weight.shape), np.float32))
    assert scores.shape == (1, len(probe.aus))


PROBE = Target(
    lambda folder: a_probe().save(folder / "p.safetensors"),
    damage_one(tensors_damaged),
    lambda folder: Probe.load(folder / "p.safetensors"),
    check_probe,
)

# runs and their checkpoints


def module() -> tuple[nn.Module, torch.optim.Optimizer]:
    torch.manual_seed(0)
    model = nn.ModuleDict({"encoder": CONFIG.build_encoder(2)})
    optimizer = torch.optim.AdamW(model.parameters())
    model["encoder"](torch.rand(2, 3, 32, 32)).sum().backward()
    optimizer.step()
    return model, optimizer


def make_run(folder: Path) -> None:
    CONFIG.save(folder / "config.yaml")
    history = [{"epoch": 1, "loss": 0.5, "knn_f1": 0.5, "seconds": 1.0}]
    save_checkpoint(folder / "checkpoints", 1, *module(), {"aus": AUS, "history": history})


def damage_run(folder: Path, rng) -> None:
    checkpoint = folder / "checkpoints" / "epoch_0001"
    path, damage = [
        (folder / "config.yaml", yaml_damaged),
        (checkpoint / "state.json", json_damaged),
        (checkpoint / "model.safetensors", tensors_damaged),
        (checkpoint / "optimizer.safetensors", tensors_damaged),
        (checkpoint / "SHA256SUMS", bytes_damaged),
    ][rng.choice(5, p=[0.2, 0.25, 0.3, 0.2, 0.05])]
    path.write_bytes(damage(path.read_bytes(), rng))
    if path.name != "SHA256SUMS" and rng.random() < 0.8:
        (checkpoint / "SHA256SUMS").write_text(_checksums(checkpoint))


def load_run(folder: Path) -> Run:
    found = latest_checkpoint(folder / "checkpoints")
    if found is not None:
        load_checkpoint(found[0], *module())
    return Run.load(folder)


RUN = Target(make_run, damage_run, load_run, lambda run: check_model_of_run(run))


def check_model_of_run(run: Run) -> None:
    size = run.config.image_size
    assert len(run.aus) == run.encoder(torch.rand(2, 3, size, size)).shape[1]


# embeddings by epoch


def make_epochs(folder: Path) -> None:
    rng = np.random.default_rng(0)
    tensors = {
        "embeddings": rng.integers(-9, 9, (2, 2, 3, 4)).astype(np.int8),
        "scale": np.ones((2, 2, 1, 4), np.float32),
        "epochs": np.array([0, 1]),
        "rows": np.arange(3),
        "labels": np.ones((3, 2), np.int8),
        "light": np.zeros(3, np.float32),
    }
    note = {"aus": AUS, "subjects": ["a", "b", "c"], "history": [{"epoch": 1, "loss": 0.5}]}
    note |= {"corpus": {"corpus": "synth-bp4d"}, "cosine_error": {"rms": 0.1, "largest": 0.2}}
    header = {"format": epochs.FORMAT, "note": json.dumps(note)}
    header["sha256"] = epochs._checksum(tensors, header["note"])
    (folder / f"m{epochs.ENDING}").write_bytes(save(tensors, header))


def check_epochs(loaded: epochs.Epochs) -> None:
    assert loaded.embeddings.ndim == 4
    assert np.isfinite(loaded.embeddings).all()


EPOCHS = Target(
    make_epochs, damage_one(tensors_damaged), lambda f: epochs.load_epochs("m", f), check_epochs
)


@pytest.mark.parametrize("n", [60, pytest.param(2500, marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    "target",
    [MODEL, PROBE, RUN, EPOCHS],
    ids=["shipped model", "probe", "run", "embeddings by epoch"],
)
def test_damaged_weights_are_refused_by_name_or_read_right(target, tmp_path, n):
    verdicts = judge(target, tmp_path, n)
    assert verdicts["refused"] > n / 3


# what lies about its size


@pytest.mark.parametrize(
    "settings",
    [{"dim": 65_536}, {"image_size": 4096}, {"backbone": "swin-base", "dim": 65_536}],
    ids=str,
)
def test_settings_that_ask_for_gigabytes_are_refused_before_they_are_given(tmp_path, settings):
    def claim(folder: Path, rng) -> None:
        TrainConfig(**settings).save(folder / "config.yaml")

    verdicts = judge(Target(make_run, claim, load_run), tmp_path, 1)
    assert verdicts == {"refused": 1}


def test_more_action_units_than_weights_are_refused(tmp_path):
    def claim(folder: Path, rng) -> None:
        checkpoint = folder / "checkpoints" / "epoch_0001"
        state = {"epoch": 1, "aus": list(range(1, 999)), "history": []}
        (checkpoint / "state.json").write_text(json.dumps(state))
        (checkpoint / "SHA256SUMS").write_text(_checksums(checkpoint))

    assert judge(Target(make_run, claim, load_run), tmp_path, 1) == {"refused": 1}
