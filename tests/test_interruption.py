"""A training that is asked to stop keeps the step in flight, and goes on to the same bits."""

from __future__ import annotations

import os
import pickle
import signal
import threading
from dataclasses import replace

import numpy as np
import pytest
import torch
from test_training import QUICK, assert_same, quietly

from aunce_lib import training
from aunce_lib.config import TrainConfig
from aunce_lib.corpora import FrameTable
from aunce_lib.interruption import TrainingStopped, stop_requests
from aunce_lib.training import Run, fit

SIGNALS = (signal.SIGTERM, signal.SIGINT)


@pytest.fixture(scope="module")
def faces(tiny) -> tuple[FrameTable, FrameTable]:
    """64 faces of 8 people to learn from, 24 of the 4 others to watch."""
    people = sorted(set(tiny.subjects))
    learners = np.flatnonzero(np.isin(tiny.subjects, people[:8]))
    watched = np.flatnonzero(np.isin(tiny.subjects, people[8:]))
    return tiny.take(learners[::2][:64]), tiny.take(watched[::3][:24])


def ask_at(monkeypatch, n_votes: int, number: int = signal.SIGTERM) -> None:
    """A signal comes in the n-th step."""
    vote, votes = training._Training._vote, []

    def voted(self, *rest):
        votes.append(1)
        if len(votes) == n_votes:
            os.kill(os.getpid(), number)
        return vote(self, *rest)

    monkeypatch.setattr(training._Training, "_vote", voted)


def names(folder) -> list[str]:
    return sorted(path.name for path in (folder / "checkpoints").iterdir())


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_is_taken_down_and_its_old_meaning_put_back(number):
    before = [signal.getsignal(one) for one in SIGNALS]
    with stop_requests() as request:
        assert request.signal == 0
        os.kill(os.getpid(), number)
        assert request.signal == number
    assert [signal.getsignal(one) for one in SIGNALS] == before


def test_who_presses_ctrl_c_twice_is_obeyed_at_once_but_sigterm_may_come_twice():
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's "&" ignores it
    try:
        with stop_requests() as request:
            os.kill(os.getpid(), signal.SIGTERM)
            os.kill(os.getpid(), signal.SIGTERM)
            with pytest.raises(KeyboardInterrupt):
                os.kill(os.getpid(), signal.SIGINT)
            assert request.signal == signal.SIGTERM
    finally:
        signal.signal(signal.SIGINT, before)


def test_in_another_thread_signals_are_left_alone():
    seen = []

    def work():
        with stop_requests() as request:
            seen.append((request.signal, [signal.getsignal(one) for one in SIGNALS]))

    before = [signal.getsignal(one) for one in SIGNALS]
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [(0, before)]


def test_a_stop_is_no_exception_that_a_study_would_note_and_go_on():
    assert not issubclass(TrainingStopped, Exception)
    assert issubclass(TrainingStopped, KeyboardInterrupt)


def test_a_stop_reaches_the_process_that_waits_for_it():
    stop = pickle.loads(pickle.dumps(TrainingStopped("stopped", signal.SIGINT)))
    assert (str(stop), stop.signal) == ("stopped", signal.SIGINT)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"loss": "centroid", "balanced_batches": True},
        {"backbone": "swin-nano", "drop_path": 0.5, "batch_size": 16},
        {"micro_batch": 12},
    ],
    ids=lambda settings: " ".join(map(str, settings.values())) or "aunce",
)
def test_a_run_stopped_within_an_epoch_goes_on_to_the_same_bits(
    faces, tmp_path, monkeypatch, settings
):
    config = replace(TrainConfig(epochs=2, batch_size=16, dim=8), **settings)
    alone = quietly(faces, config, tmp_path / "alone")
    with monkeypatch.context() as patched:
        ask_at(patched, 6)
        with pytest.raises(TrainingStopped, match=r"SIGTERM in epoch 2, step 2, of 2 .*resume"):
            quietly(faces, config, tmp_path / "run")
    assert names(tmp_path / "run") == ["epoch_0001", "epoch_0001_step_0000002"]
    assert Run.load(tmp_path / "run").history["epoch"].tolist() == [1]
    assert_same(quietly(faces, config, tmp_path / "run", resume=True), alone)


def test_stopped_twice_in_an_epoch_it_still_does(faces, tmp_path, monkeypatch):
    config = TrainConfig(epochs=1, batch_size=16, dim=8)
    alone = quietly(faces, config, tmp_path / "alone")
    for resume in (False, True):
        with monkeypatch.context() as patched:
            ask_at(patched, 1, signal.SIGINT)
            with pytest.raises(TrainingStopped, match="SIGINT") as stop:
                quietly(faces, config, tmp_path / "run", resume=resume)
        assert stop.value.signal == signal.SIGINT
    assert names(tmp_path / "run") == ["epoch_0000_step_0000001", "epoch_0000_step_0000002"]
    assert_same(quietly(faces, config, tmp_path / "run", resume=True), alone)


def test_a_damaged_part_of_an_epoch_costs_no_more_than_it(faces, tmp_path, monkeypatch):
    config = TrainConfig(epochs=2, batch_size=16, dim=8)
    alone = quietly(faces, config, tmp_path / "alone")
    with monkeypatch.context() as patched:
        ask_at(patched, 6)
        with pytest.raises(TrainingStopped):
            quietly(faces, config, tmp_path / "run")
    state = tmp_path / "run" / "checkpoints" / "epoch_0001_step_0000002" / "state.json"
    state.write_text(state.read_text().replace('"step": 2', '"step": 3'))
    with pytest.warns(UserWarning, match="step_0000002 is damaged"):
        resumed = quietly(faces, config, tmp_path / "run", resume=True)
    assert_same(resumed, alone)


@pytest.mark.parametrize(("n_votes", "done"), [(2, "after 1 of 3"), (6, "after 3 of 3")])
def test_asked_in_the_last_step_of_an_epoch_it_finishes_the_epoch(
    faces, tmp_path, monkeypatch, n_votes, done
):
    with monkeypatch.context() as patched:
        ask_at(patched, n_votes)
        with pytest.raises(TrainingStopped, match=done):
            quietly(faces, QUICK, tmp_path / "run")
    assert names(tmp_path / "run")[-1] == f"epoch_000{n_votes // 2}"


def test_a_long_epoch_is_kept_every_some_minutes_and_that_changes_nothing(
    faces, tmp_path, monkeypatch
):
    config = TrainConfig(epochs=1, batch_size=16, dim=8)
    alone = quietly(faces, config, tmp_path / "alone")
    kept = []
    save = training.save_checkpoint

    def watched(folder, epoch, model, optimizer, state):
        save(folder, epoch, model, optimizer, state)
        kept.append(names(tmp_path / "run"))

    monkeypatch.setattr(training, "save_checkpoint", watched)
    assert_same(quietly(faces, config, tmp_path / "run", save_minutes=0.0), alone)
    steps = [f"epoch_0000_step_000000{n}" for n in (1, 2, 3)]
    assert kept == [steps[:1], steps[:2], steps[1:], ["epoch_0001"]]


def test_a_training_in_a_thread_needs_no_signals(faces, tmp_path):
    runs = []
    config = TrainConfig(epochs=1, batch_size=32, dim=8)

    def work():
        torch.set_num_threads(1)
        runs.append(fit(faces[0], config, tmp_path / "run", progress=False))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert len(runs[0].history) == 1
