"""Training: the same to the bit by seed and after any interruption; its folder; what is refused."""

from __future__ import annotations

import errno
import logging
import math
import multiprocessing
import os
import shutil
import signal
import time
import warnings
from dataclasses import replace

import killed_run
import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.numpy import load_file

from aunce_lib import training
from aunce_lib.config import LOSSES, TrainConfig
from aunce_lib.corpora import FrameTable
from aunce_lib.evaluation.embed import embed
from aunce_lib.loss import AUNCELoss
from aunce_lib.optimisation import criterion_for, set_rate
from aunce_lib.training import Run, fit

QUICK = TrainConfig(epochs=3, batch_size=32, dim=8, keep_epochs=(0, 2))


@pytest.fixture(scope="module")
def faces(tiny) -> tuple[FrameTable, FrameTable]:
    """64 faces of 8 people to learn from, 24 of the 4 others to watch."""
    people = sorted(set(tiny.subjects))
    learners = np.flatnonzero(np.isin(tiny.subjects, people[:8]))
    watched = np.flatnonzero(np.isin(tiny.subjects, people[8:]))
    return tiny.take(learners[::2][:64]), tiny.take(watched[::3][:24])


@pytest.fixture(scope="module")
def undisturbed(faces, tmp_path_factory) -> Run:
    return quietly(faces, QUICK, tmp_path_factory.mktemp("run") / "undisturbed")


def quietly(faces, config, folder, **options) -> Run:
    return fit(faces[0], config, folder, validation=faces[1], progress=False, **options)


def weights(run: Run) -> dict[str, torch.Tensor]:
    return run.encoder.state_dict()


def assert_same(run: Run, other: Run) -> None:
    """Weights, history (but for the seconds) and all files that stay are equal, bit for bit."""
    assert weights(run).keys() == weights(other).keys()
    for name, tensor in weights(run).items():
        assert torch.equal(tensor, weights(other)[name]), name
    for ours, theirs in (
        (run.history, other.history),
        (pd.read_csv(run.folder / "history.csv"), pd.read_csv(other.folder / "history.csv")),
    ):
        pd.testing.assert_frame_equal(
            ours.drop(columns="seconds"), theirs.drop(columns="seconds"), check_exact=True
        )
    for name in ("model.safetensors", "optimizer.safetensors"):
        path = f"checkpoints/epoch_{run.config.epochs:04d}/{name}"
        assert (run.folder / path).read_bytes() == (other.folder / path).read_bytes()
    for epoch in run.config.keep_epochs:
        for ours, theirs in zip(run.embeddings(epoch), other.embeddings(epoch), strict=True):
            np.testing.assert_array_equal(ours, theirs)


class Stopped(Exception):
    """As if somebody had pressed Ctrl-C."""


def stop_after(monkeypatch, n_epochs: int) -> None:
    """The next run ends as its (n_epochs + 1)th checkpoint is due."""
    save = training.save_checkpoint

    def save_or_stop(folder, epoch, *rest):
        if epoch > n_epochs:
            raise Stopped
        save(folder, epoch, *rest)

    monkeypatch.setattr(training, "save_checkpoint", save_or_stop)


# what a run leaves


def test_history_has_a_row_an_epoch_and_a_column_a_measure(undisturbed):
    history = undisturbed.history
    measures = ["loss", "alignment", "uniformity", "collapse", "knn_f1", "seconds"]
    assert history.columns.tolist() == ["epoch", *measures]
    assert history["epoch"].tolist() == [1, 2, 3]
    assert np.isfinite(history.to_numpy()).all()
    pd.testing.assert_frame_equal(pd.read_csv(undisturbed.folder / "history.csv"), history)


def test_the_encoder_comes_back_in_eval_mode_and_so_does_one_opened_later(undisturbed, faces):
    opened = Run.load(undisturbed.folder)
    assert not undisturbed.encoder.training
    assert not opened.encoder.training
    assert opened.config == QUICK
    assert opened.aus == faces[0].aus
    assert_same(opened, undisturbed)


