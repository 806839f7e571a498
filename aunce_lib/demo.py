"""The whole method in a few minutes: AUNCE and cross-entropy on drawn faces, compared."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path

import numpy as np
import torch
from joblib import Parallel, delayed

from aunce_lib.config import TrainConfig
from aunce_lib.corpora import synthetic
from aunce_lib.corpora.atomic import atomic_path
from aunce_lib.corpora.folds import holdout, published, subject_folds
from aunce_lib.corpora.frames import FrameTable
from aunce_lib.evaluation.metrics import evaluate
from aunce_lib.inspection.projection import project
from aunce_lib.report import MAPPED_AU, DemoResult, Trained, write_report

CORPUS = "synth-bp4d"
LOSSES = {"aunce": "AUNCE", "bce": "cross-entropy"}
N_PROJECTED = 800  # test faces on the maps


def demo(folder: str | Path = "runs/demo", size: str = "small", seed: int = 0, **settings) -> dict:
    """Draw a corpus, train AUNCE and weighted cross-entropy at equal compute, probe, report.

    Both losses see the same faces in two views, for as many encoder passes. They train side by
    side, each in a process of its own with one thread.

    Args:
        folder: Where everything goes: a run per loss, metrics.json, figures/, report.html. What an
            earlier demo left in these is replaced.
        size: Size of the corpus, see `synthetic.load`.
        seed: Of corpus, training and probe.
        **settings: Changes to `TrainConfig.quick()`.

    Returns:
        What metrics.json holds.

    Raises:
        OSError: If the folder can't be written, or holds something else where a run should go.
    """
    folder, started = Path(folder), time.perf_counter()
    folder.mkdir(parents=True, exist_ok=True)
    for loss in LOSSES:
        if (folder / loss).exists() and not (folder / loss / "config.yaml").is_file():
            raise FileExistsError(
                f"{folder / loss} would be replaced, but is no run of an earlier demo; "
                "choose another folder"
            )
    print(f"Drawing {CORPUS}: synthetic faces, kept for the next time …", flush=True)
    table = synthetic.load(CORPUS, size, seed=seed, progress=True)
    # the published fold needs all 41 people; a tiny corpus has its own
    fold = published(CORPUS, 1) if size != "tiny" else subject_folds(table)[0]
    train, test = fold.split(table)
    seconds = {"render": time.perf_counter() - started}
    print(
        f"{len(train):,} faces of {len(set(train.subjects))} people to learn from, "
        f"{len(test):,} of {len(set(test.subjects))} other people to be tested on. Training …",
        flush=True,
    )
    mapped = np.linspace(0, len(test) - 1, min(N_PROJECTED, len(test))).astype(int)
    jobs = (
        delayed(_train_and_probe)(folder / loss, loss, train, test, mapped, seed, settings)
        for loss in LOSSES
    )
    trained = dict(zip(LOSSES.values(), _side_by_side(jobs), strict=True))
    for step in ("train", "probe"):
        seconds[step] = max(one.seconds[step] for one in trained.values())
    print("Mapping the embeddings, writing the report …", flush=True)
    begun = time.perf_counter()
    maps = _maps({name: one.embeddings for name, one in trained.items()}, test.aus, seed)
    seconds["maps"] = time.perf_counter() - begun

    metrics = {loss: trained[name].evaluation.to_dict() for loss, name in LOSSES.items()}
    all_active = trained["AUNCE"].evaluation.baselines["all_active"]
    metrics["all_active"] = float(all_active.loc["macro", "f1"])
    metrics["seconds"] = seconds
    result = DemoResult(folder, train, test, trained, mapped, maps, metrics)
    report = write_report(result)
    seconds["total"] = time.perf_counter() - started
    with atomic_path(folder / "metrics.json") as temporary:
        temporary.write_text(json.dumps(metrics, indent=2))
    print(
        f"Macro F1 on unseen people: AUNCE {metrics['aunce']['macro_f1']:.3f}, "
        f"cross-entropy {metrics['bce']['macro_f1']:.3f}, all active {metrics['all_active']:.3f} "
        f"({seconds['total']:.0f} s). Report: {report}"
    )
    return metrics


def _train_and_probe(
    folder: Path,
    loss: str,
    train: FrameTable,
    test: FrameTable,
    mapped: np.ndarray,
    seed: int,
    settings: dict,
) -> Trained:
    """One loss from scratch to scores; runs in a process of its own."""
    from aunce_lib.evaluation.embed import embed
    from aunce_lib.evaluation.probe import fit_probe
    from aunce_lib.training import fit

    torch.set_num_threads(1)
    started = time.perf_counter()
    shutil.rmtree(folder, ignore_errors=True)
    learners, watched = holdout(train, 0.15, seed).split(train)
    config = TrainConfig.quick(loss=loss, seed=seed, **settings)
    run = fit(learners, config, folder, validation=watched)
    trained = time.perf_counter()
    z_train, z_test = embed(run.encoder, train), embed(run.encoder, test)
    probe = fit_probe(z_train, train.labels, train.subjects, train.aus, seed=seed)
    probe.save(folder / "probe.safetensors")
    evaluation = evaluate(
        test.labels,
        probe.scores(z_test),
        probe.predict(z_test),
        test.subjects,
        test.aus,
        train.labels,
    )
    seconds = {"train": trained - started, "probe": time.perf_counter() - trained}
    return Trained(evaluation, run.history, z_test[mapped], seconds)


def _maps(embeddings: dict[str, np.ndarray], aus, seed: int) -> dict[tuple[str, str], np.ndarray]:
    """t-SNE and UMAP of every model's embeddings of `MAPPED_AU`."""
    column = aus.index(MAPPED_AU)
    names = [(method, name) for method in ("tsne", "umap") for name in embeddings]
    jobs = (delayed(project)(embeddings[name][:, column], method, seed) for method, name in names)
    return dict(zip(names, _side_by_side(jobs), strict=True))


def _side_by_side(jobs):
    return Parallel(n_jobs=min(len(LOSSES), os.cpu_count() or 1))(jobs)
