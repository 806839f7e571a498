"""The noise lab: what is lost, pair by pair; its controls; a training in a process of its own."""

from __future__ import annotations

import itertools
import time

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from aunce_lib.widgets import noise_lab as module
from aunce_lib.widgets import short_run
from aunce_lib.widgets.noise_lab import NoiseLab, lost, stored

LOSSES, SEEDS = ("weighted BCE", "AUNCE corrected"), (100, 101, 102)


def study(along: str, values, corpora=("synth-bp4d",), losses=LOSSES) -> pd.DataFrame:
    """A table like a study's; its numbers are made up, as a test's may be."""
    rng, rows = np.random.default_rng(0), []
    for corpus, loss, value, seed in itertools.product(corpora, losses, values, SEEDS):
        spoiled = abs(value - (along == "imbalance"))
        row = {"corpus": corpus, "tested_on": corpus, "loss": loss, "seed": seed, "fold": 1}
        row |= {"noise": 0.0, "imbalance": 1.0, "noise_kind": "none", "all_active_f1": 0.45}
        row |= {along: value, "macro_f1": 0.6 - 0.2 * spoiled + 0.02 * rng.normal()}
        if along == "noise" and value:
            row["noise_kind"] = "flip"
        rows.append(row)
    return pd.DataFrame(rows)


NOISE = study("noise", (0.0, 0.1, 0.3))
RARE = study("imbalance", (1.0, 0.25), ("synth-disfa", "synth-gft"))


class FakeRun:
    """Stands in for a training: as many looks as there are epochs."""

    def __init__(self, settings, **dials):
        self.settings, self.dials, self.cancelled, self.epoch = settings, dials, False, 0
        self.fails = dials["noise"] == 0.3

    @property
    def running(self):
        self.epoch += 1
        return self.epoch < 4 and not self.cancelled

    def result(self):
        if self.fails or self.cancelled:
            raise RuntimeError("out of <memory>")
        return {"macro_f1": 0.5, "all_active": 0.45}

    def cancel(self):
        self.cancelled = True

    def forget(self):
        pass


@pytest.fixture
def lab(monkeypatch):
    made = []
    monkeypatch.setattr(
        module, "ShortRun", lambda *a, **k: made.append(FakeRun(*a, **k)) or made[-1]
    )
    monkeypatch.setattr(module, "LOOK", 0.001)
    lab = NoiseLab(NOISE, RARE)
    lab.made = made
    return lab


def wait(lab):
    for _ in range(5000):
        if not lab.state["running"] and not lab.train.disabled:
            return
        time.sleep(0.002)
    raise AssertionError("the training never ended")


# ---------------------------------------------------------------------------------- lost


def test_what_is_lost_is_the_mean_of_the_differences_of_each_seed():
    table = lost(NOISE, "noise", 0.3)
    for loss in LOSSES:
        of = NOISE[NOISE.loss == loss].pivot(index="seed", columns="noise", values="macro_f1")
        drop = of[0.0] - of[0.3]
        assert table.loc[loss, "mean"] == pytest.approx(drop.mean())
        low, high = stats.t.interval(0.95, 2, drop.mean(), stats.sem(drop))
        assert table.loc[loss, "low"] == pytest.approx(low)
        assert table.loc[loss, "high"] == pytest.approx(high)
        assert table.loc[loss, "n"] == 3


def test_nothing_is_lost_where_nothing_is_spoiled():
    assert (lost(NOISE, "noise", 0.0)["mean"] == 0).all()


def test_a_share_that_was_not_run_is_an_empty_table():
    assert lost(NOISE, "noise", 0.77).empty


def test_another_column_is_refused():
    with pytest.raises(ValueError, match='along must be "noise" or "imbalance"'):
        lost(NOISE, "people", 3)


# ---------------------------------------------------------------------------------- controls


def test_the_dials_move_state_picture_and_words(lab):
    before = lab.picture.value
    lab.loss.value, lab.noise.value, lab.occurrence.value = "AUNCE corrected", 0.3, 0.25
    expected = lost(NOISE, "noise", 0.3).loc["AUNCE corrected", "mean"]
    assert lab.state["lost"]["noise"] == expected
    assert f"loses <b>{expected:.3f}</b>" in lab.caption.value
    disfa = RARE[RARE.corpus == "synth-disfa"]
    rare = lost(disfa, "imbalance", 0.25).loc["AUNCE corrected", "mean"]
    assert lab.state["lost"]["imbalance"] == rare
    assert lab.picture.value != before


def test_the_dials_offer_what_was_measured(lab):
    assert [value for _, value in lab.noise.options] == [0.0, 0.1, 0.3]
    assert [value for _, value in lab.occurrence.options] == [1.0, 0.25]
    assert lab.corpus.options == ("synth-disfa", "synth-gft")


def test_a_loss_or_a_kind_without_runs_is_told_and_not_guessed(lab):
    lab.loss.options = [*lab.loss.options, "SupCon"]
    lab.loss.value = "SupCon"
    assert lab.state["lost"] == {"noise": None, "imbalance": None}
    assert "no study of SupCon" in lab.caption.value
    lab.loss.value, lab.kind.value, lab.noise.value = LOSSES[0], "missed", 0.3
    assert lab.state["lost"]["noise"] is None


