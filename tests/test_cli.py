"""The command `aunce`, as a shell calls it."""

from __future__ import annotations

import sys

import pandas as pd
import pytest
from PIL import Image

from aunce_lib import cli


def call(monkeypatch, *arguments: str) -> int:
    """Exit status of `aunce ARGUMENTS`."""
    monkeypatch.setattr(sys, "argv", ["aunce", *map(str, arguments)])
    try:
        cli.main()
    except SystemExit as stop:
        return stop.code or 0
    return 0


@pytest.fixture
def portrait(tmp_path):
    from skimage.data import astronaut

    path = tmp_path / "astronaut.png"
    Image.fromarray(astronaut()).save(path)
    return path


def test_predict_prints_a_table_and_writes_the_picture(
    monkeypatch, capsys, portrait, demo_folder, tmp_path
):
    status = call(
        monkeypatch, "predict", portrait, "--run", demo_folder / "aunce", "--out", tmp_path
    )
    out = capsys.readouterr().out
    assert status == 0
    assert "1 face" in out
    assert "AU12" in out
    assert (tmp_path / "astronaut_aunce.png").is_file()


def test_predict_goes_on_after_a_bad_photograph_and_fails_in_the_end(
    monkeypatch, capsys, portrait, demo_folder, tmp_path
):
    bad = tmp_path / "missing.jpg"
    status = call(
        monkeypatch,
        "predict",
        bad,
        portrait,
        "--run",
        demo_folder / "aunce",
        "--out",
        tmp_path,
    )
    captured = capsys.readouterr()
    assert status == 1
    assert "missing.jpg" in captured.err
    assert "Traceback" not in captured.err
    assert "AU12" in captured.out


def test_demo_tells_an_unusable_folder_without_a_traceback(monkeypatch, capsys, tmp_path):
    (tmp_path / "taken").write_text("a file")
    assert call(monkeypatch, "demo", "--folder", tmp_path / "taken", "--size", "tiny") == 2
    assert "taken" in capsys.readouterr().err


STUDY = """
split: test
size: tiny
seed: 100
loss: {good: {loss: bce}, bad: {learning_rate: 1e30}}
train: {epochs: 1, batch_size: 32, dim: 8}
"""


def test_study_writes_its_table_and_fails_where_a_cell_did(monkeypatch, capsys, tmp_path, tiny):
    monkeypatch.setenv("AUNCE_CACHE", str(tiny.store.path.parent))
    (tmp_path / "mine.yaml").write_text(STUDY)
    options = ("--folder", tmp_path / "studies", "--jobs", "1")
    assert call(monkeypatch, "study", tmp_path / "mine.yaml", *options) == 1
    captured = capsys.readouterr()
    assert "1 of them failed" in captured.err
    assert "2 rows" in captured.out.splitlines()[-1]
    table = pd.read_csv(tmp_path / "studies" / "mine.csv").set_index("loss")
    assert table.macro_f1.notna().to_dict() == {"good": True, "bad": False}


def test_study_tells_a_wrong_key_without_a_traceback(monkeypatch, capsys, tmp_path):
    (tmp_path / "mine.yaml").write_text(STUDY.replace("seed", "sed"))
    assert call(monkeypatch, "study", tmp_path / "mine.yaml") == 2
    assert "'sed'" in capsys.readouterr().err


def test_help_names_the_commands(monkeypatch, capsys):
    assert call(monkeypatch, "--help") == 0
    out = capsys.readouterr().out
    assert "demo" in out
    assert "predict" in out
    assert "study" in out


def test_template_writes_a_description_of_gft_and_keeps_what_is_there(
    monkeypatch, capsys, tmp_path
):
    path = tmp_path / "gft.yaml"
    assert call(monkeypatch, "template", "--path", path) == 0
    assert "labels: null" in path.read_text()
    assert call(monkeypatch, "template", "--path", path) == 2
    assert "is there already" in capsys.readouterr().err
