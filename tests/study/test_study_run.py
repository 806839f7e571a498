"""Studies that run: their table, what is spoiled and what is not, kills, failures, backends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from joblib import parallel_config, register_parallel_backend
from joblib._parallel_backends import SequentialBackend
from sklearn.metrics import f1_score, roc_auc_score

from aunce_lib.corpora import synthetic
from aunce_lib.corpora.folds import holdout
from aunce_lib.study import Cell, StudyConfig, results, run_study
from aunce_lib.study import run as study_run
from aunce_lib.trial import choose_fold, run_trial


@pytest.fixture(scope="module")
def cell():
    config = StudyConfig(
        "test",
        {"AUNCE": {}},
        size="tiny",
        seed=100,
        train={"epochs": 1, "batch_size": 32, "dim": 8},
    )
    return config.cells()[0][1]


@pytest.fixture
def trials(monkeypatch):
    """Counts trials, and makes those of learning rate 9 fail."""
    seen = []

    def counted(config, folder, train, test, **options):
        seen.append((config, train, test))
        if config.learning_rate == 9:
            raise FloatingPointError("the loss is nan")
        return run_trial(config, folder, train, test, **options)

    monkeypatch.setattr(study_run, "run_trial", counted)
    return seen


def kept(folder: Path) -> dict[str, int]:
    """When each cell was kept."""
    return {path.name: path.stat().st_mtime_ns for path in (folder / "cells").glob("*.json")}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The tiny study, its cells run side by side: configuration, folder, table."""
    folder = tmp_path_factory.mktemp("study")
    small = {"epochs": 1, "batch_size": 32, "dim": 8}
    losses = {"cross-entropy": {"loss": "bce"}, "AUNCE": {"loss": "aunce"}}
    config = StudyConfig("test", losses, small, size="tiny", noise=(0, 0.3), seed=100)
    return config, folder, run_study(config, folder, n_jobs=2, progress=False)


def test_a_study_gives_a_row_a_cell(finished):
    _, folder, table = finished
    assert table.loss.tolist() == ["cross-entropy", "AUNCE"] * 2
    assert table.noise_kind.tolist() == ["none", "none", "flip", "flip"]
    assert (table.renderer == synthetic.renderer_version()).all()
    assert (table.split == "test").all()
    assert table.error.isna().all()
    aus = [f"AU{au}" for au in (1, 2, 4, 6, 7, 10, 12, 14, 15, 17, 23, 24)]
    per_au = [f"{score}_{au}" for score in ("f1", "auc", "ap", "rate") for au in aus]
    assert [name for name in table if "_AU" in name] == per_au
    for score in ("f1", "auc", "ap"):  # the macro is the mean of what is defined
        mean = table.filter(regex=f"^{score}_AU").mean(axis=1)
        np.testing.assert_allclose(table[f"macro_{score}"], mean)
    rates = table.filter(regex="^rate_AU").to_numpy()
    np.testing.assert_allclose(table.all_active_f1, (2 * rates / (1 + rates)).mean(axis=1))
    assert table[["alignment", "uniformity", "collapse", "seconds"]].notna().all(axis=None)
    assert list((folder / "runs").iterdir()) == []
    table.to_csv(folder / "study.csv", index=False)
    read = pd.read_csv(folder / "study.csv")
    pd.testing.assert_series_equal(read.macro_f1, table.macro_f1)


def test_a_study_that_is_done_does_nothing_again(finished, trials, capsys):
    config, folder, table = finished
    before = kept(folder)
    pd.testing.assert_frame_equal(run_study(config, folder, n_jobs=1), table)
    assert trials == []
    assert kept(folder) == before
    assert "4 cells, 4 of them done before" in capsys.readouterr().out


def test_scores_are_those_that_scikit_learn_gives_the_same_trial(cell, tmp_path, monkeypatch):
    trials = []
    monkeypatch.setattr(
        study_run, "run_trial", lambda *a, **k: trials.append(run_trial(*a, **k)) or trials[-1]
    )
    (row,) = study_run._measure(cell, tmp_path)
    table = synthetic.load(size="tiny")
    test = choose_fold(table).split(table)[1]
    predictions = trials[0].probe.predict(trials[0].embeddings)
    scores = trials[0].probe.scores(trials[0].embeddings)
    for j, au in enumerate(test.aus):
        labels = test.labels[:, j]
        assert row[f"f1_AU{au}"] == pytest.approx(f1_score(labels, predictions[:, j]))
        assert row[f"auc_AU{au}"] == pytest.approx(roc_auc_score(labels, scores[:, j]))