def test_embeddings_are_kept_at_the_chosen_epochs(undisturbed, faces):
    first, rows = undisturbed.embeddings(0)
    later, _ = undisturbed.embeddings(2)
    assert first.shape == later.shape == (24, len(faces[0].aus), 8)
    assert not np.array_equal(first, later)
    np.testing.assert_array_equal(rows, faces[1].rows)
    with pytest.raises(FileNotFoundError, match=r"epoch_0001.*kept were \(0, 2\)"):
        undisturbed.embeddings(1)


def test_embeddings_kept_at_the_end_are_those_of_the_encoder(faces, tmp_path):
    config = TrainConfig(epochs=1, batch_size=32, dim=8, keep_epochs=(1,))
    run = fit(faces[0], config, tmp_path / "run", progress=False)
    kept, rows = run.embeddings(1)
    np.testing.assert_array_equal(kept, embed(run.encoder, faces[0]))
    np.testing.assert_array_equal(rows, faces[0].rows)
    assert run.history["knn_f1"].isna().all()  # nobody to watch


@pytest.mark.parametrize("loss", LOSSES)
def test_each_loss_trains(faces, tmp_path, loss):
    config = TrainConfig(loss=loss, epochs=1, batch_size=32, dim=8, keep_epochs=(0,))
    run = quietly(faces, config, tmp_path / loss)
    assert np.isfinite(run.history["loss"]).all()
    assert not np.allclose(run.embeddings(0)[0], embed(run.encoder, faces[1]))
    saved = load_file(tmp_path / loss / "checkpoints" / "epoch_0001" / "model.safetensors")
    head = {name for name in saved if not name.startswith("encoder.")}
    bce_head = {"criterion.weight", "criterion.bias", "criterion.au_weights"}
    centroids = {"criterion.sums", "criterion.counts", "criterion.weights"}
    assert head == {"bce": bce_head, "centroid": centroids}.get(loss, set())


def test_the_loss_falls(faces, tmp_path):
    config = TrainConfig(loss="bce", epochs=6, batch_size=32, dim=8, view_strength=0.0)
    losses = fit(faces[0], config, tmp_path / "run", progress=False).history["loss"]
    assert losses.iloc[-1] < losses.iloc[0]


@pytest.mark.parametrize("balanced", [False, True])
def test_an_epoch_shows_each_face_once_in_an_order_of_its_own(
    faces, tmp_path, monkeypatch, balanced
):
    batches = []
    images = FrameTable.images

    def watched(table, positions=None):
        if len(positions) == 16:  # embeddings are made in larger batches
            batches.append(positions.tolist())
        return images(table, positions)

    monkeypatch.setattr(FrameTable, "images", watched)
    config = TrainConfig(epochs=2, batch_size=16, dim=8, balanced_batches=balanced)
    quietly(faces, config, tmp_path / "run")
    epochs = [sum(batches[:4], []), sum(batches[4:], [])]
    assert len(batches) == 8
    assert epochs[0] != epochs[1]
    if not balanced:  # balanced batches may show a rare face twice
        assert sorted(epochs[0]) == sorted(epochs[1]) == list(range(64))


def test_the_rate_rises_to_its_peak_and_falls_to_0():
    backbone, others = ({"params": [torch.zeros(1, requires_grad=True)]} for _ in range(2))
    optimizer = torch.optim.AdamW([backbone, others])

    def rates(**settings):
        for step in range(100):
            set_rate(optimizer, TrainConfig(learning_rate=2.0, **settings), step, 100)
            yield optimizer.param_groups[1]["lr"]

    waved = list(rates(warmup=0.1, cosine=True))
    assert waved[:10] == sorted(waved[:10])
    assert waved[9:] == sorted(waved[9:], reverse=True)
    assert waved[0] == pytest.approx(0.2)
    assert waved[50] == pytest.approx(1.0)
    assert 0 < waved[-1] < 0.001
    assert set(rates(warmup=0.0, cosine=False)) == {2.0}


def test_faces_without_any_label_give_a_loss_of_0(faces, tmp_path):
    unknown = faces[0].with_labels(np.full_like(faces[0].labels, np.nan), "all labels hidden")
    config = TrainConfig(epochs=1, batch_size=32, dim=8, probabilities={"mean": 1.0})
    run = fit(unknown, config, tmp_path / "run", progress=False)
    assert run.history["loss"].tolist() == [0.0]


# progress


