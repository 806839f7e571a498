"""Published protocols: one source of their settings, the right corpus, and what is compared."""

from __future__ import annotations

import json
import shutil

import pytest
import yaml
from test_cli import call

from aunce_lib import config as config_module
from aunce_lib.config import PROTOCOLS, TrainConfig
from aunce_lib.corpora import synthetic
from aunce_lib.corpora.errors import CorpusError
from aunce_lib.corpora.folds import PUBLISHED_FOLDS
from aunce_lib.corpora.frames import FrameTable
from aunce_lib.experiment import fold_of, parts_of
from aunce_lib.facs import AU_SETS
from aunce_lib.protocols import NAMES, Protocol


@pytest.fixture(scope="module")
def faces(tmp_path_factory):
    cache = tmp_path_factory.mktemp("cache")
    return synthetic.load("synth-disfa", n_people=27, n_frames=4, image_size=64, cache=cache)


@pytest.fixture
def prepared(faces, tmp_path):
    """A folder as `aunce prepare` leaves it, of synthetic faces."""
    folder = tmp_path / "prepared"
    folder.mkdir()
    faces.save(folder / "frames.parquet")
    shutil.copy(faces.store.path, folder / "frames.store")
    return folder


SMALL = {
    "backbone": "conv-small", "pretrained": False, "image_size": 56, "crop_from": 64, "dim": 8,
    "epochs": 1, "batch_size": 24, "drop_path": 0.0,
}  # fmt: skip
CHANGES = [part for key, value in SMALL.items() for part in (f"--config.{key}", value)]


# what they say


@pytest.mark.parametrize("name", NAMES)
def test_aus_and_folds_are_those_of_the_library(name):
    protocol = Protocol.load(name)
    assert protocol.corpus == name
    assert protocol.aus == AU_SETS[name]
    assert protocol.folds == PUBLISHED_FOLDS.get(name, 1)


@pytest.mark.parametrize("name", NAMES)
def test_settings_are_those_of_the_full_preset(name):
    assert Protocol.load(name).config() == TrainConfig.full()
    assert Protocol.load(name).config(epochs=2) == TrainConfig.full(epochs=2)


def test_the_published_numbers_stand_in_one_file_alone(tmp_path, monkeypatch):
    for path in PROTOCOLS.glob("*.yaml"):
        keys = yaml.safe_load(path.read_text()).keys()
        assert path.stem == "published" or keys <= {"aus", "folds", "train"}
    shutil.copytree(PROTOCOLS, tmp_path / "protocols")
    published = tmp_path / "protocols" / "published.yaml"
    published.write_text(published.read_text().replace("epochs: 60", "epochs: 7"))
    monkeypatch.setattr(config_module, "PROTOCOLS", tmp_path / "protocols")
    assert TrainConfig.full().epochs == Protocol.load("bp4d").config().epochs == 7


def test_the_published_file_leaves_no_number_of_the_result_to_a_default():
    said = yaml.safe_load((PROTOCOLS / "published.yaml").read_text()).keys()
    left = set(TrainConfig().to_dict()) - said
    other = {"cross_entropy", "init", "backbone_rate", "balanced_batches", "keep_epochs"}
    assert left == other | {"precision", "micro_batch", "chunk_size", "compile"}


# what they are for


def test_the_drawn_twin_of_a_corpus_passes(faces):
    Protocol.load("disfa").check(faces, 3)


def test_another_corpus_is_refused_with_the_protocols_there_are(faces):
    with pytest.raises(CorpusError, match="bp4d is not for the corpus synth-disfa.*'disfa'"):
        Protocol.load("bp4d").check(faces, 1)


def test_other_aus_are_refused(faces):
    fewer = FrameTable(faces.frames.drop(columns="AU26"), faces.metadata)
    with pytest.raises(CorpusError, match=r"25, 26\).*the table has .*9, 12, 25\)"):
        Protocol.load("disfa").check(fewer, 1)


@pytest.mark.parametrize("fold", [0, 4])
def test_a_fold_that_is_not_published_is_refused(faces, fold):
    with pytest.raises(ValueError, match=f"1 … 3 for disfa, got {fold}"):
        Protocol.load("disfa").check(faces, fold)


def test_an_unknown_name_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match="one of .*'affwild2'.*got 'ck'"):
        Protocol.load("ck")


# beside the published


def as_disfa(faces):
    """Synthetic faces under the name of the real corpus."""
    frames = faces.frames.assign(subject=faces.frames.subject.astype(str).str[6:], corpus="disfa")
    return FrameTable(frames, {**faces.metadata, "corpus": "disfa"})


def test_frames_stand_beside_the_published_ones(faces):
    table, protocol = as_disfa(faces), Protocol.load("disfa")
    said = protocol.compare(*fold_of(table, 1).split(table), 1, protocol.config())
    assert said == [
        "72 frames to learn from, published: 87,209",
        "36 frames to test, published: 43,605",
        "settings: as published",
    ]


def test_settings_that_differ_are_named(faces):
    protocol = Protocol.load("disfa")
    said = protocol.compare(faces, faces, 1, protocol.config(epochs=1, seed=0))
    assert said[0].startswith("synthetic faces")
    assert said[1] == "settings: epochs: 1 here, 60 there; seed: 0 here, 3407 there"


# a run by a protocol


def test_nobody_is_held_out_of_the_training_people(prepared):
    published = parts_of(prepared, TrainConfig(), 1, Protocol.load("disfa"))
    ours = parts_of(prepared, TrainConfig(), 1)
    assert published.watched is None
    assert len(published.learners) == len(ours.learners) + len(ours.watched) == 72
    assert len(published.test) == len(ours.test) == 36


def test_faces_of_another_size_than_crops_are_cut_from_are_refused(prepared):
    with pytest.raises(ValueError, match="crop_from is 256, but .* 64 pixels.*--size 256"):
        parts_of(prepared, TrainConfig.full(), 1)


def test_one_command_trains_a_fold_and_the_probe_says_how_it_differs(
    prepared, monkeypatch, capsys, tmp_path
):
    run = tmp_path / "run"
    arguments = ("train", prepared, run, "--fold", 2, "--protocol", "disfa", *CHANGES)
    assert call(monkeypatch, *arguments) == 0, capsys.readouterr().err
    assert "--kind published" in capsys.readouterr().out
    assert TrainConfig.load(run / "config.yaml") == TrainConfig.full(**SMALL)
    assert json.loads((run / "data.json").read_text())["protocol"] == "disfa"
    assert call(monkeypatch, "probe", run, "--kind", "published") == 0
    told = capsys.readouterr().out
    assert "protocol disfa, fold 2, probe published" in told
    assert "epochs: 1 here, 60 there" in told


def test_a_settings_file_changes_a_protocol_too(prepared, monkeypatch, capsys, tmp_path):
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(SMALL | {"temperature": 0.1}))
    arguments = ["--config", tmp_path / "mine.yaml", "--config.seed", 5, "--dry-run"]
    call(monkeypatch, "train", prepared, tmp_path / "run", "--protocol", "disfa", *arguments)
    told = capsys.readouterr().out
    assert "temperature: 0.1 here, 0.5 there" in told
    assert "seed: 5 here, 3407 there" in told
    assert "weight_decay" not in told