def test_settings_that_vary_have_a_column_and_others_none(written, tmp_path):
    change = ("dim: 8", "dim: [8, 16], probabilities: {self: 1}")
    config = StudyConfig.load(written(change, ("{loss: aunce}", "{probabilities: {mean: 1}}")))
    for _, one in config.cells():
        path = tmp_path / "cells" / f"{one.digest}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps({"settings": one.settings, "rows": []}))
    table = results(config, tmp_path)
    assert set(table.dim) == {8, 16}
    assert set(table.probabilities) == {'{"self": 1}', '{"mean": 1}'}
    assert "epochs" not in table
    assert "variant" not in table


# what is spoiled, and what is not


def spoiled_and_clean(cell: Cell):
    train, test = study_run._people(cell, cell.corpus)
    return study_run._spoiled(train, cell), train, test


@pytest.mark.parametrize("kind", ["flip", "missed"])
def test_only_labels_of_training_people_are_spoiled(cell, trials, tmp_path, kind):
    run_study(
        StudyConfig(
            "test",
            {"AUNCE": {"learning_rate": 9}},
            size="tiny",
            seed=100,
            noise=0.5,
            noise_kind=kind,
            train={"dim": 8},
        ),
        tmp_path,
        n_jobs=1,
        progress=False,
    )
    _, train, test = trials[0]
    clean = synthetic.load(size="tiny")
    assert train.spoiled
    assert not test.spoiled
    same = clean.frames.loc[test.rows, test.frames.filter(regex=r"^AU\d+$").columns]
    np.testing.assert_array_equal(test.labels, same.to_numpy(np.float32))
    assert (train.labels != clean.frames.loc[train.rows, same.columns].to_numpy()).mean() > 0.05


def test_two_losses_of_one_seed_have_the_same_spoiled_labels_and_another_seed_others(cell):
    noisy = replace(cell, noise=0.3, noise_kind="flip")
    first, again, other = (
        spoiled_and_clean(c)[0] for c in (noisy, noisy, replace(noisy, seed=101))
    )
    np.testing.assert_array_equal(first.labels, again.labels)
    assert (first.labels != other.labels).any()


def test_rarer_labels_are_rarer_in_training_alone(cell):
    rare, train, test = spoiled_and_clean(replace(cell, imbalance=0.5))
    assert np.nanmean(rare.labels) < 0.8 * np.nanmean(train.labels)
    assert not test.spoiled


@pytest.mark.parametrize("kind", ["careless", "hidden"])
def test_other_kinds_of_noise_touch_some_labels(cell, kind):
    noisy, train, _ = spoiled_and_clean(replace(cell, noise=0.5, noise_kind=kind))
    assert 0.1 < (noisy.labels != train.labels).mean() < 0.6


def test_fewer_people_and_faces_are_some_of_the_training_people_and_their_faces(cell):
    fewer, train, _ = spoiled_and_clean(replace(cell, people=3))
    assert len(set(fewer.subjects)) == 3
    assert set(fewer.subjects) < set(train.subjects)
    assert len(fewer) == np.isin(train.subjects, fewer.subjects).sum()
    fewest = spoiled_and_clean(replace(cell, people=3, frames=40))[0]
    assert len(fewest) == 40
    assert set(fewest.rows) < set(fewer.rows)


@pytest.mark.parametrize(
    ("change", "message"),
    [({"people": 99}, "got 99"), ({"frames": 9999}, "9999 asked for, 160 are in training")],
)
def test_more_than_there_are_is_an_error_of_the_cell(cell, tmp_path, change, message):
    study_run.run_cell(replace(cell, **change), tmp_path)
    (path,) = (tmp_path / "cells").iterdir()
    assert message in json.loads(path.read_text())["error"]


def test_validation_never_touches_the_test_people(cell):
    table = synthetic.load(size="tiny")
    fold_train, fold_test = choose_fold(table).split(table)
    train, held_out = study_run._people(replace(cell, split="validation", seed=1), cell.corpus)
    assert {*train.subjects, *held_out.subjects} == set(fold_train.subjects)
    assert not {*train.subjects, *held_out.subjects} & set(fold_test.subjects)
    assert set(held_out.subjects) == set(holdout(fold_train, 0.25, 1).test_subjects)


