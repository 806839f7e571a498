"""Two views of a batch and their labels, checked and put into rows, and the products of rows."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable


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
        # the sum is quick and all but tells; a sum that merely overflowed is looked at again
        if not z.detach().sum().isfinite() and not z.isfinite().all():
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


class LogSumExp(torch.autograd.Function):
    """rows_i = log Σ_k e^{ρ x_i·y_k}, columns_k = log Σ_i e^{κ x_i·y_k}, gradient in closed form.

    x (n, D), y (m, D), scales ρ and κ (None: no columns), left_out (n, ·): k that row i skips; if y
    is x and i skips k, k must skip i. The gradient needs the softmaxes: they are kept, or, with a
    chunk size, made again chunk by chunk.
    """

    @staticmethod
    def forward(ctx, x, y, row_scale, column_scale, left_out, chunk_size):
        rows, columns, kept = [], x.new_full((len(y),), -math.inf), [None, None]
        keep, ratio = chunk_size is None, column_scale and column_scale / row_scale
        for chunk in chunks(len(x), chunk_size):
            s = products(row_scale * x, y, left_out, chunk)  # (c, m)
            log_sum, kept[0] = _log_sum(s, 1, keep)
            rows.append(log_sum)
            if ratio is not None:
                log_sum, kept[1] = _log_sum(ratio * s, 0, keep)
                columns = torch.logaddexp(columns, log_sum)
        rows = torch.cat(rows)
        ctx.save_for_backward(x, y, rows, columns, left_out, *(kept if keep else ()))
        ctx.settings = row_scale, column_scale, ratio, chunk_size
        return rows, columns

    @staticmethod
    @once_differentiable
    def backward(ctx, grad_rows, grad_columns):
        x, y, rows, columns, left_out, *kept = ctx.saved_tensors
        row_scale, column_scale, ratio, chunk_size = ctx.settings
        grad_rows, grad_columns = row_scale * grad_rows, (column_scale or 0) * grad_columns
        same = x.shape == y.shape and x.data_ptr() == y.data_ptr()
        among_themselves = same and column_scale is None
        if among_themselves:  # s is symmetric: what a face gets as y is what its column gives
            columns, ratio, grad_columns = rows, 1, grad_rows
        grad_x, grad_y = torch.empty_like(x), torch.zeros_like(y)
        # a product in bf16 would be too coarse, should backward() be called under autocast
        with torch.autocast(x.device.type, enabled=False):
            for chunk in chunks(len(x), chunk_size):
                if kept:
                    over_k, over_i = kept
                else:
                    s = products(row_scale * x, y, left_out, chunk)
                    over_i = ratio and (ratio * s).sub_(columns).exp_()
                    over_k = s.sub_(rows[chunk, None]).exp_()
                grad_s = over_k * grad_rows[chunk, None]
                if over_i is not None:
                    grad_s.addcmul_(over_i, grad_columns[None])
                elif among_themselves:
                    grad_s = grad_s + grad_s.T
                grad_x[chunk] = grad_s @ y
                if not among_themselves:
                    grad_y.addmm_(grad_s.T, x[chunk])
        return grad_x, grad_y, None, None, None, None


def _log_sum(s: Tensor, dim: int, keep: bool) -> tuple[Tensor, Tensor | None]:
    """logsumexp, and the softmax if it is kept: its largest share is e^(max − logsumexp)."""
    if not keep:
        return s.logsumexp(dim), None
    shares = s.softmax(dim)
    return s.amax(dim) - shares.amax(dim).log(), shares


def chunks(n: int, size: int | None) -> list[slice]:
    """Slices of `size` rows that make up n; one slice if size is None."""
    size = size or max(n, 1)  # no rows at all are one empty chunk
    return [slice(start, start + size) for start in range(0, max(n, 1), size)]


def products(x: Tensor, y: Tensor, left_out: Tensor | None, chunk: slice) -> Tensor:
    """x_i·y_k of a chunk of rows i, −∞ at the columns that row i leaves out."""
    s = x[chunk] @ y.T
    return s if left_out is None else s.scatter_(1, left_out[chunk], -math.inf)
