"""One short training in a process of its own: the notebook stays alive, and it can be stopped.

`ShortRun` starts it and looks at its folder; `python -m aunce_lib.widgets.short_run FOLDER` is it.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

EPOCHS = 5
FACES = 800  # of the training people, evenly spaced; twice as many are tested on
CORPUS = "synth-bp4d"
QUICKER = {"epochs": EPOCHS, "batch_size": 32, "learning_rate": 3e-3}  # many small steps


class ShortRun:
    """A training that goes on by itself.

    Attributes:
        folder: What it writes into.
        cancelled: Whether somebody ended it.

    Args:
        settings: What differs from `TrainConfig.quick()`, such as {"loss": "bce"}.
        noise: Share of the training labels that are spoiled, 0 to 1.
        noise_kind: Of `study.config.NOISE`, such as "flip".
        occurrence: Factor on the rates of the training labels, above 0 to 1.
        seed: Of the training and of what is spoiled.
    """

    def __init__(
        self, settings: dict, noise: float, noise_kind: str, occurrence: float, seed: int = 0
    ) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="aunce-short-run-"))
        wanted = {"settings": settings, "noise": noise, "noise_kind": noise_kind}
        wanted |= {"occurrence": occurrence, "seed": seed}
        self.cancelled = False
        (self.folder / "wanted.json").write_text(json.dumps(wanted), encoding="utf-8")
        with open(self.folder / "errors.txt", "wb") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__, str(self.folder)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
            )

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    @property
    def epoch(self) -> int:
        """How many epochs are done, 0 to EPOCHS."""
        history = self.folder / "run" / "history.csv"
        return len(history.read_text().splitlines()) - 1 if history.is_file() else 0

    def result(self) -> dict[str, float]:
        """Scores on unseen people: macro_f1, all_active (what calling every face active reaches).

        Raises:
            RuntimeError: If the training failed; says why.
        """
        self._process.wait()
        path = self.folder / "result.json"
        if path.is_file():
            return json.loads(path.read_text(encoding="utf-8"))
        told = (self.folder / "errors.txt").read_text(errors="replace").strip().splitlines()
        raise RuntimeError(told[-1] if told else f"it ended with status {self._process.returncode}")

    def cancel(self) -> None:
        """Stop it; nothing happens if it has ended."""
        if self.running:
            self.cancelled = True
            self._process.terminate()

    def forget(self) -> None:
        """Delete what it left on the disk."""
        shutil.rmtree(self.folder, ignore_errors=True)


def train(folder: Path) -> None:
    """Train and test what wanted.json says; writes result.json."""
    import numpy as np

    from ..config import TrainConfig
    from ..corpora import synthetic
    from ..corpora.atomic import atomic_path
    from ..corpora.dials import scale_rates
    from ..study.config import NOISE
    from ..trial import choose_fold, one_thread, run_trial

    wanted = json.loads((folder / "wanted.json").read_text(encoding="utf-8"))
    seed, table = wanted["seed"], synthetic.load(CORPUS, "small")
    learned, test = choose_fold(table).split(table)
    if wanted["occurrence"] != 1:
        learned = scale_rates(learned, wanted["occurrence"], seed)
    some = np.linspace(0, len(learned) - 1, min(FACES, len(learned))).astype(int)
    learned, test = learned.take(some), test.take(slice(None, None, 2))
    if wanted["noise"]:
        learned = NOISE[wanted["noise_kind"]](learned, wanted["noise"], seed=seed)
    config = TrainConfig.quick(**{**wanted["settings"], **QUICKER, "seed": seed})
    with one_thread():
        trial = run_trial(config, folder / "run", learned, test, progress=False)
    scores = {"macro_f1": trial.evaluation.macro_f1}
    scores["all_active"] = float(trial.evaluation.baselines["all_active"].loc["macro", "f1"])
    with atomic_path(folder / "result.json") as temporary:
        temporary.write_text(json.dumps(scores), encoding="utf-8")


if __name__ == "__main__":
    train(Path(sys.argv[1]))
