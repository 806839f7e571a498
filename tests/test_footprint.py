"""Bytes against tensors that are really kept, seconds against a clock that is given."""

from __future__ import annotations

import pytest
import torch

from aunce_lib.config import TrainConfig
from aunce_lib.encoder import Encoder
from aunce_lib.footprint import TIMED, _Trainer, footprint, size_text
from aunce_lib.optimisation import Objective, criterion_for

SMALL = {"dim": 8, "batch_size": 16, "precision": "32-true"}


def trainer(faces, **settings):
    torch.manual_seed(0)
    config = TrainConfig(**{**SMALL, **settings})
    encoder = config.build_encoder(len(faces.aus))
    criterion = criterion_for(config, torch.from_numpy(faces.labels), encoder.dim)
    return _Trainer(Objective(encoder, criterion), config, faces)


@pytest.mark.parametrize("backbone", ["conv-small", "swin-nano"])
def test_activations_scaled_from_two_faces_are_those_of_the_batch(tiny, backbone):
    one = trainer(tiny, backbone=backbone)
    one._step(2)
    whole = one._kept(lambda: one.objective(*one._batch(16)))
    assert one._activations(2, 16) == pytest.approx(whole, rel=0.03)


def test_what_is_kept_is_each_tensor_once_and_not_the_weights(tiny):
    one = trainer(tiny)
    x = torch.randn(5, 7, requires_grad=True)
    weights = one.model.encoder.projection.weight
    assert one._kept(lambda: x * x) == 5 * 7 * 4
    assert one._kept(lambda: (x.exp() * 2).sum()) == 5 * 7 * 4
    assert (
        one._kept(lambda: torch.ones(3, weights.shape[1]) @ weights.T) == 3 * weights.shape[1] * 4
    )


def test_weights_gradients_and_moments_are_those_of_a_real_step(tiny):
    one = trainer(tiny, loss="bce")
    one._step(2)
    memory = one._memory(2, 16)
    state = list(one.optimizer.state.values())
    moments = sum(s[name].nbytes for s in state for name in ("exp_avg", "exp_avg_sq"))
    assert memory["AdamW"] == moments
    assert memory["gradients"] == sum(p.grad.nbytes for p in one.model.parameters())
    buffers = sum(t.nbytes for t in one.model.state_dict().values())
    assert memory["weights"] == pytest.approx(buffers, rel=1e-3)


def test_seconds_are_scaled_to_the_batch_but_for_the_optimizer(tiny, monkeypatch):
    one = trainer(tiny)
    # two small steps, the timed one, the optimizer alone, a look
    clock = iter([4.0, 2.5, 9.0, 1.0, 0.4])
    monkeypatch.setattr(one, "_time", lambda work, times=TIMED: next(clock))
    found = one.measure()
    assert found.timed_batch == 4  # in 5 seconds, at 2.5 for two faces
    assert found.step == pytest.approx(1 + (9 - 1) * 16 / 4)
    assert found.look == pytest.approx(0.1)


def test_a_slow_step_is_not_repeated_with_more_faces(tiny, monkeypatch):
    one = trainer(tiny)
    clock = iter([60.0, 50.0, 2.0, 3.0])
    monkeypatch.setattr(one, "_time", lambda work, times=TIMED: next(clock))
    found = one.measure()
    assert found.timed_batch == 2
    assert found.step == pytest.approx(2 + 48 * 16 / 2)


def test_micro_batches_hold_less_and_pass_once_more(tiny, monkeypatch):
    whole, parts = trainer(tiny), trainer(tiny, micro_batch=4)
    for one in (whole, parts):
        one._step(2)
    assert parts._activations(2, 4) < 0.4 * whole._activations(2, 16)
    assert parts._memory(2, 16)["activations"] == pytest.approx(parts._activations(2, 4), rel=0.1)
    assert (parts._passes(), whole._passes()) == (4 / 3, 1.0)


@pytest.mark.parametrize("batch_size", [1, 2, 3])
def test_any_batch_can_be_measured(tiny, batch_size):
    config = TrainConfig(**SMALL | {"batch_size": batch_size})
    model = Objective(Encoder(len(tiny.aus), dim=8), criterion_for(config, torch.zeros(4, 12), 8))
    found = footprint(model, config, tiny)
    assert found.timed_batch <= batch_size
    assert min(found.step, found.look, *found.memory.values()) > 0
    assert "CPU" in found.device


def test_the_loss_grows_with_the_square_of_the_batch(tiny):
    one = trainer(tiny)
    assert one._loss_bytes(512) > 3 * one._loss_bytes(200)


@pytest.mark.parametrize(
    ("n", "text"),
    [(12, "12 B"), (999, "999 B"), (999_900, "1 MB"), (2.5e9, "2.5 GB"), (3e12, "3.0 TB")],
)
def test_sizes_are_read_in_decimal_units(n, text):
    assert size_text(n) == text
