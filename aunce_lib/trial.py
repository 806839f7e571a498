"""One trial: train an encoder, freeze it, fit a probe, test both on people they never saw.

The demo and every cell of a study are made of this, so that their numbers compare.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from aunce_lib.config import TrainConfig
from aunce_lib.corpora.folds import Fold, holdout, published, subject_folds
from aunce_lib.corpora.frames import FrameTable
from aunce_lib.encoder import Encoder
from aunce_lib.evaluation.embed import embed
from aunce_lib.evaluation.metrics import Evaluation, evaluate
from aunce_lib.evaluation.probe import Probe, fit_probe
from aunce_lib.training import Run, fit


@dataclass(frozen=True, eq=False)
class Trial:
    """What one trial gave.

    Attributes:
        run: The trained encoder and how its training went.
        probe: Fitted on the training people; also saved in the run's folder.
        embeddings: Of the test faces, float32 (n, J, D).
        evaluation: Scores on the test faces.
        seconds: Of "train" and of "probe", which holds embedding and testing.
    """

    run: Run
    probe: Probe
    embeddings: np.ndarray
    evaluation: Evaluation
    seconds: dict[str, float]


def run_trial(
    config: TrainConfig,
    folder: str | Path,
    train: FrameTable,
    test: FrameTable,
    *,
    watch: float = 0.0,
    resume: bool = False,
    progress: bool = True,
) -> Trial:
    """Train on some people, test on others.

    Args:
        config: Settings; its seed is also that of the probe.
        folder: Where the run goes, see `training.fit`; the probe is saved in it.
        train: Faces to learn from, encoder and probe.
        test: Other people's faces. Nothing is learned or chosen on them.
        watch: Share of the training people whom the encoder does not learn from, to watch its
            training by; the probe learns from them too. 0 watches nobody.
        resume: Go on with the run in the folder, if there is one.
        progress: Print a line per epoch.

    Raises:
        ValueError, FileExistsError, FloatingPointError, OSError: As `training.fit` says.
    """
    started = time.perf_counter()
    learners, watched = train, None
    if watch:
        learners, watched = holdout(train, watch, config.seed).split(train)
    run = fit(learners, config, folder, validation=watched, resume=resume, progress=progress)
    trained = time.perf_counter()
    z_train = embed(run.encoder, train)
    probe = fit_probe(z_train, train.labels, train.subjects, train.aus, seed=config.seed)
    probe.save(run.folder / "probe.safetensors")
    evaluation, z_test = evaluate_on(run.encoder, probe, test, train.labels)
    seconds = {"train": trained - started, "probe": time.perf_counter() - trained}
    return Trial(run, probe, z_test, evaluation, seconds)


def evaluate_on(
    encoder: Encoder, probe: Probe, test: FrameTable, train_labels: np.ndarray
) -> tuple[Evaluation, np.ndarray]:
    """Scores of an encoder and its probe on faces, of another corpus too.

    Args:
        encoder: Trained.
        probe: Fitted to the encoder's embeddings.
        test: Faces; the AUs that both the probe and the table know are scored.
        train_labels: (N, J), what the probe was fitted to: the baseline "by rate" needs them.

    Returns:
        The scores, and the embeddings (n, J, D) of all of the encoder's AUs.

    Raises:
        ValueError: If no AU is shared.
    """
    shared = [au for au in probe.aus if au in test.aus]
    if not shared:
        raise ValueError(f"the probe knows the AUs {probe.aus}, the test faces {test.aus}: no same")
    ours = [probe.aus.index(au) for au in shared]
    theirs = [test.aus.index(au) for au in shared]
    z = embed(encoder, test)
    evaluation = evaluate(
        test.labels[:, theirs],
        probe.scores(z)[:, ours],
        probe.predict(z)[:, ours],
        test.subjects,
        shared,
        train_labels[:, ours],
    )
    return evaluation, z


def choose_fold(table: FrameTable, number: int = 1) -> Fold:
    """A published fold; else (none is published, or most of its people lack) one of three.

    Raises:
        ValueError: If there is no such fold.
    """
    corpus = str(table.metadata.get("corpus"))
    with suppress(ValueError):
        fold = published(corpus, number)
        everybody = {*fold.train_subjects, *fold.test_subjects}
        if 2 * len(everybody.intersection(table.subjects)) > len(everybody):
            return fold
    folds = subject_folds(table)
    if number not in range(1, len(folds) + 1):
        raise ValueError(f"fold must be 1 … {len(folds)} for {corpus}, got {number!r}")
    return folds[number - 1]


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch use one thread: many small trials side by side are faster than one on all cores."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
