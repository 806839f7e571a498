"""Rows of two views, and the errors for what cannot be one; bad input to a loss: see its tests."""

from __future__ import annotations

import pytest
import torch

from aunce_lib.batch import check_kinds, check_labels, check_views, check_weights, stack_views


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
