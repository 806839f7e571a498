"""Batches of an epoch, their shares, and the store read ahead of the step."""

from __future__ import annotations

import threading
from contextlib import closing

import numpy as np
import pytest
import torch

from aunce_lib import batches, distributed
from aunce_lib.batches import epoch_batches, read_ahead, share_of, two_views
from aunce_lib.config import TrainConfig
from aunce_lib.views import Views

ELSEWHERE = torch.device("meta")  # a device that is not the processor, on every machine


@pytest.mark.parametrize("balanced", [False, True])
def test_batches_are_full_and_those_of_the_epoch(tiny, balanced):
    config = TrainConfig(batch_size=32, balanced_batches=balanced)
    labels = torch.from_numpy(tiny.labels)
    first, again, second = (epoch_batches(labels, config, epoch) for epoch in (1, 1, 2))
    assert [len(rows) for rows in first] == [32] * (len(tiny) // 32)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, second)


def test_shares_make_up_the_batch(monkeypatch):
    shares = []
    for rank in range(3):
        for module in (batches, distributed):
            monkeypatch.setattr(module, "world", lambda rank=rank: (rank, 3))
        shares += list(range(12))[share_of(12)]
        with pytest.raises(ValueError, match="batch_size.*multiple of their number, 3; got 10"):
            share_of(10)
    assert shares == list(range(12))


def test_views_of_a_share_are_those_it_has_in_the_batch(tiny):
    images, views = tiny.images(np.arange(8)), Views(64, 0.5)

    def drawn(share):
        generator = torch.Generator().manual_seed(0)
        return two_views(views, images[share], generator, len(images), share)

    whole = views(images, torch.Generator().manual_seed(0))
    for share in (slice(0, 8), slice(0, 4), slice(4, 8)):
        for given, expected in zip(drawn(share), whole, strict=True):
            torch.testing.assert_close(given, expected[share], rtol=0, atol=1e-6)


@pytest.mark.parametrize("device", [torch.device("cpu"), ELSEWHERE])
def test_every_batch_comes_once_and_in_order(tiny, device):
    rows = [np.array([5, 3]), np.array([3, 0]), np.array([7, 9])]
    with closing(read_ahead(tiny, rows, device)) as coming:
        got = list(coming)
    assert [list(r) for r, _ in got] == [list(r) for r in rows]
    assert all(images.device.type == device.type for _, images in got)
    if device.type == "cpu":
        assert all(torch.equal(images, tiny.images(r)) for r, images in got)


def test_no_batches_are_none(tiny):
    assert list(read_ahead(tiny, [], ELSEWHERE)) == []


def test_the_next_batch_is_read_while_this_one_is_worked_on(tiny):
    read = []

    class Table:
        def images(self, rows):
            read.append(int(rows[0]))
            return tiny.images(rows)

    with closing(read_ahead(Table(), [np.array([n]) for n in range(4)], ELSEWHERE)) as coming:
        next(coming)
        for _ in range(1000):
            if len(read) == 2:
                break
            threading.Event().wait(0.01)
        assert read == [0, 1]


@pytest.mark.parametrize("device", [torch.device("cpu"), ELSEWHERE])
def test_an_error_of_the_store_is_raised_where_the_batch_is_wanted(tiny, device):
    rows = [np.array([0]), np.array([10**6])]
    with closing(read_ahead(tiny, rows, device)) as coming:
        next(coming)
        with pytest.raises(IndexError):
            next(coming)


def test_a_reader_that_is_closed_early_leaves_no_thread(tiny):
    before = threading.active_count()
    with closing(read_ahead(tiny, [np.array([n]) for n in range(4)], ELSEWHERE)) as coming:
        next(coming)
        assert threading.active_count() == before + 1
    assert threading.active_count() == before