def test_without_a_terminal_progress_is_a_line_an_epoch_and_nothing_on_stderr(
    faces, tmp_path, capsys
):
    records = []
    handler = logging.Handler()
    handler.emit = records.append
    logger = logging.getLogger("lightning_fabric")
    logger.addHandler(handler)
    level = logger.level
    config = TrainConfig(epochs=2, batch_size=32, dim=8, precision="bf16-mixed")
    try:
        fit(faces[0], config, tmp_path / "run", validation=faces[1])
    finally:
        logger.removeHandler(handler)
    out, err = capsys.readouterr()
    assert [line.split("loss")[0].split() for line in out.splitlines()] == [
        ["aunce", "epoch", "1/2"],
        ["aunce", "epoch", "2/2"],
    ]
    assert err == ""
    assert records == []
    assert logger.level == level


def test_without_progress_nothing_is_printed(faces, tmp_path, capsys):
    quietly(faces, TrainConfig(epochs=1, batch_size=32, dim=8), tmp_path / "run")
    assert capsys.readouterr() == ("", "")


# the same to the bit


def test_the_same_seed_gives_the_same_run(faces, tmp_path, undisturbed):
    torch.manual_seed(12345)  # which fit does not look at
    assert_same(quietly(faces, QUICK, tmp_path / "again"), undisturbed)


def test_another_seed_gives_another_run(faces, tmp_path, undisturbed):
    other = quietly(faces, TrainConfig(**(QUICK.to_dict() | {"seed": 1})), tmp_path / "other")
    differ = [not torch.equal(t, weights(undisturbed)[n]) for n, t in weights(other).items()]
    assert sum(differ) > len(differ) / 2
    assert other.history["loss"].tolist() != undisturbed.history["loss"].tolist()


def test_the_callers_random_numbers_stay_as_they_were(faces, tmp_path):
    torch.manual_seed(3)
    state = torch.get_rng_state()
    run = quietly(faces, TrainConfig(epochs=1, batch_size=32, dim=8), tmp_path / "run")
    Run.load(run.folder)
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("n_epochs", [0, 1, 2])
def test_a_resumed_run_is_the_run_never_stopped(
    faces, tmp_path, monkeypatch, undisturbed, n_epochs
):
    with monkeypatch.context() as patched:
        stop_after(patched, n_epochs)
        with pytest.raises(Stopped):
            quietly(faces, QUICK, tmp_path / "run")
    assert_same(quietly(faces, QUICK, tmp_path / "run", resume=True), undisturbed)


@pytest.mark.parametrize(
    "settings",
    [
        {"precision": "32-true"},
        {"precision": "bf16-mixed"},
        {"loss": "bce", "balanced_batches": True},
        {"backbone": "swin-nano", "drop_path": 0.5, "batch_size": 16},
    ],
    ids=lambda settings: " ".join(map(str, settings.values())),
)
def test_so_it_is_with_other_settings(faces, tmp_path, monkeypatch, settings):
    config = TrainConfig(**({"epochs": 2, "batch_size": 32, "dim": 8} | settings))
    alone = quietly(faces, config, tmp_path / "alone")
    with monkeypatch.context() as patched:
        stop_after(patched, 1)
        with pytest.raises(Stopped):
            quietly(faces, config, tmp_path / "stopped")
    assert_same(quietly(faces, config, tmp_path / "stopped", resume=True), alone)


def test_resume_starts_a_run_where_there_is_none(faces, tmp_path, undisturbed):
    assert_same(quietly(faces, QUICK, tmp_path / "new", resume=True), undisturbed)


def test_a_finished_run_is_not_trained_again(faces, undisturbed):
    before = undisturbed.folder.stat().st_mtime_ns
    again = quietly(faces, QUICK, undisturbed.folder, resume=True)
    assert undisturbed.folder.stat().st_mtime_ns == before
    assert again.history.equals(undisturbed.history)


