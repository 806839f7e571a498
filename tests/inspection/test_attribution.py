"""Attribution against scores whose truth is known: a linear one, and one corner of the picture."""

from __future__ import annotations

import sys

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score
from torch import nn

from aunce_lib.encoder import Encoder
from aunce_lib.evaluation.probe import Probe
from aunce_lib.inspection import agreement, attribute, plot_maps
from aunce_lib.inspection.attribution import METHODS, blurred, logit

AUS = (1, 12)


class Pixels(nn.Module):
    """An encoder that hands on the pixels: the score is then linear in them."""

    def forward(self, images):
        return images.flatten(1)[:, None].expand(-1, len(AUS), -1)


def probe_of(weights):
    """A probe (J, D) of those weights, float32."""
    weight = np.asarray(weights, np.float32)
    number = np.full(len(weight), 0.5, np.float32)
    return Probe(AUS, "published", weight, number, number, number * np.nan)


def pictures(n=2, side=8, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (n, 3, side, side), dtype=np.uint8)


@pytest.fixture
def corner():
    """A probe whose AU12 adds up the upper left 4 × 4 pixels; AU1 does not care."""
    weight = np.zeros((2, 3, 8, 8))
    weight[1, :, :4, :4] = 1
    return probe_of(weight.reshape(2, -1))


@pytest.fixture
def encoder():
    torch.manual_seed(0)
    return Encoder(len(AUS), dim=8, image_size=32).eval()


@pytest.fixture
def probe():
    return probe_of(np.random.default_rng(0).normal(size=(2, 8)))


def test_integrated_gradients_of_a_linear_score_are_weight_times_difference(corner):
    images, baseline = pictures(), torch.full((1, 3, 8, 8), 0.25)
    found = attribute(Pixels(), corner, images, 12, baseline=baseline, steps=3)
    expected = (images / 255 - 0.25).sum(axis=1)
    expected[:, 4:], expected[:, :, 4:] = 0, 0
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_occlusion_finds_where_the_score_is_made(corner):
    images = np.full((1, 3, 8, 8), 200, np.uint8)
    settings = {"baseline": torch.zeros(1, 3, 8, 8), "window": 4, "stride": 4}
    found = attribute(Pixels(), corner, images, 12, "occlusion", **settings)
    np.testing.assert_allclose(found[0, :4, :4], 3 * 16 * 200 / 255, rtol=1e-5)
    assert not found[0, 4:].any()
    assert not attribute(Pixels(), corner, images, 1, "occlusion", **settings).any()


def test_integrated_gradients_sum_to_the_difference_of_scores(encoder, probe):
    images = pictures(2, 32)
    x = torch.from_numpy(images) / 255
    found = attribute(encoder, probe, images, 12, steps=64)
    with torch.no_grad():
        difference = logit(encoder, probe, x, 12) - logit(encoder, probe, blurred(x), 12)
    np.testing.assert_allclose(found.sum(axis=(1, 2)), difference, rtol=0.1, atol=0.01)


def test_on_the_way_from_grey_an_encoder_that_standardises_sees_nothing(encoder, probe):
    images, grey = pictures(1, 32), torch.full((1, 3, 32, 32), 0.5)
    found = attribute(encoder, probe, images, 12, baseline=grey, steps=16)
    with torch.no_grad():
        x = torch.from_numpy(images) / 255
        difference = (logit(encoder, probe, x, 12) - logit(encoder, probe, grey, 12)).item()
    assert abs(found.sum()) < 0.2 * abs(difference)


def test_the_gradient_of_one_picture_is_that_of_the_same_picture_in_a_batch(encoder, probe):
    x = torch.from_numpy(pictures(2, 32)) / 255
    gradients = []
    for batch in (x, x[:1]):
        batch = batch.clone().requires_grad_()
        logit(encoder, probe, batch, 12)[0].backward()
        gradients.append(batch.grad[0])
    torch.testing.assert_close(*gradients, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_the_encoder_is_left_as_it_was(encoder, probe, method):
    encoder.train()
    before = {name: value.clone() for name, value in encoder.state_dict().items()}
    attribute(encoder, probe, pictures(1, 32), 12, method, steps=2, window=16, stride=16)
    assert encoder.training
    assert all(weight.grad is None for weight in encoder.parameters())
    assert all(torch.equal(value, before[name]) for name, value in encoder.state_dict().items())


def test_a_blurred_picture_keeps_its_mean_and_loses_its_detail():
    x = torch.from_numpy(pictures(1, 64)) / 255
    soft = blurred(x)
    assert soft.mean().item() == pytest.approx(x.mean().item(), abs=0.01)
    assert soft.std() < 0.2 * x.std()


def test_agreement_is_the_auc_of_the_moved_pixels():
    rng = np.random.default_rng(0)
    found, moved = rng.normal(size=(2, 6, 6)), rng.random((2, 6, 6)) < 0.3
    expected = [
        roc_auc_score(m.ravel(), np.abs(f).ravel()) for f, m in zip(found, moved, strict=True)
    ]
    np.testing.assert_allclose(agreement(found, moved), expected)
    assert agreement(-1.0 * moved, moved).tolist() == [1.0, 1.0]
    assert np.isnan(agreement(found, np.zeros_like(moved))).all()


def test_maps_are_drawn_a_row_a_name():
    face, truth, signed = pictures(1)[0], np.ones((8, 8)), np.linspace(-1, 1, 64).reshape(8, 8)
    _, axes = plot_maps({"AU1": (face, truth, signed)}, ["face", "moved", "for"])
    assert axes.shape == (1, 3)
    assert [ax.get_title() for ax in axes[0]] == ["face", "moved", "for"]
    assert axes[0, 2].images[0].get_clim() == (-1, 1)
    assert axes[0, 1].images[0].get_clim() == (0, 1)
    with pytest.raises(ValueError, match="must have 2 pictures, got 3"):
        plot_maps({"AU1": (face, truth, signed)}, ["face", "moved"])
    plt.close("all")


def test_without_captum_the_error_says_what_to_install(monkeypatch, corner):
    monkeypatch.setitem(sys.modules, "captum", None)
    monkeypatch.setitem(sys.modules, "captum.attr", None)
    with pytest.raises(ImportError, match=r'pip install "aunce-lib\[attribution\]"'):
        attribute(Pixels(), corner, pictures(), 12)


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        ({"images": np.zeros((1, 3, 8, 8))}, TypeError, "uint8, got torch.float64"),
        ({"images": np.zeros((3, 8, 8), np.uint8)}, ValueError, r"\(N, 3, S, S\)"),
        ({"images": np.zeros((0, 3, 8, 8), np.uint8)}, ValueError, "at least one"),
        ({"au": 4}, ValueError, r"no rule for AU4; it has rules for \[1, 12\]"),
        ({"method": "saliency"}, ValueError, "method must be one of"),
    ],
)
def test_bad_input_is_refused_by_name(corner, change, error, says):
    settings = {"images": pictures(), "au": 12, "method": "occlusion"} | change
    with pytest.raises(error, match=says):
        attribute(Pixels(), corner, **settings)


def test_agreement_refuses_shapes_that_differ():
    with pytest.raises(ValueError, match=r"must both be \(n, S, S\)"):
        agreement(np.zeros((1, 4, 4)), np.zeros((1, 5, 5)))
