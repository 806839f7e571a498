"""The start without labels: it learns where things are, and training can begin from it."""

from __future__ import annotations

import json

import pytest
import torch

from aunce_lib.config import TrainConfig
from aunce_lib.faces.landmarks import N_LANDMARKS
from aunce_lib.pretrained import load_backbone, load_pretrained
from aunce_lib.pretraining import FACES_PER_PERSON, draw_faces, pretrain


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    return pretrain(360, 6, seed=5, image_size=32, folder=tmp_path_factory.mktemp("weights"))


def test_faces_come_with_what_there_is_to_learn_and_no_label():
    images, targets = draw_faces(10, 5, 32)
    assert images.shape == (10, 3, 32, 32)
    assert targets.shape == (10, 2 * N_LANDMARKS + 3 + 3 + 1 + 2 + 4)
    assert targets.isfinite().all()
    age = targets[:, -4].tolist()
    assert len(set(age[:FACES_PER_PERSON])) == 1  # one person
    assert len(set(age)) == 3


def test_the_same_seed_draws_the_same_faces_and_another_one_others():
    one, same, other = (draw_faces(4, seed, 32)[0] for seed in (5, 5, 6))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


def test_it_learns_where_things_are(weights):
    card = json.loads(weights.with_suffix(".json").read_text())
    scores = list(card["scores"].values())
    assert scores[0] > 0.05  # a mean face explains nothing
    assert card["seed"] == 5
    assert card["command"].startswith("aunce pretrain")


def test_an_encoder_can_start_from_it(weights):
    config = TrainConfig(image_size=32)
    encoder = config.build_encoder(3)
    before = {name: value.clone() for name, value in encoder.state_dict().items()}
    load_backbone(encoder, str(weights))
    changed = {
        name for name, value in encoder.state_dict().items() if not value.equal(before[name])
    }
    assert "backbone.regions" in changed
    assert all(name.startswith("backbone.") for name in changed)


def test_it_is_no_model_by_itself_and_says_what_it_is_for(weights):
    with pytest.raises(ValueError, match=r"backbone alone; use TrainConfig\(init='landmarks'\)"):
        load_pretrained("landmarks", weights.parent)


def test_too_few_faces_are_told(tmp_path):
    with pytest.raises(ValueError, match="n_faces must be 72 or more, got 20"):
        pretrain(20, 1, folder=tmp_path)


def test_the_shipped_start_fits_the_quick_preset():
    encoder = TrainConfig.quick().build_encoder(12)
    load_backbone(encoder, "landmarks")
    assert encoder.backbone.regions.isfinite().all()
