"""Every corpus, from its raw layout to a probed run, through the command line."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent / "corpora"))  # where the small corpora are

from test_cli import call
from trees import LAYOUTS, Tree, draw_faces, draw_labels, encoded, layout, text

from aunce_lib.corpora.prepare import load_prepared
from aunce_lib.facs import AU_SETS

SIZE = 48
TINY = ("--config.epochs", 1, "--config.batch_size", 4, "--config.dim", 8)
TRAINED = [name for name, (reader, *_) in LAYOUTS.items() if reader not in ("csv", "folder")]


def own_photos() -> Tree:
    """A table of labels of photos of four people."""
    rng, files, rows = np.random.default_rng(0), {}, []
    for number, person in enumerate(("Ann", "Bob", "Cid", "Dee")):
        labels = draw_labels(rng, 8, 3)
        drawn = draw_faces(number, (labels == 1).tobytes(), 8, 3, (1, 4, 12), SIZE)
        for frame, (pixels, label) in enumerate(zip(drawn, labels, strict=True)):
            files[f"photos/{person}/{frame}.png"] = encoded(pixels, "png")
            rows.append([f"{person}/{frame}.png", *label])
    files["labels.csv"] = text(rows, header=["image", "AU1", "AU4", "AU12"])
    return Tree(files, None, {}, "labels.csv")


def as_arguments(options: dict) -> list[str]:
    return [str(part) for key, value in options.items() for part in (f"--{key}", value)]


def prepare(monkeypatch, name: str, tree: Tree, tmp_path: Path, *more) -> int:
    source = tree.write(tmp_path / "raw")
    options = as_arguments({"align": "none", "size": SIZE, "processes": 1} | tree.options)
    return call(monkeypatch, "prepare", name, source, tmp_path / "out", *options, *more)


def train_and_probe(monkeypatch, tmp_path: Path, fold: int = 1) -> dict:
    """What metrics.json says of a run on the prepared folder."""
    folder = tmp_path / "run"
    arguments = ("train", tmp_path / "out", folder, "--fold", fold, *TINY)
    assert call(monkeypatch, *arguments) == 0
    assert call(monkeypatch, "probe", folder) == 0
    return json.loads((folder / "metrics.json").read_text())


@pytest.mark.parametrize("name", TRAINED)
def test_every_corpus_is_prepared_trained_on_and_probed(name, monkeypatch, capsys, tmp_path):
    reader, tree = layout(name, faces=SIZE)
    assert prepare(monkeypatch, reader, tree, tmp_path) == 0, capsys.readouterr().err
    table = load_prepared(tmp_path / "out")
    assert len(table) == len(tree.truth)
    assert table.store.height == SIZE
    assert (tmp_path / "out" / "report.html").is_file()
    fold = 3 if reader == "bp4dplus" else 1  # in which F001, M007 and F007 are on both sides
    metrics = train_and_probe(monkeypatch, tmp_path, fold)
    assert np.isfinite(metrics["train"]["loss"])
    assert 0 <= metrics["probe"]["macro_f1"] <= 1
    assert list(metrics["probe"]["per_au"]) == [f"AU{au}" for au in table.aus]


def prepare_own(monkeypatch, tmp_path: Path) -> int:
    photos = tmp_path / "raw" / "photos"
    return prepare(monkeypatch, "csv", own_photos(), tmp_path, "--images", photos)


def test_own_photos_with_labels_are_prepared_trained_on_and_probed(monkeypatch, tmp_path):
    assert prepare_own(monkeypatch, tmp_path) == 0
    assert train_and_probe(monkeypatch, tmp_path, fold=3)["fold"] == 3


def test_own_photos_without_labels_are_prepared_too(monkeypatch, tmp_path):
    tree = replace(own_photos(), source="photos")
    assert prepare(monkeypatch, "folder", tree, tmp_path) == 0
    table = load_prepared(tmp_path / "out")
    assert len(table) == 32
    assert np.isnan(table.labels).all()
    assert table.aus == AU_SETS["bp4d"]


@pytest.mark.parametrize("name", ["csv", "csv, OpenFace"])
def test_own_tables_are_prepared(name, monkeypatch, tmp_path):
    _, tree = layout(name, faces=SIZE)
    assert prepare(monkeypatch, "csv", tree, tmp_path) == 0
    assert len(load_prepared(tmp_path / "out")) == len(tree.truth)


def test_the_published_fold_decides_who_is_tested(monkeypatch, tmp_path):
    """F007 is in part 3, which fold 1 tests; the other two are in part 1, which fold 3 tests."""
    _, tree = layout("bp4d", faces=SIZE)
    prepare(monkeypatch, "bp4d", tree, tmp_path)
    metrics = train_and_probe(monkeypatch, tmp_path)
    test = tree.truth[tree.truth["subject"] == "bp4d/F007"]
    rate = test["AU2"].mean()
    assert metrics["probe"]["per_au"].keys() >= {"AU2"}
    from aunce_lib.experiment import probe_run

    assert probe_run(tmp_path / "run").table.rate["AU2"] == pytest.approx(rate)


# ------------------------------------------------------------------------------- told in one line
def failed(capsys, status: int) -> str:
    error = capsys.readouterr().err
    assert status == 2
    assert "Traceback" not in error
    assert error.startswith("aunce: ")
    return error


def test_a_bad_image_is_named_and_can_be_skipped(monkeypatch, capsys, tmp_path):
    _, tree = layout("disfa", faces=SIZE)
    bad = next(name for name in tree.files if name.endswith("png"))
    tree = tree.changed({bad: b"nothing"})
    error = failed(capsys, prepare(monkeypatch, "disfa", tree, tmp_path))
    assert Path(bad).name in error
    assert prepare(monkeypatch, "disfa", tree, tmp_path, "--on-error", "skip") == 0
    assert "1 unreadable" in capsys.readouterr().out


def test_a_missing_label_file_is_named_and_can_be_skipped(monkeypatch, capsys, tmp_path):
    _, tree = layout("bp4d", faces=SIZE)
    gone = next(name for name in tree.files if name.endswith("F007_T1.csv"))
    tree = tree.changed({gone: None})
    assert "F007" in failed(capsys, prepare(monkeypatch, "bp4d", tree, tmp_path))
    assert prepare(monkeypatch, "bp4d", tree, tmp_path, "--on-error", "skip") == 0


def test_what_is_not_there_is_told_with_what_makes_it(monkeypatch, capsys, tmp_path):
    nothing, run = tmp_path / "nothing", tmp_path / "run"
    assert "aunce prepare" in failed(capsys, call(monkeypatch, "train", nothing, run))
    assert "nothing" in failed(capsys, call(monkeypatch, "probe", nothing))
    assert "nothing" in failed(capsys, call(monkeypatch, "prepare", "disfa", nothing, run))


def test_settings_come_from_a_file_and_from_the_line(monkeypatch, capsys, tmp_path):
    prepare_own(monkeypatch, tmp_path)
    (tmp_path / "own.yaml").write_text("epochs: 1\nbatch_size: 4\ndim: 8\n")
    arguments = ["train", tmp_path / "out", tmp_path / "run", "--config", tmp_path / "own.yaml"]
    assert call(monkeypatch, *arguments, "--config.batch_size", 8) == 0
    from aunce_lib import TrainConfig

    config = TrainConfig.load(tmp_path / "run" / "config.yaml")
    assert (config.epochs, config.batch_size, config.dim) == (1, 8, 8)
    assert "resume" in failed(capsys, call(monkeypatch, *arguments))
    assert "loss" in failed(capsys, call(monkeypatch, *arguments, "--config.loss", "none"))
    assert "fold must be" in failed(capsys, call(monkeypatch, *arguments, "--fold", 9))


def test_a_run_without_a_note_of_its_corpus_cannot_be_probed(monkeypatch, capsys, tmp_path):
    prepare_own(monkeypatch, tmp_path)
    call(monkeypatch, "train", tmp_path / "out", tmp_path / "run", *TINY)
    (tmp_path / "run" / "data.json").unlink()
    assert "data.json" in failed(capsys, call(monkeypatch, "probe", tmp_path / "run"))


def test_help_explains_the_options_of_a_corpus(monkeypatch, capsys):
    assert call(monkeypatch, "prepare", "disfa", "--help") == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "Side of a face in pixels" in out
    assert "--threshold" in out
