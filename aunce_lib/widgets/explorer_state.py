"""What the explorer shows, without any interface: places, neighbours, readings, reasons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from ..evaluation.metrics import per_au
from ..facs import column
from ..inspection.projection import project
from ..loss import explain
from ..sampler import PROBABILITIES, Positive, PositiveSampler

NEIGHBOURS = 10  # that a reading looks at
BATCH = 64  # faces that an anchor meets in a step

#: What a kind of positive means, for the reader of a reason.
KINDS = {
    Positive.SELF: "the other view of the same picture",
    Positive.NEAREST: "the most similar face with the same label",
    Positive.MEAN: "a mixture of all faces with the same label",
    Positive.HARDEST: "the least similar face with the same label",
    Positive.CENTROID: "the mean of all faces with the same label",
}


def place(
    embeddings, method: str = "pca", seed: int = 0, cache: str | Path | None = None
) -> np.ndarray:
    """Places on a map, centred, the farthest point at distance 1.

    Args:
        embeddings: Floating (N, D) of one action unit; N may be 0.
        method: "pca", "tsne" or "umap".
        seed: Of t-SNE and UMAP.
        cache: Folder that keeps maps, see `project`.

    Returns:
        float32 (N, 2); NaN for a face whose embedding is not finite.

    Example:
        >>> place(np.array([[3.0, 0.0], [-1.0, 0.0], [np.nan, 0.0]])).tolist()
        [[1.0, 0.0], [-1.0, 0.0], [nan, nan]]
    """
    z = np.asarray(embeddings)
    finite = np.isfinite(z).all(axis=1)
    placed = np.full((len(z), 2), np.nan, np.float32)
    if finite.any():
        xy = project(np.ascontiguousarray(z[finite]), method, seed, cache)
        xy = xy - (xy.min(axis=0) + xy.max(axis=0)) / 2
        placed[finite] = xy / max(np.linalg.norm(xy, axis=1).max(), 1e-12)
    return placed


def turn_onto(xy: np.ndarray, target: np.ndarray) -> np.ndarray:
    """A map turned or mirrored to lie as well as it can on another one of the same faces.

    Directions on a map mean nothing, so this only makes two maps easier to compare (orthogonal
    Procrustes). Faces that lie on only one of the two do not count.

    Args:
        xy, target: (N, 2), NaN where a face has no place.
    """
    both = np.isfinite(xy).all(axis=1) & np.isfinite(target).all(axis=1)
    u, _, v = np.linalg.svd(xy[both].T.astype(float) @ target[both])
    return (xy @ (u @ v)).astype(np.float32)


def nearest(embeddings, rows, k: int = NEIGHBOURS) -> np.ndarray:
    """The k most similar other faces by cosine, the most similar first.

    Args:
        embeddings: Floating (N, D); faces that are not finite, or zero, are nobody's neighbours.
        rows: Faces to find neighbours of, (n,).
        k: How many.

    Returns:
        int32 (n, k), -1 where there are too few.

    Example:
        >>> nearest(np.array([[1.0, 0.0], [0.9, 0.1], [-1.0, 0.0]]), [0], k=2)
        array([[1, 2]], dtype=int32)
    """
    z = np.asarray(embeddings, np.float32)
    rows = np.asarray(rows, np.int64)
    with np.errstate(invalid="ignore", divide="ignore"):
        z = z / np.linalg.norm(z, axis=1, keepdims=True)
    known = np.flatnonzero(np.isfinite(z).all(axis=1))
    found = np.full((len(rows), k), -1, np.int32)
    if not len(known):
        return found
    pool = torch.from_numpy(z[known])
    for start in range(0, len(rows), 512):  # bounds the memory of the similarities
        part = rows[start : start + 512]
        similarity = torch.from_numpy(z[part]) @ pool.T
        similarity[torch.from_numpy(part[:, None] == known)] = -2.0  # not itself
        best = similarity.topk(min(k, len(known)), dim=1)
        others = np.where(best.values.numpy() >= -1.5, known[best.indices.numpy()], -1)
        others[~np.isfinite(z[part]).all(axis=1)] = -1
        found[start : start + 512, : others.shape[1]] = others
    return found


@dataclass(frozen=True, eq=False)
class Reading:
    """What a set of faces has in common.

    Attributes:
        n: How many they are.
        labels: Index AU1 …; columns active, inactive, unknown (faces).
        persons: Name → faces, the most frequent first.
        f1: Encoder → F1 of each AU and "macro" on these faces (a Series); NaN where undefined.
        neighbours: Encoder → positions of the faces outside the set that most often are among the
            `NEIGHBOURS` nearest of its faces.
        same: Encoder → share of those nearest with the same "label" and the same "person".
    """

    n: int
    labels: pd.DataFrame
    persons: pd.Series
    f1: dict[str, pd.Series]
    neighbours: dict[str, np.ndarray]
    same: dict[str, dict[str, float]]


def read_subset(
    chosen,
    labels: np.ndarray,
    persons: np.ndarray,
    aus: Sequence[int],
    au: int,
    embeddings: Mapping[str, np.ndarray],
    predictions: Mapping[str, np.ndarray] | None = None,
) -> Reading:
    """Read a set of faces.

    Args:
        chosen: Positions of its faces, (n,).
        labels: 0, 1 or NaN, (N, J), of all faces.
        persons: Who is seen, (N,).
        aus: The J action units.
        au: The one whose embeddings neighbours are looked for in.
        embeddings: Encoder → (N, J, D).
        predictions: Encoder → 0, 1 or NaN (no answer), (N, J).
    """
    chosen = np.asarray(chosen, np.int64)
    names = [column(number) for number in aus]
    y = labels[chosen]
    counts = {"active": (y == 1).sum(0), "inactive": (y == 0).sum(0), "unknown": np.isnan(y).sum(0)}
    persons = np.asarray(persons)
    f1 = {}
    for encoder, guessed in (predictions or {}).items():
        answers = guessed[chosen]
        if len(chosen):
            f1[encoder] = per_au(y, answers.astype(np.float32), answers, aus)["f1"]
    neighbours, same = {}, {}
    j = list(aus).index(au)
    for encoder, z in embeddings.items():
        near = nearest(z[:, j], chosen)
        pairs = np.repeat(chosen, near.shape[1])[near.ravel() >= 0], near[near >= 0]
        neighbours[encoder] = _most_often(pairs[1][~np.isin(pairs[1], chosen)])
        own, other = (labels[side, j] for side in pairs)
        known = ~np.isnan(own) & ~np.isnan(other)
        same[encoder] = {
            "label": _share((own == other)[known]),
            "person": _share(persons[pairs[0]] == persons[pairs[1]]),
        }
    tally = pd.Series(persons[chosen], dtype=str).value_counts(sort=False).sort_index()
    return Reading(
        n=len(chosen),
        labels=pd.DataFrame(counts, index=names),
        persons=tally.sort_values(ascending=False, kind="stable"),
        f1=f1,
        neighbours=neighbours,
        same=same,
    )


def _most_often(positions: np.ndarray) -> np.ndarray:
    faces, counts = np.unique(positions, return_counts=True)
    return faces[np.lexsort((faces, -counts))]


def _share(hits: np.ndarray) -> float:
    return float(hits.mean()) if len(hits) else float("nan")


@dataclass(frozen=True, eq=False)
class Why:
    """What pulls and pushes one face in one step of training, by the real sampler and loss.

    Attributes:
        anchor: Position of the face.
        batch: Positions of all faces in the step, the anchor first.
        kind: The kind of positive that was drawn.
        positives: Columns face (position), weight (they sum to 1), similarity (-1 to 1); the
            heaviest first. The anchor itself stands for its own other view.
        negatives: The same for the faces with the other label.
        loss: Of this anchor; NaN if it takes no part.
        pull, push: Size of the gradient on the similarities with positives, and with negatives.
        reason: Why it takes no part; empty if it does.
    """

    anchor: int
    batch: np.ndarray
    kind: Positive
    positives: pd.DataFrame
    negatives: pd.DataFrame
    loss: float
    pull: float
    push: float
    reason: str = ""


def why(
    embeddings,
    labels,
    anchor: int,
    seed: int = 0,
    batch: int = BATCH,
    probabilities: Mapping[str, float] = PROBABILITIES,
    **options,
) -> Why:
    """Ask the loss what it would do with a face.

    The face meets `batch` - 1 others, drawn at random as in training. Both views of a face are its
    stored, unaugmented picture.

    Args:
        embeddings: Floating (N, D) of one action unit.
        labels: 0, 1 or NaN, (N,).
        anchor: Position of the face.
        seed: Of the batch and of the kind of positive.
        batch: Faces in the step.
        probabilities: Of the kinds, see `PositiveSampler`.
        **options: Of `loss.aunce_loss`: temperature, beta_active, beta_inactive …

    Raises:
        IndexError: If there is no such face.
    """
    z, y = np.asarray(embeddings, np.float32), np.asarray(labels, np.float32)
    if not 0 <= anchor < len(z):
        raise IndexError(f"anchor must be one of the faces 0 … {len(z) - 1}, got {anchor}")
    generator = torch.Generator().manual_seed(seed)
    finite = np.isfinite(z).all(axis=1)
    others = np.flatnonzero(finite & (np.arange(len(z)) != anchor))
    drawn = others[torch.randperm(len(others), generator=generator)[: batch - 1].numpy()]
    kinds = PositiveSampler(probabilities, generator=generator)(1, 2)
    kind, nothing = Positive(int(kinds[0])), pd.DataFrame(columns=["face", "weight", "similarity"])
    members = np.concatenate([[anchor], drawn])
    reason = ""
    if not finite[anchor]:
        reason = "its embedding is not finite"
    elif np.isnan(y[anchor]):
        reason = "its label is unknown"
    elif not (y[members] == 1 - y[anchor]).any():
        reason = "no face of the batch has the other label, so nothing pushes"
    if reason:
        return Why(anchor, members, kind, nothing, nothing, *[float("nan")] * 3, reason)
    views, truth = torch.from_numpy(z[members])[:, None], torch.from_numpy(y[members])[:, None]
    told = explain(views, views, truth, kinds, **options)
    temperature = options.get("temperature", 0.5)
    similarity = (told.similarity[0, 0] * temperature).numpy()

    def faces(weights: torch.Tensor) -> pd.DataFrame:
        both = weights.view(2, -1).sum(dim=0).numpy()  # the two views of a picture are one face
        table = pd.DataFrame(
            {"face": members, "weight": both, "similarity": similarity[: len(members)]}
        )
        table = table[table.weight > 0].sort_values("weight", ascending=False, kind="stable")
        return table.reset_index(drop=True)

    strength, beta = float(told.strength[0, 0]), float(told.beta[0, 0])
    return Why(
        anchor,
        members,
        kind,
        faces(told.positive[0, 0]),
        faces(told.negative[0, 0]),
        float(told.losses[0, 0]),
        pull=strength,
        push=strength * beta,
    )
