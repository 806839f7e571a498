"""What the explorer accepts: embeddings by encoder, and probes that fit them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np


def by_encoder(embeddings, name: str, shape: tuple[int, int]) -> dict[str, np.ndarray]:
    """Encoder → float32 (N, J, D). NaN may stay: such a face has no place, and does no harm.

    Args:
        embeddings: Floating (N, J, D), then called "encoder"; or encoder → such an array.
        name: What to call it in an error.
        shape: N and J.

    Raises:
        TypeError: If they are not floating.
        ValueError: If a shape is wrong.
    """
    given = embeddings if isinstance(embeddings, Mapping) else {"encoder": embeddings}
    checked = {}
    for encoder, array in given.items():
        array = np.asarray(array)
        if array.dtype.kind != "f":
            raise TypeError(f"{name}[{encoder!r}] must be floating, got {array.dtype}")
        if array.ndim != 3 or array.shape[:2] != shape or not array.shape[2]:
            raise ValueError(
                f"{name}[{encoder!r}] must be (N, J, D) = ({shape[0]}, {shape[1]}, D) like the "
                f"table's faces and action units, got {array.shape}"
            )
        checked[str(encoder)] = array.astype(np.float32, copy=False)
    return checked


def predictions(
    probes, embeddings: dict[str, np.ndarray], aus: tuple[int, ...]
) -> dict[str, np.ndarray]:
    """Encoder → answers of its probe: 0, 1 or NaN, float32 (N, J).

    NaN where an embedding is not finite, or the probe has no rule.

    Args:
        probes: A `Probe` of the first encoder, or encoder → probe, or None.
        embeddings: From `by_encoder`.
        aus: The J action units.

    Raises:
        ValueError: If a probe is of no encoder here, or of other action units.
    """
    first = next(iter(embeddings))
    given = probes if isinstance(probes, Mapping) else {first: probes}
    answers = {}
    for encoder, probe in given.items():
        if encoder not in embeddings:
            raise ValueError(f"probes must be of the encoders {list(embeddings)}, got {encoder!r}")
        if probe is None:
            continue
        if tuple(probe.aus) != aus:
            raise ValueError(f"a probe must be of the AUs {aus}, got {tuple(probe.aus)}")
        z = embeddings[encoder]
        finite = np.isfinite(z).all(axis=(1, 2))
        answers[encoder] = np.full(z.shape[:2], np.nan, np.float32)
        if finite.any():
            answers[encoder][finite] = probe.predict(z[finite])
    return answers
