"""Run the cells of a study side by side, keep each as it ends, join them into one tidy table.

A cell is kept in a file named after all that decides its result, so a study that was stopped goes
on and never does anything twice. (What the name cannot know is the code that trains: after a
change to it, take another folder.)

Cells run through joblib, on this machine by default. Elsewhere, as joblib says:

    with joblib.parallel_config(backend="dask", scheduler_host="node1:8786"):
        run_study(StudyConfig.load("study.yaml"), "/shared/study")

(ray: `ray.util.joblib.register_ray()` first). The folder and AUNCE_CACHE must then be shared.
"""

from __future__ import annotations

import json
import re
import shutil
import time
import traceback
from contextlib import suppress
from pathlib import Path

import numpy as np
import pandas as pd
from joblib import Parallel, delayed

from ..corpora import dials, synthetic
from ..corpora.atomic import atomic_path
from ..corpora.folds import holdout
from ..corpora.frames import FrameTable
from ..corpora.processes import dead_workers_told
from ..corpora.store import FrameStore
from ..corpora.untrusted import read_json
from ..evaluation.bootstrap import MACRO
from ..evaluation.geometry import collapse, uniformity
from ..trial import choose_fold, evaluate_on, one_thread, run_trial
from .config import AXES, NOISE, Cell, StudyConfig

SCORES = ("macro_f1", "macro_auc", "macro_ap", "all_active_f1")
GEOMETRY = ("alignment", "uniformity", "collapse", "seconds")


def run_study(
    config: StudyConfig, folder: str | Path, n_jobs: int = -1, progress: bool = True
) -> pd.DataFrame:
    """Run the cells that are not done yet; return all.

    A cell that fails is kept with its error and does not stop the others; the next call tries it
    again. Killed cells go on from their last epoch.

    Args:
        config: The study.
        folder: Where cells are kept. Several studies may share it, one at a time, and then share
            the cells that they have in common.
        n_jobs: Cells at a time, one thread each; -1 for one a core (or all that the backend has).
        progress: Print a line as each cell ends, with the time that is left.

    Returns:
        See `results`.

    Raises:
        OSError: If the folder can't be written or a corpus can't be drawn; a ChildProcessError if
            a process was killed.
    """
    folder = Path(folder)
    cells = {cell.digest: (loss, cell) for loss, cell in config.cells()}
    todo = [digest for digest in cells if not _is_done(folder, digest)]
    if progress:
        print(f"{len(cells)} cells, {len(cells) - len(todo)} of them done before", flush=True)
    for corpus, size in {(c.corpus, c.size) for d in todo for c in [cells[d][1]]}:
        load_corpus(corpus, size, config.corpus_seed)  # drawn once, not by each process
    started = time.perf_counter()
    jobs = (delayed(run_cell)(cells[digest][1], folder) for digest in todo)
    with dead_workers_told(f"running cells of {folder}"):
        ended = Parallel(n_jobs=n_jobs, return_as="generator_unordered")(jobs)
        for number, (digest, told) in enumerate(ended, 1):
            loss, cell = cells[digest]
            left = (time.perf_counter() - started) / number * (len(todo) - number)
            if progress:
                print(
                    f"[{number}/{len(todo)}] {loss}, {cell.corpus}, noise {cell.noise:g}, seed "
                    f"{cell.seed}: {told} · about {_duration(left)} left",
                    flush=True,
                )
    return results(config, folder)


def run_cell(cell: Cell, folder: Path) -> tuple[str, str]:
    """Run one cell and keep what came of it, an error too.

    Returns:
        Its digest, and its macro F1 or error in a few words.
    """
    record, runs = {"settings": cell.settings}, folder / "runs" / cell.digest
    try:
        with one_thread():
            record["rows"] = _measure(cell, runs)
        told = f"macro F1 {record['rows'][0]['macro_f1']:.3f}"
    except Exception as error:  # noqa: BLE001 whatever it is, the other cells shall run
        record["error"] = told = f"{type(error).__name__}: {error}"
        record["traceback"] = traceback.format_exc()
    with atomic_path(_path(folder, cell.digest)) as temporary:
        temporary.write_text(json.dumps(record, indent=1))
    shutil.rmtree(runs, ignore_errors=True)
    return cell.digest, told


def _measure(cell: Cell, folder: Path) -> list[dict]:
    """Scores of one trial: a row for its own corpus and one for each further one."""
    started = time.perf_counter()
    train, test = _people(cell, cell.corpus)
    train = _spoiled(train, cell)
    trial = run_trial(cell.train, folder, train, test, resume=True, progress=False)
    tests = {cell.corpus: (trial.evaluation, trial.embeddings)}
    for corpus in cell.tested_on:
        if corpus != cell.corpus:
            others = _people(cell, corpus)[1]
            tests[corpus] = evaluate_on(trial.run.encoder, trial.probe, others, train.labels)
    rows = []
    for corpus, (evaluation, z) in tests.items():
        table, all_active = evaluation.table, evaluation.baselines["all_active"]
        row = {"tested_on": corpus, "all_active_f1": all_active.f1[MACRO]}
        row |= {f"macro_{score}": table.loc[MACRO, score] for score in ("f1", "auc", "ap")}
        for score in ("f1", "auc", "ap", "rate"):
            row |= {f"{score}_{au}": value for au, value in table[score].drop(MACRO).items()}
        row |= {"alignment": trial.run.history.alignment.iloc[-1]}  # of training views
        row |= {"uniformity": uniformity(z), "collapse": collapse(z)}
        row |= {"seconds": time.perf_counter() - started}
        rows.append({key: _json(value) for key, value in row.items()})
    return rows