def test_a_damaged_checkpoint_costs_an_epoch_and_changes_nothing(
    faces, tmp_path, monkeypatch, undisturbed
):
    with monkeypatch.context() as patched:
        stop_after(patched, 2)
        with pytest.raises(Stopped):
            quietly(faces, QUICK, tmp_path / "run")
    (tmp_path / "run" / "checkpoints" / "epoch_0002" / "model.safetensors").write_bytes(b"cut")
    with pytest.warns(UserWarning, match="epoch_0002 is damaged"):
        resumed = quietly(faces, QUICK, tmp_path / "run", resume=True)
    assert_same(resumed, undisturbed)


def test_a_full_disk_stops_the_run_which_resumes_when_there_is_space(
    faces, tmp_path, monkeypatch, undisturbed
):
    rename, renames = os.rename, []

    def full_at_the_second(source, target):
        renames.append(target)
        if len(renames) == 2:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        rename(source, target)

    with monkeypatch.context() as patched:
        patched.setattr(os, "rename", full_at_the_second)
        with pytest.raises(OSError, match="checkpoints/epoch_0002.*No space left.*resume"):
            quietly(faces, QUICK, tmp_path / "run")
    assert_same(quietly(faces, QUICK, tmp_path / "run", resume=True), undisturbed)


# killed


class Kills:
    """Runs in processes of their own that are killed at chosen moments."""

    def __init__(self, faces, folder):
        self.store = faces[0].store.path
        self.tables = folder / "learners.parquet", folder / "watched.parquet"
        for table, path in zip(faces, self.tables, strict=True):
            table.save(path)
        # a server that has imported everything forks a fresh process for each kill
        self.context = multiprocessing.get_context("forkserver")
        self.context.set_forkserver_preload(["killed_run"])

    def start(self, folder) -> multiprocessing.Process:
        """A run in a process of its own; returns as its training begins."""
        arguments = folder, self.tables, self.store
        process = self.context.Process(target=killed_run.train, args=arguments)
        process.start()
        wait_for(folder / "config.yaml", process)
        return process

    def kill(self, folder, epoch: int, delay: float, while_writing: bool) -> bool:
        """Kill a run `delay` seconds after an epoch began, or its checkpoint began to be written.

        Returns:
            Whether the run was alive until then.
        """
        process = self.start(folder)
        if while_writing:
            wait_for(folder / "checkpoints" / f".epoch_{epoch:04d}.partial", process)
        elif epoch > 1:
            wait_for(folder / "checkpoints" / f"epoch_{epoch - 1:04d}", process)
        time.sleep(delay)
        process.kill()
        process.join()
        return process.exitcode == -signal.SIGKILL


def wait_for(path, process) -> None:
    while process.is_alive() and not path.exists():
        time.sleep(0.0002)


@pytest.mark.parametrize("n_kills", [3, pytest.param(20, marks=pytest.mark.slow)])
def test_a_run_killed_at_any_moment_resumes_to_the_same_bits(faces, tmp_path, n_kills):
    kills, rng = Kills(faces, tmp_path), np.random.default_rng(0)
    n_epochs = killed_run.CONFIG.epochs
    process = kills.start(tmp_path / "alone")
    process.join()
    assert process.exitcode == 0
    alone = Run.load(tmp_path / "alone")
    epoch_seconds = alone.history["seconds"].median()

    n_hit = 0
    for number in range(n_kills):
        folder = tmp_path / f"killed {number}"
        while_writing = number % 3 == 1  # a short part of the time, but the delicate one
        epoch = 1 + (number + int(rng.integers(2))) * n_epochs // (n_kills + 1)
        delay = rng.uniform(0, 0.02 if while_writing else epoch_seconds)
        n_hit += kills.kill(folder, epoch, delay, while_writing)
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # no checkpoint may be found damaged
            resumed = quietly(faces, killed_run.CONFIG, folder, resume=True)
        assert_same(resumed, alone)
        left = sorted(path.name for path in (folder / "checkpoints").iterdir())
        assert [name for name in left if name.startswith(".")] == []
    print(f"{n_hit} of {n_kills} runs were killed before their end")
    assert n_hit >= n_kills / 2  # on a machine that stutters, some end before they are killed


# what is refused


def test_a_folder_with_a_run_is_refused_unless_it_is_to_be_resumed(faces, undisturbed):
    with pytest.raises(FileExistsError, match="undisturbed holds a run already: .*resume=True"):
        quietly(faces, QUICK, undisturbed.folder)


