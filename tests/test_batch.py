"""Rows of two views, and the errors for what cannot be one; bad input to a loss: see its tests."""

from __future__ import annotations

import pytest
import torch

from aunce_lib.batch import (
    LogSumExp,
    check_kinds,
    check_labels,
    check_views,
    check_weights,
    stack_views,
)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (torch.float16, torch.float32),
        (torch.bfloat16, torch.float32),
        (torch.float32, torch.float32),
        (torch.float64, torch.float64),
    ],
)
def test_rows_are_view_0_then_view_1_in_float32_at_least(given, expected):
    z0, z1 = torch.arange(24.0, dtype=given).view(2, 4, 3, 1)
    z = stack_views(z0, z1)
    assert z.dtype == expected
    assert z.shape == (3, 8, 1)
    assert z[1, :, 0].tolist() == [1, 4, 7, 10, 13, 16, 19, 22]


def test_both_views_share_the_labels_of_their_image():
    z = torch.zeros(2, 3, 4)
    labels = torch.tensor([[1, 0, torch.nan], [0, 1, 1]])
    rows = check_views(z, z, labels)
    assert torch.equal(rows.nan_to_num(7), torch.cat([labels, labels]).nan_to_num(7))
    assert rows.dtype == torch.float32


@pytest.mark.parametrize("dtype", [torch.bool, torch.int8, torch.int64, torch.bfloat16])
def test_labels_of_any_real_dtype_become_float32(dtype):
    labels = torch.tensor([[1, 0], [0, 1]])
    assert torch.equal(check_labels(labels.to(dtype)), labels.float())


def test_a_wrong_label_is_shown():
    with pytest.raises(ValueError, match=r"labels must be 0, 1 or NaN \(unknown\), got 999"):
        check_labels(torch.tensor([0.0, torch.nan, 999.0]))


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int32, torch.int64])
def test_kinds_of_aus_are_spread_over_the_rows(dtype):
    kinds = check_kinds(torch.tensor([1, 0, 2], dtype=dtype), 5, n_rows=4, n_aus=3)
    assert kinds.dtype == torch.int64
    assert kinds.tolist() == [[1, 0, 2]] * 4


def test_kinds_of_rows_stay_as_they_are():
    kinds = torch.tensor([[1, 0], [0, 2], [4, 3]])
    assert torch.equal(check_kinds(kinds, 5, n_rows=3, n_aus=2), kinds)


def test_weights_may_be_missing_or_zero_but_not_of_another_length():
    check_weights(None, 3)
    check_weights(torch.tensor([0.0, 1.0, 2.0]), 3)
    for wrong in (torch.ones(2), torch.ones(3, 1), torch.tensor([1.0, -1.0, 1.0])):
        with pytest.raises(ValueError, match=r"au_weights must be \(J,\) = \(3,\)"):
            check_weights(wrong, 3)


@pytest.mark.parametrize("chunk_size", [None, 1, 2, 4, 9])
@pytest.mark.parametrize("leave_out", [False, True])
@pytest.mark.parametrize("columns", [False, True])
def test_log_sum_exp_is_torch_logsumexp_in_value_and_gradients(chunk_size, leave_out, columns):
    x = torch.randn(4, 3, generator=seeded(), dtype=torch.float64, requires_grad=True)
    y = torch.randn(5, 3, generator=seeded(1), dtype=torch.float64, requires_grad=True)
    left_out = torch.tensor([[0, 1], [4, 2], [3, 0], [1, 2]]) if leave_out else None
    scale = 0.7 if columns else None
    s = x @ y.T
    if leave_out:
        s = s.scatter(1, left_out, -torch.inf)
    expected = (1.3 * s).logsumexp(dim=1).sin().sum()
    row_sums, column_sums = LogSumExp.apply(x, y, 1.3, scale, left_out, chunk_size)
    given = row_sums.sin().sum()
    if columns:
        expected = expected + (0.7 * s).logsumexp(dim=0).cos().sum()
        given = given + column_sums.cos().sum()
    torch.testing.assert_close(given, expected)
    for a, b in zip(
        torch.autograd.grad(given, (x, y)), torch.autograd.grad(expected, (x, y)), strict=True
    ):
        torch.testing.assert_close(a, b)


@pytest.mark.parametrize("chunk_size", [None, 1, 2, 4, 9])
@pytest.mark.parametrize("columns", [False, True])
def test_log_sum_exp_of_faces_among_themselves(chunk_size, columns):
    """x and y are one tensor: half the products are saved, values and gradients stay the same."""
    x = torch.randn(4, 3, generator=seeded(), dtype=torch.float64, requires_grad=True)
    left_out = torch.tensor([[0, 2], [1, 3], [2, 0], [3, 1]])  # itself and its mate
    s = (x @ x.T).scatter(1, left_out, -torch.inf)
    expected = (1.3 * s).logsumexp(dim=1).sin().sum()
    row_sums, column_sums = LogSumExp.apply(
        x, x, 1.3, 0.7 if columns else None, left_out, chunk_size
    )
    given = row_sums.sin().sum()
    if columns:
        expected = expected + (0.7 * s).logsumexp(dim=0).cos().sum()
        given = given + column_sums.cos().sum()
    torch.testing.assert_close(given, expected)
    torch.testing.assert_close(*(torch.autograd.grad(total, x) for total in (given, expected)))
