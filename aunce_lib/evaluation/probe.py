"""Probes: what a linear rule, or the nearest faces, can read from frozen embeddings.

A probe asks what the encoder has learned, so it must be weak (a linear rule per action unit) and
must be chosen without a look at the test: regularisation and threshold come from validation
people among the training people.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from reprlib import repr as shortened

import numpy as np

from ..corpora.atomic import atomic_path
from ..corpora.untrusted import action_units, parse_json
from ..facs import column
from ..tensors import tensor_bytes
from .fitting import fit_logistic, fit_published, sigmoid
from .inputs import as_embeddings, as_labels, as_subjects, same_length

KINDS = ("logistic", "published")
FORMAT = "aunce_lib.Probe/1"
ARRAYS = ("weight", "bias", "threshold", "strength")


@dataclass(frozen=True, eq=False)
class Probe:
    """One linear rule per action unit: active if sigmoid(w · z + b) ≥ threshold.

    Attributes:
        aus: The J action units.
        kind: How it was fitted, "logistic" or "published".
        weight: w, float32 (J, D); NaN for an AU that could not be learned.
        bias: b, float32 (J,).
        threshold: float32 (J,), 0 to 1.
        strength: The C that validation chose, float32 (J,); NaN for kind "published".

    Raises:
        TypeError: If an array is not float32.
        ValueError: If shapes do not fit, or a value is infinite or out of range.
    """

    aus: tuple[int, ...]
    kind: str
    weight: np.ndarray
    bias: np.ndarray
    threshold: np.ndarray
    strength: np.ndarray

    def __post_init__(self) -> None:
        object.__setattr__(self, "aus", tuple(int(au) for au in self.aus))
        n_aus = len(self.aus)
        if self.kind not in KINDS:
            raise ValueError(f"kind must be one of {KINDS}, got {shortened(self.kind)}")
        if self.weight.ndim != 2 or len(self.weight) != n_aus or not self.weight.size:
            raise ValueError(f"weight must be ({n_aus}, D), got {self.weight.shape}")
        for name in ARRAYS:
            array = getattr(self, name)
            if array.dtype != np.float32:
                raise TypeError(f"{name} must be float32, got {array.dtype}")
            if array.shape[:1] != (n_aus,) or (name != "weight" and array.ndim != 1):
                raise ValueError(f"{name} must be ({n_aus},), got {array.shape}")
            if np.isinf(array).any():
                raise ValueError(f"{name} must be finite, or NaN for an AU without a rule")
        if not ((self.threshold >= 0) & (self.threshold <= 1) | np.isnan(self.threshold)).all():
            raise ValueError(f"threshold must be between 0 and 1, got {self.threshold}")

    @property
    def missing(self) -> tuple[int, ...]:
        """The action units without a rule: their scores and predictions are NaN."""
        return tuple(au for au, bias in zip(self.aus, self.bias, strict=True) if np.isnan(bias))

    def scores(self, embeddings) -> np.ndarray:
        """Probability of active, float32 (N, J), 0 to 1, of embeddings (N, J, D).

        With kind "logistic" both classes weighed the same in training, so 0.5 means "as typical
        of active as of inactive", not "half of such faces are active".
        """
        z = as_embeddings(embeddings)
        if z.shape[1:] != self.weight.shape:
            raise ValueError(
                f"embeddings must be (N, J, D) = (N, {', '.join(map(str, self.weight.shape))}) "
                f"like those the probe was fitted to, got {z.shape}; is this its encoder?"
            )
        logits = np.einsum("njd,jd->nj", z.astype(np.float32, copy=False), self.weight) + self.bias
        return sigmoid(logits)

    def predict(self, embeddings) -> np.ndarray:
        """1 active, 0 inactive, NaN where there is no rule; float32 (N, J)."""
        scores = self.scores(embeddings)
        return np.where(np.isnan(scores), np.nan, scores >= self.threshold).astype(np.float32)

    def save(self, path: str | Path) -> None:
        """Write the probe as one safetensors file, atomically."""
        note = {"format": FORMAT, "kind": self.kind, "aus": json.dumps(self.aus)}
        content = tensor_bytes({name: getattr(self, name) for name in ARRAYS}, note)
        with atomic_path(path) as temporary:  # save_file's error of a full disk is no OSError
            temporary.write_bytes(content)

    @classmethod
    def load(cls, path: str | Path) -> Probe:
        """Read a probe that `save` wrote.

        Raises:
            FileNotFoundError: If there is no such file.
            ValueError: If the file is damaged or no probe.
        """
        from safetensors import SafetensorError, safe_open

        path = Path(path)
        if not path.is_file():
            raise FileNotFoundError(f"no probe at {path}; fit one and save it, or correct the path")
        try:
            with safe_open(path, framework="numpy") as file:
                note = file.metadata() or {}
                arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        except (
            SafetensorError,
            TypeError,
            ValueError,
        ) as error:  # of the file, of a kind of number
            raise ValueError(
                f"{path} cannot be read as safetensors ({str(error)[:500]}); fit the probe again"
            ) from error
        if note.get("format") != FORMAT or set(arrays) != set(ARRAYS):
            raise ValueError(
                f"{path} is no probe of format {FORMAT}: format {shortened(note.get('format'))}, "
                f"tensors {shortened(sorted(arrays))}; expected a file made by Probe.save"
            )
        try:
            return cls(action_units(parse_json(note["aus"])), note["kind"], **arrays)
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{path}: {error}; fit the probe again") from error


def fit_probe(
    embeddings, labels, subjects, aus: Sequence[int], kind: str = "logistic", seed: int = 0
) -> Probe:
    """Fit one linear rule per action unit to frozen embeddings of training faces.

    Args:
        embeddings: Floating (N, J, D), finite.
        labels: 0, 1 or NaN (unknown, left out), (N, J).
        subjects: Whose face it is, (N,); at least 2 people for kind "logistic".
        aus: The J action units.
        kind: "logistic" is ours: logistic regression to convergence, both classes weighing the
            same; the strength of the L2 penalty by that loss, then the threshold by F1, on training
            people held out in turn; then a last fit to all training people. "published"
            is the papers' protocol: two-way softmax per AU, Adam 1e-3, weight decay 1e-6, batch
            256, 100 epochs, threshold .5.
        seed: Deals people to validation; initialises and shuffles for kind "published".

    Returns:
        A probe. An AU without both an active and an inactive face gets no rule (NaN) and a warning.

    Raises:
        TypeError: If a dtype is wrong.
        ValueError: If a shape, a value or the kind is wrong, or there is only one person.
    """
    z, labels = as_embeddings(embeddings), as_labels(labels, aus)
    same_length(embeddings=z, labels=labels)
    if z.shape[1] != len(aus):
        raise ValueError(f"embeddings must be (N, {len(aus)}, D) like the AUs, got {z.shape}")
    codes, names = as_subjects(subjects, len(labels))
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {KINDS}, got {kind!r}")
    learnable = (labels == 1).any(axis=0) & (labels == 0).any(axis=0)
    if not learnable.all():
        left_out = ", ".join(column(au) for au, ok in zip(aus, learnable, strict=True) if not ok)
        warnings.warn(
            f"no probe for {left_out}: an active and an inactive face are needed; scores are NaN",
            stacklevel=2,
        )
    if kind == "published":
        rules = fit_published(z, labels, seed)
    else:
        if len(names) < 2:
            raise ValueError(
                "kind='logistic' chooses on people held out and needs at least 2, got only "
                f"{names[0]}; use more people or kind='published'"
            )
        rules = fit_logistic(z, labels, learnable, codes, seed)
    for array in rules:
        array[~learnable] = np.nan
    return Probe(tuple(aus), kind, *rules)


def knn_scores(train_embeddings, train_labels, embeddings, k: int = 20) -> np.ndarray:
    """Share of active faces among the k training faces that are nearest by cosine.

    Nothing is fitted, so it is quick enough for every epoch. No pair is excluded: the two sets
    must not share faces.

    Args:
        train_embeddings: Floating (M, J, D).
        train_labels: 0, 1 or NaN, (M, J); a face is nobody's neighbour where its label is unknown.
        embeddings: Floating (N, J, D).
        k: Number of neighbours; fewer where fewer are known.

    Returns:
        float32 (N, J), 0 to 1; NaN for an AU of which no label is known. A majority vote is
        `>= 0.5`; `>= rate of the training labels` treats both classes alike.
    """
    import torch
    from torch.nn.functional import normalize

    z, queries = as_embeddings(train_embeddings, "train_embeddings"), as_embeddings(embeddings)
    if z.shape[1:] != queries.shape[1:]:
        raise ValueError(
            f"embeddings must be (N, J, D) = (N, {z.shape[1]}, {z.shape[2]}) like "
            f"train_embeddings, got {queries.shape}"
        )
    labels = as_labels(train_labels, range(z.shape[1]), "train_labels")
    same_length(train_embeddings=z, train_labels=labels)
    if k < 1:
        raise ValueError(f"k must be 1 or more, got {k}")
    z, queries = (normalize(torch.from_numpy(a).float(), dim=-1) for a in (z, queries))
    scores = np.full(queries.shape[:2], np.nan, np.float32)
    for j, known in enumerate(~np.isnan(labels.T)):
        if not known.any():
            continue
        faces, active = z[known, j], torch.from_numpy(labels[known, j])
        for start in range(0, len(queries), 1024):  # bounds the memory of the similarities
            part = slice(start, start + 1024)
            similarity = queries[part, j] @ faces.T  # (n, M)
            nearest = similarity.topk(min(k, len(faces))).indices
            scores[part, j] = active[nearest].mean(dim=1).numpy()
    return scores