def test_without_a_study_the_panels_say_how_to_run_one(monkeypatch, tmp_path):
    monkeypatch.setattr(module, "RESULTS", tmp_path)
    assert stored("noise") is None
    lab = NoiseLab()
    assert lab.state["lost"] == {"noise": None, "imbalance": None}
    texts = [text.get_text() for axes in lab.figure().axes for text in axes.texts]
    assert any("aunce study noise --csv data/results/noise.csv" in text for text in texts)


def test_a_stored_study_is_found(monkeypatch, tmp_path):
    monkeypatch.setattr(module, "RESULTS", tmp_path)
    NOISE.to_csv(tmp_path / "noise.csv", index=False)
    lab = NoiseLab()
    lab.loss.value, lab.noise.value = LOSSES[0], 0.1
    assert lab.state["lost"]["noise"] == pytest.approx(
        lost(NOISE, "noise", 0.1).loc[LOSSES[0], "mean"]
    )


def test_a_table_of_something_else_is_told():
    with pytest.raises(ValueError, match="the table of noise lacks the columns"):
        NoiseLab(pd.DataFrame({"a": [1]}))


def test_names_in_a_table_are_text():
    odd = study("noise", (0.0, 0.1), losses=("<script>alert(1)</script>",))
    lab = NoiseLab(odd, RARE)
    lab.loss.value = "<script>alert(1)</script>"
    assert "<script>" not in lab.caption.value
    assert "&lt;script&gt;" in lab.caption.value
    lab.start()
    assert not lab.state["running"]
    assert "choose one of them" in lab.told.value


def test_the_chosen_loss_stands_out(lab):
    lab.loss.value = LOSSES[1]
    axes = lab.figure().axes[0]
    widths = {line.get_label(): line.get_linewidth() for line in axes.lines}
    assert widths[LOSSES[1]] > widths[LOSSES[0]]


def test_every_control_carries_a_class_and_a_name(lab):
    for name in ("loss", "kind", "corpus", "noise", "occurrence", "train", "cancel", "progress"):
        assert f"aunce-noise-{name}" in getattr(lab, name)._dom_classes
        assert getattr(lab, name).description


# ---------------------------------------------------------------------------------- training


def test_a_training_has_the_settings_of_the_dials_and_leaves_a_row(lab):
    lab.loss.value, lab.noise.value, lab.occurrence.value = "weighted BCE", 0.1, 0.25
    lab.train.click()
    wait(lab)
    (run,) = lab.made
    assert run.settings == {"loss": "bce"}
    assert run.dials == {"noise": 0.1, "noise_kind": "flip", "occurrence": 0.25}
    (row,) = lab.state["runs"]
    assert row == run.dials | {"loss": "weighted BCE", "macro_f1": 0.5, "all_active": 0.45}
    assert "0.500" in lab.told.value
    assert "not comparable with the curves" in lab.told.value
    assert lab.cancel.disabled


def test_one_training_at_a_time(lab, monkeypatch):
    monkeypatch.setattr(module, "LOOK", 0.05)
    lab.start()
    lab.start()
    assert lab.train.disabled
    wait(lab)
    assert len(lab.made) == 1


def test_a_cancelled_training_leaves_no_row(lab, monkeypatch):
    monkeypatch.setattr(module, "LOOK", 0.1)
    lab.start()
    lab.cancel.click()
    wait(lab)
    assert lab.state["runs"] == []
    assert "Cancelled" in lab.told.value


def test_a_training_that_fails_says_why_as_text(lab):
    lab.noise.value = 0.3
    lab.start()
    wait(lab)
    assert "The training failed: out of &lt;memory&gt;" in lab.told.value
    assert not lab.train.disabled


# ---------------------------------------------------------------------------------- short run


@pytest.fixture
def small(tiny, monkeypatch):
    """The tiny corpus in the place of the small one."""
    from aunce_lib.corpora import synthetic

    monkeypatch.setattr(synthetic, "load", lambda name, size: tiny)
    quick = {"epochs": 1, "batch_size": 32, "dim": 8, "image_size": 32}
    monkeypatch.setattr(short_run, "QUICKER", quick)


def test_the_training_spoils_what_is_learned_from_only(small, monkeypatch, tmp_path):
    import json

    from aunce_lib import trial

    seen, real = [], trial.run_trial
    monkeypatch.setattr(trial, "run_trial", lambda *a, **k: seen.append(a) or real(*a, **k))
    wanted = {"settings": {"loss": "bce"}, "noise": 0.5, "noise_kind": "flip"}
    wanted |= {"occurrence": 0.95, "seed": 3}
    (tmp_path / "wanted.json").write_text(json.dumps(wanted))
    short_run.train(tmp_path)
    config, _, learned, test = seen[0]
    assert (config.loss, config.seed) == ("bce", 3)
    assert len(learned.spoiled) == 2
    assert test.spoiled == ()
    assert not set(learned.subjects) & set(test.subjects)
    scores = json.loads((tmp_path / "result.json").read_text())
    assert 0 <= scores["macro_f1"] <= 1
    assert 0 < scores["all_active"] < 1


def test_a_process_that_fails_says_its_last_words(tmp_path, monkeypatch):
    monkeypatch.setenv("AUNCE_CACHE", str(tmp_path))
    run = short_run.ShortRun({"loss": "nonsense"}, 0.0, "flip", 1.0)
    run.cancel()
    with pytest.raises(RuntimeError, match="status -15|nonsense|Terminated"):
        run.result()
    assert run.cancelled
    run.forget()
    assert not run.folder.exists()