def test_further_corpora_are_tested_on_by_the_shared_action_units(cell, tmp_path):
    table = synthetic.load(size="tiny", seed=5)
    frames = table.frames.drop(columns=["AU1", "AU2", "AU1_intensity", "AU2_intensity"])
    other = type(table)(frames, table.metadata | {"corpus": "other"})
    other.save(tmp_path / "other.parquet")
    os.link(table.store.path, tmp_path / "other.store")
    path = str(tmp_path / "other.parquet")
    rows = study_run._measure(replace(cell, tested_on=(cell.corpus, path)), tmp_path / "run")
    assert [row["tested_on"] for row in rows] == [cell.corpus, path]
    assert "f1_AU1" in rows[0]
    assert "f1_AU1" not in rows[1]
    assert "f1_AU4" in rows[1]


# failures and kills


def test_a_failed_cell_is_kept_with_its_error_stops_nobody_and_is_tried_again(
    written, trials, tmp_path, capsys
):
    config = StudyConfig.load(written(("{loss: bce}", "{learning_rate: 9}")))
    table = run_study(config, tmp_path, n_jobs=1)
    out = capsys.readouterr().out
    assert "[4/4] AUNCE, synth-bp4d, noise 0.3, seed 100: macro F1" in out
    assert "cross-entropy, synth-bp4d, noise 0, seed 100: FloatingPointError" in out
    assert "left" in out
    failed = table.error.notna()
    assert table.loss[failed].tolist() == ["cross-entropy"] * 2
    assert table.error[failed].tolist() == ["FloatingPointError: the loss is nan"] * 2
    assert table.macro_f1.notna().tolist() == (~failed).tolist()
    assert any("in counted" in p.read_text() for p in (tmp_path / "cells").iterdir())  # traceback
    run_study(config, tmp_path, n_jobs=1, progress=False)
    assert [config.learning_rate for config, _, _ in trials[4:]] == [9, 9]


def test_a_damaged_file_of_a_cell_is_a_cell_not_done(cell, trials, tmp_path):
    study_run.run_cell(cell, tmp_path)
    (path,) = (tmp_path / "cells").iterdir()
    path.write_text(path.read_text()[:-9])
    assert not study_run._is_done(tmp_path, cell.digest)


def test_a_killed_study_goes_on_and_does_no_finished_cell_again(
    written, finished, trials, tmp_path
):
    config, folder = written(), tmp_path / "killed"
    script = Path(__file__).with_name("killed_study.py")
    process = subprocess.Popen([sys.executable, script, config, folder], stdout=subprocess.DEVNULL)
    while process.poll() is None and not kept(folder):
        time.sleep(0.01)
    process.kill()
    process.wait()
    before = kept(folder)
    assert 1 <= len(before) < 4
    table = run_study(StudyConfig.load(config), folder, n_jobs=1, progress=False)
    assert len(trials) == 4 - len(before)
    assert {name: kept(folder)[name] for name in before} == before
    # and the numbers are those of the study that nobody killed, run in other processes
    pd.testing.assert_frame_equal(
        table.drop(columns="seconds"), finished[2].drop(columns="seconds")
    )


# where cells run


def test_another_backend_is_chosen_by_joblibs_own_configuration(written, tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(study_run, "run_cell", lambda cell, folder: (cell.digest, "done"))

    class Elsewhere(SequentialBackend):
        def configure(self, *arguments, **options):
            seen.append("elsewhere")
            return super().configure(*arguments, **options)

    register_parallel_backend("elsewhere", Elsewhere)
    with parallel_config(backend="elsewhere"):
        run_study(StudyConfig.load(written()), tmp_path, progress=False)
    assert seen == ["elsewhere"]


@pytest.mark.parametrize(
    ("seconds", "told"), [(8, "8 s"), (95, "2 min"), (3600, "1 h 00 min"), (26_000, "7 h 13 min")]
)
def test_time_left_is_told_in_the_unit_that_matters(seconds, told):
    assert study_run._duration(seconds) == told


def dies(cell, folder):
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_process_that_is_killed_is_an_error_in_words_and_what_is_done_is_kept(
    written, tmp_path, monkeypatch
):
    config = StudyConfig.load(written())
    (first, _), *_ = [(cell.digest, cell) for _, cell in config.cells()]
    kept_record = {"settings": {"renderer": "x"}, "rows": [{"macro_f1": 0.5}]}
    (tmp_path / "cells").mkdir()
    (tmp_path / "cells" / f"{first}.json").write_text(json.dumps(kept_record))
    monkeypatch.setattr(study_run, "run_cell", dies)
    with pytest.raises(ChildProcessError, match=r"cells of .*killed.*is kept: run again"):
        run_study(config, tmp_path, n_jobs=2, progress=False)
    assert study_run._is_done(tmp_path, first)
    monkeypatch.undo()
    assert len(study_run.results(config, tmp_path)) == 1