def _json(value):
    """A number as JSON knows it, None where undefined."""
    return value if isinstance(value, str) else None if np.isnan(value) else float(value)


def _people(cell: Cell, corpus: str) -> tuple[FrameTable, FrameTable]:
    """The faces to learn from and those to test on, labels as they are."""
    table = load_corpus(corpus, cell.size, cell.corpus_seed)
    train, test = choose_fold(table, cell.fold).split(table)
    if cell.split == "validation":
        train, test = holdout(train, 0.25, cell.seed).split(train)
    return train, test


def _spoiled(train: FrameTable, cell: Cell) -> FrameTable:
    """The training people, fewer of them, rarer or falser labels: as the cell says."""
    if cell.people is not None:
        train = dials.fewer_people(train, cell.people, cell.seed)
    if cell.imbalance != 1:
        train = dials.scale_rates(train, cell.imbalance, cell.seed)
    if cell.frames is not None:
        if cell.frames > len(train):
            raise ValueError(f"frames: {cell.frames} asked for, {len(train)} are in training")
        order = np.random.default_rng(cell.seed).permutation(len(train))
        train = train.take(np.sort(order[: cell.frames]))
    if cell.noise:
        train = NOISE[cell.noise_kind](train, cell.noise, seed=cell.seed)
    return train


def load_corpus(corpus: str, size: str, seed: int) -> FrameTable:
    """An embedded corpus, or a FrameTable with the store beside it."""
    if corpus in synthetic.CORPORA:
        return synthetic.load(corpus, size, seed=seed)
    return FrameTable.load(corpus, FrameStore.open(Path(corpus).with_suffix(".store")))


def results(config: StudyConfig, folder: str | Path) -> pd.DataFrame:
    """The cells that have ended, as one tidy table.

    Returns:
        A row a cell and corpus tested on: loss (its name), split, the axes, every setting that
        varies, macro_f1, macro_auc, macro_ap, all_active_f1 (macro F1 of calling every face
        active), alignment, uniformity, collapse, seconds, f1_AU1 …, auc_AU1 …, ap_AU1 …, rate_AU1
        …, renderer, error. A failed cell has no scores, but an error.
    """
    cells = config.cells()
    kept = {cell.digest: _read(_path(Path(folder), cell.digest)) for _, cell in cells}
    settings = [cell.train.to_dict() for _, cell in cells]
    texts = {key: [json.dumps(s[key]) for s in settings] for key in settings[0]}
    varying = [k for k, v in texts.items() if len(set(v)) > 1 and k not in ("loss", "seed")]
    rows = []
    for (loss, cell), setting in zip(cells, settings, strict=True):
        record = kept[cell.digest]
        if record is None:
            continue
        row = {"corpus": cell.corpus, "loss": loss, "split": cell.split}
        row |= {name: getattr(cell, name) for name in AXES}
        for name in varying:
            value = setting[name]
            row[name] = json.dumps(value) if isinstance(value, dict) else value
        row["renderer"], row["error"] = record["settings"]["renderer"], record.get("error")
        scores = record.get("rows") or [{"tested_on": cell.corpus}]
        rows += [row | one for one in scores]
    axes = [name for name in AXES if name != "corpus"]
    first = ["corpus", "tested_on", "loss", "split", *axes, *varying, *SCORES, *GEOMETRY]
    table = pd.DataFrame(rows)
    per_au = [name for name in table if re.fullmatch(r"(f1|auc|ap|rate)_AU\d+", name)]
    order = ("f1", "auc", "ap", "rate")
    per_au.sort(key=lambda name: (order.index(name.split("_")[0]), int(name.split("AU")[1])))
    scores = [*SCORES, *GEOMETRY, *per_au]
    table = table.reindex(columns=[*first, *per_au, "renderer", "error"])
    return table.astype({"people": "Int64", "frames": "Int64"} | dict.fromkeys(scores, float))


def _path(folder: Path, digest: str) -> Path:
    return folder / "cells" / f"{digest}.json"


def _read(path: Path) -> dict | None:
    with suppress(FileNotFoundError, ValueError):  # a damaged one is done again
        record = read_json(path)
        if isinstance(record, dict) and isinstance(record.get("settings"), dict):
            return record
    return None


def _is_done(folder: Path, digest: str) -> bool:
    record = _read(_path(folder, digest))
    return record is not None and "rows" in record


def _duration(seconds: float) -> str:
    hours, minutes = divmod(round(seconds / 60), 60)
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min" if minutes else f"{seconds:.0f} s"
