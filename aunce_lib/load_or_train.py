"""A shipped model, or, where it does not lie there, a small one trained on the spot."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from aunce_lib.config import TrainConfig
from aunce_lib.corpora.frames import FrameTable
from aunce_lib.evaluation.embed import embed
from aunce_lib.evaluation.probe import fit_probe
from aunce_lib.pretrained import FOLDER, Pretrained, load_pretrained
from aunce_lib.training import fit


def load_or_train(
    name: str, train: FrameTable, config: TrainConfig, folder: str | Path = FOLDER
) -> Pretrained:
    """Open a shipped model; train one if there is none, as in an installation without a clone.

    Prints a line that says which of the two it was: a small model of your own need not do what the
    shipped one does.

    Args:
        name: Of the shipped model.
        train: Faces to learn from, if need be.
        config: How to train, if need be.
        folder: Where shipped models lie.

    Raises:
        ValueError: If the shipped model is damaged, or the faces do not fit the settings.
    """
    started = time.perf_counter()
    try:
        model = load_pretrained(name, folder)
    except FileNotFoundError:
        with tempfile.TemporaryDirectory() as own:
            encoder = fit(train, config, own, progress=False).encoder
        z = embed(encoder, train)
        probe = fit_probe(z, train.labels, train.subjects, train.aus, seed=config.seed)
        seconds = time.perf_counter() - started
        print(f"{name}: trained in {seconds:.0f} s, since {folder} does not hold it")
        card = {"data": f"{len(train):,} faces", "recipe": "trained on the spot"}
        return Pretrained(name, encoder, probe, config, train.aus, card)
    print(f"{name}: loaded from data/pretrained")
    return model
