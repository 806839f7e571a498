"""`aunce explore` without a browser: what it opens, what it puts on show, what it refuses."""

from __future__ import annotations

import json
import socket
import sys

import numpy as np
import pytest
import torch

from aunce_lib import cli, explore
from aunce_lib.config import TrainConfig
from aunce_lib.evaluation.embed import embed
from aunce_lib.experiment import fold_of
from aunce_lib.explore import Exhibit, Model, open_corpus, open_models
from aunce_lib.pretrained import save_pretrained, start_encoder

CARD = dict.fromkeys(("data", "recipe", "seed", "scores", "limits", "command"), "a test's")


@pytest.fixture(scope="module")
def shipped(tmp_path_factory, tiny):
    """A folder of shipped models, untrained."""
    folder = tmp_path_factory.mktemp("pretrained")
    config = TrainConfig.quick(dim=8)
    for seed, name in enumerate(("aunce", "cross-entropy", "init")):
        torch.manual_seed(seed)
        save_pretrained(name, config.build_encoder(12), config, tiny.aus, CARD, folder=folder)
    return folder


def test_without_a_source_the_two_shipped_models_are_opened(shipped):
    assert list(open_models(None, shipped)) == ["cross-entropy", "AUNCE"]


def test_a_demo_is_its_two_runs_with_their_probes(demo_folder):
    models = open_models(str(demo_folder))
    assert list(models) == ["cross-entropy", "AUNCE"]
    assert all(model.probe is not None for model in models.values())
    assert list(open_models(str(demo_folder / "aunce"))) == ["aunce"]


def test_weights_are_opened_by_path_and_by_name(shipped):
    by_path = open_models(str(shipped / "init.safetensors"))["init"]
    by_name = open_models("init", shipped)["init"]
    for one, other in zip(by_path.encoder.parameters(), by_name.encoder.parameters(), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("source", ["nowhere", "nowhere.safetensors"])
def test_what_is_not_there_is_said(source, shipped):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        open_models(source, shipped)


def test_a_folder_without_a_run_is_said(tmp_path):
    with pytest.raises(FileNotFoundError, match="no trained run"):
        open_models(str(tmp_path))


def test_an_unknown_corpus_is_said():
    with pytest.raises(FileNotFoundError, match="synth-bp4d"):
        open_corpus("nowhere")


def test_a_run_brings_the_corpus_it_was_trained_on(tmp_path):
    (tmp_path / "data.json").write_text(json.dumps({"prepared": str(tmp_path / "gone")}))
    with pytest.raises(FileNotFoundError, match="gone"):
        open_corpus(None, str(tmp_path))


@pytest.fixture(scope="module")
def exhibit(tmp_path_factory, demo_folder, tiny):
    return Exhibit.make(
        tmp_path_factory.mktemp("exhibit"), open_models(str(demo_folder)), tiny, faces=50
    )


def test_the_explorer_shows_test_people_as_the_encoders_see_them(exhibit, demo_folder, tiny):
    shown = exhibit.explorer()
    _, test = fold_of(tiny).split(tiny)
    assert len(shown.table) == 50
    assert set(shown.table.subjects) == set(test.subjects)
    model = open_models(str(demo_folder))["AUNCE"]
    np.testing.assert_allclose(
        shown.embeddings["AUNCE"], embed(model.encoder, shown.table), atol=1e-6
    )
    assert list(shown.predictions) == ["cross-entropy", "AUNCE"]
    assert shown.why(0, au=12).batch.shape == (50,)


def test_thresholds_are_chosen_on_other_people(exhibit, tiny):
    _, test = fold_of(tiny).split(tiny)
    _, others, _ = exhibit._part("others")
    assert not set(others.subjects) & set(test.subjects)
    assert set(exhibit.thresholds().aus) <= set(tiny.aus)


def test_before_training_is_shown_where_it_is_known(tmp_path, shipped, tiny):
    models = open_models(None, shipped)
    made = Exhibit.make(tmp_path, models, tiny, 20)
    explorer = made.explorer()
    assert list(explorer.before) == ["cross-entropy", "AUNCE"]
    torch.manual_seed(models["AUNCE"].config.seed)
    start = start_encoder(models["AUNCE"].config, 12).eval()
    np.testing.assert_allclose(explorer.before["AUNCE"], embed(start, explorer.table), atol=1e-6)
    assert made.thresholds() is None  # no probe


def test_each_architecture_has_a_beginning_of_its_own(tmp_path, tiny):
    config = TrainConfig.quick(dim=6)
    models = {"small": Model(config.build_encoder(12), None, config, tiny.aus)}
    made = Exhibit.make(tmp_path, models, tiny, 20)
    assert made.explorer().before["small"].shape[-1] == 6


def test_nothing_to_show_is_said(tmp_path, shipped, tiny):
    with pytest.raises(ValueError, match="nothing to show"):
        Exhibit.make(tmp_path, open_models(None, shipped), tiny, faces=0)


def call(monkeypatch, *arguments) -> int:
    monkeypatch.setattr(sys, "argv", ["aunce", "explore", *map(str, arguments)])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    return stop.value.code


def test_a_taken_port_is_said_before_anything_is_done(monkeypatch, capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert call(monkeypatch, "--port", port) == 2
    captured = capsys.readouterr()
    assert f"port {port} cannot be used" in captured.err
    assert f"--port {port + 1}" in captured.err
    assert "Opening" not in captured.out


def test_without_voila_the_command_says_how_to_get_it(monkeypatch, capsys):
    monkeypatch.setattr(explore.importlib.util, "find_spec", lambda name: None)
    assert call(monkeypatch) == 2
    assert "pip install 'aunce-lib[app]'" in capsys.readouterr().err


def test_the_page_has_a_cell_a_widget(tmp_path):
    notebook = json.loads(explore.write_notebook(tmp_path / "n.ipynb").read_text())
    assert len(notebook["cells"]) == 1 + len(notebook["metadata"]["sections"])
    assert notebook["metadata"]["sections"][0] == "Embedding explorer"


def test_the_template_is_there_and_loads_nothing_from_elsewhere():
    template = explore.TEMPLATES / "voila" / "templates" / "aunce"
    assert json.loads((template / "conf.json").read_text()) == {"base_template": "lab"}
    assert "http" not in (template / "index.html.j2").read_text().replace('charset="utf', "")


def test_the_command_hands_everything_on(monkeypatch):
    given = []
    monkeypatch.setattr(explore, "explore", lambda *a: given.append(a))
    monkeypatch.setattr(sys, "argv", ["aunce", "explore", "runs/x", "--theme", "dark"])
    cli.main()
    assert given == [("runs/x", None, 8866, 2000, True, "dark")]
