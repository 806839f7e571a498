"""Trainings killed at random moments, until they end, and a look at what they leave.

    python -m benchmarks.kills --runs 100

Each run is a small one in a process of its own. It is killed by SIGKILL or SIGTERM at a random
moment, resumed, killed again … and at last let finish. After every kill no file may be damaged and
no finished epoch lost; at the end nothing temporary may lie about, and weights, history and kept
embeddings must be those of a run that nobody disturbed, bit for bit.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import signal
import sys
import tempfile
import time
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
from safetensors.numpy import load_file

from aunce_lib.checkpoint import latest_checkpoint
from aunce_lib.config import TrainConfig
from aunce_lib.corpora import synthetic
from aunce_lib.training import Run
from benchmarks.killed_run import CONFIG, train
from benchmarks.report import Row, leave

LEFT = Path(__file__).parents[1] / "runs" / "bench" / "kills.json"
#: How a killed process may end: by the signal itself, or tidily, as shells count it.
ENDS = {signal.SIGKILL: {-9}, signal.SIGTERM: {-15, 143}}
MOST_KILLS = 4  # of one run; then it may finish
FACES = 128


def draw(folder: Path) -> tuple[Path, Path]:
    """Faces to learn from and faces of other people to watch, with one store."""
    corpus = synthetic.load(size="tiny", image_size=CONFIG.image_size, cache=folder / "cache")
    people = sorted(set(corpus.subjects))
    tables = folder / "learners.parquet", folder / "watched.parquet"
    learners = np.flatnonzero(np.isin(corpus.subjects, people[:8]))[:FACES]
    corpus.take(learners).save(tables[0])
    corpus.where(np.isin(corpus.subjects, people[8:])).save(tables[1])
    os.link(corpus.store.path, tables[0].with_suffix(".store"))
    return tables


class Killer:
    """Starts runs and kills them.

    Args:
        tables: What `draw` made.
        seed: Of the moments and signals.
    """

    def __init__(self, tables: tuple[Path, Path], seed: int) -> None:
        self.tables, self.rng = tables, np.random.default_rng(seed)
        # a server that has imported everything forks a fresh process for each start
        self.context = multiprocessing.get_context("forkserver")
        self.context.set_forkserver_preload(["benchmarks.killed_run"])

    def start(self, folder: Path) -> multiprocessing.Process:
        """A run in a process of its own; returns as its training begins."""
        process = self.context.Process(target=train, args=(folder, self.tables))
        process.start()
        while process.is_alive() and not (folder / "config.yaml").exists():
            time.sleep(0.0005)
        return process

    def kill(self, folder: Path, seconds: float) -> tuple[str, int]:
        """Start a run and kill it within so many seconds, one kill in three as it writes.

        Returns:
            The signal's name, "" if the run had ended before; and the epochs done until then.

        Raises:
            AssertionError: If it ended in another way.
        """
        process = self.start(folder)
        chosen = signal.Signals(int(self.rng.choice([signal.SIGKILL, signal.SIGTERM])))
        until = time.monotonic() + self.rng.uniform(0, seconds)
        writes = self.rng.random() < 1 / 3
        while process.is_alive() and time.monotonic() < until:
            time.sleep(0.0005)
        partial = folder / "checkpoints"
        while process.is_alive() and writes and not [*partial.glob(".epoch_*")]:
            time.sleep(0.0001)
        before = newest(folder)
        if process.is_alive():
            os.kill(process.pid, chosen)
        process.join()
        if process.exitcode == 0:
            return "", before
        assert process.exitcode in ENDS[chosen], f"{chosen.name}: ended with {process.exitcode}"
        return chosen.name, before


def newest(folder: Path) -> int:
    """The last epoch whose checkpoint is there, by its name; 0 if none is."""
    names = [path.name for path in (folder / "checkpoints").glob("epoch_[0-9]*")]
    return max((int(name.split("_")[1]) for name in names), default=0)


def check_after_kill(folder: Path, before: int) -> int:
    """Nothing is damaged, and no epoch that was done is lost.

    Returns:
        How many checkpoints were passed over as damaged.
    """
    with warnings.catch_warnings(record=True) as passed_over:
        warnings.simplefilter("always")
        found = latest_checkpoint(folder / "checkpoints")
    assert (found[1]["epoch"] if found else 0) >= before, f"epoch {before} is lost"
    if (folder / "config.yaml").exists():
        assert TrainConfig.load(folder / "config.yaml") == CONFIG
    if (folder / "history.csv").exists():
        assert pd.read_csv(folder / "history.csv").notna().all(axis=None)
    for path in (folder / "embeddings").glob("*.safetensors"):
        load_file(path)
    return len(passed_over)


def check_at_end(folder: Path, alone: Path) -> None:
    """Nothing temporary is left, and everything is that of the undisturbed run."""
    files = sorted(path.relative_to(folder) for path in folder.rglob("*"))
    assert files == sorted(path.relative_to(alone) for path in alone.rglob("*")), files
    tensors = [path for path in files if path.suffix == ".safetensors"]
    for path in tensors:
        assert (folder / path).read_bytes() == (alone / path).read_bytes(), path
    ours, theirs = (Run.load(one).history.drop(columns="seconds") for one in (folder, alone))
    pd.testing.assert_frame_equal(ours, theirs, check_exact=True)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    counts, started = Counter(), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="aunce-kills-") as folder:
        folder = Path(folder)
        killer, alone = Killer(draw(folder), options.seed), folder / "alone"
        process, begun = killer.start(alone), time.monotonic()
        process.join()
        seconds = time.monotonic() - begun
        assert process.exitcode == 0, "the undisturbed run failed"
        for number in range(options.runs):
            run, told = folder / f"run {number}", []
            for _ in range(MOST_KILLS):
                name, before = killer.kill(run, 0.7 * seconds)
                if not name:
                    break
                counts[name] += 1
                counts["damaged"] += check_after_kill(run, before)
                told.append(f"{name} after epoch {before}")
            process = killer.start(run)
            process.join()
            assert process.exitcode == 0, f"run {number} cannot be resumed"
            check_at_end(run, alone)
            counts["killed runs"] += bool(told)
            print(f"{number + 1:4}/{options.runs}  {', '.join(told) or 'not killed'}: same bits")
    kills = counts["SIGKILL"] + counts["SIGTERM"]
    what = f"{options.runs} runs, killed {kills} times at random moments"
    measured = (
        f"{counts['SIGKILL']} SIGKILL, {counts['SIGTERM']} SIGTERM: {counts['damaged']} damaged "
        "checkpoints, no finished epoch lost, no file left over, the bits of an undisturbed run"
    )
    print(f"{what}, {time.monotonic() - started:.0f} s: {measured}")
    leave([Row(what, measured, "no damaged file, at most the epoch in flight lost", True)], LEFT)
    return 0


if __name__ == "__main__":
    sys.exit(main())
