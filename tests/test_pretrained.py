"""Shipped weights: what is saved comes back, what is damaged or lacks is told."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file

from aunce_lib.config import TrainConfig
from aunce_lib.evaluation.probe import Probe
from aunce_lib.pretrained import (
    FOLDER,
    load_backbone,
    load_pretrained,
    save_pretrained,
    start_encoder,
)
from aunce_lib.training import fit

AUS = (1, 12)
CONFIG = TrainConfig(dim=4, image_size=32)
CARD = {
    "data": "8 synthetic faces <drawn>",
    "recipe": "none: random weights",
    "seed": 0,
    "scores": {"macro F1": 0.5},
    "limits": "knows nothing",
    "command": "pytest tests/test_pretrained.py",
}


def a_probe(aus=AUS):
    rng, n = np.random.default_rng(0), len(aus)
    vectors = rng.random((3, n)).astype(np.float32)
    return Probe(aus, "logistic", rng.normal(size=(n, 4)).astype(np.float32), *vectors)


@pytest.fixture
def encoder():
    torch.manual_seed(3)
    encoder = CONFIG.build_encoder(len(AUS))
    encoder(torch.rand(4, 3, 32, 32))  # moves the BatchNorms' running means away from 0
    return encoder.eval()


@pytest.fixture
def saved(encoder, tmp_path):
    return save_pretrained("tiny", encoder, CONFIG, AUS, CARD, a_probe(), tmp_path)


def test_a_model_comes_back_as_it_was(encoder, saved, tmp_path):
    model = load_pretrained("tiny", tmp_path)
    images = torch.rand(3, 3, 32, 32)
    torch.testing.assert_close(model.encoder(images), encoder(images), rtol=0, atol=0)
    assert not model.encoder.training
    assert (model.config, model.aus) == (CONFIG, AUS)
    z = encoder(images).detach().numpy()
    np.testing.assert_array_equal(model.probe.scores(z), a_probe().scores(z))
    assert {key: model.card[key] for key in CARD} == CARD


def test_a_model_without_a_probe_has_none(encoder, tmp_path):
    save_pretrained("bare", encoder, CONFIG, AUS, CARD, folder=tmp_path)
    assert load_pretrained("bare", tmp_path).probe is None


def test_loading_leaves_the_callers_random_numbers_alone(saved, tmp_path):
    torch.manual_seed(0)
    expected = torch.rand(2)
    torch.manual_seed(0)
    load_pretrained("tiny", tmp_path)
    assert torch.equal(torch.rand(2), expected)


def test_the_card_is_there_for_people_and_for_notebooks(saved, tmp_path):
    text = (tmp_path / "tiny.md").read_text(encoding="utf-8")
    for part in ("# tiny", "knows nothing", "- macro F1: 0.5", "`pytest tests/test_pretrained.py`"):
        assert part in text
    html = load_pretrained("tiny", tmp_path)._repr_html_()
    assert "&lt;drawn&gt;" in html


@pytest.mark.parametrize("key", CARD)
def test_a_card_that_lacks_something_is_refused(encoder, tmp_path, key):
    card = {k: v for k, v in CARD.items() if k != key}
    with pytest.raises(ValueError, match=f"card must tell {key}"):
        save_pretrained("tiny", encoder, CONFIG, AUS, card, folder=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_probe_of_other_action_units_is_refused(encoder, tmp_path):
    with pytest.raises(ValueError, match=r"probe must be of the AUs \(1, 12\), got \(1, 4\)"):
        save_pretrained("tiny", encoder, CONFIG, AUS, CARD, a_probe((1, 4)), tmp_path)


def test_an_unknown_name_tells_which_there_are(saved, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no pretrained model 'huge'.*\['tiny'\]"):
        load_pretrained("huge", tmp_path)


def test_an_installation_without_the_repository_tells_where_models_are(tmp_path):
    with pytest.raises(FileNotFoundError, match="data/pretrained/ of the repository.*clone"):
        load_pretrained("tiny", tmp_path / "site-packages" / "data" / "pretrained")


def test_models_are_looked_for_in_the_repository():
    assert FOLDER.parts[-2:] == ("data", "pretrained")
    assert (FOLDER.parents[1] / "pyproject.toml").is_file()


def test_cut_off_weights_are_told_by_their_path(saved, tmp_path):
    saved.write_bytes(saved.read_bytes()[:-100])
    with pytest.raises(ValueError, match="tiny.safetensors is damaged"):
        load_pretrained("tiny", tmp_path)


def test_a_flipped_bit_is_noticed(saved, tmp_path):
    content = bytearray(saved.read_bytes())
    content[-5] ^= 1
    saved.write_bytes(content)
    with pytest.raises(ValueError, match="tiny.safetensors: its card is of other weights"):
        load_pretrained("tiny", tmp_path)


def test_a_file_of_another_program_is_refused(tmp_path):
    save_file({"a": np.zeros(2)}, tmp_path / "other.safetensors")
    with pytest.raises(ValueError, match="is not of format"):
        load_pretrained("other", tmp_path)


def test_a_damaged_card_is_told_by_its_weights(saved, tmp_path):
    saved.with_suffix(".json").write_text(json.dumps(CARD))
    with pytest.raises(ValueError, match="tiny.safetensors: 'sha256'.*get the files again"):
        load_pretrained("tiny", tmp_path)


# a backbone to start from


def test_a_backbone_is_put_into_an_encoder_and_the_rest_stays(encoder, saved, tmp_path):
    torch.manual_seed(9)
    other = TrainConfig(dim=8, image_size=32).build_encoder(5)  # other AUs and length
    before = {k: v.clone() for k, v in other.state_dict().items()}
    load_backbone(other, "tiny", tmp_path)
    weights = encoder.state_dict()
    for key, value in other.state_dict().items():
        assert torch.equal(value, weights[key] if key.startswith("backbone.") else before[key])


def test_training_starts_from_the_backbone_of_a_file_and_resumes(encoder, saved, tiny, tmp_path):
    changes = {"dim": 4, "image_size": 32, "epochs": 1, "batch_size": 32, "learning_rate": 1e-30}
    config = TrainConfig(init=str(saved), weight_decay=0, keep_epochs=(0,), **changes)
    run = fit(tiny, config, tmp_path / "run", progress=False)
    weights = encoder.state_dict()
    key = "backbone.layers.1.weight"  # of a convolution: trained at a rate of nothing
    torch.testing.assert_close(run.encoder.state_dict()[key], weights[key])
    again = fit(tiny, config, tmp_path / "run", resume=True, progress=False)
    assert torch.equal(again.encoder.state_dict()[key], run.encoder.state_dict()[key])


def test_a_backbone_that_does_not_fit_is_told_before_a_folder_is_taken(saved, tiny, tmp_path):
    config = TrainConfig(init=str(saved), image_size=64, batch_size=32)
    with pytest.raises(ValueError, match=r"init: .*tiny.safetensors does not fit.*image size"):
        fit(tiny, config, tmp_path / "run", progress=False)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("init", ["no-such-model", "no/such/file.safetensors"])
def test_a_backbone_that_is_not_there_is_told(encoder, tmp_path, init):
    with pytest.raises(FileNotFoundError, match=init.split("/")[-1] if "/" in init else "clone"):
        load_backbone(encoder, init, tmp_path)


def test_weights_are_the_only_thing_in_the_file(saved):
    assert all(value.dtype.kind in "fi" for value in load_file(saved).values())


def test_a_training_begins_with_the_start_encoder(saved, tiny, tmp_path):
    changes = {"dim": 4, "image_size": 32, "epochs": 1, "batch_size": 32, "learning_rate": 1e-30}
    config = TrainConfig(init=str(saved), weight_decay=0, seed=5, **changes)
    run = fit(tiny, config, tmp_path / "run", progress=False)
    torch.manual_seed(5)
    start = dict(start_encoder(config, len(tiny.aus)).named_parameters())
    assert start.keys() == dict(run.encoder.named_parameters()).keys()
    for name, value in run.encoder.named_parameters():
        torch.testing.assert_close(value, start[name], atol=1e-6, rtol=0)
