"""The whole method in a few minutes: AUNCE, cross-entropy and both at once on drawn faces."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed

from aunce_lib.config import TrainConfig
from aunce_lib.corpora import synthetic
from aunce_lib.corpora.atomic import atomic_path
from aunce_lib.corpora.frames import FrameTable
from aunce_lib.corpora.processes import dead_workers_told
from aunce_lib.inspection.projection import project
from aunce_lib.report import MAPPED_AU, DemoResult, write_report
from aunce_lib.trial import Trial, choose_fold, one_thread, run_trial

CORPUS = "synth-bp4d"
RECIPE = TrainConfig.recipe()
#: Name in metrics.json → name on the page, and what its settings differ in.
MODELS = {
    "aunce": ("AUNCE", {"loss": "aunce"}),
    "recipe": ("our recipe", {"loss": RECIPE.loss, "cross_entropy": RECIPE.cross_entropy}),
    "bce": ("cross-entropy", {"loss": "bce"}),
}
N_PROJECTED = 800  # test faces on the maps


def demo(folder: str | Path = "runs/demo", size: str = "small", seed: int = 0, **settings) -> dict:
    """Draw a corpus, train three losses at equal compute, probe, report.

    AUNCE, weighted cross-entropy, and our recipe, which is both added up (`TrainConfig.recipe`).
    All see the same faces in two views, for as many encoder passes. They train side by side, each
    in a process of its own with one thread.

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
    for loss in MODELS:
        if (folder / loss).exists() and not (folder / loss / "config.yaml").is_file():
            raise FileExistsError(
                f"{folder / loss} would be replaced, but is no run of an earlier demo; "
                "choose another folder"
            )
    print(f"Drawing {CORPUS}: synthetic faces, kept for the next time …", flush=True)
    table = synthetic.load(CORPUS, size, seed=seed, progress=True)
    train, test = choose_fold(table).split(table)
    seconds = {"render": time.perf_counter() - started}
    print(
        f"{len(train):,} faces of {len(set(train.subjects))} people to learn from, "
        f"{len(test):,} of {len(set(test.subjects))} other people to be tested on. Training …",
        flush=True,
    )
    names = {key: name for key, (name, _) in MODELS.items()}
    jobs = (
        delayed(_trial)(folder / key, train, test, {"seed": seed, **own, **settings})
        for key, (_, own) in MODELS.items()
    )
    mapped = np.linspace(0, len(test) - 1, min(N_PROJECTED, len(test))).astype(int)
    trained, maps, seconds["maps"] = {}, {}, 0.0
    with dead_workers_told("training"):
        n_jobs = min(len(MODELS), os.cpu_count() or 1)
        trials = Parallel(n_jobs=n_jobs, return_as="generator")(jobs)
        for name, trial in zip(names.values(), trials, strict=True):
            begun = time.perf_counter()  # a model is mapped while the next one trains
            z = trial.embeddings[mapped, test.aus.index(MAPPED_AU)]
            trained[name] = trial
            maps |= {(method, name): project(z, method, seed) for method in ("tsne", "umap")}
            seconds["maps"] += time.perf_counter() - begun
    for step in ("train", "probe"):
        seconds[step] = max(one.seconds[step] for one in trained.values())
    print("Writing the report …", flush=True)
    metrics = {key: trained[name].evaluation.to_dict() for key, name in names.items()}
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
        f"our recipe {metrics['recipe']['macro_f1']:.3f}, "
        f"cross-entropy {metrics['bce']['macro_f1']:.3f}, all active {metrics['all_active']:.3f} "
        f"({seconds['total']:.0f} s). Report: {report}"
    )
    return metrics


def _trial(folder: Path, train: FrameTable, test: FrameTable, settings: dict) -> Trial:
    """One loss from scratch to scores; runs in a process of its own."""
    shutil.rmtree(folder, ignore_errors=True)
    config = TrainConfig.quick(**settings)
    with one_thread():
        return run_trial(config, folder, train, test, watch=0.15)
