"""From a photograph to a table and a picture, and clear answers where that cannot be."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from PIL import Image

from aunce_lib.corpora.errors import CorpusError
from aunce_lib.predict import NOTE, NoFaceError, predict, save_annotated


@pytest.fixture(scope="session")
def astronaut(tmp_path_factory):
    """The public-domain portrait that ships with scikit-image."""
    from skimage.data import astronaut

    path = tmp_path_factory.mktemp("photos") / "astronaut.png"
    Image.fromarray(astronaut()).save(path)
    return path


def test_astronaut_has_one_face_with_a_score_for_each_au(astronaut, demo_folder):
    (prediction,) = predict(astronaut, demo_folder / "aunce")
    assert prediction.crop.shape == (64, 64, 3)
    assert list(prediction.table.index[:3]) == ["AU1", "AU2", "AU4"]
    scores = prediction.table.score.dropna()
    assert len(scores)
    assert scores.between(0, 1).all()


def test_active_is_a_score_at_or_above_the_threshold(astronaut, demo_folder):
    (prediction,) = predict(astronaut, demo_folder / "aunce")
    table = prediction.table.dropna()
    np.testing.assert_array_equal(table.active == 1, table.score >= table.threshold)


def test_table_and_picture_are_marked_as_illustration(astronaut, demo_folder, tmp_path):
    predictions = predict(astronaut, demo_folder / "aunce")
    assert str(predictions[0]).endswith(NOTE)
    save_annotated(predictions, tmp_path / "out.png")
    assert Image.open(tmp_path / "out.png").size[0] > 800


def test_two_faces_are_two_predictions_largest_first(astronaut, demo_folder, tmp_path):
    portrait = Image.open(astronaut)
    head = portrait.crop((120, 0, 420, 300))
    both = Image.new("RGB", (600, 300), "white")
    both.paste(head, (0, 0))
    both.paste(head.resize((260, 260)), (320, 20))
    both.save(tmp_path / "two.png")
    predictions = predict(tmp_path / "two.png", demo_folder / "aunce")
    assert len(predictions) == 2
    assert predictions[0].box.width > predictions[1].box.width
    save_annotated(predictions, tmp_path / "two_aunce.png")


def test_no_face_says_what_was_expected(demo_folder, tmp_path):
    Image.new("RGB", (200, 150), "grey").save(tmp_path / "wall.png")
    with pytest.raises(NoFaceError, match="wall.png.*no face found"):
        predict(tmp_path / "wall.png", demo_folder / "aunce")


def test_no_image_is_named(demo_folder, tmp_path):
    (tmp_path / "notes.jpg").write_text("not a picture")
    with pytest.raises(CorpusError, match="notes.jpg"):
        predict(tmp_path / "notes.jpg", demo_folder / "aunce")


def test_without_a_run_the_message_says_how_to_make_one(astronaut, tmp_path):
    with pytest.raises(FileNotFoundError, match="aunce demo"):
        predict(astronaut, tmp_path / "nothing")


def test_without_a_probe_the_message_names_it(astronaut, demo_folder, tmp_path):
    shutil.copytree(demo_folder / "aunce", tmp_path / "run")
    (tmp_path / "run" / "probe.safetensors").unlink()
    with pytest.raises(FileNotFoundError, match=r"probe\.safetensors"):
        predict(astronaut, tmp_path / "run")
