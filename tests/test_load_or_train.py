"""Load or train: what ships is opened; what does not is trained, and a line says which."""

from __future__ import annotations

import numpy as np
import pytest

from aunce_lib.config import TrainConfig
from aunce_lib.evaluation.embed import embed
from aunce_lib.load_or_train import load_or_train
from aunce_lib.pretrained import save_pretrained

CONFIG = TrainConfig(epochs=1, batch_size=32, dim=4)
CARD = dict.fromkeys(("data", "recipe", "seed", "scores", "limits", "command"), "a test")


@pytest.fixture(scope="module")
def faces(tiny):
    return tiny.take(slice(0, 96))


def test_without_a_shipped_model_one_is_trained_with_its_probe(faces, tmp_path, capsys):
    model = load_or_train("aunce", faces, CONFIG, tmp_path)
    assert "aunce: trained in" in capsys.readouterr().out
    assert model.aus == model.probe.aus == faces.aus
    assert model.config == CONFIG
    assert not model.encoder.training
    assert model.probe.scores(embed(model.encoder, faces)).shape == faces.labels.shape
    assert not list(tmp_path.iterdir())  # where models lie, nothing is written


def test_a_shipped_model_is_loaded_and_nothing_is_trained(faces, tmp_path, capsys):
    encoder = CONFIG.build_encoder(len(faces.aus)).eval()
    save_pretrained("aunce", encoder, CONFIG, faces.aus, CARD, folder=tmp_path)
    model = load_or_train("aunce", faces, CONFIG, tmp_path)
    assert capsys.readouterr().out == "aunce: loaded from data/pretrained\n"
    np.testing.assert_array_equal(embed(model.encoder, faces), embed(encoder, faces))


def test_a_damaged_model_is_not_quietly_replaced_by_another(faces, tmp_path):
    encoder = CONFIG.build_encoder(len(faces.aus))
    path = save_pretrained("aunce", encoder, CONFIG, faces.aus, CARD, folder=tmp_path)
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(ValueError, match="damaged"):
        load_or_train("aunce", faces, CONFIG, tmp_path)