def test_other_settings_than_the_runs_are_refused_by_name(faces, undisturbed):
    other = TrainConfig(**(QUICK.to_dict() | {"temperature": 0.1, "epochs": 9}))
    with pytest.raises(ValueError, match="epochs: 9 here, 3 there; temperature: 0.1 here, 0.5"):
        quietly(faces, other, undisturbed.folder, resume=True)
    assert TrainConfig.load(undisturbed.folder / "config.yaml") == QUICK


def test_other_faces_than_the_runs_are_refused(faces, undisturbed):
    with pytest.raises(ValueError, match="undisturbed holds a run on other faces or labels"):
        fit(faces[0].take(np.arange(40)), QUICK, undisturbed.folder, resume=True)


def test_checkpoints_without_settings_are_refused(faces, tmp_path):
    (tmp_path / "run" / "checkpoints").mkdir(parents=True)
    with pytest.raises(FileExistsError, match=r"run holds checkpoints, but no config.yaml"):
        quietly(faces, QUICK, tmp_path / "run", resume=True)


def test_damaged_settings_are_refused_by_their_file(faces, tmp_path):
    (tmp_path / "config.yaml").write_text("epochs: [")
    with pytest.raises(ValueError, match="config.yaml"):
        quietly(faces, QUICK, tmp_path, resume=True)


def test_a_folder_that_cannot_be_made_is_an_os_error_that_names_it(faces, tmp_path):
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "run"):
        with pytest.raises(OSError, match=f"could not write {folder}"):
            quietly(faces, QUICK, folder)


def test_a_folder_that_holds_no_run_is_not_loaded(tmp_path):
    with pytest.raises(FileNotFoundError, match="holds no trained run"):
        Run.load(tmp_path / "nothing")


def test_people_to_learn_from_are_not_watched(faces, tmp_path):
    with pytest.raises(ValueError, match="people in train and validation: .*F0.*split by fold"):
        fit(faces[0], QUICK, tmp_path / "run", validation=faces[0].take(np.arange(3)))


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda t: t.take(np.arange(31)), "31 frames, less than batch_size 32"),
        (lambda t: FrameTable(t.frames), "need images"),
        (lambda t: FrameTable(t.frames.drop(columns="AU12"), {}, t.store), "has the AUs"),
    ],
)
def test_tables_that_do_not_fit_are_refused(faces, tmp_path, spoil, message):
    with pytest.raises(ValueError, match=message):
        fit(spoil(faces[0]), QUICK, tmp_path / "run", validation=faces[1])


