"""A training run on one fold of a prepared corpus, and what a probe reads from it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from aunce_lib.config import TrainConfig
from aunce_lib.corpora.atomic import atomic_path
from aunce_lib.corpora.folds import (
    PUBLISHED_FOLDS,
    Fold,
    by_split,
    holdout,
    published,
)
from aunce_lib.corpora.frames import FrameTable
from aunce_lib.corpora.prepare import load_prepared
from aunce_lib.corpora.untrusted import read_json
from aunce_lib.devices import fabric_for
from aunce_lib.distributed import world
from aunce_lib.evaluation.embed import embed
from aunce_lib.evaluation.metrics import Evaluation
from aunce_lib.evaluation.probe import fit_probe
from aunce_lib.protocols import Protocol
from aunce_lib.run import Run
from aunce_lib.training import fit
from aunce_lib.trial import choose_fold, evaluate_on

WATCHED = 0.15  # of the training people, to watch the training by
OWN_FOLDS = 3  # of a corpus without published ones


def fold_of(table: FrameTable, number: int = 1) -> Fold:
    """The fold that a corpus is reported on.

    That is the split its source states (Aff-Wild2, lists, GFT), else a published fold, else one of
    three by person.

    Args:
        table: All frames of the corpus.
        number: Of the fold, from 1; a stated split has only fold 1.

    Raises:
        ValueError: If there is no such fold.
    """
    corpus = table.metadata.get("corpus")
    if "split" in table.frames:
        if number != 1:
            raise ValueError(f"{corpus} comes with one split, fold 1; got fold {number}")
        return by_split(table)
    return published(corpus, number) if corpus in PUBLISHED_FOLDS else choose_fold(table, number)


@dataclass(frozen=True, eq=False)
class Parts:
    """The faces of a run: to learn from, to watch the training by (None: none), to be tested on."""

    learners: FrameTable
    watched: FrameTable | None
    test: FrameTable


def parts_of(
    prepared: str | Path, config: TrainConfig, fold: int = 1, protocol: Protocol | None = None
) -> Parts:
    """What a run of `train_on` sees; a published protocol holds nobody out to watch.

    Raises:
        ValueError: If fold, settings, protocol and corpus do not go together.
        OSError: If the folder is not there or damaged.
    """
    table = load_prepared(prepared)
    if protocol is not None:
        protocol.check(table, fold)
    side = table.store.height
    if config.crop_from not in (None, side):
        raise ValueError(
            f"crop_from is {config.crop_from}, but the faces in {prepared} have {side} pixels: "
            f"prepare them with --size {config.crop_from}"
        )
    train, test = fold_of(table, fold).split(table)
    if protocol is not None:
        return Parts(train, None, test)
    learners, watched = holdout(train, WATCHED, config.seed).split(train)
    return Parts(learners, watched, test)


def train_on(
    prepared: str | Path,
    out: str | Path,
    config: TrainConfig,
    fold: int = 1,
    resume: bool = False,
    protocol: Protocol | None = None,
    **options,
) -> Run:
    """Train on the training people of a fold; some of them are held out to watch the training.

    Args:
        prepared: Folder of a prepared corpus.
        out: Folder of the run; `data.json` in it says what it was trained on.
        config: Settings.
        fold: Number of the fold, see `fold_of`.
        resume: Go on with a run that was stopped.
        protocol: A published one, in which all training people are learned from.
        **options: Further ones of `training.fit`, such as `fabric`.

    Raises:
        ValueError: If fold, settings, protocol and corpus do not go together.
        OSError: If a folder is not there, holds something else, or cannot be written.
    """
    parts = parts_of(prepared, config, fold, protocol)
    data = {"prepared": str(Path(prepared).absolute()), "fold": fold}
    if protocol is not None:
        compared = protocol.compare(parts.learners, parts.test, fold, config)
        data |= {"protocol": protocol.corpus, "compared": compared}
    run = fit(parts.learners, config, out, validation=parts.watched, resume=resume, **options)
    if world()[0] == 0:
        _write(run.folder / "data.json", data)
        last = {k: None if v != v else v for k, v in run.history.iloc[-1].to_dict().items()}
        _write(run.folder / "metrics.json", {"train": last})
    return run


def probe_run(folder: str | Path, kind: str = "logistic") -> Evaluation:
    """Fit a probe to a run of `train_on` and test it on the people whom the run never saw.

    Leaves probe.safetensors, and the scores in metrics.json.

    Args:
        folder: Folder of the run.
        kind: "logistic" or "published", see `fit_probe`.

    Raises:
        FileNotFoundError: If the run, or the corpus it was trained on, is not there.
        ValueError: If a file is damaged, or there is no such kind.
    """
    run = Run.load(folder)
    path = run.folder / "data.json"
    if not path.is_file():
        raise FileNotFoundError(f"{path} is not there: train the run with `aunce train`")
    try:
        data = read_json(path)
        prepared, fold = str(data["prepared"]), int(data["fold"])
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path} is damaged ({error}): resume the run to mend it") from error
    table = load_prepared(prepared)
    train, test = fold_of(table, fold).split(table)
    run.encoder.to(fabric_for(run.config).device)
    z = embed(run.encoder, train)
    probe = fit_probe(z, train.labels, train.subjects, train.aus, kind, run.config.seed)
    probe.save(run.folder / "probe.safetensors")
    evaluation, _ = evaluate_on(run.encoder, probe, test, train.labels)
    metrics_path = run.folder / "metrics.json"
    metrics = read_json(metrics_path) if metrics_path.is_file() else {}
    metrics = metrics if isinstance(metrics, dict) else {}  # ours is written below
    all_active = float(evaluation.baselines["all_active"].loc["macro", "f1"])
    metrics |= {"probe": {"kind": kind, **evaluation.to_dict()}, "all_active": all_active} | data
    _write(metrics_path, metrics)
    return evaluation


def _write(path: Path, content: dict) -> None:
    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps(content, indent=2))
