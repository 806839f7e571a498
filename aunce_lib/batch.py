"""Two views of a batch and their labels, checked and put into rows: what every loss starts from."""

from __future__ import annotations

import torch
from torch import Tensor


def stack_views(z0: Tensor, z1: Tensor) -> Tensor:
    """(J, 2B, D): rows of view 0, then of view 1, in float32 at least."""
    z = torch.cat([z0, z1])
    return z.to(torch.promote_types(z.dtype, torch.float32)).transpose(0, 1)


def check_views(z0: Tensor, z1: Tensor, labels: Tensor) -> Tensor:
    """Labels of the rows, or the error that names what is wrong.

    Args:
        z0, z1: (B, J, D) embeddings of the two views: floating, finite, of one shape.
        labels: (B, J) bool, int or float of 0, 1 and NaN (unknown).

    Returns:
        (2B, J) float32 labels, on the device of the embeddings.

    Raises:
        TypeError: For a dtype that cannot be an embedding or a label.
        ValueError: For a wrong shape or value.
    """
    for name, z in (("z0", z0), ("z1", z1)):
        if not z.is_floating_point():
            raise TypeError(f"{name} must be floating, got {z.dtype}")
        if z.ndim != 3 or 0 in z.shape or z.shape != z0.shape:
            raise ValueError(
                f"z0 and z1 must both be (B, J, D), got {tuple(z0.shape)} and {tuple(z1.shape)}"
            )
        if not z.isfinite().all():
            image, au, _ = (~z.isfinite()).nonzero()[0].tolist()
            raise ValueError(f"{name} holds NaN or Inf, first at image {image}, AU index {au}")
    if labels.shape != z0.shape[:2]:
        raise ValueError(
            f"labels must be (B, J) = {tuple(z0.shape[:2])} like the embeddings, "
            f"got {tuple(labels.shape)}"
        )
    return check_labels(labels).to(z0.device).repeat(2, 1)


def check_labels(labels: Tensor) -> Tensor:
    """Labels in float32.

    Raises:
        TypeError: If they are complex.
        ValueError: For a value other than 0, 1 and NaN (unknown).
    """
    if labels.is_complex():
        raise TypeError(f"labels must be real, got {labels.dtype}")
    labels = labels.to(torch.float32)
    wrong = labels[~((labels == 0) | (labels == 1) | labels.isnan())]
    if len(wrong):
        raise ValueError(f"labels must be 0, 1 or NaN (unknown), got {wrong[0].item():g}")
    return labels


def check_kinds(kinds: Tensor, n_kinds: int, n_rows: int, n_aus: int) -> Tensor:
    """Kinds of positive of each row and AU (2B, J), from (J,) or (2B, J) integers.

    Raises:
        TypeError: If they are not integers.
        ValueError: For a wrong shape, or a value outside 0 .. n_kinds - 1.
    """
    if kinds.is_floating_point() or kinds.is_complex() or kinds.dtype == torch.bool:
        raise TypeError(f"kinds must be integer, got {kinds.dtype}")
    if tuple(kinds.shape) not in ((n_aus,), (n_rows, n_aus)):
        raise ValueError(
            f"kinds must be (J,) = {(n_aus,)} or (2B, J) = {(n_rows, n_aus)}, "
            f"got {tuple(kinds.shape)}"
        )
    wrong = kinds[(kinds < 0) | (kinds >= n_kinds)]
    if len(wrong):
        raise ValueError(f"kinds must be values of Positive, 0..{n_kinds - 1}, got {wrong[0]}")
    return kinds.long().expand(n_rows, n_aus)


def check_weights(au_weights: Tensor | None, n_aus: int) -> None:
    """Raise ValueError unless the AUs' weights are None, or (J,) finite numbers of 0 or more."""
    if au_weights is None:
        return
    usable = (au_weights >= 0) & au_weights.isfinite()
    if au_weights.shape != (n_aus,) or not usable.all():
        raise ValueError(
            f"au_weights must be (J,) = {(n_aus,)}, finite, each 0 or more, got {au_weights}"
        )
