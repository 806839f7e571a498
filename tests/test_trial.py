"""One trial: who learns, who watches, who is tested; folds; another corpus; threads."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from aunce_lib.config import TrainConfig
from aunce_lib.corpora import FrameTable, synthetic
from aunce_lib.corpora.folds import holdout, published, subject_folds
from aunce_lib.evaluation.embed import embed
from aunce_lib.evaluation.metrics import evaluate
from aunce_lib.evaluation.probe import Probe, fit_probe
from aunce_lib.training import fit
from aunce_lib.trial import choose_fold, evaluate_on, one_thread, run_trial

CONFIG = TrainConfig(epochs=1, batch_size=32, dim=8, seed=4)


@pytest.fixture(scope="module")
def people(tiny):
    return choose_fold(tiny).split(tiny)


@pytest.fixture(scope="module")
def trial(people, tmp_path_factory):
    folder = tmp_path_factory.mktemp("trial") / "run"
    return run_trial(CONFIG, folder, *people, watch=0.25, progress=False)


def test_the_encoder_learns_from_some_and_the_probe_from_all_training_people(
    trial, people, tmp_path
):
    train, test = people
    learners, watched = holdout(train, 0.25, CONFIG.seed).split(train)
    run = fit(learners, CONFIG, tmp_path / "run", validation=watched, progress=False)
    z = embed(run.encoder, train)
    probe = fit_probe(z, train.labels, train.subjects, train.aus, seed=CONFIG.seed)
    np.testing.assert_array_equal(trial.probe.weight, probe.weight)
    z = embed(run.encoder, test)
    np.testing.assert_array_equal(trial.embeddings, z)
    wanted = evaluate(
        test.labels, probe.scores(z), probe.predict(z), test.subjects, test.aus, train.labels
    )
    assert trial.evaluation.to_dict() == wanted.to_dict()


def test_the_probe_lies_in_the_runs_folder(trial):
    saved = Probe.load(trial.run.folder / "probe.safetensors")
    np.testing.assert_array_equal(saved.weight, trial.probe.weight)


def test_without_anybody_to_watch_all_training_people_teach_the_encoder(people, tmp_path):
    train, test = people
    trial = run_trial(CONFIG, tmp_path / "trial", train, test, progress=False)
    run = fit(train, CONFIG, tmp_path / "run", progress=False)
    for name, tensor in run.encoder.state_dict().items():
        assert torch.equal(tensor, trial.run.encoder.state_dict()[name]), name
    assert trial.run.history.knn_f1.isna().all()


def test_another_corpus_is_scored_by_the_action_units_it_shares_whatever_their_order(trial, people):
    train, test = people
    frames = test.frames.drop(columns=["AU1", "AU1_intensity"]).rename(
        columns={"AU2": "AU5", "AU2_intensity": "AU5_intensity"}
    )
    other = FrameTable(frames, test.metadata, test.store)
    evaluation, z = evaluate_on(trial.run.encoder, trial.probe, other, train.labels)
    np.testing.assert_array_equal(z, trial.embeddings)
    shared = [f"AU{au}" for au in test.aus if au not in (1, 2)]
    assert evaluation.table.index.tolist() == [*shared, "macro"]
    own = trial.evaluation.table
    np.testing.assert_array_equal(evaluation.table.f1[shared], own.f1[shared])
    assert evaluation.macro_f1 == pytest.approx(own.f1[shared].mean())


def test_a_corpus_that_shares_no_action_unit_is_refused(trial, people):
    frames = people[1].frames.filter(regex="^(?!AU)").assign(AU45=0.0)
    other = FrameTable(frames, {}, people[1].store)
    with pytest.raises(ValueError, match=r"the test faces \(45,\)"):
        evaluate_on(trial.run.encoder, trial.probe, other, people[0].labels)


# folds


def test_a_whole_corpus_has_its_published_fold_and_a_part_of_its_people_have_their_own(tiny):
    whole = synthetic.labels("synth-bp4d", "small")
    assert choose_fold(whole, 2) == published("synth-bp4d", 2)
    absent_one = whole.where(whole.subjects != whole.subjects[0])
    assert choose_fold(absent_one, 2) == published("synth-bp4d", 2)
    assert choose_fold(tiny, 2) == subject_folds(tiny)[1]


@pytest.mark.parametrize("number", [0, 4])
def test_a_fold_that_is_not_there_is_refused(tiny, number):
    with pytest.raises(ValueError, match=f"fold must be 1 … 3 for synth-bp4d, got {number}"):
        choose_fold(tiny, number)


def test_one_thread_is_for_the_block_alone():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with one_thread():
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
