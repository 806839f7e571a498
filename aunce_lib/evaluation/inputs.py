"""What evaluation accepts: labels, embeddings and subjects, checked once and in the same words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def as_labels(labels, aus: Sequence[int], name: str = "labels") -> np.ndarray:
    """Labels or predictions as float32 (N, J): 1 active, 0 inactive, NaN unknown.

    Raises:
        TypeError: If they are not numbers or booleans.
        ValueError: If the shape does not fit the action units, or a value is not 0, 1 or NaN.
    """
    array = _table(labels, aus, name, kinds="biuf")
    strange = ~((array == 0) | (array == 1) | np.isnan(array))
    if strange.any():
        raise ValueError(
            f"{name} must be 0, 1 or NaN (unknown), got {array[strange][0]} for "
            f"AU{aus[int(strange.any(axis=0).argmax())]}; turn intensities into 0 and 1 first"
        )
    return array.astype(np.float32)


def as_scores(scores, aus: Sequence[int], name: str = "scores") -> np.ndarray:
    """Scores as floating (N, J): the higher, the likelier active; NaN where there is none.

    Raises:
        TypeError: If they are not floating.
        ValueError: If the shape does not fit the action units, or a value is infinite.
    """
    array = _table(scores, aus, name, kinds="f")
    if np.isinf(array).any():
        raise ValueError(f"{name} must be finite or NaN, got an infinite value")
    return array


def as_embeddings(embeddings, name: str = "embeddings") -> np.ndarray:
    """Embeddings as floating (N, J, D), all finite, D at least 1.

    Raises:
        TypeError: If they are not floating.
        ValueError: If the shape is wrong or a value is NaN or infinite.
    """
    array = np.asarray(embeddings)
    if array.dtype.kind != "f":
        raise TypeError(f"{name} must be floating, got {array.dtype}")
    if array.ndim != 3 or 0 in array.shape[1:]:
        raise ValueError(
            f"{name} must be (N, J, D): faces, action units, dimensions; got {array.shape}"
        )
    finite = np.isfinite(array).all(axis=(1, 2))
    if not finite.all():
        raise ValueError(
            f"{name} must be finite, but {(~finite).sum()} of {len(array)} faces hold NaN or "
            f"infinity, the first at row {int(finite.argmin())}; look at the encoder's training"
        )
    return array


def as_subjects(subjects, n_faces: int) -> tuple[np.ndarray, np.ndarray]:
    """Subjects as codes int (N,) and names (S,), sorted.

    Raises:
        ValueError: If there is not one name a face, or a name is missing.
    """
    array = np.asarray(subjects)
    if array.shape != (n_faces,):
        raise ValueError(
            f"subjects must be ({n_faces},), one name a face like the labels, got {array.shape}"
        )
    missing = [row for row, name in enumerate(array.tolist()) if name is None or name != name]
    if missing:
        raise ValueError(f"subjects must all be named, row {missing[0]} is not")
    names, codes = np.unique(array.astype(str), return_inverse=True)
    return codes, names


def same_length(**arrays: np.ndarray) -> None:
    """Raise ValueError unless all arrays speak of the same number of faces, at least one."""
    lengths = {name: len(array) for name, array in arrays.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"one row a face is needed in each, got {lengths}")
    if 0 in lengths.values():
        raise ValueError(f"at least one face is needed, got none in {', '.join(lengths)}")


def _table(values, aus: Sequence[int], name: str, kinds: str) -> np.ndarray:
    array = np.asarray(values)
    if array.dtype.kind not in kinds:
        expected = "floating" if kinds == "f" else "bool, integer or floating"
        raise TypeError(f"{name} must be {expected}, got {array.dtype}")
    if len(set(aus)) < len(aus) or not len(aus):
        raise ValueError(f"aus must be different action units, at least one, got {tuple(aus)}")
    if array.ndim != 2 or array.shape[1] != len(aus):
        raise ValueError(
            f"{name} must be (N, J) with J = {len(aus)} columns, one for each of AU "
            f"{', '.join(map(str, aus))}; got {array.shape}"
        )
    return array