def test_settings_that_a_part_refuses_take_no_folder(faces, tmp_path):
    config = TrainConfig(probabilities={"self": 0.5}, epochs=1, batch_size=32)
    with pytest.raises(ValueError, match="sum to 1"):
        quietly(faces, config, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_loss_that_is_not_finite_stops_and_keeps_its_frames_as_a_table(faces, tmp_path):
    config = TrainConfig(
        epochs=2, batch_size=32, dim=8, learning_rate=1e30, warmup=0.0, precision="32-true"
    )
    with pytest.raises(
        FloatingPointError, match=r"nan in epoch 1, step 1; .*learning_rate"
    ) as told:
        quietly(faces, config, tmp_path / "run")
    path = tmp_path / "run" / "not_finite_epoch_1_step_1.csv"
    assert str(path) in str(told.value)
    batch = pd.read_csv(path).set_index("row")
    assert len(set(batch.index)) == 32
    assert batch.columns.tolist()[:4] == ["corpus", "subject", "sequence", "frame"]
    expected = faces[0].frames.loc[batch.index, batch.columns]
    assert (batch.astype(str).to_numpy() == expected.astype(str).to_numpy()).all()


def test_weights_that_are_not_finite_are_no_checkpoint(faces, tmp_path, monkeypatch):
    steps = []
    step = torch.optim.AdamW.step

    def spoil_the_last(self, *rest, **options):
        result = step(self, *rest, **options)
        steps.append(1)
        if len(steps) == 4:  # the last one of epoch 2: no loss is computed with these weights
            self.param_groups[1]["params"][0].data[0] = math.nan
        return result

    monkeypatch.setattr(torch.optim.AdamW, "step", spoil_the_last)
    with pytest.raises(FloatingPointError, match="no longer finite in epoch 2, after step 2"):
        quietly(faces, QUICK, tmp_path / "run")
    assert Run.load(tmp_path / "run").history["epoch"].tolist() == [1]


def test_an_infinite_loss_leaves_the_last_checkpoint_whole(faces, tmp_path, monkeypatch):
    criterion = AUNCELoss.forward
    calls = []

    def infinite_at_last(self, z0, z1, labels):
        calls.append(1)
        return criterion(self, z0, z1, labels) * (math.inf if len(calls) == 4 else 1)

    monkeypatch.setattr(AUNCELoss, "forward", infinite_at_last)
    with pytest.raises(FloatingPointError, match="inf in epoch 2, step 1"):
        quietly(faces, QUICK, tmp_path / "run")
    assert Run.load(tmp_path / "run").history["epoch"].tolist() == [1]


# what is trained how fast, and by what


def moved(faces, folder, **changes) -> dict[str, float]:
    """How far the first run of a setting took backbone and head from their common start."""
    runs = [
        quietly(faces, replace(QUICK, epochs=1, keep_epochs=(), **settings), folder / name)
        for name, settings in {"run": changes, "start": {"learning_rate": 1e-30}}.items()
    ]
    ours, start = map(weights, runs)
    parts = {"backbone": "backbone.layers.1.weight", "head": "projection.weight"}
    return {part: (ours[key] - start[key]).abs().max().item() for part, key in parts.items()}


def test_a_backbone_can_learn_slowly_or_stay(faces, tmp_path):
    whole = moved(faces, tmp_path / "whole")
    slow = moved(faces, tmp_path / "slow", backbone_rate=0.1)
    still = moved(faces, tmp_path / "still", backbone_rate=0.0)
    assert still["backbone"] == pytest.approx(0, abs=1e-9)
    assert 0 < slow["backbone"] < 0.3 * whole["backbone"]
    assert min(part["head"] for part in (whole, slow, still)) > 1e-4


@pytest.mark.parametrize("loss", ["aunce", "centroid"])
def test_cross_entropy_beside_a_loss_is_added_with_its_weight(faces, loss):
    labels = torch.from_numpy(faces[0].labels[:8])
    z0, z1 = torch.nn.functional.normalize(torch.randn(2, *labels.shape, 8), dim=-1)
    values = {}
    for weight in (0.0, 0.5, 1.0):
        torch.manual_seed(0)
        config = TrainConfig(loss=loss, cross_entropy=weight, probabilities={"mean": 1.0})
        values[weight] = criterion_for(config, labels, 8)(z0, z1, labels).item()
    assert values[0.5] - values[0.0] == pytest.approx((values[1.0] - values[0.0]) / 2, rel=1e-4)
    assert values[1.0] > values[0.0]


def test_a_run_of_two_losses_resumes_to_the_bit(faces, tmp_path, monkeypatch):
    config = replace(QUICK, loss="centroid", cross_entropy=0.5, keep_epochs=())
    whole = quietly(faces, config, tmp_path / "whole")
    with monkeypatch.context() as patched:
        stop_after(patched, 1)
        with pytest.raises(Stopped):
            quietly(faces, config, tmp_path / "stopped")
    assert_same(quietly(faces, config, tmp_path / "stopped", resume=True), whole)


def test_after_each_epoch_the_history_so_far_is_handed_out(faces, undisturbed, tmp_path):
    seen = []
    run = quietly(faces, QUICK, tmp_path / "watched", on_epoch=seen.append)
    assert [len(history) for history in seen] == [1, 2, 3]
    pd.testing.assert_frame_equal(seen[-1], run.history)
    assert_same(run, undisturbed)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("g++") is None, reason="there is no C++ compiler")
def test_a_compiled_encoder_learns_the_same(faces, tmp_path):
    config = TrainConfig(epochs=1, batch_size=32, dim=8, precision="32-true")
    usual = quietly(faces, config, tmp_path / "usual")
    compiled = quietly(faces, replace(config, compile=True), tmp_path / "compiled")
    assert weights(compiled).keys() == weights(usual).keys()
    np.testing.assert_allclose(compiled.history.loss, usual.history.loss, rtol=1e-3)
