"""Embedding a table: shapes, order, modes, and that a batch's size is of no account."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from aunce_lib.encoder import Encoder
from aunce_lib.evaluation.embed import embed


@pytest.fixture(scope="module")
def faces(tiny):
    return tiny.take(np.arange(20))


@pytest.fixture
def encoder(faces):
    torch.manual_seed(0)
    return Encoder(len(faces.aus), dim=8)


def test_embeddings_are_float32_n_j_d_of_unit_length(encoder, faces):
    z = embed(encoder, faces)
    assert z.shape == (20, len(faces.aus), 8)
    assert z.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(z, axis=-1), 1, atol=1e-5)


def test_each_row_is_the_encoders_answer_to_that_face(encoder, faces):
    z = embed(encoder, faces, batch_size=7)
    encoder.eval()
    for position in (0, 6, 7, 19):
        with torch.no_grad():
            alone = encoder(faces.images([position]) / 255)
        np.testing.assert_allclose(z[position], alone[0], atol=1e-5)


def test_the_middle_is_embedded_where_views_were_crops(faces):
    torch.manual_seed(0)
    encoder = Encoder(len(faces.aus), dim=8, image_size=48, crop_from=64).eval()
    with torch.no_grad():
        expected = encoder(faces.images()[..., 8:56, 8:56] / 255)
    np.testing.assert_allclose(embed(encoder, faces), expected, atol=1e-5)


@pytest.mark.parametrize("batch_size", [1, 6, 20, 1000])
def test_the_batch_size_does_not_matter(encoder, faces, batch_size):
    np.testing.assert_allclose(embed(encoder, faces, batch_size), embed(encoder, faces), atol=1e-5)


def test_a_part_of_a_table_has_its_own_embeddings(encoder, faces):
    chosen = [3, 11, 5]
    np.testing.assert_allclose(
        embed(encoder, faces.take(chosen)), embed(encoder, faces)[chosen], atol=1e-5
    )


@pytest.mark.parametrize("training", [True, False])
def test_mode_statistics_and_gradients_of_the_encoder_stay_as_they_were(encoder, faces, training):
    encoder.train(training)
    before = {name: tensor.clone() for name, tensor in encoder.state_dict().items()}
    embed(encoder, faces)
    assert encoder.training is training
    assert all(torch.equal(before[name], tensor) for name, tensor in encoder.state_dict().items())
    assert all(parameter.grad is None for parameter in encoder.parameters())


def test_the_mode_is_put_back_after_an_error_too(encoder, faces):
    without_images = type(faces)(faces.frames, faces.metadata)
    with pytest.raises(ValueError, match="no images"):
        embed(encoder.train(), without_images)
    assert encoder.training


@pytest.mark.parametrize(("n", "batch_size"), [(0, 512), (4, 0), (4, -1)])
def test_nothing_to_embed_is_refused(encoder, faces, n, batch_size):
    with pytest.raises(ValueError, match=f"got {n} and {batch_size}"):
        embed(encoder, faces.take(np.arange(n)), batch_size)
