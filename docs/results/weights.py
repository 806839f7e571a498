"""Train the weights that ship in data/pretrained: AUNCE and its cross-entropy twin.

    make weights      (15 minutes on two cores; `aunce pretrain` makes the start they begin from)

Both learn from the training people of synth-bp4d's first published fold, at equal compute, so the
faces of its test people stay unseen for the notebooks.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed

from aunce_lib import TrainConfig
from aunce_lib.corpora import synthetic
from aunce_lib.epochs import save_epochs
from aunce_lib.evaluation.embed import embed
from aunce_lib.evaluation.probe import fit_probe
from aunce_lib.pretrained import FOLDER, save_pretrained
from aunce_lib.training import fit
from aunce_lib.trial import choose_fold, evaluate_on, one_thread

CORPUS = "synth-bp4d"
MODELS = {"aunce": "aunce", "cross-entropy": "bce"}
EPOCHS = 9
SEED = 7
MOVIE = tuple(range(EPOCHS + 1))  # kept epochs; 0 is before training
N_MOVIE = 300  # faces of the movie
JOBS = 2


def make(name: str, loss: str, folder: Path) -> str:
    """Train, test and save one model."""
    table = synthetic.load(CORPUS)
    train, test = choose_fold(table).split(table)
    watched = test.take(np.linspace(0, len(test) - 1, N_MOVIE).astype(int))
    config = TrainConfig.quick(loss=loss, epochs=EPOCHS, seed=SEED, keep_epochs=MOVIE)
    with one_thread(), tempfile.TemporaryDirectory() as runs:
        run = fit(train, config, Path(runs) / name, validation=watched)
        probe = fit_probe(
            embed(run.encoder, train), train.labels, train.subjects, train.aus, seed=SEED
        )
        evaluation, _ = evaluate_on(run.encoder, probe, test, train.labels)
        scores = evaluation.to_dict()
        low, high = scores["ci95"]
        card = {
            "data": f"{CORPUS} (synthetic faces), fold 1: {len(train):,} faces of "
            f"{len(set(train.subjects))} people; tested on {len(test):,} of "
            f"{len(set(test.subjects))} others",
            "recipe": f"TrainConfig.quick(loss={loss!r}, epochs={EPOCHS}), which starts from the "
            "label-free weights 'landmarks'; the epochs were set beforehand, nothing was chosen on "
            "the test people",
            "seed": SEED,
            "scores": {
                "macro F1": round(scores["macro_f1"], 3),
                "95 % interval over test people": f"{low:.3f} to {high:.3f}",
                "macro F1 of calling every face active": round(
                    float(evaluation.baselines["all_active"].loc["macro", "f1"]), 3
                ),
                **{au: round(value, 3) for au, value in scores["per_au"].items()},
            },
            "limits": "Learned from drawn faces alone: an illustration on photographs, and no "
            "measurement of anybody.",
            "command": "python docs/results/weights.py",
        }
        save_pretrained(name, run.encoder, config, train.aus, card, probe, folder)
        save_epochs(name, run.folder, table, N_MOVIE, folder=folder)
    return f"{name}: macro F1 {scores['macro_f1']:.3f} ({low:.3f} to {high:.3f})"


if __name__ == "__main__":
    synthetic.load(CORPUS, progress=True)  # drawn once, not by both
    jobs = (delayed(make)(name, loss, FOLDER) for name, loss in MODELS.items())
    print("\n".join(Parallel(n_jobs=JOBS)(jobs)))
