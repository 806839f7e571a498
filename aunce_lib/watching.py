"""What is looked at while an encoder trains, and kept to look at later."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from safetensors.numpy import save

from aunce_lib.config import TrainConfig
from aunce_lib.corpora.atomic import atomic_path
from aunce_lib.corpora.frames import FrameTable
from aunce_lib.encoder import Encoder
from aunce_lib.evaluation.embed import embed
from aunce_lib.evaluation.geometry import collapse, uniformity
from aunce_lib.evaluation.metrics import per_au
from aunce_lib.evaluation.probe import knn_scores


def watch(encoder: Encoder, train: FrameTable, validation: FrameTable | None) -> dict:
    """How embeddings of faces not trained on lie, and what a kNN probe makes of them."""
    n = 1024  # enough to watch by, and the same faces every epoch

    def some(table: FrameTable) -> FrameTable:
        return table.take(np.linspace(0, len(table) - 1, min(n, len(table))).astype(int))

    seen = some(train)
    z_train = embed(encoder, seen)
    z = z_train if validation is None else embed(encoder, some(validation))
    result = {"uniformity": uniformity(z), "collapse": collapse(z), "knn_f1": math.nan}
    if validation is not None:
        scores = knn_scores(z_train, seen.labels, z)
        guesses = np.where(np.isnan(scores), np.nan, scores >= np.nanmean(seen.labels, axis=0))
        table = per_au(some(validation).labels, scores, guesses, train.aus)
        result["knn_f1"] = float(table.loc["macro", "f1"])
    return {name: float(value) for name, value in result.items()}


def keep_embeddings(folder: Path, epoch: int, encoder: Encoder, table: FrameTable) -> None:
    """Write embeddings into the folder of a run, for `Run.embeddings`."""
    with atomic_path(folder / "embeddings" / f"epoch_{epoch:04d}.safetensors") as temporary:
        content = {"embeddings": embed(encoder, table), "rows": table.rows}
        temporary.write_bytes(save(content))


def told(config: TrainConfig, row: dict) -> str:
    """An epoch's row of the history in a line."""
    watched = "" if math.isnan(row["knn_f1"]) else f"kNN F1 {row['knn_f1']:.3f}  "
    return (
        f"{config.loss:>6} epoch {row['epoch']:>2}/{config.epochs}  loss {row['loss']:.3f}  "
        f"alignment {row['alignment']:.2f}  uniformity {row['uniformity']:.2f}  "
        f"{watched}{row['seconds']:.0f} s"
    )
