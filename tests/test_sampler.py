"""Kinds are drawn as often as asked, batches hold both sides, and the sums in logs are exact."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare

from aunce_lib.sampler import (
    PROBABILITIES,
    BalancedBatchSampler,
    Positive,
    PositiveSampler,
    log_positive,
)

DISFA_RATES = torch.tensor([0.050, 0.043, 0.152, 0.079, 0.042, 0.129, 0.277, 0.088])
some = settings(max_examples=40, deadline=None, derandomize=True)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


# kinds of positive --------------------------------------------------------------------------------


@pytest.mark.parametrize("per", ["au", "anchor"])
@pytest.mark.parametrize(
    "probabilities", [PROBABILITIES, {"hardest": 0.5, "CENTROID": 0.25, "Self": 0.25}]
)
def test_kinds_are_drawn_with_their_probabilities(probabilities, per):
    sampler = PositiveSampler(probabilities, per=per, generator=seeded())
    kinds = torch.cat([sampler(n_aus=12, n_anchors=20).flatten() for _ in range(400)])
    counts = kinds.bincount(minlength=len(Positive)).numpy()
    expected = np.zeros(len(Positive))
    for name, probability in probabilities.items():
        expected[Positive[name.upper()]] = probability * len(kinds)
    drawn = expected > 0
    assert counts[~drawn].sum() == 0
    assert chisquare(counts[drawn], expected[drawn]).pvalue > 0.001
    wrong = np.full(drawn.sum(), len(kinds) / drawn.sum())
    assert chisquare(counts[drawn], wrong).pvalue < 1e-6


def test_the_published_mixture_is_the_default():
    assert PROBABILITIES == {"self": 0.2, "mean": 0.6, "nearest": 0.2}
    assert PositiveSampler().probabilities.tolist() == [0.2, 0.2, 0.6, 0.0, 0.0]


def test_kinds_of_aus_and_anchors_are_drawn_independently():
    kinds = PositiveSampler(per="anchor", generator=seeded())(n_aus=12, n_anchors=500)
    assert (kinds != kinds[:, :1]).any()
    assert (kinds != kinds[:1]).any()
    agreement = (kinds[:, 0] == kinds[:, 1]).double().mean()
    assert abs(agreement - (0.2**2 + 0.6**2 + 0.2**2)) < 0.08


@pytest.mark.parametrize(("per", "shape"), [("au", (12,)), ("anchor", (64, 12))])
def test_kinds_are_integers_of_the_right_shape(per, shape):
    kinds = PositiveSampler(per=per)(n_aus=12, n_anchors=64)
    assert kinds.shape == shape
    assert kinds.dtype == torch.int64


def test_a_generator_alone_decides_the_draws():
    def draws(seed):
        sampler = PositiveSampler(generator=seeded(seed))
        return torch.stack([sampler(12, 8) for _ in range(5)])

    torch.manual_seed(1)
    first = draws(3)
    state = torch.get_rng_state()
    assert torch.equal(first, draws(3))
    assert torch.equal(state, torch.get_rng_state())
    assert not torch.equal(first, draws(4))
    assert len(first.unique(dim=0)) > 1  # a new draw at each step


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"probabilities": {"furthest": 1.0}}, "'furthest'; known kinds are .*'hardest'"),
        ({"probabilities": {"self": 0.5, "mean": 0.4}}, "sum to 1, got .*: sum 0.9"),
        ({"probabilities": {}}, "must sum to 1"),
        ({"probabilities": {"self": 1.5, "mean": -0.5}}, r"\['mean'\] must be 0 or more, got -0.5"),
        ({"probabilities": {"self": float("nan")}}, r"\['self'\] must be 0 or more, got nan"),
        ({"per": "batch"}, 'per must be "au" or "anchor", got \'batch\''),
    ],
)
def test_bad_probabilities_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        PositiveSampler(**arguments)


# balanced batches ---------------------------------------------------------------------------------


def corpus(n, rates, seed=0, unknown=0.0):
    generator = seeded(seed)
    labels = (torch.rand(n, len(rates), generator=generator) < torch.as_tensor(rates)).float()
    labels[torch.rand(n, len(rates), generator=generator) < unknown] = torch.nan
    return labels


def n_missing_sides(labels, batches):
    """How often a batch lacks a side that the corpus has."""
    sides = torch.cat([labels == 1, labels == 0], dim=1)
    sides = sides[:, sides.any(dim=0)]
    return sum(int((~sides[batch].any(dim=0)).sum()) for batch in batches)


def n_repeats(batches):
    faces = [face for batch in batches for face in batch]
    return len(faces) - len(set(faces))


def random_batches(n, size):
    order = torch.randperm(n, generator=seeded())
    return [b.tolist() for b in order[: n // size * size].view(-1, size)]


@st.composite
def corpora(draw):
    n, n_aus = draw(st.integers(2, 60)), draw(st.integers(1, 5))
    rates = draw(st.lists(st.sampled_from([0, 0.05, 0.3, 0.5, 1]), min_size=n_aus, max_size=n_aus))
    return corpus(n, rates, draw(st.integers(0, 1000)), draw(st.sampled_from([0, 0.3, 1])))


@some
@given(corpora(), st.integers(2, 30), st.integers(0, 3))
def test_batches_are_full_without_duplicates_and_hold_every_side_there_is_room_for(
    labels, batch_size, epoch
):
    batch_size = min(batch_size, len(labels))
    sampler = BalancedBatchSampler(labels, batch_size, seed=1)
    sampler.set_epoch(epoch)
    batches = list(sampler)
    assert len(batches) == len(sampler) == len(labels) // batch_size
    for batch in batches:
        assert len(batch) == len(set(batch)) == batch_size
        assert all(type(face) is int and 0 <= face < len(labels) for face in batch)
    if batch_size >= 2 * labels.shape[1]:
        assert n_missing_sides(labels, batches) == 0


def test_every_batch_of_a_corpus_like_disfa_has_both_sides_where_random_ones_do_not():
    labels = corpus(3200, DISFA_RATES)
    sampler = BalancedBatchSampler(labels, 32)
    for epoch in range(3):
        sampler.set_epoch(epoch)
        assert n_missing_sides(labels, list(sampler)) == 0
    lacking_au2 = [not (labels[b, 1] == 1).any() for b in random_batches(3200, 32)]
    assert 0.15 < np.mean(lacking_au2) < 0.35


def test_no_face_comes_twice_where_each_side_has_enough_for_all_batches():
    for labels in (corpus(3200, DISFA_RATES), corpus(3200, [0.5] * 12, unknown=0.1)):
        n_batches = 100
        assert min((labels == side).sum(dim=0).min() for side in (0, 1)) > n_batches
        batches = list(BalancedBatchSampler(labels, 32))
        assert n_repeats(batches) == 0
        assert sorted(face for batch in batches for face in batch) == list(range(3200))


def test_rare_faces_come_in_turn_and_no_more_often_than_batches_need_them():
    labels = corpus(3200, [0.4, 0.3])
    labels[:, 1] = 0
    labels[:30, 1] = 1  # thirty active faces for a hundred batches
    batches = list(BalancedBatchSampler(labels, 32))
    assert n_missing_sides(labels, batches) == 0
    assert n_repeats(batches) == 100 - 30
    times = np.bincount([face for batch in batches for face in batch], minlength=3200)
    assert set(times[:30]) == {3, 4}
    assert times[30:].max() == 1


def test_epochs_differ_and_seeds_decide_them():
    labels = corpus(200, [0.1, 0.5])

    def epoch(number, seed=5):
        sampler = BalancedBatchSampler(labels, 16, seed)
        sampler.set_epoch(number)
        return list(sampler)

    torch.manual_seed(0)
    state = torch.get_rng_state()
    assert epoch(3) == epoch(3)
    assert torch.equal(state, torch.get_rng_state())
    assert epoch(3) != epoch(4)
    assert epoch(3) != epoch(3, seed=6)
    sampler = BalancedBatchSampler(labels, 16, seed=5)
    sampler.set_epoch(3)
    assert list(sampler) == list(sampler) == epoch(3)  # nothing is carried over


def test_faces_left_out_of_one_epoch_come_in_others():
    labels = corpus(100, [0.05, 0.3])
    sampler = BalancedBatchSampler(labels, 15)
    seen = set()
    for epoch in range(12):
        sampler.set_epoch(epoch)
        seen.update(face for batch in sampler for face in batch)
    assert seen == set(range(100))


@pytest.mark.parametrize("value", [0.0, 1.0, torch.nan])
def test_corpora_without_two_sides_give_plain_shuffled_batches(value):
    batches = list(BalancedBatchSampler(torch.full((64, 3), value), 8))
    assert sorted(face for batch in batches for face in batch) == list(range(64))
    assert [face for batch in batches for face in batch] != list(range(64))


def test_batches_too_small_for_all_sides_hold_the_rarest():
    labels = torch.zeros(40, 3)
    labels[:20, 0], labels[20:30, 1], labels[30:34, 2] = 1, 1, 1
    for batch in BalancedBatchSampler(labels, 2):
        assert (labels[batch, 2] == 1).any()
        assert (labels[batch, 1] == 1).any()


def test_batches_feed_a_data_loader():
    labels = corpus(50, [0.3])
    dataset = torch.utils.data.TensorDataset(torch.arange(50), labels)
    loader = torch.utils.data.DataLoader(dataset, batch_sampler=BalancedBatchSampler(labels, 10))
    assert [rows.tolist() for rows, _ in loader] == list(BalancedBatchSampler(labels, 10))
    assert len(loader) == 5


@pytest.mark.parametrize(
    ("labels", "batch_size", "message"),
    [
        (torch.zeros(8), 2, r"labels must be \(N, J\), got shape \(8,\)"),
        (torch.zeros(8, 2), 1, r"batch_size must lie in 2..8 \(faces\), got 1"),
        (np.zeros((8, 2)), 9, r"batch_size must lie in 2..8 \(faces\), got 9"),
        (torch.full((8, 2), 9), 4, "labels must be 0, 1 or NaN .*, got 9"),
    ],
)
def test_bad_batches_are_named(labels, batch_size, message):
    with pytest.raises(ValueError, match=message):
        BalancedBatchSampler(labels, batch_size)


# sums of exponentials -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (Positive.SELF, 0.6),
        (Positive.NEAREST, 0.8),
        (Positive.MEAN, np.log((np.exp(0.6) + np.exp(0.8) + np.exp(-1)) / 3)),
        (Positive.HARDEST, -1.0),
        (Positive.CENTROID, 0.4 / np.hypot(0.4, 1.4)),
    ],
)
def test_log_positive_by_hand(kind, expected):
    x = torch.tensor([[1.0, 0], [0.8, 0.6], [0.6, 0.8], [-1, 0]], dtype=torch.float64)
    own = torch.tensor([0])  # its mate is row 2
    given = log_positive(x, own, kind, left_out=own[:, None], tau=1.0)
    assert given.item() == pytest.approx(expected)
