"""Embeddings by epoch that ship: small, true to the run they are of, refused when damaged."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file, save, save_file

from aunce_lib.config import TrainConfig
from aunce_lib.corpora.frames import FrameTable
from aunce_lib.corpora.store import FrameStore
from aunce_lib.epochs import FORMAT, _cosine_error, _restore, _shrink, load_epochs, save_epochs
from aunce_lib.pretrained import load_pretrained
from aunce_lib.training import fit

KEPT = (0, 1, 2)


@pytest.fixture(scope="module", autouse=True)
def _cache(tiny):
    """The faces that are drawn already."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AUNCE_CACHE", str(tiny.store.path.parent))
        yield


@pytest.fixture(scope="module")
def run(tiny, tmp_path_factory):
    """Half of the people trained on, the others watched and kept."""
    people = np.unique(tiny.subjects)
    learned = np.isin(tiny.subjects, people[::2])
    config = TrainConfig(epochs=2, batch_size=32, dim=6, keep_epochs=KEPT)
    folder = tmp_path_factory.mktemp("runs") / "run"
    watched = tiny.where(~learned)
    return fit(tiny.where(learned), config, folder, validation=watched, progress=False)


@pytest.fixture(scope="module")
def folder(run, tiny, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pretrained")
    save_epochs("movie", run.folder, tiny, n_faces=40, folder=folder)
    return folder


@pytest.fixture(scope="module")
def film(folder):
    return load_epochs("movie", folder)


def cosines(z):
    """(…, N, J, K) -> (…, J, N, N)."""
    return np.einsum("...njk,...mjk->...jnm", z, z)


def test_faces_labels_and_history_come_back(film, run, tiny):
    assert film.epochs.tolist() == [0, 1, 2]
    assert film.embeddings.shape == (3, 40, 12, 6)
    assert film.aus == tiny.aus
    faces = tiny.take(film.rows)
    np.testing.assert_array_equal(film.labels, faces.labels)
    np.testing.assert_array_equal(film.subjects, faces.subjects)
    np.testing.assert_array_equal(film.light, faces.frames.scene_light)
    assert set(film.rows) <= set(run.embeddings(0)[1])
    np.testing.assert_allclose(film.history.knn_f1, run.history.knn_f1)


def test_cosines_are_those_of_the_run_up_to_the_error_that_is_told(film, run):
    off = []
    for number, epoch in enumerate(KEPT):
        z, rows = run.embeddings(epoch)
        z = z[[list(rows).index(row) for row in film.rows]].astype(float)
        off.append(cosines(z) - cosines(film.embeddings[number].astype(float)))
    off = np.abs(off)
    assert off.max() == pytest.approx(film.cosine_error["largest"], rel=1e-3)
    assert np.sqrt((off**2).mean()) == pytest.approx(film.cosine_error["rms"], rel=1e-3)
    assert off.max() < 0.02


def test_faces_finds_the_pictures(film, tiny):
    assert (film.faces().images() == tiny.take(film.rows).images()).all()


def test_faces_of_another_making_are_refused(film):
    other = replace(film, labels=1 - film.labels)
    with pytest.raises(ValueError, match="no longer draws.*save_epochs"):
        other.faces()


def test_as_many_axes_as_matter_are_enough():
    rng = np.random.default_rng(0)
    z = rng.normal(size=(1, 2, 50, 3)) @ rng.normal(size=(3, 64))  # in 64 dimensions, but flat
    z /= np.linalg.norm(z, axis=-1, keepdims=True)
    assert _cosine_error(z, _restore(*_shrink(z, 3)))["largest"] < 0.02
    assert _cosine_error(z, _restore(*_shrink(z, 2)))["largest"] > 0.1


def test_a_film_of_a_lecture_fits_the_repository(tmp_path):
    embeddings = np.zeros((13, 12, 300, 64))
    embeddings[..., 0] = 1
    small, scale = _shrink(embeddings, 32)
    tensors = {"embeddings": small, "scale": scale}
    assert len(save(tensors)) < 2_500_000


def test_an_encoder_that_collapsed_is_kept_as_it_is():
    z = np.zeros((1, 1, 5, 4))
    z[..., 2] = 1
    restored = _restore(*_shrink(z, 2))
    assert np.isfinite(restored).all()
    np.testing.assert_allclose(restored @ restored.swapaxes(-1, -2), 1, atol=1e-6)


def test_unknown_labels_stay_unknown(run, tiny, tmp_path):
    labels = tiny.labels
    labels[:, 3] = np.nan
    hidden = tiny.with_labels(labels, "AU6 hidden")
    save_epochs("hidden", run.folder, hidden, n_faces=10, folder=tmp_path)
    assert np.isnan(load_epochs("hidden", tmp_path).labels[:, 3]).all()


def test_faces_that_are_not_drawn_do_not_ship(run, tiny, tmp_path):
    real = FrameTable(tiny.frames, {"corpus": "bp4d"}, tiny.store)
    with pytest.raises(ValueError, match="only drawn faces ship"):
        save_epochs("real", run.folder, real, folder=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_table_of_other_faces_is_refused(run, tiny, tmp_path):
    assert isinstance(tiny.store, FrameStore)
    with pytest.raises(ValueError, match="table must hold the faces of"):
        save_epochs("other", run.folder, tiny.take(slice(0, 5)), folder=tmp_path)


def test_a_run_that_kept_nothing_is_told(tiny, tmp_path):
    config = TrainConfig(epochs=1, batch_size=120, dim=4, image_size=32)
    bare = fit(tiny, config, tmp_path / "bare", progress=False)
    with pytest.raises(FileNotFoundError, match="kept no embeddings: train with keep_epochs set"):
        save_epochs("bare", bare.folder, tiny, folder=tmp_path)


def test_an_unknown_name_tells_which_there_are(folder, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"'huge' in .*there are \['movie'\]"):
        load_epochs("huge", folder)
    with pytest.raises(FileNotFoundError, match="there are none; install from a clone"):
        load_epochs("huge", tmp_path)


@pytest.mark.parametrize("position", [-5, 700])
def test_a_flipped_bit_is_noticed(folder, tmp_path, position):
    content = bytearray((folder / "movie-epochs.safetensors").read_bytes())
    content[position] ^= 1
    (tmp_path / "movie-epochs.safetensors").write_bytes(content)
    with pytest.raises(ValueError, match="movie-epochs.safetensors is damaged"):
        load_epochs("movie", tmp_path)


def test_a_cut_off_file_is_told_by_its_path(folder, tmp_path):
    content = (folder / "movie-epochs.safetensors").read_bytes()
    (tmp_path / "movie-epochs.safetensors").write_bytes(content[:-100])
    with pytest.raises(ValueError, match="movie-epochs.safetensors is damaged.*get it again"):
        load_epochs("movie", tmp_path)


def test_a_file_of_another_program_is_refused(tmp_path):
    save_file({"a": np.zeros(2)}, tmp_path / "other-epochs.safetensors")
    with pytest.raises(ValueError, match=f"is not of format {FORMAT}"):
        load_epochs("other", tmp_path)


def test_the_file_holds_numbers_and_json_only(folder):
    path = folder / "movie-epochs.safetensors"
    assert all(array.dtype.kind in "if" for array in load_file(path).values())
    with safe_open(path, framework="numpy") as file:
        note = json.loads(file.metadata()["note"])
    assert note["corpus"] == {
        "corpus": "synth-bp4d",
        "size": "tiny",
        "image_size": 64,
        "difficulty": "benchmark",
        "seed": 0,
    }


def test_a_film_is_not_offered_as_a_model(folder):
    with pytest.raises(FileNotFoundError, match="no pretrained models in"):
        load_pretrained("movie", folder)
