"""Inside an encoder: the steps are those of its forward pass, and they leave it as it was."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from aunce_lib.encoder import Encoder
from aunce_lib.inspection.encoder_steps import (
    as_images,
    describe_encoder,
    encoder_steps,
    listening,
    seen_pixels,
    token_changes,
)

J, SIDE = 12, 32


@pytest.fixture
def encoder() -> Encoder:
    torch.manual_seed(0)
    encoder = Encoder(J, dim=8, image_size=SIDE)
    encoder(torch.rand(8, 3, SIDE, SIDE))  # moves the BatchNorms' running means away from 0
    return encoder


@pytest.fixture
def images() -> torch.Tensor:
    return torch.rand(3, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(1))


def test_each_step_leads_to_the_next(encoder, images):
    steps = encoder_steps(encoder, images)
    encoder.eval()
    with torch.no_grad():
        torch.testing.assert_close(steps["embeddings"], encoder(images))
        torch.testing.assert_close(steps["per AU"], encoder.per_au(steps["shared"]))
        torch.testing.assert_close(steps["graph"], encoder.graph(steps["per AU"]))
        z = F.normalize(encoder.projection(steps["graph"]), dim=-1)
        torch.testing.assert_close(steps["embeddings"], z)


@pytest.mark.parametrize("training", [True, False])
def test_looking_inside_changes_nothing(encoder, images, training):
    before = copy.deepcopy(encoder.train(training).state_dict())
    encoder_steps(encoder, images)
    token_changes(encoder, images, images)
    seen_pixels(encoder, images, token=0)
    assert all(module.training is training for module in encoder.modules())
    assert all(torch.equal(before[name], x) for name, x in encoder.state_dict().items())
    assert not any(module._forward_hooks for module in encoder.modules())


def test_the_description_counts_every_parameter_once(encoder, images):
    table = describe_encoder(encoder, images)
    assert table.parameters.sum() == sum(p.numel() for p in encoder.parameters())
    assert table.loc["per AU", "parameters"] == J * (128 * 128 + 128) + 2 * J * 128
    assert table.loc["embeddings", "shape"] == (3, J, 8)


def test_every_au_listens_to_k_aus(encoder, tiny):
    shares = listening(encoder, tiny.take(slice(0, 20)))
    assert tuple(shares.index) == tuple(shares.columns) == tiny.aus
    np.testing.assert_allclose(shares.sum(axis=1), encoder.graph.n_neighbours, atol=1e-5)
    assert shares.to_numpy().min() >= 0
    assert shares.to_numpy().max() <= 1


def test_listening_refuses_an_encoder_of_other_aus(tiny):
    with pytest.raises(ValueError, match="the encoder has 3 AUs, the table 12"):
        listening(Encoder(3, dim=8), tiny)


def test_a_place_where_nothing_changes_is_not_noticed(encoder, images):
    assert token_changes(encoder, images, images).max() == 0
    after = images.clone()
    after[..., 16:, 16:] = 1 - after[..., 16:, 16:]
    changes = token_changes(encoder, images, after)
    assert changes.shape == (J, 4)
    assert (changes.argmax(axis=1) == 3).all()  # the last place, bottom right


def test_a_token_of_the_small_backbone_sees_thirty_pixels():
    torch.manual_seed(0)
    encoder = Encoder(2, dim=8, image_size=64)
    images = torch.rand(4, 3, 64, 64)
    seen = seen_pixels(encoder, images, token=5)
    strong = seen > 0.05  # each picture is standardised, so every pixel has a little influence
    assert seen.max() == 1
    assert {np.ptp(np.flatnonzero(strong.any(axis=axis))) + 1 for axis in (0, 1)} == {30}


@pytest.mark.parametrize("token", [-1, 4])
def test_a_token_that_is_not_there_is_refused(encoder, images, token):
    with pytest.raises(ValueError, match=r"token must be 0\.\.3"):
        seen_pixels(encoder, images, token)


def test_faces_come_in_either_order_of_axes_and_any_size():
    faces = np.random.default_rng(0).integers(0, 256, (2, 48, 48, 3), dtype=np.uint8)
    images = as_images(faces, 32)
    assert images.shape == (2, 3, 32, 32)
    assert images.dtype == torch.float32
    assert 0 <= images.min() <= images.max() <= 1
    torch.testing.assert_close(images, as_images(faces.transpose(0, 3, 1, 2), 32))
    torch.testing.assert_close(as_images(faces, 48), torch.tensor(faces).movedim(-1, 1) / 255)


@pytest.mark.parametrize(
    ("faces", "error"),
    [
        (np.zeros((1, 3, 8, 8)), TypeError),
        (np.zeros((3, 8, 8), np.uint8), ValueError),
        (np.zeros((1, 8, 8, 4), np.uint8), ValueError),
        (np.zeros((0, 3, 8, 8), np.uint8), ValueError),
    ],
)
def test_what_are_no_faces_is_refused(faces, error):
    with pytest.raises(error, match="faces must be"):
        as_images(faces, 32)
